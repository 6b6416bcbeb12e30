// One netlink message being written: header, fixed part, attributes, nested ones (netlink(7)).
using System.Buffers.Binary;
using System.Text;

namespace Berth.Linux.Network;

/// <summary>A message. Numbers are in host byte order, save where a member says otherwise.</summary>
internal sealed unsafe class NetlinkMessage
{
    private const int HeaderSize = 16;
    private const ushort NLA_F_NESTED = 0x8000;
    private byte[] _bytes = new byte[512];
    private int _length = HeaderSize;

    public NetlinkMessage(ushort type, ushort flags)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(4), type);
        BitConverter.TryWriteBytes(_bytes.AsSpan(6), flags);
    }

    /// <summary>A sequence of attributes without a header, to be put into messages.</summary>
    public static NetlinkMessage Fragment() => new(0, 0);

    /// <summary>What stands behind the header.</summary>
    public ReadOnlySpan<byte> Body => _bytes.AsSpan(HeaderSize, _length - HeaderSize);

    /// <summary>The message with its length and this sequence number in the header.</summary>
    public ReadOnlySpan<byte> Finish(uint sequence)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(0), _length);
        BitConverter.TryWriteBytes(_bytes.AsSpan(8), sequence);
        return _bytes.AsSpan(0, _length);
    }

    /// <summary>Sets more flags of the header.</summary>
    public void AddFlags(ushort flags) => BitConverter.TryWriteBytes(_bytes.AsSpan(6), (ushort)(BitConverter.ToUInt16(_bytes, 6) | flags));

    /// <summary>Appends the structure that follows the header, or attributes that are written already.</summary>
    public NetlinkMessage Fixed(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(Align(bytes.Length)));
        _length += Align(bytes.Length);
        return this;
    }

    /// <summary>Appends an attribute.</summary>
    public NetlinkMessage Attribute(ushort type, ReadOnlySpan<byte> value)
    {
        Span<byte> room = Room(Align(4 + value.Length));
        BitConverter.TryWriteBytes(room, (ushort)(4 + value.Length));
        BitConverter.TryWriteBytes(room[2..], type);
        value.CopyTo(room[4..]);
        _length += Align(4 + value.Length);
        return this;
    }

    /// <summary>Appends a number.</summary>
    public NetlinkMessage Attribute(ushort type, uint value) => Attribute(type, new ReadOnlySpan<byte>(&value, sizeof(uint)));

    /// <summary>Appends a text with a zero behind it.</summary>
    public NetlinkMessage Attribute(ushort type, string value) => Attribute(type, [.. Encoding.UTF8.GetBytes(value), 0]);

    /// <summary>Appends a byte.</summary>
    public NetlinkMessage Attribute8(ushort type, byte value) => Attribute(type, [value]);

    /// <summary>Appends two bytes.</summary>
    public NetlinkMessage Attribute16(ushort type, ushort value) => Attribute(type, new ReadOnlySpan<byte>(&value, sizeof(ushort)));

    /// <summary>Appends two bytes, the higher one first.</summary>
    public NetlinkMessage AttributeBig16(ushort type, ushort value) => Attribute16(type, BinaryPrimitives.ReverseEndianness(value));

    /// <summary>Appends four bytes, the highest one first, as all of netfilter has them.</summary>
    public NetlinkMessage AttributeBig(ushort type, uint value) => Attribute(type, BinaryPrimitives.ReverseEndianness(value));

    /// <summary>Appends eight bytes, the highest one first.</summary>
    public NetlinkMessage AttributeBig64(ushort type, ulong value)
    {
        value = BinaryPrimitives.ReverseEndianness(value);
        return Attribute(type, new ReadOnlySpan<byte>(&value, sizeof(ulong)));
    }

    /// <summary>Begins an attribute that consists of others; <see cref="End"/> with the result closes it.</summary>
    public int Begin(ushort type)
    {
        int mark = _length;
        Attribute((ushort)(type | NLA_F_NESTED), default(ReadOnlySpan<byte>));
        return mark;
    }

    /// <summary>As <see cref="Begin"/>, without the flag that older parts of the kernel do not want.</summary>
    public int BeginPlain(ushort type)
    {
        int mark = _length;
        Attribute(type, default(ReadOnlySpan<byte>));
        return mark;
    }

    /// <summary>Closes what <see cref="Begin"/> began. Of more than 64 KiB the length cannot be said: the caller must divide.</summary>
    public NetlinkMessage End(int mark)
    {
        BitConverter.TryWriteBytes(_bytes.AsSpan(mark), checked((ushort)(_length - mark)));
        return this;
    }

    /// <summary>How many bytes there are.</summary>
    public int Length => _length;

    private Span<byte> Room(int more)
    {
        if (_length + more > _bytes.Length) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + more));
        return _bytes.AsSpan(_length, more);
    }

    public static int Align(int length) => (length + 3) & ~3;

    /// <summary>The value of the first attribute of a type, or empty.</summary>
    public static ReadOnlySpan<byte> Find(ReadOnlySpan<byte> attributes, ushort type)
    {
        while (Next(ref attributes, out ushort found, out ReadOnlySpan<byte> value))
        {
            if (found == type) return value;
        }
        return default;
    }

    /// <summary>Takes the first attribute off.</summary>
    /// <returns>Whether there was one.</returns>
    public static bool Next(scoped ref ReadOnlySpan<byte> attributes, out ushort type, out ReadOnlySpan<byte> value)
    {
        type = 0;
        value = default;
        if (attributes.Length < 4) return false;
        int length = BitConverter.ToUInt16(attributes);
        if (length < 4 || length > attributes.Length) return false;
        // The two high bits say how the value is made, not what it is.
        type = (ushort)(BitConverter.ToUInt16(attributes[2..]) & 0x3FFF);
        value = attributes[4..length];
        attributes = attributes[Math.Min(Align(length), attributes.Length)..];
        return true;
    }

    /// <summary>A text that may end with a zero.</summary>
    public static string Text(ReadOnlySpan<byte> value) => Encoding.UTF8.GetString(value).TrimEnd('\0');
}
