// Images: what a program can do with them. Every way in which one moves is the same copy.
using Berth.Images.Archives;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Engine.Images;

/// <summary>Images of the local store, of registries, and in files. For several threads.</summary>
public sealed partial class EngineImages
{
    private readonly Ends _ends;

    internal EngineImages(Ends ends) => _ends = ends;

    /// <summary>Copies an image from any place to any other.</summary>
    /// <param name="source">As people write it: <c>docker://quay.io/a/b:c</c>, <c>oci:folder:tag</c>, a name in the local store.</param>
    /// <param name="destination">As people write it.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; InvalidArgument: an image that cannot be used. Nothing is seen of it at the destination.</exception>
    public Task<CopyResult> CopyAsync(string source, string destination, CancellationToken ct = default) =>
        CopyAsync(new CopyRequest { Source = ImagePlace.Parse(source), Destination = ImagePlace.Parse(destination) }, null, ct);

    /// <summary>Copies an image from any place to any other, as it is told.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; InvalidArgument: an image that cannot be used. Nothing is seen of it at the destination.</exception>
    public async Task<CopyResult> CopyAsync(CopyRequest request, IProgress<CopyProgress>? progress, CancellationToken ct = default)
    {
        TimeSpan delay = request.RetryDelay ?? TimeSpan.FromSeconds(1);
        for (int attempt = 0; ; attempt++)
        {
            try { return await CopyOnceAsync(request, progress, ct).ConfigureAwait(false); }
            catch (BerthException e) when (e.Kind is Fault.Unavailable or Fault.TimedOut && attempt < request.WholeRetries)
            {
                await Task.Delay(delay, ct).ConfigureAwait(false);
                if (request.RetryDelay is null) delay *= 2;
            }
        }
    }

    /// <summary>Reads an image's documents, and none of its layers.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; InvalidArgument: it cannot be used.</exception>
    public async Task<ImageDetails> InspectAsync(ImagePlace place, AccessOptions? access = null, Platform? platform = null, CancellationToken ct = default)
    {
        IImageSource source = Open(place, access ?? new AccessOptions());
        await using (source.ConfigureAwait(false)) return await ImageDetails.ReadAsync(source, platform, ct).ConfigureAwait(false);
    }

    /// <summary>Reads the manifest or index that a name leads to, as it is.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; InvalidArgument: it cannot be used.</exception>
    public async Task<ManifestDocument> ReadManifestAsync(ImagePlace place, AccessOptions? access = null, CancellationToken ct = default)
    {
        IImageSource source = Open(place, access ?? new AccessOptions());
        await using (source.ConfigureAwait(false)) return await source.ReadManifestAsync(default, ct).ConfigureAwait(false);
    }

    /// <summary>Names in a repository of a registry, in a layout, or in an archive.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; Unsupported: a place that has none.</exception>
    public async Task<IReadOnlyList<string>> ListTagsAsync(ImagePlace place, AccessOptions? access = null, CancellationToken ct = default)
    {
        switch (place.TransportName)
        {
            case "docker":
                List<string> tags = [];
                await foreach (string tag in _ends.Registry(access ?? new AccessOptions()).TagsAsync(ImageReference.Parse(place.Rest), ct).ConfigureAwait(false)) tags.Add(tag);
                return tags;
            case "docker-archive":
                using (DockerArchive archive = DockerArchive.Open(place.Split().Path)) return [.. archive.Items.SelectMany(static item => item.RepoTags ?? []).Select(static tag => ImageReference.TryParse(tag, out ImageReference? name) ? name.ToString() : tag)];
            case "oci":
                return [.. NamesIn(new OciLayout(place.Split().Path, access?.SharedBlobFolder).ReadIndex())];
            case "oci-archive":
                using (OciArchive archive = OciArchive.Open(place.Split().Path)) return [.. NamesIn(archive.ReadIndex())];
            default:
                throw new BerthException(Fault.Unsupported, $"'{place}' has no list of tags", "tags are listed of docker://, docker-archive:, oci: and oci-archive:");
        }
    }

