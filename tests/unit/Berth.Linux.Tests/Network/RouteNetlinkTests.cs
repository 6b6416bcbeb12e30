// Messages of rtnetlink as bytes: for kinds of interface and disciplines that the machine of the tests may not have.
using System.Net;
using Berth.Linux.Network;

namespace Berth.Linux.Tests.Network;

public sealed class RouteNetlinkTests
{
    private const ushort Name = 3, Mtu = 4, Parent = 5, Info = 18, Kind = 1, Data = 2;

    private static ReadOnlySpan<byte> Attributes(NetlinkMessage message) => message.Body[16..];

    private static ReadOnlySpan<byte> DataOf(NetlinkMessage message, string kind)
    {
        ReadOnlySpan<byte> info = NetlinkMessage.Find(Attributes(message), Info);
        Assert.Equal(kind, NetlinkMessage.Text(NetlinkMessage.Find(info, Kind)));
        return NetlinkMessage.Find(info, Data);
    }

    [Fact]
    public void A_vlan_says_its_number_in_two_bytes()
    {
        NetlinkMessage message = RouteNetlink.AddMessage(new LinkSpec { Name = "eth0", Kind = new LinkKind.Vlan { Id = 4094 }, Parent = 7, Mtu = 1400 });
        Assert.Equal("eth0", NetlinkMessage.Text(NetlinkMessage.Find(Attributes(message), Name)));
        Assert.Equal(7u, BitConverter.ToUInt32(NetlinkMessage.Find(Attributes(message), Parent)));
        Assert.Equal(1400u, BitConverter.ToUInt32(NetlinkMessage.Find(Attributes(message), Mtu)));
        Assert.Equal([0xFE, 0x0F], NetlinkMessage.Find(DataOf(message, "vlan"), 1).ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_ipvlan_says_its_mode_in_two_bytes(ushort mode)
    {
        NetlinkMessage message = RouteNetlink.AddMessage(new LinkSpec { Name = "eth0", Kind = new LinkKind.Ipvlan { Mode = mode }, Parent = 7 });
        Assert.Equal([(byte)mode, 0], NetlinkMessage.Find(DataOf(message, "ipvlan"), 1).ToArray());
    }

    [Fact]
    public void A_macvlan_says_its_mode_and_queue_in_four_bytes()
    {
        NetlinkMessage message = RouteNetlink.AddMessage(new LinkSpec { Name = "eth0", Kind = new LinkKind.Macvlan { Mode = 8, BroadcastQueueLength = 500 }, Parent = 7 });
        Assert.Equal(8u, BitConverter.ToUInt32(NetlinkMessage.Find(DataOf(message, "macvlan"), 1)));
        Assert.Equal(500u, BitConverter.ToUInt32(NetlinkMessage.Find(DataOf(message, "macvlan"), 7)));
    }

    [Fact]
    public void A_dummy_and_an_ifb_are_only_their_kind_and_a_vrf_is_its_table()
    {
        Assert.True(DataOf(RouteNetlink.AddMessage(new LinkSpec { Name = "d", Kind = new LinkKind.Dummy() }), "dummy").IsEmpty);
        Assert.True(DataOf(RouteNetlink.AddMessage(new LinkSpec { Name = "i", Kind = new LinkKind.Ifb() }), "ifb").IsEmpty);
        Assert.Equal(100_000u, BitConverter.ToUInt32(NetlinkMessage.Find(DataOf(RouteNetlink.AddMessage(new LinkSpec { Name = "v", Kind = new LinkKind.Vrf { Table = 100_000 } }), "vrf"), 1)));
    }

    [Fact]
    public void An_alias_has_no_zero_behind_it_and_none_removes_it()
    {
        const ushort Alias = 20;
        Assert.Equal("eth1"u8.ToArray(), NetlinkMessage.Find(Attributes(RouteNetlink.ChangeMessage(3, new LinkChange { Alias = "eth1" })), Alias).ToArray());
        Assert.Equal(20, RouteNetlink.ChangeMessage(3, new LinkChange { Alias = "" }).Body.Length);
    }

    [Fact]
    public void A_token_bucket_is_the_interfaces_own_discipline()
    {
        NetlinkMessage message = RouteNetlink.TokenBucketMessage(5, new TokenBucket { Rate = 1_000_000, Buffer = 156_250, Limit = 35_000 });
        Assert.Equal(5, BitConverter.ToInt32(message.Body[4..]));
        Assert.Equal(0x00010000u, BitConverter.ToUInt32(message.Body[8..]));
        Assert.Equal(0xFFFFFFFFu, BitConverter.ToUInt32(message.Body[12..]));
        ReadOnlySpan<byte> options = NetlinkMessage.Find(message.Body[20..], 2), parameters = NetlinkMessage.Find(options, 1);
        Assert.Equal(36, parameters.Length);
        Assert.Equal([1_000_000u, 35_000u, 156_250u], [BitConverter.ToUInt32(parameters[8..]), BitConverter.ToUInt32(parameters[24..]), BitConverter.ToUInt32(parameters[28..])]);
        Assert.True(NetlinkMessage.Find(options, 4).IsEmpty);
    }

    [Fact]
    public void Rates_above_four_gigabytes_a_second_have_eight_bytes_of_their_own()
    {
        NetlinkMessage message = RouteNetlink.TokenBucketMessage(5, new TokenBucket { Rate = 12_500_000_000, Buffer = 1 });
        ReadOnlySpan<byte> options = NetlinkMessage.Find(message.Body[20..], 2);
        Assert.Equal(uint.MaxValue, BitConverter.ToUInt32(NetlinkMessage.Find(options, 1)[8..]));
        Assert.Equal(12_500_000_000ul, BitConverter.ToUInt64(NetlinkMessage.Find(options, 4)));
    }

    [Fact]
    public void A_bucket_counts_in_ticks_of_the_scheduler()
    {
        Assert.Equal(15.625, TokenBucket.TicksPerMicrosecond("000003e8 00000040 000f4240 3b9aca00\n"));
        Assert.Equal(15.625, TokenBucket.TicksPerMicrosecond(""));
        Assert.Equal(1000, TokenBucket.TicksPerMicrosecond("000003e8 00000040 3b9aca00 3b9aca00"));
        TokenBucket bucket = TokenBucket.Of(1_000_000, 10_000, microseconds: 25_000);
        Assert.Equal((1_000_000ul, 35_000u), (bucket.Rate, bucket.Limit));
        Assert.Throws<ArgumentOutOfRangeException>(static () => TokenBucket.Of(0, 1, 1));
    }

    [Fact]
    public void What_comes_in_is_led_to_another_interface_and_stolen_here()
    {
        NetlinkMessage message = RouteNetlink.RedirectMessage(5, 9);
        // Priority 1 and all protocols, in the order of the network.
        Assert.Equal(0x00010300u, BitConverter.ToUInt32(message.Body[16..]));
        ReadOnlySpan<byte> options = NetlinkMessage.Find(message.Body[20..], 2), action = NetlinkMessage.Find(NetlinkMessage.Find(options, 7), 1);
        Assert.Equal("mirred", NetlinkMessage.Text(NetlinkMessage.Find(action, 1)));
        ReadOnlySpan<byte> parameters = NetlinkMessage.Find(NetlinkMessage.Find(action, 2), 2);
        Assert.Equal([4, 1, 9], [BitConverter.ToInt32(parameters[8..]), BitConverter.ToInt32(parameters[20..]), BitConverter.ToInt32(parameters[24..])]);
    }

    [Theory]
    [InlineData("10.1.0.0", 16, true, 12, 1)]
    [InlineData("10.1.0.0", 16, false, 16, 1)]
    [InlineData("fd00::", 8, false, 24, 1)]
    [InlineData("fd00:1:2:3::", 64, true, 8, 2)]
    [InlineData("0.0.0.0", 0, true, 12, 1)]
    public void A_network_is_matched_word_by_word(string network, int length, bool from, int offset, int keys)
    {
        NetlinkMessage message = RouteNetlink.ChoiceMessage(5, IPAddress.Parse(network).GetAddressBytes(), length, from, 0x30);
        ReadOnlySpan<byte> selector = NetlinkMessage.Find(NetlinkMessage.Find(message.Body[20..], 2), 5);
        Assert.Equal(16 + (keys * 16), selector.Length);
        Assert.Equal((1, keys), (selector[0], selector[2]));
        Assert.Equal(offset, BitConverter.ToInt32(selector[24..]));
        int bits = Math.Min(length, 32);
        Assert.Equal(bits == 0 ? 0 : uint.MaxValue << (32 - bits), System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(selector[16..]));
    }

    [Fact]
    public void Classes_hang_on_the_first_discipline()
    {
        NetlinkMessage message = RouteNetlink.ClassMessage(5, 0x30, new TokenBucket { Rate = 1000, Buffer = 7 }, ceiling: 2000);
        Assert.Equal((0x00010030u, 0x00010000u), (BitConverter.ToUInt32(message.Body[8..]), BitConverter.ToUInt32(message.Body[12..])));
        ReadOnlySpan<byte> parameters = NetlinkMessage.Find(NetlinkMessage.Find(message.Body[20..], 2), 1);
        Assert.Equal([1000u, 2000u, 7u, 7u], [BitConverter.ToUInt32(parameters[8..]), BitConverter.ToUInt32(parameters[20..]), BitConverter.ToUInt32(parameters[24..]), BitConverter.ToUInt32(parameters[28..])]);
        ReadOnlySpan<byte> globals = NetlinkMessage.Find(NetlinkMessage.Find(RouteNetlink.ClassesMessage(5, 0x30).Body[20..], 2), 2);
        Assert.Equal([3u, 10u, 0x30u], [BitConverter.ToUInt32(globals), BitConverter.ToUInt32(globals[4..]), BitConverter.ToUInt32(globals[8..])]);
    }
}
