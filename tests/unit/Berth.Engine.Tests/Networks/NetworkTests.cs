// Networks without a kernel: names, subnets, records, and what they are to plugins.
using System.Net;
using System.Text;
using Berth.Engine.Networks;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Engine.Tests.Networks;

public sealed class NetworkTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-networks-").FullName;
    private readonly EngineNetworks _networks;

    public NetworkTests() => _networks = Open();

    private EngineNetworks Open(params AddressPool[] pools) => new(_folder, $"{_folder}/run", null, pools);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Three_networks_are_always_there_and_stay()
    {
        Assert.Equal(["bridge", "host", "none"], _networks.List().Select(static one => one.Name));
        string id = _networks.Find("podman").Id;
        Assert.Equal(64, id.Length);
        Assert.Equal(id, Open().Find("bridge").Id);
        Assert.Equal(Fault.WrongState, Assert.Throws<BerthException>(() => _networks.Remove("bridge", force: true)).Kind);
        Assert.Empty(_networks.Prune());
    }

    [Fact]
    public void A_network_is_found_by_name_and_by_the_beginning_of_its_id()
    {
        NetworkRecord web = _networks.Create(new NetworkSpec { Name = "web", Labels = new Dictionary<string, string> { ["a"] = "b" } });
        Assert.Equal(web.Id, _networks.Find(web.Id[..10]).Id);
        Assert.Equal("b", Open().Find("web").Spec.Labels["a"]);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => _networks.Find("nosuch")).Kind);
        Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => _networks.Create(new NetworkSpec { Name = "web" })).Kind);
    }

    [Theory]
    [InlineData("", "bridge", Fault.InvalidArgument)]
    [InlineData("-x", "bridge", Fault.InvalidArgument)]
    [InlineData("a/b", "bridge", Fault.InvalidArgument)]
    [InlineData("host", "bridge", Fault.Conflict)]
    [InlineData("web", "host", Fault.Conflict)]
    [InlineData("web", "overlay", Fault.Unsupported)]
    [InlineData("web", "colour", Fault.InvalidArgument)]
    public void A_name_or_driver_that_is_none_is_refused(string name, string driver, Fault kind) => Assert.Equal(kind, Assert.Throws<BerthException>(() => _networks.Create(new NetworkSpec { Name = name, Driver = driver })).Kind);

    [Fact]
    public void Subnets_and_bridges_are_taken_once()
    {
        List<NetworkRecord> made = [];
        for (int i = 0; i < 20; i++) made.Add(_networks.Create(new NetworkSpec { Name = $"n{i}", HasIPv6 = true }));
        Assert.Equal(20, made.Select(static one => one.Subnets[0].Subnet).Distinct().Count());
        Assert.Equal(20, made.Select(static one => one.Interface).Distinct().Count());
        Assert.All(made, static one => Assert.Equal((24, 64), (one.Subnets[0].Subnet.PrefixLength, one.Subnets[1].Subnet.PrefixLength)));
        Assert.All(made, static one => Assert.Equal(0xFD, one.Subnets[1].Subnet.BaseAddress.GetAddressBytes()[0]));
        BerthException fault = Assert.Throws<BerthException>(() => _networks.Create(new NetworkSpec { Name = "other", Subnets = [new SubnetSpec { Subnet = made[0].Subnets[0].Subnet }] }));
        Assert.Contains("of network n0", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Processes_that_make_networks_at_once_get_different_subnets()
    {
        System.Collections.Concurrent.ConcurrentBag<NetworkRecord> made = [];
        Parallel.For(0, 20, new ParallelOptions { MaxDegreeOfParallelism = 10 }, i => made.Add(Open().Create(new NetworkSpec { Name = $"n{i}" })));
        Assert.Equal(20, made.Select(static one => one.Subnets[0].Subnet).Distinct().Count());
        Assert.Equal(20, made.Select(static one => one.Interface).Distinct().Count());
    }

    [Fact]
    public void A_pool_that_is_used_up_is_said()
    {
        EngineNetworks small = Open(new AddressPool(IPNetwork.Parse("10.77.0.0/23"), 24));
        small.List();
        NetworkRecord one = small.Create(new NetworkSpec { Name = "one" });
        Assert.Equal("10.77.1.0/24", one.Subnets[0].Subnet.ToString());
        Assert.Equal(Fault.Exhausted, Assert.Throws<BerthException>(() => small.Create(new NetworkSpec { Name = "two" })).Kind);
    }

    [Theory]
    [InlineData("10.61.0.0/24", null, null, "10.61.0.1", null, null)]
    [InlineData("10.61.0.0/24", "10.61.0.254", "10.61.0.128/25", "10.61.0.254", "10.61.0.128", "10.61.0.254")]
    [InlineData("10.61.0.0/24", null, "10.61.0.0/26", "10.61.0.1", "10.61.0.1", "10.61.0.63")]
    [InlineData("fd61::/64", null, null, "fd61::1", null, null)]
    public void What_is_left_out_of_a_subnet_follows_from_it(string subnet, string? gateway, string? range, string expected, string? first, string? last)
    {
        SubnetSpec made = SubnetChoice.Completed(new SubnetSpec { Subnet = IPNetwork.Parse(subnet), Gateway = gateway is null ? null : IPAddress.Parse(gateway), Range = range is null ? null : IPNetwork.Parse(range) });
        Assert.Equal((expected, first, last), (made.Gateway!.ToString(), made.First?.ToString(), made.Last?.ToString()));
    }

    [Fact]
    public void A_gateway_of_another_subnet_is_refused() =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => SubnetChoice.Completed(new SubnetSpec { Subnet = IPNetwork.Parse("10.61.0.0/24"), Gateway = IPAddress.Parse("10.62.0.1") })).Kind);

    [Theory]
    [InlineData("mtuu", "1500")]
    [InlineData("mtu", "big")]
    [InlineData("isolate", "perhaps")]
    [InlineData("mode", "l2")]
    [InlineData("com.docker.network.bridge.enable_icc", "no")]
    [InlineData("gateway_mode_ipv4", "nat-protected")]
    [InlineData("gateway_mode_ipv4", "isolated")]
    public void An_option_that_is_none_is_refused(string name, string value) =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => NetworkSettings.Of(new NetworkSpec { Name = "x", Options = new Dictionary<string, string> { [name] = value } })).Kind);

    [Fact]
    public void A_record_is_read_as_it_was_written()
    {
        NetworkRecord network = new()
        {
            Id = new string('a', 64),
            Created = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
            Interface = "berth3",
            Subnets = [new SubnetSpec { Subnet = IPNetwork.Parse("10.61.0.0/24"), Gateway = IPAddress.Parse("10.61.0.1"), Range = IPNetwork.Parse("10.61.0.128/25"), Others = new Dictionary<string, IPAddress> { ["printer"] = IPAddress.Parse("10.61.0.130") } }],
            Spec = new NetworkSpec { Name = "x", IsInternal = true, HasIPv6 = true, HasNames = false, NameServers = [IPAddress.Parse("192.0.2.1")], Routes = [new StaticRoute(IPNetwork.Parse("10.9.0.0/16"), IPAddress.Parse("10.61.0.2"), 7)], Options = new Dictionary<string, string> { ["mtu"] = "1400" } },
        };
        byte[] text = NetworkJson.Write(network);
        NetworkRecord read = RecordJson.Read(text, "x", NetworkJson.Read);
        Assert.Equal(Encoding.UTF8.GetString(text), Encoding.UTF8.GetString(NetworkJson.Write(read)));
        Assert.Equal(IPAddress.Parse("10.61.0.130"), read.Subnets[0].Others["printer"]);
        Assert.Equal(7, read.Spec.Routes[0].Metric);
    }

    [Fact]
    public void An_attachment_is_read_as_it_was_written()
    {
        Attachment attachment = new()
        {
            Id = new string('b', 64), NetworkId = new string('a', 64), NetworkName = "web", InterfaceName = "eth0", IsComplete = true, Place = "start 1:2", HardwareAddress = "02:00:00:00:00:01", HostInterface = "veth1",
            Addresses = [new AttachedAddress(IPAddress.Parse("10.61.0.2"), 24, IPAddress.Parse("10.61.0.1")), new AttachedAddress(IPAddress.Parse("fd61::2"), 64, null)],
            Ports = [new PortBinding(8080, 80, "tcp", IPAddress.IPv6Loopback)],
            Spec = new AttachmentSpec { ContainerId = "c", NetworkNamespace = "/run/netns/c", ContainerName = "web", Aliases = ["www"], Ports = PortRequest.Parse("[::1]:8080:80"), GatewayPriority = -3, Addresses = [IPAddress.Parse("10.61.0.2")] },
        };
        byte[] text = AttachmentJson.Write(attachment);
        Attachment read = RecordJson.Read(text, "x", AttachmentJson.Read);
        Assert.Equal(Encoding.UTF8.GetString(text), Encoding.UTF8.GetString(AttachmentJson.Write(read)));
        Assert.Equal((-3, "[::1]:8080->80/tcp", "10.61.0.1"), (read.Spec.GatewayPriority, read.Ports[0].ToString(), read.Gateway(six: false)!.ToString()));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"created\":\"yesterday\"}")]
    [InlineData("not json")]
    [InlineData("{\"version\":99}")]
    public void A_damaged_record_is_said_and_is_no_crash(string text) => Assert.Throws<BerthException>(() => RecordJson.Read(Encoding.UTF8.GetBytes(text), "x.json", NetworkJson.Read));

    [Fact]
    public void Addresses_of_others_are_left_out_of_the_range()
    {
        NetworkRecord network = _networks.Create(new NetworkSpec
        {
            Name = "lan",
            Subnets = [new SubnetSpec { Subnet = IPNetwork.Parse("10.61.7.0/24"), Range = IPNetwork.Parse("10.61.7.0/29"), Others = new Dictionary<string, IPAddress> { ["a"] = IPAddress.Parse("10.61.7.3"), ["b"] = IPAddress.Parse("10.61.7.7") } }],
        });
        AttachmentSpec spec = new() { ContainerId = "c", NetworkNamespace = "/x" };
        PluginConfiguration ipam = NetworkConfiguration.Of(network, spec, new NetworkPlaces("/run/b", "/bin/berth-cni")).Plugins[0].Ipam!;
        Assert.Equal(["10.61.7.1-10.61.7.2", "10.61.7.4-10.61.7.6"], ipam.Elements("ranges")[0].EnumerateArray().Select(static range => $"{range.GetProperty("rangeStart")}-{range.GetProperty("rangeEnd")}"));
        // Who asks for an address may have any but these.
        ipam = NetworkConfiguration.Of(network, spec with { Addresses = [IPAddress.Parse("10.61.7.200")] }, new NetworkPlaces("/run/b", "/bin/berth-cni")).Plugins[0].Ipam!;
        Assert.Equal("10.61.7.254", ipam.Elements("ranges")[0].EnumerateArray().Last().GetProperty("rangeEnd").GetString());
    }

    [Theory]
    [InlineData("", "isolated,guarded4,guarded6,published", true)]
    [InlineData("isolate=false", "guarded4,guarded6,published", true)]
    [InlineData("com.docker.network.bridge.enable_icc=false", "isolated,alone,guarded4,guarded6,published", true)]
    [InlineData("gateway_mode_ipv4=routed", "isolated,guarded4,guarded6,routed4,published", true)]
    [InlineData("com.docker.network.bridge.enable_ip_masquerade=false", "isolated,guarded4,guarded6,published", false)]
    [InlineData("com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected", "isolated,guarded6,published", true)]
    public void Options_become_what_plugins_understand(string option, string policy, bool masquerade)
    {
        Dictionary<string, string> options = option.Length == 0 ? [] : new() { [option[..option.IndexOf('=')]] = option[(option.IndexOf('=') + 1)..] };
        NetworkRecord network = _networks.Create(new NetworkSpec { Name = "web", Options = options });
        PluginConfiguration bridge = NetworkConfiguration.Of(network, new AttachmentSpec { ContainerId = "c", NetworkNamespace = "/x" }, new NetworkPlaces("/run/b", "/bin/berth-cni")).Plugins[0];
        Assert.Equal(policy, string.Join(',', bridge.Object("berth")!.Texts("policy")));
        Assert.Equal(masquerade, bridge.Flag("ipMasq"));
        Assert.Equal("berth:web", bridge.Object("berth")!.Text("alias"));
    }

    [Theory]
    [InlineData("bridge", "dhcp", "mode=unmanaged", true)]
    [InlineData("bridge", "none", "", false)]
    [InlineData("macvlan", "dhcp", "no_default_route=true", true)]
    [InlineData("macvlan", "default", "", true)]
    [InlineData("macvlan", "none", "", false)]
    public void An_address_driver_becomes_an_address_plugin_or_none(string driver, string addresses, string option, bool dhcp)
    {
        Dictionary<string, string> options = option.Length == 0 ? [] : new() { [option[..option.IndexOf('=')]] = option[(option.IndexOf('=') + 1)..] };
        NetworkRecord network = new() { Spec = new NetworkSpec { Name = "lan", Driver = driver, AddressDriver = addresses, Options = options }, Id = "x", Created = default, Interface = "br7" };
        PluginConfiguration? ipam = NetworkConfiguration.Of(network, new AttachmentSpec { ContainerId = "c", NetworkNamespace = "/x" }, new NetworkPlaces("/run/b", "/bin/berth-cni")).Plugins[0].Ipam;
        Assert.Equal(dhcp, ipam is not null);
        if (ipam is null) return;
        Assert.Equal(("dhcp", "/run/b/dhcp.sock", "/bin/berth-cni"), (ipam.Type, ipam.Text("daemonSocketPath"), ipam.Object("berth")!.Text("daemon")));
        Assert.Equal(["6", "15", "119"], ipam.Objects("request").Select(static one => one.Text("option")));
        Assert.Equal(option.StartsWith("no_default", StringComparison.Ordinal), ipam.Object("berth")!.Flag("noDefaultRoute"));
    }

    [Fact]
    public void The_highest_priority_has_the_default_route_and_of_the_same_the_first_by_name()
    {
        Attachment On(string name, int priority) => new()
        {
            Id = "", NetworkId = name, NetworkName = name, InterfaceName = "eth0", Addresses = [new AttachedAddress(IPAddress.Parse("10.61.0.2"), 24, IPAddress.Parse("10.61.0.1"))],
            Spec = new AttachmentSpec { ContainerId = "c", NetworkNamespace = "/x", GatewayPriority = priority },
        };
        Assert.Equal("a", DefaultRoute.Best([On("b", 0), On("a", 0)], six: false)!.NetworkName);
        Assert.Equal("b", DefaultRoute.Best([On("b", 1), On("a", 0)], six: false)!.NetworkName);
        Assert.Null(DefaultRoute.Best([On("b", 1)], six: true));
    }

    [Fact]
    public void Files_of_a_container_name_its_networks_servers_and_itself()
    {
        Attachment attachment = new()
        {
            Id = "", NetworkId = "", NetworkName = "web", InterfaceName = "eth0", Addresses = [new AttachedAddress(IPAddress.Parse("10.61.0.2"), 24, IPAddress.Parse("10.61.0.1"))], NameServers = [IPAddress.Parse("10.61.0.1")],
            Spec = new AttachmentSpec { ContainerId = "c", NetworkNamespace = "/x", ContainerName = "front" },
        };
        ContainerFiles files = ContainerFiles.Of([attachment], new NameWishes { HostName = "box", Hosts = ["me:host-gateway"], ResolvConf = "/nonexistent" });
        Assert.Contains("10.61.0.2\tbox front\n", files.Hosts, StringComparison.Ordinal);
        Assert.Contains("10.61.0.1\tme\n", files.Hosts, StringComparison.Ordinal);
        Assert.Contains("10.61.0.1\thost.containers.internal host.docker.internal\n", files.Hosts, StringComparison.Ordinal);
        Assert.Contains("nameserver 10.61.0.1\n", files.ResolvConf, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nonexistent", Fault.NotFound)]
    [InlineData("/etc/passwd", Fault.NotFound)]
    public void What_is_no_network_namespace_is_refused(string path, Fault kind)
    {
        _networks.Create(new NetworkSpec { Name = "web" });
        Assert.Equal(kind, Assert.Throws<BerthException>(() => _networks.Connect("web", new AttachmentSpec { ContainerId = "c", NetworkNamespace = path })).Kind);
        Assert.Empty(_networks.Attachments());
    }
}
