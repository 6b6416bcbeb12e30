// Instructions on mounts: the mount API of Linux 5.2 and later, and mount(2) where it is missing.
namespace Berth.Linux.Programs;

/// <summary>Attributes of one mount (mount_setattr(2), fsmount(2)).</summary>
[Flags]
public enum MountAttributes : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>MOUNT_ATTR_RDONLY.</summary>
    ReadOnly = 0x1,

    /// <summary>MOUNT_ATTR_NOSUID.</summary>
    NoSuid = 0x2,

    /// <summary>MOUNT_ATTR_NODEV.</summary>
    NoDev = 0x4,

    /// <summary>MOUNT_ATTR_NOEXEC.</summary>
    NoExec = 0x8,

    /// <summary>MOUNT_ATTR__ATIME: the field of the three access-time settings.</summary>
    AccessTimeMask = 0x70,

    /// <summary>MOUNT_ATTR_NOATIME.</summary>
    NoAccessTime = 0x10,

    /// <summary>MOUNT_ATTR_STRICTATIME.</summary>
    StrictAccessTime = 0x20,

    /// <summary>MOUNT_ATTR_NODIRATIME.</summary>
    NoDirectoryAccessTime = 0x80,

    /// <summary>MOUNT_ATTR_IDMAP.</summary>
    IdMapped = 0x100000,

    /// <summary>MOUNT_ATTR_NOSYMFOLLOW.</summary>
    NoSymFollow = 0x200000,
}

/// <summary>Propagation types and other flags of mount(2).</summary>
[Flags]
public enum MountFlags : ulong
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>MS_RDONLY.</summary>
    ReadOnly = 0x1,

    /// <summary>MS_NOSUID.</summary>
    NoSuid = 0x2,

    /// <summary>MS_NODEV.</summary>
    NoDev = 0x4,

    /// <summary>MS_NOEXEC.</summary>
    NoExec = 0x8,

    /// <summary>MS_SYNCHRONOUS.</summary>
    Synchronous = 0x10,

    /// <summary>MS_REMOUNT.</summary>
    Remount = 0x20,

    /// <summary>MS_MANDLOCK.</summary>
    MandatoryLocks = 0x40,

    /// <summary>MS_DIRSYNC.</summary>
    DirSync = 0x80,

    /// <summary>MS_NOSYMFOLLOW.</summary>
    NoSymFollow = 0x100,

    /// <summary>MS_NOATIME.</summary>
    NoAccessTime = 0x400,

    /// <summary>MS_NODIRATIME.</summary>
    NoDirectoryAccessTime = 0x800,

    /// <summary>MS_BIND.</summary>
    Bind = 0x1000,

    /// <summary>MS_MOVE.</summary>
    Move = 0x2000,

    /// <summary>MS_REC.</summary>
    Recursive = 0x4000,

    /// <summary>MS_SILENT.</summary>
    Silent = 0x8000,

    /// <summary>MS_UNBINDABLE.</summary>
    Unbindable = 0x20000,

    /// <summary>MS_PRIVATE.</summary>
    Private = 0x40000,

    /// <summary>MS_SLAVE.</summary>
    Slave = 0x80000,

    /// <summary>MS_SHARED.</summary>
    Shared = 0x100000,

    /// <summary>MS_RELATIME.</summary>
    RelativeAccessTime = 0x200000,

    /// <summary>MS_I_VERSION.</summary>
    InodeVersion = 0x800000,

    /// <summary>MS_STRICTATIME.</summary>
    StrictAccessTime = 0x1000000,

    /// <summary>MS_LAZYTIME.</summary>
    LazyTime = 0x2000000,
}

public sealed unsafe partial class ChildProgram
{
    private const int OPEN_TREE_CLONE = 1;
    private const int AT_EMPTY_PATH = 0x1000;
    private const int AT_RECURSIVE = 0x8000;
    private const int AT_SYMLINK_NOFOLLOW = 0x100;
    private const int MOVE_MOUNT_F_EMPTY_PATH = 0x4;
    private const int MOVE_MOUNT_T_EMPTY_PATH = 0x40;

    private byte* _empty;

    private byte* Empty => _empty == null ? _empty = _arena.Take(1) : _empty;

    /// <summary>mount(2) by path.</summary>
    public ChildProgram Mount(string? source, string target, string? type, MountFlags flags, string? data = null)
    {
        Call(Syscall.Mount, OrNull(source), _arena.String(target), OrNull(type), (long)flags, OrNull(data));
        return this;
    }

