// bandwidth and flannel: limits of a container's traffic, and a plugin that has others attach it.
using System.Diagnostics;
using System.Text.Json;
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Meta;

public sealed class BandwidthTests
{
    private const string Limits = "\"ingressRate\":8000000,\"ingressBurst\":80000,\"egressRate\":16000000,\"egressBurst\":160000";

    private static readonly string Bridge = $$"""{"cniVersion":"0.4.0","name":"net","type":"bridge","bridge":"br0","isDefaultGateway":true,"ipam":{{PrivateHost.HostLocal("""[{"subnet":"10.1.2.0/24"}]""")}} }""";

    public static TheoryData<string> Folders() => PluginFolder.All();

    private static string Configuration(string more = "," + Limits) => $$"""{"cniVersion":"0.4.0","name":"net","type":"bandwidth"{{more}} }""";

    /// <summary>Rate, burst and limit as tc(8) writes them.</summary>
    private static string Shape(PrivateHost host, string device) => host.Run($"tc qdisc show dev {device} root");

    [Theory]
    [MemberData(nameof(Folders))]
    public void Both_directions_are_shaped(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Answer before = host.Call("ADD", "bridge", Bridge).Succeeds();
        Answer added = host.Call("ADD", "bandwidth", before.After(Configuration())).Succeeds();
        JsonElement[] interfaces = [.. added.Json.GetProperty("interfaces").EnumerateArray()];
        Assert.Equal(["br0", "VETH", "eth0", "IFB"], interfaces.Select(static i => PrivateHost.Plain(i.GetProperty("name").GetString()!)));
        string pair = interfaces[1].GetProperty("name").GetString()!, middle = interfaces[3].GetProperty("name").GetString()!;
        Assert.Equal("bwp623e1c388032", middle);
        Assert.Equal(host.Link("", middle).GetProperty("address").GetString(), interfaces[3].GetProperty("mac").GetString());
        Assert.Matches("tbf 1: .* rate 8Mbit burst 10000b lat 25", Shape(host, pair));
        Assert.Matches("tbf 1: .* rate 16Mbit burst 20000b lat 25", Shape(host, middle));
        string filter = host.Run($"tc filter show dev {pair} parent ffff:");
        Assert.Contains($"Egress Redirect to device {middle}", filter, StringComparison.Ordinal);
        host.Call("CHECK", "bandwidth", added.After(Configuration())).Succeeds();
        host.Call("CHECK", "bandwidth", added.After(Configuration().Replace("8000000", "8000080", StringComparison.Ordinal))).Refuses(999);
        // The reference looks no further when the discipline is another one.
        if (folder == PluginFolder.Reference) return;
        host.Run($"tc qdisc del dev {middle} root");
        host.Call("CHECK", "bandwidth", added.After(Configuration())).Refuses(999);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void DEL_can_be_said_twice_and_nothing_is_left(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        string configuration = Configuration(",\"runtimeConfig\":{\"bandwidth\":{" + Limits + "}}");
        Answer before = host.Call("ADD", "bridge", Bridge).Succeeds();
        host.Call("ADD", "bandwidth", before.After(configuration)).Succeeds();
        Assert.Equal(3, host.Names("").Length);
        host.Call("DEL", "bandwidth", before.After(configuration)).Succeeds();
        host.Call("DEL", "bandwidth", before.After(configuration)).Succeeds();
        Assert.Equal(2, host.Names("").Length);
        if (folder != PluginFolder.Reference)
        {
            host.Call("ADD", "bandwidth", before.After(configuration)).Succeeds();
            host.Call("DEL", "bandwidth", before.After(configuration)).Succeeds();
        }
        host.Run("ip netns del c1");
        host.Call("DEL", "bandwidth", configuration).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Without_limits_the_result_is_passed_on(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Answer before = host.Call("ADD", "bridge", Bridge).Succeeds();
        Assert.Equal(before.Output.Trim(), host.Call("ADD", "bandwidth", before.After(Configuration(""))).Succeeds().Output.Trim());
        host.Call("ADD", "bandwidth", Configuration()).Refuses(folder == PluginFolder.Reference ? 999 : 7);
        host.Call("ADD", "bandwidth", before.After(Configuration(",\"ingressRate\":1000"))).Refuses(folder == PluginFolder.Reference ? 999 : 7);
        host.Call("ADD", "bandwidth", before.After(Configuration(",\"egressBurst\":1000"))).Refuses(folder == PluginFolder.Reference ? 999 : 7);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_megabyte_takes_as_long_as_it_should(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Answer before = host.Call("ADD", "bridge", Bridge).Succeeds();
        host.Call("ADD", "bandwidth", before.After(Configuration())).Succeeds();
        Stopwatch watch = Stopwatch.StartNew();
        // 1 MB each way at 1 and 2 MB a second. How long it takes at most, is TCP's affair where packets are dropped: that it ends, is enough.
        host.Run("timeout 20 socat -u TCP4-LISTEN:9000,reuseaddr OPEN:/dev/null & head -c 1000000 /dev/zero | ip netns exec c1 socat -u - TCP4:10.1.2.1:9000,retry=50,interval=0.02; wait");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.4, 19);
        watch.Restart();
        host.Run("timeout 20 ip netns exec c1 socat -u TCP4-LISTEN:9000,reuseaddr OPEN:/dev/null & head -c 1000000 /dev/zero | socat -u - TCP4:10.1.2.2:9000,retry=50,interval=0.02; wait");
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.8, 19);
    }

    [Fact]
    public void Subnets_can_be_left_out_and_GC_takes_interfaces_that_nobody_uses()
    {
        using PrivateHost host = new PrivateHost(PluginFolder.Ours).Container("c1").Container("c2");
        string configuration = Configuration("," + Limits + ",\"unshapedSubnets\":[\"10.0.0.0/8\",\"fd00::/8\"]");
        foreach (string container in (ReadOnlySpan<string>)["c1", "c2"])
        {
            Answer before = host.Call("ADD", "bridge", Bridge, container).Succeeds();
            Answer added = host.Call("ADD", "bandwidth", before.After(configuration), container).Succeeds();
            host.Call("CHECK", "bandwidth", added.After(configuration), container).Succeeds();
            host.Call("CHECK", "bandwidth", added.After(configuration.Replace("16000000", "16000080", StringComparison.Ordinal)), container).Refuses(999);
            string pair = added.Json.GetProperty("interfaces")[1].GetProperty("name").GetString()!;
            Assert.Matches("class htb 1:30 root .*rate 8Mbit", host.Run($"tc class show dev {pair}"));
            Assert.Contains("match 0a000000/ff000000 at 12", host.Run($"tc filter show dev {pair}"), StringComparison.Ordinal);
        }
        host.Call("GC", "bandwidth", """{"cniVersion":"1.1.0","name":"other","type":"bandwidth","cni.dev/valid-attachments":[]}""").Succeeds();
        Assert.Equal(2, host.Names("").Count(static n => n.StartsWith("bwp", StringComparison.Ordinal)));
        host.Call("GC", "bandwidth", """{"cniVersion":"1.1.0","name":"net","type":"bandwidth","cni.dev/valid-attachments":[{"containerID":"c1","ifname":"eth0"}]}""").Succeeds();
        Assert.Equal(["bwp623e1c388032"], host.Names("").Where(static n => n.StartsWith("bwp", StringComparison.Ordinal)));
    }
}

public sealed class FlannelTests
{
    private const string Subnet = "FLANNEL_NETWORK=10.244.0.0/16\nFLANNEL_SUBNET=10.244.3.1/24\nFLANNEL_IPV6_NETWORK=fd00:244::/56\nFLANNEL_IPV6_SUBNET=fd00:244:0:3::1/64\nFLANNEL_MTU=1450\nFLANNEL_IPMASQ=true\n";

