// bridge: containers are ports of a bridge, which may be their gateway.
using System.Text.Json;
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Interfaces;

public sealed class BridgeTests
{
    private const string TwoRanges = """[{"subnet":"10.1.2.0/24"}],[{"subnet":"fd00:1::/64"}]""";

    public static TheoryData<string> Folders() => PluginFolder.All();

    private static string Configuration(string more = "", string version = "0.4.0", string ranges = TwoRanges) =>
        $$"""{"cniVersion":"{{version}}","name":"net","type":"bridge","bridge":"br0","ipam":{{PrivateHost.HostLocal(ranges)}}{{more}} }""";

    private const string Gateway = ",\"isDefaultGateway\":true";

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_result_names_the_bridge_the_port_and_the_interface(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Assert.Equal("""
            {
                "cniVersion": "0.4.0",
                "interfaces": [
                    {
                        "name": "br0",
                        "mac": "MAC"
                    },
                    {
                        "name": "VETH",
                        "mac": "MAC"
                    },
                    {
                        "name": "eth0",
                        "mac": "MAC",
                        "sandbox": "/run/netns/c1"
                    }
                ],
                "ips": [
                    {
                        "version": "4",
                        "interface": 2,
                        "address": "10.1.2.2/24",
                        "gateway": "10.1.2.1"
                    },
                    {
                        "version": "6",
                        "interface": 2,
                        "address": "fd00:1::2/64",
                        "gateway": "fd00:1::1"
                    }
                ],
                "routes": [
                    {
                        "dst": "0.0.0.0/0",
                        "gw": "10.1.2.1"
                    },
                    {
                        "dst": "::/0",
                        "gw": "fd00:1::1"
                    }
                ],
                "dns": {}
            }
            """, host.Call("ADD", "bridge", Configuration(Gateway)).Succeeds().Plain);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_container_has_addresses_routes_and_an_interface_that_works(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Answer added = host.Call("ADD", "bridge", Configuration(Gateway + ",\"mtu\":1400")).Succeeds();
        Assert.Equal(["10.1.2.2/24", "fd00:1::2/64"], host.Addresses("c1", "eth0"));
        Assert.Equal(["10.1.2.1/24", "fd00:1::1/64"], host.Addresses("", "br0"));
        Assert.Equal(["default via 10.1.2.1 dev eth0", "10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.2", "fd00:1::/64 dev eth0 proto kernel metric 256", "default via fd00:1::1 dev eth0 metric 1024"], host.Routes("c1"));
        JsonElement[] interfaces = [.. added.Json.GetProperty("interfaces").EnumerateArray()];
        JsonElement inside = host.Link("c1", "eth0"), port = host.Link("", interfaces[1].GetProperty("name").GetString()!), bridge = host.Link("", "br0");
        Assert.Equal("UP", inside.GetProperty("operstate").GetString());
        Assert.Equal("UP", port.GetProperty("operstate").GetString());
        Assert.Equal("br0", port.GetProperty("master").GetString());
        Assert.Equal([1400, 1400, 1400], [inside.GetProperty("mtu").GetInt32(), port.GetProperty("mtu").GetInt32(), bridge.GetProperty("mtu").GetInt32()]);
        Assert.Equal(interfaces.Select(static i => i.GetProperty("mac").GetString()), [bridge.GetProperty("address").GetString(), port.GetProperty("address").GetString(), inside.GetProperty("address").GetString()]);
        Assert.Equal(["1", "1"], [host.Sysctl("", "net/ipv4/ip_forward"), host.Sysctl("", "net/ipv6/conf/all/forwarding")]);
        Assert.Equal(["1", "0"], [host.Sysctl("c1", "net/ipv4/conf/eth0/arp_notify"), host.Sysctl("c1", "net/ipv6/conf/eth0/accept_dad")]);
        host.Serve("", "TCP4", 8000);
        Assert.True(host.Reaches("c1", "10.1.2.1", 8000));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Routes_of_the_address_plugin_are_made_with_its_gateway(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        string routes = PrivateHost.HostLocal("""[{"subnet":"10.1.2.0/24"}]""", ",\"routes\":[{\"dst\":\"10.9.0.0/16\"},{\"dst\":\"10.8.0.0/16\",\"gw\":\"10.1.2.77\"}]");
        Answer added = host.Call("ADD", "bridge", $$"""{"cniVersion":"0.4.0","name":"net","type":"bridge","bridge":"br0","isGateway":true,"ipam":{{routes}} }""").Succeeds();
        Assert.Equal(["10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.2", "10.8.0.0/16 via 10.1.2.77 dev eth0", "10.9.0.0/16 via 10.1.2.1 dev eth0"], host.Routes("c1"));
        Assert.Equal(2, added.Json.GetProperty("routes").GetArrayLength());
        Assert.False(added.Json.GetProperty("routes")[0].TryGetProperty("gw", out _));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void CHECK_finds_what_was_changed(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        string configuration = Configuration(Gateway);
        string after = host.Call("ADD", "bridge", configuration).Succeeds().After(configuration);
        host.Call("CHECK", "bridge", after).Succeeds();
        host.Call("CHECK", "bridge", configuration).Refuses(folder == PluginFolder.Reference ? 999 : 7);
        host.Run("ip -n c1 route del default");
        host.Call("CHECK", "bridge", after).Refuses(999);
        host.Run("ip -n c1 route add default via 10.1.2.1");
        host.Call("CHECK", "bridge", after).Succeeds();
        host.Run("ip -n c1 addr del 10.1.2.2/24 dev eth0");
        host.Call("CHECK", "bridge", after).Refuses(999);
        host.Run("ip -n c1 addr add 10.1.2.2/24 dev eth0 && ip -n c1 route add default via 10.1.2.1");
        host.Call("CHECK", "bridge", after).Succeeds();
        host.Run("ip -n c1 link del eth0");
        host.Call("CHECK", "bridge", after).Refuses(999);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void DEL_can_be_said_twice_and_when_the_namespace_is_gone(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2");
        string configuration = Configuration(Gateway + ",\"ipMasq\":true");
        host.Call("ADD", "bridge", configuration).Succeeds();
        host.Call("ADD", "bridge", configuration, "c2").Succeeds();
        host.Call("DEL", "bridge", configuration).Succeeds();
        host.Call("DEL", "bridge", configuration).Succeeds();
        Assert.Empty(host.Names("c1"));
        Assert.Equal(2, host.Names("").Length);
        host.Run("ip netns del c2");
        host.Call("DEL", "bridge", configuration, "c2").Succeeds();
        (new PluginRun(folder, "bridge") { Host = host, Command = "DEL", ContainerId = "c2", NetworkNamespace = null }).Run(configuration).Succeeds();
        Assert.Empty(host.Try("ls /run/data/net | grep -v -e last -e lock").Output);
        Assert.DoesNotContain("10.1.2.2 ", host.Run("nft list ruleset"), StringComparison.Ordinal);
        // The reference of 1.1 asks the interface for its addresses, and cannot any more.
        if (folder != PluginFolder.Reference) Assert.DoesNotContain("10.1.2.3 ", host.Run("nft list ruleset"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void An_ADD_that_fails_leaves_nothing(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        host.Run("ip -n c1 link add eth0 type veth peer name other");
        host.Call("ADD", "bridge", Configuration(Gateway)).Refuses(999);
        Assert.Equal(["br0"], host.Names(""));
        host.Run("ip -n c1 link del eth0");
        host.Call("ADD", "bridge", Configuration(Gateway + ",\"cniVersion\":\"0.1.0\"", ranges: """[{"subnet":"10.1.2.0/30","rangeStart":"10.1.2.2"}]""")).Succeeds();
        host.Container("c2");
        host.Call("ADD", "bridge", Configuration(Gateway, ranges: """[{"subnet":"10.1.2.0/30"}]"""), "c2").Refuses(999, "no IP addresses available");
        // The reference leaves the pair.
        if (folder == PluginFolder.Reference) return;
        Assert.Empty(host.Names("c2"));
        Assert.Equal(2, host.Names("").Length);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Configurations_that_make_no_sense_are_refused(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        bool reference = folder == PluginFolder.Reference;
        host.Run("ip link add br0 type veth peer name br1");
        host.Call("ADD", "bridge", Configuration()).Refuses(999);
        host.Call("ADD", "bridge", Configuration(",\"hairpinMode\":true,\"promiscMode\":true")).Refuses(reference ? 999 : 7);
        host.Call("ADD", "bridge", Configuration(",\"vlan\":4095")).Refuses(reference ? 999 : 7);
        host.Call("ADD", "bridge", Configuration(",\"args\":{\"cni\":{\"mac\":\"none\"}}")).Refuses(reference ? 999 : 7);
        Assert.Equal(["br0", "br1"], host.Names(""));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Without_addresses_the_interface_is_only_brought_up(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Answer added = host.Call("ADD", "bridge", """{"cniVersion":"0.4.0","name":"net","type":"bridge","bridge":"br0","ipam":{} }""").Succeeds();
        Assert.Equal(3, added.Json.GetProperty("interfaces").GetArrayLength());
        Assert.False(added.Json.TryGetProperty("ips", out _));
        Assert.Equal("UP", host.Link("c1", "eth0").GetProperty("operstate").GetString());
        Assert.Empty(host.Addresses("c1", "eth0"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_hardware_address_can_be_asked_for(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2");
        host.Call("ADD", "bridge", Configuration(",\"runtimeConfig\":{\"mac\":\"02:11:22:33:44:55\"}")).Succeeds();
        Assert.Equal("02:11:22:33:44:55", host.Link("c1", "eth0").GetProperty("address").GetString());
        host.Call("ADD", "bridge", Configuration(), "c2", arguments: "MAC=02:11:22:33:44:66;IgnoreUnknown=1").Succeeds();
        Assert.Equal("02:11:22:33:44:66", host.Link("c2", "eth0").GetProperty("address").GetString());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Hairpins_and_promiscuous_bridges_are_set(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2");
        host.Call("ADD", "bridge", Configuration(",\"hairpinMode\":true")).Succeeds();
        string port = host.Names("").Single(static n => n.StartsWith("veth", StringComparison.Ordinal));
        Assert.Equal("1", host.Run($"cat /sys/class/net/{port}/brport/hairpin_mode").Trim());
        host.Call("ADD", "bridge", Configuration(",\"promiscMode\":true").Replace("br0", "br1", StringComparison.Ordinal), "c2").Succeeds();
        Assert.NotEqual(0, host.Link("", "br1").GetProperty("promiscuity").GetInt32());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Another_gateway_address_is_kept_or_replaced(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2").Container("c3");
        host.Call("ADD", "bridge", Configuration(Gateway, ranges: """[{"subnet":"10.1.2.0/24"}]""")).Succeeds();
        string other = """[{"subnet":"10.5.0.0/24"}]""";
        host.Call("ADD", "bridge", Configuration(Gateway, ranges: other), "c2").Refuses(999);
        Assert.Equal(["10.1.2.1/24"], host.Addresses("", "br0"));
        host.Call("ADD", "bridge", Configuration(Gateway + ",\"forceAddress\":true", ranges: other), "c3").Succeeds();
        Assert.Equal(["10.5.0.1/24"], host.Addresses("", "br0"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Masquerading_shows_the_hosts_address_outside_and_the_containers_inside(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2").Neighbour("out");
        foreach (string container in (ReadOnlySpan<string>)["c1", "c2"]) host.Call("ADD", "bridge", Configuration(Gateway + ",\"ipMasq\":true"), container).Succeeds();
        foreach (string kind in (ReadOnlySpan<string>)["TCP4", "TCP6", "UDP4", "UDP6"])
        {
            bool six = kind[3] == '6';
            host.Serve("out", kind, 8000);
            host.Serve("c2", kind, 8000);
            Assert.Equal(six ? "2001:db8::1" : "192.0.2.1", Short(host.Ask("c1", kind, six ? "2001:db8::2" : "192.0.2.2", 8000)));
            Assert.Equal(six ? "fd00:1::2" : "10.1.2.2", Short(host.Ask("c1", kind, six ? "fd00:1::3" : "10.1.2.3", 8000)));
        }
    }

    /// <summary>socat writes all eight groups.</summary>
    internal static string Short(string address) => System.Net.IPAddress.TryParse(address, out System.Net.IPAddress? parsed) ? parsed.ToString() : address;

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_vlan_is_the_ports_own(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2").Container("c3");
        (int code, _, _) = host.Try("ip link add probe type bridge vlan_filtering 1 && ip link del probe");
        Assert.SkipUnless(code == 0, "the kernel's bridges have no VLANs");
        foreach ((string container, int vlan) in (ReadOnlySpan<(string, int)>)[("c1", 100), ("c2", 100), ("c3", 200)])
        {
            host.Call("ADD", "bridge", Configuration($",\"vlan\":{vlan}", ranges: """[{"subnet":"10.1.2.0/24"}]"""), container).Succeeds();
        }
        host.Serve("c2", "TCP4", 8000);
        host.Serve("c3", "TCP4", 8000);
        Assert.True(host.Reaches("c1", "10.1.2.3", 8000));
        Assert.False(host.Reaches("c1", "10.1.2.4", 8000));
    }

    [Fact]
    public void A_result_of_version_1_1_is_sorted_by_name()
    {
        using PrivateHost host = new PrivateHost(PluginFolder.Ours).Container("c1");
        Assert.Equal("""
            {
                "cniVersion": "1.1.0",
                "interfaces": [
                    {
                        "mac": "MAC",
                        "name": "br0"
                    },
                    {
                        "mac": "MAC",
                        "name": "VETH"
                    },
                    {
                        "mac": "MAC",
                        "name": "eth0",
                        "sandbox": "/run/netns/c1"
                    }
                ],
                "ips": [
                    {
                        "address": "10.1.2.2/24",
                        "gateway": "10.1.2.1",
                        "interface": 2
                    }
                ],
                "routes": [
                    {
                        "dst": "0.0.0.0/0",
                        "gw": "10.1.2.1"
                    }
                ]
            }
            """, host.Call("ADD", "bridge", Configuration(Gateway, "1.1.0", """[{"subnet":"10.1.2.0/24"}]""")).Succeeds().Plain);
    }

    [Fact]
    public void GC_removes_leases_and_masquerading_of_attachments_that_are_not_valid()
    {
        using PrivateHost host = new PrivateHost(PluginFolder.Ours).Container("c1").Container("c2");
        string configuration = Configuration(Gateway + ",\"ipMasq\":true", "1.1.0");
        host.Call("STATUS", "bridge", configuration).Succeeds();
        host.Call("ADD", "bridge", configuration).Succeeds();
        host.Call("ADD", "bridge", configuration, "c2").Succeeds();
        host.Run("ip netns del c1");
        host.Call("GC", "bridge", configuration.TrimEnd()[..^1] + ",\"cni.dev/valid-attachments\":[{\"containerID\":\"c2\",\"ifname\":\"eth0\"}]}").Succeeds();
        Assert.Equal("10.1.2.3\nfd00:1::3", host.Run("ls /run/data/net | grep -v -e last -e lock").Trim());
        string rules = host.Run("nft list ruleset");
        Assert.DoesNotContain("10.1.2.2 ", rules, StringComparison.Ordinal);
        Assert.Contains("10.1.2.3 ", rules, StringComparison.Ordinal);
    }
}
