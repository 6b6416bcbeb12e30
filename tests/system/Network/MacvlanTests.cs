// Networks on an interface of the host, as they are shipped: neighbours, the world beyond the parent, modes, and what is refused.
namespace Berth.Network.SystemTests;

public sealed class MacvlanTests
{
    // A switch with a host on it that is not ours, and p0, an interface of this host that leads there.
    private const string Wire = """
        ip link add br9 type bridge && ip link set br9 up
        ip link add p0 type veth peer name p1 && ip link set p1 master br9 up
        ns far a b
        ip link add f0 type veth peer name eth0 netns far && ip link set f0 master br9 up
        ip -n far addr add 192.168.7.1/24 dev eth0 && ip -n far addr add 2001:db8:7::1/64 dev eth0 nodad && ip -n far link set eth0 up

        """;

    [Fact]
    public void Containers_reach_one_another_and_the_hosts_beyond_the_parent() => Assert.Equal("""
        eth0 192.168.7.9/24 2001:db8:7::2/64
        02:42:0a:05:00:09 bridge
        near 192.168.7.10
        beyond 192.168.7.9
        near 192.168.7.1
        six [2001:0db8:0007:0000:0000:0000:0000:0001]
        192.168.7.1 2001:db8:7::1
        192.168.7.10 192.168.7.9
        """, HostScript.Run(Wire + """
        berth network create -d macvlan -o parent=p0 --subnet 192.168.7.0/24 --gateway 192.168.7.1 --ip-range 192.168.7.8/29 --ipv6 --subnet 2001:db8:7::/64 --gateway 2001:db8:7::1 house >/dev/null
        berth network connect --ip 192.168.7.9 --mac-address 02:42:0a:05:00:09 house ns:/run/netns/a
        berth network connect -q --ip 192.168.7.10 house ns:/run/netns/b
        echo $(ip -n a -d link show eth0 | sed -n 's/.*link.ether \([0-9a-f:]*\).*/\1/p; s/.*macvlan mode \([a-z]*\).*/\1/p')
        say far 80 beyond; say a 80 near; say a 81 six 6
        ask b 192.168.7.9 80
        ask a 192.168.7.1 80
        ask far 192.168.7.9 80
        ask far '[2001:db8:7::2]' 81
        echo $(ip -n a route show default | cut -d' ' -f3) $(ip -n a -6 route show default | cut -d' ' -f3)
        berth network disconnect house b; berth network connect -q --ip 192.168.7.10 house ns:/run/netns/b; echo $(eth b) $(eth a)
        """));

    [Fact]
    public void In_modes_private_and_vepa_the_parent_does_not_pass_between_containers() => Assert.Equal("""
        private nothing beyond
        vepa nothing beyond
        bridge near beyond
        house
        """, HostScript.Run(Wire + """
        say a 80 near; say far 80 beyond
        for mode in private vepa bridge; do
            berth network create -d macvlan -o parent=p0 -o mode=$mode --subnet 192.168.7.0/24 house >/dev/null
            berth network connect -q house ns:/run/netns/a; berth network connect -q house ns:/run/netns/b
            echo $mode $(ask b $(eth a) 80 | cut -d' ' -f1) $(ask a 192.168.7.1 80 | cut -d' ' -f1)
            if [ $mode = bridge ]; then berth network rm -f house; else berth network rm -f house >/dev/null; fi
        done
        ip link del p0; ip link del br9; ip link del f0; left
        """));

    [Fact]
    public void In_mode_passthru_a_second_container_is_told_why_not() => Assert.Contains("in mode passthru its parent has one macvlan", HostScript.Run(Wire + """
        berth network create -d macvlan -o parent=p0 -o mode=passthru --subnet 192.168.7.0/24 house >/dev/null
        berth network connect -q house ns:/run/netns/a && berth network connect -q house ns:/run/netns/b
        """), StringComparison.Ordinal);

    [Fact]
    public void Without_a_way_out_it_needs_no_parent_and_its_own_goes_with_it() => Assert.Equal("""
        near 10.5.0.3
        0
        berth0
        lan
        """, HostScript.Run("""
        ns a b
        berth network create -d macvlan --internal --subnet 10.5.0.0/24 lan >/dev/null
        berth network connect -q lan ns:/run/netns/a; berth network connect -q lan ns:/run/netns/b
        say a 80 near; ask b $(eth a) 80
        ip -n a route show default | wc -l
        berth network inspect -f '{{.network_interface}}' lan
        berth network rm -f lan
        left
        """));

