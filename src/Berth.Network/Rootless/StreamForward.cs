// A published port of TCP.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Polling;

namespace Berth.Network.Rootless;

/// <summary>Takes connections at a port of the host and carries them to a container.</summary>
internal sealed class StreamForward : IDisposable
{
    private const int MostAtOnce = 32, PauseMilliseconds = 100;
    private readonly EventLoop _loop;
    private readonly Fd _listener;
    private readonly ForwardTarget _target;
    private readonly ushort _port;
    private readonly Stack<SplicePipe> _pipes;
    private readonly HashSet<ForwardedStream> _streams = [];
    private readonly Watch _watch;
    private bool _closed;

    public StreamForward(EventLoop loop, Fd listener, ForwardTarget target, ushort port, Stack<SplicePipe> pipes)
    {
        (_loop, _listener, _target, _port, _pipes) = (loop, listener, target, port, pipes);
        _watch = loop.Look(listener, Readiness.Read, _ => Take());
    }

    public void End(ForwardedStream stream)
    {
        _streams.Remove(stream);
        stream.Dispose();
    }

    public void Dispose()
    {
        _closed = true;
        _watch.Remove();
        _listener.Dispose();
        foreach (ForwardedStream stream in _streams) stream.Dispose();
        _streams.Clear();
    }

    private void Take()
    {
        for (int i = 0; i < MostAtOnce; i++)
        {
            if (InetSocket.TryAccept(_listener, out InetEndpoint peer, out Errno errno) is { } client)
            {
                Carry(client, peer);
            }
            else if (errno is Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM)
            {
                Pause();
                return;
            }
            else if (errno is Errno.EAGAIN)
            {
                return;
            }
        }
    }

    private void Carry(Fd client, InetEndpoint peer)
    {
        Fd? container = null;
        try
        {
            container = _target.Dial(peer, _port, datagram: false);
            _streams.Add(new ForwardedStream(this, _loop, client, container, _pipes));
        }
        catch (LinuxException)
        {
            // The client is told at once, as by a host where nobody listens.
            container?.Dispose();
            InetSocket.ResetAtClose(client);
            client.Dispose();
        }
    }

    // Descriptors come back when connections end; until then the kernel keeps those who wait.
    private void Pause()
    {
        _watch.Change(Readiness.None);
        _loop.After(PauseMilliseconds, () =>
        {
            if (!_closed) _watch.Change(Readiness.Read);
        });
    }
}
