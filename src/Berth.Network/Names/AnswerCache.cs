// Answers of other servers, kept as long as they say, and within bounds: what was asked for longest ago goes first.
using Berth.Linux.Network;

namespace Berth.Network.Names;

/// <summary>
/// Whole answers by whole questions. The servers that were asked are a part of the question, so that networks with others never see them, and a host that
/// moves to another network starts anew.
/// </summary>
internal sealed class AnswerCache
{
    public const int MostEntries = 1024, MostBytes = 256 * 1024;

    // What an entry costs beside its packet and its key.
    private const int Overhead = 160, LongestAnswer = 4000, MostServers = 8, CharsOfServer = 11;
    private const long Second = 1_000_000_000;

    /// <summary>Room for any key.</summary>
    public const int LongestKey = DnsQuery.MostName + 5 + (MostServers * CharsOfServer);

    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry>.AlternateLookup<ReadOnlySpan<char>> _lookup;
    private Entry? _latest;
    private Entry? _eldest;

    public AnswerCache() => _lookup = _entries.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>How many there are.</summary>
    public int Count => _entries.Count;

    /// <summary>What they take, roughly.</summary>
    public int Bytes { get; private set; }

    /// <summary>Writes what answers are found by.</summary>
    /// <returns>Its length; 0 for a query whose answer is for its asker alone.</returns>
    public static int WriteKey(Span<char> into, ReadOnlySpan<byte> packet, in DnsQuery query, List<InetEndpoint> servers)
    {
        if (!query.IsPlain || servers.Count > MostServers) return 0;
        int at = 0;
        foreach (byte b in packet[DnsQuery.HeaderSize..query.QuestionEnd]) into[at++] = (char)(b is >= (byte)'A' and <= (byte)'Z' ? b | 0x20 : b);
        // AD and CD change what is answered, as DO does.
        into[at++] = (char)((query.Flags & 0x30) | (query.DnssecOk ? 1 : 0));
        foreach (InetEndpoint server in servers)
        {
            for (int shift = 0; shift < 128; shift += 16) into[at++] = (char)(ushort)(server.Address >> shift);
            into[at++] = (char)server.Port;
            into[at++] = (char)(ushort)server.Scope;
            into[at++] = (char)(ushort)((uint)server.Scope >> 16);
        }
        return at;
    }

    /// <summary>Answers from what is kept.</summary>
    /// <returns>The answer's length, or 0.</returns>
    public int TryAnswer(ReadOnlySpan<char> key, ReadOnlySpan<byte> packet, in DnsQuery query, Span<byte> into, long now)
    {
        if (!_lookup.TryGetValue(key, out Entry? entry)) return 0;
        if (now >= entry.Expires)
        {
            Remove(entry);
            return 0;
        }
        if (entry != _latest)
        {
            Unlink(entry);
            LinkFirst(entry);
        }
        return KeptAnswer.Write(entry.Packet, (uint)((now - entry.Stored) / Second), packet, query, into);
    }

    /// <summary>Keeps an answer, if it may be.</summary>
    public void Store(ReadOnlySpan<char> key, ReadOnlySpan<byte> answer, in DnsQuery query, long now)
    {
        if (_lookup.TryGetValue(key, out Entry? old)) Remove(old);
        uint time = KeptAnswer.TimeOf(answer, query, out int length);
        if (time == 0 || length > LongestAnswer) return;
        Entry entry = new(key.ToString(), KeptAnswer.Copy(answer, length), now, now + (time * Second));
        _entries[entry.Key] = entry;
        LinkFirst(entry);
        Bytes += entry.Cost;
        while (_eldest is { } eldest && (Count > MostEntries || Bytes > MostBytes)) Remove(eldest);
    }

    private void Remove(Entry entry)
    {
        _entries.Remove(entry.Key);
        Unlink(entry);
        Bytes -= entry.Cost;
    }

    private void LinkFirst(Entry entry)
    {
        entry.Later = null;
        entry.Earlier = _latest;
        if (_latest is not null) _latest.Later = entry;
        _latest = entry;
        _eldest ??= entry;
    }

    private void Unlink(Entry entry)
    {
        if (entry.Later is { } later) later.Earlier = entry.Earlier;
        else _latest = entry.Earlier;
        if (entry.Earlier is { } earlier) earlier.Later = entry.Later;
        else _eldest = entry.Later;
    }

    private sealed class Entry(string key, byte[] packet, long stored, long expires)
    {
        public string Key { get; } = key;

        public byte[] Packet { get; } = packet;

        public long Stored { get; } = stored;

        public long Expires { get; } = expires;

        public Entry? Later { get; set; }

        public Entry? Earlier { get; set; }

        public int Cost => Packet.Length + (2 * Key.Length) + Overhead;
    }
}
