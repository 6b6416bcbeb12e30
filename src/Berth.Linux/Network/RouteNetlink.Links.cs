// Links of rtnetlink(7): found, listed, made, changed, moved, removed; and ports of bridges.
using System.Text;

namespace Berth.Linux.Network;

public sealed partial class RouteNetlink
{
    private const ushort RTM_NEWLINK = 16, RTM_DELLINK = 17, RTM_GETLINK = 18, RTM_SETLINK = 19;
    private const ushort IFLA_ADDRESS = 1, IFLA_IFNAME = 3, IFLA_MTU = 4, IFLA_LINK = 5, IFLA_MASTER = 10, IFLA_PROTINFO = 12, IFLA_TXQLEN = 13, IFLA_OPERSTATE = 16;
    private const ushort IFLA_LINKINFO = 18, IFLA_IFALIAS = 20, IFLA_AF_SPEC = 26, IFLA_NET_NS_FD = 28, IFLA_EXT_MASK = 29, IFLA_PROMISCUITY = 30, IFLA_NEW_IFINDEX = 49;
    private const ushort IFLA_INFO_KIND = 1, IFLA_INFO_DATA = 2;
    private const uint IFF_UP = 1, IFF_PROMISC = 0x100, IFF_ALLMULTI = 0x200;
    private const byte AF_BRIDGE = 7;

    /// <summary>The interface of that name, or null.</summary>
    public NetworkLink? Find(string name) => Find(LinkMessage(RTM_GETLINK, Request, 0, 0, 0).Attribute(IFLA_IFNAME, name), name);

    /// <summary>The interface of that number, or null.</summary>
    public NetworkLink? Find(int index) => Find(LinkMessage(RTM_GETLINK, Request, index, 0, 0), $"{index}");

    private NetworkLink? Find(NetlinkMessage message, string subject)
    {
        NetworkLink? found = null;
        try
        {
            _socket.Exchange(message, "RTM_GETLINK", subject, (type, body) =>
            {
                if (type == RTM_NEWLINK) found = ReadLink(body);
            });
        }
        catch (LinuxException e) when (e.Errno is Errno.ENODEV or Errno.ERANGE or Errno.EINVAL)
        {
            return null;
        }
        return found;
    }

    /// <summary>All interfaces.</summary>
    public List<NetworkLink> Links()
    {
        List<NetworkLink> links = [];
        _socket.Exchange(LinkMessage(RTM_GETLINK, Dump, 0, 0, 0), "RTM_GETLINK", "all", (type, body) =>
        {
            if (type == RTM_NEWLINK) links.Add(ReadLink(body));
        }, links.Clear);
        return links;
    }

    // struct ifinfomsg: family, padding, type (2), index (4), flags (4), change (4).
    private static NetworkLink ReadLink(ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> attributes = body[16..], info = NetlinkMessage.Find(attributes, IFLA_LINKINFO), state = NetlinkMessage.Find(attributes, IFLA_OPERSTATE);
        string kind = NetlinkMessage.Text(NetlinkMessage.Find(info, IFLA_INFO_KIND));
        return new NetworkLink
        {
            Index = BitConverter.ToInt32(body[4..]),
            Name = NetlinkMessage.Text(NetlinkMessage.Find(attributes, IFLA_IFNAME)),
            Flags = BitConverter.ToUInt32(body[8..]),
            Kind = kind,
            OperationalState = state.IsEmpty ? (byte)0 : state[0],
            HardwareAddress = NetlinkMessage.Find(attributes, IFLA_ADDRESS).ToArray(),
            Mtu = (int)Number(attributes, IFLA_MTU),
            Master = (int)Number(attributes, IFLA_MASTER),
            Parent = (int)Number(attributes, IFLA_LINK),
            Promiscuity = Number(attributes, IFLA_PROMISCUITY),
            TransmitQueueLength = (int)Number(attributes, IFLA_TXQLEN),
            Alias = NetlinkMessage.Text(NetlinkMessage.Find(attributes, IFLA_IFALIAS)),
            Detail = DetailOf(kind, NetlinkMessage.Find(info, IFLA_INFO_DATA)),
        };
    }