    /// <summary>mount(2) onto an open directory or file, for file systems and options that the new calls do not take.</summary>
    public ChildProgram MountOnto(string? source, Slot target, string? type, MountFlags flags, string? data)
    {
        // The target is named by making it the working directory: no path is looked up, and no procfs is needed.
        Call(Syscall.Fchdir, target);
        Call(Syscall.Mount, OrNull(source), _arena.String("."), OrNull(type), (long)flags, OrNull(data));
        return this;
    }

    /// <summary>open_tree(2): a detached copy of the mount at a path.</summary>
    public Slot CloneTree(ProgramFd directory, string path, bool recursive, bool noFollow = false) =>
        Into(Call(Syscall.OpenTree, directory.Operand, _arena.String(path),
            OPEN_TREE_CLONE | Interpreter.O_CLOEXEC | (recursive ? AT_RECURSIVE : 0) | (noFollow ? AT_SYMLINK_NOFOLLOW : 0)));

    /// <summary>open_tree(2): a detached copy of the mount that an open descriptor lies on, rooted there.</summary>
    public Slot CloneTree(ProgramFd fd, bool recursive, Slot? into = null) =>
        Into(Call(Syscall.OpenTree, fd.Operand, Empty, OPEN_TREE_CLONE | Interpreter.O_CLOEXEC | AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0)), into);

    /// <summary>fsopen(2).</summary>
    public Slot FileSystemOpen(string type) => Into(Call(Syscall.FsOpen, _arena.String(type), 1));

    /// <summary>fsconfig(2) with a string value, or a flag where the value is null.</summary>
    public ChildProgram FileSystemSet(Slot context, string key, string? value)
    {
        Instruction* at = value is null
            ? Call(Syscall.FsConfig, context, 0, _arena.String(key))
            : Call(Syscall.FsConfig, context, 1, _arena.String(key), _arena.String(value));
        at->LogSlot = (byte)context.Index;
        return this;
    }

    /// <summary>fsconfig(2) with a text as the value.</summary>
    public ChildProgram FileSystemSet(Slot context, string key, ProgramText value)
    {
        Call(Syscall.FsConfig, context, 1, _arena.String(key), value.Address)->LogSlot = (byte)context.Index;
        return this;
    }

    /// <summary>fsconfig(2) with a descriptor as the value.</summary>
    public ChildProgram FileSystemSet(Slot context, string key, ProgramFd value)
    {
        Instruction* at = Call(Syscall.FsConfig, context, 5, _arena.String(key), 0, value.Operand);
        at->LogSlot = (byte)context.Index;
        return this;
    }

    /// <summary>fsconfig(2), FSCONFIG_CMD_CREATE.</summary>
    public ChildProgram FileSystemCreate(Slot context)
    {
        Call(Syscall.FsConfig, context, 6)->LogSlot = (byte)context.Index;
        return this;
    }

    /// <summary>fsmount(2): a detached mount.</summary>
    public Slot FileSystemMount(Slot context, MountAttributes attributes)
    {
        Instruction* at = Call(Syscall.FsMount, context, 1, (long)attributes);
        at->LogSlot = (byte)context.Index;
        return Into(at);
    }

    /// <summary>move_mount(2): attaches a detached mount on an open target.</summary>
    public ChildProgram Attach(Slot mount, ProgramFd target)
    {
        Call(Syscall.MoveMount, mount, Empty, target.Operand, Empty, MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
        return this;
    }

    /// <summary>mount_setattr(2).</summary>
    public ChildProgram SetAttributes(ProgramFd mount, MountAttributes set, MountAttributes clear, bool recursive, MountFlags propagation = MountFlags.None, Fd? userNamespace = null)
    {
        ulong* attributes = _arena.Take<ulong>(4);
        attributes[0] = (ulong)set;
        attributes[1] = (ulong)clear;
        attributes[2] = (ulong)propagation;
        attributes[3] = userNamespace is null ? 0 : (ulong)userNamespace.Number;
        Call(Syscall.MountSetAttr, mount.Operand, Empty, AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), attributes, 32);
        return this;
    }

    /// <summary>pivot_root(2) with both names the working directory: the old root ends up stacked on the new one.</summary>
    public ChildProgram PivotRootHere() { Call(Syscall.PivotRoot, _arena.String("."), _arena.String(".")); return this; }

    /// <summary>umount2(2) of the working directory, lazily.</summary>
    public ChildProgram DetachHere() { Call(Syscall.Umount2, _arena.String("."), 2); return this; }

    /// <summary>umount2(2), lazily.</summary>
    public ChildProgram Detach(string path) { Call(Syscall.Umount2, _arena.String(path), 2); return this; }

    private Operand OrNull(string? text) => text is null ? 0L : _arena.String(text);
}
