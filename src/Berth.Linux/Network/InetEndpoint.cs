// An address and a port as a value: no object is made for each datagram.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Berth.Linux.Network;

/// <summary>An address of the internet families with a port.</summary>
/// <param name="Address">The address as 128 bits; IPv4 as <c>::ffff:a.b.c.d</c>.</param>
/// <param name="Port">The port.</param>
/// <param name="Scope">Number of the interface, for a link-local address.</param>
public readonly record struct InetEndpoint(UInt128 Address, ushort Port, uint Scope = 0)
{
    /// <summary>sizeof(struct sockaddr_in6).</summary>
    internal const int MostBytes = 28;

    private const int AF_INET = 2, AF_INET6 = 10;

    /// <summary>Joins the two.</summary>
    public InetEndpoint(IPAddress address, ushort port) : this(BitsOf(address), port, ScopeOf(address)) { }

    /// <summary>Whether it is IPv4.</summary>
    public bool Is4 => Address >> 32 == 0xFFFF;

    /// <summary>The address as an object.</summary>
    public IPAddress ToAddress()
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Address);
        return Is4 ? new IPAddress(bytes[12..]) : new IPAddress(bytes, Scope);
    }

    /// <summary>An address as 128 bits.</summary>
    public static UInt128 BitsOf(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            address.TryWriteBytes(bytes, out _);
            return BinaryPrimitives.ReadUInt128BigEndian(bytes);
        }
        address.TryWriteBytes(bytes, out _);
        return Mapped(BinaryPrimitives.ReadUInt32BigEndian(bytes));
    }

    /// <summary>An IPv4 address as 128 bits.</summary>
    public static UInt128 Mapped(uint address) => ((UInt128)0xFFFF << 32) | address;

    private static uint ScopeOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? (uint)address.ScopeId : 0;

    /// <summary>As the kernel takes it.</summary>
    /// <returns>How long it is.</returns>
    internal int Write(Span<byte> bytes)
    {
        BitConverter.TryWriteBytes(bytes, (ushort)(Is4 ? AF_INET : AF_INET6));
        BinaryPrimitives.WriteUInt16BigEndian(bytes[2..], Port);
        if (Is4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(bytes[4..], (uint)Address);
            bytes[8..16].Clear();
            return 16;
        }
        bytes[4..8].Clear();
        BinaryPrimitives.WriteUInt128BigEndian(bytes[8..], Address);
        BitConverter.TryWriteBytes(bytes[24..], Scope);
        return MostBytes;
    }

    /// <summary>As the kernel gives it.</summary>
    internal static InetEndpoint Read(ReadOnlySpan<byte> bytes)
    {
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(bytes[2..]);
        return BitConverter.ToUInt16(bytes) == AF_INET
            ? new InetEndpoint(Mapped(BinaryPrimitives.ReadUInt32BigEndian(bytes[4..])), port)
            : new InetEndpoint(BinaryPrimitives.ReadUInt128BigEndian(bytes[8..]), port, BitConverter.ToUInt32(bytes[24..]));
    }

    /// <inheritdoc/>
    public override string ToString() => Is4 ? $"{ToAddress()}:{Port}" : $"[{ToAddress()}]:{Port}";
}
