// Instructions on files: opening below a root, making nodes, writing small files, descriptors, and passing them on.
namespace Berth.Linux.Programs;

/// <summary>How openat2(2) resolves a path.</summary>
[Flags]
public enum Resolve : ulong
{
    /// <summary>As open(2).</summary>
    None = 0,

    /// <summary>No crossing of mounts.</summary>
    NoMountCrossing = 0x01,

    /// <summary>No magic links of procfs.</summary>
    NoMagicLinks = 0x02,

    /// <summary>No symbolic links at all.</summary>
    NoSymlinks = 0x04,

    /// <summary>Nothing above the starting directory, absolute links refused.</summary>
    Beneath = 0x08,

    /// <summary>The starting directory is the root, as in chroot(2).</summary>
    InRoot = 0x10,
}

/// <summary>Flags of open(2) on which all architectures we build for agree, and two that differ.</summary>
public static class OpenFlags
{
    /// <summary>Read only.</summary>
    public const int ReadOnly = 0;

    /// <summary>Write only.</summary>
    public const int WriteOnly = 1;

    /// <summary>Read and write.</summary>
    public const int ReadWrite = 2;

    /// <summary>O_CREAT.</summary>
    public const int Create = 0x40;

    /// <summary>O_EXCL.</summary>
    public const int Exclusive = 0x80;

    /// <summary>O_TRUNC.</summary>
    public const int Truncate = 0x200;

    /// <summary>O_APPEND.</summary>
    public const int Append = 0x400;

    /// <summary>O_NOCTTY.</summary>
    public const int NoControllingTerminal = 0x100;

    /// <summary>O_NONBLOCK.</summary>
    public const int NonBlocking = 0x800;

    /// <summary>O_PATH.</summary>
    public const int Path = Interpreter.O_PATH;

    /// <summary>O_DIRECTORY.</summary>
    public static int Directory => Interpreter.O_DIRECTORY;

    /// <summary>O_NOFOLLOW.</summary>
    public static int NoFollow => Interpreter.O_NOFOLLOW;
}

/// <summary>What a missing target is made as.</summary>
public enum TargetKind
{
    /// <summary>A directory.</summary>
    Directory = Interpreter.TargetDirectory,

    /// <summary>An empty file.</summary>
    File = Interpreter.TargetFile,
}

public sealed unsafe partial class ChildProgram
{
    /// <summary>openat2(2); close-on-exec.</summary>
    public Slot OpenAt2(ProgramFd root, string path, int flags, Resolve resolve, Slot? into = null)
    {
        ulong* how = _arena.Take<ulong>(3);
        how[0] = (ulong)(uint)flags | Interpreter.O_CLOEXEC;
        how[2] = (ulong)resolve;
        return Into(Call(Syscall.OpenAt2, root.Operand, _arena.String(path), how, 24), into);
    }

    /// <summary>Opens (O_PATH) a path below the root with the root's view of links; makes what is missing.</summary>
    public Slot OpenTarget(ProgramFd root, string path, TargetKind kind, uint mode, Slot? into = null) => OpenTarget(root, path, (int)kind, mode, 0, into);

    /// <summary>As the other form, making a directory (755) or a file (644) as <paramref name="like"/> is one or the other.</summary>
    public Slot OpenTarget(ProgramFd root, string path, Slot like, Slot? into = null) =>
        OpenTarget(root, path, Interpreter.TargetLikeSlot, 0x1ED, like.Index, into);

    private Slot OpenTarget(ProgramFd root, string path, int kind, uint mode, short like, Slot? into)
    {
        Instruction* at = Emit(Operation.OpenTarget);
        Set(at, 0, root.Operand);
        at->Argument[1] = (long)_arena.String(path);
        at->Argument[2] = kind;
        at->Argument[3] = mode;
        at->Argument[4] = like;
        return Into(at, into);
    }

    /// <summary>close(2).</summary>
    public ChildProgram Close(Slot slot) { Call(Syscall.Close, slot); return this; }

    /// <summary>close(2) of one of the parent's, in the child.</summary>
    public ChildProgram Close(Fd fd) { Call(Syscall.Close, fd.Number); return this; }

    /// <summary>mkdirat(2).</summary>
    public ChildProgram MakeDirectory(ProgramFd directory, string name, uint mode) { Call(Syscall.MkdirAt, directory.Operand, _arena.String(name), mode); return this; }

    /// <summary>mknodat(2); the mode holds the type.</summary>
    public ChildProgram MakeNode(ProgramFd directory, string name, uint mode, ulong device) { Call(Syscall.MknodAt, directory.Operand, _arena.String(name), mode, (long)device); return this; }

    /// <summary>symlinkat(2).</summary>
    public ChildProgram MakeLink(string target, ProgramFd directory, string name) { Call(Syscall.SymlinkAt, _arena.String(target), directory.Operand, _arena.String(name)); return this; }

