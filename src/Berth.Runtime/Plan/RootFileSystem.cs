// The root: propagation, the bind of the rootfs on itself, and entering it.
using Berth.Linux;
using Berth.Linux.Programs;

namespace Berth.Runtime.Plan;

internal static class RootFileSystem
{
    /// <summary>Makes the rootfs a mount of its own.</summary>
    /// <returns>A descriptor of its top directory: every path below is resolved from there.</returns>
    public static Slot Add(ChildProgram program, PlanInput input, MountCalls calls, NamespacePlan namespaces)
    {
        if (namespaces.Creates(Namespaces.Mount))
        {
            MountFlags propagation = MountOptions.RootPropagation(input.Spec.Linux?.RootfsPropagation);
            // An unbindable root could not be bound below: what is asked for comes after pivot_root.
            if ((propagation & MountFlags.Unbindable) != 0) propagation = MountFlags.Private | (propagation & MountFlags.Recursive);
            program.Step("set propagation of /", Word(propagation), "mounts made here must not reach the host");
            program.Mount(null, "/", null, propagation);
            // Only of the recursive forms other than rshared it is known that no mount is shared any more.
            if ((propagation & (MountFlags.Shared | MountFlags.Recursive)) != MountFlags.Recursive) DetachParent(program, input.Rootfs);
        }
        program.Step("bind the rootfs on itself", input.Rootfs, "pivot_root wants a mount point");
        Slot root = program.NewSlot();
        Slot mark = program.MarkSlots();
        BindSource tree = calls.Source(ProgramFd.Cwd, input.Rootfs, recursive: true);
        Slot target = program.OpenAt2(ProgramFd.Cwd, input.Rootfs, OpenFlags.Path | OpenFlags.Directory, Resolve.None);
        program.CopySlot(calls.Bind(tree, new MountPoint(target, ProgramFd.Cwd, input.Rootfs, Resolve.None)), root);
        program.Close(target);
        program.ReleaseSlots(mark);
        return root;
    }

    /// <summary>pivot_root refuses a new root whose parent mount is shared; which ancestor is a mount point only the kernel knows.</summary>
    private static void DetachParent(ChildProgram program, string rootfs)
    {
        program.Step("make the rootfs's parent mount private", rootfs, "pivot_root(2): the parent of the new root must not be shared");
        Label done = program.NewLabel();
        for (string path = rootfs; ; path = path.LastIndexOf('/') is > 0 and var slash ? path[..slash] : "/")
        {
            Label next = program.NewLabel();
            program.Mount(null, path, null, MountFlags.Private).OnError(next, Errno.EINVAL);
            program.GoTo(done);
            program.Mark(next);
            if (path == "/") break;
        }
        program.Mark(done);
    }

    /// <summary>Makes the rootfs the root.</summary>
    public static void Enter(ChildProgram program, PlanInput input, Slot root, NamespacePlan namespaces)
    {
        if (!namespaces.Creates(Namespaces.Mount))
        {
            program.Step("enter the rootfs", input.Rootfs, "without a mount namespace of its own only chroot is possible");
            program.ChangeDirectory(root).ChangeRoot(".").ChangeDirectory("/");
            return;
        }
        if (input.NoPivot)
        {
            AddCovers(program, input);
            program.Step("move the rootfs to /", input.Rootfs, "--no-pivot: the root of an initramfs cannot be pivoted");
            program.ChangeDirectory(root);
            program.Mount(".", "/", null, MountFlags.Move).ChangeRoot(".").ChangeDirectory("/");
        }
        else
        {
            program.Step("pivot the root", input.Rootfs, "the host's tree is stacked below, made slave so that its unmounting stays here, and detached");
            Slot old = program.OpenAt2(ProgramFd.Cwd, "/", OpenFlags.Path | OpenFlags.Directory, Resolve.None);
            program.ChangeDirectory(root).PivotRootHere().ChangeDirectory(old);
            program.Mount(null, ".", null, MountFlags.Slave | MountFlags.Recursive).DetachHere().ChangeDirectory("/");
            program.Close(old);
        }
        MountFlags propagation = MountOptions.RootPropagation(input.Spec.Linux?.RootfsPropagation);
        if (!string.IsNullOrEmpty(input.Spec.Linux?.RootfsPropagation))
        {
            program.Step("set propagation of the new root", Word(propagation), "pivot_root and the bind lost what linux.rootfsPropagation asks for");
            program.Mount(null, "/", null, propagation);
        }
    }

    /// <summary>
    /// The host's mounts stay below a moved root. The kernel lets a user namespace mount a procfs or sysfs as long as it
    /// sees a whole one, and such a mount would lack the container's masks: so every whole one of the host goes.
    /// </summary>
    private static void AddCovers(ChildProgram program, PlanInput input)
    {
        foreach (string point in input.Host.KernelMounts)
        {
            if (point == input.Rootfs || point.StartsWith(input.Rootfs + "/", StringComparison.Ordinal)) continue;
            program.Step("hide the host's", point, "--no-pivot: or the container could mount one like it, without masks");
            Label cover = program.NewLabel(), done = program.NewLabel();
            // One that lay below another is gone with it.
            program.Mount(null, point, null, MountFlags.Slave | MountFlags.Recursive).OnError(done, Errno.ENOENT, Errno.EINVAL);
            program.Detach(point).OnError(cover, Errno.EINVAL, Errno.EPERM);
            program.GoTo(done);
            program.Mark(cover);
            program.Mount("tmpfs", point, "tmpfs", MountFlags.None);
            program.Mark(done);
        }
    }

    private static string Word(MountFlags propagation)
    {
        string r = (propagation & MountFlags.Recursive) != 0 ? "r" : "";
        return r + (propagation & ~MountFlags.Recursive) switch
        {
            MountFlags.Shared => "shared",
            MountFlags.Slave => "slave",
            MountFlags.Unbindable => "unbindable",
            _ => "private",
        };
    }
}
