// The one way in which images move: pull, push, save, load and copy are this, with other ends.
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using Berth.Images.Compressed;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Copying;

/// <summary>Copies an image from a source to a target.</summary>
public sealed class ImageCopier
{
    /// <summary>Bytes of the largest configuration that is read.</summary>
    public const int MostConfig = 8 << 20;

    // An index in an index in an index: nobody makes more than two.
    private const int Deepest = 4;

    private readonly IImageSource _source;
    private readonly IImageTarget _target;
    private readonly CopyOptions _options;
    private readonly IProgress<CopyProgress>? _progress;
    // A layer that two images share is brought once.
    private readonly ConcurrentDictionary<Digest, Lazy<Task<Descriptor>>> _blobs = [];

    private ImageCopier(IImageSource source, IImageTarget target, CopyOptions options, IProgress<CopyProgress>? progress) =>
        (_source, _target, _options, _progress) = (source, target, options, progress);

    /// <summary>Copies.</summary>
    /// <returns>The manifest that the target has under its name now.</returns>
    /// <exception cref="BerthException">The source has no such image, or one that cannot be used; the target does not take it. Nothing is seen of it there.</exception>
    public static async Task<ManifestDocument> CopyAsync(IImageSource source, IImageTarget target, CopyOptions? options = null, IProgress<CopyProgress>? progress = null, CancellationToken ct = default)
    {
        ImageCopier copier = new(source, target, options ?? new CopyOptions(), progress);
        ManifestDocument named = await source.ReadManifestAsync(default, ct).ConfigureAwait(false);
        ManifestDocument manifest = await copier.CopyAsync(named, ct).ConfigureAwait(false);
        await target.CommitAsync(manifest, named, ct).ConfigureAwait(false);
        return manifest;
    }

    private async Task<ManifestDocument> CopyAsync(ManifestDocument top, CancellationToken ct)
    {
        if (top.Index is null) return await CopyImageAsync(top, ct).ConfigureAwait(false);
        if (_options.Which == WhichImages.One) return await CopyImageAsync(await ChooseAsync(top, 0, ct).ConfigureAwait(false), ct).ConfigureAwait(false);
        if (!_target.Traits.HoldsIndexes) throw new BerthException(Fault.Unsupported, $"{_target.Name} holds one image, and {_source.Name} is several", "choose one by its platform, or copy to another kind of place");
        return await CopyIndexAsync(top, 0, ct).ConfigureAwait(false);
    }

    private async Task<ManifestDocument> ChooseAsync(ManifestDocument index, int depth, CancellationToken ct)
    {
        Platform platform = _options.Platform ?? Platform.Host;
        Descriptor chosen = index.Index!.Choose(platform) ?? throw new BerthException(Fault.NotFound, $"{_source.Name} has no image for {platform}", Offers(index.Index));
        ManifestDocument manifest = await _source.ReadManifestAsync(chosen.Digest, ct).ConfigureAwait(false);
        if (manifest.Index is null) return manifest;
        return depth < Deepest ? await ChooseAsync(manifest, depth + 1, ct).ConfigureAwait(false) : throw TooDeep();
    }

    private async Task<ManifestDocument> CopyIndexAsync(ManifestDocument index, int depth, CancellationToken ct)
    {
        if (depth > Deepest) throw TooDeep();
        List<Descriptor> copied = [];
        bool changed = false;
        foreach (Descriptor entry in index.Index!.Manifests ?? [])
        {
            Descriptor there = entry;
            if (_options.Which == WhichImages.All)
            {
                ManifestDocument manifest = await _source.ReadManifestAsync(entry.Digest, ct).ConfigureAwait(false);
                ManifestDocument copy = manifest.Index is null ? await CopyImageAsync(manifest, ct).ConfigureAwait(false) : await CopyIndexAsync(manifest, depth + 1, ct).ConfigureAwait(false);
                if (copy.Digest != manifest.Digest) there = entry with { MediaType = copy.MediaType, Digest = copy.Digest, Size = copy.Bytes.Length };
            }
            changed |= there != entry;
            copied.Add(there);
        }
        ImageFormat format = FormatOf(index);
        if (changed || format != index.Format)
        {
            RefuseChange("the index would have to change");
            index = ManifestDocument.Of(index.Index with { MediaType = format == ImageFormat.Docker ? MediaType.DockerList : MediaType.Index, Manifests = copied });
        }
        await _target.PutManifestAsync(index, ct).ConfigureAwait(false);
        return index;
    }

