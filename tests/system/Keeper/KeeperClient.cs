// An engine's end of the contract, as small as it can be: one connection, calls that wait for their answers, and streams.
using System.Net.Sockets;
using System.Text;
using Berth.Rpc;
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Contract.Protos;

namespace Berth.SystemTests.Keeper;

/// <summary>What a shim refused, and why.</summary>
public sealed class RefusedException(StatusCode code, string message) : Exception($"{code}: {message}")
{
    /// <summary>The reason's kind.</summary>
    public StatusCode Code { get; } = code;
}

/// <summary>One connection to a shim. It reads only when it waits for something, so a client that is stuck is one that nobody asks.</summary>
public sealed class KeeperClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly TtrpcClientConnection _connection = new();
    private readonly Dictionary<uint, Queue<Answer>> _answers = [];
    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Connects.</summary>
    public KeeperClient(string path)
    {
        _socket.Connect(new UnixDomainSocketEndPoint(path));
        _socket.ReceiveTimeout = _socket.SendTimeout = (int)Until.Patience.TotalMilliseconds;
    }

    /// <summary>Calls, and waits for the answer.</summary>
    /// <exception cref="RefusedException">The shim said no.</exception>
    public T Call<T>(TtrpcMethod method, IMessage request) where T : class, IMessage, new() => Result<T>(Begin(method, request));

    /// <summary>Calls, and expects a refusal of that kind; returns its words.</summary>
    public string Refused(StatusCode code, TtrpcMethod method, IMessage request)
    {
        RefusedException refusal = Assert.Throws<RefusedException>(() => Call<Done>(method, request));
        Assert.Equal(code, refusal.Code);
        return refusal.Message;
    }

    /// <summary>Calls, and does not wait.</summary>
    /// <param name="method">Of a service.</param>
    /// <param name="request">What is asked.</param>
    /// <param name="streaming">Whether messages come or go.</param>
    /// <param name="patience">What the shim is told of how long we wait; zero is for ever.</param>
    public uint Begin(TtrpcMethod method, IMessage request, TtrpcStreaming streaming = TtrpcStreaming.None, TimeSpan patience = default)
    {
        uint stream = _connection.Call(method, request, new TtrpcOptions { Streaming = streaming, TimeoutNano = patience.Ticks * 100 });
        _answers[stream] = new Queue<Answer>();
        Send();
        return stream;
    }

    /// <summary>Waits for the answer of a call that was begun.</summary>
    public T Result<T>(uint stream) where T : class, IMessage, new()
    {
        Answer answer = Next(stream);
        return answer.Code == StatusCode.Ok ? ProtobufReader.Read(answer.Payload, new T()) : throw new RefusedException(answer.Code, answer.Message);
    }

    /// <summary>The next message of a stream, or null at its end.</summary>
    public T? Message<T>(uint stream) where T : class, IMessage, new()
    {
        Answer answer = Next(stream);
        if (answer.Code != StatusCode.Ok) throw new RefusedException(answer.Code, answer.Message);
        return answer.Kind == TtrpcAnswerKind.Data ? ProtobufReader.Read(answer.Payload, new T()) : null;
    }

    /// <summary>Attaches to a process.</summary>
    public Attached Attach(string id, string exec = "", bool noReplay = false, bool noOutput = false)
    {
        uint stream = Begin(KeeperService.Methods.Attach, new Done(), TtrpcStreaming.Client);
        Say(stream, new AttachInput { Id = id, ExecId = exec, NoReplay = noReplay, NoOutput = noOutput });
        AwaitTaken();
        return new Attached(this, stream);
    }

    /// <summary>Follows a log; its first chunk is the place.</summary>
    public Attached Follow(string id)
    {
        uint stream = Begin(KeeperService.Methods.FollowLog, new ContainerRequest { Id = id }, TtrpcStreaming.Server);
        AwaitTaken();
        return new Attached(this, stream);
    }

    /// <summary>Listens to events.</summary>
    public uint Events(ulong after = 0) => Begin(KeeperService.Methods.Events, new EventsRequest { After = after }, TtrpcStreaming.Server);

    /// <summary>Waits for an event, passing over others.</summary>
    public Event Await(uint events, Func<Event, bool> wanted)
    {
        while (true)
        {
            Event happened = Message<Event>(events) ?? throw new InvalidOperationException("the events ended");
            if (wanted(happened)) return happened;
        }
    }

    /// <summary>One more message of ours.</summary>
    public void Say(uint stream, IMessage message)
    {
        _connection.Send(stream, message);
        Send();
    }

    /// <summary>No more messages of ours.</summary>
    public void End(uint stream)
    {
        _connection.End(stream);
        Send();
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    /// <summary>What is answered later was taken later: what was asked before is in force by now.</summary>
    private void AwaitTaken() => Call<HelloResponse>(KeeperService.Methods.Hello, new HelloRequest { Version = 1 });

    private void Send()
    {
        while (!_connection.Outgoing.IsEmpty) _connection.Sent(_socket.Send(_connection.Outgoing));
    }

    private Answer Next(uint stream)
    {
        while (_answers[stream].Count == 0)
        {
            int n = _socket.Receive(_buffer);
            if (n == 0) throw new EndOfStreamException("the shim closed the connection");
            _connection.Receive(_buffer.AsSpan(0, n));
            while (_connection.Next(out TtrpcAnswer answer)) _answers[answer.StreamId].Enqueue(new Answer(answer.Kind, answer.Code, answer.Message, answer.Payload.ToArray()));
        }
        return _answers[stream].Dequeue();
    }

    private sealed record Answer(TtrpcAnswerKind Kind, StatusCode Code, string Message, byte[] Payload);
}

/// <summary>One stream of output.</summary>
public sealed class Attached(KeeperClient client, uint stream)
{
    private readonly StringBuilder _seen = new();

    /// <summary>Everything that came.</summary>
    public string Seen => _seen.ToString();

    /// <summary>Whether the shim has said that nothing more comes.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>The next chunk, or null.</summary>
    public OutputChunk? Next()
    {
        OutputChunk? chunk = client.Message<OutputChunk>(stream);
        if (chunk is null) HasEnded = true;
        else _seen.Append(Encoding.Latin1.GetString(chunk.Bytes));
        return chunk;
    }

    /// <summary>Reads until it has seen a text.</summary>
    public string Await(string text)
    {
        while (!Seen.Contains(text, StringComparison.Ordinal))
        {
            if (Next() is null) throw new EndOfStreamException($"the output ended without '{text}': {Seen}");
        }
        return Seen;
    }

    /// <summary>Reads to the end.</summary>
    public string ReadToEnd()
    {
        while (Next() is not null) { }
        return Seen;
    }

    /// <summary>Types.</summary>
    public void Type(string text) => client.Say(stream, new AttachInput { Input = Encoding.Latin1.GetBytes(text) });

    /// <summary>Says that no more input comes from here.</summary>
    public void EndInput() => client.End(stream);
}
