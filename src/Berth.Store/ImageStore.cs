// The store: images by name, content by digest, layers unpacked, and nothing kept that nobody needs.
using System.Text.Json;
using Berth.Images.Copying;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;
using Berth.Store.Content;
using Berth.Store.Copying;
using Berth.Store.Garbage;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;
using Berth.Store.Snapshots;
using Berth.Store.Trees;

namespace Berth.Store;

/// <summary>
/// A store in a folder. Any number of processes use one at the same time, and any of them may be killed: what is seen is whole, and
/// what was left is tidied up by the next one. For several threads.
/// </summary>
public sealed class ImageStore
{
    private const int FormatVersion = 1;

    private readonly StorePlaces _places;
    private readonly StoreOptions _options;
    private readonly UnpackOptions _unpack;
    private readonly BlobStore _blobs;

    private ImageStore(StoreOptions options)
    {
        _options = options;
        _places = new StorePlaces(options.Root);
        _blobs = new BlobStore(_places);
        _unpack = new UnpackOptions { Limits = options.Limits, UserAttributes = options.UserAttributes, UserNamespace = options.UserAttributes, KeepOwners = Linux.Processes.Self.UserId == 0 };
        Snapshots = new SnapshotStore(_places, _unpack, options.UseCopies, options.Clock);
    }

    /// <summary>Its folder.</summary>
    public string Root => _places.Root;

    /// <summary>Root file systems over its images.</summary>
    public SnapshotStore Snapshots { get; }

    /// <summary>Opens a store, makes it if it is not there, and tidies up what a killed command left.</summary>
    /// <exception cref="BerthException">Denied; Unsupported: it was made by a later version, or for another kind of user.</exception>
    public static ImageStore Open(StoreOptions options)
    {
        ImageStore store = new(options);
        store._places.Make();
        store.CheckVersion();
        store.LookAtWhatMayBeLost();
        new Recovery(store._places, options.Clock).Run();
        return store;
    }

    /// <summary>Opens a store to look at it: nothing is made and nothing tidied up. One that is not there is empty.</summary>
    public static ImageStore OpenToRead(StoreOptions options) => new(options);

    /// <summary>All images, in the order in which they came.</summary>
    public IReadOnlyList<StoredImage> List() => new ImageList(_places).Read();

    /// <summary>An image by a name, a digest, or the beginning of its id.</summary>
    /// <exception cref="BerthException">NotFound. Conflict: several begin so.</exception>
    public StoredImage Find(string nameOrId) => Finding.Find(List(), nameOrId, Root);

    /// <summary>The image of this name, or null.</summary>
    public StoredImage? TryFind(ImageReference reference) => Finding.ByName(List(), reference);

    /// <summary>The manifest of an image.</summary>
    public ManifestDocument ReadManifest(StoredImage image) => ManifestDocument.Read(_blobs.Read(image.Manifest.Digest, ManifestDocument.MostBytes), image.Manifest.MediaType, image.Manifest.Digest);

    /// <summary>The bytes of the configuration of an image, or of what an artifact has in its place.</summary>
    public ReadOnlyMemory<byte> ReadConfigBytes(StoredImage image) => image.Config.IsEmpty ? "{}"u8.ToArray() : _blobs.Read(image.Config, ImageCopier.MostConfig);

    /// <summary>The configuration of an image; of an artifact an empty one.</summary>
    /// <exception cref="BerthException">WrongState: it is damaged.</exception>
    public ImageConfig ReadConfig(StoredImage image)
    {
        if (image.Config != image.Id) return new ImageConfig();
        try { return JsonSerializer.Deserialize(ReadConfigBytes(image).Span, ImageJson.Plain.ImageConfig) ?? new ImageConfig(); }
        catch (JsonException e) { throw new BerthException(Fault.WrongState, $"the configuration {image.Id} cannot be read", inner: e); }
    }

    /// <summary>An image as the source of a copy. All of it stays until the source is disposed.</summary>
    public IImageSource Source(StoredImage image)
    {
        using Fd held = _places.Lock();
        return new StoreSource(image, _places, Lease.Take(_places, LeaseKind.Using, Holdings.Of(image)));
    }

    /// <summary>The store as the target of a copy.</summary>
    /// <param name="name">What the image will be called; null: nothing.</param>
    /// <param name="isFromRegistry">Whether it comes from where its name says, so that it is known by its digest there.</param>
    public StoreTarget Target(ImageReference? name, bool isFromRegistry) => new(_places, name, _unpack, _options.Clock) { IsFromRegistry = isFromRegistry };

