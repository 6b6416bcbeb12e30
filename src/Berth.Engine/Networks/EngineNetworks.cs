// Networks of the engine: made, listed, removed; containers attached to them and taken off again.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Network.Firewall;
using Berth.Network.Ipam.HostLocal;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>
/// Networks. No daemon keeps them: they are records in files, and any number of processes work on them at the same time.
/// <code>
/// NetworkRecord web = engine.Networks.Create(new NetworkSpec { Name = "web" });
/// Attachment eth0 = engine.Networks.Connect("web", new AttachmentSpec { ContainerId = id, NetworkNamespace = "/run/netns/" + id, Ports = PortRequest.Parse("8080:80") });
/// </code>
/// </summary>
public sealed class EngineNetworks
{
    /// <summary>The network of containers that name none; <c>podman</c> and <c>default</c> are it too.</summary>
    public const string Default = "bridge";

    private readonly NetworkFolder _networks;
    private readonly AttachmentFolder _attachments;
    private readonly NetworkCreation _creation;
    private readonly Attaching _attaching;
    private readonly Repairing _repairing;
    private readonly NetworkPlaces _places;

    internal EngineNetworks(string root, string run, string? nameServer, IReadOnlyList<AddressPool> pools)
    {
        _places = new NetworkPlaces(run, nameServer) { UsualMtu = DefaultRoute.Mtu };
        _networks = new NetworkFolder(root, _places.Run);
        _attachments = new AttachmentFolder(_places.Run);
        _creation = new NetworkCreation(_networks, pools);
        _attaching = new Attaching(_networks, _attachments, _places);
        _repairing = new Repairing(_networks, _attachments, _attaching, _places);
    }

    /// <summary>Makes a network.</summary>
    /// <exception cref="BerthException">InvalidArgument. Conflict: its name, subnet or bridge is taken. Unsupported: this host has not what the driver needs. Exhausted: no subnet is free.</exception>
    public NetworkRecord Create(NetworkSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return Guard($"make network {spec.Name}", () => _creation.Create(spec));
    }

    /// <summary>All networks, by name; the three that are always there are made if they are not.</summary>
    public IReadOnlyList<NetworkRecord> List() => Guard("list networks", () =>
    {
        _creation.EnsurePredefined();
        return _networks.All();
    });

    /// <summary>A network by name, id, or the beginning of its id.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: several ids begin so.</exception>
    public NetworkRecord Find(string nameOrId) => TryFind(nameOrId) ?? throw new BerthException(Fault.NotFound, $"there is no network {nameOrId}", OwnWay.Is(nameOrId) ? "it is for users who are not root" : "berth network ls lists them, berth network create makes one") { Code = FaultCode.NetworkUnknown, Subjects = [nameOrId] };

    /// <summary>As <see cref="Find"/>; null where there is none.</summary>
    public NetworkRecord? TryFind(string nameOrId)
    {
        ArgumentNullException.ThrowIfNull(nameOrId);
        return Guard($"look for network {nameOrId}", () =>
        {
            if (_networks.Find(nameOrId) is { } found) return found;
            _creation.EnsurePredefined();
            return _networks.Find(nameOrId is "podman" or "default" ? Default : nameOrId);
        });
    }

    /// <summary>Removes a network.</summary>
    /// <param name="nameOrId">Which.</param>
    /// <param name="force">Detaches what is attached to it.</param>
    /// <exception cref="BerthException">NotFound. WrongState: something is attached to it, or it is one that is always there.</exception>
    public NetworkRecord Remove(string nameOrId, bool force = false)
    {
        NetworkRecord network = Find(nameOrId);
        if (network.IsPredefined) throw new BerthException(Fault.WrongState, $"cannot remove network {network.Name}: it is always there");
        return Guard($"remove network {network.Name}", () => Remove(network, force));
    }

    /// <summary>Removes networks that nothing is attached to, and undoes attachments whose containers are gone.</summary>
    /// <param name="which">Which of them; null: all.</param>
    /// <returns>What was removed.</returns>
    public IReadOnlyList<NetworkRecord> Prune(Func<NetworkRecord, bool>? which = null) => Guard("prune networks", () =>
    {
        _repairing.Collect();
        List<NetworkRecord> removed = [];
        HashSet<string> used = [];
        foreach (Attachment attachment in _attachments.All()) used.Add(attachment.NetworkId);
        foreach (NetworkRecord network in _networks.All())
        {
            if (network.IsPredefined || used.Contains(network.Id) || which?.Invoke(network) == false) continue;
            try
            {
                removed.Add(Remove(network, force: false));
            }
            // Somebody has attached a container in between.
            catch (BerthException e) when (e.Kind is Fault.WrongState or Fault.NotFound)
            {
            }
        }
        return removed;
    });

