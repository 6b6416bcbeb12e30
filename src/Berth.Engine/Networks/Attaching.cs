// One container to one network, and back: what is done is written down before, so that whoever finds it can undo it.
using System.Diagnostics;
using System.Net;
using System.Text;
using Berth.Engine.Tracing;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Contract;
using Berth.Network.Lists;
using Berth.Network.Names;
using Berth.Network.Rootless;
using Berth.Network.Runtime;
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Engine.Networks;

/// <summary>
/// Attaches and detaches. In order:
/// <code>
///   the container's lock                       one at a time for each container
///   the record, not complete                   under the network's lock: the network is there, and stays while the record is
///   plugins: links, address, rules             undone by DEL, which takes whatever part of it there is
///   default routes, names
///   the record, complete
/// </code>
/// Killed anywhere, it leaves a record that is not complete, and a lock that the kernel lets go.
/// </summary>
internal sealed class Attaching(NetworkFolder networks, AttachmentFolder attachments, NetworkPlaces places)
{
    private const int PortAttempts = 16;

    private readonly CniRuntime _runtime = new(new CniRuntimeOptions { CacheFolder = places.Cache, Observe = static (step, began, ended) => EngineActivities.Add(step, "network", began, ended) });

    public CniRuntime Runtime => _runtime;

    public Attachment Connect(NetworkRecord network, AttachmentSpec spec)
    {
        using Activity? activity = EngineActivities.Begin($"attach it to {network.Name}", "network");
        Validate(network, spec);
        string place = NamespacePlace.Of(spec.NetworkNamespace) ?? throw new BerthException(Fault.NotFound, $"cannot attach container {spec.ContainerId} to network {network.Name}: there is no network namespace at {spec.NetworkNamespace}");
        using FileLock held = attachments.Lock(spec.ContainerId);
        List<Attachment> others = WithoutRemains(spec.ContainerId);
        foreach (Attachment other in others)
        {
            if (other.NetworkId == network.Id) throw new BerthException(Fault.Conflict, $"cannot attach container {spec.ContainerId} to network {network.Name}: it is attached to it already ({other.InterfaceName})");
        }
        if (others.Count > 0 && (OwnWay.Is(network.Driver) || OwnWay.Is(others[0].NetworkName))) throw new BerthException(Fault.Conflict, $"cannot attach container {spec.ContainerId} to network {network.Name}: it is attached to {others[0].NetworkName}, and pasta and slirp4netns are a container's only network");
        ParentLink.Ensure(network);
        Attachment attachment = new() { Spec = spec, Id = ObjectId.New(), NetworkId = network.Id, NetworkName = network.Name, InterfaceName = InterfaceFor(spec, others), Place = place, Metric = NetworkSettings.Of(network.Spec).Metric };
        return Connect(network, attachment, others, held);
    }

    /// <summary>Attaches what a record says, which is of this container; its lock is held.</summary>
    public Attachment Connect(NetworkRecord network, Attachment attachment, List<Attachment> others, FileLock held)
    {
        HashSet<PortBinding> taken = [];
        for (int attempt = 1; ; attempt++)
        {
            attachment = attachment with { Ports = PortChoice.Choose(attachment.Spec.Ports, network, taken) };
            Promise(network, attachment);
            try
            {
                Attachment made;
                if (OwnWay.Is(network.Driver))
                {
                    made = OwnWay.Connect(places.User!, attachment, ForwardsOf(attachment));
                }
                else
                {
                    made = Attach(network, attachment);
                    Forward(made);
                    using (EngineActivities.Begin("choose the default route", "network")) DefaultRoute.Settle([.. others, made]);
                }
                using (EngineActivities.Begin("tell its name", "network")) Name(network, made);
                attachments.Write(made with { IsComplete = true });
                return made with { IsComplete = true };
            }
            catch (BerthException e) when (e.Kind == Fault.Conflict && attempt < PortAttempts && HasOpenPort(attachment))
            {
                // Another container has one of them: which one is not known, so all that were chosen are chosen again.
                // The folder stays, and with it the lock.
                TakeBack(network, attachment, others, held: null);
                foreach (PortBinding port in attachment.Ports) taken.Add(port);
            }
            catch
            {
                TakeBack(network, attachment, others, held);
                throw;
            }
        }
    }