    private async Task<ManifestDocument> CopyImageAsync(ManifestDocument document, CancellationToken ct)
    {
        if (document.Manifest is not { } manifest) throw new BerthException(Fault.Unsupported, $"{_source.Name} is in Docker's first schema, which is not read any more", "have it pushed again by a client of 2017 or later");
        ReadOnlyMemory<byte> config = manifest.Config is null ? ReadOnlyMemory<byte>.Empty : await ReadConfigAsync(manifest.Config, ct).ConfigureAwait(false);
        bool isImage = manifest.Config is not null && MediaType.IsImageConfig(manifest.Config.MediaType);
        if (isImage) CheckConfig(manifest, config.Span);
        await _target.PrepareAsync(document, config, ct).ConfigureAwait(false);

        ImageFormat format = FormatOf(document);
        Compression? compression = isImage && !_target.Traits.KeepsLayers ? _target.Traits.Compression ?? _options.Compression : null;
        IReadOnlyList<Descriptor> layers = await CopyLayersAsync(manifest.Layers ?? [], compression, format, ct).ConfigureAwait(false);
        if (manifest.Config is { } named && !await _target.HasBlobAsync(named, _source, ct).ConfigureAwait(false))
        {
            await _target.PutBlobAsync(named, new MemoryStream(config.ToArray(), writable: false), ct).ConfigureAwait(false);
        }
        bool same = format == document.Format && layers.SequenceEqual(manifest.Layers ?? []);
        if (!same)
        {
            RefuseChange(format == document.Format ? "layers would have to be compressed in another way" : $"the manifest would have to be written in {(format == ImageFormat.Oci ? "OCI's" : "Docker's")} words");
            document = Rewritten(manifest, layers, format);
        }
        await _target.PutManifestAsync(document, ct).ConfigureAwait(false);
        return document;
    }

    private static ManifestDocument Rewritten(ImageManifest manifest, IReadOnlyList<Descriptor> layers, ImageFormat format)
    {
        bool docker = format == ImageFormat.Docker;
        Descriptor? config = manifest.Config is { } named && MediaType.IsImageConfig(named.MediaType) ? named with { MediaType = docker ? MediaType.DockerConfig : MediaType.Config } : manifest.Config;
        return ManifestDocument.Of(manifest with
        {
            MediaType = docker ? MediaType.DockerManifest : MediaType.Manifest,
            Config = config,
            Layers = [.. layers.Select(layer => MediaType.IsLayer(layer.MediaType) && !MediaType.IsForeign(layer.MediaType) ? layer with { MediaType = MediaType.LayerOf(MediaType.CompressionOf(layer.MediaType), format) } : layer)],
            // Docker's schema has none.
            Annotations = docker ? null : manifest.Annotations,
        });
    }

    private async Task<IReadOnlyList<Descriptor>> CopyLayersAsync(IReadOnlyList<Descriptor> layers, Compression? compression, ImageFormat format, CancellationToken ct)
    {
        Descriptor[] copied = new Descriptor[layers.Count];
        // In their order: the target may unpack the lowest first.
        await Parallel.ForAsync(0, layers.Count, new ParallelOptions { MaxDegreeOfParallelism = _options.Parallel, CancellationToken = ct }, async (i, token) =>
            copied[i] = await _blobs.GetOrAdd(layers[i].Digest, _ => new Lazy<Task<Descriptor>>(() => CopyLayerAsync(layers[i], compression, format, token))).Value.ConfigureAwait(false)).ConfigureAwait(false);
        // The same blob may have other annotations in another image.
        return [.. layers.Select((layer, i) => copied[i].Digest == layer.Digest ? layer : layer with { MediaType = copied[i].MediaType, Digest = copied[i].Digest, Size = copied[i].Size })];
    }

    private async Task<Descriptor> CopyLayerAsync(Descriptor layer, Compression? wanted, ImageFormat format, CancellationToken ct)
    {
        if (wanted is null && !_target.Traits.KeepsLayers && MediaType.CompressionOf(layer.MediaType) == Compression.None) wanted = _options.PlainCompression;
        bool change = wanted is { } compression && MediaType.IsLayer(layer.MediaType) && !MediaType.IsForeign(layer.MediaType) && MediaType.CompressionOf(layer.MediaType) != compression;
        // What may stay at its own place stays there.
        if (MediaType.IsForeign(layer.MediaType) && layer.Urls is { Count: > 0 }) return layer;
        if (change) return await RecompressAsync(layer, wanted!.Value, format, ct).ConfigureAwait(false);
        if (await _target.HasBlobAsync(layer, _source, ct).ConfigureAwait(false))
        {
            _progress?.Report(new CopyProgress(layer, BlobStage.Reused, layer.Size));
            return layer;
        }
        await PutAsync(layer, ct).ConfigureAwait(false);
        _progress?.Report(new CopyProgress(layer, BlobStage.Done, layer.Size));
        return layer;
    }

