// An archive of one image as a target: a file that has its name when it is whole, or nothing is there.
using Berth.Images.Archives;
using Berth.Images.Copying;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Engine.Images;

/// <summary>Writes beside the name, and moves when it is done.</summary>
internal sealed class FileTarget : IImageTarget
{
    private readonly string _path, _part;
    private readonly FileStream _file;
    private readonly IImageTarget _inner;
    private readonly Func<CancellationToken, Task> _finish;
    private readonly IDisposable _writer;

    private FileTarget(string path, Func<FileStream, (IDisposable Writer, IImageTarget Inner, Func<CancellationToken, Task> Finish)> open)
    {
        _path = Path.GetFullPath(path);
        _part = $"{_path}.{Guid.NewGuid():N}.part";
        try { _file = new FileStream(_part, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }); }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException) { throw new BerthException(Fault.Failed, $"cannot write {path}: {e.Message}", inner: e); }
        (_writer, _inner, _finish) = open(_file);
    }

    public string Name => _inner.Name;

    public TargetTraits Traits => _inner.Traits;

    /// <summary>docker save's.</summary>
    /// <exception cref="BerthException">Conflict: there is such a file.</exception>
    public static FileTarget DockerArchive(string path, IReadOnlyList<ImageReference> names)
    {
        if (new FileInfo(path) is { Exists: true, Length: > 0 }) throw new BerthException(Fault.Conflict, $"{path} is there already, and nothing is added to an archive", "remove it, or choose another name");
        return new FileTarget(path, file =>
        {
            DockerArchiveWriter writer = new(file, path);
            return (writer, writer.Target(names), writer.FinishAsync);
        });
    }

    /// <summary>A layout in a tar; an older one is replaced.</summary>
    public static FileTarget OciArchive(string path, string? name) => new(path, file =>
    {
        OciArchiveWriter writer = new(file, path);
        return (writer, writer.Target(name), writer.FinishAsync);
    });

    public Task PrepareAsync(ManifestDocument manifest, ReadOnlyMemory<byte> config, CancellationToken ct) => _inner.PrepareAsync(manifest, config, ct);

    public Task<bool> HasBlobAsync(Descriptor blob, IImageSource source, CancellationToken ct) => _inner.HasBlobAsync(blob, source, ct);

    public Task PutBlobAsync(Descriptor blob, Stream content, CancellationToken ct) => _inner.PutBlobAsync(blob, content, ct);

    public Task PutManifestAsync(ManifestDocument manifest, CancellationToken ct) => _inner.PutManifestAsync(manifest, ct);

    public async Task CommitAsync(ManifestDocument manifest, ManifestDocument named, CancellationToken ct)
    {
        await _inner.CommitAsync(manifest, named, ct).ConfigureAwait(false);
        await _finish(ct).ConfigureAwait(false);
        File.Move(_part, _path, overwrite: true);
    }

    public async ValueTask DisposeAsync()
    {
        await _inner.DisposeAsync().ConfigureAwait(false);
        _writer.Dispose();
        await _file.DisposeAsync().ConfigureAwait(false);
        // Nothing, when it was moved.
        File.Delete(_part);
    }
}
