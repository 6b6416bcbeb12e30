// One connection to the daemon: one request, one answer.
using Berth.Linux;
using Berth.Linux.Polling;
using Berth.Linux.Sockets;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>A plugin that asks; who goes away does not wait any more.</summary>
internal sealed class DaemonCaller
{
    private const int PatienceMilliseconds = 10_000;

    private readonly LeaseDaemon _daemon;
    private readonly Fd _socket;
    private readonly Watch _watch;
    private readonly Alarm _patience;
    private byte[] _bytes = new byte[1024];
    private int _length;
    private bool _asked;
    private bool _closed;

    public DaemonCaller(LeaseDaemon daemon, Fd socket)
    {
        (_daemon, _socket) = (daemon, socket);
        _watch = daemon.Loop.Look(socket, Readiness.Read, _ => Read());
        _patience = daemon.Loop.After(PatienceMilliseconds, Close);
    }

    /// <summary>What it waits for, or null.</summary>
    public DaemonLease? WaitsFor { get; set; }

    /// <summary>Answers, and hangs up.</summary>
    public void Answer(byte[] answer)
    {
        ReadOnlySpan<byte> rest = answer;
        while (!rest.IsEmpty && !_closed)
        {
            // It has room for all of it, unless the other end is up to something.
            int sent = UnixSocket.TrySend(_socket, rest, out _);
            if (sent <= 0) break;
            rest = rest[sent..];
        }
        Close();
    }

    public void Close()
    {
        if (_closed) return;
        _closed = true;
        _patience.Cancel();
        _watch.Remove();
        _socket.Dispose();
        _bytes = [];
        _daemon.Forget(this);
        WaitsFor?.Forget(this);
    }

    private void Read()
    {
        while (!_closed)
        {
            int wanted = _length < DaemonRequest.HeaderSize ? DaemonRequest.HeaderSize : Wanted();
            // Whoever says more than one request, or one that is too long, is none of ours.
            if (wanted < 0 || _asked)
            {
                Close();
                return;
            }
            if (wanted > _bytes.Length) Array.Resize(ref _bytes, wanted);
            int n = Linux.Network.InetSocket.TryReceive(_socket, _bytes.AsSpan(_length, wanted - _length), out Errno errno);
            if (n < 0 && errno == Errno.EAGAIN) return;
            if (n <= 0)
            {
                Close();
                return;
            }
            _length += n;
            if (_length == DaemonRequest.HeaderSize || _length < Wanted()) continue;
            Ask();
            return;
        }
    }

    private int Wanted()
    {
        int length = DaemonRequest.Length(_bytes, DaemonRequest.Largest);
        return length <= 0 ? -1 : DaemonRequest.HeaderSize + length;
    }

    private void Ask()
    {
        _asked = true;
        _patience.Cancel();
        byte[] request = _bytes.AsSpan(DaemonRequest.HeaderSize, _length - DaemonRequest.HeaderSize).ToArray();
        _bytes = new byte[DaemonRequest.HeaderSize];
        _length = 0;
        try
        {
            _daemon.Answer(this, DaemonRequest.Read(request));
        }
        catch (CniException e)
        {
            Answer(DaemonRequest.Answer(e));
        }
        catch (LinuxException e)
        {
            Answer(DaemonRequest.Answer(CniException.Failed(e.Message, e)));
        }
    }
}
