// Plugin ptp: a pair of interfaces between host and container, and routes between them.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Firewall;

namespace Berth.Network.Plugins;

/// <summary>
/// The container has an address of a whole network, yet reaches all of it through the host: the route to the network that the
/// kernel makes by itself is replaced by one to the gateway and one through it. The host has the gateway's address on each pair.
/// </summary>
internal sealed class PointToPoint : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        int mtu = HostNetwork.Bounded(call.Configuration, "mtu", 68, 65535);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        CniResult leased = IpamPlugin.Add(call);
        using RouteNetlink links = RouteNetlink.Open();
        NetworkLink? made = null;
        try
        {
            if (leased.Addresses.Count == 0) throw CniException.Failed("the address plugin gave no address");
            foreach (CniAddress address in leased.Addresses) HostNetwork.EnableForwarding(!address.Address.Is4);
            made = HostNetwork.MakePair(links, sandbox, call.InterfaceName, mtu, [], master: 0, up: true);
            NetworkLink inside = sandbox.Find(call.InterfaceName);
            CniResult result = leased with
            {
                Interfaces = [new CniInterface { Name = made.Name, Mac = made.Mac }, new CniInterface { Name = inside.Name, Mac = inside.Mac, Sandbox = sandbox.Path }],
                Addresses = OnPair(leased.Addresses),
                Dns = HostNetwork.DnsOf(call, leased.Dns),
            };
            sandbox.Configure(inside, result);
            foreach (CniAddress address in result.Addresses)
            {
                RouteInside(sandbox, inside, address);
                RouteOutside(links, made, address);
            }
            HostNetwork.Masquerade(call, result);
            return result;
        }
        catch
        {
            if (made is not null) links.Remove(made);
            IpamPlugin.Delete(call);
            throw;
        }
    }

    private static List<CniAddress> OnPair(IReadOnlyList<CniAddress> addresses)
    {
        List<CniAddress> placed = [];
        foreach (CniAddress address in addresses) placed.Add(address with { Interface = 1 });
        return placed;
    }

    private static void RouteInside(Sandbox sandbox, NetworkLink link, CniAddress address)
    {
        if (address.Gateway is not { } gateway) throw CniException.Failed($"the address plugin gave {address.Address} without a gateway");
        IpPrefix network = address.Address.Network;
        try
        {
            sandbox.Links.Remove(new NetworkRoute { Destination = network.Address, PrefixLength = network.Length, Link = link.Index, Protocol = 0, Scope = 255, Type = 0 });
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
        }
        sandbox.Links.Add(new NetworkRoute { Destination = gateway, PrefixLength = address.Address.Bits, Link = link.Index, Scope = 253, Source = address.Address.Address });
        sandbox.Links.Add(new NetworkRoute { Destination = network.Address, PrefixLength = network.Length, Link = link.Index, Gateway = gateway, Source = address.Address.Address });
    }

    private static void RouteOutside(RouteNetlink links, NetworkLink link, CniAddress address)
    {
        links.Add(link, LinkAddress.Of(address.Gateway!, address.Address.Bits, noDetection: true));
        try
        {
            links.Add(new NetworkRoute { Destination = address.Address.Address, PrefixLength = address.Address.Bits, Link = link.Index, Scope = 254 });
        }
        catch (LinuxException e) when (e.Errno == Errno.EEXIST)
        {
        }
    }

    public void Delete(PluginCall call)
    {
        RuleOwner owner = call.Owner;
        call.Rules.Release(owner);
        call.Rules.Unmark(ChainName.Masquerading(owner.Network, owner.ContainerId));
        // Before the address may be given to somebody else.
        call.Rules.Commit();
        Sandbox.RemoveLink(call);
        IpamPlugin.Delete(call);
    }

    public void Check(PluginCall call)
    {
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        IpamPlugin.Check(call);
        CniResult result = call.PreviousResult ?? throw CniException.Wrong("prevResult is missing");
        NetworkLink link = Sandbox.Verify(sandbox.Links, sandbox.Expect(result, call.InterfaceName), "veth", sandbox.Path);
        sandbox.VerifyAddresses(link, result);
    }

    public void Collect(PluginCall call)
    {
        call.Rules.Keep(call.Configuration.NetworkName, call.Valid);
        call.Rules.Commit();
        IpamPlugin.Collect(call);
    }

    public void Status(PluginCall call) => IpamPlugin.Status(call);
}
