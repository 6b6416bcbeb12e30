// A client that asks over TCP (RFC 7766): several questions at once, within bounds, and not for ever.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Processes;

namespace Berth.Network.Names;

/// <summary>One connection.</summary>
internal sealed class TcpAsker
{
    /// <summary>Questions that may wait for servers elsewhere; then no more are read.</summary>
    public const int MostWaiting = 16;

    private const int MostOutgoing = 128 * 1024, LongestAnswer = 65535;
    private readonly NameServer _server;
    private readonly Fd _socket;
    private readonly Watch _watch;
    // Grown for who asks much; a question is below a hundred bytes.
    private byte[] _incoming = new byte[512];
    private byte[] _outgoing = [];
    private int _come;
    private int _going;
    private int _waiting;
    private bool _ended;

    public TcpAsker(NameServer server, NameListener listener, Fd socket, InetEndpoint peer)
    {
        (_server, Listener, _socket, Peer) = (server, listener, socket, peer);
        LastHeard = Self.Monotonic;
        _watch = server.Loop.Look(socket, Readiness.Read, GoOn);
    }

    public NameListener Listener { get; }

    public InetEndpoint Peer { get; }

    public long LastHeard { get; private set; }

    private bool IsClosed { get; set; }

    public void Close()
    {
        if (IsClosed) return;
        IsClosed = true;
        _watch.Remove();
        _socket.Dispose();
        _server.Forget(this);
    }

    /// <summary>An answer, of here or of elsewhere.</summary>
    public void Reply(ReadOnlySpan<byte> answer)
    {
        if (IsClosed) return;
        int needed = _going + answer.Length + 2;
        if (_outgoing.Length < needed) Array.Resize(ref _outgoing, Math.Max(needed, _outgoing.Length * 2));
        _outgoing[_going] = (byte)(answer.Length >> 8);
        _outgoing[_going + 1] = (byte)answer.Length;
        answer.CopyTo(_outgoing.AsSpan(_going + 2));
        _going = needed;
        Flush();
    }

    /// <summary>One of its questions waits no longer.</summary>
    public void Answered()
    {
        _waiting--;
        if (IsClosed) return;
        TakeQuestions();
        Settle();
    }

    private void GoOn(Readiness ready)
    {
        if ((ready & Readiness.Write) != 0) Flush();
        if (!IsClosed && (ready & ~Readiness.Write) != 0 && !_ended) Receive();
        if (!IsClosed) TakeQuestions();
        Settle();
    }

    private void Receive()
    {
        if (_come == _incoming.Length) Array.Resize(ref _incoming, Math.Min(_incoming.Length * 4, LongestAnswer + 2));
        int length = InetSocket.TryReceive(_socket, _incoming.AsSpan(_come), out Errno errno);
        if (length < 0 && errno == Errno.EAGAIN) return;
        if (length < 0)
        {
            Close();
            return;
        }
        _ended = length == 0;
        if (length > 0) LastHeard = Self.Monotonic;
        _come += length;
    }

    private void TakeQuestions()
    {
        _server.Refresh();
        int at = 0;
        while (!IsClosed && MayTake && _come - at >= 2)
        {
            int length = (_incoming[at] << 8) | _incoming[at + 1];
            if (_come - at - 2 < length) break;
            Ask(_incoming.AsSpan(at + 2, length));
            at += 2 + length;
        }
        if (at == 0) return;
        _incoming.AsSpan(at.._come).CopyTo(_incoming);
        _come -= at;
    }

    private void Ask(ReadOnlySpan<byte> packet)
    {
        Span<byte> buffer = _server.LongAnswer;
        int length = _server.Resolver.Answer(Listener.Network, Peer.Address, packet, buffer, stream: true, out DnsQuery query);
        if (length == Resolver.Forwarded && (length = _server.Forwarder.TryRemembered(Listener, Peer, true, packet, query, buffer)) == 0)
        {
            // Counted before: it may be answered, or given up, at once.
            _waiting++;
            if (_server.Forwarder.TryStart(Listener, Peer, this, packet, query)) return;
            _waiting--;
            length = Resolver.Failure(packet, buffer, query, DnsCode.ServerFailure);
        }
        if (length > 0) Reply(buffer[..length]);
        else Close();
    }

    private bool MayTake => _waiting < MostWaiting && _going < MostOutgoing;

    private void Flush()
    {
        while (_going > 0)
        {
            int sent = InetSocket.TrySend(_socket, _outgoing.AsSpan(0, _going), out Errno errno);
            if (sent < 0 && errno == Errno.EAGAIN) break;
            if (sent < 0)
            {
                Close();
                return;
            }
            _outgoing.AsSpan(sent.._going).CopyTo(_outgoing);
            _going -= sent;
        }
        Settle();
    }

    private void Settle()
    {
        if (IsClosed) return;
        if (_ended && _waiting <= 0 && _going == 0)
        {
            Close();
            return;
        }
        // A full buffer of what may not be taken yet is left in the kernel.
        bool reads = !_ended && MayTake;
        _watch.Change((reads ? Readiness.Read : Readiness.None) | (_going > 0 ? Readiness.Write : Readiness.None));
    }
}
