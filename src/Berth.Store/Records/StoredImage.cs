// An image of the store, as its record has it.
using Berth.Oci.Content;
using Berth.Oci.References;

namespace Berth.Store.Records;

/// <summary>A layer of an image, and where it is unpacked.</summary>
public sealed record StoredLayer
{
    /// <summary>As it came.</summary>
    public required Descriptor Blob { get; init; }

    /// <summary>Digest of its tar.</summary>
    public required Digest DiffId { get; init; }

    /// <summary>Bytes of the files in it.</summary>
    public long Size { get; init; }

    /// <summary>The unpacked tree's name in the store.</summary>
    internal string Tree { get; init; } = "";
}

/// <summary>An image: what it is never changes, what it is called may.</summary>
public sealed record StoredImage
{
    /// <summary>Digest of its configuration; of an artifact without one, of its manifest.</summary>
    public required Digest Id { get; init; }

    /// <summary>Its manifest.</summary>
    public required Descriptor Manifest { get; init; }

    /// <summary>Digest of its configuration; of an artifact, of what it has in that place, or none.</summary>
    public Digest Config { get; init; }

    /// <summary>Full names with tags: <c>docker.io/library/debian:12</c>.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>Full names with digests, by which registries know it.</summary>
    public IReadOnlyList<string> RepoDigests { get; init; } = [];

    /// <summary>When it was made; null where it does not say.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>When it came here.</summary>
    public DateTimeOffset Stored { get; init; }

    /// <summary>Where it runs.</summary>
    public Platform Platform { get; init; } = new();

    /// <summary>Bytes of the files in all its layers.</summary>
    public long Size { get; init; }

    /// <summary>Whether it stays whatever a policy says.</summary>
    public bool IsPinned { get; init; }

    /// <summary>Its layers, the lowest first.</summary>
    public IReadOnlyList<StoredLayer> Layers => _layers ??= RecordText.ReadLayers(LayerText.Span);

    /// <summary>Whether it has no name.</summary>
    public bool IsDangling => Names.Count == 0;

    /// <summary>The layers as the record has them: a list of a thousand images looks at none of them.</summary>
    internal ReadOnlyMemory<byte> LayerText { get; init; }

    private IReadOnlyList<StoredLayer>? _layers;

    /// <summary>Whether it is called so.</summary>
    public bool IsNamed(ImageReference reference)
    {
        string text = reference.WithDefaultTag().ToString();
        foreach (string name in Names)
        {
            if (name == text) return true;
        }
        if (reference.Digest.IsEmpty) return false;
        // A tag beside a digest says nothing.
        string plain = (reference with { Tag = null }).ToString();
        foreach (string name in RepoDigests)
        {
            if (name == plain) return true;
        }
        return reference.Digest == Manifest.Digest;
    }
}