    [Fact]
    public void A_bridge_s_port_a_rate_and_a_published_port_are_refused() => Assert.Equal("""
        1 its parent is in use
        1 ingress_rate is for bridges
        1 ports are published on bridges
        1 its parent nix is not there
        """, HostScript.Run(Wire + """
        why() { said=$("$@" 2>&1); echo $? $(echo "$said" | grep -o "$words"); }
        berth network create -d macvlan -o parent=p1 --subnet 192.168.7.0/24 port >/dev/null
        words='its parent is in use' why berth network connect port ns:/run/netns/a
        words='ingress_rate is for bridges' why berth network create -d macvlan -o parent=p0 -o ingress_rate=8m --subnet 192.168.7.0/24 slow
        berth network create -d macvlan -o parent=p0 --subnet 192.168.7.0/24 house >/dev/null
        words='ports are published on bridges' why berth network connect -p 80 house ns:/run/netns/a
        berth network create -d macvlan -o parent=nix --subnet 192.168.7.0/24 nix >/dev/null
        words='its parent nix is not there' why berth network connect nix ns:/run/netns/a
        """));

    [Fact]
    public void A_vlan_of_the_parent_is_made_or_the_kernel_s_lack_of_it_is_said_at_once()
    {
        string said = HostScript.Run(Wire + """
        ip link add link p0 name probe type vlan id 9 2>/dev/null && echo has vlan && ip link del probe
        berth network create -d macvlan -o parent=p0.10 --subnet 192.168.7.0/24 v >/dev/null && berth network connect -q v ns:/run/netns/a && ip -o link show p0.10 | grep -o p0.10@p0 && berth network rm -f v
        ip -o link show p0.10 2>/dev/null
        """);
        if (said.StartsWith("has vlan", StringComparison.Ordinal)) Assert.Equal("has vlan\np0.10@p0\nv", said);
        else Assert.Equal("berth: cannot use network v: this kernel has no links of kind vlan\nhint: load its module (modprobe 8021q), or use a kernel with CONFIG_VLAN_8021Q", said);
    }

    [Fact]
    public void Settings_and_rates_of_an_attachment_are_kept_and_reload_leaves_them() => Assert.Equal("""
        1 99
        tbf ingress
        tbf
        3000000 slow
        tbf ingress
        berth0
        """, HostScript.Run("""
        ns a
        berth network create -o ingress_rate=16m slow >/dev/null
        berth network connect -q --driver-opt egress_rate=16m --driver-opt com.docker.network.endpoint.sysctls=net.ipv4.conf.IFNAME.log_martians=1,net.ipv6.conf.IFNAME.hop_limit=99 slow ns:/run/netns/a
        echo $(ip netns exec a cat /proc/sys/net/ipv4/conf/eth0/log_martians /proc/sys/net/ipv6/conf/eth0/hop_limit)
        shaped() { echo $(tc qdisc show | grep "dev $1" | cut -d' ' -f2); }
        port=$(berth network inspect -f '{{range .Containers}}{{.HostInterface}}{{end}}' slow); middle=$(ip -o link show type ifb | cut -d: -f2 | tr -d ' ')
        shaped $port; shaped $middle
        ip netns exec out socat -u TCP-LISTEN:99,reuseaddr OPEN:/run/got,creat & sink=$!; for _ in $(seq 200); do ip netns exec out ss -Hltn 'sport = :99' | grep -q . && break; read -t 0.01 <> <(:) || :; done
        began=$(date +%s%N); ip netns exec a sh -c 'head -c 3000000 /dev/zero | socat -u - TCP:192.0.2.2:99,linger=20'; wait $sink
        echo $(stat -c %s /run/got) $([ $(($(date +%s%N) - began)) -gt 900000000 ] && echo slow)
        berth network reload >/dev/null
        shaped $port
        ip -o link show master berth0 | grep -c "$middle" | sed 's/0/berth0/'
        """));
}
