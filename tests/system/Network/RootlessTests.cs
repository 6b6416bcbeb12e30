// Networks of an ordinary user, on a host of the test's own: pasta and slirp4netns, published ports, names, repair, kills.
namespace Berth.Network.SystemTests;

public sealed class RootlessTests
{
    // A user with lent ids and a device for taps, seen in this mount namespace only. box NAME makes a container's namespace in the
    // user's network, in NAME its pid; user runs as the user; who says whose address a server there sees.
    private const string Prelude = """
        set +u
        user() { setpriv --reuid 4711 --regid 4711 --clear-groups env HOME=/run/home XDG_RUNTIME_DIR=/run/home/run PATH="$PATH" BERTH_ROOT=/run/home/root BERTH_RUNROOT=/run/home/net "$@"; }
        mkdir -p /run/home/run /run/etc && cp /etc/passwd /etc/group /run/etc/ && echo "sailor:x:4711:4711::/run/home:/bin/sh" >> /run/etc/passwd && echo "sailor:x:4711:" >> /run/etc/group
        echo "sailor:300000:65536" > /run/etc/subuid; cp /run/etc/subuid /run/etc/subgid; touch /etc/subuid /etc/subgid
        for f in passwd group subuid subgid; do mount --bind /run/etc/$f /etc/$f; done
        mkdir -p /run/dev && mknod -m 666 /run/dev/tun c 10 200 && mount --bind /run/dev/tun /dev/net/tun
        mkdir -p /run/bin && cp "$BERTH" "$(dirname "$BERTH")/berth-cni" /run/bin/ && chmod 755 /run /run/bin /run/bin/*; chown -R 4711:4711 /run/home
        ip route add default via 192.0.2.2; ip route add default via 2001:db8::2
        b() { user /run/bin/berth "$@"; }
        box() {
            rm -f /run/home/$1; user sh -c "setsid /run/bin/berth unshare --rootless-netns unshare -n sh -c 'ip link set lo up; echo \$\$ > /run/home/$1.new; mv /run/home/$1.new /run/home/$1; exec sleep 1000' >/run/home/$1.log 2>&1 </dev/null &"
            for _ in $(seq 500); do [ -s /run/home/$1 ] && break; read -t 0.02 <> <(:) || :; done
            read -r pid < /run/home/$1 || cat /run/home/$1.log; declare -g "$1=$pid"; boxes="${boxes-} $pid"
        }
        serve() {
            for v in 4 6; do for k in tcp udp; do nsenter -t $1 -n socat ${k^^}$v-LISTEN:80,fork,reuseaddr$([ $k = tcp ] && echo ,backlog=100)$([ $v = 6 ] && echo ,ipv6only=1) SYSTEM:"echo $k \$SOCAT_PEERADDR" 2>/dev/null & done; done
            for _ in $(seq 200); do [ "$(nsenter -t $1 -n ss -Hlntu 'sport = :80' | wc -l)" -ge 4 ] && break; read -t 0.01 <> <(:) || :; done
        }
        who() { local at=$1; shift; ( if [ $at = host ]; then "$@"; else ip netns exec $at "$@"; fi; ) 2>/dev/null || :; }
        tcp() { who $1 socat -T3 - TCP:$2:$3,connect-timeout=3 </dev/null; }
        udp() { echo x | who $1 timeout 3 socat -T1 - UDP:$2:$3; }
        inside() { cut -d' ' -f1 /run/home/net/usernet/inside; }
        remains() { for _ in $(seq 300); do pgrep -u 4711 -f 'berth-usernet|berth-dns|pasta|slirp4netns' >/dev/null || break; read -t 0.05 <> <(:) || :; done; pgrep -u 4711 -af 'berth-usernet|berth-dns|pasta|slirp4netns'; find /run/home/net -name '*.forward' -o -name '*.json'; }
        trap 'kill $(jobs -p) 2>/dev/null; kill $boxes 2>/dev/null; pkill -9 -u 4711; for n in $(ip netns list | cut -d" " -f1); do ip netns del $n; done' EXIT

        """;

