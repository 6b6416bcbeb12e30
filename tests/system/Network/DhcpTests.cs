// berth network with addresses of a DHCP server: macvlan and a bridge of somebody else's, the daemon that comes and goes, and what is killed.
namespace Berth.Network.SystemTests;

public sealed class DhcpTests
{
    // out plays the router of the host's network: dnsmasq is there, and up0 leads to it.
    private const string Server = """
        serve() {
            ip netns exec out dnsmasq --keep-in-foreground --conf-file=/dev/null --port=0 --interface=eth9 --bind-interfaces --no-ping --dhcp-authoritative --user=root --pid-file= --dhcp-range=192.0.2.100,192.0.2.199,255.255.255.0,2m --dhcp-option=6,192.0.2.53 --dhcp-leasefile=/run/lan.leases --dhcp-option=option:T1,3 --log-facility=/run/lan.log &
            for _ in $(seq 200); do ip netns exec out ss -Hlun 'sport = :67' | grep -q . && break; read -t 0.02 <> <(:) || :; done
        }
        await() { for _ in $(seq 400); do eval "$1" && return; read -t 0.05 <> <(:) || :; done; echo "never: $1"; }
        daemon() { for p in $(pgrep -f '^dhcp daemon'); do [ "$(readlink /proc/$p/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] && echo $p; done; }
        given() { awk '{ print $3 }' /run/lan.leases; }
        serve

        """;

    [Fact]
    public void A_macvlan_has_its_address_from_the_network_s_server_and_the_daemon_ends_with_the_last_one()
    {
        Require();
        Assert.Equal("""
            same
            1
            default via 192.0.2.2 dev eth0
            far 192.0.2.1xx
            given back
            ended
            lan
            """, HostScript.Run(Server + """
            ns a b
            berth network create -d macvlan -o parent=up0 --ipam-driver dhcp lan >/dev/null
            berth network connect -q lan ns:/run/netns/a; berth network connect -q lan ns:/run/netns/b
            [ "$({ eth a; eth b; } | sort)" = "$(given | sort)" ] && echo same
            daemon | wc -l
            ip -n a route show default | sed 's/ $//'
            say out 80 far; ask a 192.0.2.2 80 | sed 's/1[0-9][0-9]$/1xx/'
            berth network disconnect lan a; berth network disconnect lan b
            await '! grep -q . /run/lan.leases' && echo given back
            await '[ -z "$(daemon)" ]' && echo ended
            berth network rm lan
            left
            """));
    }

    [Fact]
    public void Reload_takes_up_the_leases_of_a_daemon_that_was_killed()
    {
        Require();
        Assert.Equal("""
            killed
            prolonged
            same
            given back
            """, HostScript.Run(Server + """
            ns a
            berth network create -d macvlan -o parent=up0 --ipam-driver dhcp lan >/dev/null
            berth network connect -q lan ns:/run/netns/a
            address=$(eth a)
            kill -9 $(daemon); await '[ -z "$(daemon)" ]' && echo killed
            berth network reload >/dev/null
            n=$(grep -c "DHCPACK.*$address " /run/lan.log); await '[ $(grep -c "DHCPACK.*$address " /run/lan.log) -gt $n ]' && echo prolonged
            ip -n a link del eth0; berth network reload >/dev/null; [ $(eth a) = $address ] && echo same
            berth network disconnect lan a
            await '! grep -q . /run/lan.leases' && echo given back
            """));
    }

    [Fact]
    public void A_bridge_of_somebody_else_s_leads_to_the_server_too_and_name_servers_are_known()
    {
        Require();
        Assert.Equal("""
            same
            192.0.2.53
            0
            """, HostScript.Run(Server + """
            ns a b
            ip link add br7 type bridge && ip link set br7 up && ip link set up0 master br7
            berth network create --ipam-driver dhcp -o mode=unmanaged --interface-name br7 lan >/dev/null
            berth network connect -q lan ns:/run/netns/a
            [ "$(eth a)" = "$(given)" ] && echo same
            grep -A1 name_servers /run/berth-engine/attachments/*/eth0.json | grep -o '192.0.2.53'
            berth network create --ipam-driver none -o mode=unmanaged --interface-name br7 bare >/dev/null
            berth network connect -q bare ns:/run/netns/b; ip -n b -4 addr show eth0 | grep -c inet
            """));
    }

    [Fact]
    public void Without_a_server_the_fault_says_so_and_nothing_is_left()
    {
        Require();
        string said = HostScript.Run("""
            ns a
            berth network create -d macvlan -o parent=up0 --ipam-driver dhcp lan >/dev/null
            berth network connect lan ns:/run/netns/a; echo "code $?"
            ip -n a -o link | grep -c eth0
            for p in $(pgrep -f '^dhcp daemon'); do [ "$(readlink /proc/$p/ns/mnt)" = "$(readlink /proc/self/ns/mnt)" ] && echo "$p is left"; done
            left
            """);
        Assert.StartsWith("code 1\n0\n", said, StringComparison.Ordinal);
        Assert.Contains("no server answered in 20 s", said, StringComparison.Ordinal);
        Assert.DoesNotContain("is left", said, StringComparison.Ordinal);
    }

    private static void Require() => Assert.SkipUnless(File.Exists("/usr/sbin/dnsmasq"), "dnsmasq is not installed");
}
