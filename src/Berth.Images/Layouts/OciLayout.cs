// A folder with images (image-spec, image-layout.md): oci-layout, index.json, blobs.
using System.Text.Json;
using Berth.Images.Copying;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Layouts;

/// <summary>An OCI image layout on disk. Several copies may write into one at the same time, from several processes.</summary>
public sealed class OciLayout
{
    /// <summary>The annotation that gives a manifest its name.</summary>
    public const string RefName = "org.opencontainers.image.ref.name";

    private static readonly byte[] s_marker = """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray();

    private readonly BlobFiles _blobs;

    private readonly string _blobFolder;

    /// <summary>The layout in a folder; it need not be there yet.</summary>
    /// <param name="folder">Where.</param>
    /// <param name="sharedBlobs">A folder that it shares its blobs with others in; null: it has its own.</param>
    public OciLayout(string folder, string? sharedBlobs = null)
    {
        Folder = Path.GetFullPath(folder);
        _blobFolder = sharedBlobs is null ? Path.Combine(Folder, "blobs") : Path.GetFullPath(sharedBlobs);
        _blobs = new BlobFiles(_blobFolder);
    }

    /// <summary>Where it lies.</summary>
    public string Folder { get; }

    private string IndexPath => Path.Combine(Folder, "index.json");

    private string MarkerPath => Path.Combine(Folder, "oci-layout");

    /// <summary>What is in it, by its index.</summary>
    /// <exception cref="BerthException">NotFound: it is no layout. InvalidArgument: it is damaged.</exception>
    public ImageIndex ReadIndex()
    {
        CheckMarker();
        return ManifestDocument.Read(BlobFiles.ReadSmall(IndexPath, ManifestDocument.MostBytes), MediaType.Index).Index
            ?? throw new BerthException(Fault.InvalidArgument, $"{IndexPath} is no index");
    }

    /// <summary>An image in it to be read; without a name the only one.</summary>
    public IImageSource Source(string? name = null) => new LayoutSource($"oci:{Folder}", name, ReadIndex, ReadSmall, (digest, offset) => _blobs.Open(digest, offset));

    /// <summary>An image in it to be written; without a name it is known by its digest only.</summary>
    public IImageTarget Target(string? name = null) => new LayoutTarget(this, name);

    /// <summary>Makes an empty one, unless it is there.</summary>
    public void Initialise()
    {
        Directory.CreateDirectory(Folder);
        Directory.CreateDirectory(Path.Combine(_blobFolder, Digest.Sha256));
        if (!File.Exists(MarkerPath)) BlobFiles.Replace(MarkerPath, s_marker);
        if (!File.Exists(IndexPath)) Change(static _ => { });
    }

    /// <summary>Takes a name away; its blobs stay until <see cref="CollectGarbage"/>.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public void Remove(string name)
    {
        int removed = 0;
        Change(manifests => removed = manifests.RemoveAll(entry => NameOf(entry) == name));
        if (removed == 0) throw new BerthException(Fault.NotFound, $"{Folder} has no image '{name}'");
    }

    /// <summary>Removes every blob that no name leads to.</summary>
    /// <returns>The bytes that are free now.</returns>
    public long CollectGarbage()
    {
        using Fd held = Lock();
        HashSet<Digest> needed = [];
        foreach (Descriptor entry in ReadIndex().Manifests ?? []) Mark(entry, needed, 0);
        long freed = 0;
        foreach (string file in Directory.EnumerateFiles(_blobFolder, "*", SearchOption.AllDirectories))
        {
            string name = $"{Path.GetFileName(Path.GetDirectoryName(file))}:{Path.GetFileName(file)}";
            if (Digest.TryParse(name, out Digest digest) && needed.Contains(digest)) continue;
            freed += new FileInfo(file).Length;
            File.Delete(file);
        }
        return freed;
    }

    private void Mark(Descriptor entry, HashSet<Digest> needed, int depth)
    {
        if (!needed.Add(entry.Digest) || depth > 8 || MediaType.KindOf(entry.MediaType) is ManifestKind.Unknown) return;
        ManifestDocument document;
        // What is not there cannot lead to anything.
        try { document = Read(entry.Digest, entry.MediaType); }
        catch (BerthException e) when (e.Kind == Fault.NotFound) { return; }
        foreach (Descriptor inner in document.Index?.Manifests ?? []) Mark(inner, needed, depth + 1);
        if (document.Manifest?.Config is { } config) needed.Add(config.Digest);
        foreach (Descriptor layer in document.Manifest?.Layers ?? []) needed.Add(layer.Digest);
    }

    private byte[] ReadSmall(string file, long most) => BlobFiles.ReadSmall(file.StartsWith("blobs/", StringComparison.Ordinal) ? Path.Combine(_blobFolder, file[6..]) : Path.Combine(Folder, file), most);

    private ManifestDocument Read(Digest digest, string? mediaType) => ManifestDocument.Read(BlobFiles.ReadSmall(_blobs.PathOf(digest), ManifestDocument.MostBytes), mediaType, digest);

    private void CheckMarker()
    {
        byte[] marker;
        try { marker = BlobFiles.ReadSmall(MarkerPath, 4096); }
        catch (BerthException e) when (e.Kind == Fault.NotFound)
        {
            throw new BerthException(Fault.NotFound, $"{Folder} is no image layout: it has no file oci-layout", inner: e);
        }
        try
        {
            using JsonDocument document = JsonDocument.Parse(marker);
            if (document.RootElement.GetProperty("imageLayoutVersion").GetString() is { } version && version.StartsWith("1.", StringComparison.Ordinal)) return;
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException) { } // said below
        throw new BerthException(Fault.Unsupported, $"{MarkerPath} does not say that this is a layout of version 1");
    }

    internal static string? NameOf(Descriptor entry) => entry.Annotations?.GetValueOrDefault(RefName);

    /// <summary>Changes the list of images, alone.</summary>
    private void Change(Action<List<Descriptor>> change)
    {
        using Fd held = Lock();
        ImageIndex index = File.Exists(IndexPath) ? ReadIndex() : new ImageIndex { MediaType = MediaType.Index };
        List<Descriptor> manifests = [.. index.Manifests ?? []];
        change(manifests);
        BlobFiles.Replace(IndexPath, ImageJson.Bytes(index with { Manifests = manifests }));
    }

    /// <summary>Held by whoever changes the index: flock(2) on the folder itself, since a layout has no room for a file of ours.</summary>
    private Fd Lock()
    {
        Fd folder = KernelPath.TryOpen(Folder, OpenFlags.Directory) ?? throw new BerthException(Fault.NotFound, $"{Folder} is no image layout");
        KernelPath.Lock(folder, wait: true);
        return folder;
    }

    private sealed class LayoutTarget(OciLayout layout, string? name) : IImageTarget
    {
        public string Name => name is null ? $"oci:{layout.Folder}" : $"oci:{layout.Folder}:{name}";

        public TargetTraits Traits { get; } = new() { Format = ImageFormat.Oci };

        public Task PrepareAsync(ManifestDocument manifest, ReadOnlyMemory<byte> config, CancellationToken ct)
        {
            layout.Initialise();
            return Task.CompletedTask;
        }

        public Task<bool> HasBlobAsync(Descriptor blob, IImageSource source, CancellationToken ct) => Task.FromResult(layout._blobs.Has(blob));

        public Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct) => layout._blobs.PutAsync(blob.Digest, content, ct);

        public async Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct)
        {
            layout.Initialise();
            if (!layout._blobs.Has(manifest.Descriptor)) await layout._blobs.PutAsync(manifest.Digest, new MemoryStream(manifest.Bytes.ToArray()), ct).ConfigureAwait(false);
        }

        public Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct)
        {
            layout.Change(manifests =>
            {
                if (name is null) manifests.RemoveAll(entry => entry.Digest == manifest.Digest && NameOf(entry) is null);
                else manifests.RemoveAll(entry => NameOf(entry) == name);
                manifests.Add(manifest.Descriptor with { Annotations = name is null ? null : new Dictionary<string, string> { [RefName] = name } });
            });
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
