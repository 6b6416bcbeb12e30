// An answer of DNS being written: the question as it was asked, then records that point back at its name.
using System.Buffers.Binary;

namespace Berth.Network.Names;

/// <summary>Writes into a buffer; what does not fit makes the answer a truncated one, which the asker repeats over TCP.</summary>
internal ref struct DnsAnswer
{
    private const ushort PointerToQuestion = 0xC00C;
    private const int OptionsSize = 11;
    private readonly Span<byte> _buffer;
    private readonly DnsQuery _query;
    private readonly int _limit;
    private int _at;
    private int _answers;
    private int _authorities;
    private bool _truncated;

    /// <summary>Begins with the header and the question.</summary>
    public DnsAnswer(Span<byte> buffer, ReadOnlySpan<byte> packet, in DnsQuery query, int limit)
    {
        _buffer = buffer;
        _query = query;
        _limit = Math.Min(limit, buffer.Length) - (query.HasOptions ? OptionsSize : 0);
        packet[..query.QuestionEnd].CopyTo(buffer);
        _at = query.QuestionEnd;
    }

    /// <summary>An address of the name that was asked for: A or AAAA.</summary>
    public void Address(UInt128 address, bool is4, uint ttl)
    {
        int size = is4 ? 4 : 16;
        if (!Begin(PointerToQuestion, is4 ? DnsType.A : DnsType.Aaaa, ttl, size)) return;
        if (is4) BinaryPrimitives.WriteUInt32BigEndian(_buffer[_at..], (uint)address);
        else BinaryPrimitives.WriteUInt128BigEndian(_buffer[_at..], address);
        _at += size;
        _answers++;
    }

    /// <summary>A name of the address that was asked for.</summary>
    public void Pointer(ReadOnlySpan<char> name, uint ttl)
    {
        if (!Begin(PointerToQuestion, DnsType.Ptr, ttl, name.Length + 2)) return;
        _at += WriteName(_buffer[_at..], name);
        _answers++;
    }

    /// <summary>Says how long a "no" may be remembered (RFC 2308): the start of authority of the name's last labels.</summary>
    /// <param name="owner">Where in the packet the zone's name stands.</param>
    /// <param name="ttl">Seconds.</param>
    public void NoMoreThan(int owner, uint ttl)
    {
        // Two names that are pointers, and five numbers.
        if (!Begin((ushort)(0xC000 | owner), DnsType.Soa, ttl, 24)) return;
        Span<byte> body = _buffer[_at..];
        BinaryPrimitives.WriteUInt16BigEndian(body, (ushort)(0xC000 | owner));
        BinaryPrimitives.WriteUInt16BigEndian(body[2..], (ushort)(0xC000 | owner));
        Span<uint> numbers = [1, 3600, 600, 86400, ttl];
        for (int i = 0; i < numbers.Length; i++) BinaryPrimitives.WriteUInt32BigEndian(body[(4 + (i * 4))..], numbers[i]);
        _at += 24;
        _authorities++;
    }

    /// <summary>Ends it.</summary>
    /// <param name="code">One of <see cref="DnsCode"/>.</param>
    /// <param name="authoritative">The name is ours to say something about.</param>
    /// <param name="recursion">Other names are asked for elsewhere.</param>
    /// <returns>How long it is.</returns>
    public int End(int code, bool authoritative, bool recursion)
    {
        if (_truncated)
        {
            // Half of the addresses would be taken for all of them.
            _at = _query.QuestionEnd;
            _answers = _authorities = 0;
        }
        // RD and CD are given back as they came.
        int flags = 0x8000 | (_query.Flags & 0x0110) | (authoritative ? 0x0400 : 0) | (_truncated ? 0x0200 : 0) | (recursion ? 0x0080 : 0) | (code & 0xF);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer, _query.Id);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[2..], (ushort)flags);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[4..], (ushort)(_query.QuestionEnd > DnsQuery.HeaderSize ? 1 : 0));
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[6..], (ushort)_answers);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[8..], (ushort)_authorities);
        BinaryPrimitives.WriteUInt16BigEndian(_buffer[10..], (ushort)(_query.HasOptions ? 1 : 0));
        if (_query.HasOptions) WriteOptions(code);
        return _at;
    }

    private void WriteOptions(int code)
    {
        Span<byte> options = _buffer.Slice(_at, OptionsSize);
        options.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(options[1..], DnsType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(options[3..], DnsQuery.MostUdp);
        options[5] = (byte)(code >> 4);
        if (_query.DnssecOk) options[7] = 0x80;
        _at += OptionsSize;
    }

    private bool Begin(ushort owner, ushort type, uint ttl, int size)
    {
        if (_truncated || _at + 12 + size > _limit)
        {
            _truncated = true;
            return false;
        }
        Span<byte> record = _buffer[_at..];
        BinaryPrimitives.WriteUInt16BigEndian(record, owner);
        BinaryPrimitives.WriteUInt16BigEndian(record[2..], type);
        BinaryPrimitives.WriteUInt16BigEndian(record[4..], 1);
        BinaryPrimitives.WriteUInt32BigEndian(record[6..], ttl);
        BinaryPrimitives.WriteUInt16BigEndian(record[10..], (ushort)size);
        _at += 12;
        return true;
    }

    /// <summary>A name of letters that are one byte each, as labels.</summary>
    private static int WriteName(Span<byte> into, ReadOnlySpan<char> name)
    {
        int lengthAt = 0;
        int at = 1;
        foreach (char letter in name)
        {
            if (letter == '.')
            {
                into[lengthAt] = (byte)(at - lengthAt - 1);
                lengthAt = at++;
                continue;
            }
            into[at++] = (byte)letter;
        }
        into[lengthAt] = (byte)(at - lengthAt - 1);
        into[at++] = 0;
        return at;
    }

    /// <summary>Makes a truncated answer of one that is too long for the asker.</summary>
    /// <returns>How long it is.</returns>
    public static int Truncate(Span<byte> answer, int questionEnd)
    {
        answer[2] |= 0x02;
        answer[6..12].Clear();
        return questionEnd;
    }
}
