// Images in files: saved, loaded, imported.
using System.Globalization;
using Berth.Images.Archives;
using Berth.Images.Compressed;
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Images.Making;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;
using Berth.Store.Records;

namespace Berth.Engine.Images;

/// <summary>What an image is saved as.</summary>
public enum SaveFormat
{
    /// <summary>docker save's tar.</summary>
    DockerArchive,

    /// <summary>An OCI layout in a tar.</summary>
    OciArchive,
}

/// <summary>An image made of a tar with a root file system.</summary>
public sealed record ImportOptions
{
    /// <summary>Its name; null: none.</summary>
    public ImageReference? Name { get; init; }

    /// <summary>What is said of it.</summary>
    public string? Message { get; init; }

    /// <summary>Where it runs; null: here.</summary>
    public Platform? Platform { get; init; }

    /// <summary>What a container of it starts with.</summary>
    public ContainerConfig Config { get; init; } = new();
}

public sealed partial class EngineImages
{
    // containerd's and Docker's layouts in archives tell whole names so, beside the tag alone.
    private const string FullName = "io.containerd.image.name";

    /// <summary>Writes images into one archive.</summary>
    /// <param name="names">Names or ids. By a name, an image is saved with that name; by an id, with none.</param>
    /// <param name="archive">Where to; it stays open.</param>
    /// <param name="format">What kind of archive.</param>
    /// <param name="progress">Told how far it is.</param>
    /// <param name="ct">Ends it.</param>
    /// <exception cref="BerthException">NotFound.</exception>
    public async Task SaveAsync(IReadOnlyList<string> names, Stream archive, SaveFormat format = SaveFormat.DockerArchive, IProgress<CopyProgress>? progress = null, CancellationToken ct = default)
    {
        List<(StoredImage Image, List<ImageReference> Names)> images = [];
        foreach (string text in names)
        {
            StoredImage image = Find(text);
            if (!images.Exists(other => other.Image.Id == image.Id)) images.Add((image, []));
            if (ImageReference.TryParse(text, out ImageReference? reference) && reference.Digest.IsEmpty && !image.Id.Encoded.StartsWith(text, StringComparison.Ordinal))
            {
                // A short name was found as a longer one.
                ImageReference full = image.IsNamed(reference) ? reference : image.Names.Select(ImageReference.Parse).FirstOrDefault(name => name.ToString().EndsWith("/" + reference.Familiar, StringComparison.Ordinal)) ?? reference;
                images.Find(other => other.Image.Id == image.Id).Names.Add(full);
            }
        }
        if (format == SaveFormat.DockerArchive)
        {
            using DockerArchiveWriter writer = new(archive, "archive");
            foreach ((StoredImage image, List<ImageReference> own) in images) await SaveOneAsync(image, writer.Target(own), progress, ct).ConfigureAwait(false);
            await writer.FinishAsync(ct).ConfigureAwait(false);
            return;
        }
        using OciArchiveWriter layout = new(archive, "archive");
        foreach ((StoredImage image, List<ImageReference> own) in images)
        {
            // A layout names a manifest as often as it has names.
            if (own.Count == 0) await SaveOneAsync(image, layout.Target(), progress, ct).ConfigureAwait(false);
            foreach (ImageReference name in own) await SaveOneAsync(image, layout.Target(name.ToString()), progress, ct).ConfigureAwait(false);
        }
        await layout.FinishAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Brings all images of an archive, a layout or an image folder here.</summary>
    /// <returns>The images, each with the names that it was given.</returns>
    /// <exception cref="BerthException">NotFound. InvalidArgument: it is none of these.</exception>
    public async Task<IReadOnlyList<(StoredImage Image, IReadOnlyList<ImageReference> Names)>> LoadAsync(string path, IProgress<CopyProgress>? progress = null, CancellationToken ct = default)
    {
        if (Directory.Exists(path))
        {
            if (File.Exists(Path.Combine(path, "oci-layout")))
            {
                OciLayout layout = new(path);
                return await LoadLayoutAsync(layout.ReadIndex(), layout.Source, progress, ct).ConfigureAwait(false);
            }
            return [(await StoreAsync(new ImageFolder(path).Source(), null, isFromRegistry: false, new CopyOptions(), progress, ct).ConfigureAwait(false), [])];
        }
        try
        {
            using OciArchive archive = OciArchive.Open(path);
            return await LoadLayoutAsync(archive.ReadIndex(), archive.Source, progress, ct).ConfigureAwait(false);
        }
        catch (BerthException e) when (e.Kind == Fault.InvalidArgument && IsNoLayout(e)) { } // docker's, then
        using DockerArchive docker = DockerArchive.Open(path);
        List<(StoredImage, IReadOnlyList<ImageReference>)> loaded = [];
        for (int i = 0; i < docker.Items.Count; i++)
        {
            loaded.Add(await LoadOneAsync(docker.Source($"@{i}"), [.. (docker.Items[i].RepoTags ?? []).Select(ImageReference.Parse)], progress, ct).ConfigureAwait(false));
        }
        return loaded;
    }

    /// <summary>Makes an image of a tar with a root file system, compressed or not.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is no tar.</exception>
    public async Task<StoredImage> ImportAsync(Stream tar, ImportOptions options, CancellationToken ct = default)
    {
        string path = Path.Combine(Path.GetTempPath(), $"berth-import-{Guid.NewGuid():N}");
        using LayerFile layer = await Task.Run(() => LayerFile.Make(path, to =>
        {
            using Stream plain = LayerCompression.Open(tar);
            byte[] buffer = new byte[256 * 1024];
            for (int n; (n = plain.Read(buffer, 0, buffer.Length)) > 0;)
            {
                ct.ThrowIfCancellationRequested();
                to.Write(buffer, 0, n);
            }
        }, Compression.Gzip, null, ImageFormat.Oci), ct).ConfigureAwait(false);
        string now = DateTimeOffset.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);
        Platform platform = options.Platform ?? Platform.Host;
        ImageConfig config = new()
        {
            Created = now, Os = platform.Os, Architecture = platform.Architecture, Variant = platform.Variant, Config = options.Config,
            RootFs = new RootFs { DiffIds = [layer.DiffId] },
            History = [new HistoryEntry { Created = now, CreatedBy = "berth import", Comment = options.Message }],
        };
        return await StoreAsync(new MadeImage("import", config, [], null, [layer], ImageFormat.Oci), options.Name, isFromRegistry: false, new CopyOptions(), null, ct).ConfigureAwait(false);
    }

