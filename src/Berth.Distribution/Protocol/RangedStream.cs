// A large blob that comes over several connections at the same time, and is read in order.
using System.Buffers;
using Berth.Distribution.Transport;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Distribution.Protocol;

/// <summary>
/// Reads pieces ahead. One connection gives what its window and the server's limit for one connection let through; several give more of it.
/// Each piece that breaks off is asked for again by itself. What is held in memory is bounded for each registry. Not for several threads.
/// </summary>
internal sealed class RangedStream : ForwardStream
{
    /// <summary>Bytes of a piece: large enough that asking for it does not count, small enough to be held.</summary>
    public const int PieceBytes = 4 << 20;

    private readonly RegistrySource _source;
    private readonly Descriptor _blob;
    private readonly int _lanes;
    private readonly CancellationTokenSource _stop;
    private readonly Queue<Piece> _pieces = new();
    // Where the next piece begins that nobody has asked for.
    private long _next;
    private Piece? _current;
    private int _at;

    public RangedStream(RegistrySource source, Descriptor blob, long offset, WatchedStream first, int lanes, CancellationToken ct)
    {
        (_source, _blob, _lanes, _next) = (source, blob, lanes, offset);
        _stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        Begin(first, isLent: false);
        ReadAhead();
    }

    public override int Read(Span<byte> into)
    {
        if (!Advance()) return 0;
        if (!_current!.Filled.IsCompleted) _current.Filled.GetAwaiter().GetResult();
        return Take(into);
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (!Advance()) return 0;
        await _current!.Filled.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Take(buffer.Span);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Cancel();
            if (_current is not null) _pieces.Enqueue(_current);
            _current = null;
            // A buffer goes back when nobody writes into it any more.
            foreach (Piece piece in _pieces) _ = piece.Filled.ContinueWith(static (task, state) => { _ = task.Exception; ((Piece)state!).Return(); }, piece, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            _pieces.Clear();
            _stop.Dispose();
        }
        base.Dispose(disposing);
    }

    private bool Advance()
    {
        if (_current is not null && _at < _current.Length) return true;
        _current?.Return();
        _current = null;
        _at = 0;
        // There is always one piece on its way, whatever the others take.
        if (_pieces.Count == 0)
        {
            if (_next >= _blob.Size) return false;
            Begin(null, isLent: false);
        }
        _current = _pieces.Dequeue();
        ReadAhead();
        return true;
    }

    private int Take(Span<byte> into)
    {
        int count = Math.Min(into.Length, _current!.Length - _at);
        _current.Buffer.AsSpan(_at, count).CopyTo(into);
        _at += count;
        return count;
    }

    private void ReadAhead()
    {
        while (_pieces.Count < _lanes && _next < _blob.Size && _source.Registry.ReadAhead.Wait(0)) Begin(null, isLent: true);
    }

    private void Begin(WatchedStream? opened, bool isLent)
    {
        int length = (int)Math.Min(PieceBytes, _blob.Size - _next);
        Piece piece = new(ArrayPool<byte>.Shared.Rent(length), length, isLent ? _source.Registry.ReadAhead : null);
        piece.Filled = FillAsync(piece, _next, opened, _stop.Token);
        _pieces.Enqueue(piece);
        _next += length;
    }

    private async Task FillAsync(Piece piece, long offset, WatchedStream? opened, CancellationToken ct)
    {
        int filled = 0;
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                if (opened is null)
                {
                    (opened, bool isPart) = await _source.OpenAsync(_blob, offset + filled, offset + piece.Length - 1, ct).ConfigureAwait(false);
                    if (!isPart) throw new BerthException(Fault.Unavailable, $"{_source.Registry.Registry} sends a blob in pieces at first, and then whole");
                }
                while (filled < piece.Length)
                {
                    int n = await opened.ReadAsync(piece.Buffer.AsMemory(filled, piece.Length - filled), ct).ConfigureAwait(false);
                    if (n == 0) throw new EndOfStreamException($"{offset + filled} of {_blob.Size} bytes have come");
                    filled += n;
                }
                return;
            }
            catch (Exception e) when (e is IOException or HttpRequestException && attempt < _source.Registry.Options.Retries && !ct.IsCancellationRequested)
            {
                await _source.Registry.PauseAsync(attempt, null, ct).ConfigureAwait(false);
            }
            finally
            {
                if (opened is not null) await opened.DisposeAsync().ConfigureAwait(false);
                opened = null;
            }
        }
    }

    /// <summary>A part of the blob.</summary>
    private sealed class Piece(byte[] buffer, int length, SemaphoreSlim? lender)
    {
        public byte[] Buffer => buffer;

        public int Length => length;

        public Task Filled { get; set; } = Task.CompletedTask;

        public void Return()
        {
            ArrayPool<byte>.Shared.Return(buffer);
            try { lender?.Release(); }
            catch (ObjectDisposedException) { } // the registry's client is gone, and nobody waits
        }
    }
}
