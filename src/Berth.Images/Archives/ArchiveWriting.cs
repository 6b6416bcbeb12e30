// A tar that is written by several at once: one member after the other, each name once.
using Berth.Images.Tar;

namespace Berth.Images.Archives;

/// <summary>Members for an archive of images. Times are zero: equal images make equal archives.</summary>
internal sealed class ArchiveWriting(Stream archive) : IDisposable
{
    private readonly TarWriter _writer = new(archive);
    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<string> _names = [];

    /// <summary>Whether it was written.</summary>
    public bool Has(string name)
    {
        lock (_names) return _names.Contains(name);
    }

    /// <summary>A member of known size.</summary>
    public async Task AddAsync(string name, Stream content, long size, CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            lock (_names)
            {
                if (!_names.Add(name)) return;
            }
            _writer.Begin(new TarEntry { Path = System.Text.Encoding.UTF8.GetBytes(name), Mode = 0x1A4, Size = size, StoredSize = size });
            byte[] buffer = new byte[256 * 1024];
            for (int n; (n = await content.ReadAsync(buffer, ct).ConfigureAwait(false)) > 0;) _writer.Write(buffer.AsSpan(0, n));
        }
        finally { _turn.Release(); }
    }

    /// <summary>A small member.</summary>
    public Task AddAsync(string name, byte[] content, CancellationToken ct) => AddAsync(name, new MemoryStream(content), content.Length, ct);

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    /// <summary>The end.</summary>
    public async Task FinishAsync(CancellationToken ct)
    {
        await _turn.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            _writer.Finish();
            await archive.FlushAsync(ct).ConfigureAwait(false);
        }
        finally { _turn.Release(); }
    }
}
