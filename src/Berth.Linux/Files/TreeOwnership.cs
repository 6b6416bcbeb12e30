// Owner, mode and times of nodes: chown(2), chmod(2) and utimensat(2) on descriptors and on names below one.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>One call each; names are not followed when they are links. What they return is why not, or <see cref="Errno.None"/>.</summary>
[SkipLocalsInit]
public static unsafe partial class TreeOwnership
{
    private const int AT_SYMLINK_NOFOLLOW = 0x100;

    /// <summary>fchown(2). It drops setuid, setgid and capabilities: those are set after it.</summary>
    public static Errno SetOwner(Fd file, uint uid, uint gid) => Answer(fchown(file.Number, uid, gid));

    /// <summary>fchownat(2).</summary>
    public static Errno SetOwner(Fd at, ReadOnlySpan<byte> name, uint uid, uint gid)
    {
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(name, p, out Errno errno) ? Answer(fchownat(at.Number, p, uid, gid, AT_SYMLINK_NOFOLLOW)) : errno;
    }

    /// <summary>fchmod(2).</summary>
    public static Errno SetMode(Fd file, uint mode) => Answer(fchmod(file.Number, mode));

    /// <summary>fchmodat(2). It would follow a link, so the caller knows that the name is none.</summary>
    public static Errno SetModeOfNoLink(Fd at, ReadOnlySpan<byte> name, uint mode)
    {
        byte* p = stackalloc byte[TreeName.Most];
        return TreeName.Put(name, p, out Errno errno) ? Answer(fchmodat(at.Number, p, mode, 0)) : errno;
    }

    /// <summary>futimens(3): when it was changed, and read.</summary>
    public static Errno SetTime(Fd file, NodeTime modified)
    {
        long* times = stackalloc long[4];
        Fill(times, modified);
        return Answer(futimens(file.Number, times));
    }

    /// <summary>utimensat(2).</summary>
    public static Errno SetTime(Fd at, ReadOnlySpan<byte> name, NodeTime modified)
    {
        byte* p = stackalloc byte[TreeName.Most];
        if (!TreeName.Put(name, p, out Errno errno)) return errno;
        long* times = stackalloc long[4];
        Fill(times, modified);
        return Answer(utimensat(at.Number, p, times, AT_SYMLINK_NOFOLLOW));
    }

    // The time of reading is that of writing: nobody has read it yet, and what is equal gets equal nodes.
    private static void Fill(long* times, NodeTime time)
    {
        times[0] = times[2] = time.Seconds;
        times[1] = times[3] = time.Nanoseconds;
    }

    private static Errno Answer(int result) => result < 0 ? Check.LastErrno : Errno.None;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchown(int fd, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchownat(int directory, byte* name, uint uid, uint gid, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmod(int fd, uint mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fchmodat(int directory, byte* name, uint mode, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int futimens(int fd, long* times);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int utimensat(int directory, byte* name, long* times, int flags);
}
