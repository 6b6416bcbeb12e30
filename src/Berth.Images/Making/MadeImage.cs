// An image that is made here: a configuration, layers of another image, new layers. It is copied like any other.
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Making;

/// <summary>A new image as the source of a copy.</summary>
public sealed class MadeImage : IImageSource
{
    private readonly ManifestDocument _manifest;
    private readonly byte[] _config;
    private readonly Digest _configDigest;
    private readonly IReadOnlyList<LayerFile> _layers;
    private readonly IImageSource? _below;

    /// <summary>From its parts.</summary>
    /// <param name="name">For messages.</param>
    /// <param name="config">Its configuration, whose layers and history are as they are to be.</param>
    /// <param name="below">The blobs of the layers that come from another image, the lowest first.</param>
    /// <param name="from">Where these are had; it is disposed with this.</param>
    /// <param name="layers">The new layers above them; they are not disposed with this.</param>
    /// <param name="format">In whose words it is written.</param>
    public MadeImage(string name, ImageConfig config, IReadOnlyList<Descriptor> below, IImageSource? from, IReadOnlyList<LayerFile> layers, ImageFormat format)
    {
        (Name, _below, _layers) = (name, from, layers);
        _config = ImageJson.Bytes(config);
        _configDigest = Digest.Of(_config);
        bool docker = format == ImageFormat.Docker;
        _manifest = ManifestDocument.Of(new ImageManifest
        {
            MediaType = docker ? MediaType.DockerManifest : MediaType.Manifest,
            Config = new Descriptor { MediaType = docker ? MediaType.DockerConfig : MediaType.Config, Digest = _configDigest, Size = _config.Length },
            Layers = [.. below.Select(blob => blob with { MediaType = MediaType.LayerOf(MediaType.CompressionOf(blob.MediaType), format) }), .. layers.Select(static layer => layer.Blob)],
        });
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct) =>
        digest.IsEmpty || digest == _manifest.Digest ? Task.FromResult(_manifest) : throw new BerthException(Fault.NotFound, $"{Name} has no manifest {digest}");

    /// <inheritdoc/>
    public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        if (blob.Digest == _configDigest) return Task.FromResult<Stream>(new MemoryStream(_config, (int)offset, _config.Length - (int)offset, writable: false));
        foreach (LayerFile layer in _layers)
        {
            if (layer.Blob.Digest == blob.Digest) return Task.FromResult(layer.Open(offset));
        }
        return _below?.OpenBlobAsync(blob, offset, ct) ?? throw new BerthException(Fault.NotFound, $"{Name} has no blob {blob.Digest}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _below?.DisposeAsync() ?? ValueTask.CompletedTask;
}
