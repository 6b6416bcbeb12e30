#!/bin/bash
# Measures what gets through networks, beside the reference plugins, pasta and slirp4netns; `bench/macro/throughput.sh --help` tells how.
set -u
case " $* " in *" --help "*|*" -h "*)
    cat <<'HELP'
usage: bench/macro/throughput.sh [ROUNDS] [SECONDS]      (3 rounds of 3 seconds)
Gigabits a second of one TCP connection, by iperf3, in namespaces of its own; medians of interleaved rounds.
  bridge      from the host to a container on a bridge, our plugins and the reference's
  published   from a host outside to a published port, our plugins and the reference's
  rootless    to a port published by an ordinary user: ours, pasta's forwarding (what podman does), slirp4netns's
              over loopback, and from a host outside
  rootless-own    the same with a namespace of its own, without a bridge, in both
  way out     from an ordinary user's container to a host outside: ours (pasta below a bridge), pasta, slirp4netns
HELP
    exit 0 ;;
esac
for tool in iperf3 pasta slirp4netns setpriv newuidmap python3; do command -v $tool >/dev/null || { echo "throughput.sh: $tool is not installed" >&2; exit 2; }; done
[ "$(id -u)" = 0 ] || { echo "throughput.sh: needs root" >&2; exit 2; }
here=$(cd "$(dirname "$0")/../.." && pwd)
[ -n "${INSIDE-}" ] || INSIDE=1 exec unshare -n -m -p --fork --mount-proc "$0" "$@"
rounds=${1:-3} seconds=${2:-3}
mount -t tmpfs none /run && mkdir -p /run/netns /run/lock /run/bin /run/home/run /run/etc /run/dev /var/lib/cni && mount -t tmpfs none /var/lib/cni
cp "$here"/out/bin/berth "$here"/out/bin/berth-cni /run/bin/ && chmod -R a+rx /run/bin
cp /etc/passwd /etc/group /run/etc/; echo "sailor:x:4711:4711::/run/home:/bin/sh" >> /run/etc/passwd; echo "sailor:x:4711:" >> /run/etc/group
echo "sailor:300000:65536" > /run/etc/subuid; cp /run/etc/subuid /run/etc/subgid; touch /etc/subuid /etc/subgid
for f in passwd group subuid subgid; do mount --bind /run/etc/$f /etc/$f; done
mknod -m 666 /run/dev/tun c 10 200 && mount --bind /run/dev/tun /dev/net/tun
chown -R 4711:4711 /run/home
user() { setpriv --reuid 4711 --regid 4711 --clear-groups env HOME=/run/home XDG_RUNTIME_DIR=/run/home/run "$@"; }
pause() { read -r -t "$1" <> <(:) || :; }
ip link set lo up; ip netns add out; ip -n out link set lo up
ip link add up0 type veth peer name eth0 netns out && ip addr add 192.0.2.1/24 dev up0 && ip link set up0 up && ip -n out addr add 192.0.2.2/24 dev eth0 && ip -n out link set eth0 up && ip -n out route add default via 192.0.2.1
ip route add default via 192.0.2.2
trap 'kill $(jobs -p) 2>/dev/null; pkill -9 -u 4711; for n in $(ip netns list | cut -d" " -f1); do ip netns del $n; done' EXIT
# gets ADDRESS PORT [PREFIX...]: gigabits a second that a client gets through to a server there
gets() { local to=$1 port=$2; shift 2; "$@" iperf3 -c "$to" -p "$port" -t "$seconds" -J 2>/dev/null | python3 -c 'import json,sys
try: print("%.2f" % (json.load(sys.stdin)["end"]["sum_received"]["bits_per_second"] / 1e9))
except Exception: print("0")'; }
from_out() { ip netns exec out "$@"; }
from_host() { "$@"; }
say() { echo "$1 $2" >> /run/numbers; }

# As root: a container by each set of plugins.
chain() {
    local plugins=$1 name=$2 port=$3 net=10.6$4.0.0/16 r
    ip netns add "$name"; ip -n "$name" link set lo up
    call() { CNI_PATH=$plugins CNI_COMMAND=ADD CNI_CONTAINERID=$name CNI_NETNS=/run/netns/$name CNI_IFNAME=eth0 "$plugins/$1"; }
    r=$(echo "{\"cniVersion\":\"1.0.0\",\"name\":\"$name\",\"type\":\"bridge\",\"bridge\":\"br$4\",\"isGateway\":true,\"isDefaultGateway\":true,\"ipMasq\":true,\"ipam\":{\"type\":\"host-local\",\"ranges\":[[{\"subnet\":\"$net\"}]]}}" | call bridge)
    echo "{\"cniVersion\":\"1.0.0\",\"name\":\"$name\",\"type\":\"portmap\",\"capabilities\":{\"portMappings\":true},\"runtimeConfig\":{\"portMappings\":[{\"hostPort\":$port,\"containerPort\":5201,\"protocol\":\"tcp\"}]},\"prevResult\":$r}" | call portmap >/dev/null
    ip netns exec "$name" iperf3 -s >/dev/null 2>&1 &
}
chain "$here/out/bin/cni" ours 5301 1
[ -x /usr/lib/cni/bridge ] && chain /usr/lib/cni theirs 5302 2
# As a user: a container on a bridge of his, one of pasta's own, one of slirp4netns's own.
user sh -c 'setsid /run/bin/berth unshare --rootless-netns unshare -n sh -c "ip link set lo up; echo \$\$ > /run/home/pid.new; mv /run/home/pid.new /run/home/pid; exec iperf3 -s" >/dev/null 2>&1 </dev/null &'
for _ in $(seq 500); do [ -s /run/home/pid ] && break; pause 0.02; done; box=$(cat /run/home/pid)
user /run/bin/berth network create web >/dev/null && user /run/bin/berth network connect -q -p 5401:5201 web "container:$box"
user sh -c 'setsid /run/bin/berth unshare --rootless-netns unshare -n sh -c "ip link set lo up; echo \$\$ > /run/home/own.new; mv /run/home/own.new /run/home/own; exec iperf3 -s" >/dev/null 2>&1 </dev/null &'
for _ in $(seq 500); do [ -s /run/home/own ] && break; pause 0.02; done
user /run/bin/berth network connect -q -p 5404:5201 pasta "container:$(cat /run/home/own)"
user pasta --config-net -f -t 5402:5201 -u none -T none -U none --no-map-gw -- sh -c 'echo $$ > /run/home/pasta; exec iperf3 -s' >/dev/null 2>&1 &
user unshare -Urn sh -c 'echo $$ > /run/home/slirp; ip link set lo up; exec iperf3 -s' >/dev/null 2>&1 &
for _ in $(seq 500); do [ -s /run/home/slirp ] && break; pause 0.02; done; pause 0.3; slirp=$(cat /run/home/slirp)
user slirp4netns --configure --mtu=65520 --disable-host-loopback --api-socket=/run/home/api "$slirp" tap0 >/dev/null 2>&1 &
for _ in $(seq 500); do [ -S /run/home/api ] && break; pause 0.02; done; pause 0.5
user python3 -c 'import socket
s = socket.socket(socket.AF_UNIX); s.connect("/run/home/api")
s.sendall(b"{\"execute\":\"add_hostfwd\",\"arguments\":{\"proto\":\"tcp\",\"host_addr\":\"0.0.0.0\",\"host_port\":5403,\"guest_port\":5201}}"); s.shutdown(1); s.recv(1000)'
for port in 1 2 3; do ip netns exec out iperf3 -s -p 550$port >/dev/null 2>&1 & done
pause 1
pasta=$(pgrep -u 4711 -x iperf3 | while read -r p; do [ "$(readlink /proc/$p/ns/net)" != "$(readlink /proc/$box/ns/net)" ] && [ "$(readlink /proc/$p/ns/net)" != "$(readlink /proc/$slirp/ns/net)" ] && [ "$p" != "$(cat /run/home/own)" ] && echo "$p" && break; done)

for _ in $(seq "$rounds"); do
    say bridge.ours "$(gets 10.61.0.2 5201 from_host)"
    say bridge.reference "$(gets 10.62.0.2 5201 from_host)"
    say published.ours "$(gets 192.0.2.1 5301 from_out)"
    say published.reference "$(gets 192.0.2.1 5302 from_out)"
    say rootless-loopback.ours "$(gets 127.0.0.1 5401 from_host)"
    say rootless-loopback.pasta "$(gets 127.0.0.1 5402 from_host)"
    say rootless-loopback.slirp4netns "$(gets 127.0.0.1 5403 from_host)"
    say rootless-own-loopback.ours "$(gets 127.0.0.1 5404 from_host)"
    say rootless-own-loopback.pasta "$(gets 127.0.0.1 5402 from_host)"
    say rootless-outside.ours "$(gets 192.0.2.1 5401 from_out)"
    say rootless-outside.pasta "$(gets 192.0.2.1 5402 from_out)"
    say rootless-outside.slirp4netns "$(gets 192.0.2.1 5403 from_out)"
    say way-out.ours "$(gets 192.0.2.2 5501 nsenter -t "$box" -n)"
    [ -z "$pasta" ] || say way-out.pasta "$(gets 192.0.2.2 5502 nsenter -t "$pasta" -n)"
    say way-out.slirp4netns "$(gets 192.0.2.2 5503 nsenter -t "$slirp" -n)"
done
python3 - <<'P'
import collections, statistics
seen = collections.OrderedDict()
for line in open('/run/numbers'):
    name, value = line.split(); seen.setdefault(name, []).append(float(value))
print('%-32s %10s %8s' % ('Gbit/s, median', '', 'ours/it'))
for name, values in seen.items():
    ours = statistics.median(seen[name.split('.')[0] + '.ours'])
    mid = statistics.median(values)
    print('%-32s %10.2f %8s' % (name, mid, '' if name.endswith('.ours') or mid == 0 else '%.2f' % (ours / mid)))
P
