// The content of files: written at a place, with holes found and left, shared between files where the file system can.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>Content of open files. What is returned is why not, or <see cref="Errno.None"/>.</summary>
public static unsafe partial class FileData
{
    private const int SEEK_DATA = 3, SEEK_HOLE = 4;
    private const ulong FICLONE = 0x40049409;

    /// <summary>Writes all of it where the file stands.</summary>
    public static Errno Write(Fd file, ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            int n = FdIo.TryWrite(file, data, out Errno errno);
            if (n < 0) return errno;
            data = data[n..];
        }
        return Errno.None;
    }

    /// <summary>pwrite(2) of all of it.</summary>
    public static Errno Write(Fd file, ReadOnlySpan<byte> data, long offset)
    {
        while (!data.IsEmpty)
        {
            nint n;
            fixed (byte* p = data) n = pwrite(file.Number, p, (nuint)data.Length, offset);
            if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
            if (n < 0) return Check.LastErrno;
            data = data[(int)n..];
            offset += n;
        }
        return Errno.None;
    }

    /// <summary>pread(2) once.</summary>
    /// <returns>How much; 0 at the end.</returns>
    /// <exception cref="LinuxException">It cannot be read.</exception>
    public static int Read(Fd file, Span<byte> into, long offset)
    {
        while (true)
        {
            nint n;
            fixed (byte* p = into) n = pread(file.Number, p, (nuint)into.Length, offset);
            if (n >= 0) return (int)n;
            if (Check.LastErrno != Errno.EINTR) throw new LinuxException("pread", $"fd {file.Number}", Check.LastErrno);
        }
    }

    /// <summary>ftruncate(2): what is added is a hole.</summary>
    public static Errno SetLength(Fd file, long length) => ftruncate(file.Number, length) < 0 ? Check.LastErrno : Errno.None;

    /// <summary>fallocate(2): room on the disk, and the length.</summary>
    public static Errno Reserve(Fd file, long length) => fallocate(file.Number, 0, 0, length) < 0 ? Check.LastErrno : Errno.None;

    /// <summary>The parts that have data (lseek(2), SEEK_DATA); one whole part where the file system knows no holes.</summary>
    public static List<(long Offset, long Length)> Runs(Fd file, long length)
    {
        List<(long, long)> runs = [];
        for (long at = 0; at < length;)
        {
            long data = lseek(file.Number, at, SEEK_DATA);
            if (data < 0 && Check.LastErrno == Errno.ENXIO) break;
            if (data < 0) return [(0, length)];
            long hole = lseek(file.Number, data, SEEK_HOLE);
            if (hole < 0) hole = length;
            hole = Math.Min(hole, length);
            if (data >= hole) break;
            runs.Add((data, hole - data));
            at = hole;
        }
        return runs;
    }

    /// <summary>FICLONE: the other file's blocks, shared until one of the two is written.</summary>
    public static Errno Share(Fd from, Fd to) => ioctl(to.Number, FICLONE, from.Number) < 0 ? Check.LastErrno : Errno.None;

    /// <summary>copy_file_range(2) of a part to the same place of another file.</summary>
    public static Errno Copy(Fd from, Fd to, long offset, long length)
    {
        long inputAt = offset, outputAt = offset;
        while (length > 0)
        {
            nint n = copy_file_range(from.Number, &inputAt, to.Number, &outputAt, (nuint)Math.Min(length, 1L << 30), 0);
            if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
            if (n < 0) return Check.LastErrno;
            if (n == 0) return Errno.None;
            length -= n;
        }
        return Errno.None;
    }

    /// <summary>syncfs(2): everything of the file system on which this lies is on the disk.</summary>
    public static Errno SyncFileSystem(Fd file) => syncfs(file.Number) < 0 ? Check.LastErrno : Errno.None;

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pwrite(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint pread(int fd, byte* buffer, nuint count, long offset);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int fd, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fallocate(int fd, int mode, long offset, long length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long lseek(int fd, long offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, ulong request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint copy_file_range(int from, long* fromOffset, int to, long* toOffset, nuint length, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int syncfs(int fd);
}