    private const string Configuration = """{"cniVersion":"1.1.0","name":"cbr0","type":"flannel","dataDir":"/run/flannel/cni","ipam":{"dataDir":"/run/data"},"delegate":{"hairpinMode":true,"isDefaultGateway":true}}""";

    private static PrivateHost Host(string subnet = Subnet)
    {
        PrivateHost host = new PrivateHost(PluginFolder.Ours).Container("c1");
        host.Run($"mkdir -p /run/flannel && printf '{subnet.Replace("\n", "\\n", StringComparison.Ordinal)}' > /run/flannel/subnet.env");
        return host;
    }

    [Fact]
    public void The_bridge_is_told_the_hosts_subnet()
    {
        using PrivateHost host = Host();
        host.Call("STATUS", "flannel", Configuration).Succeeds();
        Answer added = host.Call("ADD", "flannel", Configuration).Succeeds();
        Assert.Equal(["10.244.3.2/24", "fd00:244:0:3::2/64"], added.Addresses);
        Assert.Equal("""{"cniVersion":"1.1.0","hairpinMode":true,"ipMasq":false,"ipam":{"dataDir":"/run/data","ranges":[[{"subnet":"10.244.3.0/24"}],[{"subnet":"fd00:244:0:3::/64"}]],"routes":[{"dst":"10.244.0.0/16"},{"dst":"fd00:244::/56"}],"type":"host-local"},"isDefaultGateway":true,"isGateway":true,"mtu":1450,"name":"cbr0","type":"bridge"}""", host.Run("cat /run/flannel/cni/c1"));
        Assert.Contains("10.244.0.0/16 via 10.244.3.1 dev eth0", host.Routes("c1"));
        Assert.Equal(1450, host.Link("c1", "eth0").GetProperty("mtu").GetInt32());
        host.Call("CHECK", "flannel", added.After(Configuration)).Succeeds();
        host.Run("ip -n c1 addr del 10.244.3.2/24 dev eth0");
        host.Call("CHECK", "flannel", added.After(Configuration)).Refuses(999);
        // The daemon may be gone by now.
        host.Run("rm /run/flannel/subnet.env");
        host.Call("STATUS", "flannel", Configuration).Refuses(50, "/run/flannel/subnet.env");
        host.Call("DEL", "flannel", Configuration).Succeeds();
        host.Call("DEL", "flannel", Configuration).Succeeds();
        Assert.Empty(host.Names("c1"));
        Assert.Equal("", host.Run("ls /run/flannel/cni"));
        Assert.Empty(host.Try("ls /run/data/cbr0 | grep -v -e last -e lock").Output);
    }

