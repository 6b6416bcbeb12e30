// --network, -p and what belongs to them: how a container is connected, in docker's and podman's words.
using System.Globalization;
using System.Net;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads connections.</summary>
internal static class ConnectionWords
{
    /// <summary>All that was said of networks, ports and names.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static ConnectionSpec Read(Invocation invocation)
    {
        List<NetworkWish> networks = Networks(invocation);
        List<PortRequest> ports = [];
        foreach (string text in invocation.All("publish")) ports.AddRange(PortRequest.Parse(text));
        List<string> servers = invocation.All("dns");
        bool leaves = servers.Contains("none");
        if (leaves && servers.Count > 1) throw new BerthException(Fault.InvalidArgument, "--dns none stands alone: /etc/resolv.conf is the image's");
        foreach (string server in servers)
        {
            if (!leaves && !IPAddress.TryParse(server, out _)) throw Quantities.Wrong("dns", "an address", server);
        }
        return new ConnectionSpec
        {
            Networks = networks,
            Ports = ports,
            Exposed = Exposed(invocation.All("expose")),
            PublishesAll = invocation.Has("publish-all"),
            NameServers = leaves ? [] : servers,
            NameSearch = invocation.All("dns-search"),
            NameOptions = [.. invocation.All("dns-option"), .. invocation.All("dns-opt")],
            Hosts = Hosts(invocation.All("add-host")),
            Links = invocation.All("link"),
            LeavesHosts = invocation.Has("no-hosts"),
            LeavesHostName = invocation.Has("no-hostname"),
            LeavesResolvConf = leaves,
            HostsFile = invocation.Find("hosts-file"),
        };
    }

    private static List<NetworkWish> Networks(Invocation invocation)
    {
        List<NetworkWish> networks = [];
        foreach (string text in invocation.All("network")) networks.Add(Network(text));
        foreach (string text in invocation.All("net")) networks.Add(Network(text));
        foreach (NetworkWish network in networks)
        {
            if (networks.Count > 1 && IsAlone(network.Network)) throw new BerthException(Fault.InvalidArgument, $"--network {network.Network} stands alone, and {networks.Count} are said");
            if (networks.FindAll(other => other.Network == network.Network).Count > 1) throw new BerthException(Fault.InvalidArgument, $"network {network.Network} is said twice");
        }
        return WithOwn(networks, invocation);
    }

    // What stands beside the networks is of the first one.
    private static List<NetworkWish> WithOwn(List<NetworkWish> networks, Invocation invocation)
    {
        List<string> aliases = [.. invocation.All("network-alias"), .. invocation.All("net-alias")], addresses = [];
        if (invocation.Find("ip") is { } ip) addresses.Add(Address(ip, "ip", isSix: false));
        if (invocation.Find("ip6") is { } ip6) addresses.Add(Address(ip6, "ip6", isSix: true));
        string? hardware = invocation.Find("mac-address") is { } mac ? Hardware(mac, "mac-address") : null;
        if (aliases.Count == 0 && addresses.Count == 0 && hardware is null) return networks;
        string what = addresses.Count > 0 ? "--ip" : hardware is not null ? "--mac-address" : "--network-alias";
        if (networks.Count > 0 && IsAlone(networks[0].Network)) throw new BerthException(Fault.InvalidArgument, $"{what} is for networks, and the container is connected with --network {networks[0].Network}");
        NetworkWish first = networks.Count > 0 ? networks[0] : new NetworkWish { Network = "bridge" };
        if (addresses.Count > 0 && first.Addresses.Count > 0) throw new BerthException(Fault.InvalidArgument, $"network {first.Network} has its address said twice: with --network and with --ip");
        if (hardware is not null && first.HardwareAddress is not null) throw new BerthException(Fault.InvalidArgument, $"network {first.Network} has its hardware address said twice: with --network and with --mac-address");
        first = first with { Addresses = addresses.Count > 0 ? addresses : first.Addresses, HardwareAddress = hardware ?? first.HardwareAddress, Aliases = [.. first.Aliases, .. aliases] };
        if (networks.Count == 0) networks.Add(first);
        else networks[0] = first;
        return networks;
    }