    private static string Run(string script)
    {
        foreach (string program in (ReadOnlySpan<string>)["newuidmap", "pasta", "slirp4netns", "setpriv", "socat", "pgrep"])
        {
            Assert.SkipUnless(Array.Exists((Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), folder => File.Exists($"{folder}/{program}")), $"{program} is not installed");
        }
        return HostScript.Run(Prelude + script);
    }

    [Fact]
    public void Published_ports_of_a_users_bridge_show_the_clients_address_and_loopback_comes_from_the_gateway() => Assert.Equal("""
        tcp 192.0.2.2
        udp 192.0.2.2
        tcp [2001:0db8:0000:0000:0000:0000:0000:0002]
        tcp 10.89.0.1
        udp 10.89.0.1
        yes
        tcp 192.0.2.1
        """, Run("""
        b network create --ipv6 web >/dev/null
        box a; b network connect -q -p 8080:80 -p 8080:80/udp web container:$a; serve $a
        tcp out 192.0.2.1 8080; udp out 192.0.2.1 8080; tcp out [2001:db8::1] 8080
        tcp host 127.0.0.1 8080; udp host 127.0.0.1 8080
        tcp host [::1] 8080 | grep -q 'tcp .*fd' && echo yes
        tcp host 192.0.2.1 8080
        """));

    [Fact]
    public void A_large_answer_comes_whole_in_both_directions_and_many_connections_at_once() => Assert.Equal("""
        20000000
        20000000
        40
        """, Run("""
        b network create web >/dev/null
        box a; b network connect -q -p 8080:80 -p 8081:81 -p 8082:82 web container:$a
        nsenter -t $a -n socat -u TCP-LISTEN:81,fork,reuseaddr SYSTEM:'wc -c > /run/home/count.new; mv /run/home/count.new /run/home/count' & nsenter -t $a -n socat -U TCP-LISTEN:82,fork,reuseaddr SYSTEM:'head -c 20000000 /dev/zero' &
        serve $a
        ip netns exec out socat -u -T10 TCP:192.0.2.1:8082 - | wc -c
        head -c 20000000 /dev/zero | ip netns exec out socat -u - TCP:192.0.2.1:8081; for _ in $(seq 200); do [ -s /run/home/count ] && break; read -t 0.05 <> <(:) || :; done; cat /run/home/count
        asks=""; for i in $(seq 40); do tcp out 192.0.2.1 8080 > /run/many.$i & asks="$asks $!"; done; wait $asks; cat /run/many.* | grep -c 'tcp 192.0.2.2'
        """));

    [Fact]
    public void Containers_of_a_user_find_one_another_by_name_and_get_out() => Assert.Equal("""
        10.89.0.2
        out 192.0.2.1
        out 2001:db8::1
        """, Run("""
        b network create --ipv6 web >/dev/null
        box a; box c; b network connect -q --alias www web container:$a; b network connect -q web container:$c
        nsenter -t $c -n unshare -m sh -c 'echo nameserver 10.89.0.1 > /run/etc/resolv; mount --bind /run/etc/resolv /etc/resolv.conf; getent ahostsv4 www' | head -1 | cut -d' ' -f1
        say out 80 out; nsenter -t $c -n socat -u -T3 TCP:192.0.2.2:80 -
        ip netns exec out socat TCP6-LISTEN:81,fork,reuseaddr SYSTEM:'echo out $SOCAT_PEERADDR' & for _ in $(seq 200); do ip netns exec out ss -Hltn 'sport = :81' | grep -q . && break; read -t 0.01 <> <(:) || :; done
        nsenter -t $c -n socat -u -T3 TCP:[2001:db8::2]:81 - | sed 's/\[2001:0db8:0000:0000:0000:0000:0000:0001\]/2001:db8::1/'
        """));

