// Images of the local store: found, named, removed, pruned, checked.
using Berth.Images.Copying;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;
using Berth.Store.Garbage;
using Berth.Store.Records;

namespace Berth.Engine.Images;

public sealed partial class EngineImages
{
    /// <summary>The folder of the store.</summary>
    public string Root => _ends.Looked.Root;

    /// <summary>What registries wanted to tell the user so far.</summary>
    public IReadOnlyList<string> Warnings => _ends.Warnings;

    /// <summary>All images, in the order in which they came.</summary>
    public IReadOnlyList<StoredImage> List() => _ends.Looked.List();

    /// <summary>An image by a name, a digest, or the beginning of its id.</summary>
    /// <exception cref="BerthException">NotFound. Conflict: several begin so.</exception>
    public StoredImage Find(string nameOrId) => _ends.Looked.Find(nameOrId.StartsWith("berth:", StringComparison.Ordinal) ? nameOrId[6..] : nameOrId);

    /// <summary>The configuration of an image.</summary>
    /// <exception cref="BerthException">WrongState: it is damaged.</exception>
    public ImageConfig ReadConfig(StoredImage image) => _ends.Looked.ReadConfig(image);

    /// <summary>The bytes of the configuration of an image.</summary>
    public ReadOnlyMemory<byte> ReadConfigBytes(StoredImage image) => _ends.Looked.ReadConfigBytes(image);

    /// <summary>The manifest of an image.</summary>
    /// <exception cref="BerthException">WrongState: it is damaged.</exception>
    public ManifestDocument ReadManifest(StoredImage image) => _ends.Looked.ReadManifest(image);

    /// <summary>Gives an image one more name; another image that has it loses it.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: a name with a digest.</exception>
    public Task<StoredImage> TagAsync(string nameOrId, string name) => Task.Run(() => _ends.Store.Tag(Find(nameOrId), ImageReference.Parse(name)));

    /// <summary>Takes one name away, and leaves the image, even without any.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public Task<RemovalReport> UntagAsync(string name) => Task.Run(() => _ends.Store.Untag(ImageReference.Parse(name)));

    /// <summary>Takes a name away, and with the last one the image; an id, and the image goes with all its names.</summary>
    /// <param name="nameOrId">Which.</param>
    /// <param name="force">Also one with several names, or with snapshots on it.</param>
    /// <exception cref="BerthException">NotFound. Conflict: it is in use.</exception>
    public Task<RemovalReport> RemoveAsync(string nameOrId, bool force = false) => Task.Run(() =>
    {
        StoredImage image = Find(nameOrId);
        ImageReference? name = ImageReference.TryParse(nameOrId, out ImageReference? reference) && image.IsNamed(reference) ? reference : null;
        return name is not null && !(force && image.Names.Count <= 1) ? _ends.Store.Remove(name) : _ends.Store.Remove(image, force);
    });

    /// <summary>Whether policies leave an image alone.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public void Pin(string nameOrId, bool pinned) => _ends.Store.Pin(Find(nameOrId), pinned);

    /// <summary>Counts bytes on the disk.</summary>
    public Task<StoreUsage> MeasureAsync(CancellationToken ct = default) => Task.Run(() => _ends.Looked.Measure(ct), ct);

    /// <summary>Takes away what a policy lets go; or, of a dry run, tells it.</summary>
    public Task<PruneReport> PruneAsync(PrunePolicy policy, bool dryRun = false, CancellationToken ct = default) => Task.Run(() => _ends.Store.Prune(policy, dryRun, ct), ct);

    /// <summary>What the store lets go by itself, whenever an image has come; null: nothing.</summary>
    public StorePolicy? Policy => _ends.Looked.Policy;

    /// <summary>Changes that; one that says nothing takes it away.</summary>
    public void SetPolicy(StorePolicy policy) => _ends.Store.SetPolicy(policy);

    /// <summary>What a policy would let go now, with reasons.</summary>
    public Task<PruneReport> TellPolicyAsync(StorePolicy policy, CancellationToken ct = default) => Task.Run(() => _ends.Looked.TellPolicy(policy, ct), ct);

    /// <summary>Looks through the store, and mends it if that is wanted.</summary>
    public Task<CheckReport> CheckAsync(CheckOptions options, CancellationToken ct = default) => _ends.Store.CheckAsync(options, ct);

    /// <summary>Opens an image, wherever it is, to be read.</summary>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable.</exception>
    public IImageSource OpenSource(ImagePlace place, AccessOptions? access = null) => Open(place, access ?? new AccessOptions());
}
