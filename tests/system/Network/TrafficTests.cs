// berth network connections and dump, on a host of their own.
namespace Berth.Network.SystemTests;

public sealed class TrafficTests
{
    [Fact]
    public void Connections_are_those_of_the_container_with_the_port_they_came_by_and_their_bytes() => Assert.Equal("""
        front 192.0.2.2
        tcp in 192.0.2.1:8080 192.0.2.2 counted
        udp out 192.0.2.2:53 UNANSWERED
        CONTAINER PORT STATE PEER SENT RECEIVED
        8080->80/tcp <- 192.0.2.2 268B
        2
        0
        1 there is no network nosuch
        """, HostScript.Run("""
        ns a b
        berth network create web >/dev/null; berth network create other >/dev/null
        berth network connect -q -p 8080:80 web ns:/run/netns/a; berth network connect -q other ns:/run/netns/b
        echo 1 > /proc/sys/net/netfilter/nf_conntrack_acct
        say a 80 front; ask out 192.0.2.1 8080
        echo x | ip netns exec a socat -t0 - UDP:192.0.2.2:53 2>/dev/null
        berth network connections --format '{{.Protocol}} {{.Direction}} {{.PublishedAt}} {{.Peer}} {{.Sent}}' a | grep ^tcp | sed 's/:[0-9]* \([0-9]*\)$/ counted/; s/:[0-9]* -$/ nothing/'
        berth network connections --format '{{.Protocol}} {{.Direction}} {{.Peer}} {{.State}}' a | grep ^udp
        berth network connections | head -1 | tr -s ' '
        berth network connections a | awk '/tcp/ { sub(":.*", "", $5); print $2, $4, $5, $7 }'
        berth network connections --network web --format '{{.Protocol}}' | wc -l
        berth network connections --network other -n | wc -l
        why=$(berth network connections --network nosuch 2>&1); echo $? $(echo "$why" | grep -o 'there is no network nosuch')
        """));

    [Fact]
    public void Packets_are_written_as_pcap_until_there_are_enough_or_somebody_ends_it() => Assert.Equal("""
        front 192.0.2.2
        6 packets
        a1b23c4d 2 4
        0 packets
        0
        24
        24 0 packets
        1 no interface eth9
        """, HostScript.Run("""
        ns a
        berth network create --disable-dns web >/dev/null; berth network connect -q -p 8080:80 web ns:/run/netns/a
        say a 80 front
        begun() { for _ in $(seq 500); do [ "$(stat -c %s $1 2>/dev/null || echo 0)" -ge 24 ] && break; read -t 0.02 <> <(:) || :; done; }
        berth network dump -c 6 -w /run/one.pcap a 2>/run/said & dump=$!; begun /run/one.pcap
        ask out 192.0.2.1 8080; wait $dump; cat /run/said
        echo $(od -An -tx4 -N4 /run/one.pcap) $(od -An -tu2 -j4 -N4 /run/one.pcap)
        ip netns exec a ip link add quiet type veth peer name still
        ip -n a link set quiet up
        "$BERTH" network dump -i quiet -w /run/two.pcap -s 64 a 2>/run/said & dump=$!; begun /run/two.pcap; kill -TERM $dump; wait $dump; code=$?; cat /run/said; echo $code; stat -c %s /run/two.pcap
        echo $(timeout 20 "$BERTH" network dump -i quiet a 2>/run/said | head -c 24 | wc -c) $(cat /run/said)
        why=$(berth network dump -i eth9 -w /run/three.pcap a 2>&1); echo $? $(echo "$why" | grep -o 'no interface eth9')
        """));
}
