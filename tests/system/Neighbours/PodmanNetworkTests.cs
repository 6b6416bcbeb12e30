// podman with its CNI backend over the reference plugins, and over ours in their place.
namespace Berth.SystemTests.Neighbours;

/// <summary>What a user of podman sees of a network.</summary>
public sealed class PodmanNetworkTests(Podman podman) : IClassFixture<Podman>
{
    private const string Port = "18080";

    // Each step is one podman: a container's network is made by one, and unmade by another.
    private Outcome Scenario(string plugins, string script)
    {
        podman.Ready();
        Dock dock = podman.Dock;
        string configuration = dock.NewFile($"containers-{Random.Shared.Next():x}.conf", File.ReadAllText($"{dock.Folder}/containers.conf") + """

            cni_plugin_dirs = ["/opt/cni/bin"]
            network_config_dir = "/etc/cni/net.d"
            """);
        return HostOfItsOwn.Command(dock, plugins, HostOfItsOwn.BridgeAndPorts, $$"""
            export CONTAINERS_CONF={{configuration}} TMPDIR={{dock.Folder}} HOME={{dock.Folder}}
            podman() { command podman --root {{dock.Folder}}/graph --runroot {{dock.Folder}}/run --tmpdir {{dock.Folder}}/tmp "$@"; }
            trap 'podman rm --all --force --time 0 > /dev/null 2>&1' EXIT
            {{script}}
            """).Run().Succeeded();
    }

    [Theory]
    [MemberData(nameof(HostOfItsOwn.Plugins), MemberType = typeof(HostOfItsOwn))]
    public void A_published_port_leads_to_the_container_from_the_host_and_its_loopback(string plugins)
    {
        Outcome outcome = Scenario(plugins, $"""
            podman run -d --name web --cgroup-parent /{podman.Dock.Id} --network berthtest -p {Port}:80 -p {Port}:53/udp {Podman.Name} sh -c 'while true; do echo seen | nc -l -p 80; done' > /dev/null
            podman inspect -f 'ip {"{{(index .NetworkSettings.Networks \"berthtest\").IPAddress}}"}' web
            for i in 1 2 3 4 5 6 7 8 9 10; do podman exec web sh -c 'netstat -ltn | grep -q :80' && break; sleep 0.2; done
            echo "loopback: $(socat -T3 - TCP:127.0.0.1:{Port} < /dev/null)"
            sleep 0.3
            echo "bridge: $(socat -T3 - TCP:10.77.0.1:{Port} < /dev/null)"
            podman rm -f -t 0 web > /dev/null
            echo "left: $(ls /var/lib/cni/networks/berthtest | grep -c '^10') $(ip -o link | grep -c veth) $(nft list ruleset | grep -c 'elements\|dport {Port}')"
            """);
        HostOfItsOwn.Contains(outcome, "ip 10.77.0.2", "loopback: seen", "bridge: seen", "left: 0 0 0");
    }

    [Theory]
    [MemberData(nameof(HostOfItsOwn.Plugins), MemberType = typeof(HostOfItsOwn))]
    public void Containers_of_a_network_that_podman_made_reach_one_another(string plugins)
    {
        Outcome outcome = Scenario(plugins, $"""
            podman network create --disable-dns --subnet 10.78.0.0/24 made > /dev/null
            podman run -d --name one --cgroup-parent /{podman.Dock.Id} --network made {Podman.Name} sh -c 'while true; do echo one | nc -l -p 99; done' > /dev/null
            podman run --rm --cgroup-parent /{podman.Dock.Id} --network made {Podman.Name} sh -c 'for i in 1 2 3 4 5 6 7 8 9; do nc 10.78.0.2 99 < /dev/null && break; sleep 0.3; done; ip -4 -o addr show eth0'
            podman rm -f -t 0 one > /dev/null
            podman network rm made > /dev/null
            echo "left: $(ls /etc/cni/net.d | grep conflist) $(ip -o link | grep -c veth)"
            """);
        HostOfItsOwn.Contains(outcome, "one", "inet 10.78.0.3/24", "left: 10-list.conflist 0");
    }
}
