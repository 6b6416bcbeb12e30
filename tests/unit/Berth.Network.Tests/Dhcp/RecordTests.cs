// Records of leases, and the plugin's configuration.
using System.Text;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Ipam.Dhcp;

namespace Berth.Network.Tests.Dhcp;

public sealed class RecordTests : IDisposable
{
    private readonly Folder _folder = new();

    public void Dispose() => _folder.Dispose();

    private static LeaseRecord Record(string container = "c1") => new()
    {
        Key = new LeaseKey("net", container, "eth0"), NetworkNamespace = "/run/netns/c1", Place = "boot 4:5", HardwareAddress = ServerMessage.Mac, Options = [61, 1, 0], ServerAddress = [1, 2, 3, 4, 5, 6], Since = 77,
        Lease = ServerMessage.Of(DhcpKind.Acknowledgement, 7, ServerMessage.Lease()),
    };

    [Fact]
    public void A_record_is_read_as_it_was_written_and_halves_go()
    {
        string long1 = new('a', 300), long2 = new string('a', 299) + "b";
        foreach (string container in (string[])["c1", long1, long2]) Record(container).Write(_folder.Path);
        File.WriteAllText(_folder.Path + "/net@half@eth0.lease", "{");
        File.WriteAllText(_folder.Path + "/net@half@eth0.lease.new", "{");
        File.WriteAllText(_folder.Path + "/somebody's", "");
        List<LeaseRecord> all = LeaseRecord.All(_folder.Path);
        Assert.Equal(["c1", long1, long2], all.Select(static one => one.Key.ContainerId).Order(StringComparer.Ordinal).OrderBy(static id => id.Length));
        LeaseRecord one = all.Single(static one => one.Key.ContainerId == "c1");
        Assert.Equal((77L, "boot 4:5", "/run/netns/c1"), (one.Since, one.Place, one.NetworkNamespace));
        Assert.Equal([61, 1, 0], one.Options);
        Assert.Equal([1, 2, 3, 4, 5, 6], one.ServerAddress);
        Assert.Equal(ServerMessage.Address, one.Lease.Address);
        Assert.Equal(4, Directory.GetFiles(_folder.Path).Length);
    }

    [Fact]
    public void Options_say_who_asks_and_what_for()
    {
        DhcpConfiguration configuration = Read("""{"provide":[{"option":"host-name","fromArg":"POD"},{"option":"60","value":"v"}],"request":[{"option":"6"},{"option":"routers"}],"priority":5}""", [new("POD", "p")]);
        Assert.Equal([61, 12, 0, .. "c1/net/eth0"u8, 12, 1, (byte)'p', 60, 1, (byte)'v', 55, 3, 6, 3, 1], configuration.Options);
        Assert.Equal((5, "/run/cni/dhcp.sock"), (configuration.Priority, configuration.Socket));
    }

    [Fact]
    public void Defaults_may_be_left_out_and_the_identifier_be_another()
    {
        Assert.Equal([61, 2, (byte)'m', (byte)'e', 55, 1, 42], Read("""{"provide":[{"option":"dhcp-client-identifier","value":"me"}],"request":[{"skipDefault":true},{"option":"42"}]}""").Options);
        Assert.Equal([61, 12, 0, .. "c1/net/eth0"u8], Read("""{"request":[{"skipDefault":true}]}""").Options);
    }

    [Theory]
    [InlineData("""{"request":[{"option":"256"}]}""", "Can not parse option \"256\"")]
    [InlineData("""{"provide":[{"option":"nonsense","value":"x"}]}""", "Can not parse option \"nonsense\"")]
    [InlineData("""{"provide":[{"option":"53","value":"x"}]}""", "the protocol itself uses it")]
    public void What_cannot_be_an_option_is_refused(string ipam, string why) => Assert.Contains(why, Assert.Throws<CniException>(() => Read(ipam)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_value_that_is_too_long_is_refused() =>
        Assert.Contains("value too long", Assert.Throws<CniException>(() => Read($$"""{"provide":[{"option":"12","value":"{{new string('x', 256)}}"}]}""")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_long_identifier_is_cut_as_the_reference_cuts_it()
    {
        DhcpConfiguration configuration = new(Call("{}", []) with { ContainerId = new string('c', 300) });
        Assert.Equal([61, 255, 0, (byte)'c'], configuration.Options[..4]);
        Assert.Equal(257 + 4, configuration.Options.Length);
    }

    private static DhcpConfiguration Read(string ipam, KeyValuePair<string, string>[]? arguments = null) => new(Call(ipam, arguments ?? []));

    private static PluginCall Call(string ipam, KeyValuePair<string, string>[] arguments) => new()
    {
        Command = CniCommand.Add, ContainerId = "c1", InterfaceName = "eth0", Arguments = arguments,
        Configuration = CniJson.Configuration(Encoding.UTF8.GetBytes($$"""{"name":"net","ipam":{{ipam}}}""")),
    };
}
