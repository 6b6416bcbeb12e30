// The server of names: one thread that waits for questions, for records and for those who want to know whether it has seen them.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Network.Serving;

namespace Berth.Network.Names;

/// <summary>Serves one directory of records until the last of them is gone.</summary>
internal sealed class NameServer : IDisposable
{
    /// <summary>Connections over TCP, in all and of one asker.</summary>
    public const int MostConnections = 128, MostOfOne = 16;

    /// <summary>How long one may be silent.</summary>
    public const long IdleNanoseconds = 10_000_000_000;

    private const int SweepMilliseconds = 1000, RetryMilliseconds = 1000;
    private readonly string _socketPath;
    private readonly NameDirectory _directory;
    private readonly Watch _directoryWatch;
    private readonly Dictionary<InetEndpoint, NameListener> _listeners = [];
    private readonly Dictionary<InetEndpoint, string> _failures = [];
    private readonly List<TcpAsker> _askers = [];
    private Fd? _control;
    private Watch? _controlWatch;
    private bool _retrying;
    private bool _sweeping;

    /// <summary>Begins.</summary>
    /// <param name="loop">Its thread's.</param>
    /// <param name="path">The directory.</param>
    /// <param name="control">Where it is told to look; bound to <see cref="NamePlaces.Socket"/>.</param>
    /// <param name="resolvConf">The host's.</param>
    public NameServer(EventLoop loop, string path, Fd control, string resolvConf)
    {
        Loop = loop;
        _socketPath = NamePlaces.Socket(path);
        _directory = new NameDirectory(path);
        Resolver = new Resolver(_directory);
        Forwarder = new Forwarder(loop, new HostServers(resolvConf), IsOurs);
        Batch = NameListener.NewBatch();
        _directoryWatch = loop.Look(_directory.Descriptor, Readiness.Read, _ => Refresh());
        loop.BeforeSleep = new Leftovers().Collect;
        Open(control);
        Rebind();
    }

    public EventLoop Loop { get; }

    public Resolver Resolver { get; }

    public Forwarder Forwarder { get; }

    /// <summary>One for all listeners: what is in it is answered before another is looked at.</summary>
    public DatagramBatch Batch { get; }

    /// <summary>Room for an answer of TCP; used up before the next.</summary>
    public byte[] LongAnswer { get; } = new byte[65535];

    /// <summary>Takes what changed in the directory.</summary>
    public void Refresh()
    {
        if (_directory.Refresh()) Rebind();
    }

    /// <summary>A connection.</summary>
    public void Take(NameListener listener, Fd socket, InetEndpoint peer)
    {
        int ofPeer = 0;
        foreach (TcpAsker asker in _askers)
        {
            if (asker.Peer.Address == peer.Address) ofPeer++;
        }
        if (_askers.Count >= MostConnections || ofPeer >= MostOfOne)
        {
            socket.Dispose();
            return;
        }
        _askers.Add(new TcpAsker(this, listener, socket, peer));
        Sweep();
    }

    /// <summary>A connection is closed.</summary>
    public void Forget(TcpAsker asker)
    {
        _askers.Remove(asker);
        Forwarder.Forget(null, asker);
    }

    /// <summary>Ends the loop when there is nothing to serve.</summary>
    public void EndIfEmpty()
    {
        if (!_directory.IsEmpty) return;
        // Who writes a record from now on finds nobody, and starts another; who wrote one before is found by this last look.
        CloseControl();
        _directory.ReadAll();
        if (_directory.IsEmpty)
        {
            Loop.Stop();
            return;
        }
        Open(ServerPlace.Bind(_socketPath));
        Rebind();
    }

    public void Dispose()
    {
        CloseControl();
        foreach (TcpAsker asker in _askers.ToArray()) asker.Close();
        foreach (NameListener listener in _listeners.Values) listener.Dispose();
        _directoryWatch.Remove();
        _directory.Dispose();
        Batch.Dispose();
    }

    private bool IsOurs(InetEndpoint endpoint) => _listeners.ContainsKey(endpoint with { Scope = 0 });

    private void Rebind()
    {
        Dictionary<InetEndpoint, ServedNetwork> wanted = [];
        _failures.Clear();
        foreach (ServedNetwork network in _directory.Networks)
        {
            foreach (System.Net.IPAddress address in network.Facts.Listen)
            {
                InetEndpoint endpoint = new(InetEndpoint.BitsOf(address), network.Facts.Port);
                if (!wanted.TryAdd(endpoint, network)) _failures[endpoint] = $"network {wanted[endpoint].Facts.Name} has the address already";
            }
        }
        foreach (NameListener listener in new List<NameListener>(_listeners.Values))
        {
            if (wanted.TryGetValue(listener.Endpoint, out ServedNetwork? network)) listener.Network = network;
            else Close(listener);
        }
        foreach ((InetEndpoint endpoint, ServedNetwork network) in wanted)
        {
            if (!_listeners.ContainsKey(endpoint)) TryListen(endpoint, network);
        }
        EndIfEmpty();
    }

    private void TryListen(InetEndpoint endpoint, ServedNetwork network)
    {
        try
        {
            _listeners[endpoint] = new NameListener(this, endpoint, network);
        }
        catch (LinuxException e)
        {
            _failures[endpoint] = e.Message;
            if (_retrying) return;
            _retrying = true;
            Loop.After(RetryMilliseconds, () =>
            {
                _retrying = false;
                Rebind();
            });
        }
    }

    private void Close(NameListener listener)
    {
        _listeners.Remove(listener.Endpoint);
        listener.Dispose();
        foreach (TcpAsker asker in _askers.ToArray())
        {
            if (asker.Listener == listener) asker.Close();
        }
        Forwarder.Forget(listener, null);
    }

    private void Open(Fd control)
    {
        _control = control;
        _controlWatch = Loop.Look(control, Readiness.Read, _ => TakeCallers());
    }

    private void CloseControl()
    {
        if (_control is null) return;
        _controlWatch!.Remove();
        KernelPath.Remove(_socketPath);
        _control.Dispose();
        _control = null;
    }

    // A caller says nothing: to connect is to ask whether all that is written by now is served.
    private void TakeCallers()
    {
        while (_control is { } control && UnixSocket.TryAccept(control) is { } caller)
        {
            using (caller)
            {
                Refresh();
                // Gone meanwhile: the caller finds out by the end of the connection, and starts another.
                if (_control is null) return;
                StringBuilder said = new();
                foreach ((InetEndpoint endpoint, string why) in _failures) said.Append(endpoint).Append(' ').Append(why).Append('\n');
                said.Append("ok\n");
                UnixSocket.TrySend(caller, Encoding.UTF8.GetBytes(said.ToString()), out _);
            }
        }
    }

    private void Sweep()
    {
        if (_sweeping || _askers.Count == 0) return;
        _sweeping = true;
        Loop.After(SweepMilliseconds, () =>
        {
            _sweeping = false;
            long now = Self.Monotonic;
            foreach (TcpAsker asker in _askers.ToArray())
            {
                if (now - asker.LastHeard > IdleNanoseconds) asker.Close();
            }
            Sweep();
        });
    }
}
