// Directories of pseudo file systems (cgroup, resctrl): made, listed and removed by the bare system calls.
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Files;

/// <summary>File system types of statfs(2) that callers decide by.</summary>
public enum FileSystemType : long
{
    /// <summary>Not reachable.</summary>
    None = 0,

    /// <summary>cgroup, version 1.</summary>
    Cgroup = 0x27e0eb,

    /// <summary>cgroup, version 2.</summary>
    Cgroup2 = 0x63677270,

    /// <summary>tmpfs.</summary>
    Tmpfs = 0x01021994,

    /// <summary>resctrl.</summary>
    Resctrl = 0x7655821,
}

/// <summary>Makes, lists, owns and removes directories with one system call each.</summary>
public static unsafe partial class KernelDirectory
{
    /// <summary>mkdir(2).</summary>
    public static bool TryMake(string path, uint mode, out Errno errno) => Succeeded(mkdir(path, mode), out errno);

    /// <summary>rmdir(2).</summary>
    public static bool TryRemove(string path, out Errno errno) => Succeeded(rmdir(path), out errno);

    /// <summary>lchown(2); an absent id stays as it is.</summary>
    public static bool TryOwn(string path, uint? uid, uint? gid, out Errno errno) =>
        Succeeded(lchown(path, uid ?? uint.MaxValue, gid ?? uint.MaxValue), out errno);

    /// <summary>The type of the file system the path lies on; <see cref="FileSystemType.None"/> where it cannot be asked.</summary>
    public static FileSystemType TypeOf(string path)
    {
        // struct statfs is 120 bytes on x86_64 and arm64, and begins with the type as a long.
        long* buffer = stackalloc long[32];
        return statfs(path, buffer) == 0 ? (FileSystemType)buffer[0] : FileSystemType.None;
    }

    /// <summary>Names of the directories below a directory, or null and the reason.</summary>
    public static List<string>? TryListDirectories(string path, out Errno errno) => TryList(path, DT_DIR, out errno);

    /// <summary>Names of everything below a directory, or null and the reason.</summary>
    public static List<string>? TryListAll(string path, out Errno errno) => TryList(path, -1, out errno);

    /// <summary>Opens a directory as a place (O_PATH), for clone3 and for openat.</summary>
    public static Fd? TryOpen(string path, out Errno errno)
    {
        int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        errno = fd < 0 ? Check.LastErrno : Errno.None;
        return fd < 0 ? null : new Fd(fd);
    }

    /// <summary>Opens a directory for reading, as bpf(2) wants its target.</summary>
    public static Fd? TryOpenToRead(string path, out Errno errno)
    {
        int fd = open(path, O_DIRECTORY | O_CLOEXEC, 0);
        errno = fd < 0 ? Check.LastErrno : Errno.None;
        return fd < 0 ? null : new Fd(fd);
    }

    private static List<string>? TryList(string path, int onlyType, out Errno errno)
    {
        using Fd? directory = TryOpenToRead(path, out errno);
        if (directory is null) return null;
        List<string> names = [];
        Span<byte> buffer = stackalloc byte[4096];
        while (true)
        {
            nint length;
            fixed (byte* p = buffer) length = getdents64(directory.Number, p, (nuint)buffer.Length);
            if (length < 0) { errno = Check.LastErrno; return null; }
            if (length == 0) return names;
            for (int at = 0; at < length;)
            {
                // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name with a zero byte.
                ReadOnlySpan<byte> entry = buffer[at..];
                ReadOnlySpan<byte> name = entry[19..];
                name = name[..name.IndexOf((byte)0)];
                if ((onlyType < 0 || entry[18] == onlyType) && !name.SequenceEqual("."u8) && !name.SequenceEqual(".."u8))
                {
                    names.Add(Encoding.UTF8.GetString(name));
                }
                at += MemoryMarshal.Read<ushort>(entry[16..]);
            }
        }
    }

    private static bool Succeeded(int result, out Errno errno)
    {
        errno = result == 0 ? Errno.None : Check.LastErrno;
        return result == 0;
    }

    private const int O_CLOEXEC = 0x80000;
    private const int O_PATH = 0x200000;
    private const int DT_DIR = 4;
    private static readonly int O_DIRECTORY = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 : 0x10000;

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mkdir(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rmdir(string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int statfs(string path, long* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int fd, byte* buffer, nuint size);
}
