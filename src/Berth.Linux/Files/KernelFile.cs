// Small files that the kernel makes up (cgroup, proc, sys): read whole, written in one call.
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Files;

/// <summary>Reads and writes pseudo files with one open and one read or write, without the framework's stream machinery.</summary>
public static unsafe partial class KernelFile
{
    /// <summary>Largest file <see cref="Read"/> accepts, in bytes.</summary>
    public const int Largest = 16 * 1024 * 1024;

    /// <summary>The whole file as bytes.</summary>
    /// <exception cref="LinuxException">It cannot be opened or read, or is larger than <see cref="Largest"/> (EFBIG).</exception>
    public static byte[] Read(string path) => TryRead(path, out Errno errno) ?? throw new LinuxException("open", path, errno);

    /// <summary>The whole file as text.</summary>
    /// <exception cref="LinuxException">As <see cref="Read"/>.</exception>
    public static string ReadText(string path) => Encoding.UTF8.GetString(Read(path));

    /// <summary>The whole file as text without the last line feed, or null where it cannot be read.</summary>
    public static string? TryReadText(string path) =>
        TryRead(path, out _) is { } bytes ? Encoding.UTF8.GetString(bytes).TrimEnd('\n') : null;

    /// <summary>The whole file, or null and the reason.</summary>
    public static byte[]? TryRead(string path, out Errno errno)
    {
        int fd = open(path, O_RDONLY | O_CLOEXEC, 0);
        if (fd < 0) { errno = Check.LastErrno; return null; }
        try { return Drain(fd, out errno); }
        finally { close(fd); }
    }

    /// <summary>Writes the text in one call to an existing file.</summary>
    /// <exception cref="LinuxException">The kernel refuses the file or the value.</exception>
    public static void Write(string path, string text)
    {
        if (!TryWrite(path, text, out Errno errno)) throw new LinuxException("write", $"'{text}' to {path}", errno);
    }

    /// <summary>As <see cref="Write"/>, with the reason instead of an exception.</summary>
    public static bool TryWrite(string path, string text, out Errno errno)
    {
        int fd = open(path, O_WRONLY | O_CLOEXEC, 0);
        if (fd < 0) { errno = Check.LastErrno; return false; }
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        nint written;
        // Written before the close below, which would overwrite errno.
        fixed (byte* p = bytes)
        {
            do { written = write(fd, p, (nuint)bytes.Length); }
            while (written < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = written < 0 ? Check.LastErrno : Errno.None;
        close(fd);
        return written >= 0;
    }

    /// <summary>Whether something is there that this process may see.</summary>
    public static bool Exists(string path) => access(path, 0) == 0;

    /// <summary>Whether the path can be written by this process.</summary>
    public static bool IsWritable(string path) => access(path, 2) == 0;

    /// <summary>Whether this process may execute it; of a directory, enter it.</summary>
    public static bool IsExecutable(string path, out Errno errno)
    {
        bool may = access(path, 1) == 0;
        errno = may ? Errno.None : Check.LastErrno;
        return may;
    }

    private static byte[]? Drain(int fd, out Errno errno)
    {
        byte[] buffer = new byte[4096];
        int length = 0;
        while (true)
        {
            nint n;
            fixed (byte* p = &buffer[length]) n = read(fd, p, (nuint)(buffer.Length - length));
            if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
            if (n < 0) { errno = Check.LastErrno; return null; }
            if (n == 0) { errno = Errno.None; return buffer.AsSpan(0, length).ToArray(); }
            length += (int)n;
            if (length < buffer.Length) continue;
            if (length >= Largest) { errno = Errno.EFBIG; return null; }
            Array.Resize(ref buffer, length * 4);
        }
    }

    private const int O_RDONLY = 0;
    private const int O_WRONLY = 1;
    private const int O_CLOEXEC = 0x80000;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int access(string path, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc")]
    private static partial int close(int fd);
}
