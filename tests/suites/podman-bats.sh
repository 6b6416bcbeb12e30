#!/bin/bash
# podman-bats.sh CHECKOUT [NUMBER...]: podman's own system tests (test/system/*.bats of a checkout of podman 5.8) with berth in podman's place.
# Root, bats, jq, skopeo, busybox-static and docker-registry (Debian's packages) are needed; out/bin is what is judged. Everything is
# on a host of its own and ends with it: network, mounts, processes, /run, /tmp and the stores. FILTER=REGEX runs some tests of the files.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
[ $# -ge 1 ] && [ -d "$1/test/system" ] || { echo "usage: $0 CHECKOUT [NUMBER...]" >&2; exit 2; }
export SUITE BIN=$here/out/bin OUT=$here/out/tests/podman-bats FILTER=${FILTER:-} DOTNET_ROLL_FORWARD=Major
SUITE=$(realpath "$1")/test/system; shift
[ $# -gt 0 ] || set -- 001 005 010 015 020 030 035 040 050 055 065 075 160
mkdir -p "$OUT"
exec unshare -n -m -p -i -u --fork --kill-child --mount-proc bash -s "$@" <<'HOST'
set -u
umask 022
mount --make-rprivate /
mount -t tmpfs tmpfs /run; mount -t tmpfs tmpfs /tmp; chmod 1777 /tmp
mkdir -p /run/netns /run/lock /run/work /run/programs /run/berth /run/containers-of-buildah /var/lib/berth /var/lib/containers
mount --bind /run/berth /var/lib/berth; mount --bind /run/containers-of-buildah /var/lib/containers
cd /run/work
ip link set lo up
ln -s "$BIN/berth" /run/programs/podman
# The suite makes keys for podman's service, which is not tested here, with an option of a newer openssl.
cat > /run/programs/openssl <<'E'
#!/bin/bash
[ "$1" = req ] || exec /usr/bin/openssl "$@"
for word; do case ${last:-} in -keyout|-out) : > "$word";; esac; last=$word; done
E
# It fills podman's store by skopeo; berth's store is filled by berth.
cat > /run/programs/skopeo <<'E'
#!/bin/bash
case "$*" in *containers-storage:*) ;; *) exec /usr/bin/skopeo "$@";; esac
words=()
for word; do case $word in
    containers-storage:\[*) places=${word#*[}; places=${places%%]*}; places=${places#*@}; export BERTH_ROOT=${places%%+*}; words+=("berth:${word#*]}");;
    containers-storage:*) words+=("berth:${word#*:}");;
    *) words+=("$word");;
esac; done
exec berth "${words[@]}"
E
chmod 755 /run/programs/*
export PATH=/run/programs:$BIN:$PATH PODMAN=/run/programs/podman CI_DESIRED_NETWORK=cni

# The image of the tests, from busybox: its files are those that test/system/build-testimage lists.
I=/tmp/image; mkdir -p $I/{bin,sbin,etc,proc,sys,dev,tmp,root,home/podman,run,srv,usr/bin,var/tmp}; chmod 1777 $I/tmp $I/var/tmp
cp /bin/busybox $I/bin/
for applet in $(/bin/busybox --list); do [ "$applet" = busybox ] || ln -s /bin/busybox $I/bin/"$applet"; done
for applet in id env stat head tail dd diff readlink find sort wc; do ln -s /bin/busybox $I/usr/bin/$applet; done
cat > $I/bin/printenv <<'E'
#!/bin/sh
[ $# -gt 0 ] || exec env
missing=0
for name; do env | grep -q "^$name=" && env | sed -n "s/^$name=//p" || missing=1; done
exit $missing
E
chmod 755 $I/bin/printenv
printf 'root:x:0:0:root:/root:/bin/sh\nbin:x:1:1:bin:/bin:/sbin/nologin\nmail:x:8:12:mail:/var/mail:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n' > $I/etc/passwd
printf 'root:x:0:root\nbin:x:1:root,bin\nmail:x:12:mail\nusers:x:100:\nnobody:x:65534:\n' > $I/etc/group
echo 20241011 > $I/home/podman/testimage-id; touch --date=@1600000000 $I/home/podman/testimage-id
sed -n '/^cat >pause/,/^EOF/p;/^cat >healthcheck/,/^EOF/p;/^cat >bytecheck/,/^EOF/p' "$SUITE/build-testimage" > /tmp/files; (cd $I/home/podman && bash /tmp/files && chmod 755 pause healthcheck bytecheck)
tar -C $I -cf /tmp/image.tar .
export PODMAN_TEST_IMAGE_REGISTRY=registry.test
name=$PODMAN_TEST_IMAGE_REGISTRY/libpod/testimage:20241011 cache=/tmp/podman-systest-imagecache-0
mkdir $cache
made() { berth --root /tmp/made "$@" >/dev/null 2>&1 || { echo "cannot make the image: berth $*"; exit 1; }; }
made import -c 'WORKDIR /home/podman' -c 'CMD ["/bin/echo", "This container is intended for podman CI testing"]' -c 'LABEL created_by=test/system/build-testimage' \
    -c 'LABEL created_at=2024-10-11T00:00:00Z' -c 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' /tmp/image.tar "$name"
made copy "berth:$name" "oci-archive:$cache/$(sed 's;[/:];--;g' <<< "$name").tar"
made copy "berth:$name" dir:/tmp/testimage
rm -rf $I /tmp/image.tar /tmp/files /tmp/made

# A registry of that name, for what is pulled.
/usr/bin/openssl req -x509 -newkey rsa:2048 -nodes -keyout /run/key -out /run/certificate -days 2 -subj /CN=registry.test -addext subjectAltName=DNS:registry.test 2>/dev/null
cat /etc/ssl/certs/ca-certificates.crt /run/certificate > /run/authorities; mount --bind /run/authorities /etc/ssl/certs/ca-certificates.crt
printf '127.0.0.1 localhost registry.test\n' > /run/hosts; mount --bind /run/hosts /etc/hosts
printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: /run/registry}}\nhttp: {addr: "127.0.0.1:443", tls: {certificate: /run/certificate, key: /run/key}}\nlog: {level: error}\n' > /run/registry.yml
docker-registry serve /run/registry.yml >/run/registry.log 2>&1 &
registry=$!
for _ in $(seq 100); do (: <> /dev/tcp/127.0.0.1/443) 2>/dev/null && break; read -rt 0.1 <> <(:) || :; done
for tag in 20241011 00000004; do /usr/bin/skopeo copy -q --dest-tls-verify=false dir:/tmp/testimage docker://registry.test/libpod/testimage:$tag || cat /run/registry.log; done

cd "$SUITE"
for number; do
    bats ${FILTER:+-f "$FILTER"} --tap "$number"-*.bats > "$OUT/$number.tap" 2>&1 < /dev/null
    printf '%s  %s passed, %s failed, %s skipped\n' "$number" "$(grep '^ok' "$OUT/$number.tap" | grep -vc '# skip')" "$(grep '^not ok' "$OUT/$number.tap" | grep -vc teardown_suite)" "$(grep '^ok' "$OUT/$number.tap" | grep -c '# skip')"
done
kill $registry
HOST
