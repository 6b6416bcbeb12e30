// The server's end of a ttrpc connection, without the connection: bytes go in, calls come out, answers become bytes.
using System.Diagnostics.CodeAnalysis;
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Ttrpc;

/// <summary>
/// Whoever owns the descriptor reads while <see cref="WantsBytes"/>, hands the bytes to <see cref="Receive"/>, takes calls with <see cref="Next"/> until there is none,
/// and writes <see cref="Outgoing"/> as far as the descriptor takes it (<see cref="Sent"/>, then <see cref="Next"/> again: calls may have waited for room).
/// <code>
/// client                                server
/// request, odd and rising stream   ->   Next: a call; Answer or Fail, sooner or later
/// response                         &lt;-   ends the stream
/// data                             ->   ITtrpcStream.Receive, if the request said "remote open"
/// data                             &lt;-   Send, any number; the last has "remote closed" (End), or a response ends the stream
/// </code>
/// What breaks the rules is answered on its stream, and the connection goes on: texts and codes are those of Go's server, for clients that match them.
/// </summary>
public sealed class TtrpcServerConnection
{
    /// <summary>How many calls may wait for their answers.</summary>
    public const int MaxInFlight = 4096;

    /// <summary>Beyond this many unsent bytes no further call is taken.</summary>
    public const int MaxUnsent = 256 << 10;

    private readonly FrameInbox _inbox = new();
    private readonly FrameOutbox _outbox = new();
    private TtrpcCall? _open;
    private TtrpcCall? _current;
    private uint _lastStream;
    private bool _closed;

    /// <summary>Whether bytes should be read from the connection.</summary>
    public bool WantsBytes => !_closed && _outbox.Length <= MaxUnsent;

    /// <summary>Whether the connection is of no more use: <see cref="Close"/> was called, or its client left 64 MiB unread.</summary>
    public bool IsClosed => _closed;

    /// <summary>Bytes to be written to the connection. Valid until anything else is called.</summary>
    public ReadOnlySpan<byte> Outgoing => _outbox.Waiting;

    /// <summary>How many calls wait for their answers.</summary>
    public int InFlight { get; private set; }

    /// <summary>Takes in bytes that were read from the connection, cut anywhere.</summary>
    public void Receive(ReadOnlySpan<byte> bytes)
    {
        if (!_closed) _inbox.Receive(bytes);
    }

    /// <summary>That many bytes of <see cref="Outgoing"/> were written.</summary>
    public void Sent(int count) => _outbox.Sent(count);

    /// <summary>The next call, if one has come. What the one before asks is gone then.</summary>
    public bool Next([NotNullWhen(true)] out TtrpcCall? call)
    {
        call = _current = null;
        _inbox.Done();
        while (WantsBytes && _inbox.Next(out Frame frame))
        {
            if (frame.Length > Frame.MaxData) Reject(frame.Stream, StatusCode.ResourceExhausted, Frame.TooLong(frame.Length));
            else if ((frame.Stream & 1) == 0) Reject(frame.Stream, StatusCode.InvalidArgument, "StreamID must be odd for client initiated streams");
            else if (frame.Kind == Frame.Data) Deliver(frame);
            else if (frame.Kind == Frame.Request && Begin(frame) is { } begun)
            {
                call = _current = begun;
                return true;
            }
            // Other kinds are for times to come.
        }
        return false;
    }

    /// <summary>The connection is gone. Calls that wait are no longer open, and their answers will be dropped.</summary>
    public void Close()
    {
        _closed = true;
        _outbox.Empty();
        while (_open is { } call) Finish(call);
    }

    internal ReadOnlySpan<byte> All(TtrpcCall call) => Of(call, 0, _inbox.Data.Length);

    internal ReadOnlySpan<byte> Of(TtrpcCall call, int start, int length)
    {
        if (call != _current) throw new InvalidOperationException("a request is read before the next call is taken");
        return _inbox.Data.Slice(start, length);
    }

    internal void Answer(TtrpcCall call, StatusCode code, string message, IMessage? payload)
    {
        if (!MayAnswer(call)) return;
        Respond(call.StreamId, code, message, payload);
        call.WasAnswered = true;
        Finish(call);
    }

