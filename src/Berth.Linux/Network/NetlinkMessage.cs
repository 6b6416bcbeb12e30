// One netlink message being written: header, fixed part, attributes (netlink(7)), all in host byte order.
using System.Text;

namespace Berth.Linux.Network;

/// <summary>A message in a buffer that never grows: requests of ours have a few attributes.</summary>
internal sealed unsafe class NetlinkMessage
{
    private const int HeaderSize = 16;
    private readonly byte[] _bytes = new byte[512];
    private int _length = HeaderSize;

    public NetlinkMessage(ushort type, ushort flags)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(4), type);
        BitConverter.TryWriteBytes(_bytes.AsSpan(6), flags);
    }

    /// <summary>The message with its length and this sequence number in the header.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(0), _length);
        BitConverter.TryWriteBytes(_bytes.AsSpan(8), sequence);
        return _bytes.AsSpan(0, _length);
    }

    /// <summary>Appends the structure that follows the header.</summary>
    public NetlinkMessage Fixed(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += Align(bytes.Length);
        return this;
    }

    /// <summary>Appends an attribute.</summary>
    public NetlinkMessage Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(_length), (ushort)(4 + value.Length));
        BitConverter.TryWriteBytes(_bytes.AsSpan(_length + 2), type);
        value.CopyTo(_bytes.AsSpan(_length + 4));
        _length += Align(4 + value.Length);
        return this;
    }

    /// <summary>Appends a number.</summary>
    public NetlinkMessage Attribute(ushort type, uint value) => Attribute(type, new ReadOnlySpan<byte>(&value, sizeof(uint)));

    /// <summary>Appends a text with a zero behind it.</summary>
    public NetlinkMessage Attribute(ushort type, string value) => Attribute(type, [.. Encoding.UTF8.GetBytes(value), 0]);

    public static int Align(int length) => (length + 3) & ~3;

    /// <summary>The value of the first attribute of a type, or empty.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort type)
    {
        while (attributes.Length >= 4)
        {
            int length = BitConverter.ToUInt16(attributes);
            if (length < 4 || length > attributes.Length) break;
            // The two high bits say how the value is made, not what it is.
            if ((BitConverter.ToUInt16(attributes[2..]) & 0x3FFF) == type) return attributes[4..length];
            if (Align(length) >= attributes.Length) break;
            attributes = attributes[Align(length)..];
        }
        return default;
    }
}
