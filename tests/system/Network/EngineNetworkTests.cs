// berth network as it is shipped, on a host of its own: traffic, names, isolation, repair, and what is left after kills.
namespace Berth.Network.SystemTests;

public sealed class EngineNetworkTests
{
    [Fact]
    public void Published_ports_are_reached_from_outside_and_from_the_host_with_the_clients_address() => Assert.Equal("""
        front 192.0.2.2
        front 192.0.2.2
        front
        front
        nothing
        """, HostScript.Run("""
        ns a
        berth network create web >/dev/null
        berth network connect -q -p 8080:80 -p 127.0.0.1:8081:80 -p 8090-8091:80-81 web ns:/run/netns/a
        say a 80 front
        ask out 192.0.2.1 8080
        ask out 192.0.2.1 8090
        ask host 192.0.2.1 8080 | cut -d' ' -f1
        ask host 127.0.0.1 8081 | cut -d' ' -f1
        ask out 192.0.2.1 8081
        """));

    [Fact]
    public void A_port_that_is_taken_names_who_has_it_and_leaves_nothing() => Assert.Equal("""
        1 published by container a-
        1 in use by socat
        0
        """, HostScript.Run("""
        ns a b
        berth network create web >/dev/null
        berth network connect -q -p 8080:80 web ns:/run/netns/a
        why=$(berth network connect -q -p 8080:80 web ns:/run/netns/b 2>&1); echo $? $(echo "$why" | grep -o 'published by container a-')
        socat TCP-LISTEN:9090,fork - & for _ in $(seq 200); do ss -Hltn 'sport = :9090' | grep -q . && break; read -t 0.01 <> <(:) || :; done
        why=$(berth network connect -q -p 9090:80 web ns:/run/netns/b 2>&1); echo $? $(echo "$why" | grep -o 'in use by socat')
        ip -n b -o link | grep -c eth0
        """));

    [Fact]
    public void Containers_of_a_network_find_one_another_by_name_and_those_of_others_do_not_reach_them() => Assert.Equal("""
        10.89.0.2
        10.89.0.2
        front
        nothing
        nothing
        """, HostScript.Run("""
        ns a b c
        berth network create web >/dev/null; berth network create other >/dev/null
        berth network connect -q --alias www web ns:/run/netns/a; berth network connect -q web ns:/run/netns/b; berth network connect -q other ns:/run/netns/c
        say a 80 front
        for name in a www; do ip netns exec b sh -c "mkdir -p /run/etc; echo nameserver 10.89.0.1 > /run/etc/resolv.conf; mount --bind /run/etc/resolv.conf /etc/resolv.conf; getent hosts $name" | cut -d' ' -f1; done
        ask b $(eth a) 80 | cut -d' ' -f1
        ask c $(eth a) 80
        ask out $(eth a) 80
        """));

    [Fact]
    public void Only_who_is_on_a_network_and_the_host_may_ask_for_its_names() => Assert.Equal("""
        10.89.0.1: a 10.89.0.2 host 10.89.0.2 other silence outside silence
        10.89.0.1 use-vc: a 10.89.0.2 host 10.89.0.2 other silence outside silence
        fd00:1::1: a 10.89.0.2 host 10.89.0.2 other silence outside silence
        fd00:1::1 use-vc: a 10.89.0.2 host 10.89.0.2 other silence outside silence
        """, HostScript.Run("""
        ns a b
        berth network create --ipv6 --subnet 10.89.0.0/24 --subnet fd00:1::/64 web >/dev/null; berth network create --ipv6 other >/dev/null
        berth network connect -q web ns:/run/netns/a; berth network connect -q other ns:/run/netns/b
        ip -n out route add fd00:1::/64 via 2001:db8::1
        mkdir -p /run/etc
        q() {
            printf 'nameserver %s\noptions timeout:1 attempts:1 %s\n' $2 "${3-}" > /run/etc/resolv.$1
            local answer=$($([ $1 = host ] && echo unshare -m || echo ip netns exec $1) sh -c "mount --bind /run/etc/resolv.$1 /etc/resolv.conf; getent ahostsv4 a" | head -1 | cut -d' ' -f1)
            echo "${answer:-silence}"
        }
        for server in 10.89.0.1 '10.89.0.1 use-vc' fd00:1::1 'fd00:1::1 use-vc'; do echo "$server: a $(q a $server) host $(q host $server) other $(q b $server) outside $(q out $server)"; done
        """));

