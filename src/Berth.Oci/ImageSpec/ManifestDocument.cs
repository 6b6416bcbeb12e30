// A manifest as it came: its bytes, which its digest names, and what they say.
using System.Text.Json;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Oci.ImageSpec;

/// <summary>An immutable manifest of either kind. What is not known of its members stays in its bytes.</summary>
public sealed class ManifestDocument
{
    /// <summary>Bytes of the largest manifest that is read.</summary>
    public const int MostBytes = 4 << 20;

    /// <summary>The most layers of an image, and the most images of an index.</summary>
    public const int MostEntries = 4096;

    private ManifestDocument(ReadOnlyMemory<byte> bytes, Digest digest, string mediaType) => (Bytes, Digest, MediaType) = (bytes, digest, mediaType);

    /// <summary>Exactly what was read or written.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Their digest.</summary>
    public Digest Digest { get; }

    /// <summary>What it is.</summary>
    public string MediaType { get; }

    /// <summary>What it says, if it is of one image.</summary>
    public ImageManifest? Manifest { get; private init; }

    /// <summary>What it says, if it is an index.</summary>
    public ImageIndex? Index { get; private init; }

    /// <summary>Whose words it is written in.</summary>
    public ImageFormat Format => MediaType is Content.MediaType.DockerManifest or Content.MediaType.DockerList ? ImageFormat.Docker : ImageFormat.Oci;

    /// <summary>How another manifest would speak of it.</summary>
    public Descriptor Descriptor => new() { MediaType = MediaType, Digest = Digest, Size = Bytes.Length };

    /// <summary>From a record.</summary>
    public static ManifestDocument Of(ImageManifest manifest) => Read(ImageJson.Bytes(manifest), manifest.MediaType);

    /// <summary>From a record.</summary>
    public static ManifestDocument Of(ImageIndex index) => Read(ImageJson.Bytes(index), index.MediaType);

    /// <summary>
    /// Reads one. What it is must be clear: a document that could be taken for two kinds means different images to different
    /// readers (CVE-2021-41190).
    /// </summary>
    /// <param name="bytes">The document. It is not copied.</param>
    /// <param name="declared">The media type that came with it, or null.</param>
    /// <param name="expected">The digest by which it was asked for; the default where none was.</param>
    /// <exception cref="BerthException">InvalidArgument: it is none, or not that one.</exception>
    public static ManifestDocument Read(ReadOnlyMemory<byte> bytes, string? declared = null, Digest expected = default)
    {
        if (bytes.Length > MostBytes) throw Bad($"it has {bytes.Length} bytes; the most is {MostBytes}");
        if (!expected.IsEmpty && !expected.Matches(bytes.Span)) throw new BerthException(Fault.InvalidArgument, $"the manifest {expected} has another content: its digest is {Digest.Of(bytes.Span)}");
        Digest digest = expected.IsEmpty ? Digest.Of(bytes.Span) : expected;
        (string? inside, bool layers, bool manifests, int version) = Look(bytes.Span);
        string? plain = declared?.Split(';')[0].Trim();
        if (version == 1) return new ManifestDocument(bytes, digest, Content.MediaType.DockerSchema1);
        if (layers && manifests) throw Bad("it has layers and manifests, and could be taken for either kind");
        ManifestKind told = Content.MediaType.KindOf(plain), said = Content.MediaType.KindOf(inside);
        if (told != ManifestKind.Unknown && said != ManifestKind.Unknown && told != said) throw Bad($"it came as {plain} and calls itself {inside}");
        string mediaType = said != ManifestKind.Unknown ? inside! : told != ManifestKind.Unknown ? plain! : manifests ? Content.MediaType.Index : Content.MediaType.Manifest;
        ManifestKind kind = Content.MediaType.KindOf(mediaType);
        if (kind == ManifestKind.Index ? layers : manifests) throw Bad($"it is {mediaType} and has {(layers ? "layers" : "manifests")}");
        if (!string.IsNullOrEmpty(inside) && said == ManifestKind.Unknown) throw Bad($"it calls itself '{inside}'");
        try
        {
            if (kind == ManifestKind.Index)
            {
                ImageIndex index = JsonSerializer.Deserialize(bytes.Span, ImageJson.Plain.ImageIndex) ?? throw Bad("it is null");
                Check(index.Manifests, "manifests");
                return new ManifestDocument(bytes, digest, mediaType) { Index = index };
            }
            ImageManifest manifest = JsonSerializer.Deserialize(bytes.Span, ImageJson.Plain.ImageManifest) ?? throw Bad("it is null");
            Check(manifest.Layers, "layers");
            Check(manifest.Config is { } config ? [config] : [], "config");
            return new ManifestDocument(bytes, digest, mediaType) { Manifest = manifest };
        }
        catch (JsonException e)
        {
            throw Bad(Words(e), e);
        }
    }

    private static void Check(IReadOnlyList<Descriptor>? descriptors, string name)
    {
        if (descriptors is null) return;
        if (descriptors.Count > MostEntries) throw Bad($"it has {descriptors.Count} {name}; the most is {MostEntries}");
        foreach (Descriptor descriptor in descriptors)
        {
            if (descriptor is null) throw Bad($"one of its {name} is null");
            if (descriptor.Digest.IsEmpty) throw Bad($"one of its {name} has no digest");
            if (descriptor.Size < 0) throw Bad($"{descriptor.Digest} has the size {descriptor.Size}");
        }
    }

    // The outermost members only, and each once: a second one of the same name would mean another image to another reader.
    private static (string? MediaType, bool Layers, bool Manifests, int Version) Look(ReadOnlySpan<byte> bytes)
    {
        (string? mediaType, bool layers, bool manifests, int version) = (null, false, false, 0);
        HashSet<string> seen = [];
        Utf8JsonReader reader = new(bytes, new JsonReaderOptions { MaxDepth = 32 });
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) throw Bad("it is no JSON object");
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                string name = reader.GetString()!;
                if (!seen.Add(name)) throw Bad($"it has '{(name.Length > 100 ? name[..100] + "…" : name)}' twice");
                reader.Read();
                switch (name)
                {
                    case "mediaType": mediaType = reader.TokenType == JsonTokenType.Null ? null : reader.GetString(); break;
                    case "layers" or "config" or "fsLayers": layers |= reader.TokenType != JsonTokenType.Null; break;
                    case "manifests": manifests = reader.TokenType != JsonTokenType.Null; break;
                    case "schemaVersion": version = reader.GetInt32(); break;
                }
                reader.Skip();
            }
            if (reader.Read()) throw Bad("something stands behind its end");
        }
        catch (JsonException e)
        {
            throw Bad(Words(e), e);
        }
        catch (Exception e) when (e is InvalidOperationException or FormatException)
        {
            throw Bad("a member has another type than it should", e);
        }
        return (mediaType, layers, manifests, version);
    }

    private static string Words(JsonException e) => $"it is not the JSON that it should be at line {e.LineNumber + 1}, byte {e.BytePositionInLine}{(e.Path is null ? "" : $" ({e.Path})")}";

    private static BerthException Bad(string reason, Exception? inner = null) => new(Fault.InvalidArgument, $"the manifest cannot be used: {reason}", inner: inner);
}