    /// <summary>unlinkat(2).</summary>
    public ChildProgram Unlink(ProgramFd directory, string name) { Call(Syscall.UnlinkAt, directory.Operand, _arena.String(name)); return this; }

    /// <summary>fchmodat(2), follows no link of the last component since the caller has just made the node.</summary>
    public ChildProgram ChangeMode(ProgramFd directory, string name, uint mode) { Call(Syscall.FChmodAt, directory.Operand, _arena.String(name), mode); return this; }

    /// <summary>fchownat(2) without following a link.</summary>
    public ChildProgram ChangeOwner(ProgramFd directory, string name, uint uid, uint gid) { Call(Syscall.FChownAt, directory.Operand, _arena.String(name), uid, gid, 0x100); return this; }

    /// <summary>fchown(2).</summary>
    public ChildProgram ChangeOwner(ProgramFd fd, uint uid, uint gid) { Call(Syscall.FChown, fd.Operand, uid, gid); return this; }

    /// <summary>umask(2).</summary>
    public ChildProgram Umask(uint mask) { Call(Syscall.Umask, mask); return this; }

    /// <summary>fchdir(2).</summary>
    public ChildProgram ChangeDirectory(ProgramFd fd) { Call(Syscall.Fchdir, fd.Operand); return this; }

    /// <summary>chdir(2).</summary>
    public ChildProgram ChangeDirectory(string path) { Call(Syscall.Chdir, _arena.String(path)); return this; }

    /// <summary>chroot(2).</summary>
    public ChildProgram ChangeRoot(string path) { Call(Syscall.Chroot, _arena.String(path)); return this; }

    /// <summary>Fails unless the working directory lies inside the root.</summary>
    public ChildProgram RequireCwdInside() { Emit(Operation.RequireCwdInside); return this; }

    /// <summary>Fails with <paramref name="errno"/> unless the descriptor lies on a file system with this magic number (statfs(2)).</summary>
    public ChildProgram RequireFileSystem(ProgramFd fd, long magic, Errno errno)
    {
        Instruction* at = Emit(Operation.RequireFileSystem);
        Set(at, 0, fd.Operand);
        at->Argument[1] = magic;
        at->Argument[2] = (long)errno;
        return this;
    }

    /// <summary>Fails with <paramref name="errno"/> if the descriptor lies on a file system with this magic number.</summary>
    public ChildProgram RefuseFileSystem(ProgramFd fd, long magic, Errno errno)
    {
        RequireFileSystem(fd, magic, errno);
        (_code + _count - 1)->Argument[3] = 1;
        return this;
    }

    /// <summary>Fails with <paramref name="errno"/> if one of the two is a directory and the other is not.</summary>
    public ChildProgram RequireSameKind(ProgramFd one, ProgramFd other, Errno errno)
    {
        Instruction* at = Emit(Operation.RequireSameKind);
        Set(at, 0, one.Operand);
        Set(at, 1, other.Operand);
        at->Argument[2] = (long)errno;
        return this;
    }

    /// <summary>Fails with <paramref name="errno"/> unless the descriptor is this character device, or another node of the given type (S_IFMT).</summary>
    public ChildProgram RequireDevice(ProgramFd fd, ulong device, Errno errno, uint type = 0x2000)
    {
        Instruction* at = Emit(Operation.RequireDevice);
        Set(at, 0, fd.Operand);
        at->Argument[1] = (long)device;
        at->Argument[2] = (long)errno;
        at->Argument[3] = type;
        return this;
    }

    /// <summary>Fails with EEXIST unless this is a link that says <paramref name="target"/>.</summary>
    public ChildProgram RequireLink(ProgramFd directory, string name, string target)
    {
        Instruction* at = Emit(Operation.RequireLink);
        Set(at, 0, directory.Operand);
        at->Argument[1] = (long)_arena.String(name);
        at->Argument[2] = (long)_arena.String(target);
        at->Argument[3] = System.Text.Encoding.UTF8.GetByteCount(target);
        return this;
    }

    /// <summary>Ends the program with this error.</summary>
    public ChildProgram Fail(Errno errno) { Emit(Operation.Fail)->Argument[0] = (long)errno; return this; }

