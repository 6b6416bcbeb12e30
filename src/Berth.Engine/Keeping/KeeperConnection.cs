// One connection to a shim that keeps containers (docs/protocols/keeper.md): a call at a time, or one stream.
using System.Net.Sockets;
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Oci.Faults;
using Berth.Rpc;
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Contract.Protos;

namespace Berth.Engine.Keeping;

/// <summary>
/// Nothing is read from it but while somebody waits for an answer: a stream whose messages nobody takes holds its container, and not our
/// memory. Calls that last, and streams, have a connection each.
/// </summary>
internal sealed class KeeperConnection : IDisposable
{
    private const uint Version = 1;

    private readonly Socket _socket;
    private readonly TtrpcClientConnection _protocol = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly byte[] _buffer = new byte[32 * 1024];

    private KeeperConnection(Socket socket) => _socket = socket;

    /// <summary>Connects; null: no shim answers there.</summary>
    public static KeeperConnection? TryConnect(string path)
    {
        Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            return new KeeperConnection(socket);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.AddressNotAvailable || e.NativeErrorCode is 2 or 111)
        {
            socket.Dispose();
            return null;
        }
        catch (Exception)
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Says which version of the contract is spoken.</summary>
    /// <exception cref="BerthException">Unsupported: the shim knows none of ours.</exception>
    public async Task HelloAsync(CancellationToken ct)
    {
        HelloResponse answer = await CallAsync<HelloResponse>(KeeperService.Methods.Hello, new HelloRequest { Version = Version }, ct).ConfigureAwait(false);
        if (answer.Version != Version) throw new BerthException(Fault.Unsupported, $"cannot speak with the shim {answer.Pid}: it speaks version {answer.Version} of the contract, and this is {Version}");
    }

