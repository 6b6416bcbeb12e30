// What `docker save` writes and `docker load` reads: a tar with manifest.json, configurations, and layers as plain tars.
using System.Text.Json;
using System.Text.Json.Serialization;
using Berth.Images.Compressed;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Images.Archives;

/// <summary>An image of such an archive, as its list tells of it.</summary>
public sealed record DockerArchiveItem
{
    /// <summary>Member with the configuration.</summary>
    [JsonPropertyName("Config")]
    public string Config { get; init; } = "";

    /// <summary>Its names.</summary>
    [JsonPropertyName("RepoTags")]
    public IReadOnlyList<string>? RepoTags { get; init; }

    /// <summary>Members with its layers, the lowest first.</summary>
    [JsonPropertyName("Layers")]
    public IReadOnlyList<string> Layers { get; init; } = [];
}

/// <summary>The list.</summary>
[JsonSerializable(typeof(List<DockerArchiveItem>))]
[JsonSerializable(typeof(Dictionary<string, Dictionary<string, string>>))]
internal sealed partial class DockerArchiveJson : JsonSerializerContext;

/// <summary>An archive to be read.</summary>
public sealed class DockerArchive : IDisposable
{
    private const string List = "manifest.json";

    private readonly ArchiveFiles _files;

    private DockerArchive(ArchiveFiles files, IReadOnlyList<DockerArchiveItem> items) => (_files, Items) = (files, items);

    /// <summary>The images in it.</summary>
    public IReadOnlyList<DockerArchiveItem> Items { get; }

    /// <summary>Opens one, compressed or not.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument: it is none.</exception>
    public static DockerArchive Open(string path) => Open(ArchiveFiles.Open(path));

    /// <summary>From a stream, which is read to its end.</summary>
    public static DockerArchive Open(string name, Stream stream) => Open(ArchiveFiles.Open(name, stream));

