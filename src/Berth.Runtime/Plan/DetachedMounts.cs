// Mounts by open_tree, fsopen, mount_setattr and move_mount: made where nobody sees them, attached when they are finished.
using Berth.Linux;
using Berth.Linux.Programs;

namespace Berth.Runtime.Plan;

internal class DetachedMounts(ChildProgram program) : MountCalls(program)
{
    public override bool HasTreeAttributes => true;

    public override BindSource Source(ProgramFd directory, string path, bool recursive, bool noFollow = false) =>
        new(Program.CloneTree(directory, path, recursive, noFollow), recursive, Owned: true);

    public override BindSource Source(ProgramFd file, bool recursive) => new(Program.CloneTree(file, recursive), recursive, Owned: true);

    public override void SourceInstead(ProgramFd file, BindSource failed) => Program.CloneTree(file, failed.Recursive, failed.Fd);

    public override Slot Bind(BindSource source, MountPoint point, string subject = "", FlagChange? change = null)
    {
        if (change is { } flags)
        {
            Program.Step("set flags of", subject, "before the mount can be seen, and where it propagates to it has them too");
            SetFlags(source.Fd, flags);
            Program.Step("attach", subject, "now that it is finished");
        }
        Attach(source.Fd, point);
        return source.Fd;
    }

    /// <summary>A directory on a file, or a file on a directory: mount(2) says ENOTDIR, which callers know, and move_mount(2) EINVAL.</summary>
    private void Attach(Slot mount, MountPoint point)
    {
        Label refused = Program.NewLabel(), done = Program.NewLabel();
        Program.Attach(mount, point.Fd).OnError(refused, Errno.EINVAL);
        Program.GoTo(done);
        Program.Mark(refused);
        Program.RequireSameKind(mount, point.Fd, Errno.ENOTDIR).Fail(Errno.EINVAL);
        Program.Mark(done);
    }

    public override Slot Make(NewFileSystem fileSystem, MountPoint point, Label? refused = null)
    {
        Slot context = Program.FileSystemOpen(fileSystem.Type);
        if (!string.IsNullOrEmpty(fileSystem.Source)) Program.FileSystemSet(context, "source", fileSystem.Source);
        SetSuperblock(context, fileSystem.Flags, MountFlags.Synchronous, "sync");
        SetSuperblock(context, fileSystem.Flags, MountFlags.DirSync, "dirsync");
        SetSuperblock(context, fileSystem.Flags, MountFlags.MandatoryLocks, "mand");
        SetSuperblock(context, fileSystem.Flags, MountFlags.LazyTime, "lazytime");
        SetSuperblock(context, fileSystem.Flags, MountFlags.ReadOnly, "ro");
        if (fileSystem.CoversExisting is { } existing)
        {
            ProgramText mode = Program.Text("1777");
            TellMode(existing, point, mode);
            Program.FileSystemSet(context, "mode", mode);
        }
        foreach ((string key, string? value) in fileSystem.Data) Program.FileSystemSet(context, key, value);
        Program.FileSystemCreate(context);
        if (refused is { } instead) Program.OnError(instead, Errno.EPERM, Errno.EBUSY);
        Slot mounted = Program.FileSystemMount(context, BindFlags.Attributes(fileSystem.Flags));
        if (refused is { } otherwise) Program.OnError(otherwise, Errno.EPERM, Errno.EBUSY);
        Program.Close(context);
        if (fileSystem.CopyUp is { } subject)
        {
            Program.Step("copy up into", subject, "tmpcopyup: what the image has there stays visible");
            Program.CopyTree(point.Fd, mounted);
        }
        Attach(mounted, point);
        return mounted;
    }

    private void SetSuperblock(Slot context, MountFlags flags, MountFlags flag, string name)
    {
        if ((flags & flag) != 0) Program.FileSystemSet(context, name, (string?)null);
    }

    private void TellMode(Slot existing, MountPoint point, ProgramText mode)
    {
        Label made = Program.NewLabel();
        Program.JumpIfEqual(existing, 0, made);
        Program.TellMode(point.Fd, mode);
        Program.Mark(made);
    }

    public override void SetFlags(Slot mount, FlagChange change)
    {
        if (change.Adds)
        {
            Program.SetAttributes(mount, BindFlags.Attributes(change.Set), 0, recursive: false);
            return;
        }
        Label locked = Program.NewLabel(), done = Program.NewLabel();
        Program.SetAttributes(mount, BindFlags.Attributes(change.Set), BindFlags.Others(change.Set), recursive: false);
        Program.OnError(locked, Errno.EPERM);
        Program.GoTo(done);
        Program.Mark(locked);
        Program.SetAttributes(mount, change.KeepingLocked);
        Program.Mark(done);
    }

    public override void SetPropagation(Slot mount, MountFlags propagation) =>
        Program.SetAttributes(mount, 0, 0, (propagation & MountFlags.Recursive) != 0, propagation & ~MountFlags.Recursive);

    public override void SetTreeAttributes(Slot mount, MountAttributes set, MountAttributes clear) =>
        Program.SetAttributes(mount, set, clear, recursive: true);

    public override Slot PrepareEmpty()
    {
        Slot context = Program.FileSystemOpen("tmpfs");
        Program.FileSystemSet(context, "source", "tmpfs").FileSystemSet(context, "ro", (string?)null).FileSystemSet(context, "nr_blocks", "1").FileSystemSet(context, "nr_inodes", "2").FileSystemSet(context, "mode", "0755").FileSystemCreate(context);
        Slot empty = Program.FileSystemMount(context, MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec);
        Program.Close(context);
        return empty;
    }

    public override void CoverWithEmpty(Slot empty, MountPoint point)
    {
        Slot tree = Program.CloneTree(empty, recursive: false);
        Program.Attach(tree, point.Fd).Close(tree);
    }
}
