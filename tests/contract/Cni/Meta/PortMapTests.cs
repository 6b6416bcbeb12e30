// portmap and firewall: ports of the host lead to a container, from everywhere.
using Berth.Contract.Cni.Interfaces;
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Meta;

public sealed class PortMapTests
{
    private const string Ports = """[{"hostPort":8080,"containerPort":80,"protocol":"tcp"},{"hostPort":8080,"containerPort":80,"protocol":"udp"}]""";

    public static TheoryData<string> Folders() => PluginFolder.All();

    private static string Bridge(bool hairpin = false) =>
        $$"""{"cniVersion":"0.4.0","name":"net","type":"bridge","bridge":"br0","isDefaultGateway":true,"ipMasq":true,"hairpinMode":{{(hairpin ? "true" : "false")}},"ipam":{{PrivateHost.HostLocal("""[{"subnet":"10.1.2.0/24"}],[{"subnet":"fd00:1::/64"}]""")}} }""";

    private static string Configuration(string ports = Ports, string more = "") =>
        $$"""{"cniVersion":"0.4.0","name":"net","type":"portmap","capabilities":{"portMappings":true}{{more}},"runtimeConfig":{"portMappings":{{ports}}} }""";

    /// <summary>A host with a neighbour and a container whose port 80 is published; the answer of portmap.</summary>
    private static Answer Publish(PrivateHost host, string configuration, string container = "c1", bool hairpin = false)
    {
        Answer before = host.Call("ADD", "bridge", Bridge(hairpin), container).Succeeds();
        return host.Call("ADD", "portmap", before.After(configuration), container).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_result_before_is_the_result(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Answer before = host.Call("ADD", "bridge", Bridge()).Succeeds();
        Assert.Equal(before.Output.Trim(), host.Call("ADD", "portmap", before.After(Configuration())).Succeeds().Output.Trim());
        Assert.Equal(before.Output.Trim(), host.Call("ADD", "portmap", before.After(Configuration("[]"))).Succeeds().Output.Trim());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_published_port_is_reached_from_outside_with_the_clients_own_address(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Neighbour("out").Container("c1");
        Publish(host, Configuration());
        foreach (string kind in (ReadOnlySpan<string>)["TCP4", "TCP6", "UDP4", "UDP6"])
        {
            bool six = kind[3] == '6';
            host.Serve("c1", kind, 80);
            Assert.Equal(six ? "2001:db8::2" : "192.0.2.2", BridgeTests.Short(host.Ask("out", kind, six ? "2001:db8::1" : "192.0.2.1", 8080)));
            // The host's own traffic takes the same way.
            Assert.NotEqual("", host.Ask("", kind, six ? "2001:db8::1" : "192.0.2.1", 8080));
            Assert.NotEqual("", host.Ask("", kind, six ? "fd00:1::1" : "10.1.2.1", 8080));
            if (!six) Assert.Equal("10.1.2.1", host.Ask("", kind, "127.0.0.1", 8080));
        }
        Assert.Equal("", host.Ask("out", "TCP4", "192.0.2.1", 8081));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void The_loopback_is_not_reached_from_outside(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Neighbour("out").Container("c1");
        Publish(host, Configuration());
        host.Serve("", "TCP4", 9000);
        host.Run("ip -n out route add 127.0.0.2/32 via 192.0.2.1; ip -n c1 route add 127.0.0.2/32 via 10.1.2.1; for n in out c1; do ip netns exec $n sh -c 'echo 1 > /proc/sys/net/ipv4/conf/eth0/route_localnet'; done");
        Assert.Equal("", host.Ask("out", "TCP4", "127.0.0.2", 9000, ",bind=192.0.2.2"));
        // The reference opened it to its containers (CVE-2020-8558 is the kubelet's of the same).
        if (folder != PluginFolder.Reference) Assert.Equal("", host.Ask("c1", "TCP4", "127.0.0.2", 9000, ",bind=10.1.2.2"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Containers_reach_published_ports_also_their_own(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Neighbour("out").Container("c1").Container("c2");
        Publish(host, Configuration(), hairpin: true);
        host.Call("ADD", "bridge", Bridge(hairpin: true), "c2").Succeeds();
        foreach (string kind in (ReadOnlySpan<string>)["TCP4", "TCP6", "UDP4"])
        {
            bool six = kind[3] == '6';
            host.Serve("c1", kind, 80);
            string gateway = six ? "fd00:1::1" : "10.1.2.1";
            Assert.Equal(gateway, BridgeTests.Short(host.Ask("c1", kind, gateway, 8080)));
            Assert.NotEqual("", host.Ask("c2", kind, gateway, 8080));
            Assert.NotEqual("", host.Ask("c2", kind, six ? "2001:db8::1" : "192.0.2.1", 8080));
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_port_can_be_published_at_one_address_only(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Neighbour("out").Container("c1");
        host.Run("ip addr add 192.0.2.9/24 dev outside");
        Publish(host, Configuration("""[{"hostPort":8080,"containerPort":80,"protocol":"tcp","hostIP":"192.0.2.9"},{"hostPort":8081,"containerPort":80,"protocol":"tcp","hostIP":"127.0.0.1"}]"""));
        host.Serve("c1", "TCP4", 80);
        Assert.Equal("192.0.2.2", host.Ask("out", "TCP4", "192.0.2.9", 8080));
        Assert.Equal("", host.Ask("out", "TCP4", "192.0.2.1", 8080));
        Assert.Equal("", host.Ask("out", "TCP4", "192.0.2.1", 8081));
        Assert.Equal("10.1.2.1", host.Ask("", "TCP4", "127.0.0.1", 8081));
        Assert.Equal("", host.Ask("", "TCP4", "127.0.0.1", 8080));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Without_snat_the_loopback_is_left_alone(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Neighbour("out").Container("c1");
        Publish(host, Configuration(more: ",\"snat\":false"));
        host.Serve("c1", "TCP4", 80);
        Assert.Equal("192.0.2.2", host.Ask("out", "TCP4", "192.0.2.1", 8080));
        Assert.Equal("", host.Ask("", "TCP4", "127.0.0.1", 8080));
    }

    // Newer than the reference that distributions have.
    [Fact]
    public void With_masqAll_everybody_comes_as_the_host()
    {
        using PrivateHost host = new PrivateHost(PluginFolder.Ours).Neighbour("out").Container("c1");
        Publish(host, Configuration(more: ",\"masqAll\":true"));
        foreach (string kind in (ReadOnlySpan<string>)["TCP4", "UDP6"])
        {
            bool six = kind[3] == '6';
            host.Serve("c1", kind, 80);
            Assert.Equal(six ? "fd00:1::1" : "10.1.2.1", BridgeTests.Short(host.Ask("out", kind, six ? "2001:db8::1" : "192.0.2.1", 8080)));
        }
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void CHECK_misses_rules_that_are_gone_and_DEL_takes_them(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Neighbour("out").Container("c1");
        Answer added = Publish(host, Configuration());
        string after = added.After(Configuration());
        host.Serve("c1", "TCP4", 80);
        // The reference of 1.1 looks for IPv4's rules among IPv6's.
        if (folder != PluginFolder.Reference) host.Call("CHECK", "portmap", after).Succeeds();
        host.Call("DEL", "portmap", after).Succeeds();
        host.Call("DEL", "portmap", after).Succeeds();
        Assert.Equal("", host.Ask("out", "TCP4", "192.0.2.1", 8080));
        host.Call("CHECK", "portmap", after).Refuses(999);
        host.Call("ADD", "portmap", after).Succeeds();
        Assert.Equal("192.0.2.2", host.Ask("out", "TCP4", "192.0.2.1", 8080));
        host.Run("ip netns del c1");
        host.Call("DEL", "portmap", Configuration()).Succeeds();
        Assert.DoesNotContain("8080", host.Run("nft list ruleset"), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Clients_of_UDP_find_the_new_container(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Neighbour("out").Container("c1").Container("c2");
        Answer added = Publish(host, Configuration());
        host.Serve("c1", "UDP4", 80);
        Assert.Equal("192.0.2.2", host.Ask("out", "UDP4", "192.0.2.1", 8080, ",bind=192.0.2.2:5000"));
        host.Call("DEL", "portmap", added.After(Configuration())).Succeeds();
        host.Call("DEL", "bridge", Bridge()).Succeeds();
        Publish(host, Configuration(), "c2");
        host.Serve("c2", "UDP4", 80);
        Assert.Equal("192.0.2.2", host.Ask("out", "UDP4", "192.0.2.1", 8080, ",bind=192.0.2.2:5000"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Mappings_that_make_no_sense_are_refused(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        int wrong = folder == PluginFolder.Reference ? 999 : 7;
        Answer before = host.Call("ADD", "bridge", Bridge()).Succeeds();
        host.Call("ADD", "portmap", before.After(Configuration("""[{"hostPort":0,"containerPort":80}]"""))).Refuses(wrong);
        host.Call("ADD", "portmap", before.After(Configuration("""[{"hostPort":80,"containerPort":0}]"""))).Refuses(wrong);
        host.Call("ADD", "portmap", Configuration()).Refuses(wrong);
    }

    // Of the reference both get it, and one of them is never reached.
    [Fact]
    public void A_port_is_published_once()
    {
        using PrivateHost host = new PrivateHost(PluginFolder.Ours).Neighbour("out").Container("c1").Container("c2");
        Publish(host, Configuration());
        Answer second = host.Call("ADD", "bridge", Bridge(), "c2").Succeeds();
        host.Call("ADD", "portmap", second.After(Configuration()), "c2").Refuses(120, "8080");
        host.Serve("c1", "TCP4", 80);
        Assert.Equal("192.0.2.2", host.Ask("out", "TCP4", "192.0.2.1", 8080));
    }

    [Fact]
    public void GC_takes_ports_of_attachments_that_are_not_valid()
    {
        using PrivateHost host = new PrivateHost(PluginFolder.Ours).Container("c1").Container("c2");
        Publish(host, Configuration());
        Publish(host, Configuration(Ports.Replace("8080", "8090", StringComparison.Ordinal)), "c2");
        string current = Configuration().Replace("0.4.0", "1.1.0", StringComparison.Ordinal).TrimEnd()[..^1];
        host.Call("STATUS", "portmap", current + "}").Succeeds();
        host.Call("GC", "portmap", current + ",\"cni.dev/valid-attachments\":[{\"containerID\":\"c2\",\"ifname\":\"eth0\"}]}").Succeeds();
        string rules = host.Run("nft list table inet berth");
        Assert.DoesNotContain("8080", rules, StringComparison.Ordinal);
        Assert.Contains("8090", rules, StringComparison.Ordinal);
    }
}

public sealed class FirewallTests
{
    public static TheoryData<string> Folders() => PluginFolder.All();

    private static string Bridge(int number) =>
        $$"""{"cniVersion":"0.4.0","name":"net{{number}}","type":"bridge","bridge":"br{{number}}","isDefaultGateway":true,"ipam":{{PrivateHost.HostLocal($$"""[{"subnet":"10.1.{{number}}.0/24"}]""")}} }""";

    private static string Configuration(int number, string more = "") => $$"""{"cniVersion":"0.4.0","name":"net{{number}}","type":"firewall","backend":"iptables"{{more}} }""";

    private static Answer Add(PrivateHost host, string container, int number, string more = "")
    {
        Answer before = host.Call("ADD", "bridge", Bridge(number), container).Succeeds();
        Answer added = host.Call("ADD", "firewall", before.After(Configuration(number, more)), container).Succeeds();
        Assert.Equal(before.Output.Trim(), added.Output.Trim());
        return added;
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_host_that_drops_what_it_forwards_lets_the_container_through(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Neighbour("out").Container("c1");
        host.Run("iptables -P FORWARD DROP && ip -n out route add default via 192.0.2.1");
        host.Serve("out", "TCP4", 8000);
        Answer added = Add(host, "c1", 2);
        Assert.Equal("10.1.2.2", host.Ask("c1", "TCP4", "192.0.2.2", 8000));
        string after = added.After(Configuration(2));
        host.Call("CHECK", "firewall", after).Succeeds();
        host.Call("DEL", "firewall", after).Succeeds();
        Assert.Equal("", host.Ask("c1", "TCP4", "192.0.2.2", 8000));
        host.Call("DEL", "firewall", after).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Ingress_policies_separate_bridges(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2").Container("c3");
        foreach ((string container, int number) in (ReadOnlySpan<(string, int)>)[("c1", 2), ("c2", 2), ("c3", 3)])
        {
            Add(host, container, number, ",\"ingressPolicy\":\"same-bridge\"");
            host.Serve(container, "TCP4", 8000);
        }
        Assert.True(host.Reaches("c1", "10.1.2.3", 8000));
        Assert.False(host.Reaches("c1", "10.1.3.2", 8000));
        Assert.False(host.Reaches("c3", "10.1.2.2", 8000));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Configurations_that_make_no_sense_are_refused(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        Answer before = host.Call("ADD", "bridge", Bridge(2)).Succeeds();
        host.Call("ADD", "firewall", Configuration(2)).Refuses(folder == PluginFolder.Reference ? 999 : 7);
        host.Call("ADD", "firewall", before.After(Configuration(2, ",\"ingressPolicy\":\"none\""))).Refuses(folder == PluginFolder.Reference ? 999 : 7);
    }
}
