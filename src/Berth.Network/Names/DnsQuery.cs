// A query of DNS as it came (RFC 1035, section 4): read once, without making objects.
using System.Buffers.Binary;

namespace Berth.Network.Names;

/// <summary>Types of records that are answered here.</summary>
internal static class DnsType
{
    public const ushort A = 1, Soa = 6, Ptr = 12, Aaaa = 28, Opt = 41, Ixfr = 251, Axfr = 252, Any = 255;
}

/// <summary>Codes of answers.</summary>
internal static class DnsCode
{
    public const int Ok = 0, FormatError = 1, ServerFailure = 2, NameError = 3, NotImplemented = 4, Refused = 5, BadVersion = 16;
}

/// <summary>What a packet turned out to be.</summary>
internal enum QueryVerdict
{
    /// <summary>To be answered.</summary>
    Good,

    /// <summary>Nothing is said to it: an answer, or too short to have an id.</summary>
    Dropped,

    /// <summary>FORMERR.</summary>
    Malformed,

    /// <summary>NOTIMP.</summary>
    NotImplemented,
}

/// <summary>The parts of a query.</summary>
internal struct DnsQuery
{
    public const int HeaderSize = 12, MostName = 255, LeastUdp = 512, MostUdp = 1232;

    private const ushort ClientSubnet = 8;

    public ushort Id;
    public ushort Flags;
    public ushort Type;
    public ushort Class;

    /// <summary>Where the question ends; the header's size where there is none that can be read.</summary>
    public int QuestionEnd;

    /// <summary>Length of the name in characters, as written into the buffer given to <see cref="Read"/>.</summary>
    public int NameLength;

    /// <summary>Whether there is EDNS (RFC 6891).</summary>
    public bool HasOptions;

    /// <summary>Its version.</summary>
    public byte OptionsVersion;

    /// <summary>DNSSEC is asked for.</summary>
    public bool DnssecOk;

    /// <summary>The most that the asker takes in a datagram; ours, where it takes more than passes every network in one piece.</summary>
    public int UdpLimit;

    /// <summary>The most that it says it takes.</summary>
    public int AskedSize;

    /// <summary>
    /// Whether its answer is the same for all who ask it: recursion is wanted, nothing is signed, and no part of the asker's address is sent along (RFC 7871).
    /// </summary>
    public readonly bool IsPlain => (Flags & 0x0100) != 0 && !_isPersonal;

    private bool _isPersonal;