    [Fact]
    public void What_cannot_be_published_is_said_with_the_cure_and_leaves_nothing() => Assert.Equal("""
        1 address already in use
        1 sysctl net.ipv4.ip_unprivileged_port_start=81
        1 the address is none of this host's
        1 ports of sctp are not forwarded for an ordinary user
        published
        web
        """, Run("""
        b network create web >/dev/null
        box a; box c; b network connect -q -p 8080:80 web container:$a
        for port in 8080:80 81:80 198.51.100.1:8081:80 8081:80/sctp; do why=$(b network connect -q -p $port web container:$c 2>&1); echo $? $(echo "$why" | grep -oE 'address already in use|sysctl .*|the address is none.*|ports of sctp.*ordinary user'); done
        b network connect -q -p 80 web container:$c && b network inspect web | grep -q -- '->80/tcp' && echo published
        b network disconnect web container:$a; b network disconnect web container:$c; kill $a $c; b network prune -f | tail -1
        remains
        """));

    [Fact]
    public void Either_half_may_be_killed_and_pasta_too() => Assert.Equal("""
        tcp 192.0.2.2
        out 192.0.2.1
        web
        tcp 192.0.2.2
        out 192.0.2.1
        out 192.0.2.1
        """, Run("""
        b network create web >/dev/null
        box a; b network connect -q -p 8080:80 web container:$a; serve $a; say out 80 out
        out() { for _ in $(seq 100); do nsenter -t $a -n socat -u -T3 TCP:192.0.2.2:80,connect-timeout=3 - 2>/dev/null && break; read -t 0.1 <> <(:) || :; done; }
        again() { for _ in $(seq 100); do tcp out 192.0.2.1 8080 | grep tcp && break; read -t 0.1 <> <(:) || :; done; }
        kill -9 $(inside); again; out
        kill -9 $(ps -o ppid= -p $(inside)); b network reload | cut -d' ' -f1; again; out
        kill $(pgrep -u 4711 -x pasta || pgrep -u 4711 -f ^pasta); read -t 1.5 <> <(:) || :; out
        """));

    [Fact]
    public void Without_pasta_slirp4netns_is_chosen_and_without_both_the_cure_is_said() => Assert.Equal("""
        tap0 10.0.2.100/24
        tcp 192.0.2.2
        out 192.0.2.1
        install the package passt (pasta), or slirp4netns
        """, Run("""
        mkdir -p /run/path && for p in $(ls /usr/bin /usr/sbin /bin /sbin | sort -u); do case $p in pasta*|passt*|slirp4netns) ;; *) t=$(command -v $p) && ln -sf $t /run/path/$p ;; esac; done
        all=$PATH; ln -s $(command -v slirp4netns) /run/path/slirp4netns; PATH=/run/path
        b network create web >/dev/null; box a; b network connect -q -p 8080:80 web container:$a; serve $a
        b unshare --rootless-netns ip -o -4 addr show dev tap0 | awk '{ print $2, $4 }'
        tcp out 192.0.2.1 8080; say out 80 out; nsenter -t $a -n socat -u -T3 TCP:192.0.2.2:80 -
        kill $a; b network prune -f >/dev/null; for _ in $(seq 200); do [ -e /run/home/net/usernet/inside ] || break; read -t 0.05 <> <(:) || :; done
        rm /run/path/slirp4netns; b network reload 2>&1 | grep -o 'install the package.*slirp4netns'
        """));

