// A forwarded connection: two sockets, and what goes between them.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Polling;

namespace Berth.Network.Rootless;

/// <summary>One connection of TCP.</summary>
internal sealed class ForwardedStream : IDisposable
{
    private readonly StreamForward _owner;
    private readonly EventLoop _loop;
    private readonly Fd _client;
    private readonly Fd _container;
    private readonly StreamPump _there;
    private readonly StreamPump _back;
    private Watch? _clientWatch;
    private Watch? _containerWatch;
    private bool _connected;
    private bool _closed;

    public ForwardedStream(StreamForward owner, EventLoop loop, Fd client, Fd container, Stack<SplicePipe> pipes)
    {
        (_owner, _loop, _client, _container) = (owner, loop, client, container);
        InetSocket.KeepAlive(client);
        InetSocket.KeepAlive(container);
        _there = new StreamPump(client, container, pipes);
        _back = new StreamPump(container, client, pipes);
        Look(ref _containerWatch, container, Readiness.Write);
    }

    public void Dispose()
    {
        if (_closed) return;
        _closed = true;
        _clientWatch?.Remove();
        _containerWatch?.Remove();
        _there.Dispose();
        _back.Dispose();
        _client.Dispose();
        _container.Dispose();
    }

    private void GoOn()
    {
        if (_closed) return;
        if (!_connected)
        {
            if (InetSocket.TakeError(_container) != Errno.None)
            {
                Break();
                return;
            }
            _connected = true;
        }
        if (!_there.Move() || !_back.Move()) Break();
        else if (_there.IsDone && _back.IsDone) _owner.End(this);
        else Settle();
    }

    // What one side hears of a reset the other is to hear as well.
    private void Break()
    {
        InetSocket.ResetAtClose(_client);
        InetSocket.ResetAtClose(_container);
        _owner.End(this);
    }

    private void Settle()
    {
        Look(ref _clientWatch, _client, Wanted(_there, _back));
        Look(ref _containerWatch, _container, Wanted(_back, _there));
    }

    private static Readiness Wanted(StreamPump outgoing, StreamPump incoming) =>
        (outgoing.WantsRead ? Readiness.Read : Readiness.None) | (incoming.WantsWrite ? Readiness.Write : Readiness.None);

    // One from which nothing is wanted is not looked at: its hang-up would wake us again and again.
    private void Look(ref Watch? watch, Fd socket, Readiness wanted)
    {
        if (wanted == Readiness.None)
        {
            watch?.Remove();
            watch = null;
        }
        else if (watch is null)
        {
            watch = _loop.Look(socket, wanted, _ => GoOn());
        }
        else
        {
            watch.Change(wanted);
        }
    }
}
