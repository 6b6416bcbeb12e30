// resolv.conf(5) as Docker and podman write it for a container.
using System.Net;
using System.Text;

namespace Berth.Network.Names;

/// <summary>The three things such a file says.</summary>
public sealed record ResolvConf
{
    /// <summary>Addresses of servers, in their order.</summary>
    public IReadOnlyList<string> Nameservers { get; init; } = [];

    /// <summary>Domains to try.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>Options: <c>ndots:1</c>, <c>edns0</c>.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Reads a file. Of several search lines the last one holds, as the C library has it; <c>domain</c> is a search of one.</summary>
    public static ResolvConf Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        List<string> servers = [], search = [], options = [];
        for (int at = 0; at < text.Length;)
        {
            int end = text.IndexOf('\n', at);
            if (end < 0) end = text.Length;
            string line = text[at..end];
            at = end + 1;
            // A comment begins a line only: '#' may stand within an option.
            if (line.Length == 0 || line[0] is '#' or ';') continue;
            string[] words = line.Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2) continue;
            switch (words[0])
            {
                case "nameserver": servers.Add(words[1]); break;
                case "search":
                    search = [.. words.AsSpan(1)];
                    break;
                case "domain":
                    search = [words[1]];
                    break;
                case "options": options.AddRange(words.AsSpan(1)); break;
                default: break;
            }
        }
        return new ResolvConf { Nameservers = servers, Search = search, Options = options };
    }

    /// <summary>What a container gets.</summary>
    /// <param name="host">The host's file.</param>
    /// <param name="wanted">What the user, and the network, said.</param>
    public static ResolvConf ForContainer(ResolvConf host, ResolvConfWishes wanted)
    {
        ArgumentNullException.ThrowIfNull(host);
        ArgumentNullException.ThrowIfNull(wanted);
        return new ResolvConf
        {
            Nameservers = Servers(host, wanted),
            Search = Domains(host, wanted),
            Options = wanted.Options.Count > 0 ? wanted.Options : host.Options,
        };
    }

    /// <summary>The file's text.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        if (Search.Count > 0) text.Append("search ").AppendJoin(' ', Search).Append('\n');
        foreach (string server in Nameservers) text.Append("nameserver ").Append(server).Append('\n');
        if (Options.Count > 0) text.Append("options ").AppendJoin(' ', Options).Append('\n');
        return text.ToString();
    }

    // With a name server of the network all others are asked by it, on the container's behalf.
    private static IReadOnlyList<string> Servers(ResolvConf host, ResolvConfWishes wanted)
    {
        if (wanted.NetworkServers.Count > 0) return wanted.NetworkServers;
        if (wanted.Servers.Count > 0) return wanted.Servers;
        if (wanted.SharesHostNetwork) return host.Nameservers;
        List<string> left = [];
        foreach (string server in host.Nameservers)
        {
            if (IsReachable(server, wanted.HasIPv6)) left.Add(server);
        }
        if (left.Count > 0) return left;
        // As Docker: a host that asks itself says nothing about who else could be asked.
        left.AddRange(wanted.FallbackServers);
        left.RemoveAll(server => !IsReachable(server, wanted.HasIPv6));
        return left;
    }

    private static List<string> Domains(ResolvConf host, ResolvConfWishes wanted)
    {
        List<string> domains = [];
        foreach (string domain in wanted.NetworkDomains) AddOnce(domains, domain);
        foreach (string domain in wanted.Search.Count > 0 ? wanted.Search : host.Search)
        {
            // --dns-search=. : none.
            if (domain != ".") AddOnce(domains, domain);
        }
        return domains;
    }

    private static void AddOnce(List<string> domains, string domain)
    {
        if (!domains.Contains(domain)) domains.Add(domain);
    }

    // Loopback is the container's own there, and so is an interface behind '%'.
    private static bool IsReachable(string server, bool hasIPv6)
    {
        if (server.Contains('%', StringComparison.Ordinal) || !IPAddress.TryParse(server, out IPAddress? address)) return false;
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any)) return false;
        return hasIPv6 || address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
    }
}

/// <summary>What is said about a container's resolv.conf besides the host's.</summary>
public sealed record ResolvConfWishes
{
    /// <summary>The name servers of its networks; where there are some, only they are asked.</summary>
    public IReadOnlyList<string> NetworkServers { get; init; } = [];

    /// <summary>Domains of its networks, searched first.</summary>
    public IReadOnlyList<string> NetworkDomains { get; init; } = [];

    /// <summary>--dns.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>--dns-search; <c>.</c> alone is none.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>--dns-option; replaces the host's.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Whether it can reach servers of IPv6.</summary>
    public bool HasIPv6 { get; init; } = true;

    /// <summary>Whether it has the host's network: the host's loopback is its own.</summary>
    public bool SharesHostNetwork { get; init; }

    /// <summary>Servers where the host's file names none that it can reach: Docker's choice.</summary>
    public IReadOnlyList<string> FallbackServers { get; init; } = ["8.8.8.8", "8.8.4.4", "2001:4860:4860::8888", "2001:4860:4860::8844"];
}
