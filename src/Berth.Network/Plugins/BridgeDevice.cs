// The bridge itself and its ports.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>Makes what is missing of a bridge, and leaves alone what is as it should be.</summary>
internal static class BridgeDevice
{
    /// <exception cref="CniException">There is an interface of that name that is no bridge, or the kernel refuses it.</exception>
    public static NetworkLink Ensure(RouteNetlink links, BridgeConfiguration configuration)
    {
        string name = configuration.Bridge;
        NetworkLink? bridge = links.Find(name);
        if (bridge is null)
        {
            try
            {
                links.Add(new LinkSpec { Name = name, Kind = new LinkKind.Bridge { VlanFiltering = configuration.FiltersVlans }, Mtu = configuration.Mtu, HardwareAddress = HostNetwork.RandomMac() });
            }
            // Another attachment was quicker.
            catch (LinuxException e) when (e.Errno == Errno.EEXIST)
            {
            }
            catch (LinuxException e)
            {
                throw CniException.Failed($"cannot make bridge {name}: {e.Message}", e);
            }
            bridge = links.Find(name) ?? throw CniException.Failed($"bridge {name} is gone as soon as it was made");
        }
        if (bridge.Kind != "bridge") throw CniException.Failed($"{name} is there and is no bridge");
        if (bridge.IsUp && (!configuration.Promiscuous || bridge.Promiscuity > 0)) return bridge;
        // The routes of this interface are ours.
        Sandbox.TrySysctl($"net/ipv6/conf/{name}/accept_ra", "0");
        WithoutDetection(name);
        links.Change(bridge, new LinkChange
        {
            Up = true,
            Promiscuous = configuration.Promiscuous ? true : null,
            Alias = configuration.Alias.Length > 0 ? configuration.Alias : null,
        });
        return bridge;
    }

    /// <summary>
    /// Neighbours on behalf of others are asked for by the link's own address: as long as that may be a duplicate, which takes two
    /// seconds, nobody is asked, and the first connection from outside waits. It comes from an address that was chosen at random.
    /// </summary>
    private static void WithoutDetection(string name) => Sandbox.TrySysctl($"net/ipv6/conf/{name}/accept_dad", "0");

    public static void SetUpPort(RouteNetlink links, NetworkLink port, BridgeConfiguration configuration)
    {
        if (configuration.Hairpin || configuration.PortIsolation) links.ChangePort(port, configuration.Hairpin ? true : null, configuration.PortIsolation ? true : null);
        SetVlans(links, port, configuration.Vlan, configuration.Trunk, configuration.PreserveDefaultVlan);
    }

    private static void SetVlans(RouteNetlink links, NetworkLink port, ushort vlan, List<ushort> trunk, bool preserve)
    {
        if (vlan == 0 && trunk.Count == 0) return;
        if (!preserve)
        {
            foreach (ushort there in links.PortVlans(port)) links.SetPortVlan(port, there, member: false);
        }
        if (vlan != 0) links.SetPortVlan(port, vlan, member: true, untagged: true);
        foreach (ushort tagged in trunk) links.SetPortVlan(port, tagged, member: true);
        // A trunk without a VLAN of its own has the first one.
        if (vlan == 0) links.SetPortVlan(port, 1, member: true, untagged: true);
    }

    /// <summary>A gateway that is in one VLAN of a bridge: a pair with one end on it.</summary>
    public static NetworkLink EnsureVlanGateway(RouteNetlink links, NetworkLink bridge, BridgeConfiguration configuration)
    {
        string name = $"{bridge.Name}.{configuration.Vlan}";
        if (links.Find(name) is { } there) return there;
        LinkSpec peer = new() { Name = name, Kind = new LinkKind.Dummy(), Mtu = configuration.Mtu };
        string other = $"veth{Random.Shared.Next():x8}";
        links.Add(new LinkSpec { Name = other, Kind = new LinkKind.Veth { Peer = peer }, Mtu = configuration.Mtu, Master = bridge.Index, Up = true });
        NetworkLink port = links.Find(other) ?? throw CniException.Failed($"interface {other} is gone as soon as it was made");
        SetVlans(links, port, configuration.Vlan, [], configuration.PreserveDefaultVlan);
        NetworkLink gateway = links.Find(name) ?? throw CniException.Failed($"interface {name} is gone as soon as it was made");
        links.SetUp(gateway, up: true);
        return gateway;
    }

    /// <summary>Gives an interface a gateway's address.</summary>
    /// <exception cref="CniException">It has another one of that network, and may not be changed.</exception>
    public static void EnsureAddress(RouteNetlink links, NetworkLink link, IpPrefix wanted, bool force)
    {
        foreach (LinkAddress there in links.Addresses(link.Index))
        {
            IpPrefix has = new(there.Address, there.PrefixLength);
            if (has.Is4 != wanted.Is4) continue;
            if (has == wanted) return;
            // Several networks of IPv6 are common on one interface, and one of them is the link's own.
            if (!wanted.Is4 && !has.Overlaps(wanted)) continue;
            if (!force) throw CniException.Failed($"{link.Name} has the address {has}, and should have {wanted}", null);
            links.Remove(link, there);
        }
        try
        {
            links.Add(link, LinkAddress.Of(wanted.Address, wanted.Length, noDetection: true));
        }
        catch (LinuxException e) when (e.Errno == Errno.EEXIST)
        {
        }
        // Said once more, the bridge keeps its hardware address: by itself it takes the lowest one of its ports.
        if (link.Kind == "bridge") links.Change(link, new LinkChange { HardwareAddress = link.HardwareAddress });
    }
}