    private static uint DetailOf(string kind, ReadOnlySpan<byte> data)
    {
        // IFLA_VRF_TABLE, IFLA_VLAN_ID, IFLA_MACVLAN_MODE and IFLA_IPVLAN_MODE are all 1.
        ReadOnlySpan<byte> value = kind is "vrf" or "vlan" or "macvlan" or "macvtap" or "ipvlan" ? NetlinkMessage.Find(data, 1) : default;
        return value.Length >= 4 ? BitConverter.ToUInt32(value) : value.Length >= 2 ? BitConverter.ToUInt16(value) : 0u;
    }

    private static uint Number(ReadOnlySpan<byte> attributes, ushort type)
    {
        ReadOnlySpan<byte> value = NetlinkMessage.Find(attributes, type);
        return value.Length >= 4 ? BitConverter.ToUInt32(value) : 0;
    }

    /// <summary>Makes an interface, with all that its description says, in one request.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when the name is taken, EOPNOTSUPP when the kind is not known.</exception>
    public void Add(LinkSpec link) => _socket.Exchange(AddMessage(link), "RTM_NEWLINK", $"{link.Kind.Name} {link.Name}");

    internal static NetlinkMessage AddMessage(LinkSpec link)
    {
        NetlinkMessage message = LinkMessage(RTM_NEWLINK, Create, 0, link.Up ? IFF_UP : 0, link.Up ? IFF_UP : 0);
        Describe(message, link);
        return message;
    }

    private static void Describe(NetlinkMessage message, LinkSpec link)
    {
        if (link.Name.Length > 0) message.Attribute(IFLA_IFNAME, link.Name);
        if (link.Mtu > 0) message.Attribute(IFLA_MTU, (uint)link.Mtu);
        if (link.HardwareAddress.Length > 0) message.Attribute(IFLA_ADDRESS, link.HardwareAddress);
        if (link.TransmitQueueLength >= 0) message.Attribute(IFLA_TXQLEN, (uint)link.TransmitQueueLength);
        if (link.Master != 0) message.Attribute(IFLA_MASTER, (uint)link.Master);
        if (link.Parent != 0) message.Attribute(IFLA_LINK, (uint)link.Parent);
        if (link.Namespace is { } place) message.Attribute(IFLA_NET_NS_FD, (uint)place.Number);
        int info = message.Begin(IFLA_LINKINFO);
        message.Attribute(IFLA_INFO_KIND, link.Kind.Name);
        int data = message.Begin(IFLA_INFO_DATA);
        Details(message, link.Kind);
        message.End(data);
        message.End(info);
    }

    private static void Details(NetlinkMessage message, LinkKind kind)
    {
        switch (kind)
        {
            case LinkKind.Bridge { VlanFiltering: true }:
                message.Attribute8(7, 1); // IFLA_BR_VLAN_FILTERING
                break;
            case LinkKind.Veth veth:
                int peer = message.Begin(1); // VETH_INFO_PEER: a structure ifinfomsg, then attributes
                message.Fixed(stackalloc byte[16]);
                PeerDescription(message, veth.Peer);
                message.End(peer);
                break;
            case LinkKind.Macvlan macvlan:
                message.Attribute(1, macvlan.Mode);
                if (macvlan.BroadcastQueueLength > 0) message.Attribute(7, macvlan.BroadcastQueueLength); // IFLA_MACVLAN_BC_QUEUE_LEN
                break;
            case LinkKind.Ipvlan ipvlan:
                message.Attribute16(1, ipvlan.Mode);
                break;
            case LinkKind.Vlan vlan:
                message.Attribute16(1, vlan.Id);
                break;
            case LinkKind.Vxlan vxlan:
                message.Attribute(1, vxlan.Id);
                if (vxlan.Local.Length == 4) message.Attribute(4, vxlan.Local);
                message.Attribute8(7, vxlan.Learning ? (byte)1 : (byte)0);
                message.AttributeBig16(15, vxlan.Port);
                break;
            case LinkKind.Vrf vrf:
                message.Attribute(1, vrf.Table);
                break;
        }
    }

