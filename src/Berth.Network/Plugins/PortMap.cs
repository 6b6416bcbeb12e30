// Plugin portmap: ports of the host lead to the container.
using System.Net;
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Firewall;

namespace Berth.Network.Plugins;

internal sealed class PortMap : IPlugin
{
    private sealed record Addresses(IpPrefix? Four, IpPrefix? Six);

    public CniResult Add(PluginCall call)
    {
        List<PublishedPort> ports = ReadPorts(call.Configuration);
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("portmap must follow another plugin of a list: prevResult is missing");
        RefuseForeign(call.Configuration);
        if (ports.Count == 0) return previous;
        RuleOwner owner = call.Owner;
        Addresses addresses = AddressesOf(previous, call.InterfaceName);
        bool snat = call.Configuration.OptionalFlag("snat") ?? true;
        using RouteNetlink links = RouteNetlink.Open();
        foreach (IpPrefix? address in (ReadOnlySpan<IpPrefix?>)[addresses.Four, addresses.Six])
        {
            if (address is not { } its) continue;
            if (IsRouted(call, its))
            {
                call.Rules.Open(owner, its.Address, ports);
                continue;
            }
            call.Rules.Publish(owner, its.Address, ports);
            if (call.Configuration.Flag("masqAll")) call.Rules.MasqueradePublished(owner, its.Address);
            if (snat && HostInterface(links, its.Address) is { } link)
            {
                call.Rules.AllowHairpin(owner, its.Address, link.Name);
                // So that packets from 127.0.0.1 may leave through it; whoever else would come to 127.0.0.1 by it is dropped.
                if (its.Is4) HostNetwork.Set($"/proc/sys/net/ipv4/conf/{link.Name}/route_localnet", "1", "published ports cannot be reached at 127.0.0.1");
                else LoopbackRoute.Ensure(links, link);
            }
        }
        if (call.Configuration.Text("backend") is not "nftables" && HostNetwork.HasIptables) call.Rules.Mark(ChainName.Published(owner.Network, owner.ContainerId));
        if (ports.Exists(static p => p.ProtocolNumber == 17)) call.Rules.WhenDone(() => ForgetStale(ports, addresses));
        return previous;
    }

    private static NetworkLink? HostInterface(RouteNetlink links, IPAddress address) =>
        links.RouteTo(address) is { Link: > 0 } route && links.Find(route.Link) is { IsLoopback: false } link ? link : null;

    // Fields of ours, berth.routed4 and berth.routed6: the container is reached at its own address, and the host has no port for it.
    private static bool IsRouted(PluginCall call, IpPrefix address) => call.Configuration.Object("berth")?.Flag(address.Is4 ? "routed4" : "routed6") == true;

    // A client that goes on sending to a port keeps its old way, as long as the kernel remembers it.
    private static void ForgetStale(List<PublishedPort> ports, Addresses addresses)
    {
        try
        {
            using Conntrack conntrack = Conntrack.Open();
            foreach (bool six in (ReadOnlySpan<bool>)[false, true])
            {
                if ((six ? addresses.Six : addresses.Four) is not { } container) continue;
                foreach (TrackedConnection connection in conntrack.List(six))
                {
                    if (connection.Protocol == 17 && !connection.ReplySource.Equals(container.Address) && ports.Exists(p => p.ProtocolNumber == 17 && p.HostPort == connection.DestinationPort)) conntrack.Forget(connection);
                }
            }
        }
        // The port works for everybody else.
        catch (LinuxException)
        {
        }
    }

