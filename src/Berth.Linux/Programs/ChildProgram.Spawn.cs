// The parent's half: clone, answer the meetings in order, and turn a failed step into an exception.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Programs;

/// <summary>A step of a child program failed: which one, and the kernel's reason.</summary>
/// <param name="step">The step.</param>
/// <param name="call">The system call, or null.</param>
/// <param name="errno">Why.</param>
/// <param name="detail">The kernel's own words, where it has some.</param>
/// <param name="reachedEnd">Whether everything before the user's program was done.</param>
public sealed class StepFailedException(ProgramStep step, string? call, Errno errno, string? detail, bool reachedEnd)
    : Exception($"{step.Phrase}: {errno.Sentence()}{(detail is null ? "" : $" ({detail})")}")
{
    /// <summary>The step.</summary>
    public ProgramStep Step { get; } = step;

    /// <summary>The system call that failed, or null.</summary>
    public string? Call { get; } = call;

    /// <summary>Why.</summary>
    public Errno Errno { get; } = errno;

    /// <summary>The kernel's own words, where it has some.</summary>
    public string? Detail { get; } = detail;

    /// <summary>True when it was the user's program that could not be executed.</summary>
    public bool ReachedEnd { get; } = reachedEnd;
}

/// <summary>The process ended without a word before it reached the end of its program: killed from outside, as a rule.</summary>
/// <param name="step">The phrase of the last step known, or null.</param>
/// <param name="status">Wait status as of wait(2).</param>
public sealed class ChildDiedException(string? step, int status)
    : Exception($"the first process ended early ({Processes.WaitStatus.Describe(status)}){(step is null ? "" : $" around: {step}")}")
{
    /// <summary>Wait status as of wait(2).</summary>
    public int Status { get; } = status;
}

/// <summary>How to clone.</summary>
public sealed record SpawnOptions
{
    /// <summary>Namespaces to make.</summary>
    public Namespaces Namespaces { get; init; }

    /// <summary>Start the child in this cgroup v2 directory.</summary>
    public Fd? Cgroup { get; init; }

    /// <summary>Note the time of every step.</summary>
    public bool Trace { get; init; }

    /// <summary>Return after the last meeting, when the child goes on without us, instead of when it executes its program.</summary>
    public bool ReturnAfterLastMeeting { get; init; }

    /// <summary>Runs in the parent right after the clone, while the child works.</summary>
    public Action<SpawnedChild>? Meanwhile { get; init; }
}

/// <summary>The child, seen from the parent.</summary>
public sealed class SpawnedChild
{
    internal int PublishedNumber { get; set; }

    /// <summary>A copy of the descriptor that the child published before this meeting.</summary>
    public Fd TakePublished() => Processes.PidFd.TakeFd(PidFd, PublishedNumber);

    /// <summary>Hands over a copy of a descriptor in a meeting that asks for one (<see cref="ChildProgram.Ask"/>).</summary>
    public void Give(Fd fd) => Network.DescriptorSocket.Send(Socket, "x"u8, fd.Number);

    internal SpawnedChild(int pid, Fd pidFd, Fd socket)
    {
        Pid = pid;
        PidFd = pidFd;
        Socket = socket;
    }

    /// <summary>Its process id in the caller's pid namespace.</summary>
    public int Pid { get; internal set; }

    /// <summary>A descriptor for this process and no later one.</summary>
    public Fd PidFd { get; internal set; }

    /// <summary>The parent's end of the socket; the child passes descriptors through it between meetings.</summary>
    public Fd Socket { get; }

    /// <summary>When each step began, nanoseconds of CLOCK_MONOTONIC; empty unless traced.</summary>
    public IReadOnlyList<long> StepTimes { get; internal set; } = [];

    /// <summary>When the user's program was executed, or 0.</summary>
    public long ExecuteTime { get; internal set; }
}

public sealed unsafe partial class ChildProgram
{
    private Board* _board;

    private Board* EnsureBoard() => _board == null ? _board = (Board*)Mapped(sizeof(Board)) : _board;

    /// <summary>Shows a descriptor to the parent, which takes a copy of it in the meeting that follows.</summary>
    public ChildProgram Publish(Slot slot)
    {
        Instruction* at = Emit(Operation.Poke);
        at->Argument[0] = (long)&EnsureBoard()->Published;
        at->Argument[1] = slot.Index;
        return this;
    }

