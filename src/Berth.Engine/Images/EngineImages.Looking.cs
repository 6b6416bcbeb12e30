// Looking into images: their layers, and where a file comes from.
using Berth.Engine.Analysis;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Engine.Images;

public sealed partial class EngineImages
{
    /// <summary>Reads what each layer of an image adds, changes and removes. All of it is read; a remote one is fetched for that.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; InvalidArgument: it is no image.</exception>
    public async Task<LayerReport> ReadLayersAsync(ImagePlace place, AccessOptions? access = null, Platform? platform = null, CancellationToken ct = default)
    {
        IImageSource source = Open(place, access ?? new AccessOptions());
        await using (source.ConfigureAwait(false))
        {
            ImageDetails details = await ImageDetails.ReadAsync(source, platform, ct).ConfigureAwait(false);
            return await LayerReport.ReadAsync(source, details.Manifest!, details.Config, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Looks up which layers touch a path.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; InvalidArgument: it is no image.</exception>
    public async Task<BlameReport> BlameAsync(ImagePlace place, string path, AccessOptions? access = null, Platform? platform = null, CancellationToken ct = default)
    {
        IImageSource source = Open(place, access ?? new AccessOptions());
        await using (source.ConfigureAwait(false))
        {
            ImageDetails details = await ImageDetails.ReadAsync(source, platform, ct).ConfigureAwait(false);
            return await BlameReport.ReadAsync(source, details.Manifest!, details.Config, path, ct).ConfigureAwait(false);
        }
    }
}
