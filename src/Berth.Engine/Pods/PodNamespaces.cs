// What a pod's containers share, kept by mounts alone: no process has to run for it.
using System.Globalization;
using System.Text;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Pods;

/// <summary>
/// Makes and takes away; the pod's lock is held by the caller.
/// <code>
///   RUN/pods/ID/{net,ipc,uts}   namespaces, mounted on files
///   RUN/pods/ID/shm             what is mounted at /dev/shm
///   RUN/pods/ID/{hosts,resolv.conf,hostname}
///   RUN/pods/ID/up              written last: without it, what is there is what a killed program left
/// </code>
/// </summary>
internal sealed class PodNamespaces(PodFolder folder, EngineNetworks networks)
{
    private const uint Searchable = 0x1C9, Readable = 0x124, Private = 0x180;
    private const long UsualShm = 64 << 20;

    /// <summary>Whether all of it is there.</summary>
    public bool IsUp(PodRecord pod)
    {
        PodShare share = new(folder.Shared(pod.Id));
        if (!KernelFile.Exists($"{share.Folder}/up")) return false;
        if (pod.Spec.Shares.HasFlag(PodShares.Ipc) && NamespacePlace.Of(share.Ipc) is null) return false;
        if (pod.Spec.Shares.HasFlag(PodShares.Uts) && NamespacePlace.Of(share.Uts) is null) return false;
        return !HasNetwork(pod) || NamespacePlace.Of(share.Network) is not null;
    }

    /// <summary>Whether it has a network namespace; one on the host's network has none.</summary>
    public static bool HasNetwork(PodRecord pod) => pod.Spec.Shares.HasFlag(PodShares.Network) && NetworkMode.Of(pod.Spec.Connection).Kind != NetworkKind.Host;

    /// <summary>Makes all of it anew.</summary>
    public void Make(PodRecord pod)
    {
        Remove(pod);
        PodShare share = new(folder.Shared(pod.Id));
        try
        {
            KernelPath.MakeDirectories(share.Folder, Searchable);
            MakeNamespaces(pod, share);
            if (pod.Spec.Shares.HasFlag(PodShares.Ipc))
            {
                KernelPath.MakeDirectory(share.Shm, Searchable);
                HostMount.Mount("shm", share.Shm, "tmpfs", MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec, string.Create(CultureInfo.InvariantCulture, $"mode=1777,size={pod.Spec.ShmBytes ?? UsualShm}"));
            }
            if (HasNetwork(pod)) Connect(pod, share);
            KernelPath.WriteAtomically($"{share.Folder}/up", [], Private);
        }
        catch (LinuxException e)
        {
            Remove(pod);
            throw new BerthException(Fault.Failed, $"cannot start pod {pod.Name}: {e.Message}", inner: e);
        }
        catch (Exception)
        {
            Remove(pod);
            throw;
        }
    }

    /// <summary>Takes away what there is of it.</summary>
    public void Remove(PodRecord pod)
    {
        PodShare share = new(folder.Shared(pod.Id));
        KernelPath.Remove($"{share.Folder}/up");
        networks.DisconnectAll(pod.Id);
        foreach (string place in (ReadOnlySpan<string>)[share.Network, share.Ipc, share.Uts]) NetworkNamespaces.Remove(place);
        while (HostMount.Detach(share.Shm)) { }
        KernelPath.RemoveTree(share.Folder);
    }

    /// <summary>Writes the files that tell containers of names; those that run see it at once.</summary>
    public void WriteFiles(PodRecord pod, IEnumerable<string> containers)
    {
        string shared = folder.Shared(pod.Id);
        ConnectionSpec connection = pod.Spec.Connection;
        bool hasAddress = networks.AttachmentsOf(pod.Id).Count > 0;
        List<string> names = [pod.Name, .. containers];
        ContainerFiles files = networks.FilesOf(pod.Id, new NameWishes
        {
            HostName = pod.HostName,
            Names = names,
            Servers = connection.NameServers,
            Search = connection.NameSearch,
            Options = connection.NameOptions,
            // Without an address, they find each other at loopback.
            Hosts = hasAddress ? connection.Hosts : [.. connection.Hosts, .. names.Append(pod.HostName).Distinct().Select(static name => name + ":127.0.0.1")],
        });
        Write($"{shared}/hosts", files.Hosts);
        Write($"{shared}/resolv.conf", files.ResolvConf);
        Write($"{shared}/hostname", pod.HostName + "\n");
    }

