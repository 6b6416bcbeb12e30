// Stock containerd with CNI: `ctr run --cni` over the reference plugins, and over ours in their place.
namespace Berth.SystemTests.Neighbours;

/// <summary>What a user of ctr sees of a network.</summary>
public sealed class ContainerdNetworkTests(Containerd containerd) : IClassFixture<Containerd>
{
    private string Ctr(string id, string command)
    {
        string socket = $"{containerd.Dock.Folder}/c.sock", words = string.Join(' ', containerd.RunWords(id, "--rm", "--cni"));
        return $"ctr --address {socket} --namespace {containerd.Dock.Id} {words} sh -c '{command}'";
    }

    [Theory]
    [MemberData(nameof(HostOfItsOwn.Plugins), MemberType = typeof(HostOfItsOwn))]
    public void A_container_has_an_address_a_route_and_the_host_as_its_gateway(string plugins)
    {
        containerd.Ready();
        string id = $"net{Random.Shared.Next():x}";
        Outcome outcome = HostOfItsOwn.Command(containerd.Dock, plugins, HostOfItsOwn.BridgeAndPorts, $"""
            socat TCP-LISTEN:8000,fork,reuseaddr SYSTEM:'echo hello $SOCAT_PEERADDR' > /dev/null 2>&1 & listener=$!
            trap 'kill $listener' EXIT
            {Ctr(id, "ip -4 -o addr show eth0; ip route; nc 10.77.0.1 8000 < /dev/null")}
            echo "left: $(ls /var/lib/cni/networks/berthtest | grep -c '^10') $(ip -o link | grep -c veth) $(nft list ruleset | grep -c 'comment .*{id}')"
            """).Run().Succeeded();
        HostOfItsOwn.Contains(outcome, "inet 10.77.0.2/16", "default via 10.77.0.1", "hello 10.77.0.2", "left: 0 0 0");
    }
}
