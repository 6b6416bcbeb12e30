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

    /// <summary>unshare(2): new namespaces for this process, which has one thread.</summary>
    /// <exception cref="LinuxException">The host forbids it to this user (EPERM), or there are too many of them (ENOSPC).</exception>
    public static void Leave(Namespaces namespaces) => Check.Result(unshare((int)namespaces), "unshare", namespaces.ProcNames());

    /// <summary>Becomes root of the user namespace, with its group alone where groups may be given up.</summary>
    public static unsafe void BecomeRoot()
    {
        _ = setgroups(0, null);
        Check.Result(setresgid(0, 0, 0), "setresgid", "0");
        Check.Result(setresuid(0, 0, 0), "setresuid", "0");
    }

    /// <summary>prctl(2) PR_SET_PDEATHSIG: the signal that comes when the parent ends.</summary>
    public static void SetParentDeathSignal(int signal) => Check.Result(prctl(1, signal, 0, 0, 0), "prctl", "PR_SET_PDEATHSIG");

    /// <summary>dup2(2).</summary>
    public static void PutAt(Fd fd, int number) => Check.Result(dup2(fd.Number, number), "dup2", $"fd {fd.Number}");

    /// <summary>execve(2): another program in this process. What threads there are end.</summary>
    /// <returns>Only with an exception.</returns>
    /// <exception cref="LinuxException">It cannot be executed.</exception>
    public static unsafe Exception Execute(string path, IReadOnlyList<string> arguments, IReadOnlyList<string> environment)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(environment);
        // Ignored signals stay ignored in what is executed, and the framework ignores this one.
        Restore(13);
        nint* words = (nint*)NativeMemory.Alloc((nuint)((arguments.Count + environment.Count + 2) * sizeof(nint)));
        nint* variables = words + arguments.Count + 1;
        for (int i = 0; i <= arguments.Count; i++) words[i] = i < arguments.Count ? Marshal.StringToCoTaskMemUTF8(arguments[i]) : 0;
        for (int i = 0; i <= environment.Count; i++) variables[i] = i < environment.Count ? Marshal.StringToCoTaskMemUTF8(environment[i]) : 0;
        execve(path, words, variables);
        Errno errno = Check.LastErrno;
        for (int i = 0; i < arguments.Count; i++) Marshal.FreeCoTaskMem(words[i]);
        for (int i = 0; i < environment.Count; i++) Marshal.FreeCoTaskMem(variables[i]);
        NativeMemory.Free(words);
        throw new LinuxException("execve", path, errno);
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

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int namespaces);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int setgroups(nuint count, uint* groups);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setresgid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setresuid(uint real, uint effective, uint saved);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int execve(string path, nint* arguments, nint* environment);

    [LibraryImport("libc", EntryPoint = "signal")]
    private static partial nint signal_(int signal, nint handler);

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc")]
    private static partial int getpgid(int pid);
}