    /// <summary>
    /// Clones and drives the child through its meetings until it executes the user's program.
    /// </summary>
    /// <exception cref="StepFailedException">A step failed; the child is gone and reaped.</exception>
    /// <exception cref="ChildDiedException">The child was killed; it is reaped.</exception>
    /// <exception cref="LinuxException">The clone itself failed.</exception>
    public SpawnedChild Spawn(SpawnOptions options)
    {
        Resolve();
        Board* board = EnsureBoard();
        // One time a step, and before them that of the execve.
        int timesSize = options.Trace ? (_steps.Count + 1) * sizeof(long) : 0;
        long* times = options.Trace ? (long*)Mapped(timesSize) + 1 : null;
        int* sockets = stackalloc int[2];
        Check.Result(socketpair(1, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets), "socketpair");
        Fd ours = new(sockets[0]);
        Fd theirs = new(sockets[1]);
        long* slots = stackalloc long[Interpreter.Slots];
        for (int i = 0; i < Interpreter.Slots; i++) slots[i] = 0;
        SpawnedChild? child = null;
        try
        {
            Interpreter interpreter = new()
            {
                Code = _code,
                Count = _count,
                Slot = slots,
                Board = board,
                Times = times,
                Sync = theirs.Number,
            };
            int pidFd = -1;
            int pid = Clone(options, &interpreter, &pidFd);
            theirs.Dispose();
            child = new SpawnedChild(pid, new Fd(pidFd), ours);
            options.Meanwhile?.Invoke(child);
            Drive(child, board, options.ReturnAfterLastMeeting);
            if (options.Trace) ReadTimes(child, times);
            return child;
        }
        catch when (child is not null)
        {
            // Whoever failed, no half-made process stays behind.
            Processes.Child.KillAndReap(child.Pid);
            if (board->SiblingPid != 0 && board->SiblingPid != child.Pid) Processes.Child.KillAndReap(board->SiblingPid);
            child.PidFd.Dispose();
            throw;
        }
        finally
        {
            ours.Dispose();
            theirs.Dispose();
            munmap(board, (nuint)sizeof(Board));
            if (options.Trace) munmap(times - 1, (nuint)timesSize);
            _board = null;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Clone(SpawnOptions options, Interpreter* interpreter, int* pidFd)
    {
        CloneArguments args = new()
        {
            Flags = (ulong)options.Namespaces | CloneArguments.PidFdFlag | CloneArguments.ClearSignalHandlers,
            PidFd = (ulong)pidFd,
            ExitSignal = SIGCHLD,
        };
        if (options.Cgroup is { } cgroup)
        {
            args.Flags |= CloneArguments.IntoCgroup;
            args.Cgroup = (ulong)cgroup.Number;
        }
        nint pid = Interpreter.syscall(Syscall.Clone3, (nint)(&args), sizeof(CloneArguments), 0, 0, 0, 0);
        if (pid == 0) interpreter->Run();
        if (pid < 0) throw new LinuxException("clone3", options.Namespaces.ProcNames(), (Errno)(*Interpreter.__errno_location()));
        return (int)pid;
    }

    private void Drive(SpawnedChild child, Board* board, bool returnAfterLastMeeting)
    {
        ushort token;
        while (true)
        {
            nint n = read(child.Socket.Number, &token, 2);
            if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
            if (n < 0) throw new LinuxException("read", "the first process's socket", Check.LastErrno);
            Adopt(child, board);
            if (n == 0) break;
            child.PublishedNumber = board->Published;
            _meetings[token - 1](child);
            byte answer = 1;
            if (write(child.Socket.Number, &answer, 1) != 1) break;
            if (returnAfterLastMeeting && token == _meetings.Count) return;
        }
        if (board->FailedAt != 0) throw Failure(board);
        if (board->ReachedEnd == 0)
        {
            // End of file without a word: it was killed, or its program simply ended.
            int status = Processes.Child.KillAndReap(child.Pid);
            if (status != 0) throw new ChildDiedException(null, status);
        }
    }

    /// <summary>After CloneAgain the first process is gone and its sibling is the child.</summary>
    private static void Adopt(SpawnedChild child, Board* board)
    {
        int sibling = board->SiblingPid;
        if (sibling == 0 || sibling == child.Pid) return;
        Processes.Child.Reap(child.Pid);
        child.PidFd.Dispose();
        child.Pid = sibling;
        child.PidFd = Processes.PidFd.Open(sibling);
    }

    private StepFailedException Failure(Board* board)
    {
        Instruction* at = _code + board->FailedAt - 1;
        string? detail = null;
        if (board->LogLength > 0)
        {
            // "e tmpfs: Bad value for 'size'": level, space, text.
            string log = Encoding.UTF8.GetString(board->Log, Math.Min(board->LogLength, Board.LogSize)).TrimEnd('\n', '\0');
            detail = log.Length > 2 && log[1] == ' ' ? log[2..] : log;
        }
        string? call = at->Operation == Operation.Call ? Syscall.NameOf(at->Number) : null;
        return new StepFailedException(_steps[at->Step], call, (Errno)board->Errno, detail, board->ReachedEnd != 0);
    }

    private void ReadTimes(SpawnedChild child, long* times)
    {
        long[] copy = new long[_steps.Count];
        for (int i = 0; i < copy.Length; i++) copy[i] = times[i];
        child.StepTimes = copy;
        child.ExecuteTime = times[-1];
    }

    private static void* Mapped(int size)
    {
        void* at = mmap(null, (nuint)size, 3, 0x1 | 0x20, -1, 0);
        return (nint)at == -1 ? throw new LinuxException("mmap", null, Check.LastErrno) : at;
    }

    private const int SIGCHLD = 17;
    private const int SOCK_SEQPACKET = 5;
    private const int SOCK_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* sockets);

    [LibraryImport("libc", SetLastError = true)]
    private static partial void* mmap(void* at, nuint length, int protection, int flags, int fd, nint offset);

    [LibraryImport("libc")]
    private static partial int munmap(void* at, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, void* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, void* buffer, nuint count);
}
