// Calls a process makes on itself, and on others by number.
using System.Runtime.InteropServices;
using Berth.Linux.Files;

namespace Berth.Linux.Processes;

/// <summary>Calls on this process.</summary>
public static unsafe partial class Self
{
    /// <summary>Effective user id.</summary>
    public static uint UserId => geteuid();

    /// <summary>Effective group id.</summary>
    public static uint GroupId => getegid();

    /// <summary>This process's id.</summary>
    public static int ProcessId => getpid();

    /// <summary>The parent's id; of one outside of our pid namespace, 0.</summary>
    public static int ParentId => getppid();

    /// <summary>Orphaned descendants become our children (prctl(2) PR_SET_CHILD_SUBREAPER).</summary>
    public static void BecomeSubreaper() => prctl(36, 1, 0, 0, 0);

    /// <summary>Whether this process has no other thread.</summary>
    internal static bool IsSingleThreaded => KernelPath.Facts("/proc/self/task") is { Links: 3 };

    /// <summary>Whether the kernel has a capability of this number (prctl(2) PR_CAPBSET_READ).</summary>
    internal static bool KnowsCapability(int number) => prctl(23, number, 0, 0, 0) >= 0;

    /// <summary>setns(2) in this process.</summary>
    public static void Join(Fd fd, Namespaces kind) => Check.Result(setns(fd.Number, (int)kind), "setns", kind.ProcNames());

    /// <summary>The user namespace that a namespace belongs to (ioctl_ns(2), NS_GET_USERNS).</summary>
    /// <exception cref="LinuxException">EPERM: it is not ours to see.</exception>
    public static Fd OwnerOf(Fd @namespace) => new(Check.Result(ioctl(@namespace.Number, 0xB701), "ioctl NS_GET_USERNS"));

    /// <summary>kill(2).</summary>
    public static bool TrySignal(int pid, int signal, out Errno errno)
    {
        bool done = kill(pid, signal) == 0;
        errno = done ? Errno.None : Check.LastErrno;
        return done;
    }

    /// <summary>Whether our caller passed a descriptor of this number: one that we opened ourselves is close-on-exec.</summary>
    public static bool IsInherited(int fd) => fcntl(fd, 1, 0) == 0;

    /// <summary>Whether a descriptor of this number is open here.</summary>
    public static bool IsOpen(int fd) => fcntl(fd, 1, 0) >= 0;

    /// <summary>
    /// Opens the null device where a standard stream is closed. The next file that we open would take its number, and pass
    /// for a stream of every program that we execute.
    /// </summary>
    /// <exception cref="LinuxException">There is no null device.</exception>
    public static void OpenStandardStreams()
    {
        for (int fd = 0; fd < 3; fd++)
        {
            if (fcntl(fd, 1, 0) < 0) Check.Result(open("/dev/null", 2, 0), "open", "/dev/null");
        }
    }

    /// <summary>Sets a limit of another process (prlimit(2)).</summary>
    public static void SetLimit(int pid, int resource, ulong soft, ulong hard)
    {
        ulong* limit = stackalloc ulong[2];
        limit[0] = soft;
        limit[1] = hard;
        Check.Result(prlimit(pid, resource, limit, null), "prlimit", $"{pid}");
    }

    /// <summary>The limits of a process: soft and hard.</summary>
    public static (ulong Soft, ulong Hard) Limit(int resource)
    {
        ulong* limit = stackalloc ulong[2];
        Check.Result(prlimit(0, resource, null, limit), "prlimit");
        return (limit[0], limit[1]);
    }

    /// <summary>CLOCK_REALTIME in nanoseconds.</summary>
    public static long RealTime
    {
        get
        {
            long* time = stackalloc long[2];
            clock_gettime(0, time);
            return (time[0] * 1_000_000_000) + time[1];
        }
    }

    /// <summary>CLOCK_MONOTONIC in nanoseconds.</summary>
    public static long Monotonic
    {
        get
        {
            long* time = stackalloc long[2];
            clock_gettime(1, time);
            return (time[0] * 1_000_000_000) + time[1];
        }
    }

    /// <summary>Whether this process is in a user namespace that is not the host's first: its root is not the host's.</summary>
    public static bool IsInUserNamespace =>
        KernelFile.TryReadText("/proc/self/uid_map") is { } map && map.Split(' ', StringSplitOptions.RemoveEmptyEntries) is not ["0", "0", "4294967295\n"];

    /// <summary>Whether the process exists and is no zombie, and its start time in clock ticks since boot (proc(5), field 22).</summary>
    public static bool IsAlive(int pid, out ulong startTime)
    {
        startTime = 0;
        if (pid <= 0 || KernelFile.TryRead($"/proc/{pid}/stat", out _) is not { } stat) return false;
        // The command name in parentheses may hold spaces and parentheses itself.
        ReadOnlySpan<byte> rest = stat;
        rest = rest[(rest.LastIndexOf((byte)')') + 2)..];
        byte state = rest[0];
        for (int field = 3; field < 22; field++) rest = rest[(rest.IndexOf((byte)' ') + 1)..];
        ulong value = 0;
        foreach (byte digit in rest)
        {
            if (digit is < (byte)'0' or > (byte)'9') break;
            value = (value * 10) + (ulong)(digit - '0');
        }
        startTime = value;
        return state is not ((byte)'Z' or (byte)'X');
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc")]
    private static partial uint getegid();

    [LibraryImport("libc")]
    private static partial int getpid();

    [LibraryImport("libc")]
    private static partial int getppid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prctl(int option, nint a, nint b, nint c, nint d);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int kind);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, nuint request);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int prlimit(int pid, int resource, ulong* next, ulong* old);

    [LibraryImport("libc")]
    private static partial int clock_gettime(int clock, long* time);
}
