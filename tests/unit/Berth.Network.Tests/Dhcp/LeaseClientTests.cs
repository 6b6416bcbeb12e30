// The client's machine, with a clock and a server that are the test's.
using System.Buffers.Binary;
using Berth.Network.Ipam.Dhcp;

namespace Berth.Network.Tests.Dhcp;

public sealed class LeaseClientTests
{
    private readonly List<Outgoing> _sent = [];
    private readonly LeaseClient _client;
    private long _now = 1_000_000;

    public LeaseClientTests() => _client = New();

    private LeaseClient New(uint wanted = 0) => new(new ClientSettings { HardwareAddress = ServerMessage.Mac, GiveUpMilliseconds = 60_000, Wanted = wanted }, new Random(1), _sent.Add);

    private Outgoing Last => _sent[^1];

    private uint Transaction => BinaryPrimitives.ReadUInt32BigEndian(Last.Payload.AsSpan(4));

    private DhcpKind Kind => (DhcpKind)Last.Payload[242];

    private bool Hears(DhcpKind kind, params (byte, byte[])[] options) => Hears(_client, kind, options);

    private bool Hears(LeaseClient client, DhcpKind kind, params (byte, byte[])[] options) => client.Take(ServerMessage.Of(kind, Transaction, options), _now);

    private void Advance(long milliseconds)
    {
        for (long until = _now + milliseconds; _now < until;)
        {
            _now = Math.Min(until, Math.Max(_now, _client.Due));
            _client.Tick(_now);
            if (_client.Due > until) _now = until;
        }
    }

    private void Bind(uint seconds = 3600)
    {
        _client.Begin(_now);
        Hears(DhcpKind.Offer, ServerMessage.Lease(seconds));
        Assert.True(Hears(DhcpKind.Acknowledgement, ServerMessage.Lease(seconds)));
        _sent.Clear();
    }

    [Fact]
    public void A_lease_is_offered_requested_and_got()
    {
        _client.Begin(_now);
        Assert.Equal((DhcpKind.Discover, 0u, UdpPacket.Everybody), (Kind, Last.From, Last.To));
        Assert.False(Hears(DhcpKind.Offer, ServerMessage.Lease()));
        Assert.Equal((DhcpKind.Request, LeaseState.Requesting), (Kind, _client.State));
        Assert.Equal([50, 4, 10, 77, 0, 10, 54, 4, 10, 77, 0, 1], Last.Payload[243..255]);
        Assert.True(Hears(DhcpKind.Acknowledgement, ServerMessage.Lease()));
        Assert.Equal((LeaseState.Bound, _now + 1_800_000, ServerMessage.Address), (_client.State, _client.Due, _client.Lease!.Address));
    }

    [Fact]
    public void Others_messages_are_not_taken()
    {
        _client.Begin(_now);
        _client.Take(ServerMessage.Of(DhcpKind.Offer, Transaction + 1, ServerMessage.Lease()), _now);
        byte[] foreign = ServerMessage.Bytes(DhcpKind.Offer, Transaction, ServerMessage.Lease());
        foreign[33]++;
        _client.Take(DhcpMessage.Read(foreign)!, _now);
        Hears(DhcpKind.Acknowledgement, ServerMessage.Lease());
        Hears(DhcpKind.Offer, (DhcpOption.ServerIdentifier, [0, 0, 0, 0]));
        Assert.Equal(LeaseState.Selecting, _client.State);
        Hears(DhcpKind.Offer, ServerMessage.Lease());
        Hears(DhcpKind.Acknowledgement, [.. ServerMessage.Lease(), (DhcpOption.ServerIdentifier, [10, 77, 0, 2])]);
        Assert.Equal(LeaseState.Requesting, _client.State);
    }

    [Fact]
    public void Without_an_answer_it_asks_again_ever_more_slowly_and_gives_up_in_time()
    {
        _client.Begin(_now);
        List<long> pauses = [];
        while (_client.State != LeaseState.Over)
        {
            pauses.Add(_client.Due - _now);
            _now = _client.Due;
            _client.Tick(_now);
        }
        Assert.Equal(1_060_000, _now);
        foreach ((int at, long around) in ((int, long)[])[(0, 100), (1, 200), (4, 1600), (5, 4000), (6, 8000)]) Assert.InRange(pauses[at], around * 3 / 4, around * 5 / 4);
        Assert.Equal(pauses.Count, _sent.Count);
        Assert.Equal("no server answered in 60 s", _client.Reason);
        Assert.Equal(long.MaxValue, _client.Due);
    }

    [Fact]
    public void An_offer_whose_server_is_silent_is_not_waited_for_for_ever()
    {
        _client.Begin(_now);
        Hears(DhcpKind.Offer, ServerMessage.Lease());
        Advance(15_000);
        Assert.Equal((LeaseState.Selecting, DhcpKind.Discover), (_client.State, Kind));
    }

    [Fact]
    public void A_refused_request_begins_anew_and_its_words_are_told()
    {
        _client.Begin(_now);
        Hears(DhcpKind.Offer, ServerMessage.Lease());
        uint before = Transaction;
        Hears(DhcpKind.Refusal, (DhcpOption.Message, "in use\u001b"u8.ToArray()));
        Assert.Equal(LeaseState.Selecting, _client.State);
        Advance(60_000);
        Assert.NotEqual(before, Transaction);
        Assert.Equal("the server took its offer back: in use?", _client.Reason);
    }

