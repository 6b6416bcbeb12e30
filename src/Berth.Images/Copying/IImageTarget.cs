// Where an image can be brought.
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Copying;

/// <summary>What a target can hold.</summary>
public sealed record TargetTraits
{
    /// <summary>The only words that it understands; null: any.</summary>
    public ImageFormat? Format { get; init; }

    /// <summary>The only compression that its layers may have; null: any.</summary>
    public Compression? Compression { get; init; }

    /// <summary>Whether layers stay as they are, however a user would have them compressed.</summary>
    public bool KeepsLayers { get; init; }

    /// <summary>Whether it holds indexes, or one image only.</summary>
    public bool HoldsIndexes { get; init; } = true;
}

/// <summary>
/// A place for one named image. What is put there is seen by nobody before <see cref="CommitAsync"/>, and what was put without it
/// is gone when it is disposed, or is found and used by a later copy. For several threads.
/// </summary>
public interface IImageTarget : IAsyncDisposable
{
    /// <summary>For messages, as its user would write it.</summary>
    string Name { get; }

    /// <summary>What it can hold.</summary>
    TargetTraits Traits { get; }

    /// <summary>An image comes: its blobs follow, in any order and at the same time. Its configuration tells what its layers hold.</summary>
    Task PrepareAsync(ManifestDocument manifest, ReadOnlyMemory<byte> config, CancellationToken ct);

    /// <summary>Whether the blob need not be brought: it is there, or could be had from near it.</summary>
    Task<bool> HasBlobAsync(Descriptor blob, IImageSource source, CancellationToken ct);

    /// <summary>The beginning of a blob that came when it was brought before and broke off; null: nothing of it. The copier reads it before it asks the source for the rest.</summary>
    Task<Stream?> OpenBeginningAsync(Descriptor blob, CancellationToken ct) => Task.FromResult<Stream?>(null);

    /// <summary>Takes a blob, from its first byte on. The stream is verified: it throws before its end if the content is another, and what came of it is of no use then.</summary>
    /// <exception cref="Oci.Faults.BerthException">Unavailable: it may go better when it is put again.</exception>
    Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct);

    /// <summary>Takes a manifest, all of whose blobs and manifests are there.</summary>
    Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct);

    /// <summary>Gives the name to the manifest that was put last.</summary>
    /// <param name="manifest">That manifest.</param>
    /// <param name="named">What the source has under its name: the same, or the index from which it was chosen.</param>
    /// <param name="ct">Ends it.</param>
    Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct);
}
