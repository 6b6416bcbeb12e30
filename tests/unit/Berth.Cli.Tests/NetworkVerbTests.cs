// berth network: flags, tables, docker's JSON, exit codes; over networks in a folder, without a kernel's part in it.
using System.Net;
using System.Text.RegularExpressions;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Values;
using Berth.Engine.Networks;

namespace Berth.Cli.Tests;

public sealed class NetworkVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-cli-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<(int Code, string Output, string Error)> RunAsync(params string[] words) => CommandTreeTests.RunAsync(["--root", $"{_folder}/store", "network", .. words]);

    [Fact]
    public async Task Networks_are_made_listed_and_removed()
    {
        (int code, string id, _) = await RunAsync("create", "--label", "stage=test", "--subnet", "10.61.0.1/24", "--gateway", "10.61.0.254", "web");
        Assert.Equal(0, code);
        Assert.Matches("^[0-9a-f]{64}\n$", id);
        Assert.Equal($"{id[..12]}\n", (await RunAsync("ls", "-q", "--filter", "label=stage=test")).Output);
        Assert.Matches("^NETWORK ID     NAME      DRIVER    SCOPE\n[0-9a-f]{12}   bridge    bridge    local\n[0-9a-f]{12}   host      host      local\n[0-9a-f]{12}   none      null      local\n[0-9a-f]{12}   web       bridge    local\n$", (await RunAsync("ls")).Output);
        Assert.Equal("web 10.61.0.0/24 10.61.0.254\n", (await RunAsync("inspect", "-f", "{{.Name}} {{range .IPAM.Config}}{{.Subnet}} {{.Gateway}}{{end}}", id.Trim())).Output);
        Assert.Equal("web\n", (await RunAsync("ls", "--format", "{{.Name}}", "--filter", "type=custom", "--filter", "dangling=true", "--filter", "driver=bridge")).Output);
        Assert.Equal("", (await RunAsync("ls", "-q", "--filter", "until=1h", "--filter", "type=custom")).Output);
        Assert.Equal(0, (await RunAsync("exists", "web")).Code);
        Assert.Equal((0, id), ((await RunAsync("create", "--ignore", "web")).Code, (await RunAsync("create", "--ignore", "web")).Output));
        Assert.Equal((0, "web\n"), ((await RunAsync("update", "--dns-add", "192.0.2.1", "web")).Code, (await RunAsync("update", "--dns-add", "192.0.2.2", "web")).Output));
        Assert.Equal("[\"192.0.2.1\",\"192.0.2.2\"]\n", (await RunAsync("inspect", "-f", "{{json .network_dns_servers}}", "web")).Output);
        Assert.Equal(1, (await RunAsync("exists", "nosuch")).Code);
    }

    [Theory]
    [InlineData(1, "inspect", "nosuch")]
    [InlineData(1, "rm", "nosuch")]
    [InlineData(0, "rm", "-f", "nosuch")]
    [InlineData(1, "rm", "bridge")]
    [InlineData(1, "create", "host")]
    [InlineData(1, "create", "--scope", "swarm", "x")]
    [InlineData(1, "create", "--ingress", "x")]
    [InlineData(1, "create", "--gateway", "10.1.1.1", "x")]
    [InlineData(1, "create", "--subnet", "10.1.1.1", "x")]
    [InlineData(1, "create", "-o", "colour=red", "x")]
    [InlineData(1, "create", "--route", "10.0.0.0/8", "x")]
    [InlineData(1, "ls", "--filter", "colour=red")]
    [InlineData(1, "ls", "--filter", "type=perhaps")]
    [InlineData(1, "connect", "bridge", "nosuch")]
    [InlineData(1, "connect", "bridge", "container:0")]
    [InlineData(1, "connect", "bridge", "ns:/nonexistent")]
    [InlineData(1, "connect", "host", "ns:/proc/self/ns/net")]
    [InlineData(1, "connect", "-p", "x", "bridge", "ns:/nonexistent")]
    [InlineData(1, "disconnect", "bridge", "ns:/nonexistent")]
    [InlineData(0, "disconnect", "-f", "bridge", "ns:/nonexistent")]
    [InlineData(1, "connect", "bridge")]
    [InlineData(1, "prune")]
    [InlineData(1, "conect")]
    public async Task Exit_codes_are_dockers(int code, params string[] words) => Assert.Equal(code, (await RunAsync(words)).Code);

    [Fact]
    public async Task Options_of_a_subnet_find_it_by_where_they_lie()
    {
        Assert.Equal(0, (await RunAsync("create", "--subnet", "10.61.0.0/24,fd61::/64", "--gateway", "fd61::9", "--ip-range", "10.61.0.16-10.61.0.31", "--gateway", "10.61.0.1", "--aux-address", "printer=10.61.0.20", "--route", "10.9.0.0/16,10.61.0.2,5", "lan")).Code);
        Assert.Equal("fd61::9 true\n", (await RunAsync("inspect", "-f", "{{(index .IPAM.Config 1).Gateway}} {{.EnableIPv6}}", "lan")).Output);
        Assert.Equal("{\"start_ip\":\"10.61.0.16\",\"end_ip\":\"10.61.0.31\"}\n", (await RunAsync("inspect", "-f", "{{json (index .subnets 0).lease_range}}", "lan")).Output);
    }

    [Fact]
    public void Inspect_is_dockers_JSON()
    {
        NetworkRecord network = new()
        {
            Id = new string('a', 64), Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), Interface = "berth0",
            Subnets = [new SubnetSpec { Subnet = IPNetwork.Parse("10.61.0.0/24"), Gateway = IPAddress.Parse("10.61.0.1") }],
            Spec = new NetworkSpec { Name = "web", Options = new Dictionary<string, string> { ["mtu"] = "1400" }, Labels = new Dictionary<string, string> { ["a"] = "b" } },
        };
        Attachment attachment = new()
        {
            Id = new string('b', 64), NetworkId = network.Id, NetworkName = "web", InterfaceName = "eth0", HardwareAddress = "02:00:00:00:00:01", HostInterface = "veth1", Addresses = [new AttachedAddress(IPAddress.Parse("10.61.0.2"), 24, null)],
            Spec = new AttachmentSpec { ContainerId = "c1", ContainerName = "front", NetworkNamespace = "/x" },
        };
        string json = ValueJson.Write(NetworkInspect.ValueOf(network, [attachment]), ValueJson.Style.Line);
        Assert.Equal($$$"""{"Name":"web","Id":"{{{network.Id}}}","Created":"2026-01-02T03:04:05.0000000Z","Scope":"local","Driver":"bridge","EnableIPv4":true,"EnableIPv6":false,"IPAM":{"Driver":"default","Options":{},"Config":[{"Subnet":"10.61.0.0/24","Gateway":"10.61.0.1"}]},"Internal":false,"Attachable":false,"Ingress":false,"ConfigFrom":{"Network":""},"ConfigOnly":false,"Containers":{"c1":{"Name":"front","EndpointID":"{{{attachment.Id}}}","MacAddress":"02:00:00:00:00:01","IPv4Address":"10.61.0.2/24","IPv6Address":"","Interface":"eth0","HostInterface":"veth1","Ports":[],"Aliases":[],"GwPriority":0}},"Options":{"mtu":"1400"},"Labels":{"a":"b"},"network_interface":"berth0","subnets":[{"subnet":"10.61.0.0/24","gateway":"10.61.0.1"}],"ipv6_enabled":false,"dns_enabled":true,"network_dns_servers":[],"routes":[]}""", json);
    }

    [Theory]
    [InlineData("ns:/run/netns/one", "one", "/run/netns/one")]
    [InlineData("ns:/run/netns/../netns/-odd name-", "odd-name", "/run/netns/-odd name-")]
    [InlineData("container:17", "pid-17", "/proc/17/ns/net")]
    public void A_container_is_a_path_or_a_process(string text, string name, string path)
    {
        ContainerPlace place = ContainerPlace.Parse(text);
        Assert.Equal((name, path), (place.Name, place.Path));
        Assert.Matches(new Regex("^[A-Za-z0-9][A-Za-z0-9_.-]*$"), place.Id);
    }

    [Fact]
    public async Task Completion_asks_for_names_of_networks() => Assert.Contains("berth network ls --format", (await CommandTreeTests.RunAsync("completion", "bash")).Output, StringComparison.Ordinal);
}
