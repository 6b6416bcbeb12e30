// The body of an answer while it is read: a sender that has fallen silent, or as good as silent, is hung up on.
namespace Berth.Distribution.Transport;

/// <summary>Reads a response; it owns it. Not for several threads.</summary>
internal sealed class WatchedStream : ForwardStream
{
    // Bytes in a second below which somebody only keeps the connection busy.
    private const long Slowest = 128;

    private readonly IDisposable _response;
    private readonly Stream _inner;
    private readonly TimeSpan _silence;
    private readonly TimeProvider _clock;
    private readonly ITimer _watch;
    // When the read that is under way began; 0: none is.
    private long _since;
    private volatile bool _isBroken;
    private TimeSpan _waited;
    private long _came;

    public WatchedStream(IDisposable response, Stream inner, TimeSpan silence, TimeProvider clock)
    {
        (_response, _inner, _silence, _clock) = (response, inner, silence, clock);
        _watch = clock.CreateTimer(static state => ((WatchedStream)state!).Look(), this, silence / 4, silence / 4);
    }

    public override int Read(Span<byte> into)
    {
        long began = Begin();
        try { return End(began, _inner.Read(into), into.IsEmpty); }
        catch (Exception e) when (_isBroken) { throw Silent(e); }
        finally { Volatile.Write(ref _since, 0); }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        long began = Begin();
        try { return End(began, await _inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false), buffer.IsEmpty); }
        catch (Exception e) when (_isBroken) { throw Silent(e); }
        finally { Volatile.Write(ref _since, 0); }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _watch.Dispose();
            _inner.Dispose();
            _response.Dispose();
        }
        base.Dispose(disposing);
    }

    private long Begin()
    {
        if (_isBroken) throw Silent(null);
        long now = Math.Max(1, _clock.GetTimestamp());
        Volatile.Write(ref _since, now);
        return now;
    }

    private int End(long began, int count, bool isProbe)
    {
        if (count == 0 || isProbe) return count;
        _waited += _clock.GetElapsedTime(began);
        _came += count;
        if (_waited < _silence) return count;
        if (_came < Slowest * _silence.TotalSeconds) throw new IOException($"only {_came} bytes came in {_waited.TotalSeconds:0} seconds");
        (_waited, _came) = (TimeSpan.Zero, 0);
        return count;
    }

    private void Look()
    {
        long since = Volatile.Read(ref _since);
        if (since == 0 || _clock.GetElapsedTime(since) < _silence) return;
        _isBroken = true;
        _watch.Dispose();
        _response.Dispose();
    }

    private IOException Silent(Exception? inner) => new($"nothing came for {_silence.TotalSeconds:0.#} seconds", inner);
}
