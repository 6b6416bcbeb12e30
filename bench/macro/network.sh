#!/bin/bash
# Measures attaching to networks beside the reference plugins; `bench/macro/network.sh --help` tells how.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
command -v python3 >/dev/null || { echo "network.sh: python3 is not installed" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "network.sh: needs root" >&2; exit 2; }
case " $* " in *" --help "*|*" -h "*) CHECKOUT=$here exec python3 "$here/bench/macro/network.py" "$@" ;; esac
# Namespaces of its own: nothing of the machine's network, filters or leases is touched.
CHECKOUT=$here exec unshare -n -m -p --fork --mount-proc python3 "$here/bench/macro/network.py" "$@"
