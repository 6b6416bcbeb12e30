// UDP over IPv4 by hand: the kernel sends nothing from an interface without an address.
using System.Buffers.Binary;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Packs and unpacks datagrams between the two ports of DHCP.</summary>
internal static class UdpPacket
{
    public const ushort ServerPort = 67, ClientPort = 68;
    public const uint Everybody = 0xFFFFFFFF;

    private const int IpSize = 20, UdpSize = 8, Udp = 17;

    /// <summary>A client's datagram with its headers.</summary>
    public static byte[] Pack(uint from, uint to, ReadOnlySpan<byte> payload)
    {
        byte[] packet = new byte[IpSize + UdpSize + payload.Length];
        Span<byte> ip = packet.AsSpan(0, IpSize), udp = packet.AsSpan(IpSize);
        ip[0] = 0x45;
        BinaryPrimitives.WriteUInt16BigEndian(ip[2..], (ushort)packet.Length);
        ip[6] = 0x40;
        ip[8] = 64;
        ip[9] = Udp;
        BinaryPrimitives.WriteUInt32BigEndian(ip[12..], from);
        BinaryPrimitives.WriteUInt32BigEndian(ip[16..], to);
        BinaryPrimitives.WriteUInt16BigEndian(ip[10..], Folded(Sum(ip, 0)));
        BinaryPrimitives.WriteUInt16BigEndian(udp, ClientPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[2..], ServerPort);
        BinaryPrimitives.WriteUInt16BigEndian(udp[4..], (ushort)udp.Length);
        payload.CopyTo(udp[UdpSize..]);
        ushort sum = Folded(Sum(udp, Sum(ip[12..], Udp + (uint)udp.Length)));
        // Zero would mean that there is none.
        BinaryPrimitives.WriteUInt16BigEndian(udp[6..], sum == 0 ? (ushort)0xFFFF : sum);
        return packet;
    }

    /// <summary>What a datagram to the client's port says; empty where it is none.</summary>
    /// <remarks>The datagram's own sum is not looked at: from a server on this machine it comes before any hardware has made it.</remarks>
    public static ReadOnlySpan<byte> Unpack(ReadOnlySpan<byte> packet)
    {
        if (packet.Length < IpSize || packet[0] >> 4 != 4) return [];
        int header = (packet[0] & 15) * 4, total = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        if (header < IpSize || total > packet.Length || total < header + UdpSize || packet[9] != Udp) return [];
        if ((BinaryPrimitives.ReadUInt16BigEndian(packet[6..]) & 0x3FFF) != 0 || Folded(Sum(packet[..header], 0)) != 0) return [];
        ReadOnlySpan<byte> udp = packet[header..total];
        int length = BinaryPrimitives.ReadUInt16BigEndian(udp[4..]);
        if (BinaryPrimitives.ReadUInt16BigEndian(udp[2..]) != ClientPort || length < UdpSize || length > udp.Length) return [];
        return udp[UdpSize..length];
    }

    private static uint Sum(ReadOnlySpan<byte> bytes, uint sum)
    {
        int i = 0;
        for (; i + 1 < bytes.Length; i += 2) sum += BinaryPrimitives.ReadUInt16BigEndian(bytes[i..]);
        return i < bytes.Length ? sum + ((uint)bytes[i] << 8) : sum;
    }

    private static ushort Folded(uint sum)
    {
        while (sum >> 16 != 0) sum = (sum & 0xFFFF) + (sum >> 16);
        return (ushort)~sum;
    }
}
