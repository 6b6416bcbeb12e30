// The client's side of one lease (RFC 2131, 4.4) as a machine: time and messages go in, messages come out, nothing waits.
namespace Berth.Network.Ipam.Dhcp;

/// <summary>Where a lease is.</summary>
internal enum LeaseState
{
    /// <summary>Offers are waited for.</summary>
    Selecting,

    /// <summary>An offer was taken, its server's word is waited for.</summary>
    Requesting,

    /// <summary>The address is the client's.</summary>
    Bound,

    /// <summary>Its server is asked to prolong it.</summary>
    Renewing,

    /// <summary>Any server is.</summary>
    Rebinding,

    /// <summary>None was got, or it has run out.</summary>
    Over,
}

/// <summary>How a client asks.</summary>
internal sealed record ClientSettings
{
    public required byte[] HardwareAddress { get; init; }

    /// <summary>Options of every message, as they are on the wire: who the client is, and what it wants to know.</summary>
    public byte[] Options { get; init; } = [];

    /// <summary>Answers are to go to everybody.</summary>
    public bool Broadcast { get; init; }

    /// <summary>An address that it must be; 0: whichever.</summary>
    public uint Wanted { get; init; }

    /// <summary>How long an offer's server may take for its word.</summary>
    public long PatienceMilliseconds { get; init; } = 10_000;

    /// <summary>The longest pause between two messages.</summary>
    public long LongestPauseMilliseconds { get; init; } = 62_000;

    /// <summary>After so long it gives up.</summary>
    public long GiveUpMilliseconds { get; init; } = 208_000;
}

/// <summary>A packet's content and way.</summary>
/// <param name="Payload">The message.</param>
/// <param name="From">The client's address; 0 where it has none yet.</param>
/// <param name="To">A server, or everybody.</param>
internal readonly record struct Outgoing(byte[] Payload, uint From, uint To);

/// <summary>
/// <code>
///            DISCOVER            OFFER             ACK
///   begin ----------> Selecting -----> Requesting -----> Bound --T1--> Renewing --T2--> Rebinding --expiry--> Over
///                        ^                 | NAK           ^              | ACK              | ACK
///                        +-----------------+               +--------------+------------------+
///   NAK while Renewing or Rebinding: Selecting once more, for the same address, until the lease runs out.
/// </code>
/// </summary>
/// <param name="settings">How it asks.</param>
/// <param name="random">For transactions and pauses.</param>
/// <param name="send">Takes what is to be sent.</param>
internal sealed class LeaseClient(ClientSettings settings, Random random, Action<Outgoing> send)
{
    // A port of a bridge takes packets some moments after the interface behind it: the first messages are often lost, and the server is near.
    private const int FastTries = 5;
    private const long FirstFastMilliseconds = 100, FirstSlowMilliseconds = 4000, RefusedMilliseconds = 2000, JitterMilliseconds = 1000, RenewMilliseconds = 4000;

    private uint _transaction;
    private uint _offered;
    private uint _server;
    private uint _elsewhere;
    private int _tries;
    private long _began;
    private long _requested;
    private long _end;
    private long _slow;

    public LeaseState State { get; private set; } = LeaseState.Over;

    /// <summary>What the lease is; null where there is none yet.</summary>
    public DhcpMessage? Lease { get; private set; }

    /// <summary>The time from which it counts.</summary>
    public long Since { get; private set; }

    /// <summary>When <see cref="Tick"/> has something to do.</summary>
    public long Due { get; private set; } = long.MaxValue;

    /// <summary>Why it is over.</summary>
    public string Reason { get; private set; } = "";

    private long Expiry => Lease is null ? _end : Since + LeaseTerms.Times(Lease).Expiry;

    private bool HasLease => Lease is not null;

    /// <summary>Asks for a lease.</summary>
    public void Begin(long now)
    {
        _began = now;
        _end = now + settings.GiveUpMilliseconds;
        Discover(now);
    }

