// Flags of inodes (ioctl_iflags(2)): hints and promises that chattr(1) sets.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>Those that are used here.</summary>
public static unsafe partial class InodeFlags
{
    private const ulong FS_IOC_GETFLAGS = 0x80086601, FS_IOC_SETFLAGS = 0x40086602;
    private const uint FS_TOPDIR_FL = 0x20000;

    /// <summary>
    /// FS_TOPDIR_FL: what lies in this directory has nothing to do with one another, so ext4 lays each new directory in it somewhere else
    /// on the disk.
    /// </summary>
    /// <returns>Why not, or <see cref="Errno.None"/>. File systems without block groups refuse it.</returns>
    public static Errno SetTopDirectory(Fd directory)
    {
        // The kernel reads and writes an int, whatever the request's number says of its size.
        uint flags = 0;
        if (ioctl(directory.Number, FS_IOC_GETFLAGS, &flags) < 0) return Check.LastErrno;
        if ((flags & FS_TOPDIR_FL) != 0) return Errno.None;
        flags |= FS_TOPDIR_FL;
        return ioctl(directory.Number, FS_IOC_SETFLAGS, &flags) < 0 ? Check.LastErrno : Errno.None;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, ulong request, uint* flags);
}
