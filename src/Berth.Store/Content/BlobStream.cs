// A file of the store that is read. The framework's streams take a lock of their own on what they open, which here means something else.
using Berth.Images.Compressed;
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Store.Content;

/// <summary>Reads a descriptor, which it owns.</summary>
internal sealed class BlobStream(Fd file, long at) : ReadOnlyStream
{
    private long _at = at;

    public override int Read(Span<byte> buffer)
    {
        int count = FileData.Read(file, buffer, _at);
        _at += count;
        return count;
    }

    // It lies on a disk: there is nothing to wait for but the disk.
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return new ValueTask<int>(Read(buffer.Span));
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    protected override void Dispose(bool disposing)
    {
        if (disposing) file.Dispose();
        base.Dispose(disposing);
    }
}
