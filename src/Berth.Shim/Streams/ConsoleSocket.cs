// Where an OCI runtime sends the master of a container's terminal (runtime-spec, process.terminal; --console-socket).
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Linux.Terminals;
using Berth.Shim.Serving;

namespace Berth.Shim.Streams;

/// <summary>A socket for one terminal.</summary>
internal sealed class ConsoleSocket : IDisposable
{
    private static int s_number;

    private readonly EventLoop _loop;
    private readonly Listener _listener;
    private readonly Action<string> _warn;
    private Fd? _connection;
    private Watch? _arrival;

    /// <summary>Listens at a new place below <paramref name="directory"/>.</summary>
    public ConsoleSocket(EventLoop loop, string directory, Action<string> warn)
    {
        (_loop, _warn) = (loop, warn);
        // The pid makes it ours among the living; what one of the dead left under it is removed. The number makes it this
        // process's among those of a pod, of which several may be made at a time: each must get its own terminal.
        Path = $"{directory}/berth-term.{Linux.Processes.Self.ProcessId}.{++s_number}";
        KernelPath.Remove(Path);
        _listener = new Listener(loop, UnixSocket.Bind(SocketKind.Stream, Path, 0x1C0), Connected);
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Called once with the master.</summary>
    public Action<Fd>? Received { get; set; }

    /// <summary>Whether a terminal has come.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Takes a terminal that was sent already, if one was: the runtime has ended, and sends no more.</summary>
    public void Accept()
    {
        if (_connection is null) _listener.Take();
        if (_connection is not null) Receive();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        HangUp();
        if (_listener.IsClosed) return;
        _listener.Dispose();
        KernelPath.Remove(Path);
    }

    /// <summary>Nobody waits for what a runtime sends after it has connected: other containers have their claims too.</summary>
    private void Connected(Fd connection)
    {
        HangUp();
        _arrival = _loop.Look(connection, Readiness.Read, _ => Receive());
        _connection = connection;
    }

    private void Receive()
    {
        Span<byte> name = stackalloc byte[4096];
        Fd? master = null;
        try
        {
            master = DescriptorSocket.Receive(_connection!, name, out _);
        }
        catch (LinuxException e)
        {
            _warn($"Failed to receive console file descriptor: {e.Message}");
        }
        HangUp();
        if (master is null) return;
        IsDone = true;
        Dispose();
        if (!ConsoleMode.TryReturnOnNewLine(master)) _warn("Failed to set console terminal settings");
        if (Received is { } received) received(master);
        else master.Dispose();
    }

    private void HangUp()
    {
        _arrival?.Remove();
        _arrival = null;
        _connection?.Dispose();
        _connection = null;
    }
}
