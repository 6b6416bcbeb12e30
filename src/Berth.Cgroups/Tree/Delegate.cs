// Delegation on v2: a cgroup that the payload manages itself, and who must own it for that.
using Berth.Linux;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    /// <summary>
    /// Moves the first process into the cgroup of <see cref="CgroupOptions.Delegate"/>, if one is asked for. It is to have
    /// unshared its cgroup namespace before, so that it sees the container's cgroup, with all limits, as the root.
    /// </summary>
    /// <exception cref="BerthException">The cgroup cannot be made or entered.</exception>
    public void EnterDelegate(int pid)
    {
        if (_request?.Options.Delegate is not { } below || UnifiedDirectory is not { } parent) return;
        string path = $"{parent}/{below}";
        if (!_directories.TryMake(path, out _, out Errno errno)) throw Refused($"mkdir {path}", errno);
        if (!Cgroups.Membership.TryEnter(path, pid, out errno)) throw Refused($"write {pid} to {path}/cgroup.procs", errno);
        // Now that nobody is left above, the controllers can be handed down.
        string available = Linux.Files.KernelFile.TryReadText(parent + "/cgroup.controllers") ?? "";
        EnableControllers(parent, path, available, null);
        HandOver(path);
    }
}

/// <summary>Owner of a delegated cgroup, as ids of the host.</summary>
/// <param name="Uid">User.</param>
/// <param name="Gid">Group, or null to leave it.</param>
public sealed record CgroupOwner(uint Uid, uint? Gid = null)
{
    /// <summary>
    /// The owner a container needs: its process's user, if it has a user namespace with mappings, a cgroup namespace, both of
    /// its own, and the cgroups mounted writable; else null. Without all of these it could not use what it owns.
    /// </summary>
    public static CgroupOwner? Of(Spec spec)
    {
        if (spec.Linux is not { UidMappings: { } mappings } linux || !HasOwn(linux, "cgroup") || !HasOwn(linux, "user") || !MountsWritable(spec)) return null;
        uint inside = spec.Process?.User.Uid ?? 0;
        foreach (IdMapping mapping in mappings)
        {
            if (inside >= mapping.ContainerId && inside - mapping.ContainerId < mapping.Size) return new CgroupOwner(mapping.HostId + (inside - mapping.ContainerId));
        }
        return null;
    }

    private static bool HasOwn(LinuxSpec linux, string type)
    {
        foreach (NamespaceSpec one in linux.Namespaces)
        {
            if (one.Type == type) return string.IsNullOrEmpty(one.Path);
        }
        return false;
    }

    private static bool MountsWritable(Spec spec)
    {
        foreach (MountSpec mount in spec.Mounts)
        {
            bool cgroup = mount.Type is "cgroup" or "cgroup2" && CgroupPath.Clean(mount.Destination) == CgroupHost.UsualRoot;
            if (cgroup && !mount.Options.Contains("ro")) return true;
        }
        return false;
    }
}
