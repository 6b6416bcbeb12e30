// kill(2) by number and short pauses, for code that has only numbers (members of a cgroup) and no thread to sleep on.
using System.Runtime.InteropServices;

namespace Berth.Linux;

/// <summary>Signals by process number. Prefer a pidfd wherever one exists: a number can belong to a later process.</summary>
public static partial class ProcessKill
{
    /// <summary>kill(2).</summary>
    public static bool TrySend(int pid, int signal, out Errno errno)
    {
        errno = kill(pid, signal) == 0 ? Errno.None : Check.LastErrno;
        return errno == Errno.None;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}

/// <summary>Pauses of the one thread of a synchronous program.</summary>
public static unsafe partial class ShortPause
{
    /// <summary>Sleeps for so many microseconds; a signal ends it early.</summary>
    public static void Microseconds(long microseconds)
    {
        TimeSpec time = new() { Seconds = microseconds / 1_000_000, Nanoseconds = microseconds % 1_000_000 * 1000 };
        _ = nanosleep(&time, null);
    }

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc")]
    private static partial int nanosleep(TimeSpec* time, TimeSpec* left);
}
