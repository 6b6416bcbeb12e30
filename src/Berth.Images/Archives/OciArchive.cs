// An image layout in one tar file (skopeo's oci-archive, and what newer versions of Docker save).
using Berth.Images.Copying;
using Berth.Images.Layouts;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Archives;

/// <summary>An archive to be read.</summary>
public sealed class OciArchive : IDisposable
{
    private readonly ArchiveFiles _files;

    private OciArchive(ArchiveFiles files) => _files = files;

    /// <summary>Opens one, compressed or not.</summary>
    /// <exception cref="BerthException">NotFound; InvalidArgument: it is none.</exception>
    public static OciArchive Open(string path) => Checked(ArchiveFiles.Open(path));

    /// <summary>From a stream, which is read to its end.</summary>
    public static OciArchive Open(string name, Stream stream) => Checked(ArchiveFiles.Open(name, stream));

    /// <summary>What is in it.</summary>
    public ImageIndex ReadIndex() => ManifestDocument.Read(_files.ReadSmall("index.json", ManifestDocument.MostBytes), MediaType.Index).Index
        ?? throw new BerthException(Fault.InvalidArgument, $"index.json in {_files.Name} is no index");

    /// <summary>An image in it; without a name the only one.</summary>
    public IImageSource Source(string? name = null) => new LayoutSource($"oci-archive:{_files.Name}", name, ReadIndex, _files.ReadSmall, (digest, offset) => _files.Open($"blobs/{digest.Algorithm}/{digest.Encoded}", offset));

    /// <inheritdoc/>
    public void Dispose() => _files.Dispose();

    private static OciArchive Checked(ArchiveFiles files)
    {
        if (files.Has("oci-layout") && files.Has("index.json")) return new OciArchive(files);
        files.Dispose();
        throw new BerthException(Fault.InvalidArgument, $"{files.Name} is no archive of an image layout: it has no oci-layout with an index.json");
    }
}

/// <summary>An archive to be written, of one image or several. It is whole when it was finished.</summary>
public sealed class OciArchiveWriter(Stream archive, string name) : IDisposable
{
    private readonly ArchiveWriting _writing = new(archive);
    private readonly List<Descriptor> _manifests = [];

    /// <summary>For messages.</summary>
    public string Name { get; } = name;

    /// <summary>The next image.</summary>
    public IImageTarget Target(string? image = null) => new ArchiveTarget(this, image);

    /// <summary>Writes the index and the end.</summary>
    public async Task FinishAsync(CancellationToken ct)
    {
        await _writing.AddAsync("index.json", ImageJson.Bytes(new ImageIndex { MediaType = MediaType.Index, Manifests = _manifests }), ct).ConfigureAwait(false);
        await _writing.AddAsync("oci-layout", """{"imageLayoutVersion":"1.0.0"}"""u8.ToArray(), ct).ConfigureAwait(false);
        await _writing.FinishAsync(ct).ConfigureAwait(false);
    }

    /// <summary>The stream stays open.</summary>
    public void Dispose() => _writing.Dispose();

    private sealed class ArchiveTarget(OciArchiveWriter writer, string? image) : IImageTarget
    {
        public string Name => image is null ? $"oci-archive:{writer.Name}" : $"oci-archive:{writer.Name}:{image}";

        public TargetTraits Traits { get; } = new() { Format = ImageFormat.Oci };

        public Task PrepareAsync(ManifestDocument manifest, ReadOnlyMemory<byte> config, CancellationToken ct) => Task.CompletedTask;

        public Task<bool> HasBlobAsync(Descriptor blob, IImageSource source, CancellationToken ct) => Task.FromResult(writer._writing.Has(MemberOf(blob.Digest)));

        public Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct) => writer._writing.AddAsync(MemberOf(blob.Digest), content, blob.Size, ct);

        public Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct) => writer._writing.AddAsync(MemberOf(manifest.Digest), manifest.Bytes.ToArray(), ct);

        public Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct)
        {
            writer._manifests.Add(manifest.Descriptor with { Annotations = image is null ? null : new Dictionary<string, string> { [OciLayout.RefName] = image } });
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        private static string MemberOf(Digest digest) => $"blobs/{digest.Algorithm}/{digest.Encoded}";
    }
}
