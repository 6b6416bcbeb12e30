// What a node is, asked with statx(2) by a name below an open directory or of an open file itself.
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>A time of a file.</summary>
/// <param name="Seconds">Since 1970.</param>
/// <param name="Nanoseconds">In the second.</param>
public readonly record struct NodeTime(long Seconds, int Nanoseconds);

/// <summary>What statx(2) tells.</summary>
public readonly record struct NodeFacts
{
    /// <summary>Type and permission bits.</summary>
    public uint Mode { get; init; }

    /// <summary>Owner.</summary>
    public uint Uid { get; init; }

    /// <summary>Group.</summary>
    public uint Gid { get; init; }

    /// <summary>Names of it.</summary>
    public uint Links { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>Parts of 512 bytes that it takes on the disk.</summary>
    public long Blocks { get; init; }

    /// <summary>Its number on its device.</summary>
    public ulong Inode { get; init; }

    /// <summary>The device it lies on.</summary>
    public DeviceNumber Device { get; init; }

    /// <summary>Of a device node: its own number.</summary>
    public DeviceNumber Number { get; init; }

    /// <summary>When its content was changed.</summary>
    public NodeTime Modified { get; init; }

    /// <summary>When anything of it was changed.</summary>
    public NodeTime Changed { get; init; }

    /// <summary>The type bits of <see cref="Mode"/>: one of <see cref="NodeType"/>.</summary>
    public uint Type => Mode & NodeType.Mask;

    /// <summary>Permissions with setuid, setgid and sticky.</summary>
    public uint Permissions => Mode & 0xFFF;

    /// <summary>A directory.</summary>
    public bool IsDirectory => Type == NodeType.Directory;

    /// <summary>A symbolic link.</summary>
    public bool IsLink => Type == NodeType.Link;

    /// <summary>A regular file.</summary>
    public bool IsFile => Type == NodeType.File;

    /// <summary>A character device 0:0: overlayfs has it for a name that is removed.</summary>
    public bool IsWhiteout => Type == NodeType.CharacterDevice && Number == default;
}

/// <summary>statx(2).</summary>
[SkipLocalsInit]
public static unsafe partial class TreeFacts
{
    private const int AT_SYMLINK_NOFOLLOW = 0x100, AT_EMPTY_PATH = 0x1000;
    private const uint STATX_BASIC_STATS = 0x7FF;

    /// <summary>Of a name, not of what a link leads to.</summary>
    public static Errno Read(Fd at, ReadOnlySpan<byte> name, out NodeFacts facts)
    {
        byte* p = stackalloc byte[TreeName.Most];
        facts = default;
        return TreeName.Put(name, p, out Errno errno) ? Ask(at, p, AT_SYMLINK_NOFOLLOW, out facts) : errno;
    }

    /// <summary>Of an open file.</summary>
    /// <exception cref="LinuxException">It is none.</exception>
    public static NodeFacts Of(Fd file)
    {
        byte empty = 0;
        Errno errno = Ask(file, &empty, AT_EMPTY_PATH, out NodeFacts facts);
        return errno == Errno.None ? facts : throw new LinuxException("statx", $"fd {file.Number}", errno);
    }

    private static Errno Ask(Fd at, byte* name, int flags, out NodeFacts facts)
    {
        byte* s = stackalloc byte[256];
        facts = default;
        if (statx(at.Number, name, flags, STATX_BASIC_STATS, s) < 0) return Check.LastErrno;
        // struct statx is the same on every architecture (linux/stat.h).
        facts = new NodeFacts
        {
            Links = *(uint*)(s + 16), Uid = *(uint*)(s + 20), Gid = *(uint*)(s + 24), Mode = *(ushort*)(s + 28),
            Inode = *(ulong*)(s + 32), Size = *(long*)(s + 40), Blocks = *(long*)(s + 48),
            Changed = new NodeTime(*(long*)(s + 96), *(int*)(s + 104)), Modified = new NodeTime(*(long*)(s + 112), *(int*)(s + 120)),
            Number = new DeviceNumber(*(uint*)(s + 128), *(uint*)(s + 132)), Device = new DeviceNumber(*(uint*)(s + 136), *(uint*)(s + 140)),
        };
        return Errno.None;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int statx(int directory, byte* name, int flags, uint mask, byte* facts);
}
