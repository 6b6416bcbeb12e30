// What makes a process outlive its caller: fork without execve, a session of its own, streams that lead nowhere.
using System.Runtime.InteropServices;
using Berth.Linux.Files;

namespace Berth.Linux.Processes;

/// <summary>Calls by which a program of one thread becomes a daemon (daemon(7), the old way).</summary>
public static partial class Daemon
{
    /// <summary>
    /// fork(2). Both sides go on in managed code, which is sound only in a process of one thread: the runtime's other
    /// threads would not exist in the child (docs/decisions/0001).
    /// </summary>
    /// <returns>0 in the child, the child's pid in the parent.</returns>
    /// <exception cref="LinuxException">There is more than one thread, or no process can be made.</exception>
    public static int Fork()
    {
        // With a second thread of the garbage collector a collection in the child would wait for it for ever.
        if (!Self.IsSingleThreaded) throw new LinuxException("fork", "a process with several threads", Errno.EDEADLK);
        return Check.Result(fork(), "fork");
    }

    /// <summary>_exit(2): nothing is flushed and no handler runs.</summary>
    public static void Exit(int status) => _exit(status);

    /// <summary>setsid(2); a leader of a process group stays in its session.</summary>
    public static void NewSession() => setsid();

    /// <summary>Puts the null device in place of the three standard streams.</summary>
    public static void DetachStandardStreams()
    {
        using Fd nothing = KernelPath.Open("/dev/null", 2);
        for (int i = 0; i < 3; i++) Check.Result(dup2(nothing.Number, i), "dup2", "/dev/null");
    }


    /// <summary>signal(2) with SIG_IGN.</summary>
    public static void Ignore(int signal) => signal_(signal, 1);

    /// <summary>signal(2) with SIG_DFL.</summary>
    public static void Restore(int signal) => signal_(signal, 0);

    /// <summary>umask(2).</summary>
    public static void SetFileMask(uint mask) => umask(mask);

    /// <summary>prctl(2) PR_SET_CHILD_SUBREAPER: orphaned descendants become our children, or no longer.</summary>
    public static void SetSubreaper(bool on) => Check.Result(prctl(36, on ? 1 : 0, 0, 0, 0), "prctl", "PR_SET_CHILD_SUBREAPER");

    /// <summary>getpgid(2); 0 where the process is gone.</summary>
    public static int ProcessGroupOf(int pid) => Math.Max(0, getpgid(pid));

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fork();

    [LibraryImport("libc")]
    private static partial void _exit(int status);

    [LibraryImport("libc")]
    private static partial int setsid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int dup2(int from, int to);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint signal_(int signal, nint handler);

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc")]
    private static partial int getpgid(int pid);
}
