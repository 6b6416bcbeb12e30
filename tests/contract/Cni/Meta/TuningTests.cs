// tuning, sbr and vrf: what is changed at an interface that another plugin made.
using System.Text.Json;
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Meta;

public sealed class TuningTests
{
    private const string Before = ",\"prevResult\":{\"cniVersion\":\"0.4.0\",\"interfaces\":[{\"name\":\"veth0\"},{\"name\":\"eth0\",\"mac\":\"02:00:00:00:00:01\",\"sandbox\":\"/run/netns/c1\"}],\"ips\":[{\"version\":\"4\",\"interface\":1,\"address\":\"10.1.2.2/24\",\"gateway\":\"10.1.2.1\"}],\"dns\":{}}";

    public static TheoryData<string> Folders() => PluginFolder.All();

    private static string Configuration(string more, string before = Before) => $$"""{"cniVersion":"0.4.0","name":"net","type":"tuning","dataDir":"/run/tuning"{{more}}{{before}} }""";

    private static PrivateHost Host(string folder)
    {
        PrivateHost host = new PrivateHost(folder).Container("c1");
        host.Run("ip link add veth0 type veth peer name eth0 netns c1 && ip -n c1 link set eth0 address 02:00:00:00:00:01 && ip link set veth0 up && ip -n c1 link set eth0 up && ip -n c1 addr add 10.1.2.2/24 dev eth0");
        return host;
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Properties_are_changed_and_given_back(string folder)
    {
        using PrivateHost host = Host(folder);
        string configuration = Configuration(",\"mac\":\"02:11:22:33:44:55\",\"mtu\":1400,\"promisc\":true,\"allmulti\":true");
        Answer added = host.Call("ADD", "tuning", configuration).Succeeds();
        Assert.Equal("""
            {
                "cniVersion": "0.4.0",
                "interfaces": [
                    {
                        "name": "veth0"
                    },
                    {
                        "name": "eth0",
                        "mac": "02:11:22:33:44:55",
                        "sandbox": "/run/netns/c1"
                    }
                ],
                "ips": [
                    {
                        "version": "4",
                        "interface": 1,
                        "address": "10.1.2.2/24",
                        "gateway": "10.1.2.1"
                    }
                ],
                "dns": {}
            }
            """, added.Output.Trim());
        Assert.Equal("{\n \"mac\": \"02:00:00:00:00:01\",\n \"promisc\": false,\n \"mtu\": 1500,\n \"allmulti\": false\n}", host.Run("cat /run/tuning/c1_eth0.json"));
        JsonElement link = host.Link("c1", "eth0");
        Assert.Equal(("02:11:22:33:44:55", 1400, 1), (link.GetProperty("address").GetString(), link.GetProperty("mtu").GetInt32(), link.GetProperty("promiscuity").GetInt32()));
        Assert.Contains("ALLMULTI", host.Run("ip -n c1 -o link show eth0"), StringComparison.Ordinal);
        host.Call("CHECK", "tuning", configuration).Succeeds();
        host.Call("CHECK", "tuning", configuration.Replace("1400", "1401", StringComparison.Ordinal)).Refuses(999);
        host.Call("DEL", "tuning", configuration).Succeeds();
        link = host.Link("c1", "eth0");
        Assert.Equal(("02:00:00:00:00:01", 1500, 0), (link.GetProperty("address").GetString(), link.GetProperty("mtu").GetInt32(), link.GetProperty("promiscuity").GetInt32()));
        Assert.DoesNotContain("ALLMULTI", host.Run("ip -n c1 -o link show eth0"), StringComparison.Ordinal);
        Assert.Equal("", host.Run("ls /run/tuning"));
        host.Call("DEL", "tuning", configuration).Succeeds();
        host.Run("ip netns del c1");
        host.Call("DEL", "tuning", configuration).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Sysctls_of_the_containers_network_are_set(string folder)
    {
        using PrivateHost host = Host(folder);
        string before = host.Sysctl("", "net/ipv4/ip_local_port_range");
        string configuration = Configuration(",\"sysctl\":{\"net.ipv4.ip_local_port_range\":\"2000\\t3000\",\"net.ipv4.conf.eth0.arp_filter\":\"1\",\"net/ipv4/conf/eth0/log_martians\":\"1\"}");
        host.Call("ADD", "tuning", configuration).Succeeds();
        Assert.Equal("2000\t3000", host.Sysctl("c1", "net/ipv4/ip_local_port_range"));
        Assert.Equal("1", host.Sysctl("c1", "net/ipv4/conf/eth0/arp_filter"));
        Assert.Equal("1", host.Sysctl("c1", "net/ipv4/conf/eth0/log_martians"));
        Assert.Equal(before, host.Sysctl("", "net/ipv4/ip_local_port_range"));
        host.Call("CHECK", "tuning", configuration).Succeeds();
        host.Run("ip netns exec c1 sh -c 'echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_filter'");
        host.Call("CHECK", "tuning", configuration).Refuses(999);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Sysctls_of_others_are_refused(string folder)
    {
        using PrivateHost host = Host(folder);
        host.Call("ADD", "tuning", Configuration(",\"sysctl\":{\"kernel.hostname\":\"x\"}")).Refuses(999);
        host.Call("ADD", "tuning", Configuration(",\"sysctl\":{\"net/../kernel/hostname\":\"x\"}")).Refuses(999);
        host.Call("ADD", "tuning", Configuration(",\"sysctl\":{\"net.none\":\"x\"}")).Refuses(999);
        host.Call("ADD", "tuning", Configuration("", before: "")).Refuses(folder == PluginFolder.Reference ? 999 : 7);
    }

    // Newer than the reference that distributions have.
    [Fact]
    public void Sysctls_that_the_machines_owner_does_not_list_are_refused()
    {
        Assert.SkipUnless(Directory.Exists("/etc/cni"), "there is no /etc/cni to hide");
        using PrivateHost host = Host(PluginFolder.Ours);
        host.Run("mkdir -p /etc/cni/tuning && echo '^net\\.ipv4\\.conf\\.eth0\\.[a-z_]*$' > /etc/cni/tuning/allowlist.conf");
        host.Call("ADD", "tuning", Configuration(",\"sysctl\":{\"net.ipv4.conf.eth0.arp_filter\":\"1\"}")).Succeeds();
        host.Call("ADD", "tuning", Configuration(",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\"}")).Refuses(999, "Sysctl net.ipv4.ip_forward is not allowed");
    }

    [Fact]
    public void Users_and_newer_fields_are_heard()
    {
        using PrivateHost host = Host(PluginFolder.Ours);
        host.Call("ADD", "tuning", Configuration(",\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"net.ipv4.ip_forward\":\"0\"}")).Refuses(999, "duplicated sysctl keys");
        string configuration = Configuration(",\"txQLen\":77,\"mtu\":1400,\"sysctl\":{\"net.ipv4.conf.IFNAME.arp_filter\":\"0\"},\"args\":{\"cni\":{\"mtu\":1300,\"sysctl\":{\"net.ipv4.conf.IFNAME.arp_filter\":\"1\"}}}");
        host.Call("ADD", "tuning", configuration).Succeeds();
        JsonElement link = host.Link("c1", "eth0");
        Assert.Equal((1300, 77), (link.GetProperty("mtu").GetInt32(), link.GetProperty("txqlen").GetInt32()));
        Assert.Equal("1", host.Sysctl("c1", "net/ipv4/conf/eth0/arp_filter"));
        host.Call("CHECK", "tuning", configuration).Succeeds();
        host.Call("DEL", "tuning", configuration).Succeeds();
        Assert.Equal(1500, host.Link("c1", "eth0").GetProperty("mtu").GetInt32());
        host.Call("ADD", "tuning", configuration).Succeeds();
        host.Run("ip netns del c1");
        host.Call("DEL", "tuning", configuration).Succeeds();
        Assert.Equal("", host.Run("ls /run/tuning"));
    }
}

public sealed class SourceRoutingTests
{
    private const string Before = ",\"prevResult\":{\"cniVersion\":\"0.4.0\",\"interfaces\":[{\"name\":\"eth0\",\"sandbox\":\"/run/netns/c1\"}],\"ips\":[{\"version\":\"4\",\"interface\":0,\"address\":\"10.1.2.2/24\",\"gateway\":\"10.1.2.1\"},{\"version\":\"6\",\"interface\":0,\"address\":\"fd00:1::2/64\",\"gateway\":\"fd00:1::1\"}],\"dns\":{}}";

    public static TheoryData<string> Folders() => PluginFolder.All();

    private static string Configuration(string more = "", string before = Before) => $$"""{"cniVersion":"0.4.0","name":"net","type":"sbr"{{more}}{{before}} }""";

    private static PrivateHost Host(string folder)
    {
        PrivateHost host = new PrivateHost(folder).Container("c1");
        host.Run("ip link add outside type veth peer name eth0 netns c1 && ip link set outside up && ip -n c1 link set eth0 up");
        host.AwaitCarrier("c1", "eth0");
        host.Run("ip -n c1 addr add 10.1.2.2/24 dev eth0 && ip -n c1 addr add fd00:1::2/64 dev eth0 nodad && ip -n c1 route add 10.9.0.0/16 via 10.1.2.1");
        return host;
    }

    private static string[] Rules(PrivateHost host) =>
        [.. (host.Run("ip -n c1 rule") + host.Run("ip -n c1 -6 rule")).Split('\n').Where(static l => l.Contains("lookup 1", StringComparison.Ordinal)).Select(static l => l.Split(':', 2)[1].Trim())];

    [Theory]
    [MemberData(nameof(Folders))]
    public void Each_address_has_a_table_with_the_routes_of_its_interface(string folder)
    {
        using PrivateHost host = Host(folder);
        Answer added = host.Call("ADD", "sbr", Configuration()).Succeeds();
        Assert.Equal(2, added.Json.GetProperty("ips").GetArrayLength());
        Assert.Equal(["from 10.1.2.2 lookup 100", "from fd00:1::2 lookup 101"], Rules(host));
        Assert.Equal(["default via 10.1.2.1 dev eth0", "10.1.2.0/24 dev eth0 proto kernel scope link src 10.1.2.2", "10.9.0.0/16 via 10.1.2.1 dev eth0"], host.Routes("c1", "100").Where(static r => !r.StartsWith("fd00", StringComparison.Ordinal)));
        Assert.Contains("default via fd00:1::1 dev eth0 metric 1024", host.Routes("c1", "101"));
        Assert.Contains("fd00:1::/64 dev eth0 proto kernel metric 256", host.Routes("c1", "101"));
        Assert.Empty(host.Routes("c1"));
        host.Call("CHECK", "sbr", Configuration()).Succeeds();
        host.Call("DEL", "sbr", Configuration()).Succeeds();
        Assert.Empty(Rules(host));
        host.Call("DEL", "sbr", Configuration()).Succeeds();
        // The reference takes the namespace's file for a lock, and needs it.
        if (folder == PluginFolder.Reference) return;
        host.Call("CHECK", "sbr", Configuration()).Refuses(999, "10.1.2.2");
        host.Run("ip netns del c1");
        host.Call("DEL", "sbr", Configuration()).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void It_needs_a_plugin_before_it(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        host.Call("ADD", "sbr", Configuration(before: "")).Refuses(folder == PluginFolder.Reference ? 999 : 7);
    }

    [Fact]
    public void A_table_can_be_named_and_then_only_rules_are_made()
    {
        using PrivateHost host = Host(PluginFolder.Ours);
        host.Call("ADD", "sbr", Configuration(",\"table\":177")).Succeeds();
        Assert.Equal(["from 10.1.2.2 lookup 177", "from fd00:1::2 lookup 177"], Rules(host));
        Assert.Empty(host.Routes("c1", "177"));
        Assert.Equal(3, host.Routes("c1").Length);
        host.Call("DEL", "sbr", Configuration(",\"table\":178")).Succeeds();
        Assert.Equal(2, Rules(host).Length);
        host.Call("DEL", "sbr", Configuration(",\"table\":177")).Succeeds();
        Assert.Empty(Rules(host));
    }

    [Fact]
    public void Gateways_can_be_named_and_subnets_stay_reachable_with_hints()
    {
        using PrivateHost host = Host(PluginFolder.Ours);
        host.Call("ADD", "sbr", Configuration(",\"gateways\":[\"10.1.2.77\"],\"addSourceHints\":true")).Succeeds();
        Assert.Contains("default via 10.1.2.77 dev eth0", host.Routes("c1", "100"));
        Assert.Contains("10.1.2.0/24 dev eth0 scope link src 10.1.2.2", host.Routes("c1"));
        Assert.DoesNotContain("10.9.0.0/16 via 10.1.2.1 dev eth0", host.Routes("c1"));
        host.Call("ADD", "sbr", Configuration(",\"gateways\":[\"10.1.2.77\",\"10.1.2.78\"]")).Refuses(7, "gateways");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_vrf_takes_the_interface_or_the_kernel_is_said_to_have_none(string folder)
    {
        using PrivateHost host = Host(folder);
        PluginFolder.Require(folder, "vrf");
        string configuration = Configuration(",\"vrfname\":\"blue\"").Replace("\"sbr\"", "\"vrf\"", StringComparison.Ordinal);
        host.Call("ADD", "vrf", configuration.Replace("blue", "", StringComparison.Ordinal)).Refuses(folder == PluginFolder.Reference ? 999 : 7);
        bool has = host.Try("ip link add probe type vrf table 9 && ip link del probe").Code == 0;
        Answer added = host.Call("ADD", "vrf", configuration);
        if (!has) added.Refuses(999, folder == PluginFolder.Reference ? "" : "the kernel has no interfaces of kind vrf (CONFIG_NET_VRF)");
        else
        {
            added.Succeeds();
            Assert.Equal("blue", host.Link("c1", "eth0").GetProperty("master").GetString());
            Assert.Equal(["10.1.2.2/24", "fd00:1::2/64"], host.Addresses("c1", "eth0"));
            host.Call("CHECK", "vrf", configuration).Succeeds();
        }
        host.Call("DEL", "vrf", configuration).Succeeds();
        Assert.Equal(["eth0"], host.Names("c1"));
    }
}
