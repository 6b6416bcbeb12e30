// host-local: leases on disk, which plugins of both kinds share.
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Ipam;

public sealed class HostLocalTests : IDisposable
{
    private readonly Scratch _scratch = new();

    public static TheoryData<string> Folders() => PluginFolder.All();

    public void Dispose() => _scratch.Dispose();

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_result_has_this_form_in_each_version(string folder)
    {
        Assert.Equal("""
            {
                "cniVersion": "0.2.0",
                "ip4": {
                    "ip": "10.1.2.2/24",
                    "gateway": "10.1.2.1",
                    "routes": [
                        {
                            "dst": "0.0.0.0/0",
                            "gw": "10.1.2.9"
                        }
                    ]
                },
                "dns": {}
            }
            """, Run(folder, "ADD", "a", Single("0.2.0")).Succeeds().Output);
        Assert.Equal("""
            {
                "cniVersion": "0.4.0",
                "ips": [
                    {
                        "version": "4",
                        "address": "10.1.2.3/24",
                        "gateway": "10.1.2.1"
                    }
                ],
                "routes": [
                    {
                        "dst": "0.0.0.0/0",
                        "gw": "10.1.2.9"
                    }
                ],
                "dns": {}
            }
            """, Run(folder, "ADD", "b", Single("0.4.0")).Succeeds().Output);
        string newest = Run(folder, "ADD", "c", Single("1.0.0")).Succeeds().Output;
        // Newer ones of the reference leave an empty dns out.
        Assert.Equal("""
            {
                "cniVersion": "1.0.0",
                "ips": [
                    {
                        "address": "10.1.2.4/24",
                        "gateway": "10.1.2.1"
                    }
                ],
                "routes": [
                    {
                        "dst": "0.0.0.0/0",
                        "gw": "10.1.2.9"
                    }
                ]
            }
            """, newest.Replace(",\n    \"dns\": {}", "", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Leases_are_files_of_this_form(string folder)
    {
        string configuration = Ranges("[{\"subnet\":\"10.1.2.0/24\"}],[{\"subnet\":\"fd00:0:0:1::/64\"}]");
        Assert.Equal(["10.1.2.2/24", "fd00:0:0:1::2/64"], Run(folder, "ADD", "c1", configuration).Succeeds().Addresses);
        Assert.Equal(["10.1.2.2", "fd00:0:0:1::2", "last_reserved_ip.0", "last_reserved_ip.1", "lock"], _scratch.Files("net"));
        Assert.Equal("c1\r\neth0", _scratch.Read("net/10.1.2.2"));
        Assert.Equal("c1\r\neth0", _scratch.Read("net/fd00:0:0:1::2"));
        Assert.Equal("10.1.2.2", _scratch.Read("net/last_reserved_ip.0"));
        Run(folder, "CHECK", "c1", configuration).Succeeds();
        Run(folder, "CHECK", "c2", configuration).Refuses(999, "Failed to find address added by container c2");
        Run(folder, "DEL", "c1", configuration).Succeeds();
        Run(folder, "DEL", "c1", configuration).Succeeds();
        Assert.Equal(["last_reserved_ip.0", "last_reserved_ip.1", "lock"], _scratch.Files("net"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Addresses_go_round_until_none_is_left(string folder)
    {
        string configuration = Ranges("[{\"subnet\":\"10.1.2.0/29\"}]");
        for (int i = 2; i <= 6; i++) Assert.Equal([$"10.1.2.{i}/29"], Run(folder, "ADD", $"c{i}", configuration).Succeeds().Addresses);
        Run(folder, "ADD", "c9", configuration).Refuses(999, "failed to allocate for range 0: no IP addresses available in range set: 10.1.2.1-10.1.2.6");
        Run(folder, "DEL", "c3", configuration).Succeeds();
        Run(folder, "DEL", "c5", configuration).Succeeds();
        Assert.Equal(["10.1.2.3/29"], Run(folder, "ADD", "c7", configuration).Succeeds().Addresses);
        Assert.Equal(["10.1.2.5/29"], Run(folder, "ADD", "c8", configuration).Succeeds().Addresses);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void An_attachment_gets_one_address_and_addresses_can_be_asked_for(string folder)
    {
        string configuration = Ranges("[{\"subnet\":\"10.1.2.0/24\"}]");
        Run(folder, "ADD", "c1", configuration).Succeeds();
        Run(folder, "ADD", "c1", configuration).Refuses(999, "10.1.2.2 has been allocated to c1, duplicate allocation is not allowed");
        PluginRun asking = new(folder, "host-local") { ContainerId = "c2", Arguments = "IP=10.1.2.88" };
        Assert.Equal(["10.1.2.88/24"], asking.Run(configuration).Succeeds().Addresses);
        (asking with { ContainerId = "c3" }).Run(configuration).Refuses(999, "requested IP address 10.1.2.88 is not available in range set 10.1.2.1-10.1.2.254");
        (asking with { ContainerId = "c4", Arguments = "IP=10.1.2.1" }).Run(configuration).Refuses(999, "requested ip 10.1.2.1 is subnet's gateway");
        (asking with { ContainerId = "c5", Arguments = "IP=10.5.5.5" }).Run(configuration).Refuses(999, "failed to allocate all requested IPs: 10.5.5.5");
        (asking with { ContainerId = "c6", Arguments = "K8S=1" }).Run(configuration).Refuses(999, "unknown args");
        (asking with { ContainerId = "c7", Arguments = "K8S=1;IgnoreUnknown=1" }).Run(configuration).Succeeds();
        // The one that asked for an address out of range had 10.1.2.89 for a moment.
        Assert.Equal(["10.1.2.2", "10.1.2.88", "10.1.2.90", "last_reserved_ip.0", "lock"], _scratch.Files("net"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Capabilities_bring_ranges_and_addresses(string folder)
    {
        string configuration = Ranges("[{\"subnet\":\"10.1.2.0/24\"}]", ",\"runtimeConfig\":{\"ipRanges\":[[{\"subnet\":\"10.7.0.0/24\"}]],\"ips\":[\"10.1.2.40/24\"]}");
        Assert.Equal(["10.7.0.2/24", "10.1.2.40/24"], Run(folder, "ADD", "c1", configuration).Succeeds().Addresses);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Ranges_that_make_no_sense_are_refused(string folder)
    {
        foreach ((string ranges, string message) in (ReadOnlySpan<(string, string)>)[
            ("[{\"subnet\":\"10.1.2.1/24\"}]", "invalid range set 0: Network has host bits set"),
            ("[{\"subnet\":\"10.1.2.0/31\"}]", "Network 10.1.2.0/31 too small to allocate from"),
            ("[{\"subnet\":\"10.1.2.0/24\",\"rangeEnd\":\"10.1.3.1\"}]", "RangeEnd 10.1.3.1 not in network 10.1.2.0/24"),
            ("[{\"subnet\":\"10.1.2.0/24\"},{\"subnet\":\"fd00::/64\"}]", "mixed address families"),
            ("[{\"subnet\":\"10.1.2.0/24\"}],[{\"subnet\":\"10.1.2.0/25\"}]", "range set 0 overlaps with 1"),
            ("", "no IP ranges specified")])
        {
            Run(folder, "ADD", "c1", Ranges(ranges)).Refuses(999, message);
        }
    }

    // The reference's answers GC and STATUS of version 1.1 without doing anything.
    [Fact]
    public void GC_gives_back_what_is_not_valid_and_STATUS_looks_for_room()
    {
        string configuration = Ranges("[{\"subnet\":\"10.1.2.0/30\"}],[{\"subnet\":\"10.1.3.0/29\"}]", ",\"cni.dev/valid-attachments\":[{\"containerID\":\"c2\",\"ifname\":\"eth0\"}]").Replace("1.0.0", "1.1.0", StringComparison.Ordinal);
        Run(PluginFolder.Ours, "STATUS", "", configuration).Succeeds();
        Run(PluginFolder.Ours, "ADD", "c1", configuration).Succeeds();
        Run(PluginFolder.Ours, "STATUS", "", configuration).Refuses(50, "no IP addresses available in range set: 10.1.2.1-10.1.2.2");
        Run(PluginFolder.Ours, "GC", "", configuration).Succeeds();
        Run(PluginFolder.Ours, "ADD", "c2", configuration).Succeeds();
        Run(PluginFolder.Ours, "GC", "", configuration).Succeeds();
        Assert.Equal(["10.1.2.2", "10.1.3.3", "last_reserved_ip.0", "last_reserved_ip.1", "lock"], _scratch.Files("net"));
    }

    [Fact]
    public void One_releases_what_the_other_took()
    {
        PluginFolder.Require(PluginFolder.Reference, "host-local");
        string configuration = Ranges("[{\"subnet\":\"10.1.2.0/24\"}]");
        Run(PluginFolder.Ours, "ADD", "a", configuration).Succeeds();
        Assert.Equal(["10.1.2.3/24"], Run(PluginFolder.Reference, "ADD", "b", configuration).Succeeds().Addresses);
        Run(PluginFolder.Reference, "CHECK", "a", configuration).Succeeds();
        Run(PluginFolder.Reference, "ADD", "a", configuration).Refuses(999, "duplicate allocation");
        Run(PluginFolder.Ours, "ADD", "b", configuration).Refuses(999, "duplicate allocation");
        Run(PluginFolder.Reference, "DEL", "a", configuration).Succeeds();
        Run(PluginFolder.Ours, "DEL", "b", configuration).Succeeds();
        Assert.Equal(["last_reserved_ip.0", "lock"], _scratch.Files("net"));
    }

    [Fact]
    public void A_lease_whose_writer_was_killed_is_taken_again()
    {
        _scratch.Write("net/10.1.2.2", "");
        Assert.Equal(["10.1.2.2/24"], Run(PluginFolder.Ours, "ADD", "a", Ranges("[{\"subnet\":\"10.1.2.0/24\"}]")).Succeeds().Addresses);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Fifty_at_the_same_time_get_fifty_addresses(string folder) => Fifty(folder, folder);

    [Fact]
    public void Fifty_of_both_kinds_at_the_same_time_get_fifty_addresses()
    {
        PluginFolder.Require(PluginFolder.Reference, "host-local");
        Fifty(PluginFolder.Reference, PluginFolder.Ours);
    }

    private void Fifty(string even, string odd)
    {
        string configuration = Ranges("[{\"subnet\":\"10.1.2.0/24\"}],[{\"subnet\":\"fd00::/64\"}]");
        string[][] given = new string[50][];
        Parallel.For(0, given.Length, new ParallelOptions { MaxDegreeOfParallelism = 50 }, i => given[i] = Run(i % 2 == 0 ? even : odd, "ADD", $"c{i}", configuration).Succeeds().Addresses);
        Assert.Equal(100, given.SelectMany(static both => both).Distinct().Count());
        Parallel.For(0, given.Length, new ParallelOptions { MaxDegreeOfParallelism = 50 }, i => Run(i % 2 == 0 ? odd : even, "DEL", $"c{i}", configuration).Succeeds());
        Assert.Equal(["last_reserved_ip.0", "last_reserved_ip.1", "lock"], _scratch.Files("net"));
    }

    private static Answer Run(string folder, string command, string container, string configuration) =>
        new PluginRun(folder, "host-local") { Command = command, ContainerId = container }.Run(configuration);

    private string Ranges(string ranges, string more = "") =>
        $$"""{"cniVersion":"1.0.0","name":"net","type":"x","ipam":{"type":"host-local","dataDir":"{{_scratch.Path}}","ranges":[{{ranges}}]}{{more}} }""";

    private string Single(string version) =>
        $$"""{"cniVersion":"{{version}}","name":"net","type":"x","ipam":{"type":"host-local","dataDir":"{{_scratch.Path}}","subnet":"10.1.2.0/24","routes":[{"dst":"0.0.0.0/0","gw":"10.1.2.9"}]} }""";
}
