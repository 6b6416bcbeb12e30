// A snapshot becomes an image: what was written in it is one more layer.
using System.Globalization;
using Berth.Images.Copying;
using Berth.Images.Making;
using Berth.Images.Tar;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Store.Copying;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;

namespace Berth.Store.Snapshots;

/// <summary>What a committed image says of itself.</summary>
public sealed record CommitOptions
{
    /// <summary>Who made it.</summary>
    public string? Author { get; init; }

    /// <summary>What was done.</summary>
    public string? Comment { get; init; }

    /// <summary>The command or instruction, for the history.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it was made; null: now. Files that are younger get this time as well, so that the same work makes the same image.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>Changes what a container of it starts with.</summary>
    public Func<ContainerConfig, ContainerConfig>? Change { get; init; }

    /// <summary>Users of what was written: first id inside, first id on the disk, how many; null: they are the same. A layer has those inside.</summary>
    public IReadOnlyList<(uint Inside, uint Outside, uint Count)>? Uids { get; init; }

    /// <summary>The same of groups.</summary>
    public IReadOnlyList<(uint Inside, uint Outside, uint Count)>? Gids { get; init; }

    /// <summary>How the new layer is compressed.</summary>
    public Compression Compression { get; init; } = Compression.Gzip;

    /// <summary>In whose words it is written.</summary>
    public ImageFormat Format { get; init; } = ImageFormat.Oci;
}

/// <summary>Commits.</summary>
internal sealed class Committing(StorePlaces places, SnapshotStore snapshots, bool userAttributes, TimeProvider clock)
{
    /// <summary>Makes the image.</summary>
    /// <param name="snapshot">What is committed.</param>
    /// <param name="below">The image that it stands on, its configuration, and where its blobs are had.</param>
    /// <param name="target">Where to.</param>
    /// <param name="options">What it says of itself.</param>
    /// <param name="ct">Ends it.</param>
    public async Task<StoredImage> RunAsync(SnapshotRecord snapshot, (StoredImage Image, ImageConfig Config, IImageSource Source)? below, StoreTarget target, CommitOptions options, CancellationToken ct)
    {
        DateTimeOffset now = options.Created ?? clock.GetUtcNow();
        using Lease lease = Lease.Take(places, LeaseKind.Using, Holdings.None);
        // Named by the lease: if we are killed, it is tidied up.
        string folder = $"{places.Making}/{lease.Name}.{StorePlaces.NewName()}";
        KernelPath.MakeDirectory(folder, 0x1C0);
        try
        {
            PackOptions pack = new() { UserAttributes = userAttributes, Latest = options.Created is { } latest ? new TarTime(latest.ToUnixTimeSeconds(), 0) : null, Ids = IdsOf(options) };
            using LayerFile layer = await Task.Run(() => LayerFile.Make(folder + "/layer", tar => snapshots.Pack(snapshot, folder + "/below", tar, pack, ct), options.Compression, null, options.Format), ct).ConfigureAwait(false);
            await using MadeImage image = new(snapshot.Name, Configure(below?.Config, layer.DiffId, now, options), below is { } there ? [.. there.Image.Layers.Select(static lower => lower.Blob)] : [], below?.Source, [layer], options.Format);
            await ImageCopier.CopyAsync(image, target, ct: ct).ConfigureAwait(false);
            return target.Image ?? throw new BerthException(Fault.Failed, $"the snapshot {snapshot.Name} was not committed");
        }
        finally
        {
            TreeEraser.Erase(folder);
            lease.End();
        }
    }

    private static IdMapping? IdsOf(CommitOptions options) => options.Uids is null || options.Gids is null ? null
        : new IdMapping([.. options.Uids.Select(static range => new IdRange(range.Inside, range.Outside, range.Count))], [.. options.Gids.Select(static range => new IdRange(range.Inside, range.Outside, range.Count))]);

    private static ImageConfig Configure(ImageConfig? below, Digest diffId, DateTimeOffset now, CommitOptions options)
    {
        string created = now.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        below ??= new ImageConfig { Os = Platform.Host.Os, Architecture = Platform.Host.Architecture, Variant = Platform.Host.Variant };
        ContainerConfig config = below.Config ?? new ContainerConfig();
        return below with
        {
            Created = created,
            Author = options.Author ?? below.Author,
            Config = options.Change is { } change ? change(config) : config,
            RootFs = new RootFs { DiffIds = [.. below.RootFs?.DiffIds ?? [], diffId] },
            History = [.. below.History ?? [], new HistoryEntry { Created = created, Author = options.Author, CreatedBy = options.CreatedBy ?? "berth commit", Comment = options.Comment }],
        };
    }
}
