// One D-Bus message: a fixed header, an array of header fields, and a body (D-Bus Specification, Message Format).
using System.Buffers.Binary;

namespace Berth.Linux.DBus;

/// <summary>Kinds of message.</summary>
public enum DBusKind : byte
{
    /// <summary>A method is called.</summary>
    Call = 1,

    /// <summary>Its answer.</summary>
    Return = 2,

    /// <summary>Its error.</summary>
    Error = 3,

    /// <summary>Said to whoever listens.</summary>
    Signal = 4,
}

/// <summary>A message that was sent or received.</summary>
public sealed record DBusMessage
{
    /// <summary>Bytes that every message has.</summary>
    public const int FixedHeader = 16;
    private const uint Largest = 128 * 1024 * 1024; // of the specification
    private const byte LittleEndian = (byte)'l', Version = 1;

    /// <summary>What it is.</summary>
    public DBusKind Kind { get; init; }

    /// <summary>The sender's number.</summary>
    public uint Serial { get; init; }

    /// <summary>The number of the call that it answers.</summary>
    public uint ReplySerial { get; init; }

    /// <summary>The object.</summary>
    public string Path { get; init; } = "";

    /// <summary>The interface.</summary>
    public string Interface { get; init; } = "";

    /// <summary>The method or signal.</summary>
    public string Member { get; init; } = "";

    /// <summary>Name of an error.</summary>
    public string ErrorName { get; init; } = "";

    /// <summary>Whom it goes to.</summary>
    public string Destination { get; init; } = "";

    /// <summary>Set by the bus.</summary>
    public string Sender { get; init; } = "";

    /// <summary>What it carries.</summary>
    public IReadOnlyList<DBusValue> Body { get; init; } = [];

    /// <summary>Its bytes.</summary>
    public byte[] Marshal()
    {
        DBusWriter body = new();
        foreach (DBusValue value in Body) body.Value(value);
        DBusWriter message = new();
        message.Byte(LittleEndian);
        message.Byte((byte)Kind);
        message.Byte(0);
        message.Byte(Version);
        message.UInt32((uint)body.Length);
        message.UInt32(Serial);
        message.Value(new DBusArray("(yv)", Fields()));
        message.Align(8);
        message.Raw(body.Bytes);
        return message.Bytes.ToArray();
    }

    /// <summary>Length of the whole message that begins with these bytes.</summary>
    public static int LengthOf(ReadOnlySpan<byte> header)
    {
        if (header[0] != LittleEndian || header[3] != Version) throw new DBusException(DBusTrouble.Malformed, "malformed D-Bus message");
        uint body = BinaryPrimitives.ReadUInt32LittleEndian(header[4..]), fields = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        if (body > Largest || fields > Largest) throw new DBusException(DBusTrouble.Malformed, "malformed D-Bus message");
        return FixedHeader + (int)((fields + 7) / 8 * 8 + body);
    }

    /// <summary>Reads its bytes.</summary>
    /// <exception cref="DBusException">They are none.</exception>
    public static DBusMessage Parse(ReadOnlySpan<byte> bytes)
    {
        DBusMessage message = new() { Kind = (DBusKind)bytes[1], Serial = BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) };
        DBusReader reader = new(bytes);
        for (int i = 0; i < 3; i++) reader.UInt32(); // kind and version, length of the body, serial
        ReadOnlySpan<char> signature = "a(yv)";
        string bodySignature = "";
        foreach (DBusValue field in ((DBusArray)reader.Value(ref signature)).Items)
        {
            if (field is not DBusStruct { Fields: [DBusNumber code, DBusVariant { Value: var value }] }) continue;
            string text = value.ToString() ?? "";
            message = code.Bits switch
            {
                1 => message with { Path = text },
                2 => message with { Interface = text },
                3 => message with { Member = text },
                4 => message with { ErrorName = text },
                5 => message with { ReplySerial = (uint)(value as DBusNumber ?? new DBusNumber('u', 0)).Bits },
                6 => message with { Destination = text },
                7 => message with { Sender = text },
                _ => message,
            };
            if (code.Bits == 8) bodySignature = text;
        }
        reader.Align(8);
        List<DBusValue> body = [];
        ReadOnlySpan<char> left = bodySignature;
        while (!left.IsEmpty) body.Add(reader.Value(ref left));
        return message with { Body = body };
    }

    private List<DBusValue> Fields()
    {
        List<DBusValue> fields = [];
        if (Path.Length > 0) Add(1, new DBusText('o', Path));
        if (Interface.Length > 0) Add(2, DBusValue.Of(Interface));
        if (Member.Length > 0) Add(3, DBusValue.Of(Member));
        if (ErrorName.Length > 0) Add(4, DBusValue.Of(ErrorName));
        if (ReplySerial != 0) Add(5, DBusValue.Of(ReplySerial));
        if (Destination.Length > 0) Add(6, DBusValue.Of(Destination));
        if (Body.Count > 0) Add(8, new DBusText('g', DBusValue.Signatures(Body)));
        return fields;

        void Add(byte code, DBusValue value) => fields.Add(DBusStruct.Of(new DBusNumber('y', code), new DBusVariant(value)));
    }
}
