// What published ports and gateway modes open and what they do not, with traffic: from outside, from other networks, from the host's loopback.
namespace Berth.Network.SystemTests;

public sealed class PublishTests
{
    [Fact]
    public void Routed_opens_published_ports_at_the_containers_own_address_and_no_others() => Assert.Equal("""
        80/tcp
        open 192.0.2.2
        nothing
        nothing
        open 10.89.0.1
        nothing
        open
        beyond 10.89.0.2
        nothing
        open 192.0.2.2
        nothing
        nothing
        0
        """, HostScript.Run("""
        ns a c
        ip -n out route add 10.89.0.0/16 via 192.0.2.1
        berth network create -o com.docker.network.bridge.gateway_mode_ipv4=routed web >/dev/null; berth network create other >/dev/null
        berth network connect -p 8080:80 web ns:/run/netns/a | tail -1
        berth network connect -q other ns:/run/netns/c
        say a 80 open; say a 81 shut; say out 80 beyond
        ask out $(eth a) 80
        ask out $(eth a) 81
        ask out 192.0.2.1 8080
        ask c $(eth a) 80
        ask c $(eth a) 81
        ask host $(eth a) 80 | cut -d' ' -f1
        ask a 192.0.2.2 80
        nft flush ruleset; nft delete table inet berth 2>/dev/null; berth network reload >/dev/null
        ask out $(eth a) 81
        ask out $(eth a) 80
        at=$(eth a); berth network disconnect web a; berth network connect -q --ip $at web ns:/run/netns/a
        ask out $at 80
        berth network disconnect web a; berth network connect -q --ip $at -p 81 web ns:/run/netns/a; ask out $at 80
        ip netns del a; berth network prune -f >/dev/null; nft list table inet berth 2>/dev/null | grep -c "$at"
        """));

    [Fact]
    public void A_gateway_mode_is_that_of_its_version_of_IP() => Assert.Equal("""
        six [2001:0db8:0000:0000:0000:0000:0000:0002]
        nothing
        nothing
        nothing
        six
        """, HostScript.Run("""
        ns a
        ip -n out route add 10.89.0.0/16 via 192.0.2.1; ip -n out -6 route add 2001:db8:5::/64 via 2001:db8::1
        berth network create --ipv6 --subnet 2001:db8:5::/64 -o com.docker.network.bridge.gateway_mode_ipv6=routed lan >/dev/null
        berth network connect -q -p 8080:80 lan ns:/run/netns/a
        say a 80 six 6; say a 81 shut 6
        at=$(ip -n a -o -6 addr show dev eth0 scope global | awk '{ sub("/.*", "", $4); print $4 }')
        ask out "[$at]" 80
        ask out "[$at]" 81
        ask out '[2001:db8::1]' 8080
        ask out $(eth a) 80
        ask out 192.0.2.1 8080 | cut -d' ' -f1
        """));

    [Fact]
    public void Unprotected_opens_all_ports_from_outside_and_none_to_other_networks() => Assert.Equal("""
        shut 192.0.2.2
        nothing
        shut
        """, HostScript.Run("""
        ns a c
        ip -n out route add 10.89.0.0/16 via 192.0.2.1
        berth network create -o com.docker.network.bridge.gateway_mode_ipv4=nat-unprotected web >/dev/null; berth network create other >/dev/null
        berth network connect -q -p 8080:81 web ns:/run/netns/a; berth network connect -q other ns:/run/netns/c
        say a 81 shut
        ask out $(eth a) 81
        ask c $(eth a) 81
        ask c 192.0.2.1 8080 | cut -d' ' -f1
        """));

    [Fact]
    public void Containers_of_other_networks_reach_a_published_port_at_the_hosts_address_and_those_of_internal_ones_do_not() => Assert.Equal("""
        front
        nothing
        nothing
        """, HostScript.Run("""
        ns a c d
        berth network create web >/dev/null; berth network create other >/dev/null; berth network create --internal db >/dev/null
        berth network connect -q -p 8080:80 web ns:/run/netns/a; berth network connect -q other ns:/run/netns/c; berth network connect -q db ns:/run/netns/d
        say a 80 front
        ask c 192.0.2.1 8080 | cut -d' ' -f1
        ask c $(eth a) 80
        ask d 192.0.2.1 8080
        """));

    [Fact]
    public void All_addresses_and_one_of_them_are_one_port_to_two_containers() => Assert.Equal("""
        1 published by container a-
        1 published by container b-
        0
        0
        1 published by container a-
        0
        six
        four
        """, HostScript.Run("""
        ns a b
        berth network create --ipv6 web >/dev/null
        take() { why=$(berth network connect -q "$@" 2>&1); echo $? $(echo "$why" | grep -o 'published by container .-'); }
        berth network connect -q -p 0.0.0.0:8080:80 web ns:/run/netns/a
        take -p 127.0.0.1:8080:80 web ns:/run/netns/b
        berth network disconnect web a; berth network connect -q -p 127.0.0.1:8080:80 web ns:/run/netns/b
        take -p 8080:80 web ns:/run/netns/a
        take -p 192.0.2.1:8080:80 web ns:/run/netns/a; berth network disconnect web a
        take -p 8080:80/udp web ns:/run/netns/a; berth network disconnect web a; berth network disconnect web b
        berth network connect -q -p 0.0.0.0:8080:80 web ns:/run/netns/a
        take -p 0.0.0.0:8080:80 web ns:/run/netns/b
        take -p '[::]:8080:80' web ns:/run/netns/b
        say a 80 four; say b 80 six 6
        ask out '[2001:db8::1]' 8080 | cut -d' ' -f1
        ask out 192.0.2.1 8080 | cut -d' ' -f1
        """));

