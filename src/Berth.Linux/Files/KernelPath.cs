// Paths on the host: the few calls a runtime makes on directories, links and fifos, without the framework's machinery.
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Files;

/// <summary>Facts of stat(2) that callers decide by.</summary>
/// <param name="Mode">Type and permission bits.</param>
/// <param name="Uid">Owner.</param>
/// <param name="Gid">Group.</param>
/// <param name="Device">Device the file lies on.</param>
/// <param name="Inode">Its number there.</param>
/// <param name="DeviceNumber">Of a device node: its own number.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Links">Names of it; of a directory, two and its subdirectories.</param>
public readonly record struct FileFacts(uint Mode, uint Uid, uint Gid, ulong Device, ulong Inode, ulong DeviceNumber, long Size, ulong Links)
{
    /// <summary>A directory.</summary>
    public bool IsDirectory => (Mode & 0xF000) == 0x4000;

    /// <summary>A regular file.</summary>
    public bool IsRegular => (Mode & 0xF000) == 0x8000;

    /// <summary>A symbolic link.</summary>
    public bool IsLink => (Mode & 0xF000) == 0xA000;
}

/// <summary>The room of a file system.</summary>
/// <param name="Type">Magic number of its kind.</param>
/// <param name="Bytes">All bytes.</param>
/// <param name="FreeBytes">Bytes that may be used.</param>
/// <param name="Files">All inodes; 0: it has no fixed number.</param>
/// <param name="FreeFiles">Free inodes.</param>
public readonly record struct FileSystemRoom(long Type, ulong Bytes, ulong FreeBytes, ulong Files, ulong FreeFiles);

/// <summary>Calls on host paths.</summary>
public static unsafe partial class KernelPath
{
    /// <summary>mkdir(2) with an exact mode whatever the umask; false if it exists.</summary>
    /// <exception cref="LinuxException">Any other failure.</exception>
    public static bool MakeDirectory(string path, uint mode)
    {
        if (mkdir(path, mode) == 0)
        {
            if ((mode & 0x12) != 0) chmod(path, mode);
            return true;
        }
        return Check.LastErrno == Errno.EEXIST ? false : throw new LinuxException("mkdir", path, Check.LastErrno);
    }

    /// <summary>Makes the directory and its parents.</summary>
    /// <exception cref="LinuxException">One of them cannot be made.</exception>
    public static void MakeDirectories(string path, uint mode)
    {
        if (KernelFile.Exists(path)) return;
        int slash = path.TrimEnd('/').LastIndexOf('/');
        if (slash > 0) MakeDirectories(path[..slash], mode);
        MakeDirectory(path, mode);
    }

    /// <summary>rmdir(2); false where it is not there or not empty.</summary>
    public static bool RemoveDirectory(string path) => rmdir(path) == 0;

    /// <summary>unlink(2); false where it is not there.</summary>
    public static bool Remove(string path) => unlink(path) == 0;

    /// <summary>rename(2).</summary>
    public static void Rename(string from, string to) => Check.Result(rename(from, to), "rename", $"{from} to {to}");

    /// <summary>symlink(2).</summary>
    public static void MakeLink(string target, string path) => Check.Result(symlink(target, path), "symlink", $"{target} as {path}");

    /// <summary>mkfifo(3).</summary>
    public static void MakeFifo(string path, uint mode) => Check.Result(mkfifo(path, mode), "mkfifo", path);

    /// <summary>chown(2).</summary>
    public static void ChangeOwner(string path, uint uid, uint gid) => Check.Result(chown(path, uid, gid), "chown", path);

    /// <summary>open(2), close-on-exec.</summary>
    /// <exception cref="LinuxException">It cannot be opened.</exception>
    public static Fd Open(string path, int flags, uint mode = 0) => TryOpen(path, flags, mode) ?? throw new LinuxException("open", path, Check.LastErrno);

    /// <summary>As <see cref="Open"/> with null on failure.</summary>
    public static Fd? TryOpen(string path, int flags, uint mode = 0)
    {
        int fd = open(path, flags | 0x80000, mode);
        return fd < 0 ? null : new Fd(fd);
    }

