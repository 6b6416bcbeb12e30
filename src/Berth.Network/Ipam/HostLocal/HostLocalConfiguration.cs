// What host-local is told: ranges, where leases are kept, and which addresses were asked for.
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.HostLocal;

/// <summary>ipam of the configuration, with what CNI_ARGS, args and runtimeConfig add to it.</summary>
internal sealed class HostLocalConfiguration
{
    /// <summary>The reference's.</summary>
    public const string StandardFolder = "/var/lib/cni/networks";

    public HostLocalConfiguration(PluginCall call, string standard)
    {
        PluginConfiguration whole = call.Configuration;
        PluginConfiguration ipam = whole.Ipam ?? throw CniException.Failed("IPAM config missing 'ipam' key");
        Folder = $"{(ipam.Text("dataDir") is { Length: > 0 } folder ? folder : standard)}/{whole.NetworkName}";
        ResolvConf = ipam.Text("resolvConf") ?? "";
        Routes = ResultReader.Routes(ipam);
        Requested = ReadRequested(call);
        Ranges = ReadRanges(whole, ipam);
        RefuseTwins(whole.CniVersion);
    }

    /// <summary>The folder of the network's leases.</summary>
    public string Folder { get; }

    /// <summary>A resolv.conf whose content goes into the result; or empty.</summary>
    public string ResolvConf { get; }

    public IReadOnlyList<CniRoute> Routes { get; }

    /// <summary>One address is taken from each.</summary>
    public IReadOnlyList<RangeSet> Ranges { get; }

    /// <summary>Addresses asked for; each must be in one of the sets.</summary>
    public IReadOnlyList<IPAddress> Requested { get; }

    private static List<IPAddress> ReadRequested(PluginCall call)
    {
        call.RefuseUnknownArguments("IP");
        List<IPAddress> requested = [];
        if (call.Argument("IP") is { Length: > 0 } one) Request(requested, one);
        foreach (string text in call.Configuration.Args?.Texts("ips") ?? []) Request(requested, text);
        foreach (string text in call.Configuration.RuntimeConfig?.Texts("ips") ?? []) Request(requested, text);
        return requested;
    }

    private static void Request(List<IPAddress> requested, string text)
    {
        IPAddress? address = text.Contains('/', StringComparison.Ordinal) ? (IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix.Address : null) : AddressText.TryParse(text);
        if (address is null) throw CniException.Failed($"invalid IP address {text}");
        if (!requested.Contains(address)) requested.Add(address);
    }

    /// <summary>runtimeConfig.ipRanges first, then the one range of old configurations, then ranges.</summary>
    private static List<RangeSet> ReadRanges(PluginConfiguration whole, PluginConfiguration ipam)
    {
        List<RangeSet> sets = [];
        foreach (JsonElement set in whole.RuntimeConfig?.Elements("ipRanges") ?? []) AddSet(sets, Objects(set));
        if (ipam.Text("subnet") is { Length: > 0 }) AddSet(sets, [ipam]);
        foreach (JsonElement set in ipam.Elements("ranges")) AddSet(sets, Objects(set));
        if (sets.Count == 0) throw CniException.Failed("no IP ranges specified");
        return sets;
    }

    private static void AddSet(List<RangeSet> sets, IReadOnlyList<PluginConfiguration> ranges)
    {
        try
        {
            sets.Add(new RangeSet(ranges));
        }
        catch (CniException e)
        {
            throw new CniException(e.Code, $"invalid range set {sets.Count}: {e.Message}", e.Details, e);
        }
    }

    private static List<PluginConfiguration> Objects(JsonElement set)
    {
        List<PluginConfiguration> ranges = [];
        if (set.ValueKind == JsonValueKind.Null) return ranges;
        if (set.ValueKind != JsonValueKind.Array) throw new CniException(CniCode.Decoding, "cannot read ranges: a list of lists is wanted");
        foreach (JsonElement range in set.EnumerateArray()) ranges.Add(new PluginConfiguration(range));
        return ranges;
    }

    private void RefuseTwins(string version)
    {
        int four = 0;
        for (int i = 0; i < Ranges.Count; i++)
        {
            if (Ranges[i].Family == AddressFamily.InterNetwork) four++;
            for (int j = i + 1; j < Ranges.Count; j++)
            {
                if (Ranges[i].Overlaps(Ranges[j])) throw CniException.Failed($"range set {i} overlaps with {j}");
            }
        }
        if ((four > 1 || Ranges.Count - four > 1) && !CniVersions.AtLeast(version, "0.3.0"))
        {
            throw CniException.Failed($"CNI version {version} does not support more than 1 address per family");
        }
    }
}