    /// <summary>Goes on with a lease that was got before; one that has run out meanwhile is asked for once more.</summary>
    public void Resume(DhcpMessage lease, long since, long now)
    {
        Bind(lease, since);
        if (now < Expiry) return;
        (_began, _end) = (now, now + settings.GiveUpMilliseconds);
        Discover(now);
    }

    /// <summary>Does what is due.</summary>
    public void Tick(long now)
    {
        if (now < Due) return;
        switch (State)
        {
            case LeaseState.Selecting when now >= _end: End(HasLease ? "it has run out" : Silence()); break;
            case LeaseState.Selecting: SendDiscover(now); break;
            case LeaseState.Requesting when now >= _end: End(HasLease ? "it has run out" : Silence()); break;
            case LeaseState.Requesting when now - _requested >= settings.PatienceMilliseconds: Discover(now); break;
            case LeaseState.Requesting: SendRequest(now); break;
            case LeaseState.Bound or LeaseState.Renewing or LeaseState.Rebinding: Prolong(now); break;
            default: Due = long.MaxValue; break;
        }
    }

    /// <summary>Takes a message.</summary>
    /// <returns>Whether a lease was got or prolonged by it.</returns>
    public bool Take(DhcpMessage message, long now)
    {
        ReadOnlySpan<byte> own = settings.HardwareAddress;
        if (message.Transaction != _transaction || !message.HardwareAddress.SequenceEqual(own)) return false;
        switch (State, message.Kind)
        {
            case (LeaseState.Selecting, DhcpKind.Offer): TakeOffer(message, now); return false;
            case (LeaseState.Requesting, DhcpKind.Acknowledgement) when message.Server == _server && message.Address == _offered:
            case (LeaseState.Renewing, DhcpKind.Acknowledgement) when message.Address == Lease!.Address && message.Server == _server:
            case (LeaseState.Rebinding, DhcpKind.Acknowledgement) when message.Address == Lease!.Address && message.Server != 0:
                Bind(message, _requested);
                return true;
            case (LeaseState.Requesting, DhcpKind.Refusal) when message.Server == _server:
                Reason = Said(message);
                State = LeaseState.Selecting;
                // Not at once: the two may not agree for ever.
                Due = Math.Min(now + RefusedMilliseconds + Jitter(JitterMilliseconds), _end);
                NewTransaction();
                return false;
            case (LeaseState.Renewing or LeaseState.Rebinding, DhcpKind.Refusal) when message.Server == _server || State == LeaseState.Rebinding:
                (_began, _end) = (now, Expiry);
                Discover(now);
                return false;
            default: return false;
        }
    }

    /// <summary>Gives the lease back; nothing is answered to that.</summary>
    public void Release(long now)
    {
        if (Lease is { } lease && now < Expiry)
        {
            NewTransaction();
            Send(new ClientMessage { Kind = DhcpKind.Release, Transaction = _transaction, HardwareAddress = settings.HardwareAddress, Address = lease.Address, Server = lease.Server, Options = settings.Options }, lease.Address, lease.Server);
        }
        End("it was given back");
    }

    private void Discover(long now)
    {
        State = LeaseState.Selecting;
        (_tries, _slow) = (0, FirstSlowMilliseconds);
        NewTransaction();
        SendDiscover(now);
    }

    private void SendDiscover(long now)
    {
        Send(new ClientMessage
        {
            Kind = DhcpKind.Discover, Transaction = _transaction, HardwareAddress = settings.HardwareAddress, Wanted = Lease?.Address ?? settings.Wanted,
            Seconds = (now - _began) / 1000, Broadcast = settings.Broadcast, Options = settings.Options,
        }, 0, UdpPacket.Everybody);
        Due = Math.Min(now + NextPause(), _end);
    }

