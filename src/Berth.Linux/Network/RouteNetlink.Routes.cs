// Routes, rules and neighbours, rtnetlink(7).
using System.Net;

namespace Berth.Linux.Network;

/// <summary>A route: to be made, or as the kernel reported it.</summary>
public sealed record NetworkRoute
{
    /// <summary>Where to.</summary>
    public required IPAddress Destination { get; init; }

    /// <summary>Length of the destination's prefix; 0 is the default route.</summary>
    public required int PrefixLength { get; init; }

    /// <summary>Next hop, or null.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>Number of the interface; 0 when there is none.</summary>
    public int Link { get; init; }

    /// <summary>Address that packets get that have none, or null.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>Metric; 0 lets the kernel choose.</summary>
    public uint Priority { get; init; }

    /// <summary>Routing table; 254 is the main one.</summary>
    public uint Table { get; init; } = 254;

    /// <summary>RT_SCOPE: 0 everywhere, 253 link, 254 host. Null: link without gateway, else everywhere.</summary>
    public byte? Scope { get; init; }

    /// <summary>RTN_UNICAST is 1.</summary>
    public byte Type { get; init; } = 1;

    /// <summary>Who made it: RTPROT_KERNEL is 2, RTPROT_BOOT 3.</summary>
    public byte Protocol { get; init; } = 3;

    /// <summary>Largest packet on it; 0 lets the kernel choose.</summary>
    public uint Mtu { get; init; }

    /// <summary>Largest segment of TCP that is told; 0 lets the kernel choose.</summary>
    public uint AdvertisedMss { get; init; }

    /// <summary>The gateway is taken to be on the link, whatever the addresses say (RTNH_F_ONLINK).</summary>
    public bool OnLink { get; init; }
}

/// <summary>A rule that chooses a routing table.</summary>
public sealed record RoutingRule
{
    /// <summary>Whose packets: source address, or null for all.</summary>
    public IPAddress? Source { get; init; }

    /// <summary>Length of the source's prefix.</summary>
    public int SourceLength { get; init; }

    /// <summary>Rules of lower numbers are asked first.</summary>
    public uint Priority { get; init; }

    /// <summary>The routing table.</summary>
    public uint Table { get; init; }

    /// <summary>Bits of packets' marks, all of which are to be set; 0: whatever marks they have.</summary>
    public uint Mark { get; init; }

    /// <summary>Whether it is of IPv6; for rules without a source.</summary>
    public bool IsVersion6 { get; init; }
}

public sealed partial class RouteNetlink
{
    private const ushort RTM_NEWROUTE = 24, RTM_DELROUTE = 25, RTM_GETROUTE = 26, RTM_NEWNEIGH = 28, RTM_DELNEIGH = 29, RTM_NEWRULE = 32, RTM_DELRULE = 33, RTM_GETRULE = 34;
    private const ushort RTA_DST = 1, RTA_OIF = 4, RTA_GATEWAY = 5, RTA_PRIORITY = 6, RTA_PREFSRC = 7, RTA_METRICS = 8, RTA_TABLE = 15, RTAX_MTU = 2, RTAX_ADVMSS = 8;

    /// <summary>Adds a route.</summary>
    /// <param name="route">The route.</param>
    /// <param name="replace">Whether one to the same destination is replaced.</param>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when there is one.</exception>
    public void Add(NetworkRoute route, bool replace = false) => _socket.Exchange(
        RouteMessage(RTM_NEWROUTE, replace ? (ushort)(Acknowledged | NetlinkSocket.NLM_F_CREATE | NetlinkSocket.NLM_F_REPLACE) : Create, route), "RTM_NEWROUTE", Words(route));

    /// <summary>Removes a route.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: ESRCH when there is none.</exception>
    public void Remove(NetworkRoute route) => _socket.Exchange(RouteMessage(RTM_DELROUTE, Acknowledged, route), "RTM_DELROUTE", Words(route));

    private static string Words(NetworkRoute route) => $"{route.Destination}/{route.PrefixLength}";