    private static bool IsNoLayout(BerthException e) => e.Message.Contains("is no archive of an image layout", StringComparison.Ordinal);

    private async Task SaveOneAsync(StoredImage image, IImageTarget target, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        await using (target.ConfigureAwait(false))
        {
            IImageSource source = _ends.Looked.Source(image);
            await using (source.ConfigureAwait(false)) await MoveAsync(source, target, new CopyOptions(), progress, ct).ConfigureAwait(false);
        }
    }

    private async Task<IReadOnlyList<(StoredImage, IReadOnlyList<ImageReference>)>> LoadLayoutAsync(ImageIndex index, Func<string?, IImageSource> open, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        List<(StoredImage, IReadOnlyList<ImageReference>)> loaded = [];
        foreach (IGrouping<Digest, Descriptor> entries in (index.Manifests ?? []).Where(static entry => MediaType.KindOf(entry.MediaType) is ManifestKind.Manifest or ManifestKind.Index).GroupBy(static entry => entry.Digest))
        {
            loaded.Add(await LoadOneAsync(open(entries.Key.ToString()), [.. entries.Select(NameOf).OfType<ImageReference>().Distinct()], progress, ct).ConfigureAwait(false));
        }
        return loaded.Count > 0 ? loaded : throw new BerthException(Fault.NotFound, "the layout has no images");
    }

    private async Task<(StoredImage, IReadOnlyList<ImageReference>)> LoadOneAsync(IImageSource source, IReadOnlyList<ImageReference> names, IProgress<CopyProgress>? progress, CancellationToken ct)
    {
        StoredImage image = await StoreAsync(source, names.Count > 0 ? names[0] : null, isFromRegistry: false, new CopyOptions(), progress, ct).ConfigureAwait(false);
        foreach (ImageReference name in names.Skip(1)) image = _ends.Store.Tag(image, name);
        return (image, names);
    }

    /// <summary>A layout's name is often a tag alone, which is no name outside of it.</summary>
    private static ImageReference? NameOf(Descriptor entry)
    {
        string? name = entry.Annotations?.GetValueOrDefault(FullName) ?? entry.Annotations?.GetValueOrDefault(OciLayout.RefName);
        return name is not null && name.Contains('/') && ImageReference.TryParse(name, out ImageReference? reference) && reference.Digest.IsEmpty ? reference : null;
    }
}