    /// <summary>Undoes an attachment, however much of it is there; the container's lock is held.</summary>
    public void Undo(NetworkRecord? network, Attachment attachment, List<Attachment> others)
    {
        places.User?.Detach(attachment.Id);
        places.Names.Detach(new NameAttachment(attachment.NetworkName, attachment.ContainerId, attachment.InterfaceName));
        NetworkList? list = OwnWay.Is(attachment.NetworkName) ? null : network is not null ? NetworkConfiguration.Of(network, attachment.Spec, places) : Remembered(attachment);
        bool gone = NamespacePlace.IsGone(attachment);
        // At another's path there is nothing of ours.
        if (list is not null) _runtime.Delete(list, Request(attachment) with { NetworkNamespace = gone ? null : attachment.Spec.NetworkNamespace });
        if (!gone) DefaultRoute.Settle(others);
        attachments.Remove(attachment);
    }

    /// <summary>A container's attachments; those of one that was killed on the way are undone before.</summary>
    public List<Attachment> WithoutRemains(string container)
    {
        List<Attachment> all = attachments.Of(container), whole = all.FindAll(static one => one.IsComplete && !NamespacePlace.IsGone(one));
        foreach (Attachment remains in all)
        {
            if (!whole.Contains(remains)) Undo(networks.Named(remains.NetworkName), remains, whole);
        }
        return whole;
    }

    /// <summary>Enters the names of an attachment, if its network has names.</summary>
    public void Name(NetworkRecord network, Attachment attachment)
    {
        if (!network.HasNames) return;
        List<IPAddress> addresses = [];
        foreach (AttachedAddress address in attachment.Addresses) addresses.Add(address.Address);
        try
        {
            Enter(network, attachment, addresses);
        }
        catch (BerthException e) when (e.Kind == Fault.Unavailable && e.Hint is null)
        {
            throw new BerthException(e.Kind, e.Message, "berth-cni is that program: install it beside berth; a network that is made with --disable-dns goes without", e);
        }
    }

    /// <summary>In the network of an ordinary user: opens the attachment's ports.</summary>
    public void Forward(Attachment attachment)
    {
        if (places.User is not { } user || OwnWay.Is(attachment.NetworkName)) return;
        List<IPAddress> targets = [];
        foreach (AttachedAddress address in attachment.Addresses) targets.Add(address.Address);
        user.Attach(attachment.Id, new ForwardRecord { ContainerId = attachment.ContainerId, Targets = targets, Ports = ForwardsOf(attachment) });
    }

    private static List<ForwardedPort> ForwardsOf(Attachment attachment)
    {
        List<ForwardedPort> ports = [];
        foreach (PortBinding port in attachment.Ports)
        {
            if (port.Protocol is not ("tcp" or "udp")) throw new BerthException(Fault.Unsupported, $"cannot publish {port}: ports of {port.Protocol} are not forwarded for an ordinary user", "tcp and udp are; as root, all are");
            // Of a routed network, which has no port of the host.
            if (port.HostPort == 0) continue;
            foreach (IPAddress at in port.HostAddress is { } one ? [one] : (ReadOnlySpan<IPAddress>)[IPAddress.Any, IPAddress.IPv6Any]) ports.Add(new ForwardedPort(new InetEndpoint(at, port.HostPort), port.ContainerPort, port.Protocol == "udp"));
        }
        return ports;
    }

    private void Enter(NetworkRecord network, Attachment attachment, List<IPAddress> addresses) =>
        places.Names.Attach(
            new NetworkNames { Name = network.Name, Listen = network.Gateways, Internal = network.Spec.IsInternal, HostAddresses = network.Spec.IsInternal ? [] : places.User?.HostOf(null) ?? [], Upstreams = Servers(network.Spec.NameServers) },
            new ContainerNames { ContainerId = attachment.ContainerId, InterfaceName = attachment.InterfaceName, Addresses = addresses, Name = attachment.Spec.ContainerName, Aliases = attachment.Spec.Aliases, Upstreams = Servers(attachment.Spec.NameServers) });

