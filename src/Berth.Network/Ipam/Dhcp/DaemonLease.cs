// One lease in the daemon: a machine, its socket while it asks, its alarm, and who waits for it.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Keeps one lease until it is given back or lost.</summary>
internal sealed class DaemonLease
{
    private const int CarrierMilliseconds = 1000, LookMilliseconds = 10, MostAtOnce = 16;
    // Distant alarms are set in parts: what a machine's clock and an alarm's differ by does not add up.
    private const long LongestSleep = 24 * 3_600_000L;

    private readonly LeaseDaemon _daemon;
    private readonly ClientSite _site;
    private readonly byte[] _options;
    private readonly LeaseClient _client;
    private readonly long _patience;
    private readonly List<DaemonCaller> _waiting = [];
    private PacketSocket? _socket;
    private Watch? _watch;
    private Alarm? _alarm;
    private byte[] _serverAddress = [];
    private long _listenUntil;
    private bool _ended;

    private DaemonLease(LeaseDaemon daemon, LeaseKey key, ClientSite site, byte[] options, ClientSettings settings)
    {
        (_daemon, Key, _site, _options, _patience) = (daemon, key, site, options, settings.PatienceMilliseconds);
        _client = new LeaseClient(settings with { HardwareAddress = site.HardwareAddress, Options = options }, Random.Shared, Send);
    }

    public LeaseKey Key { get; }

    /// <summary>The acknowledgement, once there is one.</summary>
    public DhcpMessage? Lease => _client.Lease;

    private static long Now => Self.Monotonic / 1_000_000;

    /// <summary>One that is to be got.</summary>
    /// <exception cref="CniException">There is no such interface.</exception>
    public static DaemonLease New(LeaseDaemon daemon, DaemonRequest request, ClientSettings settings) =>
        new(daemon, request.Key, ClientSite.Of(daemon.HostPrefix + request.NetworkNamespace, request.Key.InterfaceName), request.Options, settings);

    /// <summary>Begins to ask.</summary>
    public void Begin() => AwaitCarrier(Now + CarrierMilliseconds);

    /// <summary>Goes on with one that another daemon got; null where its interface is gone.</summary>
    public static DaemonLease? Resume(LeaseDaemon daemon, LeaseRecord record, ClientSettings settings)
    {
        ClientSite site = new(record.NetworkNamespace, record.Place, record.Key.InterfaceName, record.HardwareAddress);
        if (!site.IsThere) return null;
        DaemonLease lease = new(daemon, record.Key, site, record.Options, settings) { _serverAddress = record.ServerAddress };
        lease._client.Resume(record.Lease, record.Since, Now);
        lease.Settle();
        return lease._ended ? null : lease;
    }

    /// <summary>Whether it is that of the interface that is there now: a container's id may come again.</summary>
    public bool IsOf(string path) => path == _site.NetworkNamespace && _site.IsThere;

    /// <summary>Tells a caller when it is there, or that it will not be.</summary>
    public void Tell(DaemonCaller caller)
    {
        if (Lease is { } lease)
        {
            caller.Answer(DaemonRequest.Answer(lease.Bytes));
            return;
        }
        caller.WaitsFor = this;
        _waiting.Add(caller);
    }

    /// <summary>A caller waits no longer. The last one gone, nobody would ever use it, or give it back.</summary>
    public void Forget(DaemonCaller caller)
    {
        if (_waiting.Remove(caller) && Lease is null && _waiting.Count == 0) Release();
    }

    /// <summary>Gives it back.</summary>
    public void Release()
    {
        if (Lease is not null) Guarded(() => _client.Release(Now));
        End("it was given back");
    }

    /// <summary>Forgets it here, and leaves it and its record as they are.</summary>
    public void Leave()
    {
        _ended = true;
        _alarm?.Cancel();
        Close();
    }

    private void AwaitCarrier(long until)
    {
        if (_site.HasCarrier || Now >= until)
        {
            Guarded(() => _client.Begin(Now));
            Settle();
            return;
        }
        _alarm = _daemon.Loop.After(LookMilliseconds, () => AwaitCarrier(until));
    }

