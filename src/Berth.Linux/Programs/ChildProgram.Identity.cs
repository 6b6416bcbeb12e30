// Instructions on what a process is and may do: ids, capabilities, limits, scheduling, filters, and its last one, execve.
namespace Berth.Linux.Programs;

/// <summary>The five capability sets as bit masks.</summary>
public readonly record struct CapabilitySets(ulong Bounding, ulong Effective, ulong Inheritable, ulong Permitted, ulong Ambient);

/// <summary>Attributes of sched_setattr(2).</summary>
public readonly record struct SchedulingAttributes(uint Policy, ulong Flags, int Nice, uint Priority, ulong Runtime, ulong Deadline, ulong Period);

public sealed unsafe partial class ChildProgram
{
    private const int PR_SET_PDEATHSIG = 1, PR_SET_DUMPABLE = 4, PR_SET_KEEPCAPS = 8, PR_CAPBSET_DROP = 24, PR_SET_NO_NEW_PRIVS = 38, PR_CAP_AMBIENT = 47, PR_SET_MM = 35, PR_SET_CHILD_SUBREAPER = 36, PR_SET_NAME = 15;

    /// <summary>setns(2); for a pidfd several namespaces at once.</summary>
    public ChildProgram Join(ProgramFd fd, Namespaces namespaces) { Call(Syscall.SetNs, fd.Operand, (long)namespaces); return this; }

    /// <summary>unshare(2).</summary>
    public ChildProgram Unshare(Namespaces namespaces) { Call(Syscall.Unshare, (long)namespaces); return this; }

    /// <summary>Goes on in a new process, child of the same parent; needed after joining or unsharing a pid namespace.</summary>
    public ChildProgram CloneAgain(Namespaces namespaces = Namespaces.None)
    {
        Emit(Operation.CloneAgain)->Argument[0] = (long)namespaces;
        return this;
    }

    /// <summary>prctl(2) PR_SET_DUMPABLE.</summary>
    public ChildProgram SetDumpable(bool dumpable) { Call(Syscall.Prctl, PR_SET_DUMPABLE, dumpable ? 1 : 0); return this; }

    /// <summary>prctl(2) PR_SET_PDEATHSIG; 0 clears it.</summary>
    public ChildProgram SetParentDeathSignal(int signal) { Call(Syscall.Prctl, PR_SET_PDEATHSIG, signal); return this; }

    /// <summary>Lets every signal through and restores the default of SIGPIPE, which our runtime ignores.</summary>
    public ChildProgram ResetSignals()
    {
        // struct kernel_sigaction of zeroes is SIG_DFL; the set is eight bytes.
        byte* action = _arena.Take(32);
        byte* none = _arena.Take(8);
        Call(Syscall.RtSigAction, 13, action, 0, 8);
        Call(Syscall.RtSigProcMask, 2, none, 0, 8);
        return this;
    }

    /// <summary>Ignores a signal, and so does what is executed afterwards; of SIGCHLD: children that end are reaped by the kernel.</summary>
    public ChildProgram IgnoreSignal(int signal)
    {
        byte* action = _arena.Take(32);
        *(ulong*)action = 1; // SIG_IGN
        Call(Syscall.RtSigAction, signal, action, 0, 8);
        return this;
    }

    /// <summary>Closes every descriptor from <paramref name="first"/> on but these, and the socket to the parent.</summary>
    public ChildProgram CloseAllExcept(int first, ReadOnlySpan<int> keep)
    {
        int[] sorted = keep.ToArray();
        Array.Sort(sorted);
        int* list = _arena.Take<int>(sorted.Length + 1);
        int count = 0;
        foreach (int fd in sorted)
        {
            if (fd >= first) list[count++] = fd;
        }
        Instruction* at = Emit(Operation.CloseAllExcept);
        at->Argument[0] = (long)list;
        at->Argument[1] = count;
        at->Argument[2] = first;
        return this;
    }

    /// <summary>Waits for a byte in a fifo that is open for reading and writing; dies of signals that end a process.</summary>
    public ChildProgram AwaitStart(ProgramFd fifo)
    {
        Set(Emit(Operation.AwaitStart), 0, fifo.Operand);
        return this;
    }

    /// <summary>Clears output flags of a terminal (termios(3), c_oflag).</summary>
    public ChildProgram ClearOutputFlags(ProgramFd terminal, uint flags)
    {
        // The kernel's struct termios: four flag words, of which c_oflag is the second.
        byte* settings = _arena.Take(64);
        Call(Syscall.Ioctl, terminal.Operand, 0x5401, settings);
        Instruction* at = Emit(Operation.ClearBits);
        at->Argument[0] = (long)(settings + 4);
        at->Argument[1] = flags;
        Call(Syscall.Ioctl, terminal.Operand, 0x5402, settings);
        return this;
    }

    /// <summary>setsid(2).</summary>
    public ChildProgram NewSession() { Call(Syscall.SetSid); return this; }

