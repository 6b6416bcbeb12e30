// Images between registries and the local store.
using Berth.Distribution;
using Berth.Images.Copying;
using Berth.Oci.Faults;
using Berth.Oci.References;
using Berth.Store.Copying;
using Berth.Store.Records;

namespace Berth.Engine.Images;

public sealed partial class EngineImages
{
    /// <summary>Brings an image here.</summary>
    /// <param name="name">Its name, short or whole, or a place with its transport.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Ends it. What has come stays for the next attempt.</param>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable; InvalidArgument: an image that cannot be used, or a name that could mean several.</exception>
    public async Task<StoredImage> PullAsync(string name, PullOptions? options = null, IProgress<CopyProgress>? progress = null, CancellationToken ct = default)
    {
        options ??= new PullOptions();
        using System.Diagnostics.Activity? activity = Tracing.EngineActivities.Begin($"pull {name}");
        ImagePlace place = ImagePlace.Parse(name);
        if (place.TransportName is not ("" or "docker"))
        {
            return await FetchAsync(() => Open(place, options.Access), null, options, progress, ct).ConfigureAwait(false);
        }
        Registries registries = _ends.Registry(options.Access);
        // What is written with a transport is a whole name.
        IReadOnlyList<ImageReference> candidates = place.TransportName == "docker" ? [ImageReference.Parse(place.Rest)] : Chosen(registries, ImageName.Parse(name), options);
        if (options.Policy != PullPolicy.Always && candidates.Select(_ends.Looked.TryFind).FirstOrDefault(static image => image is not null) is { } there) return there;
        if (options.Policy == PullPolicy.Never) throw new BerthException(Fault.NotFound, $"there is no image '{name}' here, and it was not to be pulled") { Code = FaultCode.ImageUnknown, Subjects = [name] };
        return await FetchFirstAsync(name, registries, candidates, options, progress, ct).ConfigureAwait(false);
    }

    /// <summary>Brings an image of the local store to a registry, or to any other place.</summary>
    /// <param name="name">Its name here.</param>
    /// <param name="destination">Where to; null: where its name says.</param>
    /// <param name="options">How.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="BerthException">NotFound, Denied, Unavailable.</exception>
    public async Task<CopyResult> PushAsync(string name, string? destination = null, PushOptions? options = null, IProgress<CopyProgress>? progress = null, CancellationToken ct = default)
    {
        options ??= new PushOptions();
        StoredImage image = Find(name);
        ImagePlace place = ImagePlace.Parse(destination ?? name);
        // A plain name is one in a registry here, and an id is none.
        if (place.TransportName.Length == 0) place = ImagePlace.Parse($"docker://{NameOf(image, destination ?? name)}");
        CopyResult result = await CopyAsync(new CopyRequest
        {
            Source = ImagePlace.Parse($"berth:{image.Id}"), Destination = place, DestinationAccess = options.Access,
            Format = options.Format, Compression = options.Compression, PlainCompression = options.PlainCompression, Level = options.Level,
            PreserveDigests = options.PreserveDigests, Parallel = options.Parallel, WholeRetries = options.WholeRetries, RetryDelay = options.RetryDelay,
        }, progress, ct).ConfigureAwait(false);
        // It is known by another digest where it was changed on the way.
        if (place.TransportName == "docker") _ends.Store.AddRepoDigest(image, ImageReference.Parse(place.Rest), result.Digest);
        return result;
    }

    private static IReadOnlyList<ImageReference> Chosen(Registries registries, ImageName name, PullOptions options)
    {
        IReadOnlyList<ImageReference> candidates = registries.Candidates(name);
        if (candidates.Count == 1) return candidates;
        if (registries.ShortNames == ShortNameMode.Disabled) return candidates;
        if (options.Choose?.Invoke(candidates) is { } chosen)
        {
            registries.RememberAlias(name, chosen);
            return [chosen];
        }
        return registries.ShortNames == ShortNameMode.Permissive ? candidates
            : throw new BerthException(Fault.InvalidArgument, $"'{name.Repository}' may mean {string.Join(" or ", candidates.Select(static one => one.Familiar))}, and nobody can be asked", "write the whole name");
    }

    private async Task<StoredImage> FetchFirstAsync(string name, Registries registries, IReadOnlyList<ImageReference> candidates, PullOptions options, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        List<BerthException> faults = [];
        foreach (ImageReference candidate in candidates)
        {
            try { return await FetchAsync(() => registries.Source(candidate), candidate, options, progress, ct).ConfigureAwait(false); }
            catch (BerthException e) when (candidates.Count > 1 && e.Kind is Fault.NotFound or Fault.Denied or Fault.Unavailable) { faults.Add(e); }
        }
        if (faults.Count == 1) throw faults[0];
        throw new BerthException(faults.Exists(static fault => fault.Kind != Fault.NotFound) ? Fault.Unavailable : Fault.NotFound, $"cannot pull '{name}': {string.Join("; ", faults.Select(static fault => fault.Message))}", "write the whole name", faults[0]);
    }

    private async Task<StoredImage> FetchAsync(Func<IImageSource> open, ImageReference? reference, PullOptions options, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        TimeSpan delay = options.RetryDelay ?? TimeSpan.FromSeconds(1);
        for (int attempt = 0; ; attempt++)
        {
            try { return await StoreAsync(open(), reference, isFromRegistry: reference is not null, new CopyOptions { Platform = options.Platform }, progress, ct).ConfigureAwait(false); }
            catch (BerthException e) when (e.Kind is Fault.Unavailable or Fault.TimedOut && attempt < options.Retries)
            {
                await Task.Delay(delay, ct).ConfigureAwait(false);
                if (options.RetryDelay is null) delay *= 2;
            }
        }
    }

    /// <summary>Copies into the store, and disposes the source.</summary>
    private async Task<StoredImage> StoreAsync(IImageSource source, ImageReference? reference, bool isFromRegistry, CopyOptions options, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        await using (source.ConfigureAwait(false))
        {
            StoreTarget target = _ends.Store.Target(reference, isFromRegistry);
            await using (target.ConfigureAwait(false))
            {
                await MoveAsync(source, target, options, progress, ct).ConfigureAwait(false);
                return target.Image ?? throw new BerthException(Fault.Failed, $"{source.Name} was not stored");
            }
        }
    }

    private static ImageReference NameOf(StoredImage image, string text)
    {
        // The beginning of an id looks like a name; what it means was found in the store.
        if (ImageReference.TryParse(text, out ImageReference? reference) && !image.Id.Encoded.StartsWith(text, StringComparison.Ordinal)) return reference;
        return image.Names.Count > 0 ? ImageReference.Parse(image.Names[0]) : throw new BerthException(Fault.InvalidArgument, $"the image {image.Id.Short} has no name to push it by", "tag it, or name a destination");
    }
}
