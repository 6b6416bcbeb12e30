// Pods: made, found, listed.
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Engine.Pods;

/// <summary>The pods of an engine. No daemon and no process keeps them: records in files say what is to be, and the kernel what is.</summary>
public sealed class EnginePods
{
    private const int NameAttempts = 20;

    private readonly ContainerParts _parts;
    private readonly EngineContainers _containers;
    private readonly PodFolder _folder;
    private readonly PodNamespaces _namespaces;
    private readonly Sharing _sharing;

    internal EnginePods(ContainerParts parts, EngineContainers containers, string root, string run)
    {
        (_parts, _containers) = (parts, containers);
        _folder = new PodFolder(root, run);
        _namespaces = new PodNamespaces(_folder, parts.Networks);
        _sharing = new Sharing(_folder, _namespaces, new PodCgroups(parts), parts);
        parts.Pods = _sharing;
    }

    /// <summary>Makes one. What its containers share is made with the start of the first, or by <see cref="Pod.StartAsync"/>.</summary>
    /// <exception cref="BerthException">InvalidArgument. NotFound: there is no such network. Conflict: another pod has the name.</exception>
    public Pod Create(PodSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.Name is { } said) Creating.RequireName(said);
        Require(spec);
        PodRecord record = new() { Id = ObjectId.New(), Name = spec.Name ?? ContainerNames.New(), Created = _parts.Clock.GetUtcNow(), Spec = spec };
        using FileLock held = _folder.Lock(record.Id);
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                _folder.Insert(record);
                break;
            }
            catch (BerthException e) when (e.Kind == Fault.Conflict && spec.Name is null && attempt < NameAttempts)
            {
                record = record with { Name = ContainerNames.New() };
            }
            catch (BerthException)
            {
                held.RemoveFile();
                throw;
            }
        }
        _parts.Events.Add("pod", "create", record.Id, record.Name);
        return Of(record);
    }

    /// <summary>One by its name, its id, or the beginning of its id.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: several ids begin so.</exception>
    public Pod Find(string nameOrId) => TryFind(nameOrId) ?? throw new BerthException(Fault.NotFound, $"there is no pod {nameOrId}", "berth pod ps lists them") { Subjects = [nameOrId] };

    /// <summary>The same; null: there is none.</summary>
    public Pod? TryFind(string nameOrId)
    {
        ArgumentNullException.ThrowIfNull(nameOrId);
        return _folder.Find(nameOrId) is { } record ? Of(record) : null;
    }

    /// <summary>All, the newest first.</summary>
    public IReadOnlyList<Pod> List() => _folder.All().ConvertAll(Of);

    // What can be seen to be wrong now is not to be found out at the start.
    private void Require(PodSpec spec)
    {
        NetworkMode mode = NetworkMode.Of(spec.Connection);
        bool hasNetwork = spec.Shares.HasFlag(PodShares.Network);
        if (mode.Kind is NetworkKind.Container or NetworkKind.Path or NetworkKind.Pod) throw new BerthException(Fault.Unsupported, $"a pod's network cannot be {spec.Connection.Networks[0].Network}", "name networks of the engine, none or host");
        foreach (NetworkWish wish in mode.Wishes)
        {
            if (wish.Network != EngineNetworks.Default) _parts.Networks.Find(wish.Network);
        }
        ConnectionSpec connection = spec.Connection;
        if (!hasNetwork && (connection.Ports.Count > 0 || connection.Networks.Count > 0)) throw new BerthException(Fault.InvalidArgument, "ports and networks are said of a pod that shares no network", "say --share net, or leave them out");
        if (mode.Kind is NetworkKind.None or NetworkKind.Host && connection.Ports.Count > 0) throw new BerthException(Fault.InvalidArgument, $"cannot publish ports of a pod whose network is {connection.Networks[0].Network}", "name a network of the engine");
        if (spec.HostName is not null && !spec.Shares.HasFlag(PodShares.Uts)) throw new BerthException(Fault.InvalidArgument, "a host name is said of a pod that shares none", "say --share uts, or leave out --hostname");
        if (spec.ShmBytes is not null && !spec.Shares.HasFlag(PodShares.Ipc)) throw new BerthException(Fault.InvalidArgument, "a size of /dev/shm is said of a pod that shares none", "say --share ipc, or leave out --shm-size");
        foreach ((string name, _) in spec.Limits.Sysctls) SysctlRules.Check(name, new ContainerSpec { Connection = spec.Connection, Namespaces = new NamespacesSpec { Ipc = spec.Shares.HasFlag(PodShares.Ipc) ? "" : "host", Uts = spec.Shares.HasFlag(PodShares.Uts) ? "" : "host" } });
        WishRules.Check(new ContainerSpec { Limits = spec.Limits with { Sysctls = Nothing.Texts } });
    }

    private Pod Of(PodRecord record) => new(_parts, _folder, _namespaces, _sharing, _containers, record);
}
