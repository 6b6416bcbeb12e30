// The plugin static: the addresses that it is told, and nothing is kept.
using System.Net;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.Static;

/// <summary>Answers with what its configuration, CNI_ARGS, args or runtimeConfig say.</summary>
internal sealed class StaticPlugin : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        PluginConfiguration ipam = Ipam(call);
        return new CniResult { Addresses = Addresses(call, ipam), Routes = ResultReader.Routes(ipam), Dns = ResultReader.Dns(ipam) };
    }

    public void Delete(PluginCall call)
    {
    }

    public void Check(PluginCall call)
    {
        List<CniAddress> addresses = Addresses(call, Ipam(call));
        CniResult previous = call.PreviousResult ?? throw CniException.Failed("Required prevResult missing");
        foreach (CniAddress mine in addresses)
        {
            foreach (CniAddress theirs in previous.Addresses)
            {
                if (!mine.Address.Address.Equals(theirs.Address.Address)) continue;
                if (mine.Gateway is null || mine.Gateway.Equals(theirs.Gateway)) break;
                throw CniException.Failed($"static: Failed to match addr {AddressText.Of(theirs.Address.Address)} on interface {call.InterfaceName}");
            }
        }
    }

    public void Collect(PluginCall call)
    {
    }

    public void Status(PluginCall call) => Addresses(call, Ipam(call));

    private static PluginConfiguration Ipam(PluginCall call) => call.Configuration.Ipam ?? throw CniException.Failed("IPAM config missing 'ipam' key");

    private static List<CniAddress> Addresses(PluginCall call, PluginConfiguration ipam)
    {
        call.RefuseUnknownArguments("IP", "GATEWAY");
        List<CniAddress> addresses = Configured(ipam);
        AddArguments(call, addresses);
        // These two replace what was said before, the runtime's last.
        List<string> asked = call.Configuration.Args?.Texts("ips") ?? [];
        if (call.Configuration.RuntimeConfig?.Texts("ips") is { Count: > 0 } capability) asked = capability;
        if (asked.Count > 0) addresses = asked.ConvertAll(static text => new CniAddress { Address = Cidr(text, "an entry in the 'ips' field is NOT in CIDR notation") });
        int four = addresses.FindAll(static one => one.Address.Is4).Count;
        if ((four > 1 || addresses.Count - four > 1) && !CniVersions.AtLeast(call.Configuration.CniVersion, "0.3.0"))
        {
            throw CniException.Failed($"CNI version {call.Configuration.CniVersion} does not support more than 1 address per family");
        }
        return addresses;
    }

    private static List<CniAddress> Configured(PluginConfiguration ipam)
    {
        List<CniAddress> addresses = [];
        foreach (PluginConfiguration one in ipam.Objects("addresses"))
        {
            addresses.Add(new CniAddress
            {
                Address = Cidr(one.Text("address") ?? "", "the 'address' field is expected to be in CIDR notation"),
                Gateway = ResultReader.Address(one, "gateway"),
            });
        }
        return addresses;
    }

    private static void AddArguments(PluginCall call, List<CniAddress> addresses)
    {
        foreach (string text in Items(call.Argument("IP"))) addresses.Add(new CniAddress { Address = Cidr(text, "the 'ip' field is expected to be in CIDR notation") });
        foreach (string text in Items(call.Argument("GATEWAY")))
        {
            IPAddress gateway = AddressText.TryParse(text) ?? throw CniException.Failed($"invalid gateway address: {text}");
            for (int i = 0; i < addresses.Count; i++)
            {
                if (addresses[i].Address.Contains(gateway)) addresses[i] = addresses[i] with { Gateway = gateway };
            }
        }
    }

    private static string[] Items(string? list) => string.IsNullOrEmpty(list) ? [] : list.Split(',', StringSplitOptions.TrimEntries);

    private static IpPrefix Cidr(string text, string complaint) =>
        IpPrefix.TryParse(text, out IpPrefix prefix) ? prefix : throw CniException.Failed($"{complaint}, got: '{text}'");
}