    /// <summary>ioctl(2).</summary>
    public ChildProgram Ioctl(ProgramFd fd, ulong request, long argument) { Call(Syscall.Ioctl, fd.Operand, (long)request, argument); return this; }

    /// <summary>ioctl(2) whose result is a descriptor.</summary>
    public Slot IoctlFd(ProgramFd fd, ulong request, long argument) => Into(Call(Syscall.Ioctl, fd.Operand, (long)request, argument));

    /// <summary>ioctl(2) with a structure.</summary>
    public ChildProgram Ioctl(ProgramFd fd, ulong request, ReadOnlySpan<byte> structure) { Call(Syscall.Ioctl, fd.Operand, (long)request, _arena.Bytes(structure)); return this; }

    /// <summary>Brings the loopback device of this network namespace up (netdevice(7)).</summary>
    public ChildProgram BringLoopbackUp()
    {
        Slot mark = MarkSlots();
        Slot socket = Into(Call(Syscall.Socket, 2, 2 | Interpreter.O_CLOEXEC, 0));
        // struct ifreq: 16 bytes of name, then the flags IFF_UP | IFF_RUNNING.
        byte* request = _arena.Take(40);
        request[0] = (byte)'l';
        request[1] = (byte)'o';
        *(short*)(request + 16) = 0x1 | 0x40;
        Call(Syscall.Ioctl, socket, 0x8914, request);
        Close(socket);
        ReleaseSlots(mark);
        return this;
    }

    /// <summary>Gives an open pipe, socket or file to a user; a device belongs to the whole machine and stays as it is.</summary>
    public ChildProgram OwnUnlessDevice(ProgramFd fd, uint uid)
    {
        Label block = NewLabel(), own = NewLabel(), done = NewLabel();
        // An error is EBADF: the stream is closed.
        JumpUnlessType(fd, Interpreter.S_IFCHR, block).OnError(done);
        GoTo(done);
        Mark(block);
        JumpUnlessType(fd, Interpreter.S_IFBLK, own);
        GoTo(done);
        Mark(own);
        // EPERM and EINVAL: ids that are not mapped. EROFS: a file of a read-only file system.
        Call(Syscall.FChown, fd.Operand, uid, uint.MaxValue);
        TolerateAll();
        Mark(done);
        return this;
    }

    /// <summary>sethostname(2).</summary>
    public ChildProgram SetHostName(string name)
    {
        Call(Syscall.SetHostName, _arena.String(name), System.Text.Encoding.UTF8.GetByteCount(name));
        return this;
    }

    /// <summary>setdomainname(2).</summary>
    public ChildProgram SetDomainName(string name)
    {
        Call(Syscall.SetDomainName, _arena.String(name), System.Text.Encoding.UTF8.GetByteCount(name));
        return this;
    }

    /// <summary>setgroups(2).</summary>
    public ChildProgram SetGroups(IReadOnlyList<uint> groups)
    {
        uint* list = _arena.Take<uint>(Math.Max(1, groups.Count));
        for (int i = 0; i < groups.Count; i++) list[i] = groups[i];
        Call(Syscall.SetGroups, groups.Count, list);
        return this;
    }

    /// <summary>setresgid(2) with one id for all three.</summary>
    public ChildProgram SetGroup(uint gid) { Call(Syscall.SetResGid, gid, gid, gid); return this; }

    /// <summary>setresuid(2) with one id for all three.</summary>
    public ChildProgram SetUser(uint uid) { Call(Syscall.SetResUid, uid, uid, uid); return this; }

    /// <summary>prctl(2) PR_SET_KEEPCAPS.</summary>
    public ChildProgram KeepCapabilities(bool keep) { Call(Syscall.Prctl, PR_SET_KEEPCAPS, keep ? 1 : 0); return this; }

    /// <summary>Drops every capability from the bounding set that the mask lacks, up to the last one this kernel knows.</summary>
    public ChildProgram DropBounding(ulong keep, int last)
    {
        for (int i = 0; i <= last; i++)
        {
            if ((keep & (1UL << i)) == 0) Call(Syscall.Prctl, PR_CAPBSET_DROP, i);
        }
        return this;
    }

    /// <summary>capset(2).</summary>
    public ChildProgram SetCapabilities(CapabilitySets sets)
    {
        uint* header = _arena.Take<uint>(2);
        header[0] = 0x20080522;
        uint* data = _arena.Take<uint>(6);
        data[0] = (uint)sets.Effective;
        data[1] = (uint)sets.Permitted;
        data[2] = (uint)sets.Inheritable;
        data[3] = (uint)(sets.Effective >> 32);
        data[4] = (uint)(sets.Permitted >> 32);
        data[5] = (uint)(sets.Inheritable >> 32);
        Call(Syscall.CapSet, header, data);
        return this;
    }