    /// <summary>The error of the last failed call here.</summary>
    public static Errno LastErrno => Check.LastErrno;

    /// <summary>The target of a link, or null.</summary>
    public static string? ReadLink(string path)
    {
        byte* buffer = stackalloc byte[4096];
        nint n = readlink(path, buffer, 4096);
        return n < 0 ? null : Encoding.UTF8.GetString(buffer, (int)n);
    }

    /// <summary>realpath(3): every link resolved, or null where something is missing.</summary>
    public static string? Resolve(string path)
    {
        byte* buffer = stackalloc byte[4096];
        byte* result = realpath(path, buffer);
        return result == null ? null : Marshal.PtrToStringUTF8((nint)result);
    }

    /// <summary>stat(2), or null.</summary>
    public static FileFacts? Facts(string path, bool followLink = true)
    {
        byte* s = stackalloc byte[256];
        return fstatat(-100, path, s, followLink ? 0 : 0x100) < 0 ? null : Read(s);
    }

    /// <summary>fstat(2).</summary>
    public static FileFacts Facts(Fd fd)
    {
        byte* s = stackalloc byte[256];
        Check.Result(fstatat(fd.Number, "", s, 0x1000), "fstat", $"fd {fd.Number}");
        return Read(s);
    }

    /// <summary>The magic number of the file system a descriptor lies on.</summary>
    public static long FileSystemType(Fd fd)
    {
        byte* s = stackalloc byte[256];
        Check.Result(fstatfs(fd.Number, s), "fstatfs", $"fd {fd.Number}");
        return *(long*)s;
    }

    /// <summary>The room of the file system a path lies on; null: it cannot be looked at.</summary>
    public static FileSystemRoom? Room(string path)
    {
        using Fd? fd = TryOpen(path, 0x200000); // O_PATH
        byte* s = stackalloc byte[256];
        if (fd is null || fstatfs(fd.Number, s) < 0) return null;
        // struct statfs of 64-bit machines: type, block size, blocks, free, available, files, free files.
        ulong* numbers = (ulong*)s;
        return new FileSystemRoom((long)numbers[0], numbers[1] * numbers[2], numbers[1] * numbers[4], numbers[5], numbers[6]);
    }

    /// <summary>Removes a directory and what is in it, never crossing a symbolic link; false where something stays.</summary>
    public static bool RemoveTree(string path)
    {
        if (rmdir(path) == 0 || Check.LastErrno == Errno.ENOENT) return true;
        if (Check.LastErrno is not (Errno.ENOTEMPTY or Errno.EEXIST)) return unlink(path) == 0;
        foreach (string name in List(path))
        {
            string child = path + "/" + name;
            if (Facts(child, followLink: false) is { IsDirectory: true }) RemoveTree(child);
            else unlink(child);
        }
        return rmdir(path) == 0;
    }

    /// <summary>Names in a directory; empty where it cannot be read.</summary>
    public static List<string> List(string path)
    {
        List<string> names = [];
        using Fd? directory = TryOpen(path, Programs.Interpreter.O_DIRECTORY);
        if (directory is null) return names;
        byte* entries = stackalloc byte[8192];
        while (true)
        {
            nint n = Programs.Interpreter.syscall(Syscall.GetDents64, directory.Number, (nint)entries, 8192, 0, 0, 0);
            if (n <= 0) return names;
            for (nint at = 0; at < n; at += *(ushort*)(entries + at + 16))
            {
                string name = Marshal.PtrToStringUTF8((nint)(entries + at + 19))!;
                if (name is not ("." or "..")) names.Add(name);
            }
        }
    }

    /// <summary>Writes the bytes to a new file beside the path and renames it into place: readers see the old or the new, never half.</summary>
    public static void WriteAtomically(string path, ReadOnlySpan<byte> bytes, uint mode)
    {
        string temporary = path + ".new";
        using (Fd fd = Open(temporary, 0x1 | 0x40 | 0x200, mode)) WriteAll(fd, bytes, temporary);
        Rename(temporary, path);
    }