    [Fact]
    public void Containers_of_a_user_reach_the_host_by_its_name_and_not_its_loopback() => Assert.Equal("""
        the host itself
        nothing
        the host itself
        nothing
        192.0.2.1
        """, Run("""
        socat TCP-LISTEN:80,bind=192.0.2.1,fork,reuseaddr SYSTEM:'echo the host itself; cat >/dev/null' 2>/dev/null &
        socat TCP-LISTEN:81,bind=127.0.0.1,fork,reuseaddr SYSTEM:'echo loopback; cat >/dev/null' 2>/dev/null &
        for p in 80 81; do for _ in $(seq 200); do ss -Hltn "sport = :$p" | grep -q . && break; read -t 0.01 <> <(:) || :; done; done
        b network create web >/dev/null
        host() { nsenter -t $1 -n unshare -m sh -c "echo nameserver 10.89.0.1 > /run/etc/resolv; mount --bind /run/etc/resolv /etc/resolv.conf; for p in 80 81; do socat -u -T3 TCP:host.containers.internal:\$p,connect-timeout=3 - 2>/dev/null | head -1 | grep . || echo nothing; done"; }
        box a; b network connect -q web container:$a; host $a
        kill $a; boxes=; b network prune -f >/dev/null; for _ in $(seq 200); do [ -e /run/home/net/usernet/inside ] || break; read -t 0.05 <> <(:) || :; done
        mkdir -p /run/path && for p in $(ls /usr/bin /usr/sbin /bin /sbin | sort -u); do case $p in pasta*|passt*) ;; *) t=$(command -v $p) && ln -sf $t /run/path/$p ;; esac; done; PATH=/run/path
        b network create web >/dev/null; box c; b network connect -q web container:$c; host $c
        box d; b network connect -q slirp4netns container:$d; cat /run/home/net/usernet/*.host
        b network disconnect slirp4netns container:$d; b network disconnect web container:$c; ls /run/home/net/usernet | grep '[.]host'
        """));

    [Fact]
    public void A_container_can_have_pasta_or_slirp4netns_to_itself() => Assert.Equal("""
        192.0.2.1/24
        tcp 192.0.2.2
        udp 192.0.2.2
        out 192.0.2.1
        1 a container's only network
        10.0.2.100/24
        tcp 192.0.2.2
        0
        """, Run("""
        box a; box c; b network create web >/dev/null
        b network connect -q -p 8080:80 -p 8080:80/udp pasta container:$a; serve $a
        nsenter -t $a -n ip -o -4 addr show dev eth0 | awk '{ print $4 }'
        tcp out 192.0.2.1 8080; udp out 192.0.2.1 8080; say out 80 out; nsenter -t $a -n socat -u -T3 TCP:192.0.2.2:80 -
        why=$(b network connect -q web container:$a 2>&1); echo $? $(echo "$why" | grep -o "a container's only network")
        b network connect -q -p 8081:80 slirp4netns container:$c; serve $c
        nsenter -t $c -n ip -o -4 addr show dev eth0 | awk '{ print $4 }'; tcp out 192.0.2.1 8081
        b network disconnect pasta container:$a; b network disconnect slirp4netns container:$c; echo $?
        kill $a $c; boxes=; remains
        """));

    [Fact]
    public void Twenty_at_once_are_all_connected_and_nothing_stays() => Assert.Equal("""
        20
        20 20
        0
        """, Run("""
        b network create web >/dev/null
        for i in $(seq 20); do box n$i; done
        work=""; for i in $(seq 20); do n=n$i; b network connect -q -p $((9000+i)):80 web container:${!n} & work="$work $!"; done; for w in $work; do wait $w || echo failed; done
        b network inspect web | grep -c HostInterface
        for i in $(seq 20); do n=n$i; nsenter -t ${!n} -n socat TCP-LISTEN:80,fork,reuseaddr SYSTEM:"echo box $i" & done
        for i in $(seq 20); do for _ in $(seq 100); do tcp out 192.0.2.1 $((9000+i)) | grep "box $i$" && break; read -t 0.05 <> <(:) || :; done; done > /run/said; echo $(wc -l < /run/said) $(sort -u /run/said | wc -l)
        kill $boxes; boxes=; b network prune -f > /dev/null; echo $?
        remains
        """));
}