    /// <summary>Empties the ambient set and raises the given ones. One that the other sets do not allow is left out.</summary>
    public ChildProgram SetAmbient(ulong ambient)
    {
        Call(Syscall.Prctl, PR_CAP_AMBIENT, 4);
        for (int i = 0; i < 64; i++)
        {
            if ((ambient & (1UL << i)) == 0) continue;
            Call(Syscall.Prctl, PR_CAP_AMBIENT, 2, i);
            Tolerate(Errno.EPERM, Errno.EINVAL);
        }
        return this;
    }

    /// <summary>prctl(2) PR_SET_NO_NEW_PRIVS.</summary>
    public ChildProgram NoNewPrivileges() { Call(Syscall.Prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); return this; }

    /// <summary>prlimit(2) on itself.</summary>
    public ChildProgram SetLimit(int resource, ulong soft, ulong hard)
    {
        ulong* limit = _arena.Take<ulong>(2);
        limit[0] = soft;
        limit[1] = hard;
        Call(Syscall.PrLimit64, 0, resource, limit, 0);
        return this;
    }

    /// <summary>sched_setattr(2).</summary>
    public ChildProgram SetScheduling(SchedulingAttributes attributes)
    {
        byte* a = _arena.Take(48);
        *(uint*)a = 48;
        *(uint*)(a + 4) = attributes.Policy;
        *(ulong*)(a + 8) = attributes.Flags;
        *(int*)(a + 16) = attributes.Nice;
        *(uint*)(a + 20) = attributes.Priority;
        *(ulong*)(a + 24) = attributes.Runtime;
        *(ulong*)(a + 32) = attributes.Deadline;
        *(ulong*)(a + 40) = attributes.Period;
        Call(Syscall.SchedSetAttr, 0, a, 0);
        return this;
    }

    /// <summary>sched_setaffinity(2) with the CPUs of the bit set.</summary>
    public ChildProgram SetAffinity(ReadOnlySpan<byte> mask) { Call(Syscall.SchedSetAffinity, 0, mask.Length, _arena.Bytes(mask)); return this; }

    /// <summary>ioprio_set(2) on itself.</summary>
    public ChildProgram SetIoPriority(int priority) { Call(Syscall.IoPrioSet, 1, 0, priority); return this; }

    /// <summary>set_mempolicy(2); the mask holds one bit a node.</summary>
    public ChildProgram SetMemoryPolicy(int mode, ReadOnlySpan<byte> nodes)
    {
        if (nodes.IsEmpty) Call(Syscall.SetMemPolicy, mode, 0, 0);
        else Call(Syscall.SetMemPolicy, mode, _arena.Bytes(nodes), (nodes.Length * 8) + 1);
        return this;
    }

    /// <summary>personality(2).</summary>
    public ChildProgram SetPersonality(uint persona) { Call(Syscall.Personality, persona); return this; }

    /// <summary>keyctl(2) KEYCTL_JOIN_SESSION_KEYRING with a name.</summary>
    public ChildProgram JoinSessionKeyring(string name) { Call(Syscall.KeyCtl, 1, _arena.String(name)); return this; }

    /// <summary>prctl(2) PR_SET_NAME.</summary>
    public ChildProgram SetName(string name) { Call(Syscall.Prctl, PR_SET_NAME, _arena.String(name)); return this; }

    /// <summary>seccomp(2) SECCOMP_SET_MODE_FILTER; with the new-listener flag the result is the notification descriptor.</summary>
    public Slot InstallFilter(ReadOnlySpan<byte> instructions, uint flags)
    {
        // struct sock_fprog: a 16-bit count, padding, an address.
        long* program = _arena.Take<long>(2);
        *(ushort*)program = checked((ushort)(instructions.Length / 8));
        program[1] = (long)_arena.Bytes(instructions);
        return Into(Call(Syscall.Seccomp, 1, flags, program));
    }

    /// <summary>Finds the first executable of the candidates as the present user.</summary>
    public Slot FindProgram(IReadOnlyList<string> candidates)
    {
        _candidates = _arena.Strings(candidates);
        Instruction* at = Emit(Operation.FindProgram);
        at->Argument[0] = (long)_candidates;
        return Into(at);
    }

    /// <summary>execve(2) of what <see cref="FindProgram"/> found.</summary>
    /// <param name="found">What was found.</param>
    /// <param name="arguments">argv.</param>
    /// <param name="environment">NAME=VALUE each.</param>
    /// <param name="pidVariable">Name of a variable that tells the program its own process id, such as LISTEN_PID; or null.</param>
    public ChildProgram Execute(Slot found, IReadOnlyList<string> arguments, IReadOnlyList<string> environment, string? pidVariable = null)
    {
        byte** variables = _arena.Strings(pidVariable is null ? environment : [.. environment, $"{pidVariable}=0000000000"]);
        if (pidVariable is not null) Emit(Operation.TellPid)->Argument[0] = (long)(variables[environment.Count] + pidVariable.Length + 1);
        Instruction* at = Emit(Operation.Execute);
        at->Argument[0] = (long)_candidates;
        at->Argument[1] = (long)_arena.Strings(arguments);
        at->Argument[2] = (long)variables;
        Set(at, 3, found);
        return this;
    }

    private byte** _candidates;
}
