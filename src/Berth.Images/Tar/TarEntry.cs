// One member of a tar archive, as the kernel will want it: names are bytes, times have nanoseconds.
using System.Text;

namespace Berth.Images.Tar;

/// <summary>What a member is.</summary>
public enum TarKind
{
    /// <summary>A regular file.</summary>
    File,

    /// <summary>Another name of a member that came before.</summary>
    HardLink,

    /// <summary>A symbolic link.</summary>
    SymbolicLink,

    /// <summary>A character device.</summary>
    CharacterDevice,

    /// <summary>A block device.</summary>
    BlockDevice,

    /// <summary>A directory.</summary>
    Directory,

    /// <summary>A named pipe.</summary>
    Fifo,
}

/// <summary>Seconds since 1970 and nanoseconds in the second.</summary>
/// <param name="Seconds">May be negative.</param>
/// <param name="Nanoseconds">0 to 999,999,999.</param>
public readonly record struct TarTime(long Seconds, int Nanoseconds);

/// <summary>A part of a sparse file that has data.</summary>
/// <param name="Offset">Where it lies in the file.</param>
/// <param name="Length">Bytes of it; they follow one another in the archive.</param>
public readonly record struct SparseRun(long Offset, long Length);

/// <summary>An extended attribute.</summary>
/// <param name="Name">With its namespace: <c>security.capability</c>.</param>
/// <param name="Value">Any bytes.</param>
public readonly record struct TarAttribute(string Name, byte[] Value);

/// <summary>A header with everything that extended headers say of the same member.</summary>
public sealed class TarEntry
{
    /// <summary>The name as it stands there: it may be absolute, climb, or be empty.</summary>
    public byte[] Path { get; set; } = [];

    /// <summary>Where a link leads.</summary>
    public byte[] LinkTarget { get; set; } = [];

    /// <summary>What it is.</summary>
    public TarKind Kind { get; set; }

    /// <summary>Permissions with setuid, setgid and sticky: twelve bits.</summary>
    public uint Mode { get; set; }

    /// <summary>Owner.</summary>
    public uint Uid { get; set; }

    /// <summary>Group.</summary>
    public uint Gid { get; set; }

    /// <summary>Name of the owner, for archives only.</summary>
    public string UserName { get; set; } = "";

    /// <summary>Name of the group, for archives only.</summary>
    public string GroupName { get; set; } = "";

    /// <summary>Bytes of the file when it is unpacked.</summary>
    public long Size { get; set; }

    /// <summary>Bytes of data that follow in the archive; less than <see cref="Size"/> for a sparse file.</summary>
    public long StoredSize { get; set; }

    /// <summary>When it was changed.</summary>
    public TarTime Modified { get; set; }

    /// <summary>When it was read, if that was recorded.</summary>
    public TarTime? Accessed { get; set; }

    /// <summary>Of a device.</summary>
    public uint DeviceMajor { get; set; }

    /// <summary>Of a device.</summary>
    public uint DeviceMinor { get; set; }

    /// <summary>The parts with data of a sparse file; null for any other.</summary>
    public IReadOnlyList<SparseRun>? Sparse { get; set; }

    /// <summary>Extended attributes.</summary>
    public IReadOnlyList<TarAttribute> Attributes { get; set; } = [];

    /// <summary>The name for messages: what is no UTF-8 is replaced.</summary>
    public string PathText => Encoding.UTF8.GetString(Path);
}
