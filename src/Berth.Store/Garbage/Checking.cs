// A look at everything: what is there, whether it is what its name says, and what nobody needs.
using System.Security.Cryptography;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Content;
using Berth.Store.Places;
using Berth.Store.Records;
using Berth.Store.Trees;

namespace Berth.Store.Garbage;

/// <summary>Checks, and mends what it can.</summary>
internal sealed class Checking(StorePlaces places, Rebuilding rebuilding, CheckOptions options)
{
    private readonly List<CheckFinding> _findings = [];
    private readonly BlobStore _blobs = new(places);
    private readonly TreeStore _trees = new(places);
    private readonly Lock _turn = new();
    private int _looked, _lost;

    /// <summary>Looks.</summary>
    public async Task<CheckReport> RunAsync(CancellationToken ct)
    {
        IReadOnlyList<StoredImage> images = [.. ReadImages().Where(image => options.Since is null || image.Stored >= options.Since)];
        HashSet<Digest> bad = await LookAtBlobsAsync(images, ct).ConfigureAwait(false);
        await LookAtTreesAsync(images, bad, ct).ConfigureAwait(false);
        // What lines that cannot be read spoke of is not garbage.
        if (_lost == 0) LookForOrphans();
        if (options.Force) ForgetBroken(images);
        return new CheckReport { Findings = _findings, Looked = _looked };
    }

    private IReadOnlyList<StoredImage> ReadImages()
    {
        try { return new ImageList(places).Read(); }
        catch (BerthException e)
        {
            if (!options.Repair)
            {
                Found("images.jsonl", e.Message, null);
                return [];
            }
            using Fd held = places.Lock();
            IReadOnlyList<StoredImage> readable = new ImageList(places).ReadWhatCanBe(out _lost);
            File.Copy(places.Images, places.Images + ".damaged", overwrite: true);
            new ImageList(places).Write(readable, held);
            Found("images.jsonl", e.Message, $"{_lost} damaged lines were taken out, and are kept in images.jsonl.damaged; {readable.Count} images are left");
            return readable;
        }
    }

    private async Task<HashSet<Digest>> LookAtBlobsAsync(IReadOnlyList<StoredImage> images, CancellationToken ct)
    {
        HashSet<Digest> bad = [];
        Dictionary<Digest, long?> wanted = [];
        foreach (StoredImage image in images)
        {
            wanted[image.Manifest.Digest] = image.Manifest.Size;
            if (!image.Config.IsEmpty) wanted.TryAdd(image.Config, null);
            foreach (StoredLayer layer in image.Layers) wanted[layer.Blob.Digest] = layer.Blob.Size;
        }
        await Parallel.ForEachAsync(wanted, ct, (blob, token) =>
        {
            string? problem = Problem(blob.Key, blob.Value, token);
            if (problem is null) return ValueTask.CompletedTask;
            lock (_turn) bad.Add(blob.Key);
            string? repair = null;
            if (options.Repair && KernelFile.Exists(places.BlobPath(blob.Key)))
            {
                new Sweeper(places).Discard(places.BlobPath(blob.Key));
                repair = $"taken away; pull {NameOf(images, blob.Key)} again to have it back";
            }
            Found($"blob {blob.Key} of {NameOf(images, blob.Key)}", problem, repair);
            return ValueTask.CompletedTask;
        }).ConfigureAwait(false);
        return bad;
    }

    private string? Problem(Digest digest, long? size, CancellationToken ct)
    {
        Interlocked.Increment(ref _looked);
        if (KernelPath.Facts(places.BlobPath(digest)) is not { } facts) return "it is missing";
        if (size is { } wanted && facts.Size != wanted) return $"it has {facts.Size} bytes and should have {wanted}";
        if (options.Quick) return null;
        using IncrementalHash hash = digest.NewHash();
        using Stream file = _blobs.Open(digest);
        byte[] block = BlockPipe.Rent();
        try
        {
            for (int n; (n = file.Read(block)) > 0;)
            {
                ct.ThrowIfCancellationRequested();
                hash.AppendData(block, 0, n);
            }
        }
        finally { System.Buffers.ArrayPool<byte>.Shared.Return(block); }
        Digest found = Digest.From(digest.Algorithm, hash.GetHashAndReset());
        return found == digest ? null : $"its content has the digest {found}";
    }

