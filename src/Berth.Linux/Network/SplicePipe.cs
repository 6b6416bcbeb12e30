// splice(2): from one socket to another through a pipe, without a copy in this process.
using System.Runtime.InteropServices;
using Berth.Linux.Files;

namespace Berth.Linux.Network;

/// <summary>A pipe between two non-blocking sockets. One thread uses it.</summary>
public sealed unsafe partial class SplicePipe : IDisposable
{
    // SPLICE_F_MOVE, SPLICE_F_NONBLOCK.
    private const uint Flags = 1 | 2;
    private const int Most = 1 << 20, F_SETPIPE_SZ = 1031;
    private readonly Fd _read;
    private readonly Fd _write;

    /// <summary>An empty one.</summary>
    /// <exception cref="LinuxException">The limit of open files is reached.</exception>
    public SplicePipe()
    {
        (_read, _write) = KernelPath.Pipe(nonBlocking: true);
        // Fewer calls for the same bytes. Past a user's share of pages the kernel refuses, and it stays as it is.
        fcntl(_write.Number, F_SETPIPE_SZ, Most);
    }

    /// <summary>Bytes that are in it.</summary>
    public int Held { get; private set; }

    /// <summary>Takes what waits at a socket, as much as there is room for.</summary>
    /// <returns>How much; 0 at the end of the connection; -1 with the reason: EAGAIN when none waits, or the pipe is full.</returns>
    public int Fill(Fd from, out Errno errno)
    {
        int n = Splice(from, _write, out errno);
        if (n > 0) Held += n;
        return n;
    }

    /// <summary>Gives what it holds to a socket.</summary>
    /// <returns>How much; -1 with the reason: EAGAIN when the socket takes no more.</returns>
    public int Drain(Fd to, out Errno errno)
    {
        int n = Splice(_read, to, out errno);
        if (n > 0) Held -= n;
        return n;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _read.Dispose();
        _write.Dispose();
    }

    private static int Splice(Fd from, Fd to, out Errno errno)
    {
        nint n;
        do { n = splice(from.Number, null, to.Number, null, Most, Flags); }
        while (n < 0 && Check.LastErrno == Errno.EINTR);
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return (int)n;
    }

    [LibraryImport("libc")]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint splice(int from, long* fromOffset, int to, long* toOffset, nuint length, uint flags);
}
