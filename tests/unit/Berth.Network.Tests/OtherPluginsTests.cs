// What plugins make of their configurations, without a kernel: limits, sysctls, subnets of flannel, backups.
using Berth.Network.Contract;
using Berth.Network.Firewall;
using Berth.Network.Plugins;

namespace Berth.Network.Tests;

public sealed class OtherPluginsTests
{
    private static PluginConfiguration Configuration(string json) => CniJson.Configuration(System.Text.Encoding.UTF8.GetBytes(json));

    [Theory]
    [InlineData("net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward")]
    [InlineData("net/ipv4/conf/IFNAME/arp_filter", "/proc/sys/net/ipv4/conf/eth0/arp_filter")]
    [InlineData("net.ipv4.conf.IFNAME.IFNAME", "/proc/sys/net/ipv4/conf/eth0/IFNAME")]
    public void A_sysctl_is_a_file_of_the_network(string key, string path) => Assert.Equal(path, TuningConfiguration.SysctlPath(key, "eth0"));

    [Theory]
    [InlineData("kernel.hostname")]
    [InlineData("net")]
    [InlineData("network.x")]
    [InlineData("net/../kernel/hostname")]
    [InlineData("net.ipv4...kernel")]
    [InlineData("/net/ipv4")]
    public void Other_sysctls_are_refused(string key) => Assert.Equal(999, Assert.Throws<CniException>(() => TuningConfiguration.SysctlPath(key, "eth0")).Code);

    [Fact]
    public void A_backup_has_what_was_changed_in_the_references_form()
    {
        TuningBackup backup = new() { Mac = "02:00:00:00:00:01", Promiscuous = false, Mtu = 1500, AllMulticast = true, TransmitQueueLength = 0 };
        Assert.Equal("{\n \"mac\": \"02:00:00:00:00:01\",\n \"promisc\": false,\n \"mtu\": 1500,\n \"allmulti\": true,\n \"txQLen\": 0\n}", System.Text.Encoding.UTF8.GetString(backup.ToJson()));
        Assert.Equal("{}", System.Text.Encoding.UTF8.GetString(new TuningBackup().ToJson()));
    }

    [Fact]
    public void Own_limits_go_before_those_of_the_capability()
    {
        const string Asked = "\"runtimeConfig\":{\"bandwidth\":{\"ingressRate\":8000,\"ingressBurst\":8000,\"egressRate\":0,\"egressBurst\":0}}";
        BandwidthLimits asked = BandwidthLimits.Read(Configuration($"{{{Asked}}}"))!;
        Assert.Equal((1000ul, false), (asked.In!.Value.Rate, asked.Out.HasValue));
        BandwidthLimits own = BandwidthLimits.Read(Configuration($"{{\"egressRate\":16000,\"egressBurst\":8000,{Asked}}}"))!;
        Assert.Equal((2000ul, false), (own.Out!.Value.Rate, own.In.HasValue));
        Assert.Null(BandwidthLimits.Read(Configuration("{}")));
        Assert.Null(BandwidthLimits.Read(Configuration("{\"ingressRate\":0}")));
    }

    [Theory]
    [InlineData("\"ingressRate\":8000")]
    [InlineData("\"ingressBurst\":8000")]
    [InlineData("\"ingressRate\":4,\"ingressBurst\":8000")]
    [InlineData("\"ingressRate\":-1,\"ingressBurst\":-1")]
    [InlineData("\"ingressRate\":8000,\"ingressBurst\":34359738360")]
    [InlineData("\"ingressRate\":8000,\"ingressBurst\":8000,\"shapedSubnets\":[\"x\"]")]
    [InlineData("\"ingressRate\":8000,\"ingressBurst\":8000,\"shapedSubnets\":[\"10.0.0.0/8\"],\"unshapedSubnets\":[\"10.0.0.0/8\"]")]
    public void Limits_that_make_no_sense_are_refused(string json) => Assert.Equal(7, Assert.Throws<CniException>(() => BandwidthLimits.Read(Configuration($"{{{json}}}"))).Code);

    [Fact]
    public void The_interface_that_shapes_has_the_references_name() => Assert.Equal("bwp623e1c388032", ChainName.Shaping("net", "c1"));

    [Fact]
    public void Flannels_file_may_have_several_networks_and_one_version()
    {
        FlannelSubnet subnet = FlannelSubnet.Parse("FLANNEL_NETWORK=10.1.0.0/16,10.2.0.0/16,10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=false\n", "f");
        Assert.Equal("10.1.0.0/16 10.2.0.0/16 | 10.1.17.0/24 1472 False", $"{string.Join(' ', subnet.Networks)} | {string.Join(' ', subnet.Subnets)} {subnet.Mtu} {subnet.Masquerades}");
        Assert.Equal("""{"cniVersion":"1.0.0","ipMasq":true,"ipam":{"ranges":[[{"subnet":"10.1.17.0/24"}]],"routes":[{"dst":"1.1.1.1/32"},{"dst":"10.1.0.0/16"},{"dst":"10.2.0.0/16"}],"type":"host-local"},"mtu":9000,"name":"n","runtimeConfig":{"portMappings":[]},"type":"macvlan"}""",
            System.Text.Encoding.UTF8.GetString(FlannelDelegate.Of(Configuration("""{"cniVersion":"1.0.0","name":"n","ipam":{"routes":[{"dst":"1.1.1.1/32"}]},"runtimeConfig":{"portMappings":[]},"delegate":{"type":"macvlan","mtu":9000}}"""), subnet)));
    }

    [Theory]
    [InlineData("{\"delegate\":{\"ipam\":{}}}")]
    [InlineData("{\"delegate\":{\"name\":\"x\"}}")]
    [InlineData("{\"delegate\":{\"type\":5}}")]
    public void What_is_flannels_to_set_is_refused(string json) =>
        Assert.Equal(7, Assert.Throws<CniException>(() => FlannelDelegate.Of(Configuration(json), FlannelSubnet.Parse("FLANNEL_NETWORK=10.1.0.0/16\nFLANNEL_SUBNET=10.1.17.1/24\nFLANNEL_MTU=1472\nFLANNEL_IPMASQ=true", "f"))).Code);

    [Fact]
    public void Every_name_is_a_plugin()
    {
        foreach (string name in BuiltIn.Names) Assert.NotNull(BuiltIn.Find(name));
        Assert.Null(BuiltIn.Find("none"));
    }

    [Theory]
    [InlineData("make-tap tap0 single - -")]
    [InlineData("make-tap tap0 multi 1000 0")]
    public void What_is_to_be_made_under_a_label_is_read_as_it_was_said(string words)
    {
        Berth.Linux.Network.TapSpec tap = Berth.Network.Plugins.LabelledTap.Read(words.Split(' '))!;
        Assert.Equal("tap0", tap.Name);
        Assert.Equal(words, string.Join(' ', Berth.Network.Plugins.LabelledTap.Words(tap)));
    }

    [Theory]
    [InlineData("make-tap")]
    [InlineData("make-tap tap0 single -")]
    [InlineData("make-tap tap0 some - -")]
    [InlineData("make-tap tap0 single -1 -")]
    public void Words_that_say_no_tap_make_none(string words) => Assert.Null(Berth.Network.Plugins.LabelledTap.Read(words.Split(' ')));
}
