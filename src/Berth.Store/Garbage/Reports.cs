// What a store tells of what it holds and of what it has done.
using Berth.Oci.Content;

namespace Berth.Store.Garbage;

/// <summary>What happened when a name or an image was taken away.</summary>
public sealed record RemovalReport
{
    /// <summary>Names that are gone.</summary>
    public IReadOnlyList<string> Untagged { get; init; } = [];

    /// <summary>Images that are gone.</summary>
    public IReadOnlyList<Digest> Deleted { get; init; } = [];

    /// <summary>Bytes on the disk that are free now.</summary>
    public long Bytes { get; init; }
}

/// <summary>Bytes on the disk, as du(1) counts them.</summary>
public sealed record StoreUsage
{
    /// <summary>Images that there are.</summary>
    public int Images { get; init; }

    /// <summary>Of these, those that a snapshot stands on.</summary>
    public int ImagesInUse { get; init; }

    /// <summary>Bytes of content as it came.</summary>
    public long BlobBytes { get; init; }

    /// <summary>Bytes of unpacked layers.</summary>
    public long TreeBytes { get; init; }

    /// <summary>Bytes that would be free without the images that nothing stands on.</summary>
    public long ReclaimableBytes { get; init; }

    /// <summary>Images that did not come whole, and wait to be gone on with.</summary>
    public int Unfinished { get; init; }

    /// <summary>Bytes of what has come of them.</summary>
    public long UnfinishedBytes { get; init; }

    /// <summary>Snapshots that there are.</summary>
    public int Snapshots { get; init; }

    /// <summary>Bytes that were written in them.</summary>
    public long SnapshotBytes { get; init; }

    /// <summary>Everything in the store's folder.</summary>
    public long TotalBytes { get; init; }

    /// <summary>Of each image: bytes of its own, and of those that it shares with others.</summary>
    public IReadOnlyDictionary<Digest, ImageUsage> Each { get; init; } = new Dictionary<Digest, ImageUsage>();

    /// <summary>Of each blob and tree that images need.</summary>
    internal Dictionary<string, long> Parts { get; init; } = [];
}

/// <summary>Bytes on the disk of one image.</summary>
/// <param name="Unique">Gone with it.</param>
/// <param name="Shared">Other images need them as well.</param>
public readonly record struct ImageUsage(long Unique, long Shared);

/// <summary>Which images a policy lets go. A pinned one, or one that a snapshot stands on, never goes.</summary>
public sealed record PrunePolicy
{
    /// <summary>Images with names, too; without it only those that lost theirs.</summary>
    public bool All { get; init; }

    /// <summary>Only images that came longer ago than this.</summary>
    public TimeSpan? OlderThan { get; init; }

    /// <summary>Only images that this says yes to.</summary>
    public Func<Records.StoredImage, bool>? Filter { get; init; }

    /// <summary>The newest of each repository that stay, whatever else is said.</summary>
    public int KeepLast { get; init; }

    /// <summary>Stop as soon as the store holds no more bytes than this; the oldest go first.</summary>
    public long? KeepStorage { get; init; }

    /// <summary>Stop as soon as so many bytes are free on the disk; the oldest go first.</summary>
    public long? MinFree { get; init; }

    /// <summary>Also what has come of images that did not come whole.</summary>
    public bool Unfinished { get; init; } = true;
}

/// <summary>Something that a policy takes away, or would.</summary>
/// <param name="Image">Which image; none: what has come of some that did not come whole.</param>
/// <param name="Name">What it is called.</param>
/// <param name="Bytes">Bytes on the disk.</param>
/// <param name="Reason">Why.</param>
public sealed record PrunedItem(Digest Image, string Name, long Bytes, string Reason);

/// <summary>What a policy has done, or would do.</summary>
public sealed record PruneReport
{
    /// <summary>What goes.</summary>
    public IReadOnlyList<PrunedItem> Items { get; init; } = [];

    /// <summary>Bytes on the disk.</summary>
    public long Bytes { get; init; }
}

/// <summary>How a store is looked through.</summary>
public sealed record CheckOptions
{
    /// <summary>Only what is there and in its size, not what it contains.</summary>
    public bool Quick { get; init; }

    /// <summary>Mend what can be mended without a registry.</summary>
    public bool Repair { get; init; }

    /// <summary>Take images out of the list that cannot be mended.</summary>
    public bool Force { get; init; }

    /// <summary>Only images that came then or later; null: all.</summary>
    internal DateTimeOffset? Since { get; init; }
}

/// <summary>Something that is wrong.</summary>
/// <param name="What">Which blob, layer, image, or file.</param>
/// <param name="Problem">What is wrong with it.</param>
/// <param name="Repair">What was done, or null: nothing.</param>
public sealed record CheckFinding(string What, string Problem, string? Repair);

/// <summary>What was found.</summary>
public sealed record CheckReport
{
    /// <summary>What is wrong.</summary>
    public IReadOnlyList<CheckFinding> Findings { get; init; } = [];

    /// <summary>Blobs, layers and images that were looked at.</summary>
    public int Looked { get; init; }

    /// <summary>Nothing is wrong, or all of it was mended.</summary>
    public bool IsClean => Findings.All(static finding => finding.Repair is not null);
}