    /// <summary>runtimeConfig.portMappings.</summary>
    /// <exception cref="CniException">One of them is wrong.</exception>
    internal static List<PublishedPort> ReadPorts(PluginConfiguration configuration)
    {
        List<PublishedPort> ports = [];
        foreach (PluginConfiguration entry in configuration.RuntimeConfig?.Objects("portMappings") ?? [])
        {
            string protocol = (entry.Text("protocol") is { Length: > 0 } said ? said : "tcp").ToLowerInvariant();
            IPAddress? host = null;
            if (entry.Text("hostIP") is { Length: > 0 } text && !IPAddress.TryParse(text, out host)) throw CniException.Wrong($"portMappings has the host address {text}, which is none");
            PublishedPort port = new(Port(entry, "hostPort"), Port(entry, "containerPort"), protocol, host is { IsIPv4MappedToIPv6: true } ? host.MapToIPv4() : host);
            if (port.ProtocolNumber == 0) throw CniException.Wrong($"portMappings has the protocol {protocol}", "tcp, udp and sctp have ports");
            ports.Add(port);
        }
        return ports;
    }

    private static ushort Port(PluginConfiguration entry, string name) =>
        entry.Number(name) is > 0 and < 65536 and { } number ? (ushort)number : throw CniException.Wrong($"portMappings has {name} {entry.Number(name)?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "missing"}, and must be 1 to 65535");

    private static void RefuseForeign(PluginConfiguration configuration)
    {
        if (configuration.Text("backend") is { Length: > 0 } and not ("iptables" or "nftables") and { } other) throw CniException.Wrong($"backend {other} is not known", "iptables and nftables are: rules are nftables' in both cases");
        foreach (string name in (ReadOnlySpan<string>)["conditionsV4", "conditionsV6"])
        {
            if (configuration.Texts(name).Count > 0) throw new CniException(CniCode.UnsupportedField, $"{name} is not supported", "published ports are elements of a map, found by address and port; say hostIP in portMappings instead");
        }
        if (configuration.Text("externalSetMarkChain") is { Length: > 0 }) throw new CniException(CniCode.UnsupportedField, "externalSetMarkChain is not supported", "nothing is marked: what needs it is masqueraded at once");
    }

    // The first address of each version that the container's interface has.
    private static Addresses AddressesOf(CniResult result, string name)
    {
        IpPrefix? four = null, six = null;
        foreach (CniAddress address in result.Addresses)
        {
            if (address.Interface is { } index && index >= 0 && index < result.Interfaces.Count && (result.Interfaces[index].Name != name || result.Interfaces[index].Sandbox.Length == 0)) continue;
            if (address.Address.Is4) four ??= address.Address;
            else six ??= address.Address;
        }
        return new Addresses(four, six);
    }

    public void Delete(PluginCall call)
    {
        RuleOwner owner = call.Owner;
        call.Rules.Release(owner);
        call.Rules.Unmark(ChainName.Published(owner.Network, owner.ContainerId));
    }

    public void Check(PluginCall call)
    {
        List<PublishedPort> ports = ReadPorts(call.Configuration);
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("prevResult is missing");
        if (ports.Count == 0) return;
        Addresses addresses = AddressesOf(previous, call.InterfaceName);
        RuleChanges wanted = new();
        foreach (IpPrefix? address in (ReadOnlySpan<IpPrefix?>)[addresses.Four, addresses.Six])
        {
            if (address is not { } its) continue;
            if (IsRouted(call, its)) wanted.Open(call.Owner, its.Address, ports);
            else wanted.Publish(call.Owner, its.Address, ports);
        }
        if (wanted.FirstMissing() is { } missing) throw CniException.Failed($"port {missing} of container {call.ContainerId} is not published any more", null);
    }

    public void Collect(PluginCall call) => call.Rules.Keep(call.Configuration.NetworkName, call.Valid);

    public void Status(PluginCall call)
    {
        try
        {
            using Nftables nft = Nftables.Open();
            nft.Has(new NftTable(NftFamily.Inet, "berth"));
        }
        catch (LinuxException e)
        {
            throw new CniException(CniCode.NotAvailable, $"ports cannot be published: {e.Message}", "the kernel needs nf_tables, and this process CAP_NET_ADMIN", e);
        }
    }
}
