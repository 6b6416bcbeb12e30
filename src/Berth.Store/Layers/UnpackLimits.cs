// How much one layer may be before it is taken for an attack.
namespace Berth.Store.Layers;

/// <summary>Bounds of one layer. Who unpacks larger ones on purpose raises them.</summary>
public sealed record UnpackLimits
{
    /// <summary>Bytes of file content in all.</summary>
    public long Bytes { get; init; } = 512L << 30;

    /// <summary>Bytes of one file; holes count.</summary>
    public long FileBytes { get; init; } = 4L << 40;

    /// <summary>Nodes in all, and directories that had to be made because nothing describes them.</summary>
    public long Entries { get; init; } = 8_000_000;

    /// <summary>Bytes of a path or of a link's target; the kernel takes 4095.</summary>
    public int PathLength { get; init; } = 4095;

    /// <summary>How many times larger than the blob the layer may be. gzip reaches 1030 with zeroes, file systems reach 2 to 5.</summary>
    public long Ratio { get; init; } = 250;

    /// <summary>Up to here nobody asks for the ratio.</summary>
    public long RatioFreeBytes { get; init; } = 1L << 30;

    /// <summary>Bytes of extended attributes in all.</summary>
    public long AttributeBytes { get; init; } = 256L << 20;
}
