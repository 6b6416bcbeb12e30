// Plain read and write on descriptors that are not ours to own, such as the standard streams.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>read(2) and write(2) by number.</summary>
public static unsafe partial class RawIo
{
    /// <summary>Reads once; 0 at the end, negative on any error.</summary>
    public static int Read(int fd, Span<byte> buffer)
    {
        while (true)
        {
            nint n;
            fixed (byte* p = buffer) n = read(fd, p, (nuint)buffer.Length);
            if (n >= 0 || Check.LastErrno != Errno.EINTR) return (int)n;
        }
    }

    /// <summary>Writes all; false on any error.</summary>
    public static bool WriteAll(int fd, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint n;
            fixed (byte* p = bytes) n = write(fd, p, (nuint)bytes.Length);
            if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
            if (n < 0) return false;
            bytes = bytes[(int)n..];
        }
        return true;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);
}
