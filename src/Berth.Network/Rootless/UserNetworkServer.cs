// The half of a user's network that is in its namespaces: one thread that waits for connections, records, and those who are inside.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;
using Berth.Network.Serving;
using Berth.Oci.Faults;

namespace Berth.Network.Rootless;

/// <summary>Serves until the last record is gone and the last visitor has left.</summary>
internal sealed class UserNetworkServer : IDisposable
{
    // From one command to the next the namespaces stay.
    private const int LingerMilliseconds = 3000;
    private readonly EventLoop _loop;
    private readonly string _directory;
    private readonly ForwardDirectory _forwards;
    private readonly OwnLink? _link;
    private readonly string? _warning;
    private readonly Dictionary<Fd, Watch> _visitors = [];
    private Fd? _control;
    private Watch? _controlWatch;
    private Alarm? _end;
    private bool _isRetired;

    /// <summary>Connects this process's network namespace with the host, and opens what the records say.</summary>
    /// <param name="loop">Its thread's.</param>
    /// <param name="directory">The user network's.</param>
    /// <param name="host">The host's side.</param>
    /// <param name="wanted">How it is connected.</param>
    /// <exception cref="BerthException">Unsupported: nothing to connect it with is installed.</exception>
    /// <exception cref="LinuxException">The kernel refuses something.</exception>
    public UserNetworkServer(EventLoop loop, string directory, HostRequests host, UserLinkKind wanted)
    {
        (_loop, _directory) = (loop, directory);
        loop.BeforeSleep = new Leftovers().Collect;
        try
        {
            _link = new OwnLink(directory, loop, host, "", "/proc/self/ns/net", "tap0", wanted);
            WriteResolvConf(directory, $"nameserver {UserLink.NameServer(_link.Kind)}\n");
        }
        // A host without a network still has networks of its containers.
        catch (BerthException e) when (e.Kind == Fault.Unavailable)
        {
            using Fd own = KernelPath.Open("/proc/self/ns/net", 0);
            ReturnPath.Lay(own);
            _warning = e.Message;
            WriteResolvConf(directory, "");
        }
        _forwards = new ForwardDirectory(directory, loop, host) { Emptied = EndLater };
        Open(ServerPlace.Bind(UserNetworkPlaces.Socket(directory)));
        Watch? hangUp = null;
        hangUp = loop.Look(host.Socket, Readiness.PeerClosed, _ =>
        {
            hangUp!.Remove();
            Retire();
        });
        EndLater();
    }

    public void Dispose()
    {
        CloseControl();
        foreach ((Fd visitor, Watch watch) in _visitors)
        {
            watch.Remove();
            visitor.Dispose();
        }
        _forwards.Dispose();
        _link?.Dispose();
    }

    // The host's, but for its servers: those may be reached from the host alone.
    private static void WriteResolvConf(string directory, string server)
    {
        StringBuilder text = new(server);
        foreach (string line in (KernelFile.TryReadText("/etc/resolv.conf") ?? "").Split('\n'))
        {
            if (line.Length > 0 && !line.TrimStart().StartsWith("nameserver", StringComparison.Ordinal)) text.Append(line).Append('\n');
        }
        KernelPath.WriteAtomically(UserNetworkPlaces.ResolvConf(directory), Encoding.UTF8.GetBytes(text.ToString()), 0x1A4);
    }

    private void Open(Fd control)
    {
        _control = control;
        _controlWatch = _loop.Look(control, Readiness.Read, _ => TakeVisitors());
    }

    private void CloseControl()
    {
        if (_control is null) return;
        _controlWatch!.Remove();
        KernelPath.Remove(UserNetworkPlaces.Socket(_directory));
        _control.Dispose();
        _control = null;
    }

    // To connect is to ask whether all that is written by now is served; and as long as the connection stays, so do the namespaces.
    private void TakeVisitors()
    {
        while (_control is { } control && UnixSocket.TryAccept(control) is { } visitor)
        {
            _forwards.Refresh();
            StringBuilder said = new();
            _forwards.Tell(said);
            if (_warning is not null) said.Append("warning ").Append(_warning).Append('\n');
            said.Append(CultureInfo.InvariantCulture, $"pid {Self.ProcessId}\nok\n");
            UnixSocket.TrySend(visitor, Encoding.UTF8.GetBytes(said.ToString()), out _);
            _visitors.Add(visitor, _loop.Look(visitor, Readiness.PeerClosed, _ => Leave(visitor)));
            _end?.Cancel();
            _end = null;
        }
    }

    private void Leave(Fd visitor)
    {
        if (_visitors.Remove(visitor, out Watch? watch)) watch.Remove();
        visitor.Dispose();
        EndLater();
    }

    // Without the other half no port can be opened: who comes next finds nobody, starts another, and that one takes our place.
    private void Retire()
    {
        _isRetired = true;
        CloseControl();
    }

    private void EndLater()
    {
        if (_visitors.Count > 0 || !_forwards.IsEmpty || _end is not null) return;
        _end = _loop.After(LingerMilliseconds, () =>
        {
            _end = null;
            EndIfIdle();
        });
    }

    private void EndIfIdle()
    {
        if (_visitors.Count > 0 || !_forwards.IsEmpty) return;
        // Who comes from now on finds nobody, and starts another; who came or wrote before is found by this last look.
        TakeVisitors();
        if (_visitors.Count > 0) return;
        CloseControl();
        _forwards.ReadAll();
        if (_forwards.IsEmpty || _isRetired) _loop.Stop();
        else Open(ServerPlace.Bind(UserNetworkPlaces.Socket(_directory)));
    }
}
