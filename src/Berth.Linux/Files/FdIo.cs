// read(2), write(2) and send(2) once on descriptors that may be non-blocking: the error is an answer, not an exception.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>One call each, repeated only when a signal interrupted it.</summary>
public static unsafe partial class FdIo
{
    /// <summary>Reads once.</summary>
    /// <returns>How much; 0 at the end; -1 with the reason.</returns>
    public static int TryRead(Fd fd, Span<byte> buffer, out Errno errno)
    {
        nint n;
        fixed (byte* p = buffer)
        {
            do { n = read(fd.Number, p, (nuint)buffer.Length); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return (int)n;
    }

    /// <summary>Writes once.</summary>
    /// <returns>How much, which may be less than asked for; -1 with the reason.</returns>
    public static int TryWrite(Fd fd, ReadOnlySpan<byte> bytes, out Errno errno)
    {
        nint n;
        fixed (byte* p = bytes)
        {
            do { n = write(fd.Number, p, (nuint)bytes.Length); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return (int)n;
    }

    /// <summary>Makes reading and writing answer EAGAIN instead of waiting. It holds for all who share the open file.</summary>
    public static void SetNonBlocking(Fd fd)
    {
        int flags = Check.Result(fcntl(fd.Number, F_GETFL, 0), "fcntl F_GETFL", $"fd {fd.Number}");
        Check.Result(fcntl(fd.Number, F_SETFL, flags | O_NONBLOCK), "fcntl F_SETFL", $"fd {fd.Number}");
    }

    /// <summary>How many bytes wait to be read, in a pipe at either of its ends (FIONREAD); 0 where that cannot be told.</summary>
    public static int Unread(Fd fd)
    {
        int count = 0;
        return ioctl(fd.Number, FIONREAD, &count) < 0 ? 0 : count;
    }

    /// <summary>fsync(2).</summary>
    public static bool TrySync(Fd fd, out Errno errno)
    {
        bool done = fsync(fd.Number) == 0;
        errno = done ? Errno.None : Check.LastErrno;
        return done;
    }

    /// <summary>fchown(2).</summary>
    public static bool TrySetOwner(Fd fd, uint uid, uint gid) => fchown(fd.Number, uid, gid) == 0;

    /// <summary>fchmod(2).</summary>
    public static bool TrySetMode(Fd fd, uint mode) => fchmod(fd.Number, mode) == 0;

    private const int F_GETFL = 3, F_SETFL = 4, O_NONBLOCK = 0x800;
    private const ulong FIONREAD = 0x541B;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, ulong request, int* argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsync(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(int fd, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(int fd, uint mode);
}
