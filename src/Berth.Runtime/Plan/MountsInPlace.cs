// Mounts by mount(2): for kernels before 5.12, sandboxes that know nothing newer, and what the newer calls cannot carry.
using Berth.Linux;
using Berth.Linux.Programs;

namespace Berth.Runtime.Plan;

/// <param name="program">The plan.</param>
/// <param name="proc">The host's procfs: made the working directory, it names our descriptors whatever the container mounts.</param>
internal sealed class MountsInPlace(ChildProgram program, Fd? proc) : MountCalls(program)
{
    /// <summary>Where the mode stands in the option string.</summary>
    private const int Mode = 5;

    /// <summary>Not opened yet: no mount has the number of the standard input.</summary>
    private const int None = 0;

    public override bool HasTreeAttributes => false;

    private void UseNames() => Program.ChangeDirectory(proc ?? throw new InvalidOperationException("mount(2) on a descriptor needs procfs"));

    public override BindSource Source(ProgramFd directory, string path, bool recursive, bool noFollow = false) =>
        new(Program.OpenAt2(directory, path, OpenFlags.Path | (noFollow ? OpenFlags.NoFollow : 0), Resolve.None), recursive, Owned: true);

    public override BindSource Source(ProgramFd file, bool recursive)
    {
        Slot copy = Program.NewSlot();
        Program.CopySlot(file, copy);
        return new BindSource(copy, recursive, Owned: false);
    }

    public override void SourceInstead(ProgramFd file, BindSource failed) => Program.Duplicate(file, failed.Fd);

    public override Slot Bind(BindSource source, MountPoint point, string subject = "", FlagChange? change = null)
    {
        UseNames();
        Program.Mount(Program.NameOf(source.Fd), Program.NameOf(point.Fd), null, MountFlags.Bind | (source.Recursive ? MountFlags.Recursive : 0));
        if (source.Owned) Program.Close(source.Fd);
        Slot mounted = Reopen(point);
        if (change is { } flags)
        {
            Program.Step("set flags of", subject, "the first call of a bind takes none");
            SetFlags(mounted, flags);
        }
        return mounted;
    }

    public override Slot Make(NewFileSystem fileSystem, MountPoint point, Label? refused = null)
    {
        UseNames();
        ProgramText data = Program.Text(Join(fileSystem));
        if (fileSystem.CoversExisting is { } existing)
        {
            Label made = Program.NewLabel();
            Program.JumpIfEqual(existing, 0, made);
            Program.TellMode(point.Fd, data.From(Mode));
            Program.Mark(made);
        }
        Program.Mount(Program.Text(fileSystem.Source), Program.NameOf(point.Fd), fileSystem.Type, fileSystem.Flags, data);
        if (refused is { } instead) Program.OnError(instead, Errno.EPERM, Errno.EBUSY);
        Slot mounted = Reopen(point);
        if (fileSystem.CopyUp is { } subject)
        {
            Program.Step("copy up into", subject, "tmpcopyup: what the image has there stays visible");
            Program.CopyTree(point.Fd, mounted);
        }
        return mounted;
    }

    /// <summary>MS_REMOUNT of a whole file system.</summary>
    public void Remake(NewFileSystem fileSystem, Slot mount)
    {
        UseNames();
        Program.Mount(Program.Text(fileSystem.Source), Program.NameOf(mount), fileSystem.Type, fileSystem.Flags | MountFlags.Remount, Program.Text(Join(fileSystem)));
    }

    public override void SetFlags(Slot mount, FlagChange change)
    {
        UseNames();
        ProgramText name = Program.NameOf(mount);
        if (change.Adds)
        {
            Program.Remount(mount, name, change);
            return;
        }
        Label locked = Program.NewLabel(), done = Program.NewLabel();
        Program.Remount(name, change.Set).OnError(locked, Errno.EPERM);
        Program.GoTo(done);
        Program.Mark(locked);
        Program.Remount(mount, name, change.KeepingLocked);
        Program.Mark(done);
    }

    public override void SetPropagation(Slot mount, MountFlags propagation)
    {
        UseNames();
        Program.Mount(default, Program.NameOf(mount), null, propagation);
    }

    public override void SetTreeAttributes(Slot mount, MountAttributes set, MountAttributes clear) =>
        throw new InvalidOperationException("mount(2) cannot change a tree");

    /// <summary>Nothing can be prepared: the first directory gets the file system, and the others are bound to that.</summary>
    public override Slot PrepareEmpty()
    {
        Slot shared = Program.NewSlot();
        Program.Load(shared, None);
        return shared;
    }

    public override void CoverWithEmpty(Slot empty, MountPoint point)
    {
        Label first = Program.NewLabel(), done = Program.NewLabel();
        UseNames();
        ProgramText target = Program.NameOf(point.Fd);
        Program.JumpIfEqual(empty, None, first);
        Program.Mount(Program.NameOf(empty), target, null, MountFlags.Bind);
        Program.GoTo(done);
        Program.Mark(first);
        const MountFlags Bare = MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec;
        Program.Mount(Program.Text("tmpfs"), target, "tmpfs", Bare, Program.Text("nr_blocks=1,nr_inodes=2,mode=0755"));
        Program.OpenAt2(point.Root, point.Path, OpenFlags.Path, point.How, empty);
        Program.Mark(done);
    }

    public override void CloseEmpty(Slot empty)
    {
        Label none = Program.NewLabel();
        Program.JumpIfEqual(empty, None, none);
        Program.Close(empty);
        Program.Mark(none);
    }

    private Slot Reopen(MountPoint point) => Program.OpenAt2(point.Root, point.Path, OpenFlags.Path | (point.NoFollow ? OpenFlags.NoFollow : 0), point.How);
}
