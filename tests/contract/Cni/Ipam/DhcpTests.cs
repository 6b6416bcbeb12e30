// dhcp: addresses of a server on the network, kept by a daemon.
using System.Diagnostics;
using System.Text.Json;
using Berth.Contract.Cni.Stage;

namespace Berth.Contract.Cni.Ipam;

public sealed class DhcpTests
{
    private const string Soon = "--dhcp-option=option:T1,3 --dhcp-option=option:T2,40";

    public static TheoryData<string> Folders() => PluginFolder.All();

    private static bool IsOurs(string folder) => folder != PluginFolder.Reference;

    private static void RequireOurs(string folder) => Assert.SkipUnless(IsOurs(folder), "only ours does this");

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_container_gets_the_servers_address_gateway_and_default_route(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host);
        lan.Daemon();
        Answer added = host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        string address = Assert.Single(lan.Addresses);
        Assert.Equal([address + "/24"], added.Addresses);
        Assert.Equal([address + "/24"], host.Addresses("c1", "eth0"));
        Assert.Equal("10.77.0.1", added.Json.GetProperty("ips")[0].GetProperty("gateway").GetString());
        Assert.Equal("""[{"dst":"0.0.0.0/0","gw":"10.77.0.1"}]""", Compact(added.Json.GetProperty("routes")));
        Assert.Equal("{}", Compact(added.Json.GetProperty("dns")));
        Assert.Equal(["default via 10.77.0.1 dev eth0", $"10.77.0.0/24 dev eth0 proto kernel scope link src {address}"], host.Routes("c1"));
        host.Serve("lan", "TCP4", 8000);
        Assert.Equal(address, host.Ask("c1", "TCP4", "10.77.0.1", 8000));
        // Type 0, then container/network/interface.
        Assert.EndsWith(" 00:63:31:2f:6e:65:74:2f:65:74:68:30", Assert.Single(lan.Leases), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_detach_gives_the_address_back_and_a_second_one_is_no_error(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host);
        lan.Daemon();
        host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        // The reference's bridge removes the interface before, and then there is no way to tell the server.
        if (!IsOurs(folder)) host.Call("DEL", "dhcp", DhcpLan.Configuration()).Succeeds();
        host.Call("DEL", "bridge", DhcpLan.Configuration()).Succeeds();
        host.Await("! grep -q . /run/lan.leases");
        Assert.Contains("DHCPRELEASE", lan.Log, StringComparison.Ordinal);
        Assert.Empty(host.Names("c1"));
        host.Call("DEL", "bridge", DhcpLan.Configuration()).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_second_attach_of_the_same_interface_gets_the_same_address(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host);
        lan.Daemon();
        string first = Assert.Single(host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds().Addresses);
        Assert.Equal(first, Assert.Single(host.Call("ADD", "dhcp", DhcpLan.Configuration()).Succeeds().Addresses));
        Assert.Single(lan.Addresses);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_check_finds_the_lease(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host);
        lan.Daemon();
        Answer added = host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        host.Call("CHECK", "bridge", added.After(DhcpLan.Configuration())).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_check_without_a_lease_fails(string folder)
    {
        RequireOurs(folder);
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host);
        lan.Daemon();
        Answer added = host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        host.Call("DEL", "dhcp", DhcpLan.Configuration()).Succeeds();
        host.Call("CHECK", "bridge", added.After(DhcpLan.Configuration())).Refuses(999, "there is no lease of eth0");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_lease_is_prolonged_before_it_runs_out(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host, Soon);
        lan.Daemon();
        host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        string address = Assert.Single(lan.Addresses);
        lan.AwaitAcknowledgements(address, 3);
        Assert.Equal([address], lan.Addresses);
        // One that is prolonged is not asked for anew.
        if (IsOurs(folder)) Assert.Single(lan.Log.Split('\n'), static line => line.Contains("DHCPDISCOVER", StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_macvlan_on_the_servers_network_works_as_well(string folder)
    {
        PluginFolder.Require(folder, "macvlan");
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host, bridged: false);
        lan.Daemon();
        string configuration = $$"""{"cniVersion":"0.4.0","name":"net","type":"macvlan","master":"up0","ipam":{"type":"dhcp","daemonSocketPath":"{{DhcpLan.Socket}}"} }""";
        Answer added = host.Call("ADD", "macvlan", configuration).Succeeds();
        Assert.Equal([Assert.Single(lan.Addresses) + "/24"], host.Addresses("c1", "eth0"));
        host.Serve("lan", "TCP4", 8000);
        Assert.True(host.Reaches("c1", "10.77.0.1", 8000));
        host.Call("CHECK", "macvlan", added.After(configuration)).Succeeds();
        host.Call("DEL", "macvlan", configuration).Succeeds();
        host.Await("! grep -q . /run/lan.leases");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Classless_routes_stand_in_place_of_the_router(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host, "--dhcp-option-force=121,10.9.0.0/16,10.77.0.1,0.0.0.0/0,10.77.0.254");
        lan.Daemon();
        Answer added = host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        Assert.Equal("""[{"dst":"10.9.0.0/16","gw":"10.77.0.1"},{"dst":"0.0.0.0/0","gw":"10.77.0.254"}]""", Compact(added.Json.GetProperty("routes")));
        Assert.Equal("10.77.0.1", added.Json.GetProperty("ips")[0].GetProperty("gateway").GetString());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Old_static_routes_come_with_the_router(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host, "--dhcp-option-force=33,10.0.0.0,10.77.0.9,192.168.5.0,10.77.0.8");
        lan.Daemon();
        Answer added = host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        Assert.Equal("""[{"dst":"10.0.0.0/8","gw":"10.77.0.9"},{"dst":"192.168.5.0/24","gw":"10.77.0.8"},{"dst":"0.0.0.0/0","gw":"10.77.0.1"}]""", Compact(added.Json.GetProperty("routes")));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_server_is_told_what_the_configuration_and_the_arguments_provide(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host);
        lan.Daemon();
        string configuration = DhcpLan.Configuration(""","provide":[{"option":"12","fromArg":"K8S_POD_NAME"},{"option":"vendor-class-identifier","value":"of-tests"}],"request":[{"option":"42"}]""");
        host.Call("ADD", "bridge", configuration, arguments: "IgnoreUnknown=1;K8S_POD_NAME=a-pod").Succeeds();
        Assert.Equal("a-pod", Assert.Single(lan.Leases).Split(' ')[3]);
        Assert.Contains("vendor class: of-tests", lan.Log, StringComparison.Ordinal);
        Assert.Matches("requested options:.* 42:", lan.Log);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_name_of_an_option_that_is_none_is_refused(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host, null);
        lan.Daemon();
        host.Call("ADD", "bridge", DhcpLan.Configuration(""","request":[{"option":"nonsense"}]""")).Refuses(999, IsOurs(folder) ? "Can not parse option \"nonsense\"" : "nonsense");
        if (IsOurs(folder)) Assert.Empty(host.Names("c1"));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Without_a_server_an_attach_fails_in_its_time_and_leaves_nothing(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host, null);
        lan.Daemon("-timeout 2s -resendmax 2s" + (IsOurs(folder) ? " -resendtimeout 3s" : ""));
        Answer answer = host.Call("ADD", "bridge", DhcpLan.Configuration()).Refuses(999);
        // The reference's bridge leaves its interface to the DEL.
        if (!IsOurs(folder)) return;
        Assert.Empty(host.Names("c1"));
        Assert.Contains("no server answered in 3 s", answer.Output, StringComparison.Ordinal);
        Assert.Equal("server.lock", host.Run("ls /run/d/dhcp").Trim());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Without_a_daemon_an_attach_names_the_socket(string folder)
    {
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        _ = new DhcpLan(host, null);
        Answer answer = host.Call("ADD", "bridge", DhcpLan.Configuration());
        Assert.Equal(1, answer.Code);
        Assert.Contains(DhcpLan.Socket, answer.Output, StringComparison.Ordinal);
        if (!IsOurs(folder)) return;
        Assert.Empty(host.Names("c1"));
        answer.Refuses(11, "cannot reach the DHCP daemon");
        Assert.Contains("start it as root: dhcp daemon -socketpath /run/d/dhcp.sock", answer.Output, StringComparison.Ordinal);
        host.Call("STATUS", "bridge", DhcpLan.Configuration(version: "1.1.0")).Refuses(50, DhcpLan.Socket);
        host.Call("DEL", "bridge", DhcpLan.Configuration()).Succeeds();
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Twenty_at_once_get_twenty_addresses(string folder)
    {
        using PrivateHost host = new(folder);
        DhcpLan lan = new(host);
        lan.Daemon();
        string[] names = [.. Enumerable.Range(1, 20).Select(static i => $"c{i}")];
        foreach (string name in names) host.Container(name);
        Answer[] answers = [.. names.AsParallel().WithDegreeOfParallelism(20).Select(name => host.Call("ADD", "bridge", DhcpLan.Configuration(), name))];
        foreach (Answer answer in answers) answer.Succeeds();
        Assert.Equal(20, answers.Select(static a => a.Addresses[0]).Distinct().Count());
        Assert.Equal(20, lan.Addresses.Length);
        foreach (Answer answer in names.AsParallel().WithDegreeOfParallelism(20).Select(name => host.Call("DEL", "dhcp", DhcpLan.Configuration(), name))) answer.Succeeds();
        host.Await("! grep -q . /run/lan.leases");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_daemon_that_was_killed_leaves_leases_that_the_next_one_prolongs(string folder)
    {
        RequireOurs(folder);
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2");
        DhcpLan lan = new(host, Soon);
        Process daemon = lan.Daemon();
        Answer added = host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        host.Call("ADD", "bridge", DhcpLan.Configuration(), "c2").Succeeds();
        string address = added.Addresses[0][..^3];
        daemon.Kill();
        daemon.WaitForExit();
        host.Run($"ip netns del c2; rm -f {DhcpLan.Socket}");
        lan.Daemon();
        int before = lan.Log.Split('\n').Count(line => line.Contains("DHCPACK", StringComparison.Ordinal) && line.Contains(address + " ", StringComparison.Ordinal));
        lan.AwaitAcknowledgements(address, before + 2);
        host.Call("CHECK", "bridge", added.After(DhcpLan.Configuration())).Succeeds();
        // The one of a namespace that is gone was dropped.
        Assert.Single(host.Run("ls /run/d/dhcp").Split('\n'), static line => line.EndsWith(".lease", StringComparison.Ordinal));
        host.Call("DEL", "bridge", DhcpLan.Configuration()).Succeeds();
        host.Await($"! grep -q {address} /run/lan.leases");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_detach_without_a_daemon_gives_the_address_back_by_itself(string folder)
    {
        RequireOurs(folder);
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host);
        Process daemon = lan.Daemon();
        host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        daemon.Kill();
        daemon.WaitForExit();
        host.Call("DEL", "bridge", DhcpLan.Configuration()).Succeeds();
        host.Await("! grep -q . /run/lan.leases");
        Assert.Equal("server.lock", host.Run("ls /run/d/dhcp").Trim());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Collecting_gives_back_what_no_valid_attachment_has(string folder)
    {
        RequireOurs(folder);
        using PrivateHost host = new PrivateHost(folder).Container("c1").Container("c2");
        DhcpLan lan = new(host);
        lan.Daemon();
        host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        string stays = host.Call("ADD", "bridge", DhcpLan.Configuration(), "c2").Succeeds().Addresses[0][..^3];
        host.Call("GC", "dhcp", DhcpLan.Configuration(version: "1.1.0", more: ""","cni.dev/valid-attachments":[{"containerID":"c2","ifname":"eth0"}]""")).Succeeds();
        host.Await("test $(wc -l < /run/lan.leases) = 1");
        Assert.Equal([stays], lan.Addresses);
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Name_servers_come_when_they_are_asked_for(string folder)
    {
        RequireOurs(folder);
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host, "--dhcp-option=6,10.77.0.53,10.77.0.54 --dhcp-option=15,example.org --dhcp-option=119,a.example,b.example");
        lan.Daemon();
        Answer added = host.Call("ADD", "bridge", DhcpLan.Configuration(""","priority":7,"request":[{"option":"6"},{"option":"15"},{"option":"119"}]""")).Succeeds();
        Assert.Equal("""{"nameservers":["10.77.0.53","10.77.0.54"],"domain":"example.org","search":["a.example","b.example"]}""", Compact(added.Json.GetProperty("dns")));
        Assert.Equal("""[{"dst":"0.0.0.0/0","gw":"10.77.0.1","priority":7}]""", Compact(added.Json.GetProperty("routes")));
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_lease_that_runs_out_takes_the_interface_down(string folder)
    {
        RequireOurs(folder);
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host, null);
        Process server = lan.Serve(""), daemon = lan.Daemon();
        host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        foreach (Process one in (Process[])[server, daemon])
        {
            one.Kill();
            one.WaitForExit();
        }
        // As if nobody had prolonged it for an hour: dnsmasq gives none for less than two minutes.
        host.Run($"rm {DhcpLan.Socket}; f=$(echo /run/d/dhcp/*.lease); n=$(sed 's/.*\"since\":\\([0-9]*\\).*/\\1/' \"$f\"); sed -i \"s/\\\"since\\\":$n/\\\"since\\\":$((n - 3600000))/\" \"$f\"");
        lan.Daemon("-resendtimeout 2s");
        host.Await("ip -n c1 -o link show eth0 | grep -q \"state DOWN\"");
        host.Call("CHECK", "dhcp", DhcpLan.Configuration()).Refuses(999, "there is no lease");
        host.Call("DEL", "bridge", DhcpLan.Configuration()).Succeeds();
        Assert.Equal("server.lock", host.Run("ls /run/d/dhcp").Trim());
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_socket_that_is_handed_over_is_listened_at(string folder)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/systemd-socket-activate"), "systemd-socket-activate is not installed");
        using PrivateHost host = new PrivateHost(folder).Container("c1");
        DhcpLan lan = new(host);
        host.Run("mkdir -p /run/d");
        Process daemon = host.Start($"systemd-socket-activate -l {DhcpLan.Socket} {folder}/dhcp daemon -socketpath {DhcpLan.Socket}", $"test -S {DhcpLan.Socket}");
        host.Call("ADD", "bridge", DhcpLan.Configuration()).Succeeds();
        Assert.Single(lan.Addresses);
        if (!IsOurs(folder)) return;
        // Its file is another's.
        host.Run($"kill {daemon.Id}");
        daemon.WaitForExit();
        host.Run($"test -S {DhcpLan.Socket}");
    }

    [Theory]
    [MemberData(nameof(Folders))]
    public void Only_root_may_ask_and_there_is_one_daemon_for_a_socket(string folder)
    {
        RequireOurs(folder);
        using PrivateHost host = new(folder);
        DhcpLan lan = new(host, null);
        Process daemon = lan.Daemon("-pidfile /run/d.pid");
        host.Await("test -s /run/d.pid");
        Assert.Equal("600", host.Run($"stat -c %a {DhcpLan.Socket}").Trim());
        (int code, _, string error) = host.Try($"{folder}/dhcp daemon -socketpath {DhcpLan.Socket}");
        Assert.Equal(1, code);
        Assert.Contains($"there is one already at {DhcpLan.Socket}", error, StringComparison.Ordinal);
        host.Run("kill $(cat /run/d.pid)");
        daemon.WaitForExit();
        Assert.Equal("", host.Run($"ls {DhcpLan.Socket} /run/d.pid 2>/dev/null || :").Trim());
    }

    private static string Compact(JsonElement json) => json.GetRawText().Replace("\n", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
}