    /// <summary>Attaches a container.</summary>
    /// <exception cref="BerthException">NotFound: the network, or the namespace. Conflict: it is attached already, or a port or address is taken. InvalidArgument, Unsupported, Exhausted.</exception>
    public Attachment Connect(string network, AttachmentSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        NetworkRecord found = Find(network);
        return Guard($"attach container {spec.ContainerId} to network {found.Name}", () => _attaching.Connect(found, spec));
    }

    /// <summary>As <see cref="Connect"/>, on a thread of the pool.</summary>
    public Task<Attachment> ConnectAsync(string network, AttachmentSpec spec, CancellationToken ct = default) => Task.Run(() => Connect(network, spec), ct);

    /// <summary>Takes a container off a network.</summary>
    /// <param name="network">The network.</param>
    /// <param name="containerId">The container.</param>
    /// <param name="force">It is no fault that it is not attached.</param>
    /// <exception cref="BerthException">NotFound: the network, or it is not attached.</exception>
    public void Disconnect(string network, string containerId, bool force = false)
    {
        NetworkRecord found = Find(network);
        Guard($"detach container {containerId} from network {found.Name}", () =>
        {
            if (!Detach(found, containerId) && !force) throw new BerthException(Fault.NotFound, $"cannot detach container {containerId} from network {found.Name}: it is not attached to it");
            return true;
        });
    }

    /// <summary>As <see cref="Disconnect"/>, on a thread of the pool.</summary>
    public Task DisconnectAsync(string network, string containerId, bool force = false, CancellationToken ct = default) => Task.Run(() => Disconnect(network, containerId, force), ct);

    /// <summary>Takes a container off all networks: it has ended, or is about to.</summary>
    public void DisconnectAll(string containerId) => Guard($"detach container {containerId}", () =>
    {
        using FileLock held = _attachments.Lock(containerId);
        List<Attachment> its = _attachments.Of(containerId);
        for (int i = its.Count - 1; i >= 0; i--) _attaching.Undo(_networks.Named(its[i].NetworkName), its[i], its.GetRange(0, i));
        _attachments.Tidy(containerId, held);
        return true;
    });

    /// <summary>What a container is attached to.</summary>
    public IReadOnlyList<Attachment> AttachmentsOf(string containerId) => Guard($"look at container {containerId}", () => _attachments.Of(containerId).FindAll(IsThere));

    /// <summary>What is attached to a network.</summary>
    public IReadOnlyList<Attachment> AttachmentsOn(NetworkRecord network)
    {
        ArgumentNullException.ThrowIfNull(network);
        return Guard($"look at network {network.Name}", () => _attachments.On(network.Id).FindAll(IsThere));
    }

    /// <summary>All attachments.</summary>
    public IReadOnlyList<Attachment> Attachments() => Guard("look at attachments", () => _attachments.All().FindAll(IsThere));

    /// <summary>Connections to and from containers that the kernel tracks on this host.</summary>
    public IReadOnlyList<ContainerConnection> Connections() => Guard("look at connections", () => Traffic.Connections(_attachments.All().FindAll(IsThere)));

    /// <summary>Writes the packets of a container's interface as pcap(5), until there are enough, or it is cancelled.</summary>
    /// <returns>How many.</returns>
    /// <exception cref="BerthException">NotFound: the container is attached to nothing, or has no such interface.</exception>
    public long Capture(string containerId, CaptureOptions options, Stream target, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(target);
        return Guard($"look at packets of container {containerId}", () => AttachmentsOf(containerId) is [var first, ..] ? Traffic.Capture(first, options, target, ct)
            : throw new BerthException(Fault.NotFound, $"container {containerId} is attached to no network"));
    }

    /// <summary>/etc/hosts and /etc/resolv.conf of a container.</summary>
    /// <exception cref="BerthException">InvalidArgument: a host that is to be added is not as it should be.</exception>
    public ContainerFiles FilesOf(string containerId, NameWishes wishes)
    {
        ArgumentNullException.ThrowIfNull(wishes);
        IReadOnlyList<Attachment> attachments = AttachmentsOf(containerId);
        if (_places.User is not { } user) return ContainerFiles.Of(attachments, wishes);
        IReadOnlyList<System.Net.IPAddress> host = user.HostOf(attachments is [var only] && OwnWay.Is(only.NetworkName) ? only.Id : null);
        return ContainerFiles.Of(attachments, wishes.ResolvConf == NameWishes.HostResolvConf ? wishes with { ResolvConf = user.ResolvConf } : wishes, host);
    }