    /// <summary>Gives an image one more name; another image that has it loses it.</summary>
    /// <exception cref="BerthException">NotFound: the image is gone. InvalidArgument: a name with a digest.</exception>
    public StoredImage Tag(StoredImage image, ImageReference name)
    {
        if (!name.Digest.IsEmpty) throw new BerthException(Fault.InvalidArgument, $"'{name.Familiar}' has a digest: what it names cannot be chosen", "give a name with a tag");
        using Fd held = _places.Lock();
        return new Naming(_places).Tag(image.Id, name.WithDefaultTag(), held) ?? throw Gone(image);
    }

    /// <summary>A registry knows the image by this digest now.</summary>
    public void AddRepoDigest(StoredImage image, ImageReference name, Digest digest)
    {
        using Fd held = _places.Lock();
        new Naming(_places).Change(image.Id, found => found with { RepoDigests = Naming.With(found.RepoDigests, $"{name.Name}@{digest}") }, held);
    }

    /// <summary>Whether policies leave it alone.</summary>
    /// <exception cref="BerthException">NotFound: it is gone.</exception>
    public void Pin(StoredImage image, bool pinned)
    {
        using Fd held = _places.Lock();
        if (!new Naming(_places).Change(image.Id, found => found with { IsPinned = pinned }, held)) throw Gone(image);
    }

    /// <summary>Takes one name away, and leaves the image as it is.</summary>
    /// <exception cref="BerthException">NotFound: no image is called so.</exception>
    public RemovalReport Untag(ImageReference name)
    {
        StoredImage image = TryFind(name) ?? throw new BerthException(Fault.NotFound, $"no image is called '{name.Familiar}' in {Root}") { Code = FaultCode.ImageUnknown, Subjects = [name.Familiar] };
        using Fd held = _places.Lock();
        if (!new Naming(_places).Change(image.Id, found => Without(found, name), held)) throw Gone(image);
        return new RemovalReport { Untagged = [name.WithDefaultTag().ToString()] };
    }

    /// <summary>Takes one name away, and with the last one the image.</summary>
    /// <exception cref="BerthException">NotFound. Conflict: a snapshot stands on it, and it is its last name.</exception>
    public RemovalReport Remove(ImageReference name)
    {
        StoredImage image = TryFind(name) ?? throw new BerthException(Fault.NotFound, $"no image is called '{name.Familiar}' in {Root}") { Code = FaultCode.ImageUnknown, Subjects = [name.Familiar] };
        RemovalReport report = new();
        long bytes = new Sweeper(_places).Remove(Holdings.Of(image), held => new Naming(_places).Change(image.Id, found =>
        {
            StoredImage left = Without(found, name);
            // Decided here: another command may have given or taken names meanwhile.
            bool isLast = left.Names.Count == 0 && (left.RepoDigests.Count == 0 || name.Digest.IsEmpty);
            if (isLast) RefuseUsed(found);
            report = new RemovalReport { Untagged = isLast ? [.. found.Names, .. found.RepoDigests] : [name.WithDefaultTag().ToString()], Deleted = isLast ? [found.Id] : [] };
            return isLast ? null : left;
        }, held));
        return report.Untagged.Count == 0 ? throw Gone(image) : report with { Bytes = bytes };
    }

    /// <summary>Takes an image away with all its names. What other images or snapshots need of it stays.</summary>
    /// <exception cref="BerthException">Conflict: a snapshot stands on it, or it has several names; with force it goes nevertheless.</exception>
    public RemovalReport Remove(StoredImage image, bool force)
    {
        RemovalReport report = new();
        long bytes = new Sweeper(_places).Remove(Holdings.Of(image), held => new Naming(_places).Change(image.Id, found =>
        {
            if (!force) RefuseUsed(found);
            if (!force && found.Names.Count > 1) throw new BerthException(Fault.Conflict, $"cannot remove the image {found.Id.Short}: it has the names {string.Join(", ", found.Names)}", "remove them one by one, or the image by force") { Code = FaultCode.ImageInUse };
            report = new RemovalReport { Untagged = [.. found.Names, .. found.RepoDigests], Deleted = [found.Id] };
            return null;
        }, held));
        return report.Deleted.Count == 0 ? throw Gone(image) : report with { Bytes = bytes };
    }

    /// <summary>Makes an image of what was written in a snapshot.</summary>
    /// <param name="snapshot">Its name.</param>
    /// <param name="name">What the image will be called; null: nothing.</param>
    /// <param name="options">What it says of itself.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="BerthException">NotFound. WrongState: the image below is gone.</exception>
    public async Task<StoredImage> CommitAsync(string snapshot, ImageReference? name, CommitOptions options, CancellationToken ct)
    {
        SnapshotRecord record = Snapshots.Stat(snapshot);
        StoredImage? below = record.Image.IsEmpty ? null : List().FirstOrDefault(image => image.Id == record.Image)
            ?? throw new BerthException(Fault.WrongState, $"cannot commit the snapshot {snapshot}: the image {record.Image.Short} that it stands on is not in {Root} any more", "pull that image again");
        await using StoreTarget target = Target(name, isFromRegistry: false);
        return await new Committing(_places, Snapshots, _options.UserAttributes, _options.Clock)
            .RunAsync(record, below is null ? null : (below, ReadConfig(below), Source(below)), target, options, ct).ConfigureAwait(false);
    }