    private async Task LookAtTreesAsync(IReadOnlyList<StoredImage> images, HashSet<Digest> bad, CancellationToken ct)
    {
        HashSet<string> seen = [];
        foreach (StoredImage image in images)
        {
            for (int i = 0; i < image.Layers.Count; i++)
            {
                StoredLayer layer = image.Layers[i];
                if (layer.Tree.Length == 0 || !seen.Add(layer.Tree)) continue;
                _looked++;
                bool isThere = _trees.Has(layer.Tree), hasBlob = !bad.Contains(layer.Blob.Digest);
                if (isThere && !hasBlob && options.Since is not null)
                {
                    // Both were written in the same seconds, and there is nothing to compare its files with.
                    new Sweeper(places).Discard(places.TreePath(layer.Tree));
                    isThere = false;
                }
                if (isThere && (options.Quick || !hasBlob)) continue;
                if (!isThere && !(options.Repair && hasBlob))
                {
                    Found($"layer {layer.DiffId} of {NameOf(image)}", "its files are missing", null);
                    continue;
                }
                // The blob is what it should be, so what it unpacks to is what should be there.
                bool same, replaced;
                try { (same, replaced) = await rebuilding.CompareAsync(image, i, options.Repair, ct).ConfigureAwait(false); }
                // Its image was removed meanwhile, or the disk is full: the rest is looked at all the same.
                catch (BerthException e)
                {
                    if (e.Kind != Fault.NotFound) Found($"layer {layer.DiffId} of {NameOf(image)}", $"it could not be compared: {e.Message}", null);
                    continue;
                }
                if (!same) Found($"layer {layer.DiffId} of {NameOf(image)}", isThere ? "its files are not those of its blob" : "its files are missing", replaced ? "unpacked anew" : null);
            }
        }
    }

    private void LookForOrphans()
    {
        Holdings orphans;
        using (Fd held = places.Lock())
        {
            Needed needed = Needed.Read(places);
            orphans = new Holdings(
                [.. KernelPath.List(places.Blobs).SelectMany(algorithm => KernelPath.List($"{places.Blobs}/{algorithm}").Select(name => Digest.TryParse($"{algorithm}:{name}", out Digest blob) ? blob : default)).Where(blob => !blob.IsEmpty && !needed.Blobs.Contains(blob))],
                [.. KernelPath.List(places.Trees).SelectMany(kind => KernelPath.List($"{places.Trees}/{kind}").Select(name => $"{kind}/{name}")).Where(tree => !needed.Trees.Contains(tree))]);
        }
        if (!orphans.IsEmpty && options.Repair) new Sweeper(places).Release(orphans);
        foreach (Digest blob in orphans.Blobs) Found($"blob {blob}", "nobody needs it", options.Repair ? "taken away" : null);
        foreach (string tree in orphans.Trees) Found($"tree {tree}", "nobody needs it", options.Repair ? "taken away" : null);
        foreach (string name in KernelPath.List(places.Trash)) Found($"trash/{name}", "it is not erased yet", null);
        foreach (string name in KernelPath.List(places.Making))
        {
            if (!StorePlaces.IsHeld($"{places.Leases}/{name[..Math.Max(0, name.IndexOf('.'))]}")) Found($"making/{name}", "nobody makes it", null);
        }
    }

    private void ForgetBroken(IReadOnlyList<StoredImage> images)
    {
        foreach (StoredImage image in images)
        {
            bool isWhole = _blobs.Has(image.Manifest) && (image.Config.IsEmpty || KernelFile.Exists(places.BlobPath(image.Config))) && image.Layers.All(layer => layer.Tree.Length == 0 ? _blobs.Has(layer.Blob) : _trees.Has(layer.Tree));
            if (isWhole) continue;
            new Sweeper(places).Remove(Holdings.Of(image), held => new Naming(places).Change(image.Id, static _ => null, held));
            Found(NameOf(image), "it cannot be used", "taken out of the list");
        }
    }

    private void Found(string what, string problem, string? repair)
    {
        lock (_turn) _findings.Add(new CheckFinding(what, problem, repair));
    }

    private static string NameOf(StoredImage image) => image.Names.Count > 0 ? image.Names[0] : image.Id.ToString();

    private static string NameOf(IReadOnlyList<StoredImage> images, Digest blob)
    {
        foreach (StoredImage image in images)
        {
            if (image.Manifest.Digest == blob || image.Config == blob || image.Layers.Any(layer => layer.Blob.Digest == blob)) return NameOf(image);
        }
        return "nobody";
    }
}
