// A network in the words of CNI: the list of plugins that attach a container to it.
using System.Globalization;
using System.Net;
using Berth.Network.Contract;
using Berth.Network.Lists;
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Engine.Networks;

/// <summary>Writes network configuration lists.</summary>
internal static class NetworkConfiguration
{
    private const string Sysctls = "com.docker.network.endpoint.sysctls";

    /// <summary>The list for one attachment, which may want more than others.</summary>
    /// <param name="network">The network.</param>
    /// <param name="spec">The attachment.</param>
    /// <param name="places">Where leases are.</param>
    public static NetworkList Of(NetworkRecord network, AttachmentSpec spec, NetworkPlaces places)
    {
        NetworkSettings settings = NetworkSettings.Of(network.Spec);
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteString("cniVersion", CniVersions.Current);
        json.WriteString("name", network.Name);
        json.WriteStartArray("plugins");
        json.WriteStartObject();
        json.WriteString("type", network.Driver);
        if (network.Driver == "bridge") WriteBridge(json, network, settings);
        else WriteOnParent(json, network, settings);
        RecordJson.Number(json, "mtu", settings.Mtu == 0 && network.Driver == "bridge" && !settings.IsUnmanaged ? places.UsualMtu() : settings.Mtu);
        WriteCapabilities(json, "mac", "ips");
        WriteAddresses(json, network, spec, places);
        json.WriteEndObject();
        WriteOthers(json, network, spec);
        json.WriteEndArray();
        json.WriteEndObject();
        return NetworkList.Parse(json.ToArray());
    }

    /// <summary>How a bridge is shut off.</summary>
    public static List<string> Policy(NetworkRecord network, NetworkSettings settings)
    {
        List<string> policy = [];
        if (settings.IsUnmanaged) return policy;
        if (network.Spec.IsInternal) policy.Add("internal");
        if (settings.Isolated) policy.Add("isolated");
        if (!settings.Open) policy.Add("alone");
        if (settings.Guarded4) policy.Add("guarded4");
        if (settings.Guarded6) policy.Add("guarded6");
        if (settings.Routed4) policy.Add("routed4");
        if (settings.Routed6) policy.Add("routed6");
        policy.Add("published");
        return policy;
    }

    private static void WriteBridge(JsonWriter json, NetworkRecord network, NetworkSettings settings)
    {
        json.WriteString("bridge", network.Interface);
        bool managed = !settings.IsUnmanaged;
        json.WriteBoolean("isGateway", managed && settings.HasGateway && network.Subnets.Count > 0);
        json.WriteBoolean("ipMasq", managed && !network.Spec.IsInternal && (settings.Masquerade4 || settings.Masquerade6));
        RecordJson.Flag(json, "portIsolation", !settings.Open);
        RecordJson.Number(json, "vlan", settings.Vlan);
        json.WriteStartObject("berth");
        json.WriteStartArray("policy");
        foreach (string word in Policy(network, settings)) json.WriteStringValue(word);
        json.WriteEndArray();
        json.WriteString("alias", EngineNetworks.AliasOf(network.Name));
        if (!settings.Masquerade4) json.WriteBoolean("routed4", true);
        if (!settings.Masquerade6) json.WriteBoolean("routed6", true);
        json.WriteEndObject();
    }

    private static void WriteOnParent(JsonWriter json, NetworkRecord network, NetworkSettings settings)
    {
        json.WriteString("master", network.Interface);
        RecordJson.Text(json, "mode", settings.Mode);
    }

    private static void WriteCapabilities(JsonWriter json, params ReadOnlySpan<string> names)
    {
        json.WriteStartObject("capabilities");
        foreach (string name in names) json.WriteBoolean(name, true);
        json.WriteEndObject();
    }

