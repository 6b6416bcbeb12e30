// The client's end of a ttrpc connection, without the connection: calls become bytes, bytes become answers.
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Ttrpc;

/// <summary>
/// Whoever owns the descriptor writes <see cref="Outgoing"/> as far as the descriptor takes it (<see cref="Sent"/>), hands what it reads to <see cref="Receive"/>,
/// and takes answers with <see cref="Next"/> until there is none. Which answer is whose says the number that <see cref="Call"/> returned.
/// When the connection ends, so do its calls: this object is thrown away.
/// </summary>
public sealed class TtrpcClientConnection
{
    private readonly FrameInbox _inbox = new();
    private readonly FrameOutbox _outbox = new();
    private readonly List<Expected> _expected = [];
    private uint _nextStream = 1;

    /// <summary>Bytes to be written to the connection. Valid until anything else is called.</summary>
    public ReadOnlySpan<byte> Outgoing => _outbox.Waiting;

    /// <summary>How many calls have no answer yet.</summary>
    public int InFlight => _expected.Count;

    /// <summary>Takes in bytes that were read from the connection, cut anywhere.</summary>
    public void Receive(ReadOnlySpan<byte> bytes) => _inbox.Receive(bytes);

    /// <summary>That many bytes of <see cref="Outgoing"/> were written.</summary>
    public void Sent(int count) => _outbox.Sent(count);

    /// <summary>Calls a method.</summary>
    /// <returns>The number under which its answer will come.</returns>
    /// <exception cref="ProtobufException">The request is beyond what ttrpc carries; nothing was sent.</exception>
    public uint Call(TtrpcMethod method, IMessage request, TtrpcOptions options = default)
    {
        if (_nextStream == uint.MaxValue) throw new InvalidOperationException("the numbers of this connection are used up: open another");
        uint stream = _nextStream;
        _outbox.AddRequest(stream, options.Streaming switch { TtrpcStreaming.Server => Frame.RemoteClosed, TtrpcStreaming.Client => Frame.RemoteOpen, _ => 0 }, method, request, options);
        _nextStream += 2;
        _expected.Add(new Expected(stream, options.Streaming != TtrpcStreaming.None));
        return stream;
    }

    /// <summary>Sends a further message of a call whose client streams.</summary>
    /// <exception cref="ProtobufException">The message is beyond what ttrpc carries; nothing was sent.</exception>
    public void Send(uint stream, IMessage message) => _outbox.AddData(stream, message);

    /// <summary>Says that this side sends no more messages in a call whose client streams.</summary>
    public void End(uint stream) => _outbox.AddData(stream, null);

    /// <summary>An answer is no longer waited for; if it comes all the same, it is passed over.</summary>
    public void Forget(uint stream)
    {
        int index = IndexOf(stream);
        if (index >= 0) _expected.RemoveAt(index);
    }

    /// <summary>The next answer, if one has come; valid until this is called again.</summary>
    public bool Next(out TtrpcAnswer answer)
    {
        while (_inbox.Next(out Frame frame))
        {
            int index = IndexOf(frame.Stream);
            if (index < 0) continue;
            bool data = frame.Kind == Frame.Data && _expected[index].Streams && frame.Length <= Frame.MaxData;
            bool last = !data || frame.Is(Frame.RemoteClosed);
            if (last) _expected.RemoveAt(index);
            answer = !data ? Final(frame) : frame.Is(Frame.NoData) ? new(frame.Stream, default) { Kind = TtrpcAnswerKind.End, IsLast = last } : new(frame.Stream, _inbox.Data) { Kind = TtrpcAnswerKind.Data, IsLast = last };
            return true;
        }
        answer = default;
        return false;
    }

    private TtrpcAnswer Final(Frame frame)
    {
        if (frame.Length > Frame.MaxData) return Failed(frame, StatusCode.ResourceExhausted, Frame.TooLong(frame.Length));
        if (frame.Kind != Frame.Response) return Failed(frame, StatusCode.Internal, "the server answered a call with something that is no response");
        try
        {
            TtrpcResponse response = TtrpcResponse.Read(_inbox.Data);
            return new TtrpcAnswer(frame.Stream, _inbox.Data.Slice(response.PayloadStart, response.PayloadLength)) { Code = response.Code, Message = response.Message, IsLast = true };
        }
        catch (ProtobufException fault)
        {
            return Failed(frame, StatusCode.Internal, "unmarshal response error: " + fault.Message);
        }
    }

    private static TtrpcAnswer Failed(Frame frame, StatusCode code, string message) => new(frame.Stream, default) { Code = code, Message = message, IsLast = true };

    private int IndexOf(uint stream)
    {
        for (int i = 0; i < _expected.Count; i++)
        {
            if (_expected[i].Stream == stream) return i;
        }
        return -1;
    }

    private readonly struct Expected(uint stream, bool streams)
    {
        public uint Stream { get; } = stream;

        public bool Streams { get; } = streams;
    }
}

/// <summary>What a server said to one call. The payload lies in the connection's buffer.</summary>
public readonly ref struct TtrpcAnswer
{
    private readonly string? _message;

    internal TtrpcAnswer(uint stream, ReadOnlySpan<byte> payload)
    {
        StreamId = stream;
        Payload = payload;
    }

    /// <summary>What <see cref="TtrpcClientConnection.Call"/> returned.</summary>
    public uint StreamId { get; }

    /// <summary>How the call ended; <see cref="StatusCode.Ok"/> for messages of a stream.</summary>
    public StatusCode Code { get; internal init; }

    /// <summary>Why it failed, or empty.</summary>
    public string Message { get => _message ?? ""; internal init => _message = value; }

    /// <summary>What this is.</summary>
    public TtrpcAnswerKind Kind { get; internal init; }

    /// <summary>Whether nothing more will come for this call.</summary>
    public bool IsLast { get; internal init; }

    /// <summary>The message as it came.</summary>
    public ReadOnlySpan<byte> Payload { get; }

    /// <summary>Reads the message into <paramref name="message"/>, and returns that.</summary>
    /// <exception cref="ProtobufException">The payload is not such a message.</exception>
    public T Read<T>(T message) where T : class, IMessage => ProtobufReader.Read(Payload, message);
}

/// <summary>What a server's answer is.</summary>
public enum TtrpcAnswerKind
{
    /// <summary>The response, or why there is none: see <see cref="TtrpcAnswer.Code"/>.</summary>
    Response,

    /// <summary>One message of a stream.</summary>
    Data,

    /// <summary>The end of a stream, without a message.</summary>
    End,
}
