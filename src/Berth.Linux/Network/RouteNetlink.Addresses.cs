// Addresses of interfaces, rtnetlink(7).
using System.Net;

namespace Berth.Linux.Network;

/// <summary>An address of an interface, as the kernel reported it.</summary>
/// <param name="Family">AF_INET or AF_INET6.</param>
/// <param name="PrefixLength">Length of the network's prefix.</param>
/// <param name="Scope">RT_SCOPE_UNIVERSE is 0.</param>
/// <param name="Flags">IFA_F_ flags.</param>
/// <param name="Local">The interface's own address.</param>
/// <param name="Peer">The other end's; the same as <paramref name="Local"/> where there is none.</param>
/// <param name="Broadcast">Broadcast address, or empty.</param>
public sealed record LinkAddress(byte Family, byte PrefixLength, byte Scope, uint Flags, byte[] Local, byte[] Peer, byte[] Broadcast)
{
    /// <summary>An address to be given to an interface.</summary>
    /// <param name="address">The address.</param>
    /// <param name="prefixLength">Length of its network's prefix.</param>
    /// <param name="noDetection">IPv6: it is used at once, without asking whether somebody else has it (IFA_F_NODAD).</param>
    public static LinkAddress Of(IPAddress address, int prefixLength, bool noDetection = false)
    {
        ArgumentNullException.ThrowIfNull(address);
        byte[] bytes = address.GetAddressBytes();
        byte[] broadcast = [];
        if (bytes.Length == 4 && prefixLength < 31)
        {
            broadcast = [.. bytes];
            for (int bit = prefixLength; bit < 32; bit++) broadcast[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }
        return new LinkAddress(bytes.Length == 4 ? (byte)2 : (byte)10, (byte)prefixLength, 0, noDetection && bytes.Length == 16 ? 2u : 0u, bytes, bytes, broadcast);
    }

    /// <summary>IFA_F_PERMANENT: configured by somebody, not leased.</summary>
    public bool IsPermanent => (Flags & 0x80) != 0;

    /// <summary>IFA_F_TENTATIVE: nobody has been asked yet whether it is free.</summary>
    public bool IsTentative => (Flags & 0x40) != 0;

    /// <summary>IFA_F_DADFAILED: somebody else has it.</summary>
    public bool IsDuplicate => (Flags & 0x08) != 0;

    /// <summary>The interface's own address.</summary>
    public IPAddress Address => new(Local);
}

public sealed partial class RouteNetlink
{
    private const ushort RTM_NEWADDR = 20, RTM_DELADDR = 21, RTM_GETADDR = 22;
    private const ushort IFA_ADDRESS = 1, IFA_LOCAL = 2, IFA_BROADCAST = 4, IFA_FLAGS = 8;

    /// <summary>All addresses of an interface.</summary>
    public List<LinkAddress> Addresses(int index)
    {
        List<LinkAddress> addresses = [];
        Span<byte> head = stackalloc byte[8];
        head.Clear();
        BitConverter.TryWriteBytes(head[4..], index);
        _socket.Exchange(new NetlinkMessage(RTM_GETADDR, Dump).Fixed(head), "RTM_GETADDR", $"{index}", (type, body) =>
        {
            if (type == RTM_NEWADDR && BitConverter.ToInt32(body[4..]) == index) addresses.Add(ReadAddress(body));
        }, addresses.Clear);
        return addresses;
    }

    // struct ifaddrmsg: family, prefix length, flags, scope, index (4).
    private static LinkAddress ReadAddress(ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<byte> attributes = body[8..];
        ReadOnlySpan<byte> wide = NetlinkMessage.Find(attributes, IFA_FLAGS);
        byte[] peer = NetlinkMessage.Find(attributes, IFA_ADDRESS).ToArray();
        byte[] local = NetlinkMessage.Find(attributes, IFA_LOCAL).ToArray();
        return new LinkAddress(body[0], body[1], body[3], wide.Length >= 4 ? BitConverter.ToUInt32(wide) : body[2],
            local.Length > 0 ? local : peer, peer, NetlinkMessage.Find(attributes, IFA_BROADCAST).ToArray());
    }

    /// <summary>Adds an address to an interface; with the flags that a caller of the kernel may set.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: EEXIST when the interface has it.</exception>
    public void Add(NetworkLink link, LinkAddress address) => _socket.Exchange(AddressMessage(RTM_NEWADDR, Create, link, address), "RTM_NEWADDR", $"{link.Name} {address.Address}");

    /// <summary>Takes an address away from an interface.</summary>
    /// <exception cref="LinuxException">The kernel refuses it: EADDRNOTAVAIL when the interface has not got it.</exception>
    public void Remove(NetworkLink link, LinkAddress address) => _socket.Exchange(AddressMessage(RTM_DELADDR, Acknowledged, link, address), "RTM_DELADDR", $"{link.Name} {address.Address}");

    private static NetlinkMessage AddressMessage(ushort type, ushort messageFlags, NetworkLink link, LinkAddress address)
    {
        // IFA_F_NODAD, MANAGETEMPADDR, NOPREFIXROUTE, MCAUTOJOIN: the others report what the kernel found out itself.
        const uint Settable = 0x02 | 0x100 | 0x200 | 0x400;
        Span<byte> head = stackalloc byte[8];
        head.Clear();
        head[0] = address.Family;
        head[1] = address.PrefixLength;
        head[3] = address.Scope;
        BitConverter.TryWriteBytes(head[4..], link.Index);
        NetlinkMessage message = new NetlinkMessage(type, messageFlags).Fixed(head)
            .Attribute(IFA_LOCAL, address.Local)
            .Attribute(IFA_ADDRESS, address.Peer)
            .Attribute(IFA_FLAGS, address.Flags & Settable);
        if (address.Broadcast.Length > 0) message.Attribute(IFA_BROADCAST, address.Broadcast);
        return message;
    }
}
