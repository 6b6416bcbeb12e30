// The daemon of the plugin dhcp: one thread for all leases, which sleeps until one is to be prolonged or somebody asks.
using System.Net;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Serving;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>How a daemon works.</summary>
internal sealed record LeaseDaemonOptions
{
    /// <summary>Its socket.</summary>
    public required string Socket { get; init; }

    /// <summary>Stands before paths of network namespaces.</summary>
    public string HostPrefix { get; init; } = "";

    /// <summary>Whether the socket is another's, who handed it over: its file stays.</summary>
    public bool IsActivated { get; init; }

    /// <summary>Whether it ends with the last lease.</summary>
    public bool UntilLast { get; init; }

    /// <summary>How it asks.</summary>
    public required ClientSettings Client { get; init; }
}

/// <summary>
/// Gets leases, prolongs them, and gives them back.
/// <code>
///   plugin                                  daemon
///   connect, ADD            ------>         finds the interface, asks servers (packets in the container's namespace)
///                           &lt;------         the server's acknowledgement; its record is on disk by then
///   DEL                     ------>         tells the server, removes the record
/// </code>
/// Killed, it leaves the records: the next one goes on with what is still there.
/// </summary>
internal sealed class LeaseDaemon : IDisposable
{
    private const int MostCallers = 1024, MostLeases = 16_384, FirstMilliseconds = 30_000;

    private readonly LeaseDaemonOptions _options;
    private readonly Dictionary<LeaseKey, DaemonLease> _leases = [];
    private readonly HashSet<DaemonCaller> _callers = [];
    private Fd? _listener;
    private Watch? _listenerWatch;
    private bool _young;

    public LeaseDaemon(EventLoop loop, LeaseDaemonOptions options, Fd listener)
    {
        (Loop, _options, Folder) = (loop, options, DaemonPlaces.Folder(options.Socket));
        loop.BeforeSleep = new Leftovers().Collect;
        foreach (LeaseRecord record in LeaseRecord.All(Folder)) Resume(record);
        Open(listener);
        // Whoever started it is about to ask for the first.
        _young = options.UntilLast && _leases.Count == 0;
        if (_young) loop.After(FirstMilliseconds, () =>
        {
            _young = false;
            EndIfEmpty();
        });
    }

    public EventLoop Loop { get; }

    /// <summary>Where records are.</summary>
    public string Folder { get; }

    public string HostPrefix => _options.HostPrefix;

    /// <summary>A line for people.</summary>
    public static void Log(LeaseKey key, string what) => RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"{key}: {what}\n"));

    /// <summary>Does what a caller asks for; it is answered now or later.</summary>
    /// <exception cref="CniException">It cannot be done.</exception>
    public void Answer(DaemonCaller caller, DaemonRequest request)
    {
        switch (request.Command)
        {
            case CniCommand.Add:
                Add(caller, request);
                return;
            case CniCommand.Check:
                if (!_leases.TryGetValue(request.Key, out DaemonLease? there) || there.Lease is not { } lease) throw CniException.Failed($"there is no lease of {request.Key.InterfaceName} of container {request.Key.ContainerId} on network {request.Key.Network}");
                caller.Answer(DaemonRequest.Answer(lease.Bytes));
                return;
            case CniCommand.Delete:
                if (_leases.TryGetValue(request.Key, out DaemonLease? its)) its.Release();
                break;
            case CniCommand.Collect:
                Keep(request);
                break;
        }
        caller.Answer(DaemonRequest.Answer([]));
        EndIfEmpty();
    }

    /// <summary>A lease is over.</summary>
    public void Forget(DaemonLease lease)
    {
        if (_leases.GetValueOrDefault(lease.Key) != lease) return;
        _leases.Remove(lease.Key);
        KernelPath.Remove(LeaseRecord.PathOf(Folder, lease.Key));
        if (_options.UntilLast && _leases.Count == 0) Loop.After(0, EndIfEmpty);
    }

    /// <summary>A connection is closed.</summary>
    public void Forget(DaemonCaller caller)
    {
        _callers.Remove(caller);
        if (_options.UntilLast && _leases.Count == 0) Loop.After(0, EndIfEmpty);
    }

    public void Dispose()
    {
        CloseListener();
        foreach (DaemonLease lease in _leases.Values) lease.Leave();
        foreach (DaemonCaller caller in new List<DaemonCaller>(_callers)) caller.Close();
    }

    private void Add(DaemonCaller caller, DaemonRequest request)
    {
        if (request.Key is not { Network.Length: > 0, ContainerId.Length: > 0, InterfaceName.Length: > 0 }) throw new CniException(CniCode.Decoding, "the request names no attachment");
        if (_leases.TryGetValue(request.Key, out DaemonLease? lease))
        {
            if (lease.IsOf(HostPrefix + request.NetworkNamespace))
            {
                lease.Tell(caller);
                return;
            }
            // That was another container's of the same name, and nobody said that it is gone.
            lease.Release();
        }
        if (_leases.Count >= MostLeases) throw new CniException(CniCode.TryAgainLater, $"there are {MostLeases} leases, which are the most");
        uint wanted = request.Wanted.Length > 0 && IPAddress.TryParse(request.Wanted, out IPAddress? address) ? (uint)InetEndpoint.BitsOf(address) : 0;
        lease = DaemonLease.New(this, request, _options.Client with { Wanted = wanted });
        // In its place before it begins: it may be over as soon as it has.
        _leases[request.Key] = lease;
        _young = false;
        lease.Tell(caller);
        lease.Begin();
    }

    private void Keep(DaemonRequest request)
    {
        HashSet<AttachmentId> valid = [.. request.Valid];
        foreach (DaemonLease lease in new List<DaemonLease>(_leases.Values))
        {
            if (lease.Key.Network == request.Key.Network && !valid.Contains(new AttachmentId(lease.Key.ContainerId, lease.Key.InterfaceName))) lease.Release();
        }
    }

    private void Resume(LeaseRecord record)
    {
        DaemonLease? lease = null;
        try
        {
            lease = DaemonLease.Resume(this, record, _options.Client);
        }
        catch (LinuxException e)
        {
            Log(record.Key, e.Message);
        }
        if (lease is null) KernelPath.Remove(LeaseRecord.PathOf(Folder, record.Key));
        else _leases[record.Key] = lease;
    }

    private void Open(Fd listener)
    {
        _listener = listener;
        _listenerWatch = Loop.Look(listener, Readiness.Read, _ => TakeCallers());
    }

    private void CloseListener()
    {
        if (_listener is null) return;
        _listenerWatch!.Remove();
        if (!_options.IsActivated) KernelPath.Remove(_options.Socket);
        _listener.Dispose();
        _listener = null;
    }

    private void TakeCallers()
    {
        while (_listener is { } listener && UnixSocket.TryAccept(listener) is { } socket)
        {
            if (_callers.Count >= MostCallers) socket.Dispose();
            else _callers.Add(new DaemonCaller(this, socket));
        }
    }

    private void EndIfEmpty()
    {
        if (!_options.UntilLast || _listener is null) return;
        TakeCallers();
        if (_leases.Count > 0 || _callers.Count > 0 || _young) return;
        // Who comes from now on is refused, or cut off before an answer: then it starts another.
        CloseListener();
        Loop.Stop();
    }
}
