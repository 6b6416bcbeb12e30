#!/bin/sh
# Installs the engines that the neighbour tests drive (Debian packages), without starting any of their services. Does nothing when all are there.
set -eu
missing=
need() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/sbin/$1" ] || missing="$missing $2"; }
need runc runc
need crun crun
need conmon conmon
need podman podman
need buildah buildah
need containerd containerd
need ctr containerd
need dockerd docker.io
need docker docker.io
need skopeo skopeo
need umoci umoci
need docker-registry docker-registry
need busybox busybox-static
need setpriv util-linux
need strace strace
need cc gcc
need ip iproute2
need nft nftables
need iptables iptables
need socat socat
need dnsmasq dnsmasq-base
need pasta passt
need slirp4netns slirp4netns
need newuidmap uidmap
need tc iproute2
need pkill procps
need dbus-daemon dbus-daemon
need firewalld firewalld
[ -x /usr/lib/cni/bridge ] || [ -x /usr/libexec/cni/bridge ] || missing="$missing containernetworking-plugins"
if command -v cc >/dev/null 2>&1 && [ ! -e "$(cc -print-file-name=libc.a)" ]; then missing="$missing libc6-dev"; fi
[ -n "$missing" ] || exit 0
[ "$(id -u)" = 0 ] || { echo "as root: apt-get install$missing" >&2; exit 1; }
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    # Tells the packages' scripts that nothing may be started here.
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod 755 "$policy"
    trap 'rm -f "$policy"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -o DPkg::Lock::Timeout=600 update -qq
# shellcheck disable=SC2086
apt-get -o DPkg::Lock::Timeout=600 install -y -qq --no-install-recommends $missing
