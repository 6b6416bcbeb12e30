// Which images go by a policy, and why.
using System.Globalization;
using Berth.Oci.Content;
using Berth.Oci.References;
using Berth.Store.Places;
using Berth.Store.Records;

namespace Berth.Store.Garbage;

/// <summary>Prunes.</summary>
internal sealed class Pruning(StorePlaces places, TimeProvider clock)
{
    /// <summary>Takes away what the policy lets go; of a dry run, tells it only.</summary>
    public PruneReport Run(PrunePolicy policy, bool dryRun, CancellationToken ct)
    {
        StoreUsage usage = new Measuring(places).Run(ct);
        List<PrunedItem> items = [];
        long bytes = 0;
        if (policy.Unfinished && usage.Unfinished + usage.UnfinishedBytes > 0)
        {
            long freed = dryRun ? usage.UnfinishedBytes : new Recovery(places, clock).Run(TimeSpan.Zero);
            if (freed > 0) items.Add(new PrunedItem(default, "unfinished", freed, "what has come of images that did not come whole"));
            bytes += freed;
        }
        long held = usage.TotalBytes - bytes, free = new DriveInfo(places.Root).AvailableFreeSpace + bytes;
        Shares shares = new(new ImageList(places).Read(), usage);
        foreach ((StoredImage image, string reason) in Candidates(policy))
        {
            ct.ThrowIfCancellationRequested();
            bool isBounded = policy.KeepStorage is not null || policy.MinFree is not null;
            if (isBounded && held <= (policy.KeepStorage ?? long.MaxValue) && free >= (policy.MinFree ?? 0)) break;
            long expected = shares.Leave(image);
            long freed = expected;
            if (!dryRun)
            {
                bool isGone = false;
                freed = new Sweeper(places).Remove(Holdings.Of(image), lockHeld => new Naming(places).Change(image.Id, found => (isGone = IsAsItWas(image, found)) ? null : found, lockHeld));
                if (!isGone) continue;
            }
            items.Add(new PrunedItem(image.Id, image.Names.Count > 0 ? string.Join(", ", image.Names) : image.RepoDigests.Count > 0 ? image.RepoDigests[0] : image.Id.ToString(), freed, reason));
            (bytes, held, free) = (bytes + freed, held - freed, free + freed);
        }
        return new PruneReport { Items = items, Bytes = bytes };
    }

    /// <summary>Does what a store's own policy says.</summary>
    public PruneReport Apply(StorePolicy policy, Digest except, bool dryRun, CancellationToken ct)
    {
        List<PrunedItem> items = [];
        foreach (PrunePolicy step in policy.Steps(except)) items.AddRange(Run(step, dryRun, ct).Items.Where(item => !items.Exists(other => other.Image == item.Image)));
        return new PruneReport { Items = items, Bytes = items.Sum(static item => item.Bytes) };
    }

    // Erasing takes its time: somebody may have named, pinned or begun to use it since it was chosen.
    private bool IsAsItWas(StoredImage chosen, StoredImage found) =>
        !found.IsPinned && found.Stored == chosen.Stored && found.Names.SequenceEqual(chosen.Names) && !SnapshotRecord.ReadAll(places).Exists(snapshot => snapshot.Image == found.Id);

    private List<(StoredImage Image, string Reason)> Candidates(PrunePolicy policy)
    {
        HashSet<Digest> used = [.. SnapshotRecord.ReadAll(places).Select(static snapshot => snapshot.Image)];
        IReadOnlyList<StoredImage> images = new ImageList(places).Read();
        HashSet<Digest> newest = Newest(images, policy.KeepLast);
        List<(StoredImage, string)> candidates = [];
        foreach (StoredImage image in images.OrderBy(static image => image.Stored))
        {
            if (image.IsPinned || used.Contains(image.Id) || newest.Contains(image.Id)) continue;
            if (!image.IsDangling && !policy.All) continue;
            TimeSpan age = clock.GetUtcNow() - image.Stored;
            if (policy.OlderThan is { } least && age < least) continue;
            if (policy.Filter is { } filter && !filter(image)) continue;
            string reason = image.IsDangling ? "it has no name" : "nothing stands on it";
            if (policy.OlderThan is not null) reason += string.Create(CultureInfo.InvariantCulture, $", and it came {age.TotalHours:0} hours ago");
            candidates.Add((image, reason));
        }
        return candidates;
    }

    private static HashSet<Digest> Newest(IReadOnlyList<StoredImage> images, int count)
    {
        if (count <= 0) return [];
        return [.. images.SelectMany(static image => image.Names.Select(name => (Repository: ImageReference.TryParse(name, out ImageReference? reference) ? reference.Name : name, image)))
            .GroupBy(static pair => pair.Repository)
            .SelectMany(group => group.OrderByDescending(static pair => pair.image.Created ?? pair.image.Stored).Take(count).Select(static pair => pair.image.Id))];
    }

    /// <summary>What becomes free with each image that goes: what others share goes with the last of them.</summary>
    private sealed class Shares
    {
        private readonly Dictionary<string, int> _needs = [];
        private readonly StoreUsage _usage;

        public Shares(IReadOnlyList<StoredImage> images, StoreUsage usage)
        {
            _usage = usage;
            foreach (StoredImage image in images)
            {
                foreach (string part in Measuring.Parts(image)) _needs[part] = _needs.GetValueOrDefault(part) + 1;
            }
        }

        public long Leave(StoredImage image) => Measuring.Parts(image).Where(part => --_needs[part] == 0).Sum(part => _usage.Parts.GetValueOrDefault(part));
    }
}