    /// <summary>Brings links, leases, rules and names to what the records say: after somebody emptied the packet filter, or a bridge was removed.</summary>
    /// <param name="networks">Names or ids; none: all.</param>
    /// <returns>The attachments that were looked after.</returns>
    public IReadOnlyList<Attachment> Reload(params IReadOnlyList<string> networks)
    {
        List<string> ids = [];
        foreach (string network in networks) ids.Add(Find(network).Id);
        return Guard("reload networks", () => _repairing.Reload(ids));
    }

    /// <summary>Changes the servers that a network asks for names of others; its containers hear of it at once.</summary>
    /// <param name="nameOrId">Which.</param>
    /// <param name="change">From those that are to those that are to be.</param>
    public NetworkRecord ChangeNameServers(string nameOrId, Func<IReadOnlyList<System.Net.IPAddress>, IReadOnlyList<System.Net.IPAddress>> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        NetworkRecord network = Find(nameOrId);
        return Guard($"change network {network.Name}", () =>
        {
            using FileLock held = _networks.LockNetwork(network.Id);
            NetworkRecord now = _networks.Named(network.Name) is { } there && there.Id == network.Id ? there : throw new BerthException(Fault.NotFound, $"there is no network {network.Name} any more") { Code = FaultCode.NetworkUnknown };
            NetworkRecord changed = now with { Spec = now.Spec with { NameServers = change(now.Spec.NameServers) } };
            _networks.Write(changed);
            foreach (Attachment attachment in _attachments.On(network.Id)) _attaching.Name(changed, attachment);
            return changed;
        });
    }

    /// <summary>The alias by which a link is known as one of ours.</summary>
    internal static string AliasOf(string network) => $"berth:{network}";

    // What somebody died over, and whose namespace is gone, waits to be collected.
    private static bool IsThere(Attachment attachment) => attachment.IsComplete && !NamespacePlace.IsGone(attachment);

    private bool Detach(NetworkRecord network, string containerId)
    {
        using FileLock held = _attachments.Lock(containerId);
        List<Attachment> others = _attachments.Of(containerId);
        int at = others.FindIndex(one => one.NetworkId == network.Id);
        if (at >= 0)
        {
            Attachment attachment = others[at];
            others.RemoveAt(at);
            _attaching.Undo(network, attachment, others.FindAll(static one => one.IsComplete));
        }
        _attachments.Tidy(containerId, held);
        return at >= 0;
    }

    private NetworkRecord Remove(NetworkRecord network, bool force)
    {
        _repairing.Collect();
        foreach (Attachment attachment in force ? _attachments.On(network.Id) : []) Detach(network, attachment.ContainerId);
        using FileLock held = _networks.LockNetwork(network.Id);
        if (_networks.Named(network.Name)?.Id != network.Id) throw new BerthException(Fault.NotFound, $"there is no network {network.Name} any more") { Code = FaultCode.NetworkUnknown };
        List<Attachment> its = _attachments.On(network.Id);
        if (its.Count > 0) throw new BerthException(Fault.WrongState, $"cannot remove network {network.Name}: {its.Count} container{(its.Count == 1 ? " is" : "s are")} attached to it, {its[0].ContainerId} among them", $"berth network disconnect {network.Name} {its[0].ContainerId}, or berth network rm -f {network.Name}") { Code = FaultCode.NetworkInUse };
        RemoveLinks(network);
        RuleChanges rules = new();
        rules.Keep(network.Name, []);
        rules.Forget(network.Name);
        rules.Commit();
        NetworkLeases.Forget($"{_places.Leases}/{network.Name}");
        // Last of all: killed before, it can be removed once more.
        _networks.Remove(network);
        held.RemoveFile();
        return network;
    }

    // Only what has our mark: a bridge that was there before is somebody else's.
    private static void RemoveLinks(NetworkRecord network)
    {
        if (network.Interface.Length == 0) return;
        using RouteNetlink links = RouteNetlink.Open();
        if (links.Find(network.Interface) is { } link && link.Alias == AliasOf(network.Name)) links.Remove(link);
    }

    private static T Guard<T>(string what, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (LinuxException e)
        {
            throw new BerthException(e.Errno is Errno.EPERM or Errno.EACCES ? Fault.Denied : Fault.Failed, $"cannot {what}: {e.Message}", e.Errno is Errno.EPERM or Errno.EACCES ? "that needs root, or root of a user namespace that owns the network" : null, e);
        }
        catch (Berth.Network.Contract.CniException e)
        {
            throw new BerthException(Fault.Failed, $"cannot {what}: {e.Message}", e.Details, e);
        }
    }

    private static void Guard(string what, Func<bool> work) => Guard<bool>(what, work);
}