    /// <summary>Writes all bytes.</summary>
    public static void WriteAll(Fd fd, ReadOnlySpan<byte> bytes, string subject)
    {
        while (!bytes.IsEmpty)
        {
            nint n;
            fixed (byte* p = bytes) n = write(fd.Number, p, (nuint)bytes.Length);
            if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
            bytes = bytes[(int)Check.Result(n, "write", subject)..];
        }
    }

    /// <summary>Reads what is there, once; 0 at the end, -1 when nothing is there yet.</summary>
    public static int Read(Fd fd, Span<byte> buffer)
    {
        while (true)
        {
            nint n;
            fixed (byte* p = buffer) n = read(fd.Number, p, (nuint)buffer.Length);
            if (n >= 0) return (int)n;
            if (Check.LastErrno == Errno.EINTR) continue;
            return Check.LastErrno is Errno.EAGAIN ? -1 : throw new LinuxException("read", $"fd {fd.Number}", Check.LastErrno);
        }
    }

    /// <summary>flock(2), exclusive.</summary>
    /// <returns>False where somebody else has it and we are not to wait.</returns>
    public static bool Lock(Fd fd, bool wait)
    {
        while (flock(fd.Number, wait ? 2 : 2 | 4) < 0)
        {
            if (Check.LastErrno == Errno.EAGAIN) return false;
            if (Check.LastErrno != Errno.EINTR) throw new LinuxException("flock", $"fd {fd.Number}", Check.LastErrno);
        }
        return true;
    }

    /// <summary>flock(2), shared, without waiting.</summary>
    /// <returns>False where somebody has it exclusively.</returns>
    public static bool TryShareLock(Fd fd) => flock(fd.Number, 1 | 4) >= 0;

    /// <summary>pipe2(2), close-on-exec.</summary>
    public static (Fd Read, Fd Write) Pipe(bool nonBlocking = false)
    {
        int* fds = stackalloc int[2];
        Check.Result(pipe2(fds, 0x80000 | (nonBlocking ? 0x800 : 0)), "pipe2");
        return (new Fd(fds[0]), new Fd(fds[1]));
    }

    /// <summary>memfd_create(2) of an empty file sealed against every change.</summary>
    public static Fd SealedEmpty(string name)
    {
        // MFD_CLOEXEC | MFD_ALLOW_SEALING; MFD_EXEC is known from 6.3 on and only silences a warning.
        int fd = memfd_create(name, 0x3 | 0x10);
        if (fd < 0) fd = memfd_create(name, 0x3);
        Fd result = new(Check.Result(fd, "memfd_create", name));
        Check.Result(fcntl(fd, 1033, 0xF), "fcntl F_ADD_SEALS", name);
        return result;
    }

    /// <summary>memfd_create(2) with this content, read from its beginning.</summary>
    public static Fd MemoryFile(string name, ReadOnlySpan<byte> content)
    {
        Fd fd = new(Check.Result(memfd_create(name, 0x1), "memfd_create", name));
        WriteAll(fd, content, name);
        lseek(fd.Number, 0, 0);
        return fd;
    }

    private static FileFacts Read(byte* s) => RuntimeInformation.ProcessArchitecture == Architecture.Arm64
        ? new(*(uint*)(s + 16), *(uint*)(s + 24), *(uint*)(s + 28), *(ulong*)s, *(ulong*)(s + 8), *(ulong*)(s + 32), *(long*)(s + 48), *(uint*)(s + 20))
        : new(*(uint*)(s + 24), *(uint*)(s + 28), *(uint*)(s + 32), *(ulong*)s, *(ulong*)(s + 8), *(ulong*)(s + 40), *(long*)(s + 48), *(ulong*)(s + 16));

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int unlink(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rename(string from, string to);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int symlink(string target, string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkfifo(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint readlink(string path, byte* buffer, nuint size);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial byte* realpath(string path, byte* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int fstatat(int directory, string path, byte* facts, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fstatfs(int fd, byte* facts);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(int fd, byte* buffer, nuint count);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int flock(int fd, int operation);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* fds, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int memfd_create(string name, uint flags);

    [LibraryImport("libc")]
    private static partial nint lseek(int fd, nint offset, int whence);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(int fd, int command, nint argument);
}