    [Fact]
    public void What_a_container_had_whose_namespace_is_gone_is_given_to_the_next_at_all_addresses_too() => Assert.Equal("""
        0
        next
        next
        """, HostScript.Run("""
        ns a b
        berth network create web >/dev/null
        berth network connect -q -p 127.0.0.1:8080:80 web ns:/run/netns/a; ip netns del a
        berth network connect -q -p 8080:80 web ns:/run/netns/b; echo $?
        say b 80 next
        ask host 127.0.0.1 8080 | cut -d' ' -f1
        ask out 192.0.2.1 8080 | cut -d' ' -f1
        """));

    [Fact]
    public void A_port_that_a_program_of_the_host_has_is_refused_for_its_protocol_and_version_of_IP() => Assert.Equal("""
        1 in use by socat
        0
        1 in use by socat
        0
        0
        1 in use by socat
        """, HostScript.Run("""
        ns a
        berth network create --ipv6 web >/dev/null
        take() { why=$(berth network connect -q "$@" web ns:/run/netns/a 2>&1); echo $? $(echo "$why" | grep -o 'in use by socat'); berth network disconnect -f web ns:/run/netns/a; }
        socat UDP4-RECVFROM:9090,fork - & socat TCP4-LISTEN:9091,fork - & socat TCP6-LISTEN:9092,ipv6only=0,fork - &
        for _ in $(seq 200); do [ $(ss -Hltun | grep -c ':909[012]') = 3 ] && break; read -t 0.01 <> <(:) || :; done
        take -p 9090:80/udp
        take -p 9090:80/tcp
        take -p 127.0.0.1:9091:80
        take -p '[::]:9091:80'
        take -p 192.0.2.1:9090:80
        take -p 0.0.0.0:9092:80
        """));

    [Fact]
    public void A_port_is_reached_at_the_loopback_of_IPv6_and_only_by_the_host() => Assert.Equal("""
        six
        six
        six
        datagram
        nothing
        nothing
        six
        """, HostScript.Run("""
        # Where br_netfilter hands packets of bridges to IPv6's filter, the kernel drops the answers.
        for f in /proc/sys/net/bridge/bridge-nf-call-ip6tables; do [ -e $f ] && echo 0 >$f; done
        ns a b
        berth network create --ipv6 lan >/dev/null; berth network connect -q -p 8080:80 -p '[::1]:8081:80' -p '[::1]:8082:53/udp' lan ns:/run/netns/a; berth network connect -q lan ns:/run/netns/b
        say a 80 six 6
        ip netns exec a socat UDP6-RECVFROM:53,fork SYSTEM:'cat >/dev/null; echo datagram' & for _ in $(seq 200); do ip netns exec a ss -Hlun 'sport = :53' | grep -q . && break; read -t 0.01 <> <(:) || :; done
        ask host '[::1]' 8080 | cut -d' ' -f1
        ask host '[::1]' 8081 | cut -d' ' -f1
        ask host '[2001:db8::1]' 8080 | cut -d' ' -f1
        echo question | socat -t1 -T3 - 'UDP6:[::1]:8082'
        ask out '[2001:db8::1]' 8081
        # Who sends to ::1 by the bridge's hardware address gets no answer.
        ip -n b -6 addr del ::1 dev lo; ip -n b -6 route add ::1 dev eth0; ip -n b -6 neigh add ::1 lladdr $(cat /sys/class/net/berth0/address 2>/dev/null || ip -o link show berth0 | sed 's/.*ether \([0-9a-f:]*\).*/\1/') dev eth0
        ask b '[::1]' 8081
        ip -6 route flush table local dev berth0 2>/dev/null; berth network reload >/dev/null; ask host '[::1]' 8081 | cut -d' ' -f1
        """));

    [Fact]
    public void The_first_connection_to_a_published_port_of_IPv6_does_not_wait()
    {
        string said = HostScript.Run("""
        berth network create --ipv6 lan >/dev/null
        for i in 1 2 3 4 5 6; do
            ns a$i
            berth network connect -q -p $((8080 + i)):80 lan ns:/run/netns/a$i; say a$i 80 six 6
            began=$(date +%s%N); ask out '[2001:db8::1]' $((8080 + i)) | cut -d' ' -f1; echo "$((($(date +%s%N) - began) / 1000000)) ms" >&2
            [ $i = 3 ] && for n in 1 2 3; do berth network disconnect lan a$n; done && ip link del berth0
        done
        """);
        int[] waited = [.. said.Split('\n').Where(static line => line.EndsWith(" ms", StringComparison.Ordinal)).Select(static line => int.Parse(line[..^3], System.Globalization.CultureInfo.InvariantCulture))];
        Assert.Equal(6, said.Split("six").Length - 1);
        // A second is what detection of duplicate addresses takes, or a segment that is sent again.
        Assert.Equal(6, waited.Length);
        Assert.All(waited, static ms => Assert.InRange(ms, 0, 900));
    }
}
