// A kernel file that takes one command a write (devices.allow, cgroup.procs, io.max): opened once, written many times.
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Files;

/// <summary>A pseudo file opened for writing, in which each write is one command.</summary>
public sealed unsafe partial class KernelWriter : IDisposable
{
    private readonly int _fd;

    private KernelWriter(int fd) => _fd = fd;

    /// <summary>Opens the file, or null and the reason.</summary>
    public static KernelWriter? TryOpen(string path, out Errno errno)
    {
        int fd = open(path, O_WRONLY | O_CLOEXEC, 0);
        errno = fd < 0 ? Check.LastErrno : Errno.None;
        return fd < 0 ? null : new KernelWriter(fd);
    }

    /// <summary>Writes one command in one call.</summary>
    public bool TryWrite(ReadOnlySpan<char> command, out Errno errno)
    {
        int length = Encoding.UTF8.GetByteCount(command);
        Span<byte> bytes = length <= 512 ? stackalloc byte[length] : new byte[length];
        Encoding.UTF8.GetBytes(command, bytes);
        nint written;
        fixed (byte* p = bytes)
        {
            do { written = write(_fd, p, (nuint)length); }
            while (written < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = written < 0 ? Check.LastErrno : Errno.None;
        return written >= 0;
    }

    /// <inheritdoc/>
    public void Dispose() => close(_fd);

    private const int O_WRONLY = 1;
    private const int O_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial int close(int fd);
}
