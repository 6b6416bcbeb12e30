// An image of the store as the source of a copy: push, save and copy read it.
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;
using Berth.Store.Content;
using Berth.Store.Garbage;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;

namespace Berth.Store.Copying;

/// <summary>Reads. What it reads stays until it is disposed, whatever becomes of the image.</summary>
internal sealed class StoreSource(StoredImage image, StorePlaces places, Lease lease) : IImageSource
{
    private readonly BlobStore _blobs = new(places);

    public string Name => image.Names.Count > 0 ? image.Names[0] : image.Id.ToString();

    public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct) =>
        Task.FromResult(ManifestDocument.Read(_blobs.Read(digest.IsEmpty ? image.Manifest.Digest : digest, ManifestDocument.MostBytes), image.Manifest.MediaType, digest.IsEmpty ? image.Manifest.Digest : digest));

    public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct) => Task.FromResult(_blobs.Open(blob.Digest, offset));

    public ValueTask DisposeAsync()
    {
        // Removed while it was read: then this was the last who needed it.
        if (new ImageList(places).Read().Any(other => other.Id == image.Id)) lease.End();
        else new Sweeper(places).Remove(Holdings.Of(image), _ => lease.End());
        return ValueTask.CompletedTask;
    }
}
