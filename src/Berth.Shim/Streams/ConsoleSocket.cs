// Where an OCI runtime sends the master of a container's terminal (runtime-spec, process.terminal; --console-socket).
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Linux.Terminals;

namespace Berth.Shim.Streams;

/// <summary>A socket for one terminal.</summary>
internal sealed class ConsoleSocket : IDisposable
{
    private readonly Fd _listener;
    private readonly Watch _watch;
    private readonly Action<string> _warn;

    /// <summary>Listens at a new place below <paramref name="directory"/>.</summary>
    public ConsoleSocket(EventLoop loop, string directory, Action<string> warn)
    {
        _warn = warn;
        // The pid makes it ours among the living; what one of the dead left under it is removed.
        Path = $"{directory}/berth-term.{Linux.Processes.Self.ProcessId}";
        KernelPath.Remove(Path);
        _listener = UnixSocket.Bind(SocketKind.Stream, Path, 0x1C0);
        _watch = loop.Look(_listener, Readiness.Read, _ => Accept());
    }

    /// <summary>Its path.</summary>
    public string Path { get; }

    /// <summary>Called once with the master.</summary>
    public Action<Fd>? Received { get; set; }

    /// <summary>Whether a terminal has come.</summary>
    public bool IsDone { get; private set; }

    /// <summary>Takes a terminal that was sent already, if one was.</summary>
    public void Accept()
    {
        if (IsDone || UnixSocket.TryAccept(_listener) is not { } connection) return;
        using (connection)
        {
            Span<byte> name = stackalloc byte[4096];
            // The runtime sends right after it has connected; it would not be a runtime otherwise.
            Span<Linux.Processes.PollEntry> wait = [new() { Fd = connection.Number, Events = 1 }];
            Linux.Processes.Poll.Wait(wait, 10_000);
            Fd? master = null;
            try
            {
                master = DescriptorSocket.Receive(connection, name, out _);
            }
            catch (LinuxException e)
            {
                _warn($"Failed to receive console file descriptor: {e.Message}");
            }
            if (master is null) return;
            IsDone = true;
            Dispose();
            if (!ConsoleMode.TryReturnOnNewLine(master)) _warn("Failed to set console terminal settings");
            Received?.Invoke(master);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _watch.Remove();
        if (_listener.IsClosed) return;
        _listener.Dispose();
        KernelPath.Remove(Path);
    }
}