    private static void PeerDescription(NetlinkMessage message, LinkSpec peer)
    {
        if (peer.Name.Length > 0) message.Attribute(IFLA_IFNAME, peer.Name);
        if (peer.Mtu > 0) message.Attribute(IFLA_MTU, (uint)peer.Mtu);
        if (peer.HardwareAddress.Length > 0) message.Attribute(IFLA_ADDRESS, peer.HardwareAddress);
        if (peer.TransmitQueueLength >= 0) message.Attribute(IFLA_TXQLEN, (uint)peer.TransmitQueueLength);
        if (peer.Namespace is { } place) message.Attribute(IFLA_NET_NS_FD, (uint)place.Number);
    }

    /// <summary>Changes an interface in one request.</summary>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void Change(NetworkLink link, LinkChange change) => _socket.Exchange(ChangeMessage(link.Index, change), "RTM_NEWLINK", link.Name);

    internal static NetlinkMessage ChangeMessage(int index, LinkChange change)
    {
        uint flags = 0, mask = 0;
        Flag(change.Up, IFF_UP);
        Flag(change.Promiscuous, IFF_PROMISC);
        Flag(change.AllMulticast, IFF_ALLMULTI);
        NetlinkMessage message = LinkMessage(RTM_NEWLINK, Acknowledged, index, flags, mask);
        if (change.Name is { } name) message.Attribute(IFLA_IFNAME, name);
        if (change.Mtu is { } mtu) message.Attribute(IFLA_MTU, (uint)mtu);
        if (change.HardwareAddress is { } mac) message.Attribute(IFLA_ADDRESS, mac);
        if (change.Master is { } master) message.Attribute(IFLA_MASTER, (uint)master);
        if (change.TransmitQueueLength is { } length) message.Attribute(IFLA_TXQLEN, (uint)length);
        if (change.Namespace is { } place) message.Attribute(IFLA_NET_NS_FD, (uint)place.Number);
        // Without the zero: of no length it is removed.
        if (change.Alias is { } alias) message.Attribute(IFLA_IFALIAS, Encoding.UTF8.GetBytes(alias));
        return message;

        void Flag(bool? value, uint bit)
        {
            if (value is not { } set) return;
            mask |= bit;
            if (set) flags |= bit;
        }
    }

    /// <summary>Brings an interface up or down.</summary>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void SetUp(NetworkLink link, bool up) => Change(link, new LinkChange { Up = up });

    /// <summary>Removes an interface; a veth's other end goes with it.</summary>
    /// <returns>False when it was gone.</returns>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public bool Remove(NetworkLink link)
    {
        try
        {
            _socket.Exchange(LinkMessage(RTM_DELLINK, Acknowledged, link.Index, 0, 0), "RTM_DELLINK", link.Name);
            return true;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENODEV)
        {
            return false;
        }
    }

    /// <summary>Moves an interface to another network namespace under a name, in one request.</summary>
    /// <param name="link">The interface, here.</param>
    /// <param name="networkNamespace">Where it goes.</param>
    /// <param name="name">Its name there; <c>%d</c> in it lets the kernel choose a number.</param>
    /// <param name="index">Its number there, which must be free.</param>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when the name is taken, EBUSY when the number is.</exception>
    public void Move(NetworkLink link, Fd networkNamespace, string name, int index) => _socket.Exchange(
        LinkMessage(RTM_NEWLINK, Acknowledged, link.Index, 0, 0)
            .Attribute(IFLA_IFNAME, name)
            .Attribute(IFLA_NET_NS_FD, (uint)networkNamespace.Number)
            .Attribute(IFLA_NEW_IFINDEX, (uint)index),
        "RTM_NEWLINK", link.Name);

