// static: what it is told is what it says.
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Ipam;

public sealed class StaticTests
{
    private const string Configuration = """
        {"cniVersion":"0.4.0","name":"net","type":"x","ipam":{"type":"static","addresses":[{"address":"10.10.0.1/24","gateway":"10.10.0.254"},{"address":"3ffe:ffff:0:01ff::1/64"}],
        "routes":[{"dst":"0.0.0.0/0"},{"dst":"192.168.0.0/16","gw":"10.10.5.1"}],"dns":{"nameservers":["8.8.8.8"],"domain":"example.com","search":["a","b"],"options":["o"]}} }
        """;

    public static TheoryData<string> Folders() => PluginFolder.All();

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_result_says_what_the_configuration_says(string folder) => Assert.Equal("""
        {
            "cniVersion": "0.4.0",
            "ips": [
                {
                    "version": "4",
                    "address": "10.10.0.1/24",
                    "gateway": "10.10.0.254"
                },
                {
                    "version": "6",
                    "address": "3ffe:ffff:0:1ff::1/64"
                }
            ],
            "routes": [
                {
                    "dst": "0.0.0.0/0"
                },
                {
                    "dst": "192.168.0.0/16",
                    "gw": "10.10.5.1"
                }
            ],
            "dns": {
                "nameservers": [
                    "8.8.8.8"
                ],
                "domain": "example.com",
                "search": [
                    "a",
                    "b"
                ],
                "options": [
                    "o"
                ]
            }
        }
        """, new PluginRun(folder, "static").Run(Configuration).Succeeds().Output);

    [Theory]
    [MemberData(nameof(Folders))]
    public void Arguments_add_and_capabilities_overrule(string folder)
    {
        PluginRun run = new(folder, "static");
        Assert.Equal(["10.10.0.1/24", "3ffe:ffff:0:1ff::1/64", "10.20.0.1/16"], (run with { Arguments = "IP=10.20.0.1/16;GATEWAY=10.20.0.9" }).Run(Configuration).Succeeds().Addresses);
        string asked = Configuration.TrimEnd()[..^1] + ",\"args\":{\"cni\":{\"ips\":[\"10.1.1.1/24\"]}}}";
        Assert.Equal(["10.1.1.1/24"], run.Run(asked).Succeeds().Addresses);
        string capability = asked[..^1] + ",\"runtimeConfig\":{\"ips\":[\"10.2.2.2/24\"]}}";
        Assert.Equal(["10.2.2.2/24"], run.Run(capability).Succeeds().Addresses);
        (run with { Arguments = "IP=10.20.0.1" }).Run(Configuration).Refuses(999, "the 'ip' field is expected to be in CIDR notation, got: '10.20.0.1'");
        run.Run(Configuration.Replace("0.4.0", "0.2.0", StringComparison.Ordinal).Replace("3ffe:ffff:0:01ff::1/64", "10.30.0.1/24", StringComparison.Ordinal)).Refuses(999, "does not support more than 1 address per family");
        (run with { Command = "DEL" }).Run(Configuration).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void CHECK_compares_with_the_result_before(string folder)
    {
        PluginRun run = new(folder, "static") { Command = "CHECK" };
        run.Run(Configuration).Refuses(999, "Required prevResult missing");
        string before = Configuration.TrimEnd()[..^1] + ",\"prevResult\":{\"cniVersion\":\"0.4.0\",\"ips\":[{\"version\":\"4\",\"address\":\"10.10.0.1/24\",\"gateway\":\"10.10.0.GW\"}]}}";
        run.Run(before.Replace("0.GW", "0.254", StringComparison.Ordinal)).Succeeds();
        run.Run(before.Replace("0.GW", "0.253", StringComparison.Ordinal)).Refuses(999, "static: Failed to match addr 10.10.0.1 on interface eth0");
    }
}
