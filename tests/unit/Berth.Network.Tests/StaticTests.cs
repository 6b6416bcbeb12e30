// static: addresses from the configuration and from whoever overrules it.
using System.Text;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Ipam.Static;

namespace Berth.Network.Tests;

public sealed class StaticTests
{
    private const string Base = """
        "ipam":{"type":"static","addresses":[{"address":"10.10.0.1/24","gateway":"10.10.0.254"},{"address":"fd00::2/64"}],"routes":[{"dst":"0.0.0.0/0"}],"dns":{"nameservers":["8.8.8.8"]}}
        """;

    [Fact]
    public void Addresses_routes_and_name_servers_are_those_of_the_configuration()
    {
        CniResult result = new StaticPlugin().Add(Call(Base));
        Assert.Equal(["10.10.0.1/24", "fd00::2/64"], result.Addresses.Select(static one => one.Address.ToString()));
        Assert.Equal("10.10.0.254", result.Addresses[0].Gateway!.ToString());
        Assert.True(Assert.Single(result.Routes).Destination.IsDefault);
        Assert.Equal(["8.8.8.8"], result.Dns.Nameservers);
    }

    [Fact]
    public void CNI_ARGS_add_addresses_and_set_gateways()
    {
        PluginCall call = Call(Base) with { Arguments = [new("IP", "10.20.0.5/16, fd01::5/64"), new("GATEWAY", "10.20.0.1,fd01::1")] };
        CniResult result = new StaticPlugin().Add(call);
        Assert.Equal(["10.10.0.1/24 10.10.0.254", "fd00::2/64 ", "10.20.0.5/16 10.20.0.1", "fd01::5/64 fd01::1"], result.Addresses.Select(static one => $"{one.Address} {one.Gateway}"));
    }

    [Fact]
    public void The_runtime_overrules_args_and_args_overrule_the_configuration()
    {
        const string Args = ""","args":{"cni":{"ips":["10.1.1.1/24"]}}""";
        Assert.Equal("10.1.1.1/24", Assert.Single(new StaticPlugin().Add(Call(Base + Args)).Addresses).Address.ToString());
        const string Runtime = Args + ""","runtimeConfig":{"ips":["10.2.2.2/24"]}""";
        Assert.Equal("10.2.2.2/24", Assert.Single(new StaticPlugin().Add(Call(Base + Runtime)).Addresses).Address.ToString());
    }

    [Theory]
    [InlineData("\"x\":1", "IPAM config missing 'ipam' key")]
    [InlineData("\"ipam\":{\"addresses\":[{\"address\":\"10.0.0.1\"}]}", "the 'address' field is expected to be in CIDR notation, got: '10.0.0.1'")]
    public void What_is_no_address_is_refused(string member, string message) =>
        Assert.Contains(message, Assert.Throws<CniException>(() => new StaticPlugin().Add(Call(member))).Message, StringComparison.Ordinal);

    [Fact]
    public void CHECK_compares_gateways_with_the_result()
    {
        PluginCall call = Call(Base);
        CniResult result = new StaticPlugin().Add(call);
        new StaticPlugin().Check(call with { PreviousResult = result });
        Assert.Throws<CniException>(() => new StaticPlugin().Check(call));
        CniResult other = result with { Addresses = [result.Addresses[0] with { Gateway = null }] };
        Assert.Throws<CniException>(() => new StaticPlugin().Check(call with { PreviousResult = other }));
    }

    private static PluginCall Call(string members) => new()
    {
        Command = CniCommand.Add,
        Configuration = CniJson.Configuration(Encoding.UTF8.GetBytes($$"""{"cniVersion":"1.0.0","name":"net",{{members}}}""")),
    };
}