    // After every step: what changed is told, and the next one is waited for.
    private void Settle()
    {
        if (_ended) return;
        if (_client.State == LeaseState.Over)
        {
            Lose();
            return;
        }
        bool asks = _client.State != LeaseState.Bound && (_client.State is LeaseState.Selecting or LeaseState.Requesting || Now < _listenUntil);
        if (!asks) Close();
        long due = Math.Min(_client.Due, _socket is null || _client.State is LeaseState.Selecting or LeaseState.Requesting ? long.MaxValue : _listenUntil);
        _alarm?.Cancel();
        _alarm = _daemon.Loop.After(Math.Clamp(due - Now, 0, LongestSleep), () =>
        {
            Guarded(() => _client.Tick(Now));
            Settle();
        });
    }

    private void Lose()
    {
        if (Lease is { } lease)
        {
            LeaseDaemon.Log(Key, $"{DhcpOption.Address(lease.Address)} is lost: {_client.Reason}; the interface goes down");
            Guarded(_site.SetDown);
        }
        End(_client.Reason);
    }

    private void End(string reason)
    {
        if (_ended) return;
        Leave();
        _daemon.Forget(this);
        foreach (DaemonCaller caller in _waiting.ToArray()) caller.Answer(DaemonRequest.Answer(CniException.Failed($"cannot get an address for {Key.InterfaceName} of container {Key.ContainerId} on network {Key.Network}: {reason}")));
        _waiting.Clear();
    }

    private void Send(Outgoing message)
    {
        if (!Open()) return;
        byte[] packet = UdpPacket.Pack(message.From, message.To, message.Payload);
        // One that is not sent is as one that was lost on the way.
        _socket!.TrySend(packet, message.To == UdpPacket.Everybody ? [] : _serverAddress, out _);
        _listenUntil = Now + _patience;
    }

    private bool Open()
    {
        if (_socket is not null) return true;
        _socket = _site.TryOpen();
        if (_socket is null)
        {
            End("its interface is gone");
            return false;
        }
        _watch = _daemon.Loop.Look(_socket.Descriptor, Readiness.Read, _ => Receive());
        return true;
    }

    private void Close()
    {
        _watch?.Remove();
        _socket?.Dispose();
        (_watch, _socket) = (null, null);
    }

    private void Receive()
    {
        Span<byte> packet = stackalloc byte[2048];
        Span<byte> from = stackalloc byte[6];
        for (int i = 0; i < MostAtOnce && _socket is not null; i++)
        {
            int length = _socket.TryReceive(packet, from, out Errno errno);
            if (length < 0)
            {
                // Down, or gone: it is opened again when there is something to send.
                if (errno != Errno.EAGAIN) Close();
                break;
            }
            if (DhcpMessage.Read(UdpPacket.Unpack(packet[..length])) is { } message && Take(message, from)) break;
        }
        Settle();
    }

    private bool Take(DhcpMessage message, ReadOnlySpan<byte> from)
    {
        bool had = Lease is not null, got = false;
        LeaseState before = _client.State;
        Guarded(() => got = _client.Take(message, Now));
        if (!got) return _client.State != before;
        if (LeaseTerms.Prefix(message) is not { } prefix)
        {
            Guarded(() => _client.Release(Now));
            End("DHCP option Subnet Mask not found in DHCPACK");
            return true;
        }
        _serverAddress = from.ToArray();
        LeaseDaemon.Log(Key, $"{(had ? "prolonged" : "got")} {prefix} of {DhcpOption.Address(message.Server)}");
        Keep(message);
        foreach (DaemonCaller caller in _waiting.ToArray()) caller.Answer(DaemonRequest.Answer(message.Bytes));
        _waiting.Clear();
        return true;
    }

    private void Keep(DhcpMessage message) => Guarded(() => new LeaseRecord
    {
        Key = Key,
        NetworkNamespace = _site.NetworkNamespace,
        Place = _site.Place,
        HardwareAddress = _site.HardwareAddress,
        Options = _options,
        ServerAddress = _serverAddress,
        Since = _client.Since,
        Lease = message,
    }.Write(_daemon.Folder));

    // One lease's trouble is not that of all others.
    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (LinuxException e)
        {
            LeaseDaemon.Log(Key, e.Message);
        }
    }
}
