// The latest output of a process, for clients that come later.
using Berth.Shim.Streams;

namespace Berth.Shim.Server;

/// <summary>Keeps so many bytes, and of which stream each is; what is older is forgotten.</summary>
internal sealed class ReplayBuffer(int most) : IOutputSink
{
    // Grows with what is written: most containers write little.
    private readonly Queue<(StandardStream Stream, byte[] Bytes)> _chunks = new();
    private int _bytes;

    /// <inheritdoc/>
    public bool IsFull => false;

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > most) bytes = bytes[^most..];
        if (bytes.IsEmpty) return;
        _chunks.Enqueue((stream, bytes.ToArray()));
        _bytes += bytes.Length;
        while (_bytes > most && _chunks.TryDequeue(out (StandardStream Stream, byte[] Bytes) oldest)) _bytes -= oldest.Bytes.Length;
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream) { }

    /// <summary>Hands everything to another sink.</summary>
    public void PlayTo(IOutputSink sink)
    {
        foreach ((StandardStream stream, byte[] bytes) in _chunks) sink.Write(stream, bytes);
    }
}
