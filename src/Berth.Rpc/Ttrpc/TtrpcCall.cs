// One call that came in: what is asked, and the way to answer it, now or later.
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Ttrpc;

/// <summary>
/// A call. What it asks (<see cref="Read"/>, <see cref="Payload"/>, <see cref="Metadata"/>) lies in the connection's buffer and has to be read before
/// the connection's next call is taken. Answering is possible at any time after, in any order; once the connection has closed, answers are dropped.
/// </summary>
public sealed class TtrpcCall
{
    private readonly TtrpcServerConnection _connection;

    internal TtrpcCall(TtrpcServerConnection connection, uint stream, in TtrpcRequest request, byte flags)
    {
        _connection = connection;
        StreamId = stream;
        Service = request.Service;
        Method = request.Method;
        TimeoutNano = request.TimeoutNano;
        PayloadStart = request.PayloadStart;
        PayloadLength = request.PayloadLength;
        IsStreaming = (flags & (Frame.RemoteOpen | Frame.RemoteClosed)) != 0;
        RemoteIsOpen = (flags & Frame.RemoteOpen) != 0;
    }

    /// <summary>Name of the service, with its package.</summary>
    public string Service { get; }

    /// <summary>Name of the method.</summary>
    public string Method { get; }

    /// <summary>How long the caller will wait, in nanoseconds from when it asked; zero is "as long as it takes".</summary>
    public long TimeoutNano { get; }

    /// <summary>Number of its stream in the connection.</summary>
    public uint StreamId { get; }

    /// <summary>Whether the caller expects a stream of messages, or sends one.</summary>
    public bool IsStreaming { get; }

    /// <summary>Whether the caller may send more messages; they go to <see cref="Stream"/>.</summary>
    public bool RemoteIsOpen { get; internal set; }

    /// <summary>Whether the caller still waits for an answer.</summary>
    public bool IsOpen { get; internal set; } = true;

    /// <summary>Who takes the messages that the caller goes on sending. Set it before the connection's next call is taken.</summary>
    public ITtrpcStream? Stream { get; set; }

    /// <summary>The request as it came, until the connection's next call is taken.</summary>
    public ReadOnlySpan<byte> Payload => _connection.Of(this, PayloadStart, PayloadLength);

    internal int PayloadStart { get; }

    internal int PayloadLength { get; }

    // The open calls of a connection are a ring of which the connection holds one.
    internal TtrpcCall? Before { get; set; }

    internal TtrpcCall? After { get; set; }

    internal bool WasAnswered { get; set; }

    /// <summary>Reads the request into <paramref name="message"/>, and returns that.</summary>
    /// <exception cref="ProtobufException">The payload is not such a message.</exception>
    public T Read<T>(T message) where T : class, IMessage => ProtobufReader.Read(Payload, message);

    /// <summary>The first value that the caller sent along under this key (in lower case), or null. Only until the connection's next call is taken.</summary>
    public string? Metadata(string key) => TtrpcRequest.Metadata(_connection.All(this), key);

    /// <summary>Answers, and ends the call.</summary>
    /// <remarks>An answer beyond 4 MiB reaches the caller as <see cref="StatusCode.ResourceExhausted"/>.</remarks>
    /// <exception cref="InvalidOperationException">It was answered before.</exception>
    public void Answer(IMessage message) => _connection.Answer(this, StatusCode.Ok, "", message);

    /// <summary>Answers that it cannot be done, and ends the call.</summary>
    /// <exception cref="InvalidOperationException">It was answered before.</exception>
    public void Fail(StatusCode code, string message) => _connection.Answer(this, code, message, null);

    /// <summary>Sends one message of a stream.</summary>
    /// <exception cref="InvalidOperationException">It was answered before, or the call is not a streaming one.</exception>
    public void Send(IMessage message) => _connection.Send(this, message);

    /// <summary>Ends a stream of messages.</summary>
    /// <exception cref="InvalidOperationException">It was answered before, or the call is not a streaming one.</exception>
    public void End() => _connection.Send(this, null);
}