    [Fact]
    public void GC_forgets_containers_that_are_gone()
    {
        using PrivateHost host = Host().Container("c2");
        host.Call("ADD", "flannel", Configuration).Succeeds();
        host.Call("ADD", "flannel", Configuration, "c2").Succeeds();
        host.Run("ip netns del c1");
        host.Call("GC", "flannel", Configuration[..^1] + ",\"cni.dev/valid-attachments\":[{\"containerID\":\"c2\",\"ifname\":\"eth0\"}]}").Succeeds();
        Assert.Equal("c2", host.Run("ls /run/flannel/cni").Trim());
        Assert.Equal("10.244.3.3\nfd00:244:0:3::3", host.Run("ls /run/data/cbr0 | grep -v -e last -e lock").Trim());
    }

    [Fact]
    public void What_is_missing_or_flannels_own_is_said()
    {
        using PrivateHost host = Host("FLANNEL_MTU=1450\n");
        host.Call("ADD", "flannel", Configuration).Refuses(999, "/run/flannel/subnet.env is missing FLANNEL_NETWORK, FLANNEL_IPV6_NETWORK, FLANNEL_SUBNET, FLANNEL_IPV6_SUBNET, FLANNEL_IPMASQ");
        host.Run("rm /run/flannel/subnet.env");
        host.Call("ADD", "flannel", Configuration).Refuses(999, "/run/flannel/subnet.env");
        using PrivateHost other = Host();
        other.Call("ADD", "flannel", Configuration.Replace("\"hairpinMode\":true", "\"name\":\"x\"", StringComparison.Ordinal)).Refuses(7, "name");
    }
}
