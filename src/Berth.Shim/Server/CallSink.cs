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
    private readonly OutputChunk _chunk = new();

    /// <summary>Sends to a call what a hub takes in.</summary>
    /// <param name="call">The call.</param>
    /// <param name="port">Its connection.</param>
    public CallSink(TtrpcCall call, TtrpcPort port)
    {
        (_call, _port) = (call, port);
        port.Drained.Add(GoOn);
    }

    /// <summary>Whose output it gets now; it is taken out there when the client goes.</summary>
    public OutputHub? Hub { get; private set; }

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

    /// <summary>Gets the output of a process from now on, and no longer that of the one before.</summary>
    public void Take(OutputHub hub)
    {
        Hub?.Remove(this);
        Hub = hub;
        hub.Add(this);
    }

    /// <summary>Says that nothing more will come.</summary>
    public void End()
    {
        _port.Drained.Remove(GoOn);
        if (_call.IsOpen) _call.End();
        Hub?.Remove(this);
        Hub = null;
    }

    private void GoOn()
    {
        if (IsOpen) Hub?.Resume();
        else End();
    }
}
