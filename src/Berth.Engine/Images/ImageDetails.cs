// What an image says of itself, wherever it is: read without bringing its layers here.
using System.Text.Json;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Images;

/// <summary>The documents of one image.</summary>
public sealed record ImageDetails
{
    /// <summary>Where it was read, as its user would write it.</summary>
    public required string Place { get; init; }

    /// <summary>What the name leads to: an image, or an index of several.</summary>
    public required ManifestDocument Named { get; init; }

    /// <summary>The image that was chosen from it; null where the whole was asked for.</summary>
    public ManifestDocument? Manifest { get; init; }

    /// <summary>The bytes of its configuration; empty where it has none.</summary>
    public ReadOnlyMemory<byte> ConfigBytes { get; init; }

    /// <summary>What these say, if it is an image that can be run.</summary>
    public ImageConfig? Config { get; init; }

    /// <summary>Reads the documents of one.</summary>
    internal static async Task<ImageDetails> ReadAsync(IImageSource source, Platform? platform, CancellationToken ct)
    {
        ManifestDocument named = await source.ReadManifestAsync(default, ct).ConfigureAwait(false);
        ManifestDocument manifest = named;
        for (int depth = 0; manifest.Index is { } index; depth++)
        {
            if (depth > 4) throw new BerthException(Fault.InvalidArgument, $"{source.Name} is an index of indexes");
            Platform wanted = platform ?? Platform.Host;
            Descriptor chosen = index.Choose(wanted) ?? throw new BerthException(Fault.NotFound, $"{source.Name} has no image for {wanted}");
            manifest = await source.ReadManifestAsync(chosen.Digest, ct).ConfigureAwait(false);
        }
        if (manifest.Manifest?.Config is not { } described) return new ImageDetails { Place = source.Name, Named = named, Manifest = manifest };
        byte[] bytes = await ReadBlobAsync(source, described, ct).ConfigureAwait(false);
        return new ImageDetails { Place = source.Name, Named = named, Manifest = manifest, ConfigBytes = bytes, Config = MediaType.IsImageConfig(described.MediaType) ? Parse(source.Name, bytes) : null };
    }

    /// <summary>Reads a small blob, and believes nothing but its digest.</summary>
    internal static async Task<byte[]> ReadBlobAsync(IImageSource source, Descriptor blob, CancellationToken ct)
    {
        if (blob.Size > ImageCopier.MostConfig) throw new BerthException(Fault.InvalidArgument, $"the blob {blob.Digest} of {source.Name} has {blob.Size} bytes; the most is {ImageCopier.MostConfig}");
        byte[] bytes = new byte[blob.Size];
        Stream stream = await source.OpenBlobAsync(blob, 0, ct).ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            int n = await stream.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, ct).ConfigureAwait(false);
            if (n == bytes.Length && blob.Digest.Matches(bytes)) return bytes;
        }
        throw new BerthException(Fault.InvalidArgument, $"the blob {blob.Digest} of {source.Name} has another content");
    }

    private static ImageConfig Parse(string place, byte[] bytes)
    {
        try { return JsonSerializer.Deserialize(bytes, ImageJson.Plain.ImageConfig) ?? throw new JsonException(); }
        catch (JsonException e) { throw new BerthException(Fault.InvalidArgument, $"the configuration of {place} cannot be read", inner: e); }
    }
}
