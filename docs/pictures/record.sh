#!/bin/bash
# Makes run.svg again from a real run: sudo bash docs/pictures/record.sh. It has a network, mounts and processes of its own, and leaves nothing but the picture.
set -eu
cd "$(dirname "$0")"
bin=$(cd ../../out/bin && pwd)
exec unshare -n -m -p --fork --kill-child --mount-proc bash -c '
set -eu
mount -t tmpfs tmpfs /run; mkdir -p /run/netns /run/lock /run/f/bin /run/f/etc /run/f/data; ip link set lo up
export PATH="'"$bin"':$PATH" BERTH_ROOT=/run/root BERTH_RUNROOT=/run/engine
cp /bin/busybox /run/f/bin/; for a in $(/bin/busybox --list); do [ $a = busybox ] || ln -s busybox /run/f/bin/$a; done
echo "root:x:0:0:root:/root:/bin/sh" > /run/f/etc/passwd; echo "served from a volume" > /run/f/data/index.html
tar -C /run/f -cf /run/f.tar .; berth import -c "CMD [\"httpd\",\"-f\",\"-h\",\"/data\"]" /run/f.tar web >/dev/null; berth tag web busybox
hash -r; curl() { exec 9<>/dev/tcp/localhost/8080; printf "GET / HTTP/1.0\r\n\r\n" >&9; sed "1,/^\r*$/d" <&9; exec 9>&-; }; export -f curl
python3 record.py run.svg <<COMMANDS
# no daemon runs, before or after
berth run --rm busybox echo hello
berth run -d --name site -p 8080:80 -v files:/data -m 64m --health-cmd "wget -qO- localhost" web
@ for i in 1 2 3 4 5 6 7 8 9 10; do curl localhost:8080 >/dev/null 2>&1 && break; sleep 0.05; done
curl localhost:8080
berth ps --format "table {{.Names}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}"
berth exec site ps
berth explain site limits
# what an error looks like
berth run --rm -p 8080:80 web
berth rm -f site
COMMANDS
'
