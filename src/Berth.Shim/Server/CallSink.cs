// Output on its way to a client of ours, as messages of a streaming call.
using Berth.Linux.Processes;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Serving;
using Berth.Shim.Streams;

namespace Berth.Shim.Server;

/// <summary>One call of Attach or FollowLog.</summary>
internal sealed class CallSink : IOutputSink
{
    // One frame of ttrpc takes far more; a client that is slow gets at the rest sooner.
    private const int Longest = 32 * 1024;

    private readonly TtrpcCall _call;
    private readonly TtrpcPort _port;
    private readonly Action _drained;
    private readonly OutputChunk _chunk = new();

    /// <summary>Sends to a call.</summary>
    /// <param name="call">The call.</param>
    /// <param name="port">Its connection.</param>
    /// <param name="drained">Called when it is not full any more.</param>
    public CallSink(TtrpcCall call, TtrpcPort port, Action drained)
    {
        (_call, _port, _drained) = (call, port, drained);
        port.Drained.Add(drained);
    }

    /// <summary>Whether the client still listens.</summary>
    public bool IsOpen => _call.IsOpen;

    /// <inheritdoc/>
    public bool IsFull => _call.IsOpen && _port.IsFull;

    /// <inheritdoc/>
    public void Write(StandardStream stream, ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _call.IsOpen)
        {
            int length = Math.Min(bytes.Length, Longest);
            _chunk.Stream = (uint)stream;
            _chunk.Bytes = bytes[..length].ToArray();
            _chunk.Time = Self.RealTime;
            _call.Send(_chunk);
            bytes = bytes[length..];
        }
    }

    /// <inheritdoc/>
    public void Complete(StandardStream stream) { }

    /// <summary>Says that nothing more will come.</summary>
    public void End()
    {
        _port.Drained.Remove(_drained);
        if (_call.IsOpen) _call.End();
    }
}
