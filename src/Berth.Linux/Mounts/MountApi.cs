// Whether this kernel, and whatever filters our calls, knows mounts that are made detached.
using Berth.Linux.Programs;

namespace Berth.Linux.Mounts;

/// <summary>The mount calls of Linux 5.2 to 5.12.</summary>
public static unsafe class MountApi
{
    /// <summary>True when fsopen(2) and mount_setattr(2), the last of them, are there. Asked with arguments that fail, so nothing is made.</summary>
    public static bool IsThere => Knows(Syscall.FsOpen, 0) && Knows(Syscall.MountSetAttr, -1);

    private static bool Knows(short number, nint first) =>
        Interpreter.syscall(number, first, 0, 0, 0, 0, 0) >= 0 || (Errno)(*Interpreter.__errno_location()) != Errno.ENOSYS;
}
