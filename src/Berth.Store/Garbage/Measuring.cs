// True numbers of bytes: blocks on the disk, counted where they lie.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;

namespace Berth.Store.Garbage;

/// <summary>Measures.</summary>
internal sealed class Measuring(StorePlaces places)
{
    /// <summary>All of it.</summary>
    public StoreUsage Run(CancellationToken ct)
    {
        IReadOnlyList<StoredImage> images = new ImageList(places).Read();
        List<SnapshotRecord> snapshots = SnapshotRecord.ReadAll(places);
        HashSet<Digest> used = [.. snapshots.Select(static snapshot => snapshot.Image)];
        HashSet<string> usedTrees = [.. snapshots.SelectMany(static snapshot => snapshot.Trees)];
        Dictionary<string, long> trees = MeasureAll(Names(places.Trees), places.TreePath, ct);
        Dictionary<string, long> blobs = MeasureAll(Names(places.Blobs), name => $"{places.Blobs}/{name}", ct);
        Dictionary<string, int> needs = [];
        foreach (StoredImage image in images)
        {
            foreach (string part in Parts(image)) needs[part] = needs.GetValueOrDefault(part) + 1;
        }
        long SizeOf(string part) => part.StartsWith("tree:", StringComparison.Ordinal) ? trees.GetValueOrDefault(part[5..]) : blobs.GetValueOrDefault(part);
        Dictionary<Digest, ImageUsage> each = [];
        foreach (StoredImage image in images)
        {
            long unique = 0, shared = 0;
            foreach (string part in Parts(image))
            {
                if (needs[part] == 1) unique += SizeOf(part);
                else shared += SizeOf(part);
            }
            each[image.Id] = new ImageUsage(unique, shared);
        }
        HashSet<string> kept = [.. images.Where(image => used.Contains(image.Id)).SelectMany(Parts), .. usedTrees.Select(static tree => "tree:" + tree)];
        long reclaimable = needs.Keys.Where(part => !kept.Contains(part)).Sum(SizeOf);
        (int unfinished, long unfinishedBytes) = Unfinished([.. needs.Keys], SizeOf);
        return new StoreUsage
        {
            Images = images.Count,
            ImagesInUse = images.Count(image => used.Contains(image.Id)),
            BlobBytes = blobs.Values.Sum(),
            TreeBytes = trees.Values.Sum(),
            ReclaimableBytes = reclaimable,
            Unfinished = unfinished,
            UnfinishedBytes = unfinishedBytes,
            Snapshots = snapshots.Count,
            SnapshotBytes = DiskBytes(places.Snapshots),
            TotalBytes = DiskBytes(places.Root),
            Each = each,
            Parts = needs.Keys.ToDictionary(static part => part, SizeOf),
        };
    }

    /// <summary>Blobs and trees of an image, each once.</summary>
    public static IEnumerable<string> Parts(StoredImage image)
    {
        Holdings holdings = Holdings.Of(image);
        return holdings.Blobs.Select(static blob => $"{blob.Algorithm}/{blob.Encoded}").Concat(holdings.Trees.Select(static tree => "tree:" + tree)).Distinct();
    }

    private (int Count, long Bytes) Unfinished(HashSet<string> needed, Func<string, long> sizeOf)
    {
        int count = 0;
        HashSet<string> parts = [];
        foreach (LeaseRecord lease in Lease.ReadAll(places))
        {
            if (lease.Kind != LeaseKind.Coming) continue;
            count++;
            parts.UnionWith(lease.Holdings.Blobs.Select(static blob => $"{blob.Algorithm}/{blob.Encoded}"));
            parts.UnionWith(lease.Holdings.Trees.Select(static tree => "tree:" + tree));
        }
        parts.ExceptWith(needed);
        return (count, parts.Sum(sizeOf) + BytesIn(places.Coming) + BytesIn(places.Making));
    }

    private static long BytesIn(string folder) => KernelPath.List(folder).Sum(name => DiskBytes($"{folder}/{name}"));

    private static long DiskBytes(string path)
    {
        using Fd? folder = KernelPath.TryOpen(Path.GetDirectoryName(path)!, OpenFlags.Path | OpenFlags.Directory);
        if (folder is null || TreeFacts.Read(folder, Encoding.UTF8.GetBytes(Path.GetFileName(path)), out NodeFacts facts) != Errno.None) return 0;
        return facts.IsDirectory ? TreeMeasure.Measure(path).Bytes : facts.Blocks * 512;
    }

    private static List<string> Names(string folder) => [.. KernelPath.List(folder).SelectMany(kind => KernelPath.List($"{folder}/{kind}").Select(name => $"{kind}/{name}"))];

    private static Dictionary<string, long> MeasureAll(List<string> names, Func<string, string> pathOf, CancellationToken ct)
    {
        long[] bytes = new long[names.Count];
        Parallel.For(0, names.Count, new ParallelOptions { CancellationToken = ct }, i =>
        {
            // One that is taken away at this moment counts for nothing.
            try { bytes[i] = DiskBytes(pathOf(names[i])); }
            catch (Exception e) when (e is BerthException or LinuxException) { bytes[i] = 0; }
        });
        Dictionary<string, long> sizes = [];
        for (int i = 0; i < names.Count; i++) sizes[names[i]] = bytes[i];
        return sizes;
    }
}
