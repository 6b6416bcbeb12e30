// A published port of UDP.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Processes;

namespace Berth.Network.Rootless;

/// <summary>Carries datagrams between clients of a port of the host and a container; a client is forgotten when it is silent for long.</summary>
internal sealed class DatagramForward : IDisposable
{
    /// <summary>Clients at one time; for one more the one that was silent longest is forgotten.</summary>
    public const int MostFlows = 4096;

    private const long SilentNanoseconds = 120_000_000_000;
    private const int SweepMilliseconds = 30_000, MostAtOnce = 64, Longest = 65535;
    private readonly EventLoop _loop;
    private readonly Fd _listener;
    private readonly ForwardTarget _target;
    private readonly ushort _port;
    private readonly AddressedDatagrams _batch;
    private readonly Dictionary<(InetEndpoint Client, InetEndpoint? Here), Flow> _flows = [];
    private readonly Watch _watch;
    private Alarm? _sweep;

    public DatagramForward(EventLoop loop, Fd listener, ForwardTarget target, ushort port, AddressedDatagrams batch)
    {
        (_loop, _listener, _target, _port, _batch) = (loop, listener, target, port, batch);
        _watch = loop.Look(listener, Readiness.Read, _ => Take());
    }

    public void Dispose()
    {
        _sweep?.Cancel();
        _watch.Remove();
        _listener.Dispose();
        foreach (Flow flow in _flows.Values) flow.Close();
        _flows.Clear();
    }

    private void Take()
    {
        int count = _batch.Receive(_listener);
        for (int i = 0; i < count; i++)
        {
            (InetEndpoint, InetEndpoint?) key = (_batch.From(i), _batch.To(i));
            if (!_flows.TryGetValue(key, out Flow? flow) && (flow = TryOpen(key)) is null) continue;
            flow.LastHeard = Self.Monotonic;
            InetSocket.TrySend(flow.Socket, _batch[i], out _);
        }
    }

    private Flow? TryOpen((InetEndpoint Client, InetEndpoint? Here) key)
    {
        if (_flows.Count >= MostFlows) ForgetOldest();
        try
        {
            Flow flow = new(this, key, _target.Dial(key.Client, _port, datagram: true));
            _flows.Add(key, flow);
            _sweep ??= _loop.After(SweepMilliseconds, Sweep);
            return flow;
        }
        catch (LinuxException)
        {
            // Lost, as datagrams are.
            return null;
        }
    }

    private void Sweep()
    {
        _sweep = null;
        long now = Self.Monotonic;
        foreach (Flow flow in new List<Flow>(_flows.Values))
        {
            if (now - flow.LastHeard > SilentNanoseconds) Forget(flow);
        }
        if (_flows.Count > 0) _sweep = _loop.After(SweepMilliseconds, Sweep);
    }

    private void ForgetOldest()
    {
        Flow? oldest = null;
        foreach (Flow flow in _flows.Values)
        {
            if (oldest is null || flow.LastHeard < oldest.LastHeard) oldest = flow;
        }
        Forget(oldest!);
    }

    private void Forget(Flow flow)
    {
        _flows.Remove(flow.Key);
        flow.Close();
    }

    /// <summary>One client.</summary>
    private sealed class Flow
    {
        private readonly DatagramForward _owner;
        private readonly Watch _watch;

        public Flow(DatagramForward owner, (InetEndpoint Client, InetEndpoint? Here) key, Fd socket)
        {
            (_owner, Key, Socket) = (owner, key, socket);
            _watch = owner._loop.Look(socket, Readiness.Read, _ => Answer());
        }

        public (InetEndpoint Client, InetEndpoint? Here) Key { get; }

        public Fd Socket { get; }

        public long LastHeard { get; set; }

        public void Close()
        {
            _watch.Remove();
            Socket.Dispose();
        }

        private void Answer()
        {
            Span<byte> bytes = s_bytes;
            for (int i = 0; i < MostAtOnce; i++)
            {
                int length = InetSocket.TryReceive(Socket, bytes, out Errno errno);
                // An error is an earlier datagram's that nobody took; it is taken by having been told.
                if (length < 0 && errno == Errno.EAGAIN) return;
                if (length < 0) continue;
                LastHeard = Self.Monotonic;
                AddressedDatagrams.Send(_owner._listener, bytes[..length], Key.Client, Key.Here);
            }
        }

        private static readonly byte[] s_bytes = new byte[Longest];
    }
}
