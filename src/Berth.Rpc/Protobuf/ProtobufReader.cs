// Reads protobuf's wire format from a span: one pass, bounded, and with one exception for whatever is malformed.
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Unicode;

namespace Berth.Rpc.Protobuf;

/// <summary>
/// Walks through the fields of a message: <see cref="Next"/> stands on a field, a <see cref="Tag"/> says which and how it is encoded,
/// and exactly one of the other methods takes its value. Every method throws <see cref="ProtobufException"/> for malformed input.
/// </summary>
/// <remarks>
/// A few bytes can ask for many objects (an empty nested message takes two). So what is nested or has a length is counted,
/// and <see cref="MaxElements"/> bounds what one message can make a reader allocate.
/// </remarks>
public ref struct ProtobufReader
{
    /// <summary>How deep messages may be nested.</summary>
    public const int MaxDepth = 64;

    /// <summary>How many strings, byte strings and nested messages one message may contain in all.</summary>
    public const int MaxElements = 1 << 17;

    private readonly ReadOnlySpan<byte> _data;
    private int _at;
    private int _end;
    private int _depth;
    private int _elements;
    private uint _tag;

    /// <summary>A reader of one message.</summary>
    /// <param name="message">All of its bytes.</param>
    public ProtobufReader(ReadOnlySpan<byte> message)
    {
        _data = message;
        _end = message.Length;
    }

    /// <summary>Number of the present field times eight, plus how it is encoded (0 varint, 1 eight bytes, 2 with a length, 3 group, 5 four bytes).</summary>
    public readonly uint Tag => _tag;

    /// <summary>Whether something is left, inside a packed field.</summary>
    public readonly bool More => _at < _end;

    /// <summary>How much of the bytes was read.</summary>
    internal readonly int Position => _at;

    /// <summary>Reads <paramref name="bytes"/> into <paramref name="message"/>, and returns that.</summary>
    /// <exception cref="ProtobufException">The bytes are malformed, or beyond the limits.</exception>
    public static T Read<T>(ReadOnlySpan<byte> bytes, T message) where T : class, IMessage
    {
        ProtobufReader reader = new(bytes);
        message.Read(ref reader);
        return message;
    }

    /// <summary>Goes to the next field; false at the end of the message.</summary>
    public bool Next()
    {
        if (_at >= _end) return false;
        _tag = ReadTag();
        if ((_tag & 7) == 4) throw new ProtobufException("a group ends that did not begin");
        return true;
    }

    /// <summary>Passes over the present field, whatever it is.</summary>
    public void Skip()
    {
        switch (_tag & 7)
        {
            case 0: Varint(); break;
            case 1: Take(8); break;
            case 2: Take(Length()); break;
            case 3: SkipGroup(); break;
            default: Take(4); break;
        }
    }

    /// <summary>A varint: int32, int64, uint32, uint64, bool and enums, of which the lowest bits count.</summary>
    public ulong Varint()
    {
        // Most numbers are small.
        if (_at < _end && _data[_at] < 0x80) return _data[_at++];
        ulong value = 0;
        for (int shift = 0; shift < 70; shift += 7)
        {
            if (_at >= _end) Cut();
            byte b = _data[_at++];
            if (shift == 63 && b > 1) break;
            value |= (ulong)(b & 0x7F) << shift;
            if (b < 0x80) return value;
        }
        throw new ProtobufException("a number has more than 64 bits");
    }

    /// <summary>A zigzag varint: sint32.</summary>
    public int ZigZag32()
    {
        uint value = (uint)Varint();
        return (int)(value >> 1) ^ -(int)(value & 1);
    }

    /// <summary>A zigzag varint: sint64.</summary>
    public long ZigZag64()
    {
        ulong value = Varint();
        return (long)(value >> 1) ^ -(long)(value & 1);
    }

    /// <summary>Four bytes: fixed32, sfixed32, and the bits of a float.</summary>
    public uint Fixed32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

    /// <summary>Eight bytes: fixed64, sfixed64, and the bits of a double.</summary>
    public ulong Fixed64() => BinaryPrimitives.ReadUInt64LittleEndian(Take(8));

    /// <summary>A text.</summary>
    public string String()
    {
        ReadOnlySpan<byte> bytes = Span();
        if (!Utf8.IsValid(bytes)) throw new ProtobufException("a string is not valid UTF-8");
        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Bytes, as a copy.</summary>
    public byte[] Bytes() => Span().ToArray();

    /// <summary>Bytes where they are.</summary>
    public ReadOnlySpan<byte> Span()
    {
        Count();
        return Take(Length());
    }

    /// <summary>A nested message: <paramref name="message"/> takes it in.</summary>
    public void Message(IMessage message)
    {
        int outer = Enter();
        message.Read(ref this);
        Leave(outer);
    }

    /// <summary>Enters a nested message, a map's entry or a packed field; <see cref="Next"/> and <see cref="More"/> then end where it ends.</summary>
    /// <returns>What <see cref="Leave"/> needs.</returns>
    public int Enter()
    {
        Count();
        int length = Length();
        if (++_depth > MaxDepth) TooDeep();
        int outer = _end;
        _end = _at + length;
        return outer;
    }

    /// <summary>Leaves what was entered.</summary>
    public void Leave(int outer)
    {
        _depth--;
        _at = _end;
        _end = outer;
    }

    private uint ReadTag()
    {
        ulong tag = Varint();
        // Field numbers go from 1 to 2^29 - 1; encodings 6 and 7 do not exist.
        if (tag is < 8 or > uint.MaxValue) throw new ProtobufException("a field number is out of range");
        if ((tag & 7) > 5) throw new ProtobufException("a field has an encoding that does not exist");
        return (uint)tag;
    }

    private void SkipGroup()
    {
        uint end = _tag + 1;
        if (++_depth > MaxDepth) TooDeep();
        while (true)
        {
            if (_at >= _end) Cut();
            _tag = ReadTag();
            if (_tag == end) break;
            if ((_tag & 7) == 4) throw new ProtobufException("a group ends that did not begin");
            Skip();
        }
        _depth--;
    }

    private int Length()
    {
        ulong length = Varint();
        if (length > (ulong)(_end - _at)) Cut();
        return (int)length;
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        if (length > _end - _at) Cut();
        ReadOnlySpan<byte> taken = _data.Slice(_at, length);
        _at += length;
        return taken;
    }

    private void Count()
    {
        if (++_elements > MaxElements) throw new ProtobufException("a message has too many parts");
    }

    [DoesNotReturn]
    private static void Cut() => throw new ProtobufException("a message ends in the middle of a field");

    [DoesNotReturn]
    private static void TooDeep() => throw new ProtobufException("messages are nested too deeply");
}