    private static void WriteAddresses(JsonWriter json, NetworkRecord network, AttachmentSpec spec, NetworkPlaces places)
    {
        if (network.Subnets.Count == 0)
        {
            if (network.HasDhcp) WriteDhcp(json, network, places);
            return;
        }
        json.WriteStartObject("ipam");
        json.WriteString("type", "host-local");
        json.WriteString("dataDir", places.Leases);
        json.WriteStartArray("ranges");
        foreach (SubnetSpec subnet in network.Subnets) WriteRanges(json, subnet, Asked(subnet, spec));
        json.WriteEndArray();
        if (network.Spec.Routes.Count > 0)
        {
            json.WriteStartArray("routes");
            foreach (StaticRoute route in network.Spec.Routes) WriteRoute(json, route);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }

    // Name servers, the domain and the domains to search in are asked for besides address and gateway.
    private static void WriteDhcp(JsonWriter json, NetworkRecord network, NetworkPlaces places)
    {
        json.WriteStartObject("ipam");
        json.WriteString("type", "dhcp");
        json.WriteString("daemonSocketPath", places.DhcpSocket);
        json.WriteStartArray("request");
        foreach (string option in (ReadOnlySpan<string>)["6", "15", "119"])
        {
            json.WriteStartObject();
            json.WriteString("option", option);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("berth");
        json.WriteString("daemon", places.Services);
        if (!NetworkSettings.Of(network.Spec).HasDefaultRoute) json.WriteBoolean("noDefaultRoute", true);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static bool Asked(SubnetSpec subnet, AttachmentSpec spec)
    {
        foreach (IPAddress address in spec.Addresses)
        {
            if (subnet.Subnet.Contains(address)) return true;
        }
        return false;
    }

    // Addresses of others part the range into several; an address that was asked for may lie outside of the range.
    private static void WriteRanges(JsonWriter json, SubnetSpec subnet, bool whole)
    {
        IpPrefix prefix = SubnetChoice.Prefix(subnet.Subnet);
        List<IPAddress> others = [.. subnet.Others.Values];
        others.Sort(static (left, right) => left.GetAddressBytes().AsSpan().SequenceCompareTo(right.GetAddressBytes()));
        IPAddress start = (whole ? null : subnet.First) ?? IpPrefix.Next(prefix.Address);
        IPAddress end = (whole ? null : subnet.Last) ?? (prefix.Is4 ? SubnetChoice.Before(prefix.Last) : prefix.Last);
        json.WriteStartArray();
        foreach (IPAddress other in others)
        {
            if (Compare(other, start) < 0 || Compare(other, end) > 0) continue;
            if (Compare(other, start) > 0) WriteRange(json, subnet, start, SubnetChoice.Before(other));
            start = IpPrefix.Next(other);
        }
        if (Compare(start, end) <= 0) WriteRange(json, subnet, start, end);
        json.WriteEndArray();
    }

    private static int Compare(IPAddress left, IPAddress right) => left.GetAddressBytes().AsSpan().SequenceCompareTo(right.GetAddressBytes());

    private static void WriteRange(JsonWriter json, SubnetSpec subnet, IPAddress start, IPAddress end)
    {
        json.WriteStartObject();
        json.WriteString("subnet", subnet.Subnet.ToString());
        json.WriteString("gateway", subnet.Gateway!.ToString());
        json.WriteString("rangeStart", start.ToString());
        json.WriteString("rangeEnd", end.ToString());
        json.WriteEndObject();
    }

    private static void WriteRoute(JsonWriter json, StaticRoute route)
    {
        json.WriteStartObject();
        json.WriteString("dst", route.Destination.ToString());
        json.WriteString("gw", route.Gateway.ToString());
        RecordJson.Number(json, "priority", route.Metric);
        json.WriteEndObject();
    }

    private static void WriteOthers(JsonWriter json, NetworkRecord network, AttachmentSpec spec)
    {
        if (network.Driver == "bridge" && network.Subnets.Count > 0)
        {
            json.WriteStartObject();
            json.WriteString("type", "portmap");
            json.WriteBoolean("snat", true);
            WriteRouted(json, NetworkSettings.Of(network.Spec));
            WriteCapabilities(json, "portMappings");
            json.WriteEndObject();
            json.WriteStartObject();
            json.WriteString("type", "firewall");
            json.WriteEndObject();
        }
        if (spec.Options.TryGetValue(Sysctls, out string? sysctls)) WriteSysctls(json, sysctls);
        if (Rate(network, spec, "ingress_rate") is var ingress && Rate(network, spec, "egress_rate") is var egress && ingress + egress > 0)
        {
            json.WriteStartObject();
            json.WriteString("type", "bandwidth");
            RecordJson.Number(json, "ingressRate", ingress);
            RecordJson.Number(json, "ingressBurst", Burst(ingress));
            RecordJson.Number(json, "egressRate", egress);
            RecordJson.Number(json, "egressBurst", Burst(egress));
            json.WriteEndObject();
        }
    }

    private static void WriteRouted(JsonWriter json, NetworkSettings settings)
    {
        if (!settings.Routed4 && !settings.Routed6) return;
        json.WriteStartObject("berth");
        RecordJson.Flag(json, "routed4", settings.Routed4);
        RecordJson.Flag(json, "routed6", settings.Routed6);
        json.WriteEndObject();
    }

    // net.ipv4.conf.IFNAME.log_martians=1,…: IFNAME is the interface's name, as docker has it.
    private static void WriteSysctls(JsonWriter json, string sysctls)
    {
        json.WriteStartObject();
        json.WriteString("type", "tuning");
        json.WriteStartObject("sysctl");
        foreach (string one in sysctls.Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = one.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0) throw new BerthException(Fault.InvalidArgument, $"the option {Sysctls} has '{one}', and name=value is wanted");
            json.WriteString(one[..equals].Replace('.', '/'), one[(equals + 1)..]);
        }
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static long Rate(NetworkRecord network, AttachmentSpec spec, string name)
    {
        if (!spec.Options.TryGetValue(name, out string? text) && !network.Spec.Options.TryGetValue(name, out text)) return 0;
        long factor = text.Length == 0 ? 1 : char.ToLowerInvariant(text[^1]) switch { 'k' => 1_000, 'm' => 1_000_000, 'g' => 1_000_000_000, _ => 1 };
        return long.TryParse(factor > 1 ? text.AsSpan(0, text.Length - 1) : text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number is > 0 and < 1_000_000_000_000
            ? number * factor : throw new BerthException(Fault.InvalidArgument, $"the option {name} is bits in a second such as 100m, not '{text}'");
    }

    // A tenth of a second's, and what fits into four bytes.
    private static long Burst(long rate) => rate == 0 ? 0 : Math.Clamp(rate / 10, 16 * 1024 * 8, 4_000_000_000);
}