    /// <summary>Writes the text in one call.</summary>
    public ChildProgram WriteAll(ProgramFd fd, string text)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(text);
        Instruction* at = Emit(Operation.WriteAll);
        Set(at, 0, fd.Operand);
        at->Argument[1] = (long)_arena.Bytes(bytes);
        at->Argument[2] = bytes.Length;
        return this;
    }

    /// <summary>Opens an existing file below a directory, writes, closes.</summary>
    /// <param name="directory">Where the path starts.</param>
    /// <param name="path">The file.</param>
    /// <param name="text">What is written, in one call.</param>
    /// <param name="resolve">How the path is resolved.</param>
    /// <param name="ifPresent">Go on where there is no such file, or it takes no such value.</param>
    public ChildProgram WriteFile(ProgramFd directory, string path, string text, Resolve resolve, bool ifPresent = false)
    {
        Slot mark = MarkSlots();
        Label absent = NewLabel();
        Slot file = OpenAt2(directory, path, OpenFlags.WriteOnly, resolve);
        if (ifPresent) OnError(absent, Errno.ENOENT);
        WriteAll(file, text);
        if (ifPresent) Tolerate(Errno.EINVAL);
        Close(file);
        Mark(absent);
        ReleaseSlots(mark);
        return this;
    }

    /// <summary>dup3(2) without close-on-exec onto a fixed number.</summary>
    public ChildProgram DuplicateTo(ProgramFd fd, int number)
    {
        // dup3 refuses equal numbers with EINVAL: then the descriptor is already in place, and only has to pass execve.
        Label other = NewLabel();
        Call(Syscall.Dup3, fd.Operand, number, 0);
        OnError(other, Errno.EINVAL);
        Label end = NewLabel();
        GoTo(end);
        Mark(other);
        Call(Syscall.Fcntl, fd.Operand, 2, 0);
        Mark(end);
        return this;
    }

    /// <summary>fcntl(2) F_DUPFD_CLOEXEC.</summary>
    public Slot Duplicate(ProgramFd fd, Slot? into = null) => Into(Call(Syscall.Fcntl, fd.Operand, 1030, 0), into);

    /// <summary>close_range(2) from <paramref name="first"/> on: close-on-exec.</summary>
    public ChildProgram CloseOnExecFrom(int first) { Call(Syscall.CloseRange, first, uint.MaxValue, 4); return this; }

    /// <summary>Lets a descriptor pass execve.</summary>
    public ChildProgram KeepOpen(ProgramFd fd) { Call(Syscall.Fcntl, fd.Operand, 2, 0); return this; }

    /// <summary>Goes on at the label unless the descriptor is a directory.</summary>
    public ChildProgram JumpUnlessDirectory(Slot slot, Label label) => JumpUnlessType(slot, Interpreter.S_IFDIR, label);

    /// <summary>Goes on at the label unless the descriptor is of this type (S_IFDIR and so on).</summary>
    private ChildProgram JumpUnlessType(ProgramFd fd, uint type, Label label)
    {
        Instruction* at = Emit(Operation.JumpUnlessType);
        Set(at, 0, fd.Operand);
        at->Argument[1] = type;
        _patches.Add((_count - 1, 2, label.Id));
        return this;
    }

    /// <summary>Sets the slot to a number.</summary>
    public ChildProgram Load(Slot slot, long value)
    {
        Instruction* at = Emit(Operation.Load);
        at->Argument[0] = value;
        at->Result = slot.Index;
        return this;
    }

    /// <summary>Copies a descriptor's number to a slot.</summary>
    public ChildProgram CopySlot(ProgramFd from, Slot to)
    {
        Instruction* at = Emit(Operation.Load);
        Set(at, 0, from.Operand);
        at->Result = to.Index;
        return this;
    }

    /// <summary>Goes on at the label if the slot holds the number.</summary>
    public ChildProgram JumpIfEqual(Slot slot, long value, Label label)
    {
        Instruction* at = Emit(Operation.JumpIfEqual);
        at->Argument[0] = slot.Index;
        at->Argument[1] = value;
        _patches.Add((_count - 1, 2, label.Id));
        return this;
    }

    /// <summary>Copies a directory's content (not devices, sockets and pipes).</summary>
    public ChildProgram CopyTree(ProgramFd from, ProgramFd to)
    {
        Instruction* at = Emit(Operation.CopyTree);
        Set(at, 0, from.Operand);
        Set(at, 1, to.Operand);
        return this;
    }

    /// <summary>Sends one descriptor with a payload over a connected Unix socket (SCM_RIGHTS, unix(7)).</summary>
    public ChildProgram SendFd(ProgramFd socket, Slot fd, string payload)
    {
        byte[] bytes = System.Text.Encoding.UTF8.GetBytes(payload);
        // struct msghdr: name, namelen, iov, iovlen, control, controllen, flags; all eight bytes wide with padding.
        long* header = _arena.Take<long>(7);
        long* vector = _arena.Take<long>(2);
        byte* control = _arena.Take(24);
        vector[0] = (long)_arena.Bytes(bytes);
        vector[1] = bytes.Length;
        header[2] = (long)vector;
        header[3] = 1;
        header[4] = (long)control;
        header[5] = 24;
        *(long*)control = 20;
        *(int*)(control + 8) = 1;
        *(int*)(control + 12) = 1;
        Instruction* poke = Emit(Operation.Poke);
        poke->Argument[0] = (long)(control + 16);
        poke->Argument[1] = fd.Index;
        Call(Syscall.SendMsg, socket.Operand, header, 0);
        return this;
    }

    /// <summary>Sends the child's own descriptor to the parent, which receives it in the meeting that follows.</summary>
    public ChildProgram SendFdToParent(Slot fd, int socketNumber) => SendFd(ProgramFd.Number(socketNumber), fd, "x");
}