    /// <summary>Counts bytes.</summary>
    public StoreUsage Measure(CancellationToken ct) => new Measuring(_places).Run(ct);

    /// <summary>Takes away what a policy lets go; or, of a dry run, tells it.</summary>
    public PruneReport Prune(PrunePolicy policy, bool dryRun, CancellationToken ct) => new Pruning(_places, _options.Clock).Run(policy, dryRun, ct);

    /// <summary>What the store lets go by itself, whenever an image has come; null: nothing.</summary>
    public StorePolicy? Policy => StorePolicy.TryRead(_places);

    /// <summary>Changes that; one that says nothing takes it away.</summary>
    public void SetPolicy(StorePolicy policy)
    {
        using Fd held = _places.Lock();
        policy.Write(_places, held);
    }

    /// <summary>What that would let go now.</summary>
    public PruneReport TellPolicy(StorePolicy policy, CancellationToken ct) => new Pruning(_places, _options.Clock).Apply(policy, default, dryRun: true, ct);

    /// <summary>Looks through everything, and mends it if that is wanted.</summary>
    public Task<CheckReport> CheckAsync(CheckOptions options, CancellationToken ct) => new Checking(_places, new Rebuilding(_places, _unpack), options).RunAsync(ct);

    /// <summary>The folder with the files of a layer, unpacked as an overlay's lower; null: it holds none.</summary>
    public string? FilesOf(StoredLayer layer) => layer.Tree.Length == 0 ? null : new TreeStore(_places).FilesOf(layer.Tree);

    private void RefuseUsed(StoredImage image)
    {
        if (SnapshotRecord.ReadAll(_places).Find(snapshot => snapshot.Image == image.Id) is { } user) throw new BerthException(Fault.Conflict, $"cannot remove the image {image.Id.Short}: the snapshot {user.Name} stands on it", "remove that first, or remove the image by force: the snapshot keeps its layers") { Code = FaultCode.ImageInUse };
    }

    /// <summary>After a power cut: what came last is compared with its digests, mended, or forgotten so that it is pulled again.</summary>
    private void LookAtWhatMayBeLost()
    {
        Durability durability = new(_places, _options.Clock);
        if (durability.Doubtful() is not { } since) return;
        // What came of images that did not come whole has names, and perhaps no content.
        new Recovery(_places, _options.Clock).Run(TimeSpan.Zero);
        // A little before: the clock of files ticks more slowly.
        CheckOptions look = new() { Repair = true, Force = true, Since = since - TimeSpan.FromSeconds(5) };
        Task.Run(() => CheckAsync(look, CancellationToken.None)).GetAwaiter().GetResult();
        durability.Settled();
    }

    private void CheckVersion()
    {
        // Without mapped ids all files belong to one user: such layers are not those of the others.
        string wanted = $"{FormatVersion} {(!_options.UserAttributes ? "root" : _unpack.KeepOwners ? "user" : "flat")}";
        if (KernelFile.TryReadText(_places.Version) is not { } found)
        {
            using Fd held = _places.Lock();
            KernelPath.WriteAtomically(_places.Version, System.Text.Encoding.ASCII.GetBytes(wanted + "\n"), 0x180);
            return;
        }
        if (found == wanted) return;
        string[] parts = found.Split(' ');
        throw new BerthException(Fault.Unsupported, parts[0] == $"{FormatVersion}"
            ? $"the store {Root} was made by {parts[^1] switch { "root" => "root", "user" => "a user with lent ids, as root of his namespace", _ => "a user without lent ids" }}, and cannot be used otherwise"
            : $"the store {Root} has format {parts[0]}; this program knows {FormatVersion}", "name another folder");
    }

    private static StoredImage Without(StoredImage image, ImageReference name)
    {
        if (name.Digest.IsEmpty) return image with { Names = [.. image.Names.Where(other => other != name.WithDefaultTag().ToString())] };
        string plain = (name with { Tag = null }).ToString();
        return image with { RepoDigests = [.. image.RepoDigests.Where(other => other != plain)] };
    }

    private BerthException Gone(StoredImage image) => new(Fault.NotFound, $"the image {image.Id.Short} is not in {Root} any more");
}
