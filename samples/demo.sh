#!/bin/bash
# demo.sh RUNTIME: a busybox bundle through the runtime alone, then busybox under podman with it. Needs root; no network.
set -eu
runtime=$(readlink -f "$1")
say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
[ "$(id -u)" = 0 ] || { echo "the demo makes containers as root: run it with sudo" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/berth-demo.XXXXXX")
id=demo-$$
# podman leaves its usual parent cgroup behind, as plain folders where the host has no such controller
before=$(ls -d /sys/fs/cgroup/libpod_parent /sys/fs/cgroup/*/libpod_parent 2>/dev/null | tr '\n' ' ') || true
cleanup() {
  "$runtime" --root "$work/state" delete --force "$id" 2>/dev/null || true
  if [ -n "${podman:-}" ]; then $podman rm -af >/dev/null 2>&1 || true; $podman rmi -af >/dev/null 2>&1 || true; fi
  for tree in /sys/fs/cgroup/ /sys/fs/cgroup/*/; do
    parent=${tree}libpod_parent
    [ -d "$parent" ] || continue
    case " $before " in *" $parent "*) continue ;; esac
    if [ "$(stat -fc %T "$tree")" = tmpfs ]; then rm -rf "$parent"; rmdir "$tree"
    else rmdir "$parent/conmon" "$parent"; fi 2>/dev/null || true
  done
  umount "$work"/storage/graph/overlay 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT

mkdir -p "$work/bundle/rootfs"/{bin,proc,sys,dev,tmp,etc,root}
cp /bin/busybox "$work/bundle/rootfs/bin/"
for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -s busybox "$work/bundle/rootfs/bin/$applet"; done
printf 'root:x:0:0:root:/root:/bin/sh\n' > "$work/bundle/rootfs/etc/passwd"
printf 'root:x:0:\n' > "$work/bundle/rootfs/etc/group"
cd "$work/bundle"

say "berth-runtime --version"
"$runtime" --version
say "berth-runtime spec     # then: terminal off, a command to run"
"$runtime" spec
jq '.process.terminal = false | .process.args = ["sh", "-c", "echo hello from process $$ as $(id -un) on $(hostname); cat /proc/self/cgroup | tail -1"]' config.json > c && mv c config.json
say "berth-runtime run $id"
"$runtime" --root "$work/state" run "$id"

jq '.process.args = ["sleep", "60"]' config.json > c && mv c config.json
say "berth-runtime create $id && berth-runtime start $id && berth-runtime list"
"$runtime" --root "$work/state" create "$id"
"$runtime" --root "$work/state" start "$id"
"$runtime" --root "$work/state" list
say "berth-runtime exec $id sh -c 'ps; grep Cap /proc/self/status'"
"$runtime" --root "$work/state" exec "$id" sh -c 'ps; grep CapEff /proc/self/status'
say "berth-runtime kill $id KILL && berth-runtime delete $id"
"$runtime" --root "$work/state" kill "$id" KILL
"$runtime" --root "$work/state" delete --force "$id"
say "berth-runtime plan     # the first ten lines of how that process came to be"
"$runtime" plan | head -10
jq '.process.args = ["nosuch"]' config.json > c && mv c config.json
say "berth-runtime run of a program that is not there"
"$runtime" --root "$work/state" run "$id" || echo "exit code $?"

command -v podman > /dev/null || { echo "podman is not installed: the second half is left out"; exit 0; }
limit=$(ulimit -Hn)
cat > "$work/containers.conf" <<C
[containers]
default_ulimits = [ "nofile=$limit:$limit", "nproc=32768:32768" ]
apparmor_profile = "unconfined"
label = false
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "$runtime"
C
cat > "$work/policy.json" <<C
{"default":[{"type":"insecureAcceptAnything"}]}
C
export CONTAINERS_CONF=$work/containers.conf
podman="podman --root $work/storage/graph --runroot $work/storage/run --tmpdir $work/storage/tmp --runtime $runtime"
say "podman --runtime berth-runtime run busybox"
tar -C "$work/bundle/rootfs" -c . | $podman import --signature-policy "$work/policy.json" - demo/busybox > /dev/null 2>&1 || tar -C "$work/bundle/rootfs" -c . | $podman import - demo/busybox > /dev/null
$podman run --rm --network none demo/busybox sh -c 'echo hello from podman over berth-runtime; uname -r'
$podman run -d --name "$id" --network none demo/busybox sleep 60 > /dev/null
$podman exec "$id" echo exec works
$podman ps --format '{{.Names}} {{.Status}} {{.Image}}'
$podman inspect "$id" --format 'runtime: {{.OCIRuntime}}'
$podman rm -f -t 0 "$id" > /dev/null
echo
echo "demo: done"
