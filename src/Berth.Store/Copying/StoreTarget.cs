// The store as the target of a copy: pull, load, import and commit write it.
using System.Buffers;
using System.Collections.Concurrent;
using System.Text.Json;
using Berth.Images.Copying;
using Berth.Linux;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;
using Berth.Store.Content;
using Berth.Store.Garbage;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;
using Berth.Store.Trees;

namespace Berth.Store.Copying;

/// <summary>Takes one image. Its layers are unpacked while they come. After the copy, <see cref="Image"/> is the image.</summary>
public sealed class StoreTarget : IImageTarget
{
    private readonly StorePlaces _places;
    private readonly ImageReference? _reference;
    private readonly UnpackOptions _options;
    private readonly TimeProvider _clock;
    private readonly BlobStore _blobs;
    private readonly TreeStore _trees;
    // Blobs that are ours to fetch, between being asked for and being there.
    private readonly ConcurrentDictionary<Digest, ComingBlob> _coming = [];
    private Lease? _lease;
    private Expected[] _layers = [];
    private ImageConfig? _config;

    internal StoreTarget(StorePlaces places, ImageReference? reference, UnpackOptions options, TimeProvider clock)
    {
        (_places, _reference, _options, _clock) = (places, reference?.WithDefaultTag(), options, clock);
        (_blobs, _trees) = (new BlobStore(places), new TreeStore(places));
    }

    /// <inheritdoc/>
    public string Name => _reference?.Familiar ?? _places.Root;

    /// <inheritdoc/>
    public TargetTraits Traits { get; } = new() { HoldsIndexes = false, KeepsLayers = true };

    /// <summary>Whether the name is that of a registry, which knows the image by its digest, too.</summary>
    public bool IsFromRegistry { get; init; }

    /// <summary>The image, after the copy.</summary>
    public StoredImage? Image { get; private set; }

