// Pids: who is in the container's cgroups.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    /// <summary>Numbers of the members in the runtime's pid namespace; none when the cgroup is gone.</summary>
    /// <param name="recursive">With those of cgroups below.</param>
    /// <exception cref="BerthException">The cgroup cannot be read.</exception>
    public List<int> Pids(bool recursive)
    {
        List<int> pids = [];
        if (MembersDirectory is { } path) Collect(path, recursive, pids);
        return pids;
    }

    private static void Collect(string directory, bool recursive, List<int> pids)
    {
        byte[]? bytes = KernelFile.TryRead(directory + "/cgroup.procs", out Errno errno);
        // A threaded cgroup does not list processes, only threads.
        if (bytes is null && errno == Errno.EOPNOTSUPP) bytes = KernelFile.TryRead(directory + "/cgroup.threads", out errno);
        if (bytes is null)
        {
            if (errno is Errno.ENOENT or Errno.ENODEV) return;
            throw new BerthException(FaultOf(errno), $"unable to get cgroup PIDs: read {directory}/cgroup.procs: {errno.Sentence()}");
        }
        int pid = 0;
        foreach (byte b in bytes)
        {
            if (b is >= (byte)'0' and <= (byte)'9') { pid = pid * 10 + (b - '0'); continue; }
            // Zero stands for a process that this pid namespace cannot name.
            if (pid > 0) pids.Add(pid);
            pid = 0;
        }
        if (!recursive || KernelDirectory.TryListDirectories(directory, out _) is not { } children) return;
        foreach (string child in children) Collect($"{directory}/{child}", recursive, pids);
    }
}
