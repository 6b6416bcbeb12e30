// Plugin bridge: containers are ports of a bridge of the host, which may be their gateway.
using System.Net;
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Firewall;

namespace Berth.Network.Plugins;

internal sealed class Bridge : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        BridgeConfiguration configuration = BridgeConfiguration.Read(call);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        using RouteNetlink links = RouteNetlink.Open();
        NetworkLink bridge = BridgeDevice.Ensure(links, configuration);
        NetworkLink? port = null;
        bool leased = false;
        try
        {
            port = HostNetwork.MakePair(links, sandbox, call.InterfaceName, configuration.Mtu, configuration.Mac, bridge.Index, up: true);
            BridgeDevice.SetUpPort(links, port, configuration);
            NetworkLink inside = sandbox.Find(call.InterfaceName);
            CniResult result = new()
            {
                Interfaces = [Named(bridge, ""), Named(port, ""), Named(inside, sandbox.Path)],
            };
            if (configuration.CheckMac) call.Rules.CheckHardwareAddress(call.Owner, port.Name, inside.HardwareAddress);
            if (configuration.HasIpam)
            {
                CniResult given = IpamPlugin.Add(call);
                leased = true;
                result = WithAddresses(result, given, configuration);
                BeforeItIsUp(sandbox, call.InterfaceName, configuration);
                sandbox.Configure(inside, result, configuration.DetectDuplicates);
                result = SetUpGateways(links, bridge, result, configuration);
                HostNetwork.Masquerade(call, result with { Addresses = Masqueraded(result, configuration) });
            }
            else if (!configuration.DisableContainerInterface)
            {
                sandbox.Links.SetUp(inside, up: true);
            }
            if (configuration.Policy is { } policy) call.Rules.Isolate(call.Configuration.NetworkName, bridge.Name, policy);
            if (!configuration.DisableContainerInterface) AwaitCarrier(links, port);
            return result with { Dns = HostNetwork.DnsOf(call, result.Dns) };
        }
        catch (Exception e)
        {
            if (leased && IpamPlugin.NeedsInterface(call)) IpamPlugin.Delete(call);
            if (port is not null) links.Remove(port);
            if (leased && !IpamPlugin.NeedsInterface(call)) IpamPlugin.Delete(call);
            if (e is LinuxException linux) throw CniException.Failed($"cannot attach container {call.ContainerId} to bridge {bridge.Name}: {linux.Message}", linux);
            throw;
        }
    }

    private static List<CniAddress> Masqueraded(CniResult result, BridgeConfiguration configuration)
    {
        List<CniAddress> addresses = [];
        foreach (CniAddress address in result.Addresses)
        {
            if (!(address.Address.Is4 ? configuration.Routed4 : configuration.Routed6)) addresses.Add(address);
        }
        return addresses;
    }

    private static CniInterface Named(NetworkLink link, string sandbox) => new() { Name = link.Name, Mac = link.Mac, Sandbox = sandbox };

    // The gateway of each address is the network's first one where nobody said another; with isDefaultGateway it gets the default route.
    private static CniResult WithAddresses(CniResult result, CniResult given, BridgeConfiguration configuration)
    {
        if (given.Addresses.Count == 0) throw CniException.Failed("the address plugin gave no address");
        List<CniAddress> addresses = [];
        List<CniRoute> routes = [.. given.Routes];
        foreach (CniAddress address in given.Addresses)
        {
            IPAddress? gateway = address.Gateway ?? (configuration.IsGateway ? IpPrefix.Next(address.Address.Network.Address) : null);
            addresses.Add(address with { Gateway = gateway, Interface = 2 });
            if (configuration.IsDefaultGateway && !routes.Exists(r => r.Destination.IsDefault && r.Destination.Is4 == address.Address.Is4 && r.Gateway is not null))
            {
                routes.Add(new CniRoute { Destination = new IpPrefix(address.Address.Is4 ? IPAddress.Any : IPAddress.IPv6Any, 0), Gateway = gateway });
            }
        }
        return result with { Addresses = addresses, Routes = routes, Dns = given.Dns };
    }

    // One visit: the rest is said through a socket that stays there.
    private static void BeforeItIsUp(Sandbox sandbox, string name, BridgeConfiguration configuration) => sandbox.Visit(() =>
    {
        if (configuration.DetectDuplicates) Sandbox.TrySysctl($"net/ipv6/conf/{name}/enhanced_dad", "1");
        Sandbox.TrySysctl($"net/ipv6/conf/{name}/accept_dad", configuration.DetectDuplicates ? "1" : "0");
        // Neighbours hear of the address at once: it may have been another container's a moment ago.
        Sandbox.TrySysctl($"net/ipv4/conf/{name}/arp_notify", "1");
    });

    private static CniResult SetUpGateways(RouteNetlink links, NetworkLink bridge, CniResult result, BridgeConfiguration configuration)
    {
        if (!configuration.IsGateway) return result;
        NetworkLink holder = bridge;
        if (configuration.Vlan != 0)
        {
            holder = BridgeDevice.EnsureVlanGateway(links, bridge, configuration);
            result = result with { Interfaces = [.. result.Interfaces, Named(holder, "")] };
        }
        foreach (CniAddress address in result.Addresses)
        {
            BridgeDevice.EnsureAddress(links, holder, new IpPrefix(address.Gateway!, address.Address.Length), configuration.ForceAddress);
            HostNetwork.EnableForwarding(!address.Address.Is4);
        }
        return result;
    }

    // The kernel tells a port of its carrier a moment later, by itself; a second is enough for a loaded machine.
    private static void AwaitCarrier(RouteNetlink links, NetworkLink port)
    {
        const int Up = 6;
        for (int waited = 0; waited < 3000; waited++)
        {
            if (links.Find(port.Index) is not { } now) throw CniException.Failed($"interface {port.Name} is gone: the container's network namespace has ended");
            if (now.OperationalState == Up) return;
            ShortPause.Microseconds(waited < 20 ? 50 : 1000);
        }
        throw CniException.Failed($"port {port.Name} of the bridge does not come up");
    }

    public void Delete(PluginCall call)
    {
        BridgeConfiguration configuration = BridgeConfiguration.Read(call);
        RuleOwner owner = call.Owner;
        call.Rules.Release(owner);
        if (configuration.Masquerade) call.Rules.Unmark(ChainName.Masquerading(owner.Network, owner.ContainerId));
        // Before the address may be given to somebody else.
        call.Rules.Commit();
        if (configuration.HasIpam) Sandbox.RemoveLinkAndAddresses(call);
        else Sandbox.RemoveLink(call);
    }

    public void Check(PluginCall call)
    {
        BridgeConfiguration configuration = BridgeConfiguration.Read(call);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        using RouteNetlink links = RouteNetlink.Open();
        if (configuration.HasIpam) IpamPlugin.Check(call);
        CniResult result = call.PreviousResult ?? throw CniException.Wrong("prevResult is missing");
        NetworkLink inside = Sandbox.Verify(sandbox.Links, sandbox.Expect(result, call.InterfaceName), "veth", sandbox.Path);
        NetworkLink? bridge = null, port = null;
        foreach (CniInterface expected in result.Interfaces)
        {
            if (expected.Sandbox.Length > 0) continue;
            if (expected.Name == configuration.Bridge) bridge = Sandbox.Verify(links, expected, "bridge", "the host");
            else if (links.Find(expected.Name) is { Kind: "veth" } veth && veth.Index == inside.Parent && veth.Parent == inside.Index) port = Sandbox.Verify(links, expected, "veth", "the host");
        }
        if (bridge is null) throw CniException.Failed($"prevResult has no bridge {configuration.Bridge}");
        if (bridge.Promiscuity != 0 != configuration.Promiscuous && configuration.Promiscuous) throw CniException.Failed($"bridge {bridge.Name} does not take all packets, as promiscMode says");
        if (port is null || port.Master != bridge.Index) throw CniException.Failed($"the other end of {call.InterfaceName} is no port of bridge {bridge.Name}");
        sandbox.VerifyAddresses(inside, result);
    }

    public void Collect(PluginCall call)
    {
        call.Rules.Keep(call.Configuration.NetworkName, call.Valid);
        call.Rules.Commit();
        if (call.Configuration.Ipam?.Type is { Length: > 0 }) IpamPlugin.Collect(call);
    }

    public void Status(PluginCall call)
    {
        if (call.Configuration.Ipam?.Type is { Length: > 0 }) IpamPlugin.Status(call);
    }
}
