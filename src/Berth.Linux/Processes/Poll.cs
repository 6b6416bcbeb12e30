// poll(2) over a handful of descriptors.
using System.Runtime.InteropServices;

namespace Berth.Linux.Processes;

/// <summary>What <see cref="Poll"/> waits for on one descriptor, and what came.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct PollEntry
{
    /// <summary>The descriptor; negative is passed over.</summary>
    public int Fd;

    /// <summary>POLLIN 1, POLLOUT 4.</summary>
    public short Events;

    /// <summary>What came: also POLLERR 8, POLLHUP 16.</summary>
    public short Returned;
}

/// <summary>Waits for descriptors.</summary>
public static unsafe partial class Poll
{
    /// <summary>Waits until one is ready or the time is over.</summary>
    /// <param name="entries">The descriptors.</param>
    /// <param name="milliseconds">-1 waits without end.</param>
    /// <returns>How many are ready; 0 when the time is over or a signal came.</returns>
    public static int Wait(Span<PollEntry> entries, int milliseconds)
    {
        int n;
        fixed (PollEntry* p = entries) n = poll(p, (nuint)entries.Length, milliseconds);
        return n >= 0 ? n : Check.LastErrno == Errno.EINTR ? 0 : throw new LinuxException("poll", null, Check.LastErrno);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int poll(PollEntry* entries, nuint count, int milliseconds);
}