    // The same file stays: it is mounted in containers.
    private static void Write(string path, string text)
    {
        if (KernelFile.TryReadText(path) == text) return;
        using Fd file = KernelPath.Open(path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Truncate, 0x1A4);
        KernelPath.WriteAll(file, Encoding.UTF8.GetBytes(text), path);
    }

    private static void MakeNamespaces(PodRecord pod, PodShare share)
    {
        Namespaces wanted = (HasNetwork(pod) ? Namespaces.Network : 0) | (pod.Spec.Shares.HasFlag(PodShares.Ipc) ? Namespaces.Ipc : 0) | (pod.Spec.Shares.HasFlag(PodShares.Uts) ? Namespaces.Uts : 0);
        if (wanted == Namespaces.None) return;
        foreach (string place in (ReadOnlySpan<string>)[share.Network, share.Ipc, share.Uts])
        {
            using (KernelPath.Open(place, OpenFlags.WriteOnly | OpenFlags.Create, Readable)) { }
        }
        Exception? fault = null;
        // A thread leaves its namespaces for good: it must not be one that others use.
        Thread leaving = new(() =>
        {
            try
            {
                Daemon.Leave(wanted);
                if (wanted.HasFlag(Namespaces.Network)) Pin("net", share.Network);
                if (wanted.HasFlag(Namespaces.Ipc)) Pin("ipc", share.Ipc);
                if (wanted.HasFlag(Namespaces.Uts)) Pin("uts", share.Uts);
                SetUp(pod, wanted);
            }
            catch (Exception e) when (e is LinuxException or BerthException)
            {
                fault = e;
            }
        }, 256 * 1024);
        leaving.Start();
        leaving.Join();
        if (fault is not null) throw fault;
    }

    private static void Pin(string kind, string place) => HostMount.Mount($"/proc/thread-self/ns/{kind}", place, null, MountFlags.Bind);

    // The kernel's parameters below /proc/sys are those of the namespaces that the thread is in.
    private static void SetUp(PodRecord pod, Namespaces made)
    {
        if (made.HasFlag(Namespaces.Uts)) Set("kernel.hostname", pod.HostName);
        if (made.HasFlag(Namespaces.Network))
        {
            using RouteNetlink links = RouteNetlink.Open();
            if (links.Find("lo") is { } loopback) links.SetUp(loopback, up: true);
            // As in a container's own network; where the kernel does not let us say it, it stays as it is.
            KernelFile.TryWrite("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0", out _);
            KernelFile.TryWrite("/proc/sys/net/ipv4/ping_group_range", Rootless.UserSession.IsRoot ? "0 2147483647" : "0 0", out _);
        }
        foreach ((string name, string value) in pod.Spec.Limits.Sysctls) Set(name, value);
    }

    private static void Set(string name, string value)
    {
        string path = "/proc/sys/" + (name.Contains('/', StringComparison.Ordinal) ? name : name.Replace('.', '/'));
        if (!KernelFile.TryWrite(path, value, out Errno errno)) throw new BerthException(Fault.InvalidArgument, $"cannot set {name} to '{value}': {ErrnoText.Sentence(errno)}");
    }

    private void Connect(PodRecord pod, PodShare share)
    {
        ContainerRecord outward = Outward(pod);
        bool isFirst = true;
        foreach (NetworkWish wish in NetworkMode.Of(pod.Spec.Connection).Wishes)
        {
            networks.Connect(wish.Network, AttachmentWishes.Of(outward, wish, share.Network, isFirst));
            isFirst = false;
        }
    }

    /// <summary>A pod as networks see it: what a container would be.</summary>
    public static ContainerRecord Outward(PodRecord pod) => new()
    {
        Id = pod.Id,
        Name = pod.Name,
        Created = pod.Created,
        Spec = new ContainerSpec { Connection = pod.Spec.Connection },
        Settled = new SettledSpec(),
    };
}