    private void TakeOffer(DhcpMessage offer, long now)
    {
        if (!LeaseTerms.IsUsable(offer.Address) || offer.Server == 0) return;
        uint wanted = Lease?.Address ?? settings.Wanted;
        if (wanted != 0 && offer.Address != wanted)
        {
            _elsewhere = offer.Address;
            return;
        }
        (_offered, _server) = (offer.Address, offer.Server);
        State = LeaseState.Requesting;
        (_tries, _slow, _requested) = (0, FirstSlowMilliseconds, now);
        SendRequest(now);
    }

    private void SendRequest(long now)
    {
        Send(new ClientMessage
        {
            Kind = DhcpKind.Request, Transaction = _transaction, HardwareAddress = settings.HardwareAddress, Wanted = _offered, Server = _server,
            Seconds = (now - _began) / 1000, Broadcast = settings.Broadcast, Options = settings.Options,
        }, 0, UdpPacket.Everybody);
        Due = Math.Min(Math.Min(now + NextPause(), _requested + settings.PatienceMilliseconds), _end);
    }

    private void Prolong(long now)
    {
        (long renewal, long rebinding, long expiry) = LeaseTerms.Times(Lease!);
        if (now >= Since + expiry)
        {
            End("it has run out");
            return;
        }
        LeaseState wanted = now >= Since + rebinding ? LeaseState.Rebinding : LeaseState.Renewing;
        if (now < Since + renewal)
        {
            Due = Since + renewal;
            return;
        }
        if (State != wanted)
        {
            if (State == LeaseState.Bound) _began = now;
            State = wanted;
            NewTransaction();
        }
        _requested = now;
        Send(new ClientMessage
        {
            Kind = DhcpKind.Request, Transaction = _transaction, HardwareAddress = settings.HardwareAddress, Address = Lease!.Address, Seconds = (now - _began) / 1000, Options = settings.Options,
        }, Lease.Address, wanted == LeaseState.Renewing ? _server : UdpPacket.Everybody);
        // Half of what is left, so that the last attempts are the closest ones.
        long border = wanted == LeaseState.Renewing ? Since + rebinding : Since + expiry, left = border - now;
        Due = Math.Min(border, now + Math.Max(left / 2, RenewMilliseconds) + Jitter(Math.Min(left / 8, JitterMilliseconds)));
    }

    private void Bind(DhcpMessage lease, long since)
    {
        (Lease, Since, State, Reason) = (lease, since, LeaseState.Bound, "");
        _server = lease.Server;
        Due = since + LeaseTerms.Times(lease).Renewal;
    }

    private void End(string reason)
    {
        (State, Due, Reason) = (LeaseState.Over, long.MaxValue, reason);
    }

    private string Silence()
    {
        if (Reason.Length > 0) return Reason;
        if (_elsewhere != 0) return $"{DhcpOption.Address(settings.Wanted)} was asked for, and {DhcpOption.Address(_elsewhere)} was offered";
        return $"no server answered in {settings.GiveUpMilliseconds / 1000.0:0.#} s";
    }

    // Others read it on a terminal.
    private static string Said(DhcpMessage refusal)
    {
        Span<char> said = stackalloc char[80];
        int length = 0;
        foreach (byte one in refusal.Option(DhcpOption.Message) ?? [])
        {
            if (length < said.Length) said[length++] = one is >= 32 and < 127 ? (char)one : '?';
        }
        return length == 0 ? "the server took its offer back" : $"the server took its offer back: {said[..length]}";
    }

    private void NewTransaction() => _transaction = (uint)random.NextInt64(1, uint.MaxValue);

    private long NextPause()
    {
        long pause = FirstFastMilliseconds << Math.Min(_tries, FastTries);
        if (++_tries > FastTries) (pause, _slow) = (_slow, _slow * 2);
        pause = Math.Min(pause, settings.LongestPauseMilliseconds);
        return Math.Max(pause + Jitter(Math.Min(JitterMilliseconds, pause / 4)), 1);
    }

    private long Jitter(long most) => random.NextInt64(-most, most + 1);

    private void Send(ClientMessage message, uint from, uint to) => send(new Outgoing(DhcpMessage.Write(message), from, to));
}
