// An image of podman's store as the source of a copy.
using System.Text.Json;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Store.ContainersStorage;

/// <summary>Reads one. Its manifest names compressed blobs that are not there any more, so another one is made that names the tars.</summary>
internal sealed class PodmanSource : IImageSource
{
    private readonly PodmanStore _store;
    private readonly PodmanImage _image;
    private readonly Dictionary<Digest, PodmanLayer> _layers = [];
    private readonly ManifestDocument _manifest;
    private readonly byte[] _config;

    public PodmanSource(PodmanStore store, PodmanImage image)
    {
        (_store, _image) = (store, image);
        ManifestDocument there = ManifestDocument.Read(store.BigData(image, "manifest", ManifestDocument.MostBytes));
        if (there.Manifest?.Config is not { } config) throw new BerthException(Fault.Unsupported, $"{Name} is a list of images, and these are stored beside it", "copy them one by one, by their ids");
        _config = store.BigData(image, config.Digest.ToString(), ImageCopier.MostConfig);
        IReadOnlyList<Digest> diffs = JsonSerializer.Deserialize(_config, ImageJson.Plain.ImageConfig)?.RootFs?.DiffIds ?? [];
        // Empty layers are left out of the chain at times; those of the configuration are the truth.
        IReadOnlyList<PodmanLayer> layers = store.Layers(image);
        foreach (PodmanLayer layer in layers) _layers[layer.DiffId] = layer;
        if (diffs.FirstOrDefault(diff => !_layers.ContainsKey(diff)) is { IsEmpty: false } missing) throw new BerthException(Fault.NotFound, $"{Name} has no layer {missing}", "podman image inspect shows what it has; pull it there again");
        _manifest = ManifestDocument.Of(there.Manifest with
        {
            Layers = [.. diffs.Select(diff => new Descriptor { MediaType = MediaType.LayerOf(Compression.None, there.Format), Digest = diff, Size = _layers[diff].Size })],
        });
    }

    public string Name => $"containers-storage:[{_store.Root}]{(_image.Names.Count > 0 ? _image.Names[0] : _image.Id)}";

    public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct) =>
        digest.IsEmpty || digest == _manifest.Digest ? Task.FromResult(_manifest) : throw new BerthException(Fault.NotFound, $"{Name} has no manifest {digest}");

    public async Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
    {
        if (blob.Digest == _manifest.Manifest!.Config!.Digest) return new MemoryStream(_config, (int)offset, _config.Length - (int)offset, writable: false);
        if (!_layers.TryGetValue(blob.Digest, out PodmanLayer? layer)) throw new BerthException(Fault.NotFound, $"{Name} has no blob {blob.Digest}");
        TarSplitStream tar = new(_store.Root, layer.Id);
        byte[] skipped = new byte[64 * 1024];
        while (offset > 0)
        {
            int n = await tar.ReadAsync(skipped.AsMemory(0, (int)Math.Min(offset, skipped.Length)), ct).ConfigureAwait(false);
            if (n == 0) break;
            offset -= n;
        }
        return tar;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
