// ptp: a pair of interfaces between host and container, and routes between them.
using System.Text.Json;
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Interfaces;

public sealed class PointToPointTests
{
    private const string TwoRanges = """[{"subnet":"10.1.2.0/24"}],[{"subnet":"fd00:1::/64"}]""";

    public static TheoryData<string> Folders() => PluginFolder.All();

    private static string Configuration(string more = "", string version = "0.4.0", string routes = ",\"routes\":[{\"dst\":\"0.0.0.0/0\"},{\"dst\":\"::/0\"}]") =>
        $$"""{"cniVersion":"{{version}}","name":"net","type":"ptp","ipam":{{PrivateHost.HostLocal(TwoRanges, routes)}}{{more}} }""";

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_result_names_both_ends(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Assert.Equal("""
            {
                "cniVersion": "0.4.0",
                "interfaces": [
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
                        "interface": 1,
                        "address": "10.1.2.2/24",
                        "gateway": "10.1.2.1"
                    },
                    {
                        "version": "6",
                        "interface": 1,
                        "address": "fd00:1::2/64",
                        "gateway": "fd00:1::1"
                    }
                ],
                "routes": [
                    {
                        "dst": "0.0.0.0/0"
                    },
                    {
                        "dst": "::/0"
                    }
                ],
                "dns": {
                    "nameservers": [
                        "10.9.9.9"
                    ]
                }
            }
            """, host.Call("ADD", "ptp", Configuration(",\"dns\":{\"nameservers\":[\"10.9.9.9\"]}")).Succeeds().Plain);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Routes_lead_through_the_host(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Answer added = host.Call("ADD", "ptp", Configuration(",\"mtu\":1300")).Succeeds();
        string pair = added.Json.GetProperty("interfaces")[0].GetProperty("name").GetString()!;
        Assert.Equal(["10.1.2.2/24", "fd00:1::2/64"], host.Addresses("c1", "eth0"));
        Assert.Equal(["10.1.2.1/32", "fd00:1::1/128"], host.Addresses("", pair));
        Assert.Equal([
            "default via 10.1.2.1 dev eth0",
            "10.1.2.0/24 via 10.1.2.1 dev eth0 src 10.1.2.2",
            "10.1.2.1 dev eth0 scope link src 10.1.2.2",
            "fd00:1::1 dev eth0 src fd00:1::2 metric 1024",
            "fd00:1::/64 via fd00:1::1 dev eth0 src fd00:1::2 metric 1024",
            "default via fd00:1::1 dev eth0 metric 1024"], host.Routes("c1"));
        Assert.Equal(["10.1.2.2 dev VETH scope host"], [.. host.Routes("").Select(PrivateHost.Plain).Where(static r => r.StartsWith("10.", StringComparison.Ordinal))]);
        Assert.Contains("fd00:1::2 dev VETH metric 1024", host.Routes("").Select(PrivateHost.Plain));
        Assert.Equal([1300, 1300], [host.Link("c1", "eth0").GetProperty("mtu").GetInt32(), host.Link("", pair).GetProperty("mtu").GetInt32()]);
        Assert.Equal(["1", "1"], [host.Sysctl("", "net/ipv4/ip_forward"), host.Sysctl("", "net/ipv6/conf/all/forwarding")]);
        host.Call("CHECK", "ptp", added.After(Configuration())).Succeeds();
        host.Run("ip -n c1 route del default");
        host.Call("CHECK", "ptp", added.After(Configuration())).Refuses(999);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Containers_reach_each_other_and_the_outside(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2").Neighbour("out");
        foreach (string container in (ReadOnlySpan<string>)["c1", "c2"]) host.Call("ADD", "ptp", Configuration(",\"ipMasq\":true"), container).Succeeds();
        host.AwaitCarrier("c1", "eth0");
        host.AwaitCarrier("c2", "eth0");
        foreach (string kind in (ReadOnlySpan<string>)["TCP4", "TCP6", "UDP4", "UDP6"])
        {
            bool six = kind[3] == '6';
            host.Serve("out", kind, 8000);
            host.Serve("c2", kind, 8000);
            Assert.Equal(six ? "2001:db8::1" : "192.0.2.1", BridgeTests.Short(host.Ask("c1", kind, six ? "2001:db8::2" : "192.0.2.2", 8000)));
            Assert.Equal(six ? "fd00:1::2" : "10.1.2.2", BridgeTests.Short(host.Ask("c1", kind, six ? "fd00:1::3" : "10.1.2.3", 8000)));
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void DEL_can_be_said_twice_and_when_the_namespace_is_gone(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2");
        string configuration = Configuration(",\"ipMasq\":true");
        host.Call("ADD", "ptp", configuration).Succeeds();
        host.Call("ADD", "ptp", configuration, "c2").Succeeds();
        host.Call("DEL", "ptp", configuration).Succeeds();
        host.Call("DEL", "ptp", configuration).Succeeds();
        Assert.Empty(host.Names("c1"));
        Assert.Single(host.Names(""));
        host.Run("ip netns del c2");
        host.Call("DEL", "ptp", configuration, "c2").Succeeds();
        Assert.Empty(host.Try("ls /run/data/net | grep -v -e last -e lock").Output);
        Assert.DoesNotContain("10.1.2.2 ", host.Run("nft list ruleset"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void An_ADD_that_fails_leaves_no_lease(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        host.Run("ip -n c1 link add eth0 type veth peer name other");
        host.Call("ADD", "ptp", Configuration()).Refuses(999);
        Assert.Empty(host.Try("ls /run/data/net | grep -v -e last -e lock").Output);
        Assert.Empty(host.Names(""));
    }
}

public sealed class LoopbackTests
{
    public static TheoryData<string> Folders() => PluginFolder.All();

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_interface_lo_comes_up_and_goes_down(string folder)
    {
        const string Configuration = """{"cniVersion":"0.4.0","name":"net","type":"loopback"}""";
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        host.Run("ip -n c1 link set lo down");
        Answer added = host.Call("ADD", "loopback", Configuration, interfaceName: "lo").Succeeds();
        Assert.Equal(["127.0.0.1/8", "::1/128"], added.Addresses);
        JsonElement lo = added.Json.GetProperty("interfaces")[0];
        Assert.Equal(("lo", "/run/netns/c1"), (lo.GetProperty("name").GetString(), lo.GetProperty("sandbox").GetString()));
        Assert.Contains("UP", host.Run("ip -n c1 -o link show lo"), StringComparison.Ordinal);
        host.Call("CHECK", "loopback", added.After(Configuration), interfaceName: "lo").Succeeds();
        host.Call("DEL", "loopback", Configuration, interfaceName: "lo").Succeeds();
        host.Call("DEL", "loopback", Configuration, interfaceName: "lo").Succeeds();
        Assert.DoesNotContain("UP", host.Run("ip -n c1 -o link show lo"), StringComparison.Ordinal);
        host.Run("ip netns del c1");
        host.Call("DEL", "loopback", Configuration, interfaceName: "lo").Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_result_before_is_passed_on(string folder)
    {
        const string Configuration = """{"cniVersion":"0.4.0","name":"net","type":"loopback","prevResult":{"cniVersion":"0.4.0","interfaces":[{"name":"x"}],"dns":{}}}""";
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        JsonElement result = host.Call("ADD", "loopback", Configuration, interfaceName: "lo").Succeeds().Json;
        Assert.Equal("x", result.GetProperty("interfaces")[0].GetProperty("name").GetString());
    }
}
