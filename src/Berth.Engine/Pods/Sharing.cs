// A pod's containers and what they share: who joins, who is the first, who is the last.
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Pods;

/// <summary>What is asked of pods by containers that are made, started and ended.</summary>
internal sealed class Sharing(PodFolder folder, PodNamespaces namespaces, PodCgroups cgroups, ContainerParts parts) : IPodSharing
{
    public ContainerSpec Join(ContainerSpec spec)
    {
        PodRecord pod = folder.Find(spec.Pod!) ?? throw new BerthException(Fault.NotFound, $"there is no pod {spec.Pod}", "berth pod ps lists them; --pod new:NAME makes one");
        NamespacesSpec spaces = spec.Namespaces;
        if (spaces.User is not ("" or "host") || spaces.UidMaps.Count > 0 || spaces.GidMaps.Count > 0 || spaces.SubordinateUser is not null) throw Clash(pod, "a container of a pod has no user namespace of its own: what is shared belongs to the pod's", "leave out --userns, --uidmap and --gidmap");
        PodShares shares = pod.Spec.Shares;
        if (shares.HasFlag(PodShares.Uts) && spaces.Uts is "" or "pod" && spec.HostName is not null) throw Clash(pod, "the host name is the pod's", "say --hostname at berth pod create");
        return spec with
        {
            Pod = pod.Id,
            Connection = shares.HasFlag(PodShares.Network) ? Shared(pod, spec.Connection) : RefusePod(pod, spec.Connection),
            Namespaces = spaces with
            {
                Ipc = Mode(pod, spaces.Ipc, PodShares.Ipc, "ipc"),
                Uts = Mode(pod, spaces.Uts, PodShares.Uts, "uts"),
                Pid = Mode(pod, spaces.Pid, PodShares.Pid, "pid"),
            },
            Storage = pod.Spec.Mounts.Count == 0 ? spec.Storage : spec.Storage with { Mounts = [.. pod.Spec.Mounts, .. spec.Storage.Mounts] },
            Restart = spec.Restart.When == RestartKind.Never && !spec.IsRemovedAtEnd ? pod.Spec.Restart : spec.Restart,
            Limits = pod.Spec.SharesCgroup && spec.Limits.CgroupParent is null && PodCgroups.PathOf(pod) is { } parent ? spec.Limits with { CgroupParent = parent } : spec.Limits,
        };
    }

    public IDisposable Hold(string pod)
    {
        FileLock held = folder.Lock(pod);
        if (folder.Read(pod) is not null) return held;
        held.RemoveFile();
        held.Dispose();
        throw new BerthException(Fault.NotFound, $"there is no pod {pod[..12]} any more");
    }

    public PodShare Open(ContainerRecord record)
    {
        string id = record.Spec.Pod!;
        using FileLock held = folder.Lock(id);
        PodRecord pod = folder.Read(id) ?? throw new BerthException(Fault.NotFound, $"cannot start container {record.Name}: its pod {id[..12]} was removed");
        Up(pod, held);
        PodShare share = new(folder.Shared(id));
        return record.Spec.Namespaces.Pid == "pod" ? share with { Process = FirstProcess(pod, record.Id) } : share;
    }

    public void Leave(string pod)
    {
        using FileLock held = folder.Lock(pod);
        if (folder.Read(pod) is not { } record)
        {
            held.RemoveFile();
            return;
        }
        if (record.Spec.ExitPolicy == PodExitPolicy.Stop && !IsInUse(record)) Down(record);
    }

    /// <summary>Makes what is shared where it is not there, and writes down who its containers are.</summary>
    public void Up(PodRecord pod, FileLock held)
    {
        _ = held;
        if (!namespaces.IsUp(pod))
        {
            cgroups.Make(pod);
            try
            {
                namespaces.Make(pod);
            }
            catch (BerthException)
            {
                cgroups.Remove(pod);
                throw;
            }
            parts.Events.Add("pod", "start", pod.Id, pod.Name);
        }
        namespaces.WriteFiles(pod, ContainersOf(pod).ConvertAll(static container => container.Name));
    }

    /// <summary>Lets go what is shared, unless a container uses it.</summary>
    public void DownIfIdle(PodRecord pod)
    {
        using FileLock held = folder.Lock(pod.Id);
        if (!IsInUse(pod)) Down(pod);
    }

    /// <summary>Lets it go; nobody uses it, and the lock is held.</summary>
    public void Down(PodRecord pod)
    {
        bool wasUp = namespaces.IsUp(pod);
        namespaces.Remove(pod);
        cgroups.Remove(pod);
        if (wasUp) parts.Events.Add("pod", "stop", pod.Id, pod.Name);
    }

    /// <summary>Its containers, the oldest first.</summary>
    public List<ContainerRecord> ContainersOf(PodRecord pod)
    {
        List<ContainerRecord> its = parts.Folder.All().FindAll(container => container.Spec.Pod == pod.Id);
        its.Reverse();
        return its;
    }

    // A container has its bundle folder from before it joins until what its run left is taken away.
    private bool IsInUse(PodRecord pod) => ContainersOf(pod).Exists(container => KernelFile.Exists(parts.Places.Bundle(container.Id)));

    private int FirstProcess(PodRecord pod, string but)
    {
        foreach (ContainerRecord other in ContainersOf(pod))
        {
            if (other.Id != but && other.Spec.Namespaces.Pid == "pod" && parts.Facts.Observe(other) is { IsAlive: true } state) return state.Pid;
        }
        parts.Warnings.Enqueue($"no container of pod {pod.Name} runs: the processes that it shares are those of this one, and end with it");
        return 0;
    }

    private static ConnectionSpec Shared(PodRecord pod, ConnectionSpec wish)
    {
        // Whoever says that he wants none, or another one, does not share it.
        if (NetworkMode.Of(wish).Kind is NetworkKind.None or NetworkKind.Host or NetworkKind.Container or NetworkKind.Path) return wish;
        if (wish.Networks is not ([] or [{ Network: "pod" }])) throw Clash(pod, $"its network is the pod's, and {wish.Networks[0].Network} is said", "say --network at berth pod create");
        if (wish.Ports.Count > 0 || wish.PublishesAll) throw Clash(pod, "its ports are the pod's", "publish them at the pod: berth pod create --publish");
        if (wish.NameServers.Count + wish.NameSearch.Count + wish.NameOptions.Count + wish.Hosts.Count + wish.Links.Count > 0 || wish.HostsFile is not null) throw Clash(pod, "its names are the pod's", "say --dns and --add-host at berth pod create");
        string network = NetworkMode.Of(pod.Spec.Connection).Kind == NetworkKind.Host ? "host" : "pod";
        return wish with { Networks = [new NetworkWish { Network = network }] };
    }

    private static ConnectionSpec RefusePod(PodRecord pod, ConnectionSpec wish) =>
        wish.Networks is [{ Network: "pod" }] ? throw Clash(pod, "the pod shares no network", "make it with --share net") : wish;

    private static string Mode(PodRecord pod, string wish, PodShares share, string kind)
    {
        bool isShared = pod.Spec.Shares.HasFlag(share);
        if (wish == "pod" && !isShared) throw Clash(pod, $"the pod shares no {kind} namespace", $"make it with --share {kind}");
        return wish.Length == 0 && isShared ? "pod" : wish;
    }

    private static BerthException Clash(PodRecord pod, string why, string hint) => new(Fault.InvalidArgument, $"cannot make a container of pod {pod.Name}: {why}", hint);
}
