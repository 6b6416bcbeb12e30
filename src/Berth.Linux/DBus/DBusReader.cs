// Unmarshals D-Bus values, from a peer that may be anything: every length is checked against the message.
using System.Buffers.Binary;
using System.Text;

namespace Berth.Linux.DBus;

/// <summary>Reads the bytes of a message from its start.</summary>
internal ref struct DBusReader(ReadOnlySpan<byte> bytes)
{
    private const int DeepestNesting = 16;

    private readonly ReadOnlySpan<byte> _bytes = bytes;

    public int Position { get; private set; }

    public readonly bool AtEnd => Position >= _bytes.Length;

    public void Align(int to) => Take((Position + to - 1) / to * to - Position);

    public byte Byte() => Take(1)[0];

    public uint UInt32()
    {
        Align(4);
        return BinaryPrimitives.ReadUInt32LittleEndian(Take(4));
    }

    /// <summary>One value of a complete type at the start of the signature; the signature moves on behind it.</summary>
    public DBusValue Value(ref ReadOnlySpan<char> signature, int depth = 0)
    {
        if (signature.IsEmpty || depth > DeepestNesting) throw Malformed();
        char type = signature[0];
        switch (type)
        {
            case 's' or 'o': signature = signature[1..]; return new DBusText(type, Text(UInt32()));
            case 'g': signature = signature[1..]; return new DBusText(type, Text(Byte()));
            case 'v':
                signature = signature[1..];
                ReadOnlySpan<char> inner = Text(Byte());
                return new DBusVariant(Value(ref inner, depth + 1));
            case 'a': return Array(ref signature, depth);
            case '(' or '{': return Struct(ref signature, depth);
            case 'y' or 'b' or 'n' or 'q' or 'i' or 'u' or 'h' or 'x' or 't' or 'd': signature = signature[1..]; return Number(type);
            default: throw Malformed();
        }
    }

    private DBusArray Array(ref ReadOnlySpan<char> signature, int depth)
    {
        int length = (int)Math.Min(UInt32(), int.MaxValue);
        ReadOnlySpan<char> item = signature[1..];
        int end = Complete(item, depth);
        string itemSignature = item[..end].ToString();
        signature = item[end..];
        Align(DBusValue.AlignmentOf(itemSignature[0]));
        if (length > _bytes.Length - Position) throw Malformed();
        int stop = Position + length;
        List<DBusValue> items = [];
        while (Position < stop)
        {
            ReadOnlySpan<char> one = itemSignature;
            items.Add(Value(ref one, depth + 1));
        }
        return new DBusArray(itemSignature, items);
    }

    private DBusStruct Struct(ref ReadOnlySpan<char> signature, int depth)
    {
        bool entry = signature[0] == '{';
        Align(8);
        signature = signature[1..];
        List<DBusValue> fields = [];
        while (!signature.IsEmpty && signature[0] is not (')' or '}')) fields.Add(Value(ref signature, depth + 1));
        // An array of empty structs would never end, which is why the specification has none.
        if (signature.IsEmpty || fields.Count == 0) throw Malformed();
        signature = signature[1..];
        return new DBusStruct(entry, fields);
    }

    private DBusNumber Number(char type)
    {
        int size = type switch { 'y' => 1, 'n' or 'q' => 2, 'x' or 't' or 'd' => 8, _ => 4 };
        Align(size);
        ReadOnlySpan<byte> raw = Take(size);
        ulong bits = 0;
        for (int i = size - 1; i >= 0; i--) bits = (bits << 8) | raw[i];
        if (type == 'n') bits = (ulong)(long)(short)bits;
        if (type == 'i') bits = (ulong)(long)(int)bits;
        return new DBusNumber(type, bits);
    }

    private string Text(uint length)
    {
        if (length >= _bytes.Length - Position) throw Malformed();
        string text = Encoding.UTF8.GetString(Take((int)length));
        Take(1);
        return text;
    }

    /// <summary>Length of the first complete type of a signature.</summary>
    private static int Complete(ReadOnlySpan<char> signature, int depth)
    {
        if (signature.IsEmpty || depth > DeepestNesting) throw Malformed();
        if (signature[0] == 'a') return 1 + Complete(signature[1..], depth + 1);
        if (signature[0] is not ('(' or '{')) return 1;
        int at = 1;
        while (at < signature.Length && signature[at] is not (')' or '}')) at += Complete(signature[at..], depth + 1);
        return at < signature.Length ? at + 1 : throw Malformed();
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (count < 0 || count > _bytes.Length - Position) throw Malformed();
        ReadOnlySpan<byte> taken = _bytes.Slice(Position, count);
        Position += count;
        return taken;
    }

    private static DBusException Malformed() => new(DBusTrouble.Malformed, "malformed D-Bus message");
}