    /// <inheritdoc/>
    public Task PrepareAsync(ManifestDocument manifest, ReadOnlyMemory<byte> config, CancellationToken ct)
    {
        IReadOnlyList<Descriptor> blobs = manifest.Manifest!.Layers ?? [];
        bool isImage = manifest.Manifest.Config is { } named && MediaType.IsImageConfig(named.MediaType);
        if (isImage)
        {
            _config = JsonSerializer.Deserialize(config.Span, ImageJson.Plain.ImageConfig);
            IReadOnlyList<Digest> diffs = _config?.RootFs?.DiffIds ?? [], chains = _config?.RootFs?.ChainIds ?? [];
            List<Expected> layers = [];
            foreach (Descriptor blob in blobs)
            {
                if (!MediaType.IsLayer(blob.MediaType)) continue;
                if (MediaType.IsForeign(blob.MediaType) && blob.Urls is { Count: > 0 }) throw new BerthException(Fault.Unsupported, $"{Name} has a layer that its registry may not give away, {blob.Digest}", "images of Windows have such, and do not run here");
                // One that is there twice is brought once.
                layers.Add(layers.Find(layer => layer.Blob.Digest == blob.Digest) ?? new Expected(layers.Count, blob, diffs[layers.Count], chains[layers.Count]));
            }
            _layers = [.. layers];
        }
        List<Digest> relied = [manifest.Digest, .. blobs.Select(static blob => blob.Digest)];
        if (manifest.Manifest.Config is { } one) relied.Add(one.Digest);
        string[] trees = [.. _layers.SelectMany(static layer => TreeStore.NamesOf(layer.DiffId, layer.ChainId))];
        Durability durability = new(_places, _clock);
        durability.Rest();
        // Under the lock: whoever is taking things away has finished, or sees this.
        using Fd held = _places.Lock();
        durability.Begin(held);
        _lease = Lease.Take(_places, LeaseKind.Coming, new Holdings(relied, trees));
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task<bool> HasBlobAsync(Descriptor blob, IImageSource source, CancellationToken ct)
    {
        Expected? layer = LayerOf(blob);
        while (true)
        {
            if (_blobs.Has(blob) && (layer is null || FindTree(layer))) return true;
            // It may borrow from those below. Who waited for them with the lock in hand would wait for another who does the same.
            if (layer is not null && _blobs.Has(blob))
            {
                for (int i = 0; i < layer.Index; i++) await _layers[i].TreeAsync(ct).ConfigureAwait(false);
            }
            if (_blobs.TryFetch(blob.Digest) is { } coming)
            {
                // Between the look and the lock somebody may have brought it.
                if (!_blobs.Has(blob))
                {
                    _coming[blob.Digest] = coming;
                    return false;
                }
                using (coming)
                {
                    if (layer is not null && !FindTree(layer)) await UnpackStoredAsync(layer, blob.Digest, ct).ConfigureAwait(false);
                    coming.Discard();
                    return true;
                }
            }
            // Somebody else is bringing it: his work is ours as well.
            await Task.Delay(TimeSpan.FromMilliseconds(20), ct).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public async Task<Stream?> OpenBeginningAsync(Descriptor blob, CancellationToken ct) => (await HoldAsync(blob, ct).ConfigureAwait(false)).OpenBeginning();

    /// <inheritdoc/>
    public async Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct)
    {
        ComingBlob coming = await HoldAsync(blob, ct).ConfigureAwait(false);
        _coming.TryRemove(blob.Digest, out _);
        using (coming)
        {
            try
            {
                if (LayerOf(blob) is { } layer && !FindTree(layer)) await PutLayerAsync(layer, content, coming, ct).ConfigureAwait(false);
                else await ReceiveAsync(content, coming, null, ct).ConfigureAwait(false);
            }
            // Wrong bytes are not gone on with; those of a connection that broke off are.
            catch (BerthException e) when (e.Kind is Fault.InvalidArgument or Fault.Unsupported)
            {
                coming.Discard();
                throw;
            }
            catch (LinuxException e) when (e.Errno is Errno.ENOSPC or Errno.EDQUOT)
            {
                throw new BerthException(Fault.Exhausted, $"cannot store {Name} in {_places.Root}: {e.Errno.Sentence()}", "berth system prune makes room; what has come is kept for the next attempt", e) { Code = FaultCode.DiskFull };
            }
        }
    }

    /// <inheritdoc/>
    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct)
    {
        if (!_blobs.Has(manifest.Descriptor)) _blobs.Write(manifest.Digest, manifest.Bytes.Span);
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public async Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct)
    {
        IReadOnlyList<Descriptor> blobs = manifest.Manifest!.Layers ?? [];
        List<StoredLayer> layers = [];
        int at = 0;
        foreach (Descriptor blob in blobs)
        {
            if (at < _layers.Length && MediaType.IsLayer(blob.MediaType))
            {
                Expected layer = _layers[at++];
                // A copy that compresses anew brings another blob than was promised.
                if (!FindTree(layer)) await UnpackStoredAsync(layer, blob.Digest, ct).ConfigureAwait(false);
                string tree = layer.Tree!;
                layers.Add(new StoredLayer { Blob = blob, DiffId = layer.DiffId, Tree = tree, Size = _trees.SizeOf(tree) });
            }
            else
            {
                layers.Add(new StoredLayer { Blob = blob, DiffId = blob.Digest, Tree = "" });
            }
        }
        bool isImage = manifest.Manifest.Config is { } config && MediaType.IsImageConfig(config.MediaType);
        StoredImage image = new()
        {
            Id = isImage ? manifest.Manifest.Config!.Digest : manifest.Digest,
            Manifest = manifest.Descriptor,
            Config = manifest.Manifest.Config?.Digest ?? default,
            Created = _config?.CreatedAt,
            Stored = _clock.GetUtcNow(),
            Platform = _config?.Platform ?? new Platform(),
            Size = layers.Sum(static layer => layer.Size),
            LayerText = RecordText.WriteLayers(layers),
        };
        IReadOnlyList<Digest> digests = IsFromRegistry ? named.Digest == manifest.Digest ? [manifest.Digest] : [named.Digest, manifest.Digest] : [];
        Naming naming = new(_places);
        Holdings replaced;
        Lease? going = null;
        using (Fd held = _places.Lock())
        {
            replaced = naming.Replaced(image, digests);
            // Written down before the list is: who is killed in between leaves word of it.
            if (!replaced.IsEmpty) going = Lease.Take(_places, LeaseKind.Going, replaced);
            Image = naming.Add(image, _reference, digests, held);
        }
        new Sweeper(_places).Release(replaced, _lease!.Name);
        going?.End();
        _lease.End();
        _lease = null;
        if (StorePolicy.TryRead(_places) is { } policy) await Task.Run(() => new Pruning(_places, _clock).Apply(policy, Image.Id, dryRun: false, ct), ct).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        foreach (ComingBlob coming in _coming.Values) coming.Dispose();
        _coming.Clear();
        // What came of an image that did not come whole stays for the next attempt.
        _lease?.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<ComingBlob> HoldAsync(Descriptor blob, CancellationToken ct)
    {
        while (true)
        {
            if (_coming.TryGetValue(blob.Digest, out ComingBlob? held)) return held;
            if (_blobs.TryFetch(blob.Digest) is { } coming) _coming[blob.Digest] = coming;
            else await Task.Delay(TimeSpan.FromMilliseconds(20), ct).ConfigureAwait(false);
        }
    }

    private Expected? LayerOf(Descriptor blob)
    {
        foreach (Expected layer in _layers)
        {
            if (layer.Blob.Digest == blob.Digest) return layer;
        }
        return null;
    }

    private bool FindTree(Expected layer)
    {
        if (_trees.Find(layer.DiffId, layer.ChainId) is not { } tree) return false;
        layer.Has(tree);
        return true;
    }

    private async Task PutLayerAsync(Expected layer, Stream content, ComingBlob coming, CancellationToken ct)
    {
        using MakingTree making = _trees.Begin(_lease!);
        await using LayerPipeline pipeline = LayerPipeline.Start(making.Files, layer.DiffId, _options, ct);
        await ReceiveAsync(content, coming, pipeline, ct).ConfigureAwait(false);
        await PlaceAsync(layer, making, await pipeline.CompleteAsync().ConfigureAwait(false), ct).ConfigureAwait(false);
    }

    /// <summary>A blob that is there, and its tree is not: whoever brought it was killed between the two.</summary>
    private async Task UnpackStoredAsync(Expected layer, Digest blob, CancellationToken ct)
    {
        using MakingTree making = _trees.Begin(_lease!);
        await PlaceAsync(layer, making, await new Rebuilding(_places, _options).UnpackAsync(blob, layer.DiffId, making, ct).ConfigureAwait(false), ct).ConfigureAwait(false);
    }

    private async Task ReceiveAsync(Stream content, ComingBlob coming, LayerPipeline? pipeline, CancellationToken ct)
    {
        long at = 0;
        while (true)
        {
            byte[] block = BlockPipe.Rent();
            int length = 0;
            try
            {
                length = await content.ReadAsync(block.AsMemory(0, BlockPipe.BlockSize), ct).ConfigureAwait(false);
                if (length > 0) coming.Write(at, block.AsSpan(0, length));
            }
            finally
            {
                if (length == 0 || pipeline is null) ArrayPool<byte>.Shared.Return(block);
            }
            if (length == 0) break;
            at += length;
            if (pipeline is not null) await pipeline.SendAsync(block, length, ct).ConfigureAwait(false);
        }
        if (pipeline is not null) await pipeline.CompleteAsync().ConfigureAwait(false);
        coming.Place();
    }

    private async Task PlaceAsync(Expected layer, MakingTree making, UnpackedLayer unpacked, CancellationToken ct)
    {
        string tree = TreeStore.DiffName(layer.DiffId);
        if (TreeStore.Needs(unpacked) is { Count: > 0 } needs)
        {
            List<string> below = [];
            for (int i = 0; i < layer.Index; i++) below.Add(await _layers[i].TreeAsync(ct).ConfigureAwait(false));
            // Over an opaque root nothing shows through.
            List<string> lowers = unpacked.HidesLowers ? [] : _trees.Stack(below);
            await Task.Run(() => LayerUnpacker.Complete(making.Files, needs, lowers, _options), ct).ConfigureAwait(false);
            tree = TreeStore.ChainName(layer.ChainId);
        }
        making.Place(tree, unpacked);
        layer.Has(tree);
    }

    /// <summary>A layer that the manifest promises.</summary>
    private sealed class Expected(int index, Descriptor blob, Digest diffId, Digest chainId)
    {
        private readonly TaskCompletionSource<string> _tree = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Index => index;

        public Descriptor Blob => blob;

        public Digest DiffId => diffId;

        public Digest ChainId => chainId;

        /// <summary>Where it is unpacked, once it is.</summary>
        public string? Tree => _tree.Task.IsCompletedSuccessfully ? _tree.Task.Result : null;

        public void Has(string tree) => _tree.TrySetResult(tree);

        public Task<string> TreeAsync(CancellationToken ct) => _tree.Task.WaitAsync(ct);
    }
}
