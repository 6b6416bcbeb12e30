// Reads results of every version of the specification into the newest form.
using System.Net;
using System.Text.Json;

namespace Berth.Network.Contract;

/// <summary>Reads results, and the parts of them that configurations have too.</summary>
internal static class ResultReader
{
    public static CniResult Read(JsonElement json, string assumed)
    {
        if (json.ValueKind == JsonValueKind.Null) return new CniResult();
        PluginConfiguration result = new(json);
        if (json.ValueKind != JsonValueKind.Object) throw new CniException(CniCode.Decoding, "cannot read a plugin's result: it is no object");
        string version = result.Text("cniVersion") is { Length: > 0 } said ? said : assumed;
        if (!CniVersions.Speaks(version)) throw new CniException(CniCode.Decoding, $"cannot read a plugin's result: version {version} is not known");
        if (version is "0.1.0" or "0.2.0") return ReadFamilies(result);
        List<CniInterface> interfaces = [];
        foreach (PluginConfiguration one in result.Objects("interfaces")) interfaces.Add(ReadInterface(one));
        List<CniAddress> addresses = [];
        foreach (PluginConfiguration one in result.Objects("ips")) addresses.Add(ReadAddress(one));
        return new CniResult { Interfaces = interfaces, Addresses = addresses, Routes = Routes(result), Dns = Dns(result) };
    }

    /// <summary>routes of a result or of a configuration.</summary>
    public static List<CniRoute> Routes(PluginConfiguration from)
    {
        List<CniRoute> routes = [];
        foreach (PluginConfiguration one in from.Objects("routes"))
        {
            routes.Add(new CniRoute
            {
                Destination = Prefix(one, "dst"),
                Gateway = Address(one, "gw"),
                Mtu = Whole(one, "mtu") ?? 0,
                AdvertisedMss = Whole(one, "advmss") ?? 0,
                Priority = Whole(one, "priority") ?? 0,
                Table = Whole(one, "table"),
                Scope = Whole(one, "scope"),
            });
        }
        return routes;
    }

    /// <summary>dns of a result or of a configuration.</summary>
    public static CniDns Dns(PluginConfiguration from) => from.Object("dns") is not { } dns ? CniDns.None : new CniDns
    {
        Nameservers = dns.Texts("nameservers"),
        Domain = dns.Text("domain") ?? "",
        Search = dns.Texts("search"),
        Options = dns.Texts("options"),
    };

    /// <summary>An address, or null when it is not there or empty.</summary>
    public static IPAddress? Address(PluginConfiguration from, string name)
    {
        if (from.Text(name) is not { Length: > 0 } text) return null;
        return AddressText.TryParse(text) ?? throw new CniException(CniCode.Decoding, $"cannot read {name}: \"{text}\" is no IP address");
    }

    /// <summary>A network or an address with the length of its prefix.</summary>
    public static IpPrefix Prefix(PluginConfiguration from, string name)
    {
        string text = from.Text(name) ?? throw new CniException(CniCode.Decoding, $"cannot read {name}: it is not there");
        return IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix : throw new CniException(CniCode.Decoding, $"cannot read {name}: \"{text}\" is no address with a prefix (CIDR)");
    }

    private static CniInterface ReadInterface(PluginConfiguration one) => new()
    {
        Name = one.Text("name") ?? "",
        Mac = one.Text("mac") ?? "",
        Mtu = Whole(one, "mtu") ?? 0,
        Sandbox = one.Text("sandbox") ?? "",
        SocketPath = one.Text("socketPath") ?? "",
        PciId = one.Text("pciID") ?? "",
    };

    private static CniAddress ReadAddress(PluginConfiguration one) => new()
    {
        Address = Prefix(one, "address"),
        Gateway = Address(one, "gateway"),
        Interface = Whole(one, "interface"),
    };

    private static CniResult ReadFamilies(PluginConfiguration result)
    {
        List<CniAddress> addresses = [];
        List<CniRoute> routes = [];
        if (result.Object("ip4") is { } four) ReadFamily(four, addresses, routes);
        if (result.Object("ip6") is { } six) ReadFamily(six, addresses, routes);
        return new CniResult { Addresses = addresses, Routes = routes, Dns = Dns(result) };
    }

    private static void ReadFamily(PluginConfiguration family, List<CniAddress> addresses, List<CniRoute> routes)
    {
        addresses.Add(new CniAddress { Address = Prefix(family, "ip"), Gateway = Address(family, "gateway") });
        routes.AddRange(Routes(family));
    }

    private static int? Whole(PluginConfiguration from, string name) => from.Number(name) switch
    {
        null => null,
        >= int.MinValue and <= int.MaxValue and { } number => (int)number,
        { } number => throw new CniException(CniCode.Decoding, $"cannot read {name}: {number} is too large"),
    };
}
