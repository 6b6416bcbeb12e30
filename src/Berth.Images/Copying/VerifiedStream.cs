// A blob on its way: counted, hashed, begun again where it broke off, and refused if it is not what its digest says.
using System.Security.Cryptography;
using Berth.Images.Compressed;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Images.Copying;

/// <summary>Reads a blob of a source. The end of the stream is the proof: whoever has read to it has the right bytes.</summary>
internal sealed class VerifiedStream(IImageSource source, Descriptor blob, Stream? beginning, int retries, Action<long> moved, CancellationToken ct) : ReadOnlyStream
{
    private readonly IncrementalHash _hash = blob.Digest.NewHash();
    // First what has come before, then the source.
    private Stream? _inner = beginning;
    private bool _isBeginning = beginning is not null;
    private long _at;
    private int _failures;
    private bool _verified;

    public override int Read(Span<byte> into)
    {
        while (true)
        {
            try
            {
                _inner ??= source.OpenBlobAsync(blob, _at, ct).GetAwaiter().GetResult();
                int count = _inner.Read(into);
                if (count > 0 || into.IsEmpty || !LeaveBeginning()) return Took(into, count);
            }
            catch (Exception e) when (MayRetry(e))
            {
                _inner?.Dispose();
                _inner = null;
                ct.WaitHandle.WaitOne(Pause());
                ct.ThrowIfCancellationRequested();
            }
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            try
            {
                _inner ??= await source.OpenBlobAsync(blob, _at, ct).ConfigureAwait(false);
                int count = await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
                if (count > 0 || buffer.IsEmpty || !LeaveBeginning()) return Took(buffer.Span, count);
            }
            catch (Exception e) when (MayRetry(e))
            {
                if (_inner is not null) await _inner.DisposeAsync().ConfigureAwait(false);
                _inner = null;
                await Task.Delay(Pause(), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner?.Dispose();
            _hash.Dispose();
        }
        base.Dispose(disposing);
    }

    private bool LeaveBeginning()
    {
        if (!_isBeginning || _at >= blob.Size) return false;
        _isBeginning = false;
        _inner!.Dispose();
        _inner = null;
        return true;
    }

    private int Took(Span<byte> into, int count)
    {
        if (count == 0)
        {
            if (!into.IsEmpty) Verify();
            return 0;
        }
        _at += count;
        if (_at > blob.Size) throw Wrong($"it has more than the {blob.Size} bytes that its manifest tells");
        _hash.AppendData(into[..count]);
        moved(_at);
        return count;
    }

    private void Verify()
    {
        if (_verified) return;
        // A connection that was closed too early looks like an end.
        if (_at < blob.Size) throw new BerthException(Fault.Unavailable, $"the blob {blob.Digest} of {source.Name} broke off: {_at} of {blob.Size} bytes have come");
        Digest found = Digest.From(blob.Digest.Algorithm, _hash.GetHashAndReset());
        if (found != blob.Digest) throw Wrong($"its content has the digest {found}");
        _verified = true;
    }

    private bool MayRetry(Exception e) => e is IOException or BerthException { Kind: Fault.Unavailable } && !ct.IsCancellationRequested && _failures++ < retries;

    // A quarter of a second, doubled each time.
    private TimeSpan Pause() => TimeSpan.FromMilliseconds(250 << Math.Min(_failures - 1, 6));

    private BerthException Wrong(string reason) => new(Fault.InvalidArgument, $"the blob {blob.Digest} of {source.Name} cannot be used: {reason}");
}
