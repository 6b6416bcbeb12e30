// Pauses of the one thread of a synchronous program, for facts of the kernel that nothing announces.
using System.Runtime.InteropServices;

namespace Berth.Linux.Processes;

/// <summary>nanosleep(2).</summary>
public static unsafe partial class ShortPause
{
    /// <summary>Sleeps for so many microseconds; a signal ends it early.</summary>
    public static void Microseconds(long microseconds)
    {
        long* time = stackalloc long[2] { microseconds / 1_000_000, microseconds % 1_000_000 * 1000 };
        _ = nanosleep(time, null);
    }

    [LibraryImport("libc")]
    private static partial int nanosleep(long* time, long* left);
}
