// macvlan, ipvlan, vlan and dummy: interfaces of a container that stand on one of the host, or on nothing.
using System.Text.Json;
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Interfaces;

public sealed class StackedTests
{
    public static TheoryData<string> Folders() => PluginFolder.All();

    private static string Configuration(string type, string more = ",\"master\":\"below\"", string version = "0.4.0") =>
        $$"""{"cniVersion":"{{version}}","name":"net","type":"{{type}}"{{more}},"ipam":{{PrivateHost.HostLocal("""[{"subnet":"10.1.2.0/24"}],[{"subnet":"fd00:1::/64"}]""", ",\"routes\":[{\"dst\":\"0.0.0.0/0\"}]")}} }""";

    /// <summary>A host with an interface <c>below</c> that has a carrier.</summary>
    private static PrivateHost Host(string folder)
    {
        PrivateHost host = new PrivateHost(folder).Container("c1");
        host.Run("ip link add below type veth peer name wire && ip link set below up && ip link set wire up");
        host.AwaitCarrier("", "below");
        return host;
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_macvlan_has_addresses_routes_and_its_mode(string folder)
    {
        using PrivateHost host = Host(folder);
        Answer added = host.Call("ADD", "macvlan", Configuration("macvlan", ",\"master\":\"below\",\"mode\":\"private\",\"mtu\":1300")).Succeeds();
        Assert.Equal("""
            {
                "cniVersion": "0.4.0",
                "interfaces": [
                    {
                        "name": "eth0",
                        "mac": "MAC",
                        "sandbox": "/run/netns/c1"
                    }
                ],
                "ips": [
                    {
                        "version": "4",
                        "interface": 0,
                        "address": "10.1.2.2/24",
                        "gateway": "10.1.2.1"
                    },
                    {
                        "version": "6",
                        "interface": 0,
                        "address": "fd00:1::2/64",
                        "gateway": "fd00:1::1"
                    }
                ],
                "routes": [
                    {
                        "dst": "0.0.0.0/0"
                    }
                ],
                "dns": {}
            }
            """, added.Plain);
        JsonElement link = host.Link("c1", "eth0");
        Assert.Equal(added.Json.GetProperty("interfaces")[0].GetProperty("mac").GetString(), link.GetProperty("address").GetString());
        Assert.Equal("private", link.GetProperty("linkinfo").GetProperty("info_data").GetProperty("mode").GetString());
        Assert.Equal(1300, link.GetProperty("mtu").GetInt32());
        Assert.Equal(["10.1.2.2/24", "fd00:1::2/64"], host.Addresses("c1", "eth0"));
        Assert.Equal(["default via 10.1.2.1 dev eth0", "10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.2", "fd00:1::/64 dev eth0 proto kernel metric 256"], host.Routes("c1"));
        Assert.Equal("1", host.Sysctl("c1", "net/ipv4/conf/eth0/arp_notify"));
        // Newer than the reference that distributions have.
        if (folder != PluginFolder.Reference) Assert.Equal("1", host.Sysctl("c1", "net/ipv6/conf/eth0/ndisc_notify"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void CHECK_and_DEL_of_a_macvlan(string folder)
    {
        using PrivateHost host = Host(folder).Container("c2");
        string configuration = Configuration("macvlan");
        string after = host.Call("ADD", "macvlan", configuration).Succeeds().After(configuration);
        host.Call("ADD", "macvlan", configuration, "c2").Succeeds();
        host.Call("CHECK", "macvlan", after).Succeeds();
        host.Call("CHECK", "macvlan", after.Replace("\"master\":\"below\"", "\"master\":\"below\",\"mode\":\"vepa\"", StringComparison.Ordinal)).Refuses(999);
        host.Run("ip -n c1 addr del 10.1.2.2/24 dev eth0");
        host.Call("CHECK", "macvlan", after).Refuses(999);
        host.Call("DEL", "macvlan", configuration).Succeeds();
        host.Call("DEL", "macvlan", configuration).Succeeds();
        Assert.Empty(host.Names("c1"));
        host.Run("ip netns del c2");
        host.Call("DEL", "macvlan", configuration, "c2").Succeeds();
        Assert.Empty(host.Try("ls /run/data/net | grep -v -e last -e lock").Output);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Macvlans_in_mode_bridge_reach_each_other(string folder)
    {
        using PrivateHost host = Host(folder).Container("c2");
        // The container's name is also one of the host's.
        host.Run("ip link add eth0 type veth peer name eth1");
        host.Call("ADD", "macvlan", Configuration("macvlan")).Succeeds();
        host.Call("ADD", "macvlan", Configuration("macvlan"), "c2").Succeeds();
        host.Serve("c2", "TCP4", 8000);
        Assert.Equal("10.1.2.2", host.Ask("c1", "TCP4", "10.1.2.3", 8000));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Without_addresses_and_without_master_a_macvlan_stands_on_the_default_route(string folder)
    {
        using PrivateHost host = Host(folder);
        host.Run("ip addr add 192.0.2.1/24 dev below && ip route add default via 192.0.2.254");
        Answer added = host.Call("ADD", "macvlan", """{"cniVersion":"0.4.0","name":"net","type":"macvlan","ipam":{},"runtimeConfig":{"mac":"02:11:22:33:44:55"}}""").Succeeds();
        Assert.Equal("02:11:22:33:44:55", added.Json.GetProperty("interfaces")[0].GetProperty("mac").GetString());
        Assert.False(added.Json.TryGetProperty("ips", out _));
        Assert.Contains("UP", host.Run("ip -n c1 -o link show eth0"), StringComparison.Ordinal);
        host.Call("DEL", "macvlan", """{"cniVersion":"0.4.0","name":"net","type":"macvlan","ipam":{}}""").Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Configurations_of_a_macvlan_that_make_no_sense_are_refused(string folder)
    {
        using PrivateHost host = Host(folder);
        int wrong = folder == PluginFolder.Reference ? 999 : 7;
        host.Call("ADD", "macvlan", Configuration("macvlan", "")).Refuses(999);
        host.Call("ADD", "macvlan", Configuration("macvlan", ",\"master\":\"none\"")).Refuses(999);
        host.Call("ADD", "macvlan", Configuration("macvlan", ",\"master\":\"below\",\"mode\":\"x\"")).Refuses(wrong);
        host.Call("ADD", "macvlan", Configuration("macvlan", ",\"master\":\"below\",\"mtu\":9000")).Refuses(wrong);
        Assert.Empty(host.Names("c1"));
        host.Run("ip -n c1 link add eth0 type veth peer name other");
        host.Call("ADD", "macvlan", Configuration("macvlan")).Refuses(999);
        Assert.Equal(["eth0", "other"], host.Names("c1").Order().Where(static n => !n.StartsWith("veth", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_macvlan_can_stand_on_an_interface_of_the_container()
    {
        using PrivateHost host = Host(PluginFolder.Ours);
        host.Run("ip link set below netns c1 && ip -n c1 link set below up");
        string configuration = Configuration("macvlan", ",\"master\":\"below\",\"linkInContainer\":true,\"bcqueuelen\":500");
        string after = host.Call("ADD", "macvlan", configuration).Succeeds().After(configuration);
        host.Call("CHECK", "macvlan", after).Succeeds();
        Assert.Equal(["10.1.2.2/24", "fd00:1::2/64"], host.Addresses("c1", "eth0"));
        host.Call("DEL", "macvlan", configuration).Succeeds();
        Assert.Equal(["below"], host.Names("c1"));
    }

    [Fact]
    public void STATUS_misses_the_master()
    {
        using PrivateHost host = Host(PluginFolder.Ours);
        host.Call("STATUS", "macvlan", Configuration("macvlan", version: "1.1.0")).Succeeds();
        host.Call("STATUS", "macvlan", Configuration("macvlan", ",\"master\":\"none\"", "1.1.0")).Refuses(50, "none");
    }

    [Theory]
    [InlineData("vlan", ",\"master\":\"below\",\"vlanId\":5", "CONFIG_VLAN_8021Q")]
    [InlineData("ipvlan", ",\"master\":\"below\"", "CONFIG_IPVLAN")]
    [InlineData("dummy", "", "CONFIG_DUMMY")]
    public void Kinds_that_a_kernel_may_lack_work_or_are_named(string type, string more, string option)
    {
        using PrivateHost host = Host(PluginFolder.Ours);
        string configuration = Configuration(type, more);
        bool has = host.Try(type == "dummy" ? "ip link add probe type dummy" : $"ip link add link below name probe type {type} {(type == "vlan" ? "id 9" : "")}").Code == 0;
        Answer added = host.Call("ADD", type, configuration);
        if (!has) added.Refuses(999, $"the kernel has no interfaces of kind {type} ({option})");
        else
        {
            Assert.Equal(["10.1.2.2/24", "fd00:1::2/64"], host.Addresses("c1", "eth0"));
            host.Call("CHECK", type, added.Succeeds().After(configuration)).Succeeds();
        }
        host.Call("DEL", type, configuration).Succeeds();
        host.Call("DEL", type, configuration).Succeeds();
        Assert.Empty(host.Names("c1"));
        Assert.Empty(host.Try("ls /run/data/net | grep -v -e last -e lock").Output);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Configurations_of_vlan_and_ipvlan_that_make_no_sense_are_refused(string folder)
    {
        using PrivateHost host = Host(folder);
        int wrong = folder == PluginFolder.Reference ? 999 : 7;
        host.Call("ADD", "vlan", Configuration("vlan", "")).Refuses(wrong);
        host.Call("ADD", "vlan", Configuration("vlan", ",\"master\":\"below\",\"vlanId\":4095")).Refuses(wrong);
        host.Call("ADD", "ipvlan", Configuration("ipvlan", ",\"master\":\"below\",\"mode\":\"l9\"")).Refuses(wrong);
        host.Call("ADD", "ipvlan", Configuration("ipvlan", "")).Refuses(999);
    }
}
