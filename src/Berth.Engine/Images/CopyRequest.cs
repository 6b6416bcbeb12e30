// What is to be copied, from where, to where, and how.
using Berth.Oci.Content;

namespace Berth.Engine.Images;

/// <summary>Which images of an index are meant.</summary>
public enum ImageChoice
{
    /// <summary>The best one for the platform.</summary>
    One,

    /// <summary>All, and the index.</summary>
    All,

    /// <summary>The index alone.</summary>
    IndexOnly,
}

/// <summary>How an image is moved.</summary>
public record TransferOptions
{
    /// <summary>Of an index.</summary>
    public ImageChoice Choice { get; init; }

    /// <summary>For which machine; null: this one.</summary>
    public Platform? Platform { get; init; }

    /// <summary>In whose words the copy is to be; null: as it is.</summary>
    public ImageFormat? Format { get; init; }

    /// <summary>How all layers are to be compressed; null: as they are.</summary>
    public Compression? Compression { get; init; }

    /// <summary>How layers are to be compressed that are not yet; null: not at all.</summary>
    public Compression? PlainCompression { get; init; }

    /// <summary>Level of that; null: what is usual.</summary>
    public int? Level { get; init; }

    /// <summary>Rather fail than change what a digest names.</summary>
    public bool PreserveDigests { get; init; }

    /// <summary>Layers at the same time.</summary>
    public int Parallel { get; init; } = 6;

    /// <summary>How often the whole is begun again when it fails for a reason that may pass; requests and blobs are repeated by themselves before that.</summary>
    public int Retries { get; init; }

    /// <summary>Before that; null: a second, and twice as long each time.</summary>
    public TimeSpan? RetryDelay { get; init; }
}

/// <summary>A copy from one place to another.</summary>
public sealed record CopyRequest : TransferOptions
{
    /// <summary>From where.</summary>
    public required ImagePlace Source { get; init; }

    /// <summary>To where.</summary>
    public required ImagePlace Destination { get; init; }

    /// <summary>Registries on that side.</summary>
    public AccessOptions SourceAccess { get; init; } = new();

    /// <summary>Registries on this side.</summary>
    public AccessOptions DestinationAccess { get; init; } = new();

    /// <summary>More names, for archives that hold several.</summary>
    public IReadOnlyList<string> AdditionalNames { get; init; } = [];
}

/// <summary>What a copy came to.</summary>
/// <param name="Digest">Of the manifest that is at the destination now.</param>
/// <param name="Destination">Where.</param>
public sealed record CopyResult(Digest Digest, string Destination);

/// <summary>What happens to a part of an image that moves.</summary>
public enum TransferStage
{
    /// <summary>It is on its way.</summary>
    Moving,

    /// <summary>It was there already.</summary>
    Reused,

    /// <summary>It is there now.</summary>
    Done,
}

/// <summary>A word of how far something is.</summary>
/// <param name="Digest">Which blob.</param>
/// <param name="MediaType">What it is.</param>
/// <param name="Size">Bytes of it in all.</param>
/// <param name="Stage">What happens.</param>
/// <param name="Moved">Bytes of it that have come.</param>
public readonly record struct TransferProgress(Digest Digest, string MediaType, long Size, TransferStage Stage, long Moved);