    /// <summary>Takes an image away from a registry, a layout or the local store.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; Unsupported: the place does not let that be done.</exception>
    public async Task DeleteAsync(ImagePlace place, AccessOptions? access = null, CancellationToken ct = default)
    {
        switch (place.TransportName)
        {
            case "docker":
                await _ends.Registry(access ?? new AccessOptions()).DeleteAsync(ImageReference.Parse(place.Rest), ct).ConfigureAwait(false);
                break;
            case "oci":
                (string path, string? name) = place.Split();
                OciLayout layout = new(path, access?.SharedBlobFolder);
                layout.Remove(name ?? throw new BerthException(Fault.InvalidArgument, $"'{place}' names no image of the layout", "write oci:FOLDER:TAG"));
                // Other layouts may need what is shared.
                if (access?.SharedBlobFolder is null) layout.CollectGarbage();
                break;
            case "berth" or "":
                await RemoveAsync(place.Rest).ConfigureAwait(false);
                break;
            default:
                throw new BerthException(Fault.Unsupported, $"nothing can be deleted from '{place}'", "images are deleted from docker://, oci: and berth:");
        }
    }

    /// <summary>The manifests that say something of an image in a registry: signatures, bills of materials.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; Unsupported: no registry.</exception>
    public Task<IReadOnlyList<Descriptor>> ReferrersAsync(ImagePlace place, string? artifactType = null, AccessOptions? access = null, CancellationToken ct = default) =>
        place.TransportName == "docker" ? _ends.Registry(access ?? new AccessOptions()).ReferrersAsync(ImageReference.Parse(place.Rest), artifactType, ct)
        : throw new BerthException(Fault.Unsupported, $"'{place}' is no registry", "write docker://HOST/NAME");

    private static IEnumerable<string> NamesIn(ImageIndex index) => (index.Manifests ?? []).Select(static entry => entry.Annotations?.GetValueOrDefault(OciLayout.RefName)).OfType<string>().Distinct();

    private IImageSource Open(ImagePlace place, AccessOptions access) => place.Transport.Read!(new Opening(place, access, _ends));

    private async Task<CopyResult> CopyOnceAsync(CopyRequest request, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        Transport to = request.Destination.Transport;
        if (request.AdditionalNames.Count > 0 && !to.TakesNames) throw new BerthException(Fault.InvalidArgument, $"'{request.Destination}' takes one name", "more names are for docker-archive:");
        if (to.Write is null) throw new BerthException(Fault.Unsupported, $"nothing is written to '{request.Destination}'", "that store is podman's: have podman load an archive, or pull from a registry");
        IImageSource source = Open(request.Source, request.SourceAccess);
        await using (source.ConfigureAwait(false))
        {
            IImageTarget target = to.Write(new Opening(request.Destination, request.DestinationAccess, _ends, request.Source.TransportName is "" or "berth" ? _ends.Relatives(request.Source.Rest) : null), request.AdditionalNames);
            await using (target.ConfigureAwait(false))
            {
                ManifestDocument copied = await MoveAsync(source, target, request, progress, ct).ConfigureAwait(false);
                return new CopyResult(copied.Digest, target.Name);
            }
        }
    }

    /// <summary>The copy; what files and connections say when they break is said in our words.</summary>
    private static async Task<ManifestDocument> MoveAsync(IImageSource source, IImageTarget target, CopyOptions options, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        try { return await ImageCopier.CopyAsync(source, target, options, progress, ct).ConfigureAwait(false); }
        catch (IOException e) { throw new BerthException(Fault.Unavailable, $"cannot copy {source.Name} to {target.Name}: {e.Message}", inner: e); }
        catch (UnauthorizedAccessException e) { throw new BerthException(Fault.Denied, $"cannot copy {source.Name} to {target.Name}: {e.Message}", inner: e); }
    }
}
