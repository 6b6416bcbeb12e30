// LNX-06: interfaces of the host that move into the container (config-linux.md, Network Devices).
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Configuration;

[Row("LNX-06")]
public sealed class NetDeviceTests : ContainerTest
{
    private Outcome Moved(HostLink link, string script, string json = "{}") =>
        Run(config => config.Shell(script).SetJson("linux.netDevices", $$"""{ "{{link.Name}}": {{json}} }"""));

    [Fact]
    public void An_interface_moves_inside_and_leaves_the_host()
    {
        using HostLink link = new(Dock);
        Started(config => config.SetJson("linux.netDevices", $$"""{ "{{link.Name}}": {} }"""));
        Assert.False(link.IsOnHost);
        Assert.Contains(link.Name, Exec("ip", "link").Succeeded().Output);
        Call("delete", "--force", Id).Succeeded();
        Assert.False(link.IsOnHost);
    }

    [Fact]
    public void It_is_renamed()
    {
        using HostLink link = new(Dock);
        Outcome outcome = Moved(link, "ls /sys/class/net", """{ "name": "eth5" }""").Succeeded();
        Assert.Equal(["eth5", "lo"], outcome.Lines.Where(name => name is "eth5" or "lo" || name == link.Name).Order());
    }

    [Fact]
    public void A_template_lets_the_kernel_choose_the_number()
    {
        using HostLink link = new(Dock), other = new(Dock);
        Outcome outcome = Run(config => config.Shell("ls /sys/class/net")
            .SetJson("linux.netDevices", $$"""{ "{{link.Name}}": { "name": "eth%d" }, "{{other.Name}}": { "name": "eth%d" } }""")).Succeeded();
        Assert.Equal(["eth0", "eth1"], outcome.Lines.Where(name => name.StartsWith("eth", StringComparison.Ordinal)).Order());
    }

    [Fact]
    public void It_is_up_inside()
    {
        using HostLink link = new(Dock);
        link.Ip("link", "set", link.Peer, "up").Succeeded();
        Assert.Contains("UP", Moved(link, $"ip link show {link.Name}").Succeeded().Output);
    }

    [Fact]
    public void Permanent_addresses_of_global_scope_come_along()
    {
        using HostLink link = new(Dock);
        link.Ip("address", "add", "192.0.2.7/24", "broadcast", "192.0.2.255", "dev", link.Name).Succeeded();
        link.Ip("address", "add", "127.0.0.33/8", "scope", "host", "dev", link.Name).Succeeded();
        string text = Moved(link, $"ip address show dev {link.Name}").Succeeded().Output;
        Assert.Contains("192.0.2.7/24", text);
        Assert.DoesNotContain("127.0.0.33", text);
    }

    [Fact]
    public void Addresses_of_version_6_come_along()
    {
        Machine.NeedsPath("/proc/sys/net/ipv6", "there is no IPv6");
        using HostLink link = new(Dock);
        link.Ip("link", "set", link.Name, "up").Succeeded();
        link.Ip("address", "add", "2001:db8::7/64", "nodad", "dev", link.Name).Succeeded();
        Assert.Contains("2001:db8::7/64", Moved(link, $"ip address show dev {link.Name}").Succeeded().Output);
    }

    [Fact]
    public void Its_size_of_packets_and_its_hardware_address_stay()
    {
        using HostLink link = new(Dock);
        link.Ip("link", "set", link.Name, "mtu", "1789", "address", "00:11:22:33:44:55").Succeeded();
        string text = Moved(link, $"ip link show dev {link.Name}").Succeeded().Output;
        Assert.Contains("mtu 1789", text);
        Assert.Contains("00:11:22:33:44:55", text);
    }

    [Fact]
    public void A_joined_network_namespace_keeps_it_after_the_container()
    {
        using HostLink link = new(Dock);
        string name = Id;
        link.Ip("netns", "add", name).Succeeded();
        try
        {
            Run(config => config.Shell("true").Namespace("network", $"/run/netns/{name}").SetJson("linux.netDevices", $$"""{ "{{link.Name}}": {} }""")).Succeeded();
            Assert.Contains(link.Name, link.Ip("-n", name, "link").Succeeded().Output);
            Assert.False(link.IsOnHost);
        }
        finally
        {
            link.Ip("netns", "del", name);
        }
    }

    [Fact]
    public void A_user_namespace_does_not_hinder_it()
    {
        using HostLink link = new(Dock);
        Run(config => config.UserNamespace().Shell($"ip link show dev {link.Name}").SetJson("linux.netDevices", $$"""{ "{{link.Name}}": {} }""")).Succeeded();
    }

    [Fact]
    public void A_name_that_is_taken_inside_is_refused_and_the_interface_stays()
    {
        using HostLink link = new(Dock);
        link.Ip("address", "add", "192.0.2.7/24", "dev", link.Name).Succeeded();
        Moved(link, "true", """{ "name": "lo" }""").Failed().Explains("lo");
        Assert.True(link.IsOnHost);
        Assert.Contains("192.0.2.7/24", link.Ip("address", "show", "dev", link.Name).Output);
        IsGone();
    }

    [Fact]
    public void An_interface_that_is_not_there_is_refused()
    {
        Run(config => config.SetJson("linux.netDevices", """{ "nosuch0": {} }""")).Failed().Explains("link not found for interface nosuch0");
        IsGone();
    }

    [Fact]
    public void Without_a_network_namespace_it_is_refused()
    {
        using HostLink link = new(Dock);
        Run(config => config.NoNamespace("network").SetJson("linux.netDevices", $$"""{ "{{link.Name}}": {} }""")).Failed().Explains("without a NET namespace");
        Assert.True(link.IsOnHost);
    }

    [Fact]
    public void The_network_namespace_of_the_runtime_is_refused()
    {
        using HostLink link = new(Dock);
        Run(config => config.Namespace("network", "/proc/self/ns/net").SetJson("linux.netDevices", $$"""{ "{{link.Name}}": { "name": "ren{{link.Name}}" } }""")).Failed();
        Assert.True(link.IsOnHost);
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("with space")]
    [InlineData("..")]
    [InlineData("a:b")]
    [InlineData("morethanfifteenletters")]
    public void A_name_that_is_none_is_refused(string name)
    {
        using HostLink link = new(Dock);
        Moved(link, "true", $$"""{ "name": "{{name}}" }""").Failed().Explains("invalid network device name");
        Assert.True(link.IsOnHost);
    }
}
