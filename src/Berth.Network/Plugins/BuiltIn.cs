// Our own plugins by name.
using Berth.Network.Calls;
using Berth.Network.Ipam.Dhcp;
using Berth.Network.Ipam.HostLocal;
using Berth.Network.Ipam.Static;

namespace Berth.Network.Plugins;

/// <summary>The plugins that are compiled in; one is made when it is asked for.</summary>
public static class BuiltIn
{
    /// <summary>Their names.</summary>
    public static IReadOnlyList<string> Names => ["bridge", "ptp", "loopback", "host-local", "static", "dhcp", "portmap", "firewall", "macvlan", "ipvlan", "vlan", "host-device", "tap", "dummy", "tuning", "sbr", "vrf", "bandwidth", "flannel"];

    /// <summary>A plugin of ours, or null.</summary>
    public static IPlugin? Find(string type) => type switch
    {
        "host-local" => new HostLocalPlugin(),
        "static" => new StaticPlugin(),
        "dhcp" => new DhcpPlugin(),
        "bridge" => new Bridge(),
        "ptp" => new PointToPoint(),
        "loopback" => new Loopback(),
        "portmap" => new PortMap(),
        "firewall" => new FirewallPlugin(),
        "macvlan" => new Macvlan(),
        "ipvlan" => new Ipvlan(),
        "vlan" => new Vlan(),
        "host-device" => new HostDevice(),
        "tap" => new Tap(),
        "dummy" => new Dummy(),
        "vrf" => new Vrf(),
        "tuning" => new Tuning(),
        "sbr" => new SourceRouting(),
        "bandwidth" => new Bandwidth(),
        "flannel" => new Flannel(),
        _ => null,
    };
}
