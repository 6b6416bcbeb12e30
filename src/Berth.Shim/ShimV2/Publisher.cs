// Tells containerd what happens to its tasks: one event after the other, and again after containerd was away.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Rpc;
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.ShimV2;

/// <summary>
/// Forwards events to the address in TTRPC_ADDRESS. One is under way at a time: containerd handles calls side by side, and
/// their order would be lost. What cannot be told now is kept, and told when containerd is back.
/// </summary>
internal sealed class Publisher(EventLoop loop, string address, string space, Action<string> warn) : IDisposable
{
    private const int Most = 4096;
    private const long AnswerMilliseconds = 5_000, LongestPause = 10_000;

    private readonly Queue<Envelope> _events = new();
    private TtrpcClientConnection? _connection;
    private Fd? _socket;
    private Watch? _watch;
    private Alarm? _alarm;
    private bool _isWaiting;
    private bool _isGivenUp;
    private int _failures;

    /// <summary>Called when there is nothing left to tell.</summary>
    public Action? Drained { get; set; }

    /// <summary>Whether there is something left to tell.</summary>
    public bool IsBusy => _events.Count > 0;

    /// <summary>Tells an event, now or later.</summary>
    /// <param name="topic">Its topic.</param>
    /// <param name="typeName">Full name of its message.</param>
    /// <param name="message">The event.</param>
    public void Publish(string topic, string typeName, IMessage message)
    {
        if (address.Length == 0) return;
        if (_events.Count == Most)
        {
            warn($"{Most} events wait for containerd at {address}: the oldest, {_events.Peek().Topic}, is given up");
            _events.Dequeue();
            // The answer to it is no answer to the next one.
            _isGivenUp = _isWaiting;
        }
        _events.Enqueue(new Envelope
        {
            Timestamp = TimeStamps.Of(Self.RealTime),
            Namespace = space,
            Topic = topic,
            Event = new Any { TypeUrl = typeName, Value = ProtobufWriter.ToBytes(message) },
        });
        Next();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _alarm?.Cancel();
        Disconnect();
    }

    private void Next()
    {
        if (_isWaiting) return;
        if (!_events.TryPeek(out Envelope? envelope))
        {
            Drained?.Invoke();
            return;
        }
        _isWaiting = true;
        if (!Connect())
        {
            Retry();
            return;
        }
        _connection!.Call(EventsService.Methods.Forward, new ForwardRequest { Envelope = envelope }, new TtrpcOptions { TimeoutNano = AnswerMilliseconds * 1_000_000, Metadata = [("containerd-namespace-ttrpc", space)] });
        _alarm = loop.After(AnswerMilliseconds, Retry);
        Send();
    }

    private bool Connect()
    {
        if (_socket is not null) return true;
        // Never waited for: a containerd that hangs must not hang the containers.
        _socket = UnixSocket.TryConnect(address.StartsWith("unix://", StringComparison.Ordinal) ? address[7..] : address, out _);
        if (_socket is null) return false;
        _connection = new TtrpcClientConnection();
        _watch = loop.Look(_socket, Readiness.Read, Ready);
        return true;
    }

    private void Disconnect()
    {
        _watch?.Remove();
        _socket?.Dispose();
        _watch = null;
        _socket = null;
        _connection = null;
    }

    private void Send()
    {
        while (_connection is { } connection && !connection.Outgoing.IsEmpty)
        {
            int n = UnixSocket.TrySend(_socket!, connection.Outgoing, out Errno errno);
            if (n < 0 && errno == Errno.EAGAIN)
            {
                _watch!.Change(Readiness.Read | Readiness.Write);
                return;
            }
            if (n < 0)
            {
                Retry();
                return;
            }
            connection.Sent(n);
        }
        _watch?.Change(Readiness.Read);
    }

    private void Ready(Readiness ready)
    {
        if ((ready & Readiness.Write) != 0) Send();
        if (_socket is null || (ready & (Readiness.Read | Readiness.HangUp | Readiness.Error)) == 0) return;
        Span<byte> buffer = stackalloc byte[4096];
        int n = FdIo.TryRead(_socket, buffer, out Errno errno);
        if (n < 0 && errno == Errno.EAGAIN) return;
        if (n <= 0)
        {
            // containerd has gone: between two events that is nobody's loss.
            Disconnect();
            if (_isWaiting) Retry();
            return;
        }
        _connection!.Receive(buffer[..n]);
        while (_connection is { } connection && connection.Next(out TtrpcAnswer answer)) Take(answer.Code, answer.Message);
    }

    private void Take(StatusCode code, string message)
    {
        _alarm?.Cancel();
        // What containerd has looked at and refused it would refuse again.
        if (code != StatusCode.Ok) warn($"containerd refused {(_isGivenUp ? "an event" : $"the event {_events.Peek().Topic}")}: {message}");
        if (!_isGivenUp) _events.Dequeue();
        _isGivenUp = false;
        _failures = 0;
        _isWaiting = false;
        Next();
    }

    private void Retry()
    {
        _alarm?.Cancel();
        Disconnect();
        _isGivenUp = false;
        _failures++;
        _alarm = loop.After(Math.Min(_failures * 250L, LongestPause), () =>
        {
            _isWaiting = false;
            Next();
        });
    }
}
