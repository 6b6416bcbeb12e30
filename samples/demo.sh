#!/bin/bash
# demo.sh RUNTIME SHIM: a busybox bundle through the runtime alone, then busybox under podman and under containerd with both. Needs root; no network.
set -eu
runtime=$(readlink -f "$1") shim=$(readlink -f "$2")
# Each step tells how long the one before it took.
took() {
  local now=${EPOCHREALTIME/[.,]/}
  if [ -n "${began:-}" ]; then printf '\033[2m(%d ms)\033[0m\n' $(((now - began) / 1000)); fi
  began=$now
}
say() { took; printf '\n\033[1m$ %s\033[0m\n' "$*"; }
[ "$(id -u)" = 0 ] || { echo "the demo makes containers as root: run it with sudo" >&2; exit 1; }
work=$(mktemp -d "${TMPDIR:-/tmp}/berth-demo.XXXXXX")
id=demo-$$
# podman leaves its usual parent cgroup behind, as plain folders where the host has no such controller
before=$(ls -d /sys/fs/cgroup/libpod_parent /sys/fs/cgroup/*/libpod_parent 2>/dev/null | tr '\n' ' ') || true
cleanup() {
  "$runtime" --root "$work/state" delete --force "$id" 2>/dev/null || true
  if [ -n "${berthr:-}" ]; then $berthr pod rm -f -t 0 pair > /dev/null 2>&1 || true; $berthr rm -f web > /dev/null 2>&1 || true; $berthr network rm -f "demo-$$" > /dev/null 2>&1 || true; fi
  if [ -n "${registry:-}" ]; then kill "$registry" 2>/dev/null || true; fi
  awk -v below="$work/images/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do umount "$mount"; done
  if [ -n "${containerd:-}" ]; then end_containerd; fi
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

if command -v docker-registry > /dev/null; then
  berth="$(dirname "$shim")/berth --root $work/images"
  port=$((20000 + $$ % 20000))
  printf 'version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\n' "$work/registry" "$port" > "$work/registry.yml"
  docker-registry serve "$work/registry.yml" > "$work/registry.log" 2>&1 &
  registry=$!
  for _ in $(seq 200); do if (: < "/dev/tcp/127.0.0.1/$port") 2>/dev/null; then break; fi; sleep 0.05; done
  name=127.0.0.1:$port/demo/busybox:1
  say "tar c rootfs | berth import - $name && berth push $name"
  tar c -C "$work/bundle/rootfs" . | $berth import --change 'CMD ["sh"]' - "$name" > /dev/null
  $berth push --tls-verify=false -q "$name"
  say "berth rmi $name && berth pull $name && berth images"
  $berth rmi "$name" > /dev/null
  $berth pull --tls-verify=false "$name"
  $berth images
  say "berth image layers, blame, tree; berth storage check"
  $berth image layers "$name"
  $berth image blame "$name" /etc/passwd
  $berth image tree
  $berth storage check
  berthr="$berth --runroot $work/run"
  say "berth run -d --name web -p 127.0.0.1:$((port + 1)):80 -v site:/data -m 64m --health-cmd … $name httpd"
  $berthr network create demo-$$ > /dev/null
  $berthr run -d --name web --network demo-$$ -p "127.0.0.1:$((port + 1)):80" -v site:/data -m 64m --health-cmd 'wget -qO- http://127.0.0.1/ > /dev/null' --health-interval 200ms \
    "$name" sh -c 'echo "<p>served by $(hostname)</p>" > /data/index.html; echo ready; exec httpd -f -v -h /data'
  for _ in $(seq 100); do if $berthr ps | grep -q '(healthy)'; then break; fi; sleep 0.05; done
  say "berth ps; curl; berth logs; berth exec"
  $berthr ps
  exec 9<>"/dev/tcp/127.0.0.1/$((port + 1))" && printf 'GET / HTTP/1.0\r\n\r\n' >&9 && cat <&9; exec 9>&-
  $berthr logs web
  $berthr exec web sh -c 'id; hostname; wget -qO- http://web/'
  say "berth inspect -f … web"
  $berthr inspect -f '{{.State.Health.Status}} {{.NetworkSettings.Ports}} {{.HostConfig.Memory}}' web
  say "berth run --rm --trace - …: where the time of a start goes"
  $berthr run --rm --network demo-$$ --trace - "$name" true
  say "berth explain web namespaces limits; berth stats --no-stream"
  $berthr explain web namespaces limits
  $berthr stats --no-stream
  say "berth cp; berth diff; berth commit"
  echo hello > "$work/hello" && $berthr cp -q "$work/hello" web:/root/
  $berthr diff web
  $berthr commit -q web localhost/demo:changed
  say "berth pod create; berth run --pod …: two containers, one localhost"
  $berthr pod create --name pair --network none > /dev/null
  $berthr run -d --pod pair --name one "$name" sh -c 'mkdir /w; echo "<p>from one to the other</p>" > /w/index.html; exec httpd -f -h /w' > /dev/null
  $berthr run --rm --pod pair "$name" sh -c 'for i in 1 2 3 4 5 6 7 8 9; do wget -qO- http://127.0.0.1/ && break; sleep 0.1; done'
  $berthr pod ps
  $berthr pod rm -f -t 0 pair > /dev/null
  say "berth run -p of a port that is taken"
  $berthr run --rm --network demo-$$ -p "127.0.0.1:$((port + 1)):80" "$name" true || echo "exit code $?"
  say "berth stop web; berth ps -a; berth rm web"
  $berthr stop -t 1 web
  $berthr ps -a
  $berthr rm web && $berthr volume rm site && $berthr network rm demo-$$
  say "berth storage snapshots prepare | mount | commit: one more layer, made twice, with the same digest"
  $berth storage snapshots prepare work "$name" > /dev/null
  echo hello > "$($berth storage snapshots mount work)/etc/motd"
  $berth storage snapshots unmount work
  for tag in a b; do $berth storage snapshots commit --created 2026-01-01T00:00:00Z work "localhost/demo:$tag"; done
  say "berth system df && berth system prune --all"
  $berth storage snapshots rm work > /dev/null
  $berth system df
  $berth system prune --all --force
  { kill "$registry" && wait "$registry"; } 2>/dev/null || true
  registry=
fi

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
conmon_path = ["$shim"]
C
cat > "$work/policy.json" <<C
{"default":[{"type":"insecureAcceptAnything"}]}
C
export CONTAINERS_CONF=$work/containers.conf
podman="podman --root $work/storage/graph --runroot $work/storage/run --tmpdir $work/storage/tmp --runtime $runtime --conmon $shim"
say "podman --runtime berth-runtime --conmon berth-shim run busybox"
tar -C "$work/bundle/rootfs" -c . | $podman import --signature-policy "$work/policy.json" - demo/busybox > /dev/null 2>&1 || tar -C "$work/bundle/rootfs" -c . | $podman import - demo/busybox > /dev/null
$podman run --rm --network none demo/busybox sh -c 'echo hello from podman over berth-shim and berth-runtime; uname -r'
say "podman run -d …     # the shim keeps it: its log, its exit code, and whoever comes to talk to it"
$podman run -d --name "$id" --network none demo/busybox sh -c 'i=0; while [ $i -lt 3 ]; do i=$((i + 1)); echo line $i; done; sleep 60 & trap "exit 42" TERM; wait' > /dev/null
$podman exec "$id" echo exec works
$podman ps --format '{{.Names}} {{.Status}} {{.Image}}'
$podman inspect "$id" --format 'runtime: {{.OCIRuntime}}'
$podman stop "$id" > /dev/null
echo "exit code $($podman wait "$id"), and its log:"
$podman logs "$id"
$podman rm "$id" > /dev/null

command -v containerd > /dev/null && command -v ctr > /dev/null || { echo "containerd is not installed: the last part is left out"; echo; echo "demo: done"; exit 0; }
mkdir -p "$work/containerd/path"
ln -s "$shim" "$work/containerd/path/containerd-shim-berth-v2"
ln -s "$runtime" "$work/containerd/path/berth-runtime"
cat > "$work/containerd/config.toml" <<C
version = 2
root = "$work/containerd/root"
state = "$work/containerd/run"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "$work/containerd/c.sock"
[ttrpc]
  address = "$work/containerd/c.sock.ttrpc"
C
ctr="ctr --address $work/containerd/c.sock --namespace demo-$$"
start_containerd() {
  PATH=$work/containerd/path:$PATH containerd --config "$work/containerd/config.toml" > "$work/containerd/log" 2>&1 &
  containerd=$!
  for _ in $(seq 200); do if $ctr version > /dev/null 2>&1; then return; fi; sleep 0.05; done
  echo "containerd does not answer:" >&2; tail -3 "$work/containerd/log" >&2; exit 1
}
end_containerd() {
  for task in $($ctr tasks list --quiet 2>/dev/null); do $ctr tasks delete --force "$task" > /dev/null 2>&1 || true; done
  kill "$containerd" 2>/dev/null && wait "$containerd" 2>/dev/null || true
  containerd=
  awk -v below="$work/containerd/" 'index($2, below) == 1 { print $2 }' /proc/mounts | sort -r | while read -r mount; do umount "$mount"; done
  rm -rf "/run/containerd/berth/demo-$$"
}
start_containerd
say "ctr run --runtime io.containerd.berth.v2 busybox"
$ctr run --rm --runtime io.containerd.berth.v2 --rootfs "$work/bundle/rootfs" hello sh -c 'echo hello from containerd over berth-shim'
say "ctr run -d …, kill -9 of containerd, and what its successor finds"
$ctr run -d --runtime io.containerd.berth.v2 --log-uri "file://$work/containerd/lines" --rootfs "$work/bundle/rootfs" outlives sh -c 'i=0; while [ $i -lt 1000 ]; do i=$((i + 1)); echo $i; usleep 1000; done; exit 42' > /dev/null
{ kill -9 "$containerd"; wait "$containerd"; } 2>/dev/null || true
start_containerd
for _ in $(seq 400); do if $ctr tasks list | grep -q STOPPED; then break; fi; sleep 0.05; done
$ctr tasks delete outlives 2>&1 | sed -n 's/.*msg="\(.*\)"/\1/p'
echo "lines in the log: $(sort -nu "$work/containerd/lines" | wc -l) of 1000"
$ctr containers delete outlives
end_containerd
echo
echo "demo: done"
