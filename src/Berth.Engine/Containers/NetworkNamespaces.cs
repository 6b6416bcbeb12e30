// Network namespaces that stay without a process: files that they are mounted on.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Linux.Programs;

namespace Berth.Engine.Containers;

/// <summary>Makes and removes them.</summary>
internal static class NetworkNamespaces
{
    /// <summary>A new one at a path.</summary>
    /// <exception cref="LinuxException">It cannot be made.</exception>
    public static void Make(string path)
    {
        KernelPath.MakeDirectories(path[..path.LastIndexOf('/')], 0x1C9);
        Remove(path);
        using (KernelPath.Open(path, OpenFlags.WriteOnly | OpenFlags.Create, 0x124)) { }
        LinuxException? fault = null;
        // A thread leaves its network namespace for good: it must not be one that others use.
        Thread leaving = new(() =>
        {
            try
            {
                Daemon.Leave(Namespaces.Network);
                HostMount.Mount("/proc/thread-self/ns/net", path, null, MountFlags.Bind);
                using RouteNetlink links = RouteNetlink.Open();
                if (links.Find("lo") is { } loopback) links.SetUp(loopback, up: true);
            }
            catch (LinuxException e)
            {
                fault = e;
            }
        }, 128 * 1024);
        leaving.Start();
        leaving.Join();
        if (fault is null) return;
        Remove(path);
        throw fault;
    }

    /// <summary>Takes one away; who is in it stays there.</summary>
    public static void Remove(string path)
    {
        while (HostMount.Detach(path)) { }
        KernelPath.Remove(path);
    }
}
