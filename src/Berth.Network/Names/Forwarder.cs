// Queries that other servers answer: asked from a port of their own each, bounded in number, in all and for each asker.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Polling;
using Berth.Linux.Processes;

namespace Berth.Network.Names;

/// <summary>
/// An attempt to have answers forged meets a random id, a random port, a socket that hears one server only, and the question compared.
/// </summary>
internal sealed class Forwarder(EventLoop loop, HostServers host, Func<InetEndpoint, bool> isOurs)
{
    /// <summary>Queries under way: each has a descriptor.</summary>
    public const int Most = 512;

    /// <summary>Of one asker: others get through whatever one does.</summary>
    public const int MostOfOne = Most / 4;

    // The same question so often at once is one that comes back to us by another server.
    private const int MostOfSame = 32;
    private const int DefaultTimeout = 2000, DefaultAttempts = 2, MostTries = 8, SweepMilliseconds = 50;
    private readonly List<Forward> _under = [];
    private readonly List<InetEndpoint> _servers = [];
    private readonly AnswerCache _cache = new();
    private readonly byte[] _buffer = new byte[65535];
    private readonly byte[] _random = new byte[256];
    private int _randomAt = 256;
    private bool _sweeping;

    /// <summary>How many are under way.</summary>
    public int Count => _under.Count;

    /// <summary>Answers what was answered elsewhere not long ago.</summary>
    /// <returns>How long the answer is, or 0.</returns>
    public int TryRemembered(NameListener listener, InetEndpoint client, bool stream, ReadOnlySpan<byte> packet, in DnsQuery query, Span<byte> into)
    {
        Span<char> key = stackalloc char[AnswerCache.LongestKey];
        FillServers(listener, client, _servers);
        int length = AnswerCache.WriteKey(key, packet, query, _servers) is > 0 and int written ? _cache.TryAnswer(key[..written], packet, query, into, Self.Monotonic) : 0;
        return !stream && length > query.AskedSize ? DnsAnswer.Truncate(into[..length], query.QuestionEnd) : length;
    }

    /// <summary>Asks elsewhere.</summary>
    /// <returns>False when it will not be, and the asker is to be told so: SERVFAIL.</returns>
    public bool TryStart(NameListener listener, InetEndpoint client, TcpAsker? stream, ReadOnlySpan<byte> packet, in DnsQuery query)
    {
        int ofClient = 0, same = 0;
        foreach (Forward other in _under)
        {
            if (other.Client.Address == client.Address) ofClient++;
            if (!other.IsSameQuestion(packet, query.QuestionEnd)) continue;
            // Asked again by one that was not patient: there will be one answer.
            if (other.Client == client && other.OriginalId == query.Id && other.Stream == stream) return true;
            same++;
        }
        if (_under.Count >= Most || ofClient >= MostOfOne || same >= MostOfSame) return false;
        List<InetEndpoint> servers = [];
        FillServers(listener, client, servers);
        if (servers.Count == 0) return false;
        NetworkNames facts = listener.Network.Facts;
        int attempts = facts.Attempts > 0 ? facts.Attempts : host.Attempts > 0 ? host.Attempts : DefaultAttempts;
        Forward forward = new(listener, client, stream, packet.ToArray(), query)
        {
            Servers = servers,
            TriesLeft = Math.Min(servers.Count * attempts, MostTries),
            Timeout = (facts.TimeoutMilliseconds > 0 ? facts.TimeoutMilliseconds : host.Timeout > 0 ? host.Timeout : DefaultTimeout) * 1_000_000L,
            Server = listener.Preferred % servers.Count,
        };
        _under.Add(forward);
        TryNext(forward, advance: false);
        Sweep();
        return true;
    }

    /// <summary>Forgets what an asker, or a listener, that is gone wanted to know.</summary>
    public void Forget(NameListener? listener, TcpAsker? stream)
    {
        for (int i = _under.Count - 1; i >= 0; i--)
        {
            if ((listener is not null && _under[i].Listener == listener) || (stream is not null && _under[i].Stream == stream)) End(_under[i]);
        }
    }