    /// <summary>Reads a packet. The name is written as text in small letters, without the last dot.</summary>
    /// <param name="packet">What came.</param>
    /// <param name="name">At least 256 characters.</param>
    /// <param name="query">What it asks.</param>
    public static QueryVerdict Read(ReadOnlySpan<byte> packet, Span<char> name, out DnsQuery query)
    {
        query = new DnsQuery { UdpLimit = LeastUdp, AskedSize = LeastUdp, QuestionEnd = HeaderSize };
        if (packet.Length < HeaderSize) return QueryVerdict.Dropped;
        query.Id = BinaryPrimitives.ReadUInt16BigEndian(packet);
        query.Flags = BinaryPrimitives.ReadUInt16BigEndian(packet[2..]);
        // An answer is never answered: two servers would talk for ever.
        if ((query.Flags & 0x8000) != 0) return QueryVerdict.Dropped;
        if ((query.Flags & 0x7800) != 0) return QueryVerdict.NotImplemented;
        if (BinaryPrimitives.ReadUInt16BigEndian(packet[4..]) != 1) return QueryVerdict.Malformed;
        if (BinaryPrimitives.ReadUInt32BigEndian(packet[6..]) != 0) return QueryVerdict.Malformed;
        int at = ReadName(packet, HeaderSize, name, out query.NameLength);
        if (at < 0 || at + 4 > packet.Length) return QueryVerdict.Malformed;
        query.Type = BinaryPrimitives.ReadUInt16BigEndian(packet[at..]);
        query.Class = BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]);
        query.QuestionEnd = at + 4;
        return query.ReadAdditional(packet, at + 4) ? QueryVerdict.Good : QueryVerdict.Malformed;
    }

    // A question's name is never compressed: there is nothing before it.
    private static int ReadName(ReadOnlySpan<byte> packet, int at, Span<char> name, out int length)
    {
        length = 0;
        int start = at;
        while (at < packet.Length)
        {
            int label = packet[at++];
            if (label == 0) return at;
            if (label > 63 || at + label > packet.Length || at + label - start >= MostName) return -1;
            if (length > 0) name[length++] = '.';
            for (int end = at + label; at < end; at++)
            {
                byte b = packet[at];
                // A dot within a label is no border of labels; no name of ours has one there.
                name[length++] = b is >= (byte)'A' and <= (byte)'Z' ? (char)(b | 0x20) : b == (byte)'.' ? '\uFFFF' : (char)b;
            }
        }
        return -1;
    }

    private bool ReadAdditional(ReadOnlySpan<byte> packet, int at)
    {
        int count = BinaryPrimitives.ReadUInt16BigEndian(packet[10..]);
        // OPT, and a signature behind it: nobody sends more.
        if (count > 4) return false;
        for (; count > 0; count--)
        {
            at = SkipName(packet, at);
            if (at < 0 || at + 10 > packet.Length) return false;
            int size = BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 8)..]);
            if (at + 10 + size > packet.Length) return false;
            if (BinaryPrimitives.ReadUInt16BigEndian(packet[at..]) == DnsType.Opt)
            {
                if (HasOptions) return false;
                HasOptions = true;
                AskedSize = Math.Max(BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 2)..]), (ushort)LeastUdp);
                UdpLimit = Math.Min(AskedSize, MostUdp);
                OptionsVersion = packet[at + 5];
                DnssecOk = (packet[at + 6] & 0x80) != 0;
                _isPersonal |= HasSubnet(packet.Slice(at + 10, size));
            }
            else
            {
                _isPersonal = true;
            }
            at += 10 + size;
        }
        return true;
    }

    private static bool HasSubnet(ReadOnlySpan<byte> options)
    {
        while (options.Length >= 4)
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(options) == ClientSubnet) return true;
            int size = 4 + BinaryPrimitives.ReadUInt16BigEndian(options[2..]);
            if (size > options.Length) return true;
            options = options[size..];
        }
        return false;
    }

    /// <summary>Where a name ends, or -1. A pointer ends a name and is not followed, so that it can lead in no circle.</summary>
    internal static int SkipName(ReadOnlySpan<byte> packet, int at)
    {
        while (at < packet.Length)
        {
            int label = packet[at];
            if (label == 0) return at + 1;
            if (label >= 0xC0) return at + 2;
            if (label > 63) return -1;
            at += label + 1;
        }
        return -1;
    }

    /// <summary>Whether an answer of another server is one to this query: its id, and the question to the letter, but for large and small ones.</summary>
    public static bool Answers(ReadOnlySpan<byte> answer, ReadOnlySpan<byte> query, int questionEnd)
    {
        if (answer.Length < HeaderSize || answer[0] != query[0] || answer[1] != query[1] || (answer[2] & 0x80) == 0) return false;
        // A server that could not read the question may answer without it.
        int count = BinaryPrimitives.ReadUInt16BigEndian(answer[4..]);
        if (count == 0) return (answer[3] & 0xF) is DnsCode.FormatError or DnsCode.ServerFailure or DnsCode.NotImplemented or DnsCode.Refused;
        if (count != 1 || answer.Length < questionEnd) return false;
        for (int i = HeaderSize; i < questionEnd; i++)
        {
            // Lengths of labels are below 64, where there are no letters.
            if (Small(answer[i]) != Small(query[i])) return false;
        }
        return true;
    }

    private static byte Small(byte b) => b is >= (byte)'A' and <= (byte)'Z' ? (byte)(b | 0x20) : b;
}
