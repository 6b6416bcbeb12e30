// conmon's attach socket: packets whose first byte says which stream they are of, and input by whoever is connected.
using Berth.Linux;
using Berth.Linux.Polling;
using Berth.Shim.Serving;
using Berth.Shim.Streams;

namespace Berth.Shim.Attach;

/// <summary>Accepts clients: each gets all output from then on, and may write to the container's input.</summary>
internal sealed class AttachServer : IDisposable
{
    // Engines have one or two. Each costs a descriptor, and those are needed for the exit code too.
    private const int Most = 256;

    private readonly EventLoop _loop;
    private readonly OutputHub _output;
    private readonly InputPipe _input;
    private readonly Listener _listener;
    private readonly List<AttachClient> _clients = [];

    /// <summary>Serves a listening socket, which is closed here.</summary>
    public AttachServer(EventLoop loop, Fd listener, OutputHub output, InputPipe input)
    {
        (_loop, _output, _input) = (loop, output, input);
        _listener = new Listener(loop, listener, Accept);
        input.Drained = Resume;
        // Who has connected before a word was said gets to hear it.
        output.BeforeWrite = AcceptAll;
    }

    /// <summary>Whether the container's input is closed when a client that was connected goes.</summary>
    public bool ClosesInput { get; init; }

    /// <summary>Whether nobody can come any more.</summary>
    public bool IsClosed => _listener.IsClosed;

    /// <summary>Whether a client has not got all yet.</summary>
    public bool IsOwed => _clients.Exists(static client => client.IsOwed);

    /// <summary>Nobody can come any more, and whoever has got all is sent away.</summary>
    public void Close()
    {
        _listener.Dispose();
        foreach (AttachClient client in (AttachClient[])[.. _clients])
        {
            if (client.IsOwed) client.GoesWhenServed = true;
            else client.Dispose();
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        foreach (AttachClient client in (AttachClient[])[.. _clients]) client.Dispose();
    }

    private void AcceptAll()
    {
        while (!_listener.IsHeld && _listener.Take()) { }
    }

    private void Accept(Fd socket)
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
            if (!_listener.IsClosed) _listener.IsHeld = false;
        };
        _clients.Add(client);
        _output.Add(client);
        _listener.IsHeld = _clients.Count >= Most;
    }

    private void Resume()
    {
        foreach (AttachClient client in (AttachClient[])[.. _clients]) client.Resume();
    }
}
