// What is to be copied, from where, to where, and how.
using Berth.Images.Copying;
using Berth.Oci.Content;

namespace Berth.Engine.Images;

/// <summary>How an image is moved: as a copy is, and how often the whole of it is tried.</summary>
public record TransferOptions : CopyOptions
{
    /// <summary>How often the whole is begun again when it fails for a reason that may pass; requests and blobs are repeated by themselves before that.</summary>
    public int WholeRetries { get; init; }

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
