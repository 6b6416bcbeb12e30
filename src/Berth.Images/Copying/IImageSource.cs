// Where an image can be had.
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Copying;

/// <summary>One named image, or an index of them: a tag in a registry, a layout, an archive, the store. For several threads.</summary>
public interface IImageSource : IAsyncDisposable
{
    /// <summary>For messages, as its user would write it: <c>docker://quay.io/a/b:c</c>.</summary>
    string Name { get; }

    /// <summary>Whether a blob that is opened once more comes from another place, so that one which was wrong may be right then.</summary>
    bool HasSeveralPlaces => false;

    /// <summary>The manifest of this digest; the default digest asks for what the name leads to.</summary>
    /// <exception cref="Oci.Faults.BerthException">NotFound, Denied, Unavailable; InvalidArgument: it is damaged.</exception>
    Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct);

    /// <summary>The content of a blob from an offset on. It is not verified: the copier does that.</summary>
    /// <exception cref="Oci.Faults.BerthException">NotFound, Denied, Unavailable.</exception>
    Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct);
}
