#!/bin/bash
# Measures run, exec and ps beside podman, docker and crun; `bench/macro/engine.sh --help` tells how.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
command -v python3 >/dev/null || { echo "engine.sh: python3 is not installed" >&2; exit 2; }
case " $* " in *" --help "*|*" -h "*) CHECKOUT=$here exec python3 "$here/bench/macro/engine.py" "$@" ;; esac
[ "$(id -u)" = 0 ] || { echo "engine.sh: needs root" >&2; exit 2; }
CHECKOUT=$here exec python3 "$here/bench/macro/engine.py" "$@"