    private AttachmentRequest Request(Attachment attachment)
    {
        Dictionary<string, string> capabilities = [];
        if (attachment.Spec.HardwareAddress is { } mac) capabilities["mac"] = $"\"{mac}\"";
        if (attachment.Spec.Addresses.Count > 0) capabilities["ips"] = $"[\"{string.Join("\",\"", attachment.Spec.Addresses)}\"]";
        // Ports of an ordinary user are forwarded, not translated.
        if (attachment.Ports.Count > 0 && places.User is null) capabilities["portMappings"] = PortMappings(attachment.Ports);
        return new AttachmentRequest { ContainerId = attachment.ContainerId, InterfaceName = attachment.InterfaceName, NetworkNamespace = attachment.Spec.NetworkNamespace, Capabilities = capabilities };
    }

    // rm takes the same lock: either it sees this record, or this sees that the network is gone.
    private void Promise(NetworkRecord network, Attachment attachment)
    {
        using FileLock held = networks.LockNetwork(network.Id);
        if (networks.Named(network.Name)?.Id != network.Id) throw new BerthException(Fault.NotFound, $"cannot attach container {attachment.ContainerId} to network {network.Name}: it was removed");
        attachments.Write(attachment);
    }

    private Attachment Attach(NetworkRecord network, Attachment attachment)
    {
        CniResult result = _runtime.Add(NetworkConfiguration.Of(network, attachment.Spec, places), Request(attachment));
        bool routes = NetworkSettings.Of(network.Spec).HasDefaultRoute;
        List<AttachedAddress> addresses = [];
        foreach (CniAddress address in result.Addresses) addresses.Add(new AttachedAddress(address.Address.Address, address.Address.Length, routes ? address.Gateway : null));
        string mac = "", host = "";
        foreach (CniInterface one in result.Interfaces)
        {
            if (one.Sandbox.Length > 0 && one.Name == attachment.InterfaceName) mac = one.Mac;
            // The first: what shapes its packets comes behind.
            else if (one.Sandbox.Length == 0 && one.Name != network.Interface && host.Length == 0) host = one.Name;
        }
        return attachment with { Addresses = addresses, HardwareAddress = mac, HostInterface = host, NameServers = network.HasNames ? network.Gateways : network.Spec.NameServers is { Count: > 0 } own ? own : ServersOf(result) };
    }

    // Those that a DHCP server named.
    private static List<IPAddress> ServersOf(CniResult result)
    {
        List<IPAddress> servers = [];
        foreach (string text in result.Dns.Nameservers)
        {
            if (IPAddress.TryParse(text, out IPAddress? server)) servers.Add(server);
        }
        return servers;
    }

    private void TakeBack(NetworkRecord network, Attachment attachment, List<Attachment> others, FileLock? held)
    {
        try
        {
            Undo(network, attachment, others);
            if (held is not null) attachments.Tidy(attachment.ContainerId, held);
        }
        // The record stays, and with it who looks for remains finds the rest; the first fault is the one to be told.
        catch (Exception e) when (e is BerthException or LinuxException)
        {
        }
    }

    // A network's record may be gone while an attachment to it is not: rm was killed.
    private NetworkList? Remembered(Attachment attachment) =>
        _runtime.Cache.Find(attachment.NetworkName, new AttachmentId(attachment.ContainerId, attachment.InterfaceName)) is { Configuration.Length: > 0 } cached ? NetworkList.Parse(cached.Configuration) : null;

    private static bool HasOpenPort(Attachment attachment)
    {
        foreach (PortRequest port in attachment.Spec.Ports)
        {
            if (port.IsOpen) return true;
        }
        return false;
    }

    private static string InterfaceFor(AttachmentSpec spec, List<Attachment> others)
    {
        string? asked = spec.InterfaceName ?? spec.Options.GetValueOrDefault("com.docker.network.endpoint.ifname");
        if (asked is not null) return asked;
        // There may be interfaces in it that are nobody's of ours.
        using Fd space = KernelPath.Open(spec.NetworkNamespace, 0);
        using RouteNetlink links = RouteNetlink.OpenIn(space);
        for (int number = 0; ; number++)
        {
            string name = $"eth{number}";
            if (!others.Exists(other => other.InterfaceName == name) && links.Find(name) is null) return name;
        }
    }

    private static void Validate(NetworkRecord network, AttachmentSpec spec)
    {
        string what = $"cannot attach container {spec.ContainerId} to network {network.Name}";
        if (network.Driver is "host" or "none") throw new BerthException(Fault.InvalidArgument, $"{what}: driver {network.Driver} has nothing to attach to", "a container gets it when it is made");
        try
        {
            CniNames.RequireContainerId(spec.ContainerId);
            if (spec.InterfaceName is { } name) CniNames.RequireInterfaceName(name);
        }
        catch (CniException e)
        {
            throw new BerthException(Fault.InvalidArgument, $"{what}: {e.Message}", null, e);
        }
        foreach (IPAddress address in spec.Addresses)
        {
            bool inside = network.Subnets.Count == 0;
            foreach (SubnetSpec subnet in network.Subnets) inside |= subnet.Subnet.Contains(address);
            if (!inside) throw new BerthException(Fault.InvalidArgument, $"{what}: address {address} is in none of its subnets") { Code = FaultCode.AddressOutside };
        }
        if (spec.HardwareAddress is { } mac && !NetworkLink.TryParseMac(mac, out _)) throw new BerthException(Fault.InvalidArgument, $"{what}: '{mac}' is no hardware address", "write it as 02:42:ac:11:00:02");
        if (OwnWay.Is(network.Driver) && (spec.Addresses.Count > 0 || spec.HardwareAddress is not null)) throw new BerthException(Fault.InvalidArgument, $"{what}: {network.Driver} gives the host's addresses, and none that are asked for");
        if (network.Driver != "bridge") RefuseRates(spec.Options, what, network.Driver);
        if (spec.Ports.Count > 0 && network.Driver != "bridge" && !OwnWay.Is(network.Driver)) throw new BerthException(Fault.InvalidArgument, $"{what}: ports are published on bridges, and its driver is {network.Driver}", "its containers are reached at their own addresses");
    }

    /// <summary>A rate is kept where the host has an end of the container's interface.</summary>
    /// <exception cref="BerthException">Unsupported: there is one among these options.</exception>
    public static void RefuseRates(IReadOnlyDictionary<string, string> options, string what, string driver)
    {
        foreach (string name in (ReadOnlySpan<string>)["ingress_rate", "egress_rate"])
        {
            if (options.ContainsKey(name)) throw new BerthException(Fault.Unsupported, $"{what}: {name} is for bridges, and its driver is {driver}");
        }
    }

    private static List<IPEndPoint> Servers(IReadOnlyList<IPAddress> addresses)
    {
        List<IPEndPoint> servers = [];
        foreach (IPAddress address in addresses) servers.Add(new IPEndPoint(address, 53));
        return servers;
    }

    private static string PortMappings(IReadOnlyList<PortBinding> ports)
    {
        JsonWriter json = new();
        json.WriteStartArray();
        foreach (PortBinding port in ports)
        {
            json.WriteStartObject();
            // Plugins want one, also where the host gives none.
            json.WriteNumber("hostPort", (long)(port.HostPort == 0 ? port.ContainerPort : port.HostPort));
            json.WriteNumber("containerPort", (long)port.ContainerPort);
            json.WriteString("protocol", port.Protocol);
            RecordJson.Text(json, "hostIP", port.HostAddress?.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
        return Encoding.UTF8.GetString(json.Written);
    }
}
