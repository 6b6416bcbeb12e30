// Standard input as a file: an archive is read in any order.
using Microsoft.Win32.SafeHandles;

namespace Berth.Cli.Commands.Images;

/// <summary>A file that nobody else sees, and that is gone when it is disposed.</summary>
internal sealed class Spool : IDisposable
{
    private readonly FileStream? _file;

    private Spool(string path, FileStream? file) => (Path, _file) = (path, file);

    /// <summary>Where it can be read.</summary>
    public string Path { get; }

    /// <summary>Reads all of it; a file that was redirected is taken as it is.</summary>
    public static async Task<Spool> OfStandardInputAsync(CancellationToken ct)
    {
        FileStream input = new(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, 0);
        await using (input.ConfigureAwait(false))
        {
            if (input.CanSeek) return new Spool("/proc/self/fd/0", null);
            string path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"berth-load-{Guid.NewGuid():N}");
            FileStream file = new(path, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite | FileShare.Delete, BufferSize = 0, Options = FileOptions.DeleteOnClose, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite });
            try
            {
                await input.CopyToAsync(file, 256 * 1024, ct).ConfigureAwait(false);
                return new Spool(path, file);
            }
            catch
            {
                await file.DisposeAsync().ConfigureAwait(false);
                throw;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file?.Dispose();
}