    internal void Send(TtrpcCall call, IMessage? message)
    {
        if (!call.IsStreaming) throw new InvalidOperationException("this call wants one answer");
        if (!MayAnswer(call)) return;
        try
        {
            _outbox.AddData(call.StreamId, message);
        }
        catch (ProtobufException fault)
        {
            Answer(call, StatusCode.ResourceExhausted, fault.Message, null);
            return;
        }
        if (message is not null) return;
        call.WasAnswered = true;
        Finish(call);
    }

    private static bool MayAnswer(TtrpcCall call)
    {
        if (call.WasAnswered) throw new InvalidOperationException("a call is answered once");
        return call.IsOpen;
    }

    private TtrpcCall? Begin(in Frame frame)
    {
        if (frame.Stream <= _lastStream)
        {
            Reject(frame.Stream, StatusCode.InvalidArgument, "StreamID cannot be re-used and must increment");
            return null;
        }
        _lastStream = frame.Stream;
        if (InFlight >= MaxInFlight)
        {
            Reject(frame.Stream, StatusCode.ResourceExhausted, "too many calls wait for their answers");
            return null;
        }
        try
        {
            TtrpcCall call = new(this, frame.Stream, TtrpcRequest.Read(_inbox.Data), frame.Flags);
            Link(call);
            return call;
        }
        catch (ProtobufException fault)
        {
            Reject(frame.Stream, StatusCode.InvalidArgument, "unmarshal request error: " + fault.Message);
            return null;
        }
    }

    private void Deliver(in Frame frame)
    {
        if (Find(frame.Stream) is not { IsStreaming: true } call) Reject(frame.Stream, StatusCode.InvalidArgument, "StreamID is no longer active");
        else if (!call.RemoteIsOpen) Reject(frame.Stream, StatusCode.InvalidArgument, "data handling error: ttrpc: stream closed");
        else Deliver(frame, call);
    }

    private void Deliver(in Frame frame, TtrpcCall call)
    {
        // Whether it is the last is said first: then who takes it can answer at once.
        bool last = frame.Is(Frame.RemoteClosed);
        if (last) call.RemoteIsOpen = false;
        try
        {
            if (!frame.Is(Frame.NoData)) call.Stream?.Receive(call, _inbox.Data);
        }
        catch (ProtobufException fault)
        {
            Reject(frame.Stream, StatusCode.InvalidArgument, "data handling error: " + fault.Message);
            if (last) call.Stream?.End(call);
            return;
        }
        if (last && call.IsOpen) call.Stream?.End(call);
    }

    // On the stream that the frame named, even if that is a wrong one: so the client knows which it was.
    private void Reject(uint stream, StatusCode code, string message)
    {
        Respond(stream, code, message, null);
        if (Find(stream) is { } call) Finish(call);
    }

    private void Respond(uint stream, StatusCode code, string message, IMessage? payload)
    {
        try
        {
            try
            {
                _outbox.AddResponse(stream, code, message, payload);
            }
            catch (ProtobufException fault)
            {
                _outbox.AddResponse(stream, StatusCode.ResourceExhausted, fault.Message, null);
            }
        }
        catch (ProtobufException)
        {
            // Not even that has room behind what waits: nobody reads at the other end.
            Close();
        }
    }

    private void Link(TtrpcCall call)
    {
        InFlight++;
        call.After = _open;
        if (_open is not null) _open.Before = call;
        _open = call;
    }

    private void Finish(TtrpcCall call)
    {
        if (!call.IsOpen) return;
        InFlight--;
        call.IsOpen = false;
        if (call.Before is null) _open = call.After;
        else call.Before.After = call.After;
        if (call.After is not null) call.After.Before = call.Before;
        call.Before = call.After = null;
        if (!call.RemoteIsOpen) return;
        call.RemoteIsOpen = false;
        call.Stream?.End(call);
    }

    private TtrpcCall? Find(uint stream)
    {
        TtrpcCall? call = _open;
        while (call is not null && call.StreamId != stream) call = call.After;
        return call;
    }
}
