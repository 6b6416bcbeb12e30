// Messages and what is in them: read so that whatever comes is a message or none.
using System.Text;
using Berth.Network.Contract;
using Berth.Network.Ipam.Dhcp;

namespace Berth.Network.Tests.Dhcp;

public sealed class MessageTests
{
    [Fact]
    public void A_client_s_message_has_its_options_and_is_long_enough_for_old_relays()
    {
        byte[] bytes = DhcpMessage.Write(new ClientMessage { Kind = DhcpKind.Request, Transaction = 0x01020304, HardwareAddress = ServerMessage.Mac, Wanted = ServerMessage.Address, Server = ServerMessage.Server, Broadcast = true, Seconds = 5, Options = [61, 2, 0, 9] });
        Assert.Equal(300, bytes.Length);
        Assert.Equal([1, 1, 6, 0, 1, 2, 3, 4, 0, 5, 0x80, 0], bytes[..12]);
        Assert.Equal(ServerMessage.Mac, bytes[28..34]);
        Assert.Equal([0x63, 0x82, 0x53, 0x63, 53, 1, 3, 50, 4, 10, 77, 0, 10, 54, 4, 10, 77, 0, 1, 57, 2, 5, 220, 61, 2, 0, 9, 255], bytes[236..264]);
    }

    [Fact]
    public void An_option_in_pieces_is_one_and_a_long_one_is_written_in_pieces()
    {
        DhcpMessage message = DhcpMessage.Read(ServerMessage.Raw([53, 1, 5, 15, 2, (byte)'a', (byte)'b', 0, 0, 15, 1, (byte)'c', 255]))!;
        Assert.Equal("abc", Encoding.ASCII.GetString(message.Option(15)!));
        List<byte> written = [];
        DhcpOption.Append(written, 119, new byte[300]);
        Assert.Equal(304, written.Count);
        Assert.Equal([119, 255], written[..2]);
        Assert.Equal([119, 45], written[257..259]);
    }

    [Fact]
    public void Overloaded_fields_have_options_too_the_file_s_before_the_name_s()
    {
        byte[] bytes = ServerMessage.Raw([53, 1, 5, 52, 1, 3, 15, 1, (byte)'1', 255]);
        new byte[] { 15, 1, (byte)'3', 255 }.CopyTo(bytes, 44);
        new byte[] { 15, 1, (byte)'2', 255 }.CopyTo(bytes, 108);
        Assert.Equal("123", Encoding.ASCII.GetString(DhcpMessage.Read(bytes)!.Option(15)!));
    }

    [Theory]
    [InlineData(new byte[] { 53, 1 })]
    [InlineData(new byte[] { 53 })]
    [InlineData(new byte[] { 53, 1, 5, 15, 9, 1, 2 })]
    [InlineData(new byte[] { 53, 1, 5, 52, 1, 4, 255 })]
    [InlineData(new byte[] { 53, 1, 5, 52, 2, 1, 1, 255 })]
    public void An_option_that_reaches_beyond_its_field_makes_it_no_message(byte[] options) => Assert.Null(DhcpMessage.Read(ServerMessage.Raw(options)));

    [Fact]
    public void What_is_not_Ethernet_s_or_not_a_server_s_is_no_message()
    {
        foreach ((int at, byte value) in ((int, byte)[])[(0, 1), (1, 6), (2, 16), (236, 0)])
        {
            byte[] bytes = ServerMessage.Bytes(DhcpKind.Offer);
            bytes[at] = value;
            Assert.Null(DhcpMessage.Read(bytes));
        }
        Assert.Null(DhcpMessage.Read(ServerMessage.Bytes(DhcpKind.Offer).AsSpan(0, 239)));
        Assert.Null(DhcpMessage.Read(new byte[DhcpMessage.Largest + 1]));
    }

    [Fact]
    public void A_datagram_is_unpacked_as_it_was_packed_and_one_to_another_port_is_none()
    {
        byte[] packet = UdpPacket.Pack(0, UdpPacket.Everybody, [1, 2, 3]);
        Assert.Equal(31, packet.Length);
        Assert.True(UdpPacket.Unpack(packet).IsEmpty);
        // To the client's port, as from a server.
        (packet[21], packet[23]) = (67, 68);
        Assert.Equal([1, 2, 3], UdpPacket.Unpack(packet).ToArray());
        Assert.Equal([1, 2, 3], UdpPacket.Unpack([.. packet, 0, 0]).ToArray());
        packet[7] = 1;
        Assert.True(UdpPacket.Unpack(packet).IsEmpty);
        Assert.True(UdpPacket.Unpack(packet.AsSpan(0, 30)).IsEmpty);
    }

    [Theory]
    [InlineData(new byte[] { 255, 255, 255, 0 }, "10.77.0.10/24")]
    [InlineData(new byte[] { 255, 255, 255, 255 }, "10.77.0.10/32")]
    [InlineData(new byte[] { 255, 0, 255, 0 }, null)]
    [InlineData(new byte[] { 0, 0, 0, 0 }, null)]
    [InlineData(new byte[] { 255, 255, 255 }, null)]
    public void A_mask_is_a_prefix_or_there_is_none(byte[] mask, string? prefix) =>
        Assert.Equal(prefix, LeaseTerms.Prefix(ServerMessage.Of(DhcpKind.Acknowledgement, 7, (DhcpOption.SubnetMask, mask)))?.ToString());

