// What a user may want of a copy, and what he is told of it.
using Berth.Oci.Content;

namespace Berth.Images.Copying;

/// <summary>Which of an index's images are copied.</summary>
public enum WhichImages
{
    /// <summary>The best one for a platform; the copy is that image alone.</summary>
    One,

    /// <summary>All, and the index.</summary>
    All,

    /// <summary>None: only the index, whose images must be there already.</summary>
    IndexOnly,
}

/// <summary>How an image is copied.</summary>
public record CopyOptions
{
    /// <summary>Of an index.</summary>
    public WhichImages Which { get; init; }

    /// <summary>For which machine; null: this one.</summary>
    public Platform? Platform { get; init; }

    /// <summary>In whose words the copy is to be; null: as they are, if the target understands them.</summary>
    public ImageFormat? Format { get; init; }

    /// <summary>How its layers are to be compressed; null: as they are, if the target takes them so.</summary>
    public Compression? Compression { get; init; }

    /// <summary>How layers are to be compressed that come as plain tars; null: not at all.</summary>
    public Compression? PlainCompression { get; init; }

    /// <summary>Level of that compression; null: what is usual.</summary>
    public int? Level { get; init; }

    /// <summary>Rather fail than change anything that a digest names.</summary>
    public bool PreserveDigests { get; init; }

    /// <summary>Layers that are copied at the same time.</summary>
    public int Parallel { get; init; } = 6;

    /// <summary>How often a blob that breaks off is asked for again, from where it broke off.</summary>
    public int Retries { get; init; } = 5;
}

/// <summary>What happens to a blob.</summary>
public enum BlobStage
{
    /// <summary>It is on its way.</summary>
    Moving,

    /// <summary>It was there already.</summary>
    Reused,

    /// <summary>It is there now.</summary>
    Done,
}

/// <summary>A word of how far a copy is.</summary>
/// <param name="Blob">Which blob.</param>
/// <param name="Stage">What happens to it.</param>
/// <param name="Moved">Bytes of it that have come.</param>
public readonly record struct CopyProgress(Descriptor Blob, BlobStage Stage, long Moved);
