// What is answered from here, and what is asked for elsewhere.
using System.Globalization;
using Berth.Linux.Network;

namespace Berth.Network.Names;

/// <summary>Answers one query for one asker.</summary>
internal sealed class Resolver(NameDirectory directory)
{
    /// <summary>The answer is another server's.</summary>
    public const int Forwarded = -1;

    private const string Reverse4 = ".in-addr.arpa", Reverse6 = ".ip6.arpa";

    /// <summary>Writes an answer.</summary>
    /// <returns>How long it is; 0 when nothing is to be said; or <see cref="Forwarded"/>.</returns>
    /// <param name="network">The network at whose address it was asked.</param>
    /// <param name="asker">Who asks.</param>
    /// <param name="packet">What was asked.</param>
    /// <param name="into">Where the answer is written.</param>
    /// <param name="stream">Whether it came over TCP, where answers may be long.</param>
    /// <param name="query">The query as it was read.</param>
    public int Answer(ServedNetwork network, UInt128 asker, ReadOnlySpan<byte> packet, Span<byte> into, bool stream, out DnsQuery query)
    {
        Span<char> name = stackalloc char[DnsQuery.MostName + 1];
        QueryVerdict verdict = DnsQuery.Read(packet, name, out query);
        if (verdict == QueryVerdict.Dropped) return 0;
        bool forwards = !network.Facts.Internal;
        DnsAnswer answer = new(into, packet, query, stream ? into.Length : query.UdpLimit);
        if (verdict == QueryVerdict.Malformed) return answer.End(DnsCode.FormatError, false, forwards);
        if (verdict == QueryVerdict.NotImplemented) return answer.End(DnsCode.NotImplemented, false, forwards);
        if (query.OptionsVersion != 0) return answer.End(DnsCode.BadVersion, false, forwards);
        if (query.Type is DnsType.Axfr or DnsType.Ixfr) return answer.End(DnsCode.Refused, false, forwards);
        name = name[..query.NameLength];
        if (query.Class is 1 or 255)
        {
            if (query.Type == DnsType.Ptr && TryReverse(name, out UInt128 address))
            {
                if (AnswerPointer(network, asker, address, ref answer)) return answer.End(DnsCode.Ok, true, forwards);
            }
            else if (Find(network, asker, name) is { } found)
            {
                AnswerAddresses(found, query.Type, network.Table.TimeToLive, OwnerOf(network.Table, name, packet), ref answer);
                return answer.End(DnsCode.Ok, true, forwards);
            }
        }
        return Otherwise(network.Table, name, packet, query, ref answer);
    }

    /// <summary>FORMERR's and its like for a query that could not be asked for elsewhere.</summary>
    public static int Failure(ReadOnlySpan<byte> packet, Span<byte> into, in DnsQuery query, int code) =>
        new DnsAnswer(into, packet, query, into.Length).End(code, false, true);

    private static int Otherwise(NameTable table, ReadOnlySpan<char> name, ReadOnlySpan<byte> packet, in DnsQuery query, ref DnsAnswer answer)
    {
        bool forwards = !table.Network.Internal;
        bool domain = table.IsDomain(name);
        bool ours = domain || table.IsUnderDomain(name);
        bool plain = query.Type is DnsType.A or DnsType.Aaaa && name.IndexOf('.') < 0 && !table.Network.ForwardsSingleLabels;
        if (forwards && !ours && !plain) return Forwarded;
        // The root has no name to point at.
        if (name.Length > 0) answer.NoMoreThan(OwnerOf(table, name, packet), table.TimeToLive);
        return answer.End(domain ? DnsCode.Ok : DnsCode.NameError, ours, forwards);
    }

    // The networks of who asks: the one it asks in first, and only if its address is known the others it is in.
    private NameAddresses? Find(ServedNetwork network, UInt128 asker, ReadOnlySpan<char> name)
    {
        if (network.Table.Find(name) is { } found) return found;
        if (OthersOf(network, asker) is not { } others) return null;
        foreach (ServedNetwork other in others)
        {
            if (other != network && other.Table.Find(name) is { } there) return there;
        }
        return null;
    }

