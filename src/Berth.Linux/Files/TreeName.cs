// Names as the kernel has them, bytes with a zero behind: what is in an image need not be UTF-8.
using System.Text;

namespace Berth.Linux.Files;

/// <summary>Puts names where a system call can read them.</summary>
internal static unsafe class TreeName
{
    /// <summary>PATH_MAX: a path and its zero byte.</summary>
    public const int Most = 4096;

    /// <summary>Copies the name into a buffer of <see cref="Most"/> bytes. A zero byte inside would make it another name.</summary>
    public static bool Put(ReadOnlySpan<byte> name, byte* into, out Errno errno)
    {
        errno = name.Length >= Most ? Errno.ENAMETOOLONG : name.Contains((byte)0) ? Errno.EINVAL : Errno.None;
        if (errno != Errno.None) return false;
        name.CopyTo(new Span<byte>(into, Most));
        into[name.Length] = 0;
        return true;
    }

    /// <summary>The name for messages.</summary>
    public static string Show(ReadOnlySpan<byte> name) => Encoding.UTF8.GetString(name);
}