    [Fact]
    public void An_internal_network_has_no_way_out_and_containers_apart_do_not_reach_one_another() => Assert.Equal("""
        inside
        nothing
        0
        nothing
        far
        """, HostScript.Run("""
        ns a b c d
        berth network create --internal db >/dev/null; berth network create -o com.docker.network.bridge.enable_icc=false apart >/dev/null
        for n in a b; do berth network connect -q db ns:/run/netns/$n; done
        for n in c d; do berth network connect -q apart ns:/run/netns/$n; done
        say a 80 inside; say c 80 near; say out 80 far
        ask b $(eth a) 80 | cut -d' ' -f1
        ask b 192.0.2.2 80
        ip -n a route show default | wc -l
        ask d $(eth c) 80
        ask d 192.0.2.2 80 | cut -d' ' -f1
        """));

    [Fact]
    public void Both_versions_of_IP_work_and_a_published_port_has_both() => Assert.Equal("""
        six [2001:0db8:0000:0000:0000:0000:0000:0002]
        six 192.0.2.2
        2
        """, HostScript.Run("""
        ns a
        berth network create --ipv6 lan >/dev/null
        berth network connect -q -p 8080:80 lan ns:/run/netns/a
        say a 80 six 6
        ask out '[2001:db8::1]' 8080
        ask out 192.0.2.1 8080 | sed 's/\[.*ffff:c000:0202\]/192.0.2.2/'
        { ip -n a -4 route show default; ip -n a -6 route show default; } | wc -l
        """));

    [Fact]
    public void Of_several_networks_the_highest_priority_has_the_default_route() => Assert.Equal("""
        eth0
        eth1
        eth1
        eth2
        eth0
        """, HostScript.Run("""
        ns a
        for n in m z b; do berth network create $n >/dev/null; done
        route() { ip -n a route show default | sed 's/.*dev \([a-z0-9]*\).*/\1/'; }
        berth network connect -q m ns:/run/netns/a; route
        berth network connect -q --gw-priority 1 z ns:/run/netns/a; route
        berth network connect -q b ns:/run/netns/a; route
        berth network disconnect z a; route
        berth network disconnect b a; route
        """));

    [Fact]
    public void An_address_and_a_hardware_address_are_those_that_were_asked_for() => Assert.Equal("""
        eth0 10.5.0.9/24
        02:42:0a:05:00:09
        1
        1
        """, HostScript.Run("""
        ns a b
        berth network create --subnet 10.5.0.0/24 --ip-range 10.5.0.128/25 lan >/dev/null
        berth network connect --ip 10.5.0.9 --mac-address 02:42:0a:05:00:09 lan ns:/run/netns/a
        ip -n a -o link show eth0 | sed 's/.*link.ether \([0-9a-f:]*\).*/\1/'
        berth network connect --ip 10.5.0.9 lan ns:/run/netns/b 2>/dev/null; echo $?
        berth network connect --ip 10.6.0.9 lan ns:/run/netns/b 2>/dev/null; echo $?
        """));

