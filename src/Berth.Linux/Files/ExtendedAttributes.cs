// Extended attributes (xattr(7)) of open files, and of nodes that cannot be opened: links, devices, fifos.
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;

namespace Berth.Linux.Files;

/// <summary>Set, read, listed, removed. What is returned is why not, or <see cref="Errno.None"/>.</summary>
[SkipLocalsInit]
public static unsafe partial class ExtendedAttributes
{
    /// <summary>XATTR_SIZE_MAX: more bytes no value has.</summary>
    public const int LargestValue = 65536;

    /// <summary>fsetxattr(2).</summary>
    public static Errno Set(Fd file, string attribute, ReadOnlySpan<byte> value)
    {
        byte* a = stackalloc byte[TreeName.Most];
        if (!Put(attribute, a, out Errno errno)) return errno;
        fixed (byte* v = value) return Answer(fsetxattr(file.Number, a, v, (nuint)value.Length, 0));
    }

    /// <summary>lsetxattr(2) of a name in a directory.</summary>
    public static Errno Set(Fd at, ReadOnlySpan<byte> name, string attribute, ReadOnlySpan<byte> value)
    {
        byte* p = stackalloc byte[TreeName.Most];
        byte* a = stackalloc byte[TreeName.Most];
        if (!PutPath(at, name, p, out Errno errno) || !Put(attribute, a, out errno)) return errno;
        fixed (byte* v = value) return Answer(lsetxattr(p, a, v, (nuint)value.Length, 0));
    }

    /// <summary>fremovexattr(2).</summary>
    public static Errno Remove(Fd file, string attribute)
    {
        byte* a = stackalloc byte[TreeName.Most];
        return Put(attribute, a, out Errno errno) ? Answer(fremovexattr(file.Number, a)) : errno;
    }

    /// <summary>lgetxattr(2) of a name in a directory; null with the reason.</summary>
    public static byte[]? TryRead(Fd at, ReadOnlySpan<byte> name, string attribute, out Errno errno)
    {
        byte* p = stackalloc byte[TreeName.Most];
        byte* a = stackalloc byte[TreeName.Most];
        if (!PutPath(at, name, p, out errno) || !Put(attribute, a, out errno)) return null;
        byte* small = stackalloc byte[512];
        nint n = lgetxattr(p, a, small, 512);
        errno = n < 0 ? Check.LastErrno : Errno.None;
        if (n >= 0) return new ReadOnlySpan<byte>(small, (int)n).ToArray();
        if (errno != Errno.ERANGE) return null;
        byte[] large = ArrayPool<byte>.Shared.Rent(LargestValue);
        try
        {
            fixed (byte* v = large) n = lgetxattr(p, a, v, LargestValue);
            errno = n < 0 ? Check.LastErrno : Errno.None;
            return n < 0 ? null : large.AsSpan(0, (int)n).ToArray();
        }
        finally { ArrayPool<byte>.Shared.Return(large); }
    }

    /// <summary>llistxattr(2) of a name in a directory; empty where there are none, or the file system has none.</summary>
    public static IReadOnlyList<string> List(Fd at, ReadOnlySpan<byte> name, out Errno errno)
    {
        byte* p = stackalloc byte[TreeName.Most];
        if (!PutPath(at, name, p, out errno)) return [];
        byte* small = stackalloc byte[1024];
        nint n = llistxattr(p, small, 1024);
        errno = n < 0 ? Check.LastErrno : Errno.None;
        if (n >= 0) return Split(new ReadOnlySpan<byte>(small, (int)n));
        if (errno == Errno.EOPNOTSUPP) errno = Errno.None;
        if (errno != Errno.ERANGE) return [];
        byte[] large = ArrayPool<byte>.Shared.Rent(LargestValue);
        try
        {
            fixed (byte* v = large) n = llistxattr(p, v, LargestValue);
            errno = n < 0 ? Check.LastErrno : Errno.None;
            return n < 0 ? [] : Split(large.AsSpan(0, (int)n));
        }
        finally { ArrayPool<byte>.Shared.Return(large); }
    }

    private static IReadOnlyList<string> Split(ReadOnlySpan<byte> names)
    {
        if (names.IsEmpty) return [];
        List<string> result = [];
        for (int end; (end = names.IndexOf((byte)0)) >= 0; names = names[(end + 1)..]) result.Add(Encoding.UTF8.GetString(names[..end]));
        return result;
    }

    // The l-calls have no *at form before Linux 6.13. The magic link leads to the open directory itself, whatever it is called by now,
    // and the last part is not followed. An empty name is the directory.
    private static bool PutPath(Fd at, ReadOnlySpan<byte> name, byte* into, out Errno errno)
    {
        ReadOnlySpan<byte> begin = "/proc/self/fd/"u8;
        Span<byte> path = stackalloc byte[TreeName.Most];
        begin.CopyTo(path);
        System.Buffers.Text.Utf8Formatter.TryFormat(at.Number, path[begin.Length..], out int digits);
        int length = begin.Length + digits;
        path[length++] = (byte)'/';
        if (name.IsEmpty) name = "."u8;
        if (length + name.Length >= TreeName.Most) { errno = Errno.ENAMETOOLONG; return false; }
        name.CopyTo(path[length..]);
        return TreeName.Put(path[..(length + name.Length)], into, out errno);
    }

    private static bool Put(string attribute, byte* into, out Errno errno)
    {
        // XATTR_NAME_MAX is 255.
        if (attribute.Length > 255) { errno = Errno.ERANGE; return false; }
        Span<byte> name = stackalloc byte[1024];
        return TreeName.Put(name[..Encoding.UTF8.GetBytes(attribute, name)], into, out errno);
    }

    private static Errno Answer(int result) => result < 0 ? Check.LastErrno : Errno.None;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fsetxattr(int fd, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int lsetxattr(byte* path, byte* name, byte* value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fremovexattr(int fd, byte* name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint lgetxattr(byte* path, byte* name, byte* value, nuint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint llistxattr(byte* path, byte* list, nuint size);
}