    // struct rtmsg: family, dst_len, src_len, tos, table, protocol, scope, type, flags (4).
    internal static NetlinkMessage RouteMessage(ushort type, ushort messageFlags, NetworkRoute route)
    {
        const uint RTNH_F_ONLINK = 4;
        bool six = FamilyOf(route.Destination) == AF_INET6;
        Span<byte> head = stackalloc byte[12];
        head.Clear();
        head[0] = six ? AF_INET6 : AF_INET;
        head[1] = (byte)route.PrefixLength;
        head[4] = route.Table < 256 ? (byte)route.Table : (byte)0;
        head[5] = route.Protocol;
        head[6] = route.Scope ?? (route.Gateway is null && !six ? (byte)253 : (byte)0);
        head[7] = route.Type;
        if (route.OnLink) BitConverter.TryWriteBytes(head[8..], RTNH_F_ONLINK);
        NetlinkMessage message = new NetlinkMessage(type, messageFlags).Fixed(head);
        if (route.PrefixLength > 0) message.Attribute(RTA_DST, route.Destination.GetAddressBytes());
        if (route.Gateway is { } gateway) message.Attribute(RTA_GATEWAY, gateway.GetAddressBytes());
        if (route.Link != 0) message.Attribute(RTA_OIF, (uint)route.Link);
        if (route.Source is { } source) message.Attribute(RTA_PREFSRC, source.GetAddressBytes());
        if (route.Priority != 0) message.Attribute(RTA_PRIORITY, route.Priority);
        message.Attribute(RTA_TABLE, route.Table);
        if (route.Mtu == 0 && route.AdvertisedMss == 0) return message;
        int metrics = message.Begin(RTA_METRICS);
        if (route.Mtu != 0) message.Attribute(RTAX_MTU, route.Mtu);
        if (route.AdvertisedMss != 0) message.Attribute(RTAX_ADVMSS, route.AdvertisedMss);
        return message.End(metrics);
    }

    /// <summary>All routes of a routing table; 0 for all tables.</summary>
    public List<NetworkRoute> Routes(bool version6, uint table = 254)
    {
        List<NetworkRoute> routes = [];
        Span<byte> head = stackalloc byte[12];
        head.Clear();
        head[0] = version6 ? AF_INET6 : AF_INET;
        _socket.Exchange(new NetlinkMessage(RTM_GETROUTE, Dump).Fixed(head), "RTM_GETROUTE", "all", (type, body) =>
        {
            if (type == RTM_NEWROUTE && ReadRoute(body) is { } route && (table == 0 || route.Table == table)) routes.Add(route);
        }, routes.Clear);
        return routes;
    }

    private static NetworkRoute? ReadRoute(ReadOnlySpan<byte> body)
    {
        const uint RTM_F_CLONED = 0x200;
        ReadOnlySpan<byte> attributes = body[12..];
        uint flags = BitConverter.ToUInt32(body[8..]);
        if ((flags & RTM_F_CLONED) != 0) return null;
        ReadOnlySpan<byte> destination = NetlinkMessage.Find(attributes, RTA_DST), metrics = NetlinkMessage.Find(attributes, RTA_METRICS);
        uint table = Number(attributes, RTA_TABLE);
        return new NetworkRoute
        {
            Destination = !destination.IsEmpty ? new IPAddress(destination) : body[0] == AF_INET6 ? IPAddress.IPv6Any : IPAddress.Any,
            PrefixLength = body[1],
            Gateway = AddressOf(attributes, RTA_GATEWAY),
            Link = (int)Number(attributes, RTA_OIF),
            Source = AddressOf(attributes, RTA_PREFSRC),
            Priority = Number(attributes, RTA_PRIORITY),
            Table = table == 0 ? body[4] : table,
            Scope = body[6],
            Type = body[7],
            Protocol = body[5],
            Mtu = Number(metrics, RTAX_MTU),
            AdvertisedMss = Number(metrics, RTAX_ADVMSS),
            OnLink = (flags & 4) != 0,
        };
    }

    private static IPAddress? AddressOf(ReadOnlySpan<byte> attributes, ushort type)
    {
        ReadOnlySpan<byte> value = NetlinkMessage.Find(attributes, type);
        return value.Length is 4 or 16 ? new IPAddress(value) : null;
    }

    /// <summary>The route that a packet to an address takes, or null where there is none.</summary>
    public NetworkRoute? RouteTo(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        byte[] bytes = address.GetAddressBytes();
        Span<byte> head = stackalloc byte[12];
        head.Clear();
        head[0] = FamilyOf(address);
        head[1] = (byte)(bytes.Length * 8);
        NetworkRoute? found = null;
        try
        {
            // The answer is marked as cloned; what it says is what is wanted.
            _socket.Exchange(new NetlinkMessage(RTM_GETROUTE, Request).Fixed(head).Attribute(RTA_DST, bytes), "RTM_GETROUTE", $"{address}", (type, body) =>
            {
                if (type != RTM_NEWROUTE) return;
                ReadOnlySpan<byte> attributes = body[12..];
                found = new NetworkRoute
                {
                    Destination = address,
                    PrefixLength = body[1],
                    Gateway = AddressOf(attributes, RTA_GATEWAY),
                    Link = (int)Number(attributes, RTA_OIF),
                    Source = AddressOf(attributes, RTA_PREFSRC),
                    Type = body[7],
                };
            });
        }
        catch (LinuxException e) when (e.Errno is Errno.ENETUNREACH or Errno.EHOSTUNREACH or Errno.EACCES or Errno.EINVAL)
        {
            return null;
        }
        return found;
    }

