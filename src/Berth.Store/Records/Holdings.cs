// Names of things that somebody needs, or that nobody needs any more.
using Berth.Oci.Content;

namespace Berth.Store.Records;

/// <summary>Content and trees.</summary>
internal sealed record Holdings(IReadOnlyCollection<Digest> Blobs, IReadOnlyCollection<string> Trees)
{
    public static Holdings None { get; } = new([], []);

    public bool IsEmpty => Blobs.Count == 0 && Trees.Count == 0;

    /// <summary>What an image is made of, as far as its record tells; its configuration beside it.</summary>
    public static Holdings Of(StoredImage image) =>
        new([image.Manifest.Digest, .. image.Config.IsEmpty ? (ReadOnlySpan<Digest>)[] : [image.Config], .. image.Layers.Select(static layer => layer.Blob.Digest)], [.. image.Layers.Select(static layer => layer.Tree).Where(static tree => tree.Length > 0)]);
}