    /// <summary>Calls, and waits for the answer.</summary>
    /// <exception cref="BerthException">What the shim says. Unavailable: it is gone.</exception>
    public async Task<T> CallAsync<T>(TtrpcMethod method, IMessage request, CancellationToken ct) where T : class, IMessage, new()
    {
        uint stream;
        lock (_protocol) stream = _protocol.Call(method, request);
        await FlushAsync(ct).ConfigureAwait(false);
        while (true)
        {
            if (TryTake(stream, out T? answer, out _)) return answer ?? new T();
            await ReceiveAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>Calls, and hands descriptors of ours over with the call.</summary>
    public async Task<T> CallAsync<T>(TtrpcMethod method, IMessage request, IReadOnlyList<int> descriptors, CancellationToken ct) where T : class, IMessage, new()
    {
        if (descriptors.Count == 0) return await CallAsync<T>(method, request, ct).ConfigureAwait(false);
        uint stream;
        lock (_protocol)
        {
            stream = _protocol.Call(method, request);
            // They go with the first byte: they are there before the call can be read.
            using BorrowedSocket socket = new(_socket);
            DescriptorSocket.Send(socket.Fd, _protocol.Outgoing[..1], [.. descriptors]);
            _protocol.Sent(1);
        }
        await FlushAsync(ct).ConfigureAwait(false);
        while (true)
        {
            if (TryTake(stream, out T? answer, out _)) return answer ?? new T();
            await ReceiveAsync(ct).ConfigureAwait(false);
        }
    }

    /// <summary>Calls while another call is waited for; the answer is passed over.</summary>
    public Task SendAloneAsync(TtrpcMethod method, IMessage request, CancellationToken ct)
    {
        lock (_protocol) _protocol.Forget(_protocol.Call(method, request));
        return FlushAsync(ct);
    }

    /// <summary>Begins a call whose answer is a stream.</summary>
    public async Task<KeeperStream<T>> OpenAsync<T>(TtrpcMethod method, IMessage first, TtrpcStreaming streaming, CancellationToken ct) where T : class, IMessage, new()
    {
        uint stream;
        lock (_protocol)
        {
            stream = _protocol.Call(method, streaming == TtrpcStreaming.Client ? new Done() : first, new TtrpcOptions { Streaming = streaming });
            if (streaming == TtrpcStreaming.Client) _protocol.Send(stream, first);
        }
        await FlushAsync(ct).ConfigureAwait(false);
        return new KeeperStream<T>(this, stream);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _sending.Dispose();
    }

    internal async Task SendAsync(uint stream, IMessage? message, CancellationToken ct)
    {
        lock (_protocol)
        {
            if (message is null) _protocol.End(stream);
            else _protocol.Send(stream, message);
        }
        await FlushAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Takes what has come for a stream.</summary>
    /// <returns>Whether something has.</returns>
    internal bool TryTake<T>(uint stream, out T? message, out bool isLast) where T : class, IMessage, new()
    {
        (message, isLast) = (null, false);
        lock (_protocol)
        {
            while (_protocol.Next(out TtrpcAnswer answer))
            {
                if (answer.StreamId != stream) continue;
                if (answer.Code != StatusCode.Ok) throw new BerthException(KindOf(answer.Code), answer.Message);
                isLast = answer.IsLast;
                if (answer.Kind != TtrpcAnswerKind.End) message = answer.Read(new T());
                return true;
            }
        }
        return false;
    }

    internal async Task ReceiveAsync(CancellationToken ct)
    {
        int count;
        try
        {
            count = await _socket.ReceiveAsync(_buffer, SocketFlags.None, ct).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw Gone(e);
        }
        if (count == 0) throw Gone(null);
        lock (_protocol) _protocol.Receive(_buffer.AsSpan(0, count));
    }

    private async Task FlushAsync(CancellationToken ct)
    {
        await _sending.WaitAsync(ct).ConfigureAwait(false);
        try
        {
            while (true)
            {
                byte[] bytes;
                lock (_protocol)
                {
                    bytes = _protocol.Outgoing.ToArray();
                    _protocol.Sent(bytes.Length);
                }
                if (bytes.Length == 0) return;
                for (int sent = 0; sent < bytes.Length;) sent += await _socket.SendAsync(bytes.AsMemory(sent), SocketFlags.None, ct).ConfigureAwait(false);
            }
        }
        catch (SocketException e)
        {
            throw Gone(e);
        }
        finally
        {
            _sending.Release();
        }
    }

    /// <summary>A descriptor that stays the socket's.</summary>
    private sealed class BorrowedSocket(Socket socket) : IDisposable
    {
        public Fd Fd { get; } = new((int)socket.Handle);

        public void Dispose() => Fd.SetHandleAsInvalid();
    }

    private static BerthException Gone(Exception? inner) => new(Fault.Unavailable, "the shim that keeps the container has ended", inner: inner);

    private static Fault KindOf(StatusCode code) => code switch
    {
        StatusCode.NotFound => Fault.NotFound,
        StatusCode.AlreadyExists => Fault.Conflict,
        StatusCode.InvalidArgument => Fault.InvalidArgument,
        StatusCode.FailedPrecondition => Fault.WrongState,
        StatusCode.PermissionDenied => Fault.Denied,
        StatusCode.Unimplemented => Fault.Unsupported,
        StatusCode.DeadlineExceeded => Fault.TimedOut,
        StatusCode.Unavailable => Fault.Unavailable,
        StatusCode.ResourceExhausted => Fault.Exhausted,
        _ => Fault.Failed,
    };
}

/// <summary>The messages of one call.</summary>
internal sealed class KeeperStream<T>(KeeperConnection connection, uint stream) where T : class, IMessage, new()
{
    private bool _over;

    /// <summary>The next message; null: there is none any more.</summary>
    public async ValueTask<T?> NextAsync(CancellationToken ct)
    {
        while (!_over)
        {
            if (connection.TryTake(stream, out T? message, out _over))
            {
                if (message is not null) return message;
                continue;
            }
            await connection.ReceiveAsync(ct).ConfigureAwait(false);
        }
        return null;
    }

    /// <summary>One more message of ours.</summary>
    public Task SendAsync(IMessage message, CancellationToken ct) => connection.SendAsync(stream, message, ct);

    /// <summary>No more messages of ours.</summary>
    public Task EndAsync(CancellationToken ct) => connection.SendAsync(stream, null, ct);
}
