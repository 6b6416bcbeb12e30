// What a manifest says of a blob or of another manifest (image-spec, descriptor.md).
using System.Text.Json.Serialization;

namespace Berth.Oci.Content;

/// <summary>Type, digest and size of some content that lies elsewhere.</summary>
public sealed record Descriptor
{
    /// <summary>What it is.</summary>
    public string MediaType { get; init; } = "";

    /// <summary>Its name by its content.</summary>
    public Digest Digest { get; init; }

    /// <summary>Its length in bytes.</summary>
    public long Size { get; init; }

    /// <summary>Other places where it may be had.</summary>
    public IReadOnlyList<string>? Urls { get; init; }

    /// <summary>Whatever somebody wanted to say of it.</summary>
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }

    /// <summary>The content itself, where it is small.</summary>
    public byte[]? Data { get; init; }

    /// <summary>Where the image runs, in an index.</summary>
    public Platform? Platform { get; init; }

    /// <summary>What an artifact is.</summary>
    public string? ArtifactType { get; init; }

    /// <summary>The empty JSON object, with its content (image-spec, manifest.md).</summary>
    [JsonIgnore]
    public static Descriptor EmptyJson => new() { MediaType = Content.MediaType.Empty, Digest = Digest.Of("{}"u8), Size = 2, Data = "{}"u8.ToArray() };
}