    [Fact]
    public void Reload_brings_back_rules_bridges_and_interfaces() => Assert.Equal("""
        nothing
        front 192.0.2.2
        nothing
        front 192.0.2.2
        nothing
        front 192.0.2.2
        10.89.0.2
        10.89.0.2
        nothing
        """, HostScript.Run("""
        ns a b c
        berth network create web >/dev/null; berth network create other >/dev/null
        berth network connect -q -p 8080:80 web ns:/run/netns/a; berth network connect -q other ns:/run/netns/c
        say a 80 front
        nft flush ruleset; ask out 192.0.2.1 8080; berth network reload >/dev/null; ask out 192.0.2.1 8080
        ip link del $(berth network inspect -f '{{.network_interface}}' web); ask out 192.0.2.1 8080; berth network reload >/dev/null; ask out 192.0.2.1 8080
        ip -n a link del eth0; ask out 192.0.2.1 8080; berth network reload web >/dev/null; ask out 192.0.2.1 8080; eth a
        rm -r /run/berth-engine/leases; kill -9 $(cat /run/berth-engine/dns/server.pid); berth network reload >/dev/null; berth network connect -q web ns:/run/netns/b
        ip netns exec b sh -c "mkdir -p /run/etc; echo nameserver 10.89.0.1 > /run/etc/resolv.conf; mount --bind /run/etc/resolv.conf /etc/resolv.conf; getent hosts a" | cut -d' ' -f1
        ask c $(eth a) 80
        """));

    [Fact]
    public void Fifty_at_once_get_fifty_addresses_and_ports_and_leave_nothing() => Assert.Equal("""
        50 50
        0
        web
        """, HostScript.Run("""
        berth network create web >/dev/null
        for i in $(seq 50); do ns n$i; done
        for i in $(seq 50); do berth network connect -q -p 80 web ns:/run/netns/n$i & done; wait
        echo $(for i in $(seq 50); do eth n$i; done | sort -u | wc -l) $(berth network inspect -f '{{range .Containers}}{{range .Ports}}{{.}} {{end}}{{end}}' web | tr ' ' '\n' | grep . | sort -u | wc -l)
        for i in $(seq 50); do berth network disconnect web n$i & done; wait
        berth network inspect -f '{{len .Containers}}' web
        berth network rm web
        left
        """));

    [Fact]
    public void Killed_anywhere_nothing_is_left_that_prune_does_not_find() => Assert.Equal("""
        0
        0
        Deleted Networks:
        web
        """, HostScript.Run("""
        ns a
        berth network create web >/dev/null
        for i in $(seq 150); do
            timeout -s KILL 0.0$(printf %02d $((i % 15)))1 "$BERTH" network connect -q -p 8080:80 web ns:/run/netns/a
            timeout -s KILL 0.00$((i % 9)) "$BERTH" network disconnect -f web ns:/run/netns/a
        done >/dev/null 2>&1
        berth network disconnect -f web ns:/run/netns/a; berth network connect -q -p 8080:80 web ns:/run/netns/a; echo $?
        { timeout -s KILL 0.004 "$BERTH" network disconnect web ns:/run/netns/a; } 2>/dev/null; berth network connect -q -p 8080:80 web ns:/run/netns/a >/dev/null 2>&1; berth network disconnect -f web ns:/run/netns/a; echo $?
        ip netns del a
        berth network prune -f
        left
        """));

    [Fact]
    public void A_network_with_containers_stays_and_one_whose_containers_are_gone_goes() => Assert.Equal("""
        1
        web
        web
        """, HostScript.Run("""
        ns a
        berth network create web >/dev/null; berth network connect -q web ns:/run/netns/a
        berth network rm web 2>/dev/null; echo $?
        ip netns del a
        berth network rm web
        ns a; berth network create web >/dev/null; berth network connect -q web ns:/run/netns/a
        berth network rm -f web
        left
        """));

    [Fact]
    public void A_kind_of_link_that_the_kernel_has_not_got_is_said_when_the_network_is_made()
    {
        string said = HostScript.Run("berth network create -d ipvlan -o parent=up0 --subnet 192.0.2.0/24 lan || ip link add link up0 name iv0 type ipvlan 2>&1 | grep -o 'Unknown device type'");
        Assert.SkipWhen(said.Length == 64, "this kernel has ipvlan");
        Assert.Contains("this kernel has no links of kind ipvlan", said, StringComparison.Ordinal);
        Assert.Contains("hint: load its module", said, StringComparison.Ordinal);
    }
}