    private void FillServers(NameListener listener, InetEndpoint client, List<InetEndpoint> servers)
    {
        servers.Clear();
        if (listener.Network.Table.Owner(client.Address) is { Upstreams.Count: > 0 } container)
        {
            foreach (System.Net.IPEndPoint server in container.Upstreams) servers.Add(new InetEndpoint(server.Address, (ushort)server.Port));
        }
        else
        {
            servers.AddRange(listener.Network.Table.Upstreams.Count > 0 ? listener.Network.Table.Upstreams : host.Servers);
        }
        for (int i = servers.Count - 1; i >= 0; i--)
        {
            if (isOurs(servers[i])) servers.RemoveAt(i);
        }
    }

    private void TryNext(Forward forward, bool advance)
    {
        while (true)
        {
            Close(forward);
            if (forward.TriesLeft-- <= 0)
            {
                Fail(forward);
                return;
            }
            if (advance) forward.Server = (forward.Server + 1) % forward.Servers.Count;
            advance = true;
            if (TryAsk(forward)) return;
        }
    }

    private bool TryAsk(Forward forward)
    {
        ushort id = NextId();
        forward.Query[0] = (byte)(id >> 8);
        forward.Query[1] = (byte)id;
        forward.Deadline = Self.Monotonic + forward.Timeout;
        try
        {
            forward.Socket = InetSocket.ConnectDatagram(forward.Servers[forward.Server]);
            if (InetSocket.TrySend(forward.Socket, forward.Query, out _) < 0) return false;
            forward.Watch = loop.Look(forward.Socket, Readiness.Read, _ => TakeDatagram(forward));
            return true;
        }
        catch (LinuxException)
        {
            return false;
        }
    }

    private void TakeDatagram(Forward forward)
    {
        while (forward.Socket is { } socket)
        {
            int length = InetSocket.TryReceive(socket, _buffer, out Errno errno);
            if (length < 0)
            {
                // Nobody listens there: the next is asked at once.
                if (errno != Errno.EAGAIN) TryNext(forward, advance: true);
                return;
            }
            Span<byte> answer = _buffer.AsSpan(0, length);
            if (!DnsQuery.Answers(answer, forward.Query, forward.Question.QuestionEnd)) continue;
            bool truncated = (answer[2] & 0x02) != 0;
            if (truncated && forward.Stream is not null) StartStream(forward);
            else Take(forward, answer);
            return;
        }
    }

    private void Take(Forward forward, Span<byte> answer)
    {
        int code = answer[3] & 0xF;
        if (code is DnsCode.ServerFailure or DnsCode.NotImplemented or DnsCode.Refused && forward.TriesLeft > 0 && forward.Servers.Count > 1)
        {
            forward.Refusal = answer.ToArray();
            TryNext(forward, advance: true);
            return;
        }
        forward.Listener.Preferred = forward.Server;
        Remember(forward, answer);
        Reply(forward, answer);
        End(forward);
    }

    private void Remember(Forward forward, ReadOnlySpan<byte> answer)
    {
        Span<char> key = stackalloc char[AnswerCache.LongestKey];
        int written = AnswerCache.WriteKey(key, forward.Query, forward.Question, forward.Servers);
        if (written > 0) _cache.Store(key[..written], answer, forward.Question, Self.Monotonic);
    }

    private static void Reply(Forward forward, Span<byte> answer)
    {
        answer[0] = (byte)(forward.OriginalId >> 8);
        answer[1] = (byte)forward.OriginalId;
        // The letters as they were asked, whatever became of them on the way.
        int end = forward.Question.QuestionEnd;
        if (answer.Length >= end && answer[5] == 1) forward.Query.AsSpan(DnsQuery.HeaderSize..end).CopyTo(answer[DnsQuery.HeaderSize..]);
        if (forward.Stream is { } stream)
        {
            stream.Reply(answer);
            return;
        }
        int length = answer.Length > forward.Question.AskedSize && answer.Length >= end ? DnsAnswer.Truncate(answer, end) : answer.Length;
        forward.Listener.SendTo(forward.Client, answer[..length]);
    }

    private void Fail(Forward forward)
    {
        if (forward.Refusal is { } refusal)
        {
            Reply(forward, refusal);
        }
        else
        {
            Span<byte> answer = stackalloc byte[DnsQuery.LeastUdp];
            Reply(forward, answer[..Resolver.Failure(forward.Query, answer, forward.Question, DnsCode.ServerFailure)]);
        }
        forward.Listener.Preferred = (forward.Server + 1) % forward.Servers.Count;
        End(forward);
    }

