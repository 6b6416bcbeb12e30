// A kernel file that is read again when the kernel says it changed (cgroup.events, memory.events, PSI).
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Processes;

namespace Berth.Linux.Files;

/// <summary>An open pseudo file which is re-read from its start and whose changes can be waited for.</summary>
public sealed unsafe partial class WatchedFile : IDisposable
{
    /// <summary>POLLPRI: what the kernel raises on a cgroup file that changed.</summary>
    public const short Changed = 2;

    private readonly Fd _fd;
    private readonly byte[] _buffer = new byte[4096];

    private WatchedFile(Fd fd) => _fd = fd;

    /// <summary>Opens the file, or null and the reason.</summary>
    public static WatchedFile? TryOpen(string path, out Errno errno)
    {
        Fd? fd = KernelPath.TryOpen(path, 0);
        errno = fd is null ? KernelPath.LastErrno : Errno.None;
        return fd is null ? null : new WatchedFile(fd);
    }

    /// <summary>The open file.</summary>
    public Fd Descriptor => _fd;

    /// <summary>The descriptor, to be polled for <see cref="Changed"/> beside others.</summary>
    public int Number => _fd.Number;

    /// <summary>The first four KiB as they are now; null where the file is gone.</summary>
    public string? Read()
    {
        nint length;
        fixed (byte* p = _buffer)
        {
            do { length = pread(_fd.Number, p, (nuint)_buffer.Length, 0); }
            while (length < 0 && Check.LastErrno == Errno.EINTR);
        }
        return length < 0 ? null : Encoding.UTF8.GetString(_buffer, 0, (int)length);
    }

    /// <summary>Waits until the kernel announces a change since the last <see cref="Read"/>, at most so long.</summary>
    /// <returns>False when the time is over, or a signal came.</returns>
    public bool Wait(int milliseconds)
    {
        PollEntry entry = new() { Fd = _fd.Number, Events = Changed };
        return Poll.Wait(new Span<PollEntry>(ref entry), milliseconds) > 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int fd, byte* buffer, nuint count, long offset);
}
