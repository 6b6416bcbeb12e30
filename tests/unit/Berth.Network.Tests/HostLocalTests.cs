// host-local: which addresses are given out, and what is on the disk.
using System.Text;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Ipam.HostLocal;

namespace Berth.Network.Tests;

public sealed class HostLocalTests : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_lease_is_a_file_as_the_reference_writes_it()
    {
        Assert.Equal(["10.1.2.2/24", "fd00::2/64"], Add("c1", "[{\"subnet\":\"10.1.2.0/24\"}],[{\"subnet\":\"fd00::/64\"}]"));
        Assert.Equal("c1\r\neth0", _folder.Read("net/10.1.2.2"));
        Assert.Equal("c1\r\neth0", _folder.Read("net/fd00::2"));
        Assert.Equal("10.1.2.2", _folder.Read("net/last_reserved_ip.0"));
        Assert.Equal("fd00::2", _folder.Read("net/last_reserved_ip.1"));
        Delete("c1");
        Assert.Equal(["last_reserved_ip.0", "last_reserved_ip.1", "lock"], Files());
    }

    [Fact]
    public void Addresses_go_round_and_come_again_at_the_end()
    {
        const string Small = "[{\"subnet\":\"10.1.2.0/29\"}]";
        List<string> given = [];
        for (int i = 0; i < 5; i++) given.AddRange(Add($"c{i}", Small));
        Assert.Equal(["10.1.2.2/29", "10.1.2.3/29", "10.1.2.4/29", "10.1.2.5/29", "10.1.2.6/29"], given);
        Assert.Contains("no IP addresses available in range set: 10.1.2.1-10.1.2.6", Refused("c9", Small), StringComparison.Ordinal);
        Delete("c1");
        Assert.Equal(["10.1.2.3/29"], Add("c9", Small));
        Delete("c9");
        Delete("c4");
        Assert.Equal(["10.1.2.6/29"], Add("c10", Small));
        Assert.Equal(["10.1.2.3/29"], Add("c11", Small));
    }

    [Fact]
    public void Ranges_of_a_set_follow_one_another()
    {
        const string Set = "[{\"subnet\":\"10.1.2.0/24\",\"rangeStart\":\"10.1.2.8\",\"rangeEnd\":\"10.1.2.9\"},{\"subnet\":\"10.1.3.0/24\",\"rangeStart\":\"10.1.3.1\",\"rangeEnd\":\"10.1.3.3\",\"gateway\":\"10.1.3.2\"}]";
        Assert.Equal(["10.1.2.8/24"], Add("a", Set));
        Assert.Equal(["10.1.2.9/24"], Add("b", Set));
        Assert.Equal(["10.1.3.1/24"], Add("c", Set));
        Assert.Equal(["10.1.3.3/24"], Add("d", Set));
        Assert.Contains("10.1.2.8-10.1.2.9,10.1.3.1-10.1.3.3", Refused("e", Set), StringComparison.Ordinal);
    }

    [Fact]
    public void An_attachment_does_not_get_a_second_address()
    {
        const string Set = "[{\"subnet\":\"10.1.2.0/24\"}]";
        Add("c1", Set);
        Assert.Equal("failed to allocate for range 0: 10.1.2.2 has been allocated to c1, duplicate allocation is not allowed", Refused("c1", Set));
        Assert.Equal(["10.1.2.3/24"], Add("c1", Set, "eth1"));
    }

    [Fact]
    public void When_a_range_has_nothing_the_others_addresses_are_given_back()
    {
        Add("c1", "[{\"subnet\":\"10.1.2.0/24\"}],[{\"subnet\":\"10.1.3.0/30\"}]");
        Assert.StartsWith("failed to allocate for range 1", Refused("c2", "[{\"subnet\":\"10.1.2.0/24\"}],[{\"subnet\":\"10.1.3.0/30\"}]"), StringComparison.Ordinal);
        Assert.Equal(["10.1.2.2", "10.1.3.2", "last_reserved_ip.0", "last_reserved_ip.1", "lock"], Files());
    }

    [Fact]
    public void Leases_that_others_make_and_remove_are_seen_although_there_is_an_index()
    {
        const string Set = "[{\"subnet\":\"10.1.2.0/24\"}]";
        Add("c1", Set);
        Add("c2", Set);
        File.Delete(_folder.File("net/10.1.2.2"));
        _folder.Write("net/10.1.2.9", "c3\r\neth0");
        Assert.Equal(["10.1.2.4/24"], Add("c1", Set));
        Assert.Contains("10.1.2.9 has been allocated to c3", Refused("c3", Set), StringComparison.Ordinal);
        Assert.Contains("10.1.2.3 has been allocated to c2", Refused("c2", Set), StringComparison.Ordinal);
        Delete("c3");
        Delete("c2");
        Assert.Equal(["10.1.2.4", "last_reserved_ip.0", "lock"], Files());
    }

    [Fact]
    public void An_index_that_lies_is_not_believed()
    {
        const string Set = "[{\"subnet\":\"10.1.2.0/24\"}]";
        Add("c1", Set);
        byte[] index = File.ReadAllBytes(_folder.File(".net.leases"));
        File.WriteAllBytes(_folder.File(".net.leases"), [.. index.AsSpan(0, 24), .. "\nc9/eth0\t10.1.2.2\n\nc8/eth0\t10.1.2.200\n"u8]);
        Assert.Equal(["10.1.2.3/24"], Add("c9", Set));
        Delete("c1");
        Assert.Equal(["10.1.2.4/24"], Add("c8", Set));
        File.WriteAllText(_folder.File(".net.leases"), "short");
        Assert.Contains("has been allocated", Refused("c8", Set), StringComparison.Ordinal);
        Assert.Equal(["10.1.2.3", "10.1.2.4", "last_reserved_ip.0", "lock"], Files());
    }

    [Fact]
    public void An_empty_lease_is_one_whose_writer_was_killed()
    {
        _folder.Write("net/10.1.2.2", "");
        _folder.Write("net/10.1.2.3", "other\r\neth0");
        Assert.Equal(["10.1.2.2/24"], Add("c1", "[{\"subnet\":\"10.1.2.0/24\"}]"));
        Assert.Equal("c1\r\neth0", _folder.Read("net/10.1.2.2"));
    }

    [Fact]
    public void Leases_of_old_versions_name_the_container_alone()
    {
        _folder.Write("net/10.1.2.9", "c1");
        Assert.Contains("10.1.2.9 has been allocated to c1", Refused("c1", "[{\"subnet\":\"10.1.2.0/24\"}]"), StringComparison.Ordinal);
        Delete("c1");
        Assert.Equal(["lock"], Files());
    }

    [Theory]
    [InlineData("IP=10.1.2.77", "")]
    [InlineData("", "\"args\":{\"cni\":{\"ips\":[\"10.1.2.77\"]}}")]
    [InlineData("", "\"runtimeConfig\":{\"ips\":[\"10.1.2.77/24\"]}")]
    public void An_address_can_be_asked_for(string arguments, string member)
    {
        PluginCall call = Call(CniCommand.Add, "c1", "[{\"subnet\":\"10.1.2.0/24\"}]", "eth0", member) with { Arguments = Plugins.PluginCalls.Arguments(arguments) };
        Assert.Equal("10.1.2.77/24", Assert.Single(new HostLocalPlugin().Add(call).Addresses).Address.ToString());
        CniException taken = Assert.Throws<CniException>(() => new HostLocalPlugin().Add(call with { ContainerId = "c2" }));
        Assert.Contains("requested IP address 10.1.2.77 is not available in range set 10.1.2.1-10.1.2.254", taken.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("10.1.2.1", "requested ip 10.1.2.1 is subnet's gateway")]
    [InlineData("10.9.9.9", "failed to allocate all requested IPs: 10.9.9.9")]
    [InlineData("nonsense", "invalid IP address nonsense")]
    public void What_cannot_be_had_is_refused(string asked, string message)
    {
        PluginCall call = Call(CniCommand.Add, "c1", "[{\"subnet\":\"10.1.2.0/24\"}]", "eth0", "") with { Arguments = [new("IP", asked)] };
        Assert.Contains(message, Assert.Throws<CniException>(() => new HostLocalPlugin().Add(call)).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Files(), static name => name.Contains("10.", StringComparison.Ordinal));
    }

    [Fact]
    public void An_argument_that_nobody_knows_is_refused_unless_that_is_allowed()
    {
        PluginCall call = Call(CniCommand.Add, "c1", "[{\"subnet\":\"10.1.2.0/24\"}]", "eth0", "");
        Assert.Contains("unknown args", Assert.Throws<CniException>(() => new HostLocalPlugin().Add(call with { Arguments = [new("K8S_POD", "p")] })).Message, StringComparison.Ordinal);
        new HostLocalPlugin().Add(call with { Arguments = [new("K8S_POD", "p"), new("IgnoreUnknown", "true")] });
    }

    [Theory]
    [InlineData("[{\"subnet\":\"10.1.2.1/24\"}]", "Network has host bits set")]
    [InlineData("[{\"subnet\":\"10.1.2.0/31\"}]", "too small to allocate from")]
    [InlineData("[{\"subnet\":\"10.1.2.0/24\",\"rangeStart\":\"10.1.3.1\"}]", "RangeStart 10.1.3.1 not in network 10.1.2.0/24")]
    [InlineData("[{\"subnet\":\"10.1.2.0/24\",\"rangeStart\":\"10.1.2.9\",\"rangeEnd\":\"10.1.2.5\"}]", "RangeEnd 10.1.2.5 not in network")]
    [InlineData("[{\"subnet\":\"10.1.2.0/24\"},{\"subnet\":\"fd00::/64\"}]", "mixed address families")]
    [InlineData("[{\"subnet\":\"10.1.2.0/24\"},{\"subnet\":\"10.1.2.0/25\"}]", "overlap")]
    [InlineData("[{\"subnet\":\"10.1.2.0/24\"}],[{\"subnet\":\"10.1.2.0/25\"}]", "range set 0 overlaps with 1")]
    [InlineData("[]", "empty range set")]
    [InlineData("", "no IP ranges specified")]
    public void Ranges_that_make_no_sense_are_refused(string ranges, string message) => Assert.Contains(message, Refused("c1", ranges), StringComparison.Ordinal);

    [Fact]
    public void GC_keeps_what_is_valid_and_STATUS_says_when_nothing_is_left()
    {
        const string Tiny = "[{\"subnet\":\"10.1.2.0/29\",\"rangeStart\":\"10.1.2.2\",\"rangeEnd\":\"10.1.2.3\"}]";
        Add("c1", Tiny);
        new HostLocalPlugin().Status(Call(CniCommand.Status, "", Tiny, "", ""));
        Add("c2", Tiny);
        Assert.Equal(CniCode.NotAvailable, Assert.Throws<CniException>(() => new HostLocalPlugin().Status(Call(CniCommand.Status, "", Tiny, "", ""))).Code);
        new HostLocalPlugin().Collect(Call(CniCommand.Collect, "", Tiny, "", "") with { Valid = [new("c2", "eth0")] });
        Assert.Equal(["10.1.2.3", "last_reserved_ip.0", "lock"], Files());
        new HostLocalPlugin().Check(Call(CniCommand.Check, "c2", Tiny, "eth0", ""));
        Assert.Throws<CniException>(() => new HostLocalPlugin().Check(Call(CniCommand.Check, "c1", Tiny, "eth0", "")));
    }

    [Fact]
    public void Threads_of_one_process_never_get_an_address_twice()
    {
        string[] given = new string[100];
        Parallel.For(0, given.Length, i => given[i] = Add($"c{i}", "[{\"subnet\":\"10.1.0.0/16\"}]")[0]);
        Assert.Equal(given.Length, given.Distinct().Count());
    }

    [Fact]
    public void Name_servers_come_from_a_resolv_conf()
    {
        _folder.Write("resolv.conf", "# no\nnameserver 192.0.2.1\n\tsearch a b\ndomain d\noptions ndots:1\nnameserver\n");
        PluginCall call = Call(CniCommand.Add, "c1", "[{\"subnet\":\"10.1.2.0/24\"}]", "eth0", "", $"\"resolvConf\":\"{_folder.File("resolv.conf")}\",");
        CniDns dns = new HostLocalPlugin().Add(call).Dns;
        Assert.Equal(("192.0.2.1", "d", "a b", "ndots:1"), (string.Join(' ', dns.Nameservers), dns.Domain, string.Join(' ', dns.Search), string.Join(' ', dns.Options)));
    }

    private List<string> Add(string container, string ranges, string ifname = "eth0") =>
        [.. new HostLocalPlugin().Add(Call(CniCommand.Add, container, ranges, ifname, "")).Addresses.Select(static one => one.Address.ToString())];

    private string Refused(string container, string ranges) => Assert.Throws<CniException>(() => Add(container, ranges)).Message;

    private void Delete(string container) => new HostLocalPlugin().Delete(Call(CniCommand.Delete, container, "[{\"subnet\":\"10.1.2.0/24\"}]", "eth0", ""));

    private List<string> Files() => Directory.Exists(_folder.File("net")) ? [.. Directory.GetFiles(_folder.File("net")).Select(static path => Path.GetFileName(path)).Order(StringComparer.Ordinal)] : [];

    private PluginCall Call(CniCommand command, string container, string ranges, string ifname, string member, string ipam = "") => new()
    {
        Command = command,
        ContainerId = container,
        InterfaceName = ifname,
        Configuration = CniJson.Configuration(Encoding.UTF8.GetBytes(
            $$"""{"cniVersion":"1.1.0","name":"net","type":"x","ipam":{"type":"host-local",{{ipam}}"dataDir":"{{_folder.Path}}","ranges":[{{ranges}}]}{{(member.Length > 0 ? "," : "")}}{{member}}}""")),
    };
}