    /// <summary>Adds a rule.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when there is the same.</exception>
    public void Add(RoutingRule rule) => _socket.Exchange(RuleMessage(RTM_NEWRULE, Create, rule), "RTM_NEWRULE", $"table {rule.Table}");

    /// <summary>Removes a rule.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: ENOENT when there is none.</exception>
    public void Remove(RoutingRule rule) => _socket.Exchange(RuleMessage(RTM_DELRULE, Acknowledged, rule), "RTM_DELRULE", $"table {rule.Table}");

    private const ushort FRA_SRC = 2, FRA_PRIORITY = 6, FRA_FWMARK = 10, FRA_TABLE = 15, FRA_FWMASK = 16;

    // struct fib_rule_hdr: family, dst_len, src_len, tos, table, two reserved, action, flags (4).
    private static NetlinkMessage RuleMessage(ushort type, ushort messageFlags, RoutingRule rule)
    {
        const byte FR_ACT_TO_TBL = 1;
        Span<byte> head = stackalloc byte[12];
        head.Clear();
        head[0] = rule.Source is { } address ? FamilyOf(address) : rule.IsVersion6 ? AF_INET6 : AF_INET;
        head[2] = (byte)rule.SourceLength;
        head[4] = rule.Table < 256 ? (byte)rule.Table : (byte)0;
        head[7] = FR_ACT_TO_TBL;
        NetlinkMessage message = new NetlinkMessage(type, messageFlags).Fixed(head).Attribute(FRA_TABLE, rule.Table);
        if (rule.Source is { } source) message.Attribute(FRA_SRC, source.GetAddressBytes());
        if (rule.Priority != 0) message.Attribute(FRA_PRIORITY, rule.Priority);
        if (rule.Mark != 0) message.Attribute(FRA_FWMARK, rule.Mark).Attribute(FRA_FWMASK, rule.Mark);
        return message;
    }

    /// <summary>All rules.</summary>
    public List<RoutingRule> Rules(bool version6)
    {
        List<RoutingRule> rules = [];
        Span<byte> head = stackalloc byte[12];
        head.Clear();
        head[0] = version6 ? AF_INET6 : AF_INET;
        _socket.Exchange(new NetlinkMessage(RTM_GETRULE, Dump).Fixed(head), "RTM_GETRULE", "all", (type, body) =>
        {
            if (type != RTM_NEWRULE) return;
            ReadOnlySpan<byte> attributes = body[12..];
            uint table = Number(attributes, FRA_TABLE);
            rules.Add(new RoutingRule
            {
                Source = AddressOf(attributes, FRA_SRC),
                SourceLength = body[2],
                Priority = Number(attributes, FRA_PRIORITY),
                Table = table == 0 ? body[4] : table,
                Mark = Number(attributes, FRA_FWMARK),
                IsVersion6 = version6,
            });
        }, rules.Clear);
        return rules;
    }

    /// <summary>Says for good where an address is on a link; replaces what was known.</summary>
    /// <param name="link">The interface.</param>
    /// <param name="address">The neighbour's address.</param>
    /// <param name="hardwareAddress">Its hardware address.</param>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void SetNeighbour(NetworkLink link, IPAddress address, byte[] hardwareAddress)
    {
        const ushort NDA_DST = 1, NDA_LLADDR = 2, NUD_PERMANENT = 0x80;
        ArgumentNullException.ThrowIfNull(address);
        // struct ndmsg: family, three of padding, index (4), state (2), flags, type.
        Span<byte> head = stackalloc byte[12];
        head.Clear();
        head[0] = FamilyOf(address);
        BitConverter.TryWriteBytes(head[4..], link.Index);
        BitConverter.TryWriteBytes(head[8..], NUD_PERMANENT);
        NetlinkMessage message = new NetlinkMessage(RTM_NEWNEIGH, (ushort)(Acknowledged | NetlinkSocket.NLM_F_CREATE | NetlinkSocket.NLM_F_REPLACE)).Fixed(head)
            .Attribute(NDA_DST, address.GetAddressBytes())
            .Attribute(NDA_LLADDR, hardwareAddress);
        _socket.Exchange(message, "RTM_NEWNEIGH", $"{link.Name} {address}");
    }
}
