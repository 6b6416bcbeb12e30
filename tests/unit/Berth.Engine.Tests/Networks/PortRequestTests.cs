// Published ports in all the forms that people write.
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Engine.Tests.Networks;

public sealed class PortRequestTests
{
    private static string Words(PortRequest port) => $"{port.HostAddress}|{port.HostFirst}-{port.HostLast}|{port.ContainerPort}/{port.Protocol}";

    [Theory]
    [InlineData("80", "|0-0|80/tcp")]
    [InlineData("80/udp", "|0-0|80/udp")]
    [InlineData("8080:80", "|8080-8080|80/tcp")]
    [InlineData("8080:80/SCTP", "|8080-8080|80/sctp")]
    [InlineData(":80", "|0-0|80/tcp")]
    [InlineData("0:80", "|0-0|80/tcp")]
    [InlineData("127.0.0.1:8080:80", "127.0.0.1|8080-8080|80/tcp")]
    [InlineData("127.0.0.1::80", "127.0.0.1|0-0|80/tcp")]
    [InlineData("[::1]:8080:80", "::1|8080-8080|80/tcp")]
    [InlineData("[::1]::80/udp", "::1|0-0|80/udp")]
    [InlineData("::1:8080:80", "::1|8080-8080|80/tcp")]
    [InlineData("0.0.0.0:8080:80", "0.0.0.0|8080-8080|80/tcp")]
    [InlineData("8000-8010:80", "|8000-8010|80/tcp")]
    [InlineData("127.0.0.1:8000-8010:80", "127.0.0.1|8000-8010|80/tcp")]
    [InlineData("80-82", "|0-0|80/tcp", "|0-0|81/tcp", "|0-0|82/tcp")]
    [InlineData("8080-8081:80-81/udp", "|8080-8080|80/udp", "|8081-8081|81/udp")]
    [InlineData("[fd00::1]:8080-8081:80-81", "fd00::1|8080-8080|80/tcp", "fd00::1|8081-8081|81/tcp")]
    [InlineData("target=80", "|0-0|80/tcp")]
    [InlineData("mode=host,target=80,published=8080,protocol=udp", "|8080-8080|80/udp")]
    public void A_port_is_read_in_every_form(string text, params string[] expected) => Assert.Equal(expected, PortRequest.Parse(text).Select(Words));

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("0")]
    [InlineData("65536")]
    [InlineData("-1")]
    [InlineData("80/icmp")]
    [InlineData("82-80")]
    [InlineData("8080:80-81")]
    [InlineData("8080-8082:80-81")]
    [InlineData("1.2.3:80:80")]
    [InlineData("host:80:80")]
    [InlineData("[::1:80:80")]
    [InlineData("[::1]80:80")]
    [InlineData("8080:")]
    [InlineData("published=80")]
    [InlineData("target=80,colour=red")]
    public void What_is_no_port_is_refused(string text) => Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => PortRequest.Parse(text)).Kind);

    [Fact]
    public void Ports_that_are_left_out_are_chosen_from_the_ephemeral_ones_each_once()
    {
        List<PortBinding> chosen = PortChoice.Choose(PortRequest.Parse("1000-1049"), Bridge(), []);
        Assert.Equal(50, chosen.Select(static port => port.HostPort).Distinct().Count());
        Assert.All(chosen, static port => Assert.InRange(port.HostPort, 1024, 65535));
        Assert.Equal(Enumerable.Range(1000, 50), chosen.Select(static port => (int)port.ContainerPort));
    }

    [Fact]
    public void A_port_that_a_program_has_is_refused_and_the_next_of_a_range_is_taken()
    {
        using System.Net.Sockets.Socket socket = new(System.Net.Sockets.AddressFamily.InterNetwork, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        socket.Listen();
        int port = ((System.Net.IPEndPoint)socket.LocalEndPoint!).Port;
        BerthException fault = Assert.Throws<BerthException>(() => PortChoice.Choose(PortRequest.Parse($"127.0.0.1:{port}:80"), Bridge(), []));
        Assert.Equal(Fault.Conflict, fault.Kind);
        Assert.Contains($"(process {Environment.ProcessId})", fault.Message, StringComparison.Ordinal);
        Assert.NotEqual(port, PortChoice.Choose(PortRequest.Parse($"127.0.0.1:{port}-{Math.Min(port + 20, 65535)}:80"), Bridge(), [])[0].HostPort);
    }

    [Fact]
    public void A_host_port_is_given_to_one_port_of_a_container() =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => PortChoice.Choose([.. PortRequest.Parse("127.0.0.9:39999:80"), .. PortRequest.Parse("127.0.0.9:39999:81")], Bridge(), [])).Kind);

    [Theory]
    [InlineData("39999:80", "127.0.0.9:39999:81", true)]
    [InlineData("0.0.0.0:39999:80", "127.0.0.9:39999:81", true)]
    [InlineData("0.0.0.0:39999:80", "[::]:39999:81", false)]
    [InlineData("127.0.0.8:39999:80", "127.0.0.9:39999:81", false)]
    [InlineData("39999:80/tcp", "39999:81/udp", false)]
    public void All_addresses_and_one_of_them_are_the_same_port_and_versions_of_IP_and_protocols_are_not(string one, string other, bool collide)
    {
        PortRequest[] requests = [.. PortRequest.Parse(one), .. PortRequest.Parse(other)];
        if (collide) Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => PortChoice.Choose(requests, Bridge(), [])).Kind);
        else Assert.Equal(2, PortChoice.Choose(requests, Bridge(), []).Count);
    }

    [Theory]
    [InlineData("8080:80", "80/tcp")]
    [InlineData("0.0.0.0::80", "80/tcp")]
    public void A_routed_network_takes_no_port_of_the_host(string text, string said) =>
        Assert.Equal(said, PortChoice.Choose(PortRequest.Parse(text), Bridge("com.docker.network.bridge.gateway_mode_ipv4=routed"), [])[0].ToString());

    private static NetworkRecord Bridge(string option = "isolate=true") => new()
    {
        Spec = new NetworkSpec { Name = "web", Options = new Dictionary<string, string> { [option[..option.IndexOf('=')]] = option[(option.IndexOf('=') + 1)..] } },
        Id = "", Created = default, Subnets = [new SubnetSpec { Subnet = System.Net.IPNetwork.Parse("10.61.0.0/24") }],
    };
}
