// What a server's acknowledgement gives: address, routes, name servers, and for how long.
using System.Buffers.Binary;
using System.Net;
using System.Text;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>Reads a lease. What is malformed is as if it were not there: a server's mistake in one option is not the end of all.</summary>
internal static class LeaseTerms
{
    private const long HourMilliseconds = 3_600_000, ShortestMilliseconds = 1000;
    private const int LinkScope = 253, MostNames = 32;

    /// <summary>Where an address lasts for ever.</summary>
    public const long Forever = long.MaxValue / 4;

    /// <summary>The address with its prefix; null where the mask is missing or is none.</summary>
    public static IpPrefix? Prefix(DhcpMessage message)
    {
        if (message.Number(DhcpOption.SubnetMask) is not { } mask || mask == 0 || (~mask & (~mask + 1)) != 0) return null;
        return new IpPrefix(DhcpOption.Address(message.Address), (int)uint.PopCount(mask));
    }

    /// <summary>Whether an interface can have this address.</summary>
    public static bool IsUsable(uint address) => address >> 24 is > 0 and < 224 and not 127;

    /// <summary>How long it lasts, and when the server, and when any server is to be asked to prolong it.</summary>
    public static (long Renewal, long Rebinding, long Expiry) Times(DhcpMessage message)
    {
        long expiry = Milliseconds(message.Number(DhcpOption.LeaseTime)) ?? HourMilliseconds;
        expiry = Math.Max(expiry, ShortestMilliseconds);
        long rebinding = Milliseconds(message.Number(DhcpOption.RebindingTime)) ?? expiry / 8 * 7;
        if (rebinding <= 0 || rebinding > expiry) rebinding = expiry / 8 * 7;
        long renewal = Milliseconds(message.Number(DhcpOption.RenewalTime)) ?? expiry / 2;
        if (renewal <= 0 || renewal > rebinding) renewal = Math.Min(expiry / 2, rebinding);
        return (renewal, rebinding, expiry);
    }

    private static long? Milliseconds(uint? seconds) => seconds switch
    {
        null => null,
        uint.MaxValue => Forever,
        { } some => some * 1000L,
    };

    /// <summary>The first router.</summary>
    public static IPAddress? Gateway(DhcpMessage message) =>
        message.Option(DhcpOption.Router) is { Length: >= 4 } routers && Number(routers) is var first && first != 0 ? DhcpOption.Address(first) : null;

    /// <summary>Routes: classless ones stand in place of all others (RFC 3442).</summary>
    public static List<CniRoute> Routes(DhcpMessage message, int priority)
    {
        List<CniRoute> routes = [];
        if (message.Option(DhcpOption.ClasslessRoutes) is { } classless && TakeClassless(classless, routes, priority) && routes.Count > 0) return routes;
        routes.Clear();
        ReadOnlySpan<byte> pairs = message.Option(DhcpOption.StaticRoutes) ?? [];
        for (; pairs.Length >= 8; pairs = pairs[8..])
        {
            uint destination = Number(pairs);
            // The default route is not said this way (RFC 2132, 5.8).
            if (destination != 0) routes.Add(new CniRoute { Destination = new IpPrefix(DhcpOption.Address(destination), ClassOf(destination)).Network, Gateway = DhcpOption.Address(Number(pairs[4..])), Priority = priority });
        }
        if (Gateway(message) is { } gateway) routes.Add(new CniRoute { Destination = new IpPrefix(IPAddress.Any, 0), Gateway = gateway, Priority = priority });
        return routes;
    }

    private static bool TakeClassless(ReadOnlySpan<byte> option, List<CniRoute> routes, int priority)
    {
        Span<byte> destination = stackalloc byte[4];
        while (!option.IsEmpty)
        {
            int length = option[0], octets = (length + 7) / 8;
            if (length > 32 || option.Length < 1 + octets + 4) return false;
            destination.Clear();
            option.Slice(1, octets).CopyTo(destination);
            uint router = Number(option[(1 + octets)..]);
            // No router: the destination is on the link itself.
            routes.Add(new CniRoute { Destination = new IpPrefix(new IPAddress(destination), length).Network, Gateway = DhcpOption.Address(router), Scope = router == 0 ? LinkScope : null, Priority = priority });
            option = option[(1 + octets + 4)..];
        }
        return true;
    }

    private static int ClassOf(uint address) => address >> 31 == 0 ? 8 : address >> 30 == 2 ? 16 : address >> 29 == 6 ? 24 : 32;

    /// <summary>Name servers and domains, of those options that were asked for by the user.</summary>
    public static CniDns Dns(DhcpMessage message, ReadOnlySpan<byte> asked)
    {
        List<string> servers = [], search = [];
        string domain = "";
        if (asked.Contains(DhcpOption.NameServers))
        {
            ReadOnlySpan<byte> addresses = message.Option(DhcpOption.NameServers) ?? [];
            for (; addresses.Length >= 4; addresses = addresses[4..]) servers.Add(DhcpOption.Address(Number(addresses)).ToString());
        }
        if (asked.Contains(DhcpOption.DomainName) && message.Option(DhcpOption.DomainName) is { } name)
        {
            string text = Encoding.Latin1.GetString(name).TrimEnd('\0').TrimEnd('.');
            if (IsName(text)) domain = text;
        }
        if (asked.Contains(DhcpOption.DomainSearch) && message.Option(DhcpOption.DomainSearch) is { } list) TakeSearch(list, search);
        return new CniDns { Nameservers = servers, Domain = domain, Search = search };
    }

    // Names as DNS writes them, with pointers into the option itself (RFC 3397).
    private static void TakeSearch(ReadOnlySpan<byte> option, List<string> search)
    {
        int at = 0;
        while (at < option.Length && search.Count < MostNames)
        {
            StringBuilder name = new();
            int next = -1;
            // A pointer that goes forward, or too many of them, is no name.
            for (int from = at, hops = 0; ;)
            {
                if (from >= option.Length) return;
                int length = option[from];
                if (length == 0)
                {
                    at = next >= 0 ? next : from + 1;
                    break;
                }
                if (length >= 0xC0)
                {
                    if (from + 1 >= option.Length || ++hops > 16) return;
                    int target = ((length & 0x3F) << 8) | option[from + 1];
                    if (target >= from) return;
                    if (next < 0) next = from + 2;
                    from = target;
                    continue;
                }
                if (length > 63 || from + 1 + length > option.Length || name.Length + length > 254) return;
                if (name.Length > 0) name.Append('.');
                name.Append(Encoding.Latin1.GetString(option.Slice(from + 1, length)));
                from += 1 + length;
            }
            if (IsName(name.ToString())) search.Add(name.ToString());
        }
    }

    // It becomes a line of somebody's resolv.conf.
    private static bool IsName(string text)
    {
        foreach (char c in text)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('.' or '-' or '_')) return false;
        }
        return text.Length is > 0 and < 254;
    }

    private static uint Number(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
