// Marshals D-Bus values (D-Bus Specification, Message Protocol): little-endian, each type at its alignment.
using System.Buffers.Binary;
using System.Text;

namespace Berth.Linux.DBus;

/// <summary>Grows the bytes of a message.</summary>
internal sealed class DBusWriter
{
    private byte[] _bytes = new byte[512];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Align(int to)
    {
        int next = (Length + to - 1) / to * to;
        Room(next - Length).Clear();
        Length = next;
    }

    public void Byte(byte value)
    {
        Room(1)[0] = value;
        Length++;
    }

    public void UInt32(uint value)
    {
        Align(4);
        BinaryPrimitives.WriteUInt32LittleEndian(Room(4), value);
        Length += 4;
    }

    public void Raw(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        Length += bytes.Length;
    }

    public void Value(DBusValue value)
    {
        switch (value)
        {
            case DBusText text: Text(text.Type, text.Text); break;
            case DBusNumber number: Number(number); break;
            case DBusArray array: Array(array); break;
            case DBusStruct fields:
                Align(8);
                foreach (DBusValue field in fields.Fields) Value(field);
                break;
            case DBusVariant variant:
                Text('g', variant.Value.Signature);
                Value(variant.Value);
                break;
        }
    }

    private void Text(char type, string text)
    {
        int length = Encoding.UTF8.GetByteCount(text);
        if (type == 'g') Byte((byte)length);
        else UInt32((uint)length);
        Encoding.UTF8.GetBytes(text, Room(length));
        Length += length;
        Byte(0);
    }

    private void Number(DBusNumber number)
    {
        int size = number.Type switch { 'y' => 1, 'n' or 'q' => 2, 'x' or 't' or 'd' => 8, _ => 4 };
        Align(size);
        Span<byte> bytes = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, number.Bits);
        Raw(bytes[..size]);
    }

    private void Array(DBusArray array)
    {
        UInt32(0);
        int lengthAt = Length - 4;
        // The padding before the first item does not count to the array's length.
        Align(DBusValue.AlignmentOf(array.ItemSignature[0]));
        int start = Length;
        foreach (DBusValue item in array.Items) Value(item);
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(lengthAt), (uint)(Length - start));
    }

    private Span<byte> Room(int count)
    {
        if (Length + count > _bytes.Length) System.Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + count));
        return _bytes.AsSpan(Length, count);
    }
}
