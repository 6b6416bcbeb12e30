// A cgroup of its own for the shim, if the options name one.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Shim.ShimV2;

internal static class ShimCgroup
{
    /// <summary>Moves this process into a cgroup that is there, in every hierarchy that has it.</summary>
    /// <exception cref="BerthException">None has it.</exception>
    public static void Join(string path)
    {
        bool any = false;
        string pid = $"{Self.ProcessId}";
        CgroupHost host = CgroupHost.Discover();
        foreach (MountedHierarchy hierarchy in host.Hierarchies)
        {
            string file = $"{hierarchy.Mount}/{path.Trim('/')}/cgroup.procs";
            any |= KernelFile.TryWrite(file, pid, out Errno _);
        }
        if (!any) throw new BerthException(Fault.NotFound, $"failed to load cgroup {path}: no hierarchy of this host has it");
    }
}
