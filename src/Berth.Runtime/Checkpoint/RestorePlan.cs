// What a child does before CRIU restores: mount points that the image does not have, and a root that CRIU accepts.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;
using Berth.Runtime.State;

namespace Berth.Runtime.Checkpoint;

internal static class RestorePlan
{
    /// <summary>
    /// Makes missing mount points as create does. Binds are really made, since a later mount's point may lie in one of them;
    /// all that goes with the child's mount namespace.
    /// </summary>
    public static void MakeMountPoints(Spec spec, ContainerRecord record)
    {
        using ChildProgram program = new();
        LeaveHost(program);
        program.Step("open the root", record.Rootfs);
        Slot root = program.OpenAt2(ProgramFd.Cwd, record.Rootfs, OpenFlags.Path | OpenFlags.Directory, Resolve.None);
        foreach (MountSpec mount in spec.Mounts)
        {
            // CRIU restores what was in a tmpfs; the points below a cgroup mount come with it.
            if (mount.Type is "cgroup" or "cgroup2" || IsOnTmpfs(mount, spec)) continue;
            Slot mark = program.MarkSlots();
            program.Step("make the mount point", mount.Destination);
            string inside = MountList.Inside(mount.Destination);
            if (ExternalMounts.IsBind(mount))
            {
                Slot tree = program.CloneTree(ProgramFd.Cwd, MountList.AbsoluteSource(mount, record.Bundle), recursive: true);
                Slot target = program.OpenTarget(root, inside, tree);
                program.Attach(tree, target).Close(tree).Close(target);
            }
            else
            {
                program.Close(program.OpenTarget(root, inside, TargetKind.Directory, 0x1ED));
            }
            program.ReleaseSlots(mark);
        }
        SpawnedChild child = program.Spawn(new SpawnOptions { Namespaces = Namespaces.Mount });
        child.PidFd.Dispose();
    }

    /// <summary>
    /// CRIU wants a root that is a mount point and whose parent is not mounted over: the rootfs bound on a directory of its
    /// own, which nobody else sees and nobody has to clean up.
    /// </summary>
    public static void BindRoot(ChildProgram program, ContainerRecord record, string place)
    {
        LeaveHost(program);
        program.Step("bind the rootfs for criu", record.Rootfs);
        Slot tree = program.CloneTree(ProgramFd.Cwd, record.Rootfs, recursive: true);
        Slot target = program.OpenAt2(ProgramFd.Cwd, place, OpenFlags.Path | OpenFlags.Directory, Resolve.None);
        program.Attach(tree, target).Close(tree).Close(target);
    }

    private static void LeaveHost(ChildProgram program)
    {
        program.Step("leave the host's mounts alone", null, "in a mount namespace of its own");
        program.Mount(null, "/", null, MountFlags.Slave | MountFlags.Recursive);
    }

    private static bool IsOnTmpfs(MountSpec mount, Spec spec)
    {
        string path = MountList.Inside(mount.Destination);
        foreach (MountSpec other in spec.Mounts)
        {
            if (other.Type == "tmpfs" && path.StartsWith(MountList.Inside(other.Destination) + "/", StringComparison.Ordinal)) return true;
        }
        return false;
    }
}
