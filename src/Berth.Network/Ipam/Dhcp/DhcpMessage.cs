// Messages of DHCP (RFC 2131): read so that whatever comes is a message or none, written as servers and relays want them.
using System.Buffers.Binary;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>A message that came.</summary>
internal sealed class DhcpMessage
{
    /// <summary>What is longer is not from a server that was told our largest.</summary>
    public const int Largest = 1500;

    private const int HeaderSize = 240, ServerNameAt = 44, FileAt = 108, ServerNameSize = 64, FileSize = 128;
    // Relays of the old protocol drop what is shorter (RFC 1542, 2.1).
    private const int Shortest = 300;
    private const uint Cookie = 0x63825363;

    private readonly byte[] _bytes;
    private readonly List<(byte Code, byte[] Value)> _options = [];

    private DhcpMessage(ReadOnlySpan<byte> bytes) => _bytes = bytes.ToArray();

    /// <summary>As it came.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    public uint Transaction => BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(4));

    /// <summary>yiaddr: the client's address.</summary>
    public uint Address => BinaryPrimitives.ReadUInt32BigEndian(_bytes.AsSpan(16));

    public ReadOnlySpan<byte> HardwareAddress => _bytes.AsSpan(28, 6);

    public DhcpKind Kind => Option(DhcpOption.MessageType) is [var kind] ? (DhcpKind)kind : DhcpKind.None;

    /// <summary>Option 54; 0 where it is missing.</summary>
    public uint Server => Number(DhcpOption.ServerIdentifier) ?? 0;

    /// <summary>An option's whole value, or null.</summary>
    public byte[]? Option(byte code)
    {
        foreach ((byte Code, byte[] Value) option in _options)
        {
            if (option.Code == code) return option.Value;
        }
        return null;
    }

    /// <summary>An option of four bytes, or null.</summary>
    public uint? Number(byte code) => Option(code) is { Length: 4 } value ? BinaryPrimitives.ReadUInt32BigEndian(value) : null;

    /// <summary>Reads a server's message.</summary>
    /// <returns>Null where it is none: too short or too long, not Ethernet's, or an option that reaches beyond its field.</returns>
    public static DhcpMessage? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length is < HeaderSize or > Largest) return null;
        if (bytes[0] != 2 || bytes[1] != 1 || bytes[2] != 6 || BinaryPrimitives.ReadUInt32BigEndian(bytes[236..]) != Cookie) return null;
        DhcpMessage message = new(bytes);
        if (!message.TakeOptions(bytes[HeaderSize..])) return null;
        // file comes before sname (RFC 3396, 5).
        if (message.Option(DhcpOption.Overload) is { } overload)
        {
            if (overload is not [>= 1 and <= 3]) return null;
            if ((overload[0] & 1) != 0 && !message.TakeOptions(bytes.Slice(FileAt, FileSize))) return null;
            if ((overload[0] & 2) != 0 && !message.TakeOptions(bytes.Slice(ServerNameAt, ServerNameSize))) return null;
        }
        return message;
    }

    // One that stands there several times is one in pieces.
    private bool TakeOptions(ReadOnlySpan<byte> field)
    {
        while (!field.IsEmpty)
        {
            byte code = field[0];
            if (code == DhcpOption.End) return true;
            field = field[1..];
            if (code == DhcpOption.Pad) continue;
            if (field.IsEmpty || field[0] >= field.Length) return false;
            Join(code, field.Slice(1, field[0]));
            field = field[(1 + field[0])..];
        }
        return true;
    }

    private void Join(byte code, ReadOnlySpan<byte> value)
    {
        for (int i = 0; i < _options.Count; i++)
        {
            if (_options[i].Code != code) continue;
            _options[i] = (code, [.. _options[i].Value, .. value]);
            return;
        }
        _options.Add((code, value.ToArray()));
    }

    /// <summary>Writes a client's message.</summary>
    public static byte[] Write(ClientMessage message)
    {
        List<byte> options = [];
        DhcpOption.Append(options, DhcpOption.MessageType, [(byte)message.Kind]);
        if (message.Wanted != 0) DhcpOption.Append(options, DhcpOption.RequestedAddress, Four(message.Wanted));
        if (message.Server != 0) DhcpOption.Append(options, DhcpOption.ServerIdentifier, Four(message.Server));
        if (message.Kind != DhcpKind.Release) DhcpOption.Append(options, DhcpOption.LargestMessage, [Largest >> 8, Largest & 0xFF]);
        foreach (byte one in message.Options) options.Add(one);
        options.Add(DhcpOption.End);
        byte[] bytes = new byte[Math.Max(Shortest, HeaderSize + options.Count)];
        (bytes[0], bytes[1], bytes[2]) = (1, 1, 6);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), message.Transaction);
        BinaryPrimitives.WriteUInt16BigEndian(bytes.AsSpan(8), (ushort)Math.Clamp(message.Seconds, 0, ushort.MaxValue));
        if (message.Broadcast) bytes[10] = 0x80;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(12), message.Address);
        message.HardwareAddress.CopyTo(bytes.AsSpan(28));
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(236), Cookie);
        options.CopyTo(bytes, HeaderSize);
        return bytes;
    }

    private static byte[] Four(uint value) => [(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value];
}

/// <summary>A message to be sent.</summary>
internal sealed record ClientMessage
{
    public required DhcpKind Kind { get; init; }

    public required uint Transaction { get; init; }

    /// <summary>Six bytes.</summary>
    public required byte[] HardwareAddress { get; init; }

    /// <summary>ciaddr: an address that the client has and may be reached at.</summary>
    public uint Address { get; init; }

    /// <summary>Option 50.</summary>
    public uint Wanted { get; init; }

    /// <summary>Option 54.</summary>
    public uint Server { get; init; }

    /// <summary>How long it has been asking.</summary>
    public long Seconds { get; init; }

    /// <summary>Whether answers are to go to everybody.</summary>
    public bool Broadcast { get; init; }

    /// <summary>More options, as they are on the wire.</summary>
    public byte[] Options { get; init; } = [];
}
