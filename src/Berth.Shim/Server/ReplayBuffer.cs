// The latest output of a process, for clients that come later.
using Berth.Shim.Streams;

namespace Berth.Shim.Server;

/// <summary>Keeps so many bytes, and of which stream each is; what is older is forgotten.</summary>
internal sealed class ReplayBuffer(int most) : IOutputSink
{
    /// <summary>Room for one that holds: a read of each stream, and what is left in pipes when a process ends.</summary>
    public const int Held = 4 << 20;

    private const int First = 1024, HoldAt = 64 * 1024;

    // A ring that grows with what is written: most containers write little. Beside it, where each run of one stream ends.
    private readonly Queue<Run> _runs = new();
    private byte[] _ring = [];
    private int _start;
    private int _count;
    private Run? _last;

    /// <summary>Whether the process is to wait when there is much, so that nothing is forgotten.</summary>
    public bool Holds { get; set; }

    /// <inheritdoc/>
    public bool IsFull => Holds && _count >= HoldAt;

    /// <inheritdoc/>
    public bool IsOwed => false;

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > most) bytes = bytes[^most..];
        if (bytes.IsEmpty) return;
        Forget(_count + bytes.Length - most);
        if (_count + bytes.Length > _ring.Length) Grow(_count + bytes.Length);
        int at = (_start + _count) % _ring.Length, straight = Math.Min(bytes.Length, _ring.Length - at);
        bytes[..straight].CopyTo(_ring.AsSpan(at));
        bytes[straight..].CopyTo(_ring);
        _count += bytes.Length;
        if (_last?.Stream != stream) _runs.Enqueue(_last = new Run(stream));
        _last.Length += bytes.Length;
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream) { }

    /// <summary>Hands everything to another sink.</summary>
    public void PlayTo(IOutputSink sink)
    {
        int at = _start;
        foreach (Run run in _runs)
        {
            int straight = Math.Min(run.Length, _ring.Length - at);
            sink.Write(run.Stream, _ring.AsSpan(at, straight));
            sink.Write(run.Stream, _ring.AsSpan(0, run.Length - straight));
            at = (at + run.Length) % _ring.Length;
        }
    }

    private void Forget(int bytes)
    {
        if (bytes <= 0) return;
        _start = (_start + bytes) % _ring.Length;
        _count -= bytes;
        while (bytes > 0)
        {
            Run oldest = _runs.Peek();
            int part = Math.Min(bytes, oldest.Length);
            oldest.Length -= part;
            bytes -= part;
            if (oldest.Length > 0) continue;
            _runs.Dequeue();
            if (oldest == _last) _last = null;
        }
    }

    private void Grow(int needed)
    {
        byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Min(most, Math.Max(First, Math.Max(needed, _ring.Length * 2))));
        int straight = Math.Min(_count, _ring.Length - _start);
        _ring.AsSpan(_start, straight).CopyTo(larger);
        _ring.AsSpan(0, _count - straight).CopyTo(larger.AsSpan(straight));
        (_ring, _start) = (larger, 0);
    }

    private sealed class Run(StandardStream stream)
    {
        public StandardStream Stream { get; } = stream;

        public int Length { get; set; }
    }
}
