// An answer of another server as it is kept: how long it may be, and how it reads some seconds later.
using System.Buffers.Binary;

namespace Berth.Network.Names;

/// <summary>Reads and changes whole packets; nothing of one answer is ever used for another question.</summary>
internal static class KeptAnswer
{
    /// <summary>Seconds: of any answer, and of one that says no.</summary>
    public const uint LongestTime = 3600, LongestNo = 300;

    private const int OptionsSize = 11;

    /// <summary>For how many seconds it may be given to others (RFC 2181, section 5.2 and 8; RFC 2308, section 5).</summary>
    /// <param name="answer">To a query with one question.</param>
    /// <param name="query">That query.</param>
    /// <param name="length">How much of it is kept: what is said of EDNS is between two neighbours, and is said anew.</param>
    /// <returns>0 for not at all.</returns>
    public static uint TimeOf(ReadOnlySpan<byte> answer, in DnsQuery query, out int length)
    {
        length = answer.Length;
        int code = answer[3] & 0xF;
        // A truncated one is none; a server that fails may be well again the next moment.
        if ((answer[2] & 0x02) != 0 || code is not (DnsCode.Ok or DnsCode.NameError) || answer.Length < query.QuestionEnd || answer[4] != 0 || answer[5] != 1) return 0;
        uint time = LongestTime;
        bool positive = false, zone = false;
        int at = query.QuestionEnd, records = Records(answer), answers = BinaryPrimitives.ReadUInt16BigEndian(answer[6..]);
        for (int i = 0; i < records; i++)
        {
            int start = at;
            if (!TryRecord(answer, ref at, out int body, out ushort type)) return 0;
            if (type == DnsType.Opt)
            {
                // Behind it names might be that others point to; and upper bits of the code are a code.
                if (i != records - 1 || answer[body - 6] != 0) return 0;
                length = start;
                continue;
            }
            uint ttl = BinaryPrimitives.ReadUInt32BigEndian(answer[(body - 6)..]);
            if (ttl > int.MaxValue) ttl = 0;
            if (i < answers) positive |= type == query.Type || query.Type == DnsType.Any;
            else if (type == DnsType.Soa && at - body >= 4)
            {
                zone = true;
                ttl = Math.Min(ttl, BinaryPrimitives.ReadUInt32BigEndian(answer[(at - 4)..]));
            }
            time = Math.Min(time, ttl);
        }
        if (positive && code == DnsCode.Ok) return time;
        return zone ? Math.Min(time, LongestNo) : 0;
    }

    /// <summary>Makes an answer to this query of one that was kept.</summary>
    /// <param name="kept">What was kept.</param>
    /// <param name="age">For how many seconds.</param>
    /// <param name="packet">The query.</param>
    /// <param name="query">The same, read.</param>
    /// <param name="into">Where it is written.</param>
    /// <returns>How long it is; 0 when there is no room.</returns>
    public static int Write(ReadOnlySpan<byte> kept, uint age, ReadOnlySpan<byte> packet, in DnsQuery query, Span<byte> into)
    {
        if (kept.Length + OptionsSize > into.Length) return 0;
        kept.CopyTo(into);
        // Id and letters as they were asked; nobody here has authority for it; CD is given back as it came.
        packet[..2].CopyTo(into);
        packet[DnsQuery.HeaderSize..query.QuestionEnd].CopyTo(into[DnsQuery.HeaderSize..]);
        into[2] &= 0xFB;
        into[3] = (byte)((into[3] & 0xEF) | (packet[3] & 0x10));
        int at = query.QuestionEnd, records = Records(kept), additional = BinaryPrimitives.ReadUInt16BigEndian(kept[10..]);
        // The one that was cut off was the last of all.
        for (int i = 0; i < records && at < kept.Length; i++)
        {
            if (!TryRecord(kept, ref at, out int body, out _)) return 0;
            uint ttl = BinaryPrimitives.ReadUInt32BigEndian(kept[(body - 6)..]);
            BinaryPrimitives.WriteUInt32BigEndian(into[(body - 6)..], ttl > age ? ttl - age : 0);
        }
        BinaryPrimitives.WriteUInt16BigEndian(into[10..], (ushort)(additional + (query.HasOptions ? 1 : 0)));
        if (!query.HasOptions) return kept.Length;
        Span<byte> options = into.Slice(kept.Length, OptionsSize);
        options.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(options[1..], DnsType.Opt);
        BinaryPrimitives.WriteUInt16BigEndian(options[3..], DnsQuery.MostUdp);
        if (query.DnssecOk) options[7] = 0x80;
        return kept.Length + OptionsSize;
    }

    /// <summary>A copy to be kept: as long as <see cref="TimeOf"/> says, and without the record that was cut off in its counts.</summary>
    public static byte[] Copy(ReadOnlySpan<byte> answer, int length)
    {
        byte[] kept = answer[..length].ToArray();
        if (length < answer.Length) BinaryPrimitives.WriteUInt16BigEndian(kept.AsSpan(10), (ushort)(BinaryPrimitives.ReadUInt16BigEndian(answer[10..]) - 1));
        return kept;
    }

    private static int Records(ReadOnlySpan<byte> answer) =>
        BinaryPrimitives.ReadUInt16BigEndian(answer[6..]) + BinaryPrimitives.ReadUInt16BigEndian(answer[8..]) + BinaryPrimitives.ReadUInt16BigEndian(answer[10..]);

    private static bool TryRecord(ReadOnlySpan<byte> answer, ref int at, out int body, out ushort type)
    {
        (body, type) = (0, 0);
        at = DnsQuery.SkipName(answer, at);
        if (at < 0 || at + 10 > answer.Length) return false;
        type = BinaryPrimitives.ReadUInt16BigEndian(answer[at..]);
        body = at + 10;
        at = body + BinaryPrimitives.ReadUInt16BigEndian(answer[(body - 2)..]);
        return at <= answer.Length;
    }
}
