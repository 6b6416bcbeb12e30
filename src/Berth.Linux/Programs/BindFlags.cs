// What bind mounts can carry of their own, in the two languages the kernel has for it: mount(2) and mount_setattr(2).
namespace Berth.Linux.Programs;

/// <summary>Flags of one mount, as opposed to those of its file system.</summary>
public static class BindFlags
{
    /// <summary>The three settings of access times of which a mount has one; none of the first two is the third.</summary>
    public const MountFlags AccessTimes = MountFlags.NoAccessTime | MountFlags.RelativeAccessTime | MountFlags.StrictAccessTime;

    /// <summary>All about access times.</summary>
    public const MountFlags AllTimes = AccessTimes | MountFlags.NoDirectoryAccessTime;

    /// <summary>What the kernel locks in a mount namespace of another user namespace (mount_namespaces(7)).</summary>
    public const MountFlags Lockable = MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec | AllTimes;

    /// <summary>What a mount has of its own besides access times.</summary>
    public const MountFlags Own = MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec | MountFlags.NoSymFollow;

    /// <summary>The attributes of <see cref="Own"/>.</summary>
    public const MountAttributes Changeable = MountAttributes.ReadOnly | MountAttributes.NoSuid | MountAttributes.NoDev | MountAttributes.NoExec | MountAttributes.NoSymFollow;

    /// <summary>As attributes. Strictatime wins over noatime, and without either it is relatime, as in mount(2).</summary>
    public static MountAttributes Attributes(MountFlags flags)
    {
        // The lower four have the same bits in both.
        MountAttributes result = (MountAttributes)(ulong)(flags & (MountFlags.ReadOnly | MountFlags.NoSuid | MountFlags.NoDev | MountFlags.NoExec));
        if ((flags & MountFlags.NoSymFollow) != 0) result |= MountAttributes.NoSymFollow;
        if ((flags & MountFlags.NoDirectoryAccessTime) != 0) result |= MountAttributes.NoDirectoryAccessTime;
        if ((flags & MountFlags.StrictAccessTime) != 0) result |= MountAttributes.StrictAccessTime;
        else if ((flags & MountFlags.NoAccessTime) != 0) result |= MountAttributes.NoAccessTime;
        return result;
    }

    /// <summary>Attributes to clear so that <paramref name="flags"/> and nothing else is set. Access times stay unless one of them is named.</summary>
    public static MountAttributes Others(MountFlags flags)
    {
        MountAttributes result = Changeable & ~Attributes(flags);
        if ((flags & AllTimes) != 0) result |= MountAttributes.AccessTimeMask | MountAttributes.NoDirectoryAccessTime;
        return result;
    }
}
