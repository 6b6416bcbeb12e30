// Writes protobuf's wire format into one growable buffer that is used again and again.
using System.Buffers.Binary;
using System.Text;

namespace Berth.Rpc.Protobuf;

/// <summary>
/// Writes fields one after the other. Fields with proto3's default value are left out; the methods named <c>Present…</c> write them.
/// Nested messages are written in place behind one byte for their length: who is longer than 127 bytes is moved up once, so nothing is measured beforehand.
/// </summary>
public sealed class ProtobufWriter
{
    /// <summary>How large a message may become.</summary>
    public const int MaxLength = 64 << 20;

    // What an idle program may keep for the next message.
    private const int Kept = 64 << 10;

    private byte[] _buffer = [];
    private int _length;
    private int _depth;

    /// <summary>What was written since the last <see cref="Clear"/>. Valid until the next write.</summary>
    public ReadOnlySpan<byte> Written => _buffer.AsSpan(0, _length);

    /// <summary>How much was written.</summary>
    public int Length => _length;

    /// <summary>The bytes of one message.</summary>
    /// <exception cref="ProtobufException">The message is too large or nested too deeply.</exception>
    public static byte[] ToBytes(IMessage message)
    {
        ProtobufWriter writer = new();
        message.Write(writer);
        return writer.Written.ToArray();
    }

    /// <summary>Begins anew with the same buffer, if that is not large.</summary>
    public void Clear()
    {
        _length = 0;
        _depth = 0;
        if (_buffer.Length > Kept) _buffer = [];
    }

    /// <summary>The sint32 and sint64 form of a number.</summary>
    public static ulong ZigZag(long value) => (ulong)(value << 1) ^ (ulong)(value >> 63);

    /// <summary>A number, unless it is zero. Negative int32 and enums are widened to 64 bits by the caller.</summary>
    public void Varint(int field, ulong value)
    {
        if (value != 0) PresentVarint(field, value);
    }

    /// <summary>A number.</summary>
    public void PresentVarint(int field, ulong value)
    {
        Raw((uint)field << 3);
        Raw(value);
    }

    /// <summary>Four bytes, unless all are zero.</summary>
    public void Fixed32(int field, uint value)
    {
        if (value != 0) PresentFixed32(field, value);
    }

    /// <summary>Four bytes.</summary>
    public void PresentFixed32(int field, uint value)
    {
        Raw((uint)field << 3 | 5);
        RawFixed32(value);
    }

    /// <summary>Eight bytes, unless all are zero.</summary>
    public void Fixed64(int field, ulong value)
    {
        if (value != 0) PresentFixed64(field, value);
    }

    /// <summary>Eight bytes.</summary>
    public void PresentFixed64(int field, ulong value)
    {
        Raw((uint)field << 3 | 1);
        RawFixed64(value);
    }

    /// <summary>A text, unless it is empty.</summary>
    public void String(int field, string value)
    {
        if (value.Length != 0) PresentString(field, value);
    }

    /// <summary>A text. Half a surrogate pair becomes U+FFFD.</summary>
    public void PresentString(int field, string value)
    {
        int length = Encoding.UTF8.GetByteCount(value);
        Encoding.UTF8.GetBytes(value, WithLength(field, length));
    }

    /// <summary>Bytes, unless there are none.</summary>
    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        if (value.Length != 0) PresentBytes(field, value);
    }

    /// <summary>Bytes.</summary>
    public void PresentBytes(int field, ReadOnlySpan<byte> value) => value.CopyTo(WithLength(field, value.Length));

    /// <summary>A nested message, unless it is null.</summary>
    public void Message(int field, IMessage? message)
    {
        if (message is null) return;
        int start = Begin(field);
        message.Write(this);
        End(start);
    }

    /// <summary>Nested messages, one after the other.</summary>
    public void Messages<T>(int field, List<T>? messages) where T : class, IMessage
    {
        for (int i = 0; i < messages?.Count; i++) Message(field, messages[i]);
    }

    /// <summary>Texts, one after the other.</summary>
    public void Strings(int field, List<string>? values)
    {
        for (int i = 0; i < values?.Count; i++) PresentString(field, values[i]);
    }

    /// <summary>Begins a nested message, a map's entry or a packed field.</summary>
    /// <returns>What <see cref="End"/> needs.</returns>
    public int Begin(int field)
    {
        // A reader would refuse it; and a message that contains itself would go on for ever.
        if (++_depth > ProtobufReader.MaxDepth) throw new ProtobufException("messages are nested too deeply");
        Raw((uint)field << 3 | 2);
        Reserve(1);
        return _length;
    }

    /// <summary>Ends what was begun.</summary>
    public void End(int start)
    {
        _depth--;
        int length = _length - start;
        if (length < 0x80)
        {
            _buffer[start - 1] = (byte)length;
            return;
        }
        int more = VarintLength((uint)length) - 1;
        Reserve(more);
        _buffer.AsSpan(start, length).CopyTo(_buffer.AsSpan(start + more));
        PutVarint(_buffer.AsSpan(start - 1), (uint)length);
    }

    /// <summary>A number without a field: an element of a packed field.</summary>
    public void Raw(ulong value)
    {
        if (value < 0x80) Reserve(1)[0] = (byte)value;
        else PutVarint(Reserve(VarintLength(value)), value);
    }

    /// <summary>Four bytes without a field.</summary>
    public void RawFixed32(uint value) => BinaryPrimitives.WriteUInt32LittleEndian(Reserve(4), value);

    /// <summary>Eight bytes without a field.</summary>
    public void RawFixed64(ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(Reserve(8), value);

    /// <summary>Room at the end, to be filled by the caller.</summary>
    internal Span<byte> Reserve(int count)
    {
        int length = _length + count;
        if ((uint)length > (uint)_buffer.Length) Grow(length);
        Span<byte> room = _buffer.AsSpan(_length, count);
        _length = length;
        return room;
    }

    /// <summary>What was written, to be changed.</summary>
    internal Span<byte> Patch(int start, int count) => _buffer.AsSpan(0, _length).Slice(start, count);

    /// <summary>Takes back what was written after <paramref name="length"/>, also in the middle of nested messages.</summary>
    internal void Truncate(int length)
    {
        _length = length;
        _depth = 0;
    }

    /// <summary>Takes away what was written first.</summary>
    internal void Drop(int count)
    {
        _buffer.AsSpan(count, _length - count).CopyTo(_buffer);
        _length -= count;
        if (_length == 0) Clear();
    }

    private Span<byte> WithLength(int field, int length)
    {
        Raw((uint)field << 3 | 2);
        Raw((uint)length);
        return Reserve(length);
    }

    private void Grow(int length)
    {
        if ((uint)length > MaxLength) throw new ProtobufException("a message is larger than 64 MiB");
        byte[] larger = GC.AllocateUninitializedArray<byte>(Math.Max(Math.Max(256, length), Math.Min(_buffer.Length * 2, MaxLength)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        _buffer = larger;
    }

    private static int VarintLength(ulong value)
    {
        int length = 1;
        while ((value >>= 7) != 0) length++;
        return length;
    }

    private static void PutVarint(Span<byte> to, ulong value)
    {
        int at = 0;
        for (; value >= 0x80; value >>= 7) to[at++] = (byte)(value | 0x80);
        to[at] = (byte)value;
    }
}
