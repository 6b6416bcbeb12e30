// zstd as streams, one for each direction.
using System.Buffers;
using Berth.Linux.Compression;
using Berth.Oci.Faults;

namespace Berth.Images.Compressed;

/// <summary>Reads what a stream of zstd frames holds.</summary>
internal sealed class ZstdReadStream(Stream source) : ReadOnlyStream
{
    private readonly ZstdDecoder _decoder = ZstdFaults.Told(static () => new ZstdDecoder());
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
    private int _start, _end;
    private bool _complete = true, _disposed;

    public override int Read(Span<byte> into)
    {
        while (!into.IsEmpty)
        {
            if (_start == _end)
            {
                _start = 0;
                _end = source.Read(_buffer, 0, _buffer.Length);
                if (_end == 0) return _complete ? 0 : throw ZstdFaults.Bad("it ends in the middle");
            }
            ZstdStep step;
            try { step = _decoder.Step(_buffer.AsSpan(_start, _end - _start), into); }
            catch (ZstdException e) { throw ZstdFaults.Bad(e.Message); }
            _start += step.Consumed;
            _complete = step.IsComplete;
            if (step.Produced > 0) return step.Produced;
        }
        return 0;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            _decoder.Dispose();
            ArrayPool<byte>.Shared.Return(_buffer);
            source.Dispose();
        }
        base.Dispose(disposing);
    }
}

/// <summary>Writes one zstd frame; disposing it ends the frame and leaves the target open.</summary>
// At least one worker: what comes out depends on whether there are any, not on how many.
internal sealed class ZstdWriteStream(Stream target, int level) : WriteOnlyStream
{
    private readonly ZstdEncoder _encoder = ZstdFaults.Told(() => new ZstdEncoder(level, Math.Max(1, Environment.ProcessorCount - 1)));
    private readonly byte[] _buffer = ArrayPool<byte>.Shared.Rent(128 * 1024);
    private bool _disposed;

    public override void Write(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty) data = data[Step(data, last: false).Consumed..];
    }

    private ZstdStep Step(ReadOnlySpan<byte> data, bool last)
    {
        ZstdStep step = _encoder.Step(data, _buffer, last);
        target.Write(_buffer, 0, step.Produced);
        return step;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_disposed)
        {
            _disposed = true;
            try
            {
                while (!Step([], last: true).IsComplete) { }
            }
            finally
            {
                _encoder.Dispose();
                ArrayPool<byte>.Shared.Return(_buffer);
            }
        }
        base.Dispose(disposing);
    }
}

/// <summary>The library's complaints in our words.</summary>
internal static class ZstdFaults
{
    public static T Told<T>(Func<T> make)
    {
        try { return make(); }
        catch (ZstdException e) when (e.IsMissing) { throw new BerthException(Fault.Unavailable, $"zstd cannot be used: {e.Message}", "install libzstd1 (Debian), libzstd (Fedora, Alpine: zstd-libs)", e); }
        catch (ZstdException e) { throw new BerthException(Fault.InvalidArgument, $"zstd cannot be used: {e.Message}", inner: e); }
    }

    public static BerthException Bad(string reason) => new(Fault.InvalidArgument, $"the zstd data cannot be read: {reason}");
}