    /// <summary>One --network: a name, <c>name:ip=...,alias=...</c>, or docker's <c>name=...,alias=...</c>.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static NetworkWish Network(string text)
    {
        if (text.Length == 0) throw Wrong(text, "it is empty");
        if (text == "default") return new NetworkWish { Network = "bridge" };
        if (IsAlone(text)) return new NetworkWish { Network = text };
        int colon = text.IndexOf(':', StringComparison.Ordinal), equals = text.IndexOf('=', StringComparison.Ordinal);
        bool isLong = equals > 0 && (colon < 0 || equals < colon);
        if (!isLong && colon < 0) return new NetworkWish { Network = text };
        NetworkWish wish = new() { Network = isLong ? "" : text[..colon] };
        List<string> addresses = [], aliases = [];
        Dictionary<string, string> options = [];
        foreach (string field in Fields.Split(isLong ? text : text[(colon + 1)..], "network"))
        {
            (string name, string? value) = Fields.Pair(field);
            if (value is not { Length: > 0 }) throw Wrong(text, $"'{field}' has no value");
            switch (name)
            {
                case "name" when isLong: wish = wish with { Network = value == "default" ? "bridge" : value }; break;
                case "ip" or "ip6": addresses.Add(Address(value, $"network {name}", name == "ip6" || value.Contains(':', StringComparison.Ordinal))); break;
                case "mac" or "mac-address": wish = wish with { HardwareAddress = Hardware(value, "network mac") }; break;
                case "alias": aliases.Add(value); break;
                case "interface_name": wish = wish with { InterfaceName = value }; break;
                case "driver-opt":
                    (string option, string? setting) = Fields.Pair(value);
                    options[option] = setting ?? throw Wrong(text, $"driver-opt is NAME=VALUE, not '{value}'");
                    break;
                case "gw-priority" or "gw_priority": wish = wish with { GatewayPriority = (int)Quantities.Whole(value, "network gw-priority") }; break;
                case "link-local-ip": throw Wrong(text, "link-local-ip is not supported: addresses are of the network's subnets");
                // podman's, of a bridge of its own for an interface of the host.
                case "host_interface_name": options[name] = value; break;
                default: throw Wrong(text, $"there is no field '{name}'");
            }
        }
        if (wish.Network.Length == 0) throw Wrong(text, "name is missing");
        if (IsAlone(wish.Network)) throw Wrong(text, $"{wish.Network} has no options");
        return wish with { Addresses = addresses, Aliases = aliases, Options = options };
    }

    private static bool IsAlone(string network) => network is "none" or "host" or "private" or "pod" or "pasta" or "slirp4netns"
        || network.StartsWith("container:", StringComparison.Ordinal) || network.StartsWith("ns:", StringComparison.Ordinal) || network.StartsWith("pasta:", StringComparison.Ordinal) || network.StartsWith("slirp4netns:", StringComparison.Ordinal);

    /// <summary>--expose: ports and ranges of them.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static List<string> Exposed(IEnumerable<string> texts)
    {
        List<string> ports = [];
        foreach (string text in texts)
        {
            int slash = text.IndexOf('/', StringComparison.Ordinal);
            string protocol = slash < 0 ? "tcp" : text[(slash + 1)..].ToLowerInvariant(), range = slash < 0 ? text : text[..slash];
            int dash = range.IndexOf('-', StringComparison.Ordinal);
            bool isRead = ushort.TryParse(dash < 0 ? range : range[..dash], NumberStyles.None, CultureInfo.InvariantCulture, out ushort first) & ushort.TryParse(dash < 0 ? range : range[(dash + 1)..], NumberStyles.None, CultureInfo.InvariantCulture, out ushort last);
            if (!isRead || first == 0 || last < first || protocol is not ("tcp" or "udp" or "sctp")) throw Quantities.Wrong("expose", "PORT[-PORT][/tcp|udp|sctp]", text);
            for (int port = first; port <= last; port++) ports.Add(string.Create(CultureInfo.InvariantCulture, $"{port}/{protocol}"));
        }
        return ports;
    }

    // NAME:ADDRESS, docker's NAME=ADDRESS, podman's NAME;NAME:ADDRESS.
    private static List<string> Hosts(IEnumerable<string> texts)
    {
        List<string> hosts = [];
        foreach (string text in texts)
        {
            int at = text.IndexOfAny([':', '=']);
            string address = at < 0 ? "" : text[(at + 1)..].Trim('[', ']');
            if (at <= 0 || (address != "host-gateway" && !IPAddress.TryParse(address, out _))) throw Quantities.Wrong("add-host", "NAME:ADDRESS", text);
            foreach (string name in text[..at].Split([';', ','], StringSplitOptions.RemoveEmptyEntries)) hosts.Add($"{name}:{address}");
        }
        return hosts;
    }

    private static string Address(string text, string option, bool isSix) =>
        IPAddress.TryParse(text, out IPAddress? address) && isSix == (address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6) && (isSix || text.AsSpan().Count('.') == 3) ? address.ToString()
        : throw Quantities.Wrong(option, isSix ? "an address of IPv6" : "an address of IPv4", text);

    private static string Hardware(string text, string option)
    {
        string[] parts = text.Split(':', '-');
        bool isOne = parts.Length == 6;
        foreach (string part in parts) isOne &= part.Length == 2 && char.IsAsciiHexDigit(part[0]) && char.IsAsciiHexDigit(part[1]);
        return isOne ? string.Join(':', parts).ToLowerInvariant() : throw Quantities.Wrong(option, "a hardware address such as 02:42:ac:11:00:02", text);
    }

    private static BerthException Wrong(string text, string why) => new(Fault.InvalidArgument, $"cannot read --network '{text}': {why}", "write NAME, NAME:ip=10.5.0.9,alias=web,mac=02:00:00:00:00:01, or name=NAME,ip=10.5.0.9");
}
