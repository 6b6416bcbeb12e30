// /etc/hosts and /etc/resolv.conf, to the letter.
using System.Net;
using Berth.Network.Names;
using Berth.Oci.Faults;

namespace Berth.Network.Tests.Names;

public sealed class FilesTests
{
    private static readonly IPAddress Own = IPAddress.Parse("10.1.0.2"), Host = IPAddress.Parse("10.1.0.1");

    [Fact]
    public void Hosts_has_the_lines_of_localhost_then_what_was_added_then_the_container()
    {
        HostsFile file = new() { Addresses = [Own], Names = ["box", "web", "box"], HostAddresses = [Host], Extra = ["db:10.9.0.1", "a;b:host-gateway", "six=fd00::9", "seven:[fd00::7]"] };
        Assert.Equal("""
            127.0.0.1	localhost
            ::1	localhost ip6-localhost ip6-loopback
            fe00::	ip6-localnet
            ff00::	ip6-mcastprefix
            ff02::1	ip6-allnodes
            ff02::2	ip6-allrouters
            10.9.0.1	db
            10.1.0.1	a b
            fd00::9	six
            fd00::7	seven
            10.1.0.1	host.containers.internal host.docker.internal
            10.1.0.2	box web

            """, file.Write());
    }

    [Fact]
    public void Hosts_without_ipv6_has_no_such_line()
    {
        HostsFile file = new() { HasIPv6 = false, Addresses = [Own, IPAddress.Parse("fd00::2")], Names = ["box"] };
        Assert.Equal("127.0.0.1\tlocalhost\n10.1.0.2\tbox\n", file.Write());
    }

    [Fact]
    public void Hosts_keeps_a_base_but_for_names_that_are_given_anew()
    {
        HostsFile file = new() { Base = "# of the host\n127.0.0.1 localhost\n10.5.0.1 db box\n", Addresses = [Own], Names = ["box"], Extra = ["host.docker.internal:10.7.0.1"], HostAddresses = [Host] };
        Assert.Equal("127.0.0.1\tlocalhost\n10.5.0.1\tdb\n10.7.0.1\thost.docker.internal\n10.1.0.1\thost.containers.internal\n10.1.0.2\tbox\n", file.Write());
    }

    [Theory]
    [InlineData("db")]
    [InlineData(":1.2.3.4")]
    [InlineData("db:nonsense")]
    [InlineData("db:1")]
    [InlineData("db:host-gateway")]
    public void Hosts_refuses_what_is_no_host(string entry) =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => new HostsFile { Extra = [entry] }.Write()).Kind);

    private static readonly ResolvConf HostFile = ResolvConf.Parse("""
        # made by something
        domain old.example
        search corp.example example
        nameserver 127.0.0.53
        nameserver 10.0.0.53
        nameserver fd00::53
        nameserver fe80::1%eth0
        options edns0 trust-ad
        options ndots:2
        """);

    [Fact]
    public void Resolv_conf_of_a_network_with_names_asks_only_its_server() =>
        Assert.Equal("search berth corp.example example\nnameserver 10.1.0.1\noptions edns0 trust-ad ndots:2\n",
            ResolvConf.ForContainer(HostFile, new ResolvConfWishes { NetworkServers = ["10.1.0.1"], NetworkDomains = ["berth"], Servers = ["1.1.1.1"] }).ToString());

    [Fact]
    public void Resolv_conf_without_names_has_the_host_s_servers_that_can_be_reached()
    {
        Assert.Equal("search corp.example example\nnameserver 10.0.0.53\nnameserver fd00::53\noptions edns0 trust-ad ndots:2\n", ResolvConf.ForContainer(HostFile, new ResolvConfWishes()).ToString());
        Assert.Equal(["10.0.0.53"], ResolvConf.ForContainer(HostFile, new ResolvConfWishes { HasIPv6 = false }).Nameservers);
        Assert.Equal(["127.0.0.53", "10.0.0.53", "fd00::53", "fe80::1%eth0"], ResolvConf.ForContainer(HostFile, new ResolvConfWishes { SharesHostNetwork = true }).Nameservers);
    }

    [Fact]
    public void Resolv_conf_of_a_host_that_asks_itself_has_public_servers() =>
        Assert.Equal(["8.8.8.8", "8.8.4.4"], ResolvConf.ForContainer(ResolvConf.Parse("nameserver 127.0.0.1\nnameserver ::1\n"), new ResolvConfWishes { HasIPv6 = false }).Nameservers);

    [Fact]
    public void Resolv_conf_says_what_the_user_said() =>
        Assert.Equal("nameserver 1.1.1.1\noptions ndots:0\n",
            ResolvConf.ForContainer(HostFile, new ResolvConfWishes { Servers = ["1.1.1.1"], Search = ["."], Options = ["ndots:0"] }).ToString());
}
