// Records of forwards, and how programs that connect a user's namespaces are called.
using System.Net;
using System.Text;
using Berth.Linux.Network;
using Berth.Network.Rootless;
using Berth.Oci.Faults;

namespace Berth.Network.Tests.Rootless;

public sealed class ForwardRecordTests
{
    private static readonly ForwardRecord s_whole = new()
    {
        ContainerId = "c1", Namespace = "/run/netns/c 1", Link = UserLinkKind.Slirp4netns, InterfaceName = "eth7",
        Targets = [IPAddress.Parse("10.89.0.2"), IPAddress.Parse("fd00::2")],
        Ports = [new(new InetEndpoint(IPAddress.Any, 8080), 80, false), new(new InetEndpoint(IPAddress.IPv6Any, 8080), 80, false), new(new InetEndpoint(IPAddress.Parse("fe80::1"), 53), 5353, true)],
    };

    [Fact]
    public void What_is_written_is_read_again()
    {
        ForwardRecord read = ForwardRecord.Parse(s_whole.ToBytes())!;
        Assert.Equal(s_whole with { Targets = read.Targets, Ports = read.Ports }, read);
        Assert.Equal(s_whole.Targets, read.Targets);
        Assert.Equal(s_whole.Ports, read.Ports);
    }

    [Theory]
    [InlineData("")]
    [InlineData("berth-forward 2\ncontainer c\n")]
    [InlineData("berth-forward 1\ntarget 10.0.0.1\n")]
    [InlineData("berth-forward 1\ncontainer c\nlink tunnel\n")]
    public void What_is_no_record_is_none(string text) => Assert.Null(ForwardRecord.Parse(Encoding.UTF8.GetBytes(text)));

    [Theory]
    [InlineData("port sctp 0.0.0.0:1 1")]
    [InlineData("port tcp 0.0.0.0:70000 1")]
    [InlineData("port tcp 0.0.0.0:1 70000")]
    [InlineData("port tcp 0.0.0.0:1")]
    [InlineData("target nowhere")]
    [InlineData("what else")]
    public void Lines_that_mean_nothing_are_left_out(string line)
    {
        ForwardRecord record = ForwardRecord.Parse(Encoding.UTF8.GetBytes($"berth-forward 1\ncontainer c\n{line}\n"))!;
        Assert.Empty(record.Ports);
        Assert.Empty(record.Targets);
    }

    [Fact]
    public void Damaged_records_are_read_or_refused_and_never_worse()
    {
        byte[] whole = s_whole.ToBytes();
        Random random = new(21);
        for (int i = 0; i < 20_000; i++)
        {
            byte[] damaged = [.. whole[..random.Next(whole.Length + 1)]];
            for (int j = random.Next(4); j > 0 && damaged.Length > 0; j--) damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            _ = ForwardRecord.Parse(damaged);
        }
    }

    [Fact]
    public void Neither_program_is_told_to_forward_ports_or_to_lead_to_the_hosts_loopback()
    {
        List<string> pasta = UserLink.Arguments(UserLinkKind.Pasta, "/net", "/user", "eth0", HostReach.Translated);
        foreach (string direction in (ReadOnlySpan<string>)["-t", "-u", "-T", "-U"]) Assert.Equal("none", pasta[pasta.IndexOf(direction) + 1]);
        Assert.Contains("--no-map-gw", pasta);
        Assert.Equal(UserLink.PastaHost, pasta[pasta.IndexOf("--map-guest-addr") + 1]);
        Assert.DoesNotContain("--map-guest-addr", UserLink.Arguments(UserLinkKind.Pasta, "/net", "/user", "eth0", HostReach.OtherAddress));
        List<string> old = UserLink.Arguments(UserLinkKind.Pasta, "/net", "/user", "tap0", HostReach.OwnAddress);
        Assert.Equal("169.254.1.3", old[old.IndexOf("--address") + 1]);
        List<string> slirp = UserLink.Arguments(UserLinkKind.Slirp4netns, "/net", "/user", "eth0", HostReach.OtherAddress);
        Assert.Contains("--disable-host-loopback", slirp);
        Assert.Equal(["/net", "eth0"], slirp[^2..]);
    }

    [Fact]
    public void Pasta_is_tried_first_and_where_neither_is_installed_the_cure_is_said()
    {
        using Folder folder = new();
        string path = folder.Path;
        Assert.Contains("passt", Assert.Throws<BerthException>(() => UserLink.Candidates(UserLinkKind.Auto, path)).Hint);
        Put(path, "slirp4netns");
        Assert.Equal([(UserLinkKind.Slirp4netns, $"{path}/slirp4netns")], UserLink.Candidates(UserLinkKind.Auto, $"/nowhere:{path}"));
        Put(path, "pasta");
        Assert.Equal([UserLinkKind.Pasta, UserLinkKind.Slirp4netns], UserLink.Candidates(UserLinkKind.Auto, path).ConvertAll(static one => one.Kind));
        Assert.Equal([UserLinkKind.Slirp4netns], UserLink.Candidates(UserLinkKind.Slirp4netns, path).ConvertAll(static one => one.Kind));
    }

    private static void Put(string folder, string name)
    {
        File.WriteAllText($"{folder}/{name}", "");
        File.SetUnixFileMode($"{folder}/{name}", UnixFileMode.UserRead | UnixFileMode.UserExecute);
    }
}
