// A listening socket on our loop.
using Berth.Linux;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;

namespace Berth.Shim.Serving;

/// <summary>
/// Takes connections one at a time. It rests while no more can be had: one that waits keeps the socket readable, and the loop
/// would go round for nothing.
/// </summary>
internal sealed class Listener : IDisposable
{
    private const int RestMilliseconds = 250;

    private readonly EventLoop _loop;
    private readonly Fd _socket;
    private readonly Action<Fd> _accepted;
    private Watch? _watch;
    private Alarm? _rest;

    /// <summary>Listens.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="socket">Closed here.</param>
    /// <param name="accepted">Given each connection, which is its own.</param>
    public Listener(EventLoop loop, Fd socket, Action<Fd> accepted)
    {
        (_loop, _socket, _accepted) = (loop, socket, accepted);
        Look();
    }

    /// <summary>Whether it takes no more for now; those who come wait in the kernel.</summary>
    public bool IsHeld
    {
        get;
        set
        {
            if (field == value) return;
            field = value;
            if (value) Ignore();
            else if (_rest is null) Look();
        }
    }

    /// <summary>Whether it was closed.</summary>
    public bool IsClosed => _socket.IsClosed;

    /// <summary>Takes one that waits already.</summary>
    /// <returns>False when none waits.</returns>
    public bool Take()
    {
        if (_socket.IsClosed) return false;
        Fd? connection = UnixSocket.TryAccept(_socket, out Errno errno);
        if (connection is null)
        {
            if (errno is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM) Rest();
            return false;
        }
        try
        {
            _accepted(connection);
        }
        catch (LinuxException)
        {
            // The kernel looks at no more descriptors for us: whoever that was comes again.
            connection.Dispose();
        }
        return true;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Ignore();
        _rest?.Cancel();
        _socket.Dispose();
    }

    private void Look()
    {
        if (!_socket.IsClosed && !IsHeld) _watch ??= _loop.Look(_socket, Readiness.Read, _ => Take());
    }

    private void Ignore()
    {
        _watch?.Remove();
        _watch = null;
    }

    private void Rest()
    {
        if (_watch is null) return;
        Ignore();
        _rest = _loop.After(RestMilliseconds, () =>
        {
            _rest = null;
            Look();
        });
    }
}