    /// <summary>Sets a bridge port's properties; null leaves one as it is.</summary>
    /// <exception cref="LinuxException">It is not a port of a bridge.</exception>
    public void ChangePort(NetworkLink port, bool? hairpin = null, bool? isolated = null)
    {
        const ushort IFLA_BRPORT_MODE = 4, IFLA_BRPORT_ISOLATED = 33;
        NetlinkMessage message = LinkMessage(RTM_SETLINK, Acknowledged, port.Index, 0, 0, AF_BRIDGE);
        int nest = message.Begin(IFLA_PROTINFO);
        if (hairpin is { } back) message.Attribute8(IFLA_BRPORT_MODE, back ? (byte)1 : (byte)0);
        if (isolated is { } alone) message.Attribute8(IFLA_BRPORT_ISOLATED, alone ? (byte)1 : (byte)0);
        _socket.Exchange(message.End(nest), "RTM_SETLINK", port.Name);
    }

    /// <summary>Lets a VLAN through a bridge port, or no longer.</summary>
    /// <param name="port">The port.</param>
    /// <param name="vlan">1 to 4094.</param>
    /// <param name="member">Whether it is let through.</param>
    /// <param name="untagged">Whether it is the port's own: untagged both ways.</param>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public void SetPortVlan(NetworkLink port, ushort vlan, bool member, bool untagged = false)
    {
        const ushort IFLA_BRIDGE_FLAGS = 0, IFLA_BRIDGE_VLAN_INFO = 2, BRIDGE_FLAGS_MASTER = 1, BRIDGE_VLAN_INFO_PVID = 2, BRIDGE_VLAN_INFO_UNTAGGED = 4;
        NetlinkMessage message = LinkMessage(member ? RTM_SETLINK : RTM_DELLINK, Acknowledged, port.Index, 0, 0, AF_BRIDGE);
        int nest = message.Begin(IFLA_AF_SPEC);
        message.Attribute16(IFLA_BRIDGE_FLAGS, BRIDGE_FLAGS_MASTER);
        Span<byte> info = stackalloc byte[4];
        BitConverter.TryWriteBytes(info, untagged ? (ushort)(BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED) : (ushort)0);
        BitConverter.TryWriteBytes(info[2..], vlan);
        message.Attribute(IFLA_BRIDGE_VLAN_INFO, info);
        _socket.Exchange(message.End(nest), member ? "RTM_SETLINK" : "RTM_DELLINK", $"{port.Name} vlan {vlan}");
    }

    /// <summary>The VLANs that a bridge port lets through.</summary>
    public List<ushort> PortVlans(NetworkLink port)
    {
        const ushort IFLA_BRIDGE_VLAN_INFO = 2;
        const uint RTEXT_FILTER_BRVLAN = 2;
        List<ushort> vlans = [];
        _socket.Exchange(LinkMessage(RTM_GETLINK, Dump, 0, 0, 0, AF_BRIDGE).Attribute(IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN), "RTM_GETLINK", port.Name, (type, body) =>
        {
            if (type != RTM_NEWLINK || BitConverter.ToInt32(body[4..]) != port.Index) return;
            ReadOnlySpan<byte> rest = NetlinkMessage.Find(body[16..], IFLA_AF_SPEC);
            while (NetlinkMessage.Next(ref rest, out ushort kind, out ReadOnlySpan<byte> value))
            {
                if (kind == IFLA_BRIDGE_VLAN_INFO && value.Length >= 4) vlans.Add(BitConverter.ToUInt16(value[2..]));
            }
        }, vlans.Clear);
        return vlans;
    }

    private static NetlinkMessage LinkMessage(ushort type, ushort messageFlags, int index, uint flags, uint change, byte family = 0)
    {
        Span<byte> head = stackalloc byte[16];
        head.Clear();
        head[0] = family;
        BitConverter.TryWriteBytes(head[4..], index);
        BitConverter.TryWriteBytes(head[8..], flags);
        BitConverter.TryWriteBytes(head[12..], change);
        return new NetlinkMessage(type, messageFlags).Fixed(head);
    }
}
