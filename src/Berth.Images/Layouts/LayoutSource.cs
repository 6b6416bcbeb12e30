// An image of a layout, whether that is a folder or an archive.
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Layouts;

/// <summary>Reads one.</summary>
/// <param name="place">The layout, for messages.</param>
/// <param name="name">Which image: by its name or digest; null: the only one.</param>
/// <param name="index">Its index.</param>
/// <param name="readSmall">Reads a small file of it.</param>
/// <param name="openBlob">Opens a blob of it.</param>
internal sealed class LayoutSource(string place, string? name, Func<ImageIndex> index, Func<string, long, byte[]> readSmall, Func<Digest, long, Stream> openBlob) : IImageSource
{
    public string Name => name is null ? place : $"{place}:{name}";

    public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct)
    {
        if (!digest.IsEmpty) return Task.FromResult(Read(digest, null));
        IReadOnlyList<Descriptor> manifests = index().Manifests ?? [];
        Descriptor[] named = [.. manifests.Where(entry => name is null || OciLayout.NameOf(entry) == name || entry.Digest.ToString() == name)];
        if (named.Length == 0) throw new BerthException(Fault.NotFound, name is null ? $"{place} is empty" : $"{place} has no image '{name}'", Names(manifests));
        if (name is null && named.Length > 1) throw new BerthException(Fault.InvalidArgument, $"{place} has {named.Length} images, and none was named", Names(manifests));
        return Task.FromResult(Read(named[0].Digest, named[0].MediaType));
    }

    public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct) => Task.FromResult(openBlob(blob.Digest, offset));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private ManifestDocument Read(Digest digest, string? mediaType) =>
        ManifestDocument.Read(readSmall($"blobs/{digest.Algorithm}/{digest.Encoded}", ManifestDocument.MostBytes), mediaType, digest);

    private static string? Names(IReadOnlyList<Descriptor> manifests)
    {
        string[] names = [.. manifests.Select(OciLayout.NameOf).OfType<string>().Take(20)];
        return names.Length == 0 ? null : "it has " + string.Join(", ", names);
    }
}
