// Protocol buffers' wire format, written: the few kinds of field that CRIU's requests have.
using System.Buffers;
using System.Text;

namespace Berth.Runtime.Checkpoint;

/// <summary>Appends fields to a message. What is null is left out.</summary>
internal sealed class WireWriter
{
    private readonly ArrayBufferWriter<byte> _buffer = new(512);

    public ReadOnlySpan<byte> Written => _buffer.WrittenSpan;

    public WireWriter Number(int field, long? value)
    {
        if (value is not { } number) return this;
        Varint((ulong)field << 3);
        // A negative int32 takes ten bytes, as if it were 64 bits wide.
        Varint((ulong)number);
        return this;
    }

    public WireWriter Flag(int field, bool value) => Number(field, value ? 1 : 0);

    public WireWriter Text(int field, string? value)
    {
        if (value is null) return this;
        Bytes(field, Encoding.UTF8.GetBytes(value));
        return this;
    }

    public WireWriter Message(int field, WireWriter? value)
    {
        if (value is not null) Bytes(field, value.Written);
        return this;
    }

    private void Bytes(int field, ReadOnlySpan<byte> bytes)
    {
        Varint(((ulong)field << 3) | 2);
        Varint((ulong)bytes.Length);
        _buffer.Write(bytes);
    }

    private void Varint(ulong value)
    {
        Span<byte> bytes = _buffer.GetSpan(10);
        int length = 0;
        while (value > 0x7F)
        {
            bytes[length++] = (byte)(value | 0x80);
            value >>= 7;
        }
        bytes[length++] = (byte)value;
        _buffer.Advance(length);
    }
}
