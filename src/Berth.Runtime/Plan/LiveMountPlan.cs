// Mounts of a container that runs: a process of ours goes there, with what it takes along from the host.
using Berth.Linux;
using Berth.Linux.Programs;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Plan;

internal static class LiveMountPlan
{
    // Far above what a small program opens by itself, its socket to the parent included.
    private const int FixedNumber = 200;

    /// <summary>Makes the mounts of <see cref="PlanInput.Spec"/>.</summary>
    /// <param name="input">The container, with just these mounts.</param>
    /// <param name="pid">Its first process.</param>
    /// <param name="kinds">Namespaces that are entered.</param>
    public static ChildProgram Add(PlanInput input, int pid, Namespaces kinds)
    {
        ChildProgram program = new();
        try
        {
            Beginnings.Add(program, input);
            bool hasUsers = (kinds & Namespaces.User) != 0;
            if (hasUsers) EnterUsers(program, input.Container!);
            Dictionary<string, Slot> sources = [];
            for (int i = 0; i < input.Spec.Mounts.Count; i++) TakeSource(program, input, i, sources);
            if (hasUsers) ExecPlan.BecomeMappedRoot(program);
            ExecPlan.Join(program, input.Container!, pid, kinds & ~Namespaces.User);
            Slot root = OpenRoot(program);
            MountList mounts = new(program, input, new MountsFromOutside(program, sources), root, NamespacePlan.Of(input));
            mounts.AddEarly();
            mounts.AddReadOnly();
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    /// <summary>In a copy of the host's mounts that belongs to the container's users, as at create: what the host has mounted read-only stays so.</summary>
    private static void EnterUsers(ChildProgram program, Fd container)
    {
        program.Step("join the container's users", null, "its owner has the rights over what is mounted inside");
        program.Join(container, Namespaces.User);
        program.Step("copy the host's mounts", null, "the kernel locks their flags in the copy, and whoever is not root can carry mounts only between namespaces of the same users");
        program.Unshare(Namespaces.Mount);
    }

    private static void TakeSource(ChildProgram program, PlanInput input, int index, Dictionary<string, Slot> sources)
    {
        MountSpec mount = input.Spec.Mounts[index];
        MountOptions options = MountOptions.Parse(mount);
        if (mount.Type != "bind" && !options.IsBind) return;
        string path = MountList.AbsoluteSource(mount, input.Bundle);
        program.Step("copy the mount of", path, "on the host, from where it is carried over detached");
        Slot source = program.CloneTree(ProgramFd.Cwd, path, options.IsRecursiveBind, options.Has(MountExtra.SourceNoFollow));
        sources[path] = source;
        if (!input.Host.IsRoot) return;
        // A directory on the way may be closed to the container's root: then we walk it, in that copy.
        Label refused = program.NewLabel(), taken = program.NewLabel();
        program.OnError(refused, Errno.EACCES);
        program.GoTo(taken);
        program.Mark(refused);
        Slot given = program.Ask(child => input.Actions.OpenSource(child, index));
        program.CloneTree(given, options.IsRecursiveBind, source);
        program.Close(given);
        program.Mark(taken);
    }

    /// <summary>Takes what is mounted at the destinations away.</summary>
    public static ChildProgram Remove(PlanInput input, int pid, Namespaces kinds)
    {
        ChildProgram program = new();
        try
        {
            Beginnings.Add(program, input);
            ExecPlan.Join(program, input.Container!, pid, kinds);
            Slot root = OpenRoot(program);
            foreach (MountSpec mount in input.Spec.Mounts)
            {
                Slot mark = program.MarkSlots();
                program.Step("unmount", mount.Destination, "by an open descriptor: a container may have put a link there since");
                Slot target = program.OpenAt2(root, MountList.Inside(mount.Destination), OpenFlags.Path, Resolve.InRoot | Resolve.NoSymlinks | Resolve.NoMagicLinks);
                // Only procfs has a name for it, and only the host's is trusted.
                program.DuplicateTo(target, FixedNumber).Close(target).ChangeDirectory(input.Proc!).Detach($"thread-self/fd/{FixedNumber}");
                program.ReleaseSlots(mark);
            }
            return program;
        }
        catch
        {
            program.Dispose();
            throw;
        }
    }

    private static Slot OpenRoot(ChildProgram program)
    {
        program.Step("open the root", "/", "the container's");
        return program.OpenAt2(ProgramFd.Cwd, "/", OpenFlags.Path | OpenFlags.Directory, Resolve.None);
    }

    /// <summary>Its bind sources were cloned on the host.</summary>
    private sealed class MountsFromOutside(ChildProgram program, Dictionary<string, Slot> sources) : DetachedMounts(program)
    {
        public override BindSource Source(ProgramFd directory, string path, bool recursive, bool noFollow = false)
        {
            if (!sources.TryGetValue(path, out Slot taken)) return base.Source(directory, path, recursive, noFollow);
            Slot source = Program.NewSlot();
            Program.CopySlot(taken, source);
            return new BindSource(source, recursive, Owned: true);
        }
    }
}
