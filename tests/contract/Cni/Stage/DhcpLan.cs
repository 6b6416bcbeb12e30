// A network with a real DHCP server: dnsmasq in a namespace of its own, joined to the host by a pair of interfaces.
using System.Diagnostics;

namespace Berth.Contract.Cni.Stage;

/// <summary>
/// The host's interface to it is <c>up0</c>, or the bridge <c>br0</c> with that as its port; the server is 10.77.0.1, and has
/// .10 to .200. The daemon under test runs on the host.
/// </summary>
public sealed class DhcpLan
{
    public const string Socket = "/run/d/dhcp.sock";

    private readonly PrivateHost _host;

    /// <summary>Makes it.</summary>
    /// <param name="host">The host.</param>
    /// <param name="options">More words for dnsmasq; null: no server is there.</param>
    /// <param name="bridged">Whether up0 is a port of br0.</param>
    public DhcpLan(PrivateHost host, string? options = "", bool bridged = true)
    {
        _host = host;
        Assert.SkipUnless(File.Exists("/usr/sbin/dnsmasq"), "dnsmasq is not installed");
        PluginFolder.Require(host.Folder, "dhcp", "bridge");
        host.Container("lan");
        host.Run("ip link add up0 type veth peer name srv netns lan && ip -n lan addr add 10.77.0.1/24 dev srv && ip -n lan link set srv up && ip link set up0 up");
        if (bridged) host.Run("ip link add br0 address 02:00:00:00:00:77 type bridge && ip link set br0 up && ip link set up0 master br0");
        host.AwaitCarrier("", "up0");
        host.AwaitCarrier("lan", "srv");
        if (options is not null) Serve(options);
    }

    /// <summary>The configuration of the plugin bridge, with the address plugin's fields.</summary>
    public static string Configuration(string ipam = "", string version = "0.4.0", string more = "") =>
        $$"""{"cniVersion":"{{version}}","name":"net","type":"bridge","bridge":"br0"{{more}},"ipam":{"type":"dhcp","daemonSocketPath":"{{Socket}}"{{ipam}}} }""";

    /// <summary>What the server did so far.</summary>
    public string Log => _host.Run("cat /run/lan.log");

    /// <summary>Its leases, a line each: time, hardware address, address, name, client's identifier.</summary>
    public string[] Leases => _host.Run("cat /run/lan.leases").Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>Addresses that it has given out.</summary>
    public string[] Addresses => [.. Leases.Select(static line => line.Split(' ')[2]).Order(StringComparer.Ordinal)];

    /// <summary>Starts the server.</summary>
    public Process Serve(string options) => _host.Start(
        "ip netns exec lan dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=srv --bind-interfaces --no-ping --dhcp-authoritative --user=root --pid-file= "
        + $"--dhcp-range=10.77.0.10,10.77.0.200,255.255.255.0,2m --dhcp-leasefile=/run/lan.leases --log-dhcp --log-facility=/run/lan.log {options}",
        "grep -q started /run/lan.log 2>/dev/null && ip netns exec lan ss -Hlun \"sport = :67\" | grep -q .");

    /// <summary>Starts the daemon under test.</summary>
    public Process Daemon(string flags = "") => _host.Start($"{_host.Folder}/dhcp daemon -socketpath {Socket} {flags}", $"test -S {Socket}");

    /// <summary>Waits until the server has prolonged an address so often.</summary>
    public void AwaitAcknowledgements(string address, int many) => _host.Await($"test $(grep -c \"DHCPACK.*{address} \" /run/lan.log) -ge {many}");
}
