// Beside firewalld, a real one on a bus of the test's own: containers are in its zone while they are there, and come back to it.
namespace Berth.Network.SystemTests;

public sealed class FirewalldTests
{
    // Without services that a bus starts: they would outlive the test.
    private const string Start = """
        mkdir -p /run/dbus && cp -r /etc/firewalld /run/firewalld.etc && mount --bind /run/firewalld.etc /etc/firewalld
        mkdir /run/firewalld.log && mount --bind /run/firewalld.log /var/log
        cat >/run/dbus/bus.conf <<X
        <!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN" "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
        <busconfig><type>session</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
        <policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/><allow user="*"/></policy></busconfig>
        X
        dbus-daemon --nofork --nopidfile --config-file=/run/dbus/bus.conf >/dev/null 2>&1 & bus=$!
        for _ in $(seq 500); do [ -S /run/dbus/system_bus_socket ] && break; read -t 0.01 <> <(:) || :; done
        firewalld --nofork --nopid >/dev/null 2>&1 & firewalld=$!
        for _ in $(seq 500); do [ "$(firewall-cmd --state 2>/dev/null)" = running ] && nft list table inet firewalld >/dev/null 2>&1 && break; read -t 0.02 <> <(:) || :; done
        zone() { firewall-cmd --zone=$1 --query-source=$2 2>&1; }

        """;

    [Fact]
    public void A_container_is_a_source_of_the_trusted_zone_and_comes_back_to_it() => Assert.Equal("""
        yes
        front
        beyond
        nothing
        beyond
        no
        yes
        no
        """, Run("""
        ns a
        berth network create web >/dev/null
        berth network connect -q -p 8080:80 web ns:/run/netns/a
        say a 80 front; say out 80 beyond
        zone trusted $(eth a)/32
        ask out 192.0.2.1 8080 | cut -d' ' -f1
        ask a 192.0.2.2 80 | cut -d' ' -f1
        firewall-cmd --zone=trusted --remove-source=$(eth a)/32 >/dev/null; ask a 192.0.2.2 80
        berth network reload >/dev/null; ask a 192.0.2.2 80 | cut -d' ' -f1
        firewall-cmd --reload >/dev/null; zone trusted $(eth a)/32
        berth network reload >/dev/null; zone trusted $(eth a)/32
        at=$(eth a); berth network disconnect web a; zone trusted $at/32
        """));

    [Fact]
    public void Plugin_firewall_speaks_to_it_as_the_reference_plugin_does() => Assert.Equal("""
        yes yes
        checked 0
        ZONE_CONFLICT
        1
        no
        0
        firewalld: it does not run
        """, Run($$"""
        ns a
        conf() { echo "{\"cniVersion\":\"1.0.0\",\"name\":\"net\",\"type\":\"firewall\",\"backend\":\"firewalld\",\"firewalldZone\":\"$1\",\"prevResult\":{\"cniVersion\":\"1.0.0\",\"interfaces\":[{\"name\":\"br0\"}],\"ips\":[{\"address\":\"10.7.0.2/24\"},{\"address\":\"fd07::2/64\"}]} }"; }
        call() { CNI_COMMAND=$1 CNI_CONTAINERID=a CNI_NETNS=/run/netns/a CNI_IFNAME=eth0 CNI_PATH=/nowhere {{PrivateHost.Plugins}}/firewall; }
        conf work | call ADD >/dev/null; conf work | call ADD >/dev/null
        echo $(zone work 10.7.0.2/32) $(zone work fd07::2/128)
        conf work | call CHECK; echo checked $?
        conf public | call ADD | grep -o ZONE_CONFLICT
        conf public | call CHECK >/dev/null; echo $?
        conf work | call DEL; zone work 10.7.0.2/32
        kill $firewalld; wait $firewalld; conf work | call DEL; echo $?
        conf work | call ADD | grep -o 'firewalld: it does not run'
        """));

    private static string Run(string script)
    {
        Assert.SkipUnless(File.Exists("/usr/sbin/firewalld") && File.Exists("/usr/bin/dbus-daemon"), "needs firewalld and dbus-daemon");
        return HostScript.Run(Start + script);
    }
}
