// skopeo's `dir:`: the files of one image side by side, named by their digests, for looking at and for testing.
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Images.Layouts;

/// <summary>A folder with <c>manifest.json</c>, other manifests as <c>DIGEST.manifest.json</c>, and blobs.</summary>
public sealed class ImageFolder(string folder)
{
    private const string Version = "Directory Transport Version: 1.1\n";

    private readonly string _folder = Path.GetFullPath(folder);

    /// <summary>To be read.</summary>
    public IImageSource Source() => new FolderSource(this);

    /// <summary>To be written; an older image there is replaced.</summary>
    public IImageTarget Target() => new FolderTarget(this);

    private string Name => $"dir:{_folder}";

    private string At(string file) => Path.Combine(_folder, file);

    private sealed class FolderSource(ImageFolder folder) : IImageSource
    {
        public string Name => folder.Name;

        public Task<ManifestDocument> ReadManifestAsync(Digest digest, CancellationToken ct)
        {
            string own = folder.At($"{digest.Encoded}.manifest.json");
            string path = digest.IsEmpty || !File.Exists(own) ? folder.At("manifest.json") : own;
            return Task.FromResult(ManifestDocument.Read(BlobFiles.ReadSmall(path, ManifestDocument.MostBytes), null, digest));
        }

        public Task<Stream> OpenBlobAsync(Descriptor blob, long offset, CancellationToken ct)
        {
            try
            {
                FileStream file = new(folder.At(blob.Digest.Encoded), new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.ReadWrite, BufferSize = 0 });
                file.Position = offset;
                return Task.FromResult<Stream>(file);
            }
            catch (FileNotFoundException e) { throw new BerthException(Fault.NotFound, $"{Name} has no blob {blob.Digest}", inner: e); }
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }

    private sealed class FolderTarget(ImageFolder folder) : IImageTarget
    {
        public string Name => folder.Name;

        public TargetTraits Traits { get; } = new();

        public Task PrepareAsync(ManifestDocument manifest, ReadOnlyMemory<byte> config, CancellationToken ct)
        {
            Directory.CreateDirectory(folder._folder);
            // Without it, it is somebody's folder.
            if (!File.Exists(folder.At("version")) && Directory.EnumerateFileSystemEntries(folder._folder).Any()) throw new BerthException(Fault.Conflict, $"{folder._folder} is not empty, and no image folder");
            BlobFiles.Replace(folder.At("version"), System.Text.Encoding.ASCII.GetBytes(Version));
            return Task.CompletedTask;
        }

        public Task<bool> HasBlobAsync(Descriptor blob, IImageSource source, CancellationToken ct) =>
            Task.FromResult(new FileInfo(folder.At(blob.Digest.Encoded)) is { Exists: true } file && file.Length == blob.Size);

        public async Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct)
        {
            string path = folder.At(blob.Digest.Encoded), part = $"{path}.{Guid.NewGuid():N}.part";
            try
            {
                await using (FileStream file = new(part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 })) await content.CopyToAsync(file, 256 * 1024, ct).ConfigureAwait(false);
                File.Move(part, path, overwrite: true);
            }
            catch
            {
                File.Delete(part);
                throw;
            }
        }

        public Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct)
        {
            Directory.CreateDirectory(folder._folder);
            BlobFiles.Replace(folder.At($"{manifest.Digest.Encoded}.manifest.json"), manifest.Bytes.Span);
            return Task.CompletedTask;
        }

        public Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct)
        {
            File.Move(folder.At($"{manifest.Digest.Encoded}.manifest.json"), folder.At("manifest.json"), overwrite: true);
            return Task.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
