// conmon's attach socket: packets whose first byte says which stream they are of, and input by whoever is connected.
using Berth.Linux;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Shim.Streams;

namespace Berth.Shim.Attach;

/// <summary>Accepts clients: each gets all output from then on, and may write to the container's input.</summary>
internal sealed class AttachServer : IDisposable
{
    private readonly EventLoop _loop;
    private readonly OutputHub _output;
    private readonly InputPipe _input;
    private readonly Fd _listener;
    private readonly Watch _watch;
    private readonly List<AttachClient> _clients = [];

    /// <summary>Serves a listening socket, which is closed here.</summary>
    public AttachServer(EventLoop loop, Fd listener, OutputHub output, InputPipe input)
    {
        (_loop, _output, _input, _listener) = (loop, output, input, listener);
        _watch = loop.Look(listener, Readiness.Read, _ => AcceptAll());
        // Who has connected before a word was said gets to hear it.
        output.BeforeWrite = AcceptAll;
        input.Drained = Resume;
    }

    /// <summary>Whether the container's input is closed when a client that was connected goes.</summary>
    public bool ClosesInput { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (AttachClient client in (AttachClient[])[.. _clients]) client.Dispose();
        _watch.Remove();
        _listener.Dispose();
    }

    /// <summary>How much clients are still to be sent.</summary>
    public int Owed
    {
        get
        {
            int owed = 0;
            foreach (AttachClient client in _clients) owed += client.Owed;
            return owed;
        }
    }

    private void AcceptAll()
    {
        while (!_listener.IsClosed && UnixSocket.TryAccept(_listener) is { } socket) Serve(socket);
    }

    private void Serve(Fd socket)
    {
        AttachClient client = new(_loop, socket, _input);
        client.Drained = _output.Resume;
        client.InputEnded = () =>
        {
            if (ClosesInput) _input.Close();
        };
        client.Gone = () =>
        {
            _clients.Remove(client);
            _output.Remove(client);
        };
        _clients.Add(client);
        _output.Add(client);
    }

    private void Resume()
    {
        foreach (AttachClient client in (AttachClient[])[.. _clients]) client.Resume();
    }
}