    /// <summary>Until it is there: a source that breaks off is asked for the rest, and a target that breaks off gets it from the beginning.</summary>
    private async Task PutAsync(Descriptor blob, CancellationToken ct)
    {
        for (int attempt = 0; ; attempt++)
        {
            Stream? beginning = await _target.OpenBeginningAsync(blob, ct).ConfigureAwait(false);
            try
            {
                await using VerifiedStream content = Open(blob, beginning, ct);
                await _target.PutBlobAsync(blob, content, ct).ConfigureAwait(false);
                return;
            }
            // A beginning that is not of this blob is not there the second time.
            catch (BerthException e) when (attempt < _options.Retries && !ct.IsCancellationRequested && (e.Kind == Fault.Unavailable || (e.Kind == Fault.InvalidArgument && attempt == 0 && (beginning is not null || _source.HasSeveralPlaces))))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250 << Math.Min(attempt, 6)), ct).ConfigureAwait(false);
            }
        }
    }

    /// <summary>By way of a file: the digest must be known before the blob is put.</summary>
    private async Task<Descriptor> RecompressAsync(Descriptor layer, Compression compression, ImageFormat format, CancellationToken ct)
    {
        RefuseChange("layers would have to be compressed in another way");
        string path = Path.Combine(Path.GetTempPath(), $"berth-layer-{Guid.NewGuid():N}");
        await using FileStream spool = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite, Options = FileOptions.DeleteOnClose });
        await Task.Run(() =>
        {
            using VerifiedStream content = Open(layer, null, ct);
            using Stream tar = LayerCompression.Open(content);
            using Stream packed = LayerCompression.Create(spool, compression, _options.Level);
            tar.CopyTo(packed);
            // The end of the tar is not always that of the blob.
            content.CopyTo(Stream.Null);
        }, ct).ConfigureAwait(false);
        spool.Position = 0;
        Digest digest = Digest.From(Digest.Sha256, await SHA256.HashDataAsync(spool, ct).ConfigureAwait(false));
        Descriptor made = layer with { MediaType = MediaType.LayerOf(compression, format), Digest = digest, Size = spool.Length };
        if (!await _target.HasBlobAsync(made, _source, ct).ConfigureAwait(false))
        {
            spool.Position = 0;
            await _target.PutBlobAsync(made, spool, ct).ConfigureAwait(false);
        }
        _progress?.Report(new CopyProgress(layer, BlobStage.Done, layer.Size));
        return made;
    }

    private VerifiedStream Open(Descriptor blob, Stream? beginning, CancellationToken ct)
    {
        _progress?.Report(new CopyProgress(blob, BlobStage.Moving, 0));
        return new VerifiedStream(_source, blob, beginning, _options.Retries, moved => _progress?.Report(new CopyProgress(blob, BlobStage.Moving, moved)), ct);
    }

    private async Task<ReadOnlyMemory<byte>> ReadConfigAsync(Descriptor config, CancellationToken ct)
    {
        if (config.Size > MostConfig) throw new BerthException(Fault.InvalidArgument, $"the configuration of {_source.Name} has {config.Size} bytes; the most is {MostConfig}");
        if (config.Data is { } data && config.Digest.Matches(data)) return data;
        await using VerifiedStream stream = new(_source, config, null, _options.Retries, static _ => { }, ct);
        using MemoryStream bytes = new();
        await stream.CopyToAsync(bytes, ct).ConfigureAwait(false);
        return bytes.ToArray();
    }

    /// <summary>What the target would trip over later.</summary>
    private void CheckConfig(ImageManifest manifest, ReadOnlySpan<byte> bytes)
    {
        ImageConfig config;
        try { config = JsonSerializer.Deserialize(bytes, ImageJson.Plain.ImageConfig) ?? throw new JsonException(); }
        catch (JsonException e) { throw new BerthException(Fault.InvalidArgument, $"the configuration of {_source.Name} cannot be read", inner: e); }
        int layers = manifest.Layers?.Count(static layer => MediaType.IsLayer(layer.MediaType)) ?? 0, told = config.RootFs?.DiffIds?.Count ?? 0;
        if (layers != told && layers > 0) throw new BerthException(Fault.InvalidArgument, $"{_source.Name} has {layers} layers, and its configuration tells of {told}");
    }

    private ImageFormat FormatOf(ManifestDocument document) => _target.Traits.Format ?? _options.Format ?? document.Format;

    private void RefuseChange(string change)
    {
        if (_options.PreserveDigests) throw new BerthException(Fault.WrongState, $"{_source.Name} cannot be copied to {_target.Name} with the same digests: {change}");
    }

    private BerthException TooDeep() => new(Fault.InvalidArgument, $"{_source.Name} is an index of indexes more than {Deepest} deep");

    private static string Offers(ImageIndex index)
    {
        string[] offers = [.. (index.Manifests ?? []).Select(static entry => entry.Platform?.ToString()).OfType<string>().Where(static text => !text.StartsWith("unknown", StringComparison.Ordinal)).Distinct().Take(20)];
        return offers.Length == 0 ? "it names no platforms" : "it has " + string.Join(", ", offers);
    }
}
