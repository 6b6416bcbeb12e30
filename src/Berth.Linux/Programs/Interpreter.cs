// What the first process executes between clone3 and execve. It makes system calls on prepared memory and nothing else:
// no allocation, no exception, no lock, since the runtime's other threads do not exist on this side of the clone.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Berth.Linux.Programs;

internal unsafe ref partial struct Interpreter
{
    public const int Slots = 128;

    public Instruction* Code;
    public int Count;
    public long* Slot;
    public Board* Board;
    public long* Times;
    public int Sync;

    private int _errno;

    /// <summary>Runs to the end; leaves by execve or exit_group, never returns.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public void Run()
    {
        int pc = 0;
        int step = -1;
        while (pc < Count)
        {
            Instruction* at = Code + pc;
            if (Times != null && at->Step != step)
            {
                step = at->Step;
                Times[step] = Now();
            }
            long result = Step(at, out int next);
            if (result >= 0)
            {
                if (at->Result >= 0) Slot[at->Result] = result;
                pc = next >= 0 ? next : pc + 1;
                continue;
            }
            if (at->OnError >= 0 && Expected(at, _errno))
            {
                pc = at->OnError;
                continue;
            }
            Report(at, pc);
        }
        Quit(0);
    }

    private static bool Expected(Instruction* at, int errno) =>
        at->Error1 == 255 || at->Error1 == errno || (at->Error2 != 0 && at->Error2 == errno) || (at->Error3 != 0 && at->Error3 == errno);

    private void Report(Instruction* at, int pc)
    {
        Board->Errno = _errno;
        if (at->LogSlot != 255)
        {
            // A file system context keeps the kernel's own words for what it disliked.
            nint n = syscall(Syscall.Read, (nint)Slot[at->LogSlot], (nint)Board->Log, Programs.Board.LogSize, 0, 0, 0);
            if (n > 0) Board->LogLength = (int)n;
        }
        Board->FailedAt = pc + 1;
        Quit(1);
    }

    private static void Quit(int status)
    {
        while (true) syscall(Syscall.ExitGroup, status, 0, 0, 0, 0, 0);
    }

    private long Step(Instruction* at, out int next)
    {
        next = -1;
        switch (at->Operation)
        {
            case Operation.Call:
                return Call(at->Number, Arg(at, 0), Arg(at, 1), Arg(at, 2), Arg(at, 3), Arg(at, 4), Arg(at, 5));
            case Operation.Jump:
                next = (int)at->Argument[0];
                return 0;
            case Operation.JumpUnlessType:
                {
                    long mode = ModeOf((int)Arg(at, 0));
                    if (mode < 0) return -1;
                    if ((mode & S_IFMT) != at->Argument[1]) next = (int)at->Argument[2];
                    return 0;
                }
            case Operation.JumpIfEqual:
                if (Slot[at->Argument[0]] == at->Argument[1]) next = (int)at->Argument[2];
                return 0;
            case Operation.Poke:
                *(int*)at->Argument[0] = (int)Slot[at->Argument[1]];
                return 0;
            case Operation.Load:
                return Arg(at, 0);
            case Operation.Meet:
                return Meet((ushort)at->Argument[0]);
            case Operation.OpenTarget:
                return OpenTarget((int)Arg(at, 0), (byte*)at->Argument[1], (int)at->Argument[2], (uint)at->Argument[3], at->Argument[4]);
            case Operation.CloneAgain:
                return CloneAgain((ulong)at->Argument[0]);
            case Operation.RequireFileSystem:
                return RequireFileSystem((int)Arg(at, 0), at->Argument[1], (int)at->Argument[2], at->Argument[3] == 0);
            case Operation.RequireCwdInside:
                return RequireCwdInside();
            case Operation.FindProgram:
                return FindProgram((byte**)at->Argument[0]);
            case Operation.Execute:
                return Execute((byte**)at->Argument[0], (byte**)at->Argument[1], (byte**)at->Argument[2], (int)Arg(at, 3));
            case Operation.CopyTree:
                return CopyTree((int)Arg(at, 0), (int)Arg(at, 1), depth: 0);
            case Operation.ShedExecutable:
                return ShedExecutable((Segment*)at->Argument[0], (int)at->Argument[1], (int)at->Argument[2]);
            case Operation.WriteAll:
                {
                    long n = Call(Syscall.Write, Arg(at, 0), at->Argument[1], at->Argument[2]);
                    if (n == at->Argument[2]) return 0;
                    return n < 0 ? -1 : Error(Errno.EIO);
                }
            case Operation.RequireDevice:
                return RequireDevice((int)Arg(at, 0), at->Argument[1], (int)at->Argument[2], (uint)at->Argument[3]);
            case Operation.RequireLink:
                return RequireLink(Arg(at, 0), at->Argument[1], (byte*)at->Argument[2], at->Argument[3]);
            case Operation.CloseAllExcept:
                return CloseAllExcept((int*)at->Argument[0], (int)at->Argument[1], (int)at->Argument[2]);
            case Operation.ClearBits:
                *(uint*)at->Argument[0] &= ~(uint)at->Argument[1];
                return 0;
            case Operation.AwaitStart:
                return AwaitStart((int)Arg(at, 0));
            case Operation.RequireSameKind:
                return RequireSameKind((int)Arg(at, 0), (int)Arg(at, 1), (Errno)at->Argument[2]);
            case Operation.NameDescriptor:
                return NameDescriptor(Arg(at, 0), (byte*)at->Argument[1]);
            case Operation.TellMode:
                return TellMode((int)Arg(at, 0), (byte*)at->Argument[1]);
            case Operation.TellPid:
                return TellPid((byte*)at->Argument[0]);
            case Operation.KeepFlags:
                return KeepFlags((int)Arg(at, 0), (MountFlags)at->Argument[1], (MountFlags)at->Argument[2], (MountFlags)at->Argument[3], (ulong*)at->Argument[4]);
            case Operation.Ask:
                return Ask((ushort)at->Argument[0]);
            case Operation.Fail:
                return Error((Errno)at->Argument[0]);
            default:
                return Error(Errno.ENOSYS);
        }
    }

    private long Arg(Instruction* at, int i) => (at->SlotArguments & (1 << i)) != 0 ? Slot[at->Argument[i]] : at->Argument[i];

    private long Call(short number, long a, long b = 0, long c = 0, long d = 0, long e = 0, long f = 0)
    {
        int tries = 0;
        while (true)
        {
            nint result = syscall(number, (nint)a, (nint)b, (nint)c, (nint)d, (nint)e, (nint)f);
            if (result != -1) return result;
            _errno = *__errno_location();
            // Somewhere a directory was moved while ".." was resolved inside the root (openat2(2)).
            if (_errno == (int)Errno.EAGAIN && number == Syscall.OpenAt2 && tries++ < 128) continue;
            // Stop signals and the like; close must not be repeated (close(2)).
            if (_errno != (int)Errno.EINTR || number == Syscall.Close) return -1;
        }
    }

    private long Error(Errno errno)
    {
        _errno = (int)errno;
        return -1;
    }

    /// <summary>
    /// The first process of a pid namespace gets no signal that it has no handler for, and we have none. So they are taken
    /// from a descriptor, and a created container dies of TERM as it does under other runtimes.
    /// </summary>
    private long AwaitStart(int fifo)
    {
        ulong all = ulong.MaxValue, none = 0;
        long signals = Call(Syscall.SignalFd4, -1, (long)&all, 8, O_CLOEXEC);
        if (signals < 0) return -1;
        if (Call(Syscall.RtSigProcMask, 2, (long)&all, 0, 8) < 0) return -1;
        // struct pollfd: descriptor, events, returned events.
        long* polls = stackalloc long[2];
        byte* info = stackalloc byte[128];
        while (true)
        {
            polls[0] = (uint)fifo | (1L << 32);
            polls[1] = (uint)signals | (1L << 32);
            if (Call(Syscall.PPoll, (long)polls, 2, 0, 0) < 0) return -1;
            if (polls[1] >> 48 != 0 && Call(Syscall.Read, signals, (long)info, 128) == 128)
            {
                int signal = *(int*)info;
                // Those whose default is to be ignored, and the stopping ones, which the kernel handles.
                if (signal is not (17 or 18 or 20 or 21 or 22 or 23 or 28)) Quit(128 + signal);
            }
            if (polls[0] >> 48 == 0) continue;
            byte one;
            if (Call(Syscall.Read, fifo, (long)&one, 1) == 1) break;
        }
        Call(Syscall.Close, signals);
        return Call(Syscall.RtSigProcMask, 2, (long)&none, 0, 8);
    }

    private long CloseAllExcept(int* keep, int count, int first)
    {
        bool syncDone = false;
        int i = 0;
        while (i < count || !syncDone)
        {
            bool takeSync = !syncDone && (i >= count || Sync <= keep[i]);
            int next = takeSync ? Sync : keep[i++];
            syncDone |= takeSync;
            if (next > first) Call(Syscall.CloseRange, first, next - 1);
            if (next >= first) first = next + 1;
        }
        return Call(Syscall.CloseRange, first, uint.MaxValue);
    }

    /// <summary>The number of the meeting to the parent, one byte back. A parent that died reads as end of file: then so do we.</summary>
    private long Meet(ushort token)
    {
        byte answer = 0;
        if (Call(Syscall.Write, Sync, (long)&token, 2) != 2) Quit(1);
        if (Call(Syscall.Read, Sync, (long)&answer, 1) != 1) Quit(1);
        return answer;
    }

    private long ModeOf(int fd)
    {
        // struct stat is 144 bytes on x86_64 and 128 on arm64; st_mode lies at 24 and 16.
        byte* stat = stackalloc byte[256];
        if (Call(Syscall.FStat, fd, (long)stat) < 0) return -1;
        return *(uint*)(stat + (Arm ? 16 : 24));
    }

    private long RequireDevice(int fd, long device, int errno, uint type)
    {
        byte* stat = stackalloc byte[256];
        if (Call(Syscall.FStat, fd, (long)stat) < 0) return -1;
        uint mode = *(uint*)(stat + (Arm ? 16 : 24));
        ulong rdev = *(ulong*)(stat + (Arm ? 32 : 40));
        return (mode & S_IFMT) == type && (type == S_IFIFO || (long)rdev == device) ? 0 : Error((Errno)errno);
    }

    private long RequireLink(long directory, long name, byte* target, long length)
    {
        const int Longest = 4096;
        byte* link = stackalloc byte[Longest];
        if (Call(Syscall.ReadLinkAt, directory, name, (long)link, Longest) != length) return Error(Errno.EEXIST);
        for (long i = 0; i < length; i++)
        {
            if (link[i] != target[i]) return Error(Errno.EEXIST);
        }
        return 0;
    }

    private long RequireFileSystem(int fd, long type, int errno, bool expected)
    {
        byte* statfs = stackalloc byte[256];
        if (Call(Syscall.FStatFs, fd, (long)statfs) < 0) return -1;
        return *(long*)statfs == type == expected ? 0 : Error((Errno)errno);
    }

    /// <summary>The kernel names a directory outside of the root "(unreachable)…": such a cwd came from a leaked descriptor (CVE-2024-21626).</summary>
    private long RequireCwdInside()
    {
        byte* path = stackalloc byte[4096];
        long n = Call(Syscall.GetCwd, (long)path, 4096);
        if (n < 0) return -1;
        return path[0] == (byte)'/' ? 0 : Error(Errno.EACCES);
    }

    private long CloneAgain(ulong flags)
    {
        // The kernel writes the number down before the sibling runs: that one may meet the parent before we are scheduled again,
        // and the parent would take us for it.
        CloneArguments args = new() { Flags = flags | CloneArguments.Parent | CloneArguments.ParentSetTid, ParentTid = (ulong)(&Board->SiblingPid) };
        long pid = syscall(Syscall.Clone3, (nint)(&args), sizeof(CloneArguments), 0, 0, 0, 0);
        if (pid < 0)
        {
            _errno = *__errno_location();
            return -1;
        }
        if (pid > 0) Quit(0);
        return 0;
    }

    /// <summary>The first candidate that the present user may execute; EACCES wins over ENOENT as in execvp(3).</summary>
    private long FindProgram(byte** candidates)
    {
        Errno worst = Errno.ENOENT;
        for (int i = 0; candidates[i] != null; i++)
        {
            // ENOSYS and EPERM are the answers of a filter that does not know the call: then execve is the judge.
            if (Call(Syscall.FAccessAt2, AT_FDCWD, (long)candidates[i], 1, 0x200) >= 0 || _errno is (int)Errno.ENOSYS or (int)Errno.EPERM)
            {
                long fd = Call(Syscall.OpenAt, AT_FDCWD, (long)candidates[i], O_PATH | O_CLOEXEC);
                if (fd >= 0)
                {
                    long mode = ModeOf((int)fd);
                    Call(Syscall.Close, fd);
                    if ((mode & S_IFMT) != S_IFDIR) return i;
                    // In a list of directories a directory of that name is passed over; alone it is what is wrong.
                    if (candidates[1] == null) return Error(Errno.EISDIR);
                    worst = Errno.EACCES;
                    continue;
                }
            }
            if (_errno is not ((int)Errno.ENOENT or (int)Errno.ENOTDIR)) worst = (Errno)_errno;
        }
        return Error(worst);
    }

    private long Execute(byte** candidates, byte** argv, byte** envp, int index)
    {
        Board->ReachedEnd = 1;
        if (Times != null) Times[-1] = Now();
        return Call(Syscall.Execve, (long)candidates[index], (long)argv, (long)envp);
    }

    private static long Now()
    {
        long* time = stackalloc long[2];
        clock_gettime(1, time);
        return (time[0] * 1_000_000_000) + time[1];
    }

    private static bool Arm => RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal const int AT_FDCWD = -100;
    internal const int O_RDONLY = 0;
    internal const int O_WRONLY = 1;
    internal const int O_CREAT = 0x40;
    internal const int O_EXCL = 0x80;
    internal const int O_CLOEXEC = 0x80000;
    internal const int O_PATH = 0x200000;
    internal const uint S_IFMT = 0xF000;
    internal const uint S_IFDIR = 0x4000;
    internal const uint S_IFREG = 0x8000;
    internal const uint S_IFCHR = 0x2000, S_IFIFO = 0x1000;
    internal const uint S_IFBLK = 0x6000;
    internal const uint S_IFLNK = 0xA000;

    internal static int O_DIRECTORY => Arm ? 0x4000 : 0x10000;

    internal static int O_NOFOLLOW => Arm ? 0x8000 : 0x20000;

    // No transition into the collector's cooperative mode is needed or wanted: in the child there is nobody to wait for.
    [LibraryImport("libc"), SuppressGCTransition]
    internal static partial nint syscall(nint number, nint a, nint b, nint c, nint d, nint e, nint f);

    [LibraryImport("libc"), SuppressGCTransition]
    internal static partial int* __errno_location();

    [LibraryImport("libc"), SuppressGCTransition]
    private static partial int clock_gettime(int clock, long* time);
}