    private void End(Forward forward)
    {
        Close(forward);
        int at = _under.IndexOf(forward);
        if (at < 0) return;
        _under[at] = _under[^1];
        _under.RemoveAt(_under.Count - 1);
        forward.Stream?.Answered();
    }

    private static void Close(Forward forward)
    {
        forward.Watch?.Remove();
        forward.Watch = null;
        forward.Socket?.Dispose();
        forward.Socket = null;
    }

    private void Sweep()
    {
        if (_sweeping || _under.Count == 0) return;
        _sweeping = true;
        loop.After(SweepMilliseconds, () =>
        {
            _sweeping = false;
            long now = Self.Monotonic;
            for (int i = _under.Count - 1; i >= 0; i--)
            {
                if (i < _under.Count && _under[i].Deadline <= now) TryNext(_under[i], advance: true);
            }
            Sweep();
        });
    }

    private ushort NextId()
    {
        if (_randomAt >= _random.Length)
        {
            KernelRandom.Fill(_random);
            _randomAt = 0;
        }
        _randomAt += 2;
        return BitConverter.ToUInt16(_random, _randomAt - 2);
    }

    private void StartStream(Forward forward)
    {
        Close(forward);
        forward.Deadline = Self.Monotonic + forward.Timeout;
        try
        {
            forward.Socket = InetSocket.ConnectStream(forward.Servers[forward.Server]);
        }
        catch (LinuxException)
        {
            TryNext(forward, advance: true);
            return;
        }
        forward.Incoming.Clear();
        forward.Sent = 0;
        forward.Watch = loop.Look(forward.Socket, Readiness.Write, ready => GoOn(forward, ready));
    }

    private void GoOn(Forward forward, Readiness ready)
    {
        if (forward.Socket is not { } socket) return;
        if ((ready & Readiness.Write) != 0 && forward.Sent < forward.Query.Length + 2)
        {
            byte[] framed = [(byte)(forward.Query.Length >> 8), (byte)forward.Query.Length, .. forward.Query];
            int sent = InetSocket.TrySend(socket, framed.AsSpan(forward.Sent), out Errno errno);
            if (sent < 0 && errno != Errno.EAGAIN) TryNext(forward, advance: true);
            if (sent < 0) return;
            forward.Sent += sent;
            if (forward.Sent == framed.Length) forward.Watch!.Change(Readiness.Read);
            return;
        }
        int length = InetSocket.TryReceive(socket, _buffer, out Errno error);
        if (length < 0 && error == Errno.EAGAIN) return;
        if (length <= 0)
        {
            TryNext(forward, advance: true);
            return;
        }
        forward.Incoming.AddRange(_buffer.AsSpan(0, length));
        Span<byte> come = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(forward.Incoming);
        int wanted = come.Length < 2 ? int.MaxValue : (come[0] << 8) | come[1];
        if (come.Length - 2 < wanted) return;
        come = come.Slice(2, wanted);
        if (DnsQuery.Answers(come, forward.Query, forward.Question.QuestionEnd)) Take(forward, come);
        else TryNext(forward, advance: true);
    }
}

/// <summary>One query under way.</summary>
internal sealed class Forward(NameListener listener, InetEndpoint client, TcpAsker? stream, byte[] packet, in DnsQuery question)
{
    public NameListener Listener { get; } = listener;

    public InetEndpoint Client { get; } = client;

    /// <summary>The connection it came by, or null.</summary>
    public TcpAsker? Stream { get; } = stream;

    /// <summary>The packet, with an id of ours.</summary>
    public byte[] Query { get; } = packet;

    public DnsQuery Question { get; } = question;

    public ushort OriginalId { get; } = question.Id;

    public required List<InetEndpoint> Servers { get; init; }

    public required long Timeout { get; init; }

    public required int TriesLeft { get; set; }

    public required int Server { get; set; }

    public long Deadline { get; set; }

    public Fd? Socket { get; set; }

    public Watch? Watch { get; set; }

    /// <summary>What a server answered that could or would not.</summary>
    public byte[]? Refusal { get; set; }

    public int Sent { get; set; }

    public List<byte> Incoming { get; } = [];

    public bool IsSameQuestion(ReadOnlySpan<byte> packet, int questionEnd) =>
        questionEnd == Question.QuestionEnd && packet[DnsQuery.HeaderSize..questionEnd].SequenceEqual(Query.AsSpan(DnsQuery.HeaderSize..questionEnd));
}