    private static DockerArchive Open(ArchiveFiles files)
    {
        try
        {
            if (!files.Has(List)) throw new BerthException(Fault.InvalidArgument, $"{files.Name} is no archive of docker save: it has no {List}");
            List<DockerArchiveItem> items = JsonSerializer.Deserialize(files.ReadSmall(List, ManifestDocument.MostBytes), DockerArchiveJson.Default.ListDockerArchiveItem) ?? [];
            if (items.Any(static item => item is null || item.Config is null || item.Layers is null || item.Layers.Count > ManifestDocument.MostEntries)) throw new JsonException();
            return new DockerArchive(files, items);
        }
        catch (JsonException e)
        {
            files.Dispose();
            throw new BerthException(Fault.InvalidArgument, $"{List} in {files.Name} cannot be read", inner: e);
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    /// <summary>One of its images: by name, by place (<c>@0</c>), or the only one.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument: there are several.</exception>
    public IImageSource Source(string? name = null)
    {
        if (name is null) return new ArchiveSource(_files, Items.Count == 1 ? Items[0] : throw new BerthException(Fault.InvalidArgument, $"{_files.Name} has {Items.Count} images, and none was named", Names()));
        if (name.StartsWith('@') && int.TryParse(name[1..], out int place) && place >= 0 && place < Items.Count) return new ArchiveSource(_files, Items[place]);
        ImageReference.TryParse(name, out ImageReference? wanted);
        foreach (DockerArchiveItem item in Items)
        {
            if (item.RepoTags?.Any(tag => tag == name || (wanted is not null && ImageReference.TryParse(tag, out ImageReference? has) && has == wanted)) == true) return new ArchiveSource(_files, item);
        }
        throw new BerthException(Fault.NotFound, $"{_files.Name} has no image '{name}'", Names());
    }

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    private string? Names()
    {
        string[] names = [.. Items.SelectMany(static item => item.RepoTags ?? []).Take(20)];
        return names.Length == 0 ? "name one by its place: @0" : "it has " + string.Join(", ", names);
    }

    /// <summary>The manifest is made up: there is none in the archive. Layers have the digests of their plain tars.</summary>
    private sealed class ArchiveSource(ArchiveFiles files, DockerArchiveItem item) : IImageSource
    {
        private readonly Dictionary<Digest, string> _members = [];
        private ManifestDocument? _manifest;

        public string Name => $"docker-archive:{files.Name}{(item.RepoTags is [{ } tag, ..] ? ":" + tag : "")}";

        public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct)
        {
            _manifest ??= Make();
            return digest.IsEmpty || digest == _manifest.Digest ? Task.FromResult(_manifest) : throw new BerthException(Fault.NotFound, $"{Name} has no manifest {digest}");
        }

        public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
        {
            if (!_members.TryGetValue(blob.Digest, out string? member)) throw new BerthException(Fault.NotFound, $"{Name} has no blob {blob.Digest}");
            if (IsPlain(member)) return Task.FromResult(files.Open(member, offset));
            Stream stream = LayerCompression.Open(files.Open(member, 0));
            for (byte[] skipped = new byte[64 * 1024]; offset > 0;)
            {
                int n = stream.Read(skipped, 0, (int)Math.Min(offset, skipped.Length));
                if (n == 0) break;
                offset -= n;
            }
            return Task.FromResult(stream);
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private ManifestDocument Make()
        {
            byte[] config = files.ReadSmall(item.Config, ImageCopier.MostConfig);
            IReadOnlyList<Digest> diffs;
            try { diffs = JsonSerializer.Deserialize(config, ImageJson.Plain.ImageConfig)?.RootFs?.DiffIds ?? []; }
            catch (JsonException e) { throw new BerthException(Fault.InvalidArgument, $"{item.Config} in {files.Name} is no configuration", inner: e); }
            if (diffs.Count != item.Layers.Count) throw new BerthException(Fault.InvalidArgument, $"{Name} has {item.Layers.Count} layers, and its configuration tells of {diffs.Count}");
            List<Descriptor> layers = [];
            for (int i = 0; i < diffs.Count; i++)
            {
                _members[diffs[i]] = item.Layers[i];
                layers.Add(new Descriptor { MediaType = MediaType.DockerLayer, Digest = diffs[i], Size = PlainSize(item.Layers[i]) });
            }
            Digest digest = Digest.Of(config);
            _members[digest] = item.Config;
            return ManifestDocument.Of(new ImageManifest { MediaType = MediaType.DockerManifest, Config = new Descriptor { MediaType = MediaType.DockerConfig, Digest = digest, Size = config.Length }, Layers = layers });
        }

        private bool IsPlain(string member)
        {
            Span<byte> head = stackalloc byte[4];
            using Stream stream = files.Open(member, 0);
            int n = stream.ReadAtLeast(head, 4, throwOnEndOfStream: false);
            return LayerCompression.Detect(head[..n]) == Compression.None;
        }

        private long PlainSize(string member)
        {
            if (IsPlain(member)) return files.SizeOf(member);
            using Stream stream = LayerCompression.Open(files.Open(member, 0));
            byte[] buffer = new byte[64 * 1024];
            long size = 0;
            for (int n; (n = stream.Read(buffer, 0, buffer.Length)) > 0;) size += n;
            return size;
        }
    }
}

/// <summary>An archive to be written, of one image or several. It is whole when it was finished.</summary>
public sealed class DockerArchiveWriter(Stream archive, string name) : IDisposable
{
    private readonly ArchiveWriting _writing = new(archive);
    private readonly List<DockerArchiveItem> _items = [];

    /// <summary>The next image, with the names it is to have.</summary>
    public IImageTarget Target(params IReadOnlyList<ImageReference> names) => new ArchiveTarget(this, names);

    /// <summary>Writes the list and the end.</summary>
    public async Task FinishAsync(CancellationToken ct)
    {
        await _writing.AddAsync("manifest.json", JsonSerializer.SerializeToUtf8Bytes(_items, DockerArchiveJson.Default.ListDockerArchiveItem), ct).ConfigureAwait(false);
        await _writing.FinishAsync(ct).ConfigureAwait(false);
    }

    private sealed class ArchiveTarget(DockerArchiveWriter writer, IReadOnlyList<ImageReference> names) : IImageTarget
    {
        public string Name => names.Count > 0 ? $"docker-archive:{writer.Name}:{names[0].Familiar}" : $"docker-archive:{writer.Name}";

        public TargetTraits Traits { get; } = new() { Format = ImageFormat.Docker, Compression = Compression.None, HoldsIndexes = false };

        public Task PrepareAsync(ManifestDocument manifest, ReadOnlyMemory<byte> config, CancellationToken ct) =>
            manifest.Manifest?.Config is { } named && MediaType.IsImageConfig(named.MediaType) ? Task.CompletedTask : throw new BerthException(Fault.Unsupported, $"{Name} takes images, and this is an artifact");

        public Task<bool> HasBlobAsync(Descriptor blob, IImageSource source, CancellationToken ct) => Task.FromResult(writer._writing.Has(MemberOf(blob)));

        public Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct) => writer._writing.AddAsync(MemberOf(blob), content, blob.Size, ct);

        public Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct) => Task.CompletedTask;

        public Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct)
        {
            writer._items.Add(new DockerArchiveItem { Config = MemberOf(manifest.Manifest!.Config!), RepoTags = [.. names.Select(static name => name.Familiar)], Layers = [.. manifest.Manifest.Layers!.Select(MemberOf)] });
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static string MemberOf(Descriptor blob) => blob.Digest.Encoded + (MediaType.IsImageConfig(blob.MediaType) ? ".json" : ".tar");
    }

    /// <summary>For messages.</summary>
    public string Name { get; } = name;

    /// <summary>The stream stays open.</summary>
    public void Dispose() => _writing.Dispose();
}
