// One ttrpc connection on our loop: bytes in, calls out, answers back.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;
using Berth.Rpc;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Launch;

namespace Berth.Shim.Serving;

/// <summary>Serves one connection until the other end closes it.</summary>
internal sealed class TtrpcPort : IDisposable
{
    private readonly EventLoop _loop;
    private readonly Fd _socket;
    private readonly TtrpcServerConnection _connection = new();
    private readonly Queue<Fd> _descriptors = [];
    private readonly List<Fd> _received = [];
    private readonly Func<string, TtrpcService?> _services;
    private Watch? _watch;
    private Readiness _wanted;

    /// <summary>Serves a connection, which is closed here.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="socket">The connection.</param>
    /// <param name="services">Finds a service by name.</param>
    public TtrpcPort(EventLoop loop, Fd socket, Func<string, TtrpcService?> services)
    {
        (_loop, _socket, _services) = (loop, socket, services);
        Rearm();
    }

    /// <summary>The connection whose calls are handed out just now.</summary>
    public static TtrpcPort? Serving { get; private set; }

    /// <summary>Whether so much waits to be sent that streams should wait.</summary>
    public bool IsFull => _connection.Outgoing.Length > TtrpcServerConnection.MaxUnsent / 2;

    /// <summary>Whether the other end is gone.</summary>
    public bool IsClosed => _socket.IsClosed;

    /// <summary>Whether nothing is read for now: what came last is more than can be taken.</summary>
    public bool IsHeld
    {
        get;
        set
        {
            field = value;
            if (!_socket.IsClosed) Rearm();
        }
    }

    /// <summary>Called when it is not full any more, and when it is closed: nobody waits for room then.</summary>
    public List<Action> Drained { get; } = [];

    /// <summary>Called once when it is closed.</summary>
    public Action<TtrpcPort>? Closed { get; set; }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_socket.IsClosed) return;
        _watch?.Remove();
        _socket.Dispose();
        while (_descriptors.TryDequeue(out Fd? left)) left.Dispose();
        _connection.Close();
        foreach (Action drained in (Action[])[.. Drained]) drained();
        Drained.Clear();
        Closed?.Invoke(this);
    }

    /// <summary>Takes descriptors that came over this connection, in their order.</summary>
    /// <param name="numbers">The number that each is to have.</param>
    /// <exception cref="BerthException">InvalidArgument: fewer came, or a number cannot be had.</exception>
    public IReadOnlyList<HandedDescriptor> TakeDescriptors(IReadOnlyList<uint> numbers)
    {
        if (numbers.Count == 0) return [];
        if (numbers.Count > _descriptors.Count) throw new BerthException(Fault.InvalidArgument, $"{numbers.Count} descriptors are to be handed on, and {_descriptors.Count} came");
        foreach (uint number in numbers)
        {
            if (number is < 3 or > HandedDescriptor.Most) throw new BerthException(Fault.InvalidArgument, $"no descriptor can be handed on as number {number}");
        }
        List<HandedDescriptor> taken = [];
        foreach (uint number in numbers) taken.Add(new HandedDescriptor(_descriptors.Dequeue(), (int)number));
        return taken;
    }

    /// <summary>Sends what has been answered since: answers are given outside of any call of ours.</summary>
    public void Flush()
    {
        if (_socket.IsClosed) return;
        bool wasFull = IsFull, hadUnsent = !_connection.Outgoing.IsEmpty;
        while (!_connection.Outgoing.IsEmpty)
        {
            int n = UnixSocket.TrySend(_socket, _connection.Outgoing, out Errno errno);
            if (n < 0)
            {
                if (errno == Errno.EAGAIN) break;
                Dispose();
                return;
            }
            _connection.Sent(n);
        }
        if (_connection.IsClosed)
        {
            Dispose();
            return;
        }
        // Calls that came while too much waited to be sent are still in the buffer: no byte on the wire would tell of them.
        if (hadUnsent && _connection.WantsBytes && !IsHeld) Serve();
        Rearm();
        if (!wasFull || IsFull) return;
        foreach (Action drained in (Action[])[.. Drained]) drained();
    }

    private void Rearm()
    {
        Readiness wanted = (_connection.WantsBytes && !IsHeld ? Readiness.Read : Readiness.None) | (_connection.Outgoing.IsEmpty ? Readiness.None : Readiness.Write);
        if (_watch is null) _watch = _loop.Look(_socket, wanted, Ready);
        else if (wanted != _wanted) _watch.Change(wanted);
        _wanted = wanted;
    }

    private void Ready(Readiness ready)
    {
        // One that has gone before it took its answers will take none, whatever else it asks.
        bool isGone = (ready & (Readiness.HangUp | Readiness.Error)) != 0 && !_connection.WantsBytes;
        if (isGone || ((ready & (Readiness.Read | Readiness.HangUp | Readiness.Error)) != 0 && !Receive()))
        {
            Dispose();
            return;
        }
        Serve();
        Flush();
    }

    private bool Receive()
    {
        Span<byte> buffer = stackalloc byte[16 * 1024];
        int n = DescriptorSocket.TryReceive(_socket, buffer, _received, out Errno errno);
        foreach (Fd fd in _received)
        {
            // Nobody has asked for so many: whoever sends them is not to fill our table.
            if (_descriptors.Count < DescriptorSocket.MostDescriptors) _descriptors.Enqueue(fd);
            else fd.Dispose();
        }
        _received.Clear();
        if (n > 0) _connection.Receive(buffer[..n]);
        return n > 0 || (n < 0 && errno == Errno.EAGAIN);
    }

    private void Serve()
    {
        Serving = this;
        while (_connection.Next(out TtrpcCall? call))
        {
            if (_services(call.Service) is not { } service)
            {
                TtrpcService.Refuse(call);
                continue;
            }
            try
            {
                service.Handle(call);
            }
            catch (BerthException e)
            {
                // One that was answered already has nobody left to tell.
                if (call.IsOpen) call.Fail(FaultCodes.Of(e.Kind), e.Sentence);
            }
            catch (LinuxException e)
            {
                if (call.IsOpen) call.Fail(StatusCode.Unknown, e.Message);
            }
        }
        Serving = null;
    }
}