    [Fact]
    public void Classless_routes_stand_in_place_of_all_others_and_malformed_ones_do_not()
    {
        byte[] router = [10, 77, 0, 1], old = [10, 0, 0, 0, 10, 77, 0, 9, 0, 0, 0, 0, 10, 77, 0, 3];
        Assert.Equal(["10.9.1.0/24 10.77.0.1 ", "192.0.2.1/32 0.0.0.0 253", "0.0.0.0/0 10.77.0.2 "], Routes((121, [24, 10, 9, 1, 10, 77, 0, 1, 32, 192, 0, 2, 1, 0, 0, 0, 0, 0, 10, 77, 0, 2]), (3, router), (33, old)));
        Assert.Equal(["10.0.0.0/8 10.77.0.9 ", "0.0.0.0/0 10.77.0.1 "], Routes((121, [33, 10, 9, 1, 1, 1, 10, 77, 0, 1]), (3, router), (33, old)));
        Assert.Equal(["0.0.0.0/0 10.77.0.1 "], Routes((121, []), (3, router)));
        Assert.Empty(Routes());
    }

    private static string[] Routes(params (byte, byte[])[] options) =>
        [.. LeaseTerms.Routes(ServerMessage.Of(DhcpKind.Acknowledgement, 7, options), 0).Select(static r => $"{r.Destination} {r.Gateway} {r.Scope}")];

    [Fact]
    public void Names_are_taken_when_they_were_asked_for_and_are_names()
    {
        byte[] search = [1, (byte)'a', 2, (byte)'e', (byte)'x', 0, 1, (byte)'b', 0xC0, 2, 3, (byte)'n', (byte)'\n', (byte)'x', 0];
        DhcpMessage message = ServerMessage.Of(DhcpKind.Acknowledgement, 7, (6, [1, 1, 1, 1, 8, 8, 8, 8, 9]), (15, "example.org\0"u8.ToArray()), (119, search));
        CniDns dns = LeaseTerms.Dns(message, [6, 15, 119]);
        Assert.Equal(["1.1.1.1", "8.8.8.8"], dns.Nameservers);
        Assert.Equal("example.org", dns.Domain);
        Assert.Equal(["a.ex", "b.ex"], dns.Search);
        Assert.True(LeaseTerms.Dns(message, [1, 3]).IsEmpty);
        // A line of its own in somebody's resolv.conf.
        Assert.True(LeaseTerms.Dns(ServerMessage.Of(DhcpKind.Acknowledgement, 7, (15, "a\nnameserver 6.6.6.6"u8.ToArray())), [15]).IsEmpty);
        // Pointers that lead forward, or in a circle.
        Assert.Empty(LeaseTerms.Dns(ServerMessage.Of(DhcpKind.Acknowledgement, 7, (119, [0xC0, 0, 0xC0, 0])), [119]).Search);
    }

    [Theory]
    [InlineData(3600, null, null, 1800, 3150)]
    [InlineData(3600, 10, 20, 10, 20)]
    [InlineData(3600, 20, 10, 5, 10)]
    [InlineData(60, 0, 90, 30, 52)]
    public void Times_are_the_server_s_where_they_make_sense(int lease, int? renewal, int? rebinding, int expectedRenewal, int expectedRebinding)
    {
        List<(byte, byte[])> options = [(DhcpOption.LeaseTime, ServerMessage.Four((uint)lease))];
        if (renewal is { } one) options.Add((DhcpOption.RenewalTime, ServerMessage.Four((uint)one)));
        if (rebinding is { } two) options.Add((DhcpOption.RebindingTime, ServerMessage.Four((uint)two)));
        (long renew, long rebind, long expiry) = LeaseTerms.Times(ServerMessage.Of(DhcpKind.Acknowledgement, 7, [.. options]));
        Assert.Equal(lease, expiry / 1000);
        Assert.Equal(expectedRebinding, rebind / 1000);
        Assert.InRange(renew / 1000, Math.Min(expectedRenewal, expectedRebinding), Math.Max(expectedRenewal, expectedRebinding));
        Assert.True(renew <= rebind && rebind <= expiry);
    }

    [Theory]
    [InlineData("10s", 10_000L)]
    [InlineData("1m2s", 62_000L)]
    [InlineData("1.5h", 5_400_000L)]
    [InlineData("250ms", 250L)]
    [InlineData("10", null)]
    [InlineData("-1s", null)]
    [InlineData("", null)]
    [InlineData("0s", null)]
    [InlineData("1x", null)]
    public void Times_of_flags_are_Go_s(string text, long? milliseconds) => Assert.Equal(milliseconds, DaemonFlags.Milliseconds(text));

    [Fact]
    public void Flags_are_read_as_Go_reads_them()
    {
        DaemonFlags flags = new();
        Assert.Null(flags.Read(["-socketpath", "/x/y.sock", "--timeout=3s", "-broadcast", "-resendmax=1m", "--resendtimeout", "5s", "-until-last=false", "-hostprefix", "/host", "-pidfile", "/p"]));
        Assert.Equal(("/x/y.sock", "/p", "/host", false), (flags.Socket, flags.PidFile, flags.HostPrefix, flags.UntilLast));
        Assert.Equal((true, 3000L, 60_000L, 5000L), (flags.Client.Broadcast, flags.Client.PatienceMilliseconds, flags.Client.LongestPauseMilliseconds, flags.Client.GiveUpMilliseconds));
        Assert.Equal("flag provided but not defined: -nonsense", new DaemonFlags().Read(["-nonsense", "1"]));
        Assert.Equal("invalid value \"soon\" for flag -timeout", new DaemonFlags().Read(["-timeout", "soon"]));
        Assert.Equal("flag needs an argument: -timeout", new DaemonFlags().Read(["-timeout"]));
    }
}
