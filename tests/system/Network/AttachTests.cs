// Attaching and detaching with the shipped plugins: killed at any moment, many at once, many in a row.
using System.Globalization;

namespace Berth.Network.SystemTests;

public sealed class AttachTests
{
    private static int Rounds(int few) => int.TryParse(Environment.GetEnvironmentVariable("BERTH_SOAK"), NumberStyles.None, CultureInfo.InvariantCulture, out int many) ? Math.Max(few, many / 10) : few;

    [Fact]
    public void Whatever_moment_a_plugin_is_killed_at_a_detach_leaves_nothing()
    {
        int rounds = Rounds(40);
        string said = PrivateHost.Run($$"""
            {{PrivateHost.Chain}}
            killed=0
            for i in $(seq {{rounds}}); do
              ip netns add k
              ( add k 8080 ) > /dev/null 2>&1 & p=$!
              sleep 0.0$(printf %02d $((RANDOM % 40)))
              pkill -KILL -f $B && killed=$((killed + 1)); kill -9 $p 2> /dev/null; wait $p 2> /dev/null
              [ $((i % 3)) = 0 ] && { ( del k 8080 ) > /dev/null 2>&1 & p=$!; sleep 0.0$(printf %02d $((RANDOM % 30))); pkill -KILL -f $B; kill -9 $p 2> /dev/null; wait $p 2> /dev/null; }
              del k 8080 || echo "round $i: detach failed"
              ip netns exec k ip link show eth0 > /dev/null 2>&1 && echo "round $i: eth0 is left"
              ip netns del k
            done
            ip netns add k; add k 8080 || echo "a fresh attach failed"; del k 8080
            echo "killed $killed"
            left
            """, 60 + rounds);
        Assert.DoesNotContain("round", said, StringComparison.Ordinal);
        Assert.DoesNotContain("failed", said, StringComparison.Ordinal);
        Assert.Contains("leases 0 links 0 elements 0 chains 0", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Fifty_attaches_at_once_get_fifty_addresses_and_their_detaches_leave_nothing()
    {
        string said = PrivateHost.Run($$"""
            {{PrivateHost.Chain}}
            for i in $(seq 50); do ip netns add p$i; done
            for i in $(seq 50); do add p$i $((9000 + i)) || echo "attach $i failed" & done; wait
            echo "addresses $(for i in $(seq 50); do ip netns exec p$i ip -4 -o addr show eth0; done | awk '{print $4}' | sort -u | wc -l)"
            echo "ports $(nft -j list map inet berth ports4 | grep -o '"comment"' | wc -l)"
            for i in $(seq 50); do del p$i $((9000 + i)) || echo "detach $i failed" & done; wait
            left
            """);
        Assert.DoesNotContain("failed", said, StringComparison.Ordinal);
        Assert.Contains("addresses 50", said, StringComparison.Ordinal);
        Assert.Contains("ports 50", said, StringComparison.Ordinal);
        Assert.Contains("leases 0 links 0 elements 0 chains 0", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_attaches_in_a_row_leave_nothing()
    {
        int rounds = Rounds(50);
        string said = PrivateHost.Run($$"""
            {{PrivateHost.Chain}}
            ip netns add r
            for i in $(seq {{rounds}}); do add r 8080 && del r 8080 || { echo "round $i failed"; break; }; done
            left
            """, 60 + rounds);
        Assert.DoesNotContain("failed", said, StringComparison.Ordinal);
        Assert.Contains("leases 0 links 0 elements 0 chains 0", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_is_refused_to_a_second_container_and_given_when_the_first_ones_namespace_is_gone()
    {
        string said = PrivateHost.Run($$"""
            {{PrivateHost.Chain}}
            ip netns add a; ip netns add b
            add a 8080
            r=$(echo "$br" | call ADD b bridge)
            ports 8080 "$r" | call ADD b portmap
            echo "code $?"
            ip netns del a
            ports 8080 "$r" | call ADD b portmap > /dev/null
            echo "then $?"
            nft list map inet berth ports4 | grep -o 'net b eth0'
            del a 8080; nft list map inet berth ports4 | grep -o 'net b eth0'
            del b 8080; left
            """);
        Assert.Contains("it is published by container a (eth0 on network net)", said, StringComparison.Ordinal);
        Assert.Contains("code 1", said, StringComparison.Ordinal);
        Assert.Contains("then 0\nnet b eth0\nnet b eth0\n", said, StringComparison.Ordinal);
        Assert.Contains("leases 0 links 0 elements 0 chains 0", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Collecting_removes_what_belongs_to_no_valid_attachment()
    {
        string said = PrivateHost.Run($$"""
            {{PrivateHost.Chain}}
            ip netns add a; ip netns add b
            add a 8080; add b 8081
            gc() { echo "$1" | sed 's/"cniVersion":"1.0.0"/"cniVersion":"1.1.0","cni.dev\/valid-attachments":[{"containerID":"b","ifname":"eth0"}]/' | CNI_COMMAND=GC $B/$2; }
            gc "$(ports 1)" portmap; gc "$br" bridge
            nft list map inet berth ports4 | grep -o 'net . eth0'
            ls /var/lib/cni/networks/net | grep '^10'
            """);
        Assert.Contains("net b eth0\n10.30.0.3", said, StringComparison.Ordinal);
        Assert.DoesNotContain("net a", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Docker_s_policy_to_drop_does_not_stop_containers_and_its_table_stays_readable()
    {
        string said = PrivateHost.Run($$"""
            {{PrivateHost.Chain}}
            iptables -P FORWARD DROP; iptables -N DOCKER-USER; iptables -A FORWARD -j DOCKER-USER; iptables -A DOCKER-USER -j RETURN
            ip netns add out; ip link add ext type veth peer name ext0; ip link set ext0 netns out
            ip addr add 10.99.0.1/24 dev ext; ip link set ext up; ip netns exec out ip addr add 10.99.0.2/24 dev ext0; ip netns exec out ip link set ext0 up
            ip netns add a
            r=$(echo "$br" | call ADD a bridge); ports 8080 "$r" | call ADD a portmap > /dev/null
            ip netns exec a socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:'echo seen $SOCAT_PEERADDR' > /dev/null 2>&1 &
            for i in $(seq 50); do ip netns exec a ss -ltn | grep -q :80 && break; sleep 0.05; done
            echo "without: $(ip netns exec out timeout 1 socat -T1 - TCP:10.99.0.1:8080,connect-timeout=0.7 < /dev/null 2>&1 | grep -o seen)"
            echo "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"firewall\",\"prevResult\":$r}" | call ADD a firewall > /dev/null
            echo "with: $(ip netns exec out timeout 2 socat -T1 - TCP:10.99.0.1:8080 < /dev/null 2>&1)"
            iptables -S BERTH-FORWARD | sed 's/ -m comment --comment "[^"]*"//'
            echo '{"cniVersion":"1.0.0","name":"net","type":"firewall"}' | call DEL a firewall
            iptables -S | grep -c BERTH
            del a 8080; left
            """);
        Assert.Contains("without: \nwith: seen 10.99.0.2\n", said, StringComparison.Ordinal);
        Assert.Contains("-A BERTH-FORWARD -s 10.30.0.2/32 -j ACCEPT\n-A BERTH-FORWARD -d 10.30.0.2/32 -j ACCEPT\n0\n", said, StringComparison.Ordinal);
        Assert.Contains("leases 0 links 0 elements 0 chains 0", said, StringComparison.Ordinal);
    }

    [Fact]
    public void Under_ufw_a_published_port_obeys_its_rules_and_a_container_s_own_connections_work()
    {
        string said = PrivateHost.Run($$"""
            {{PrivateHost.Chain}}
            iptables -P FORWARD DROP; iptables -N ufw-user-forward; iptables -A FORWARD -j ufw-user-forward
            ip netns add out; ip link add ext type veth peer name ext0; ip link set ext0 netns out
            ip addr add 10.99.0.1/24 dev ext; ip link set ext up; ip netns exec out ip addr add 10.99.0.2/24 dev ext0; ip netns exec out ip link set ext0 up
            ip netns add a
            r=$(echo "$br" | call ADD a bridge); ports 8080 "$r" | call ADD a portmap > /dev/null
            echo "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"firewall\",\"prevResult\":$r}" | call ADD a firewall > /dev/null
            ip netns exec a socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:'echo seen' > /dev/null 2>&1 &
            ip netns exec out socat TCP-LISTEN:99,fork,reuseaddr SYSTEM:'echo outside' > /dev/null 2>&1 &
            for i in $(seq 50); do ip netns exec a ss -ltn | grep -q :80 && ip netns exec out ss -ltn | grep -q :99 && break; sleep 0.05; done
            ask() { ip netns exec out timeout 1 socat -T1 - TCP:10.99.0.1:8080,connect-timeout=0.7 < /dev/null 2>&1 | grep -o seen; }
            echo "closed: $(ask)"
            echo "outgoing: $(ip netns exec a timeout 2 socat -T1 - TCP:10.99.0.2:99 < /dev/null 2>&1)"
            iptables -A ufw-user-forward -p tcp --dport 80 -j ACCEPT
            echo "opened: $(ask)"
            iptables -S BERTH-FORWARD | sed 's/ -m comment --comment "[^"]*"//'
            """);
        Assert.Contains("closed: \noutgoing: outside\nopened: seen\n", said, StringComparison.Ordinal);
        Assert.Contains("-A BERTH-FORWARD -d 10.30.0.2/32 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tap_with_a_label_is_made_by_a_process_of_its_own_that_has_it()
    {
        Assert.SkipUnless(File.Exists("/dev/net/tun"), "there are no taps");
        string said = PrivateHost.Run($$"""
            ip netns add a
            ip netns exec a $B/../berth-cni make-tap tap7 multi 54321 54322 && ip -n a -d -o link show tap7 | grep -o 'tun type tap .* user 54321 group 54322'
            ip netns exec a $B/../berth-cni make-tap tap7 single - -; echo $?
            $B/../berth-cni make-tap some words; echo $?
            echo '{"cniVersion":"1.0.0","name":"net","type":"tap","selinuxContext":"system_u:system_r:container_t:s0"}' | CNI_COMMAND=ADD CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 $B/tap | grep -o 'cannot take the label system_u:system_r:container_t:s0'
            ip -n a -o link show eth0 2>&1 | grep -o 'does not exist'
            """);
        Assert.Contains("multi_queue", said, StringComparison.Ordinal);
        Assert.Contains("user 54321 group 54322\n1\n1\n", said, StringComparison.Ordinal);
        Assert.SkipWhen(Directory.Exists("/sys/fs/selinux"), "this kernel has SELinux");
        Assert.EndsWith("cannot take the label system_u:system_r:container_t:s0\ndoes not exist\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_of_an_older_build_is_completed_and_keeps_what_containers_have_in_it()
    {
        string said = PrivateHost.Run($$"""
            {{PrivateHost.Chain}}
            for i in a b; do ip netns add $i; done
            add a 8080 || echo "attach failed"
            # As a build before it had made it: without a set, the rules that look at it, and the mark.
            for chain in forward input; do nft flush chain inet berth $chain; done
            nft delete set inet berth isolated; nft delete set inet berth published; nft delete chain inet berth layout-1
            nft flush chain inet berth postrouting; nft delete set inet berth masquerade_all6
            nft add chain inet berth layout-0
            policy=$(echo "$br" | sed 's/"ipMasq"/"berth":{"policy":["isolated"]},"ipMasq"/')
            br=$policy add b 8081 || echo "attach to the older table failed"
            nft list sets table inet berth | grep -c -w -e isolated -e published -e masquerade_all6
            echo "marks $(nft list table inet berth | grep -o 'chain layout-.*{')"
            for chain in forward input postrouting prerouting publish; do nft list chain inet berth $chain > /run/$chain.completed; done
            echo "ports $(nft list map inet berth ports4 | grep -o 'tcp . [0-9]*' | sort | xargs)"
            del a 8080; del b 8081
            nft delete table inet berth; add a 8080
            for chain in forward input postrouting prerouting publish; do nft list chain inet berth $chain | diff - /run/$chain.completed; done
            # One of a newer build is taken as it is.
            nft add chain inet berth layout-7; nft delete chain inet berth layout-1; add b 8081 || echo "attach to the newer table failed"
            echo "marks $(nft list table inet berth | grep -o 'chain layout-.*{')"
            del a 8080; del b 8081; left
            """);
        Assert.DoesNotContain("failed", said, StringComparison.Ordinal);
        Assert.DoesNotContain("< ", said, StringComparison.Ordinal);
        Assert.Contains("3\nmarks chain layout-1 {\nports tcp . 8080 tcp . 8081\n", said, StringComparison.Ordinal);
        Assert.Contains("marks chain layout-7 {\nleases 0 links 0 elements 0 chains 0", said, StringComparison.Ordinal);
    }
}
