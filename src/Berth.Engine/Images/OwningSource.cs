// An image of an archive that was opened for it alone.
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Images;

/// <summary>A source with what must be closed behind it.</summary>
internal sealed class OwningSource(IImageSource source, IDisposable owned) : IImageSource
{
    public string Name => source.Name;

    public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct) => source.ReadManifestAsync(digest, ct);

    public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct) => source.OpenBlobAsync(blob, offset, ct);

    public async ValueTask DisposeAsync()
    {
        await source.DisposeAsync().ConfigureAwait(false);
        owned.Dispose();
    }
}