    private List<ServedNetwork>? OthersOf(ServedNetwork network, UInt128 asker) =>
        network.Table.Owner(asker) is { } container && directory.NetworksOf(container.ContainerId) is { Count: > 1 } networks ? networks : null;

    private bool AnswerPointer(ServedNetwork network, UInt128 asker, UInt128 address, ref DnsAnswer answer)
    {
        ServedNetwork? home = network.Table.Owner(address) is not null ? network : null;
        if (home is null && OthersOf(network, asker) is { } others)
        {
            foreach (ServedNetwork other in others)
            {
                if (other.Table.Owner(address) is not null) home = other;
            }
        }
        if (home is null) return false;
        answer.Pointer(home.Table.NameOf(home.Table.Owner(address)!), home.Table.TimeToLive);
        return true;
    }

    private static void AnswerAddresses(NameAddresses found, ushort type, uint ttl, int owner, ref DnsAnswer answer)
    {
        bool any = false;
        int turn = found.Turn++ & int.MaxValue;
        if (type is DnsType.A or DnsType.Any) any |= AnswerInTurns(found.V4, turn, true, ttl, ref answer);
        if (type is DnsType.Aaaa or DnsType.Any) any |= AnswerInTurns(found.V6, turn, false, ttl, ref answer);
        // The name exists, and has nothing of this kind.
        if (!any) answer.NoMoreThan(owner, ttl);
    }

    private static bool AnswerInTurns(List<UInt128> addresses, int turn, bool is4, uint ttl, ref DnsAnswer answer)
    {
        for (int i = 0; i < addresses.Count; i++) answer.Address(addresses[(turn + i) % addresses.Count], is4, ttl);
        return addresses.Count > 0;
    }

    // Where in the packet the name of the zone stands: the domain, where the name is below it, else the name itself.
    private static int OwnerOf(NameTable table, ReadOnlySpan<char> name, ReadOnlySpan<byte> packet)
    {
        int at = DnsQuery.HeaderSize;
        if (!table.IsUnderDomain(name)) return at;
        int skip = name.Length - table.Network.Domain.Length;
        while (skip > 0)
        {
            int label = packet[at] + 1;
            at += label;
            skip -= label;
        }
        return at;
    }

    /// <summary>Reads <c>2.0.88.10.in-addr.arpa</c> and <c>2.0.0.…​.ip6.arpa</c>.</summary>
    internal static bool TryReverse(ReadOnlySpan<char> name, out UInt128 address)
    {
        address = 0;
        if (name.EndsWith(Reverse4, StringComparison.Ordinal)) return TryReverse4(name[..^Reverse4.Length], out address);
        if (!name.EndsWith(Reverse6, StringComparison.Ordinal)) return false;
        name = name[..^Reverse6.Length];
        if (name.Length != 63) return false;
        for (int i = 62; i >= 0; i -= 2)
        {
            if (!byte.TryParse(name.Slice(i, 1), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out byte digit)) return false;
            if (i > 0 && name[i - 1] != '.') return false;
            address = (address << 4) | digit;
        }
        return true;
    }

    private static bool TryReverse4(ReadOnlySpan<char> name, out UInt128 address)
    {
        address = 0;
        uint bits = 0;
        for (int i = 0; i < 4; i++)
        {
            int dot = name.IndexOf('.');
            if (dot < 0 != (i == 3)) return false;
            ReadOnlySpan<char> part = i == 3 ? name : name[..dot];
            if (!byte.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out byte value)) return false;
            bits |= (uint)value << (8 * i);
            if (i < 3) name = name[(dot + 1)..];
        }
        address = InetEndpoint.Mapped(bits);
        return true;
    }
}
