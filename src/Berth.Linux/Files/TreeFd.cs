// Names below an open directory: the *at(2) calls, with bytes as names and the error as an answer.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Berth.Linux.Programs;

namespace Berth.Linux.Files;

/// <summary>Types of nodes in st_mode (inode(7)).</summary>
public static class NodeType
{
    /// <summary>The bits that tell the type.</summary>
    public const uint Mask = 0xF000;

    /// <summary>S_IFIFO.</summary>
    public const uint Fifo = 0x1000;

    /// <summary>S_IFCHR.</summary>
    public const uint CharacterDevice = 0x2000;

    /// <summary>S_IFDIR.</summary>
    public const uint Directory = 0x4000;

    /// <summary>S_IFBLK.</summary>
    public const uint BlockDevice = 0x6000;

    /// <summary>S_IFREG.</summary>
    public const uint File = 0x8000;

    /// <summary>S_IFLNK.</summary>
    public const uint Link = 0xA000;

    /// <summary>S_IFSOCK.</summary>
    public const uint Socket = 0xC000;
}

/// <summary>One call each; none follows a link in the last part of a name. What they return is why not, or <see cref="Errno.None"/>.</summary>
[SkipLocalsInit]
public static unsafe partial class TreeFd
{
    private const int AT_REMOVEDIR = 0x200;

    /// <summary>openat(2), never through a link, close-on-exec; null with the reason.</summary>
    public static Fd? TryOpen(Fd at, ReadOnlySpan<byte> name, int flags, out Errno errno, uint mode = 0)
    {
        byte* p = stackalloc byte[TreeName.Most];
        if (!TreeName.Put(name, p, out errno)) return null;
        int fd;
        do { fd = openat(at.Number, p, flags | Interpreter.O_NOFOLLOW | Interpreter.O_CLOEXEC, mode); }
        while (fd < 0 && Check.LastErrno == Errno.EINTR);
        errno = fd < 0 ? Check.LastErrno : Errno.None;
        return fd < 0 ? null : new Fd(fd);
    }

    /// <summary>openat2(2), close-on-exec: a path of several parts, resolved as asked; null with the reason.</summary>
    public static Fd? TryOpen(Fd at, ReadOnlySpan<byte> path, int flags, Resolve resolve, out Errno errno)
    {
        byte* p = stackalloc byte[TreeName.Most];
        if (!TreeName.Put(path, p, out errno)) return null;
        ulong* how = stackalloc ulong[3];
        how[0] = (ulong)(uint)flags | Interpreter.O_CLOEXEC;
        how[1] = 0;
        how[2] = (ulong)resolve;
        nint fd;
        do
        {
            fd = Interpreter.syscall(Syscall.OpenAt2, at.Number, (nint)p, (nint)how, 24, 0, 0);
            errno = fd < 0 ? (Errno)(*Interpreter.__errno_location()) : Errno.None;
        }
        // EAGAIN: a rename somewhere on the host made the kernel unsure; it says to ask again.
        while (errno is Errno.EINTR or Errno.EAGAIN);
        return fd < 0 ? null : new Fd((int)fd);
    }

    /// <summary>mkdirat(2); the umask counts.</summary>
    public static Errno MakeDirectory(Fd at, ReadOnlySpan<byte> name, uint mode)
    {
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(name, p, out Errno errno) ? Answer(mkdirat(at.Number, p, mode)) : errno;
    }

    /// <summary>mknodat(2): the mode has the type in it; the umask counts.</summary>
    public static Errno MakeNode(Fd at, ReadOnlySpan<byte> name, uint mode, DeviceNumber device = default)
    {
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(name, p, out Errno errno) ? Answer(mknodat(at.Number, p, mode, device.Packed)) : errno;
    }

    /// <summary>symlinkat(2).</summary>
    public static Errno MakeLink(ReadOnlySpan<byte> target, Fd at, ReadOnlySpan<byte> name)
    {
        byte* t = stackalloc byte[TreeName.Most];
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(target, t, out Errno errno) && TreeName.Put(name, p, out errno) ? Answer(symlinkat(t, at.Number, p)) : errno;
    }

    /// <summary>linkat(2): another name of the same node.</summary>
    public static Errno Link(Fd from, ReadOnlySpan<byte> old, Fd at, ReadOnlySpan<byte> name)
    {
        byte* o = stackalloc byte[TreeName.Most];
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(old, o, out Errno errno) && TreeName.Put(name, p, out errno) ? Answer(linkat(from.Number, o, at.Number, p, 0)) : errno;
    }

    /// <summary>unlinkat(2): of anything but a directory.</summary>
    public static Errno Remove(Fd at, ReadOnlySpan<byte> name)
    {
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(name, p, out Errno errno) ? Answer(unlinkat(at.Number, p, 0)) : errno;
    }

    /// <summary>unlinkat(2) with AT_REMOVEDIR: of an empty directory.</summary>
    public static Errno RemoveDirectory(Fd at, ReadOnlySpan<byte> name)
    {
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(name, p, out Errno errno) ? Answer(unlinkat(at.Number, p, AT_REMOVEDIR)) : errno;
    }

    /// <summary>renameat2(2).</summary>
    public static Errno Rename(Fd from, ReadOnlySpan<byte> old, Fd at, ReadOnlySpan<byte> name, RenameHow how = RenameHow.Replace)
    {
        byte* o = stackalloc byte[TreeName.Most];
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(old, o, out Errno errno) && TreeName.Put(name, p, out errno) ? Answer(renameat2(from.Number, o, at.Number, p, (uint)how)) : errno;
    }

    /// <summary>readlinkat(2); null with the reason.</summary>
    public static byte[]? TryReadLink(Fd at, ReadOnlySpan<byte> name, out Errno errno)
    {
        byte* p = stackalloc byte[TreeName.Most];
        if (!TreeName.Put(name, p, out errno)) return null;
        byte* buffer = stackalloc byte[TreeName.Most];
        nint n = readlinkat(at.Number, p, buffer, TreeName.Most);
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return n < 0 ? null : new ReadOnlySpan<byte>(buffer, (int)n).ToArray();
    }

    private static Errno Answer(int result) => result < 0 ? Check.LastErrno : Errno.None;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(int directory, byte* name, int flags, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(int directory, byte* name, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mknodat(int directory, byte* name, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int symlinkat(byte* target, int directory, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(int from, byte* old, int directory, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(int directory, byte* name, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat2(int from, byte* old, int directory, byte* name, uint flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint readlinkat(int directory, byte* name, byte* buffer, nuint size);
}

/// <summary>What renameat2(2) does where the new name is taken.</summary>
public enum RenameHow
{
    /// <summary>The old thing there goes.</summary>
    Replace = 0,

    /// <summary>RENAME_NOREPLACE: EEXIST.</summary>
    Keep = 1,

    /// <summary>RENAME_EXCHANGE: the two change places.</summary>
    Exchange = 2,
}

/// <summary>Number of a device node.</summary>
/// <param name="Major">Twelve bits of it are used (makedev(3)).</param>
/// <param name="Minor">Twenty bits of it are used.</param>
public readonly record struct DeviceNumber(uint Major, uint Minor)
{
    /// <summary>Whether the kernel has room for it.</summary>
    public bool Fits => Major < 1 << 12 && Minor < 1 << 20;

    /// <summary>dev_t of glibc and musl.</summary>
    internal ulong Packed => ((ulong)(Major & 0xFFFFF000) << 32) | ((ulong)(Major & 0xFFF) << 8) | ((ulong)(Minor & 0xFFFFFF00) << 12) | (Minor & 0xFF);
}