    [Fact]
    public void A_lease_is_prolonged_by_its_server_at_half_of_its_time()
    {
        Bind();
        Advance(1_799_999);
        Assert.Empty(_sent);
        Advance(1);
        Assert.Equal((DhcpKind.Request, ServerMessage.Address, ServerMessage.Server, LeaseState.Renewing), (Kind, Last.From, Last.To, _client.State));
        Assert.Equal(ServerMessage.Four(ServerMessage.Address), Last.Payload[12..16]);
        // Neither address nor server are options of a renewal (RFC 2131, table 5).
        Assert.Equal([57, 2], Last.Payload[243..245]);
        Assert.True(Hears(DhcpKind.Acknowledgement, ServerMessage.Lease()));
        Assert.Equal((LeaseState.Bound, _now + 1_800_000), (_client.State, _client.Due));
    }

    [Fact]
    public void Then_by_any_server_and_then_it_runs_out()
    {
        Bind(100);
        Advance(87_600);
        Assert.Equal((LeaseState.Rebinding, UdpPacket.Everybody), (_client.State, Last.To));
        Assert.True(_sent.Count(static one => one.To == ServerMessage.Server) >= 4);
        Advance(12_400);
        Assert.Equal((LeaseState.Over, "it has run out"), (_client.State, _client.Reason));
    }

    [Fact]
    public void Any_server_may_prolong_it_when_all_are_asked()
    {
        Bind(100);
        Advance(90_000);
        Assert.True(Hears(DhcpKind.Acknowledgement, [.. ServerMessage.Lease(100), (DhcpOption.ServerIdentifier, [10, 77, 0, 2])]));
        Advance(60_000);
        Assert.Equal(0x0A4D0002u, Last.To);
    }

    [Fact]
    public void A_refused_renewal_asks_for_the_same_address_until_the_lease_runs_out()
    {
        Bind(100);
        Advance(50_000);
        Hears(DhcpKind.Refusal);
        Assert.Equal((LeaseState.Selecting, DhcpKind.Discover), (_client.State, Kind));
        Assert.Equal([50, 4, 10, 77, 0, 10], Last.Payload[243..249]);
        byte[] other = ServerMessage.Bytes(DhcpKind.Offer, Transaction, ServerMessage.Lease());
        other[19] = 99;
        _client.Take(DhcpMessage.Read(other)!, _now);
        Assert.Equal(LeaseState.Selecting, _client.State);
        Hears(DhcpKind.Offer, ServerMessage.Lease());
        Assert.True(Hears(DhcpKind.Acknowledgement, ServerMessage.Lease(100)));
        Advance(50_000);
        Hears(DhcpKind.Refusal);
        Advance(49_999);
        Assert.Equal(LeaseState.Selecting, _client.State);
        Advance(1);
        Assert.Equal(LeaseState.Over, _client.State);
    }

    [Fact]
    public void An_address_that_was_asked_for_is_that_or_none()
    {
        LeaseClient client = New(wanted: 0x0A4D0063);
        client.Begin(_now);
        Assert.Equal([50, 4, 10, 77, 0, 99], Last.Payload[243..249]);
        Hears(client, DhcpKind.Offer, ServerMessage.Lease());
        for (_now = client.Due; client.State != LeaseState.Over; _now = client.Due) client.Tick(_now);
        Assert.Equal("10.77.0.99 was asked for, and 10.77.0.10 was offered", client.Reason);
    }

    [Fact]
    public void A_lease_is_given_back_to_its_server_and_one_that_has_run_out_is_not()
    {
        Bind(100);
        _client.Release(_now);
        Assert.Equal((DhcpKind.Release, ServerMessage.Address, ServerMessage.Server, LeaseState.Over), (Kind, Last.From, Last.To, _client.State));
        Assert.Equal([54, 4, 10, 77, 0, 1, 255], Last.Payload[243..250]);
        _sent.Clear();
        LeaseClient late = New();
        late.Resume(ServerMessage.Of(DhcpKind.Acknowledgement, 7, ServerMessage.Lease(100)), _now, _now);
        late.Release(_now + 100_000);
        Assert.Empty(_sent);
    }

    [Fact]
    public void A_lease_of_another_daemon_goes_on_where_it_was_and_one_that_has_run_out_is_asked_for_again()
    {
        DhcpMessage lease = ServerMessage.Of(DhcpKind.Acknowledgement, 7, ServerMessage.Lease(100));
        LeaseClient client = New();
        client.Resume(lease, _now - 60_000, _now);
        Assert.Equal((LeaseState.Bound, _now - 10_000), (client.State, client.Due));
        client.Tick(_now);
        Assert.Equal((LeaseState.Renewing, ServerMessage.Server), (client.State, Last.To));
        LeaseClient late = New();
        late.Resume(lease, _now - 200_000, _now);
        Assert.Equal((LeaseState.Selecting, DhcpKind.Discover), (late.State, Kind));
        Hears(late, DhcpKind.Offer, ServerMessage.Lease());
        Assert.True(Hears(late, DhcpKind.Acknowledgement, ServerMessage.Lease()));
        Assert.Equal(LeaseState.Bound, late.State);
    }

    [Fact]
    public void A_lease_for_ever_is_never_prolonged()
    {
        Bind(uint.MaxValue);
        Advance(1000L * 3600 * 24 * 365);
        Assert.Empty(_sent);
        Assert.Equal(LeaseState.Bound, _client.State);
    }
}
