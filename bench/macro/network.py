#!/usr/bin/env python3
# The measurements of network.sh, inside network and mount namespaces of their own.
import argparse, ctypes, json, os, random, resource, statistics, subprocess, sys, tempfile, threading, time

HELP = """
What is measured, for every set of plugins in every round, their order rotating:
  chain      ADD and DEL of loopback, bridge (gateway, ipMasq, host-local) and portmap with one port, each plugin executed as a runtime executes it
  in-process the same chain by Berth's CNI runtime with Berth's plugins in-process (--in-process: the program of bench/micro/Networks)
  ports      the same with P ports on one container
  flat       the first attach to a bridge, and the one after F others
  names      queries a second, CPU of one and memory of berth-dns, and of aardvark-dns and dnsmasq if they are installed (--names: the program of bench/micro/Names)
  parallel   N attaches at once: wall until the last one has ended; every address is different
wall is from the first plugin's start to the last one's end; cpu is user and system time of the plugins and their children.
ratio is ours / theirs, round by round: median and quartiles. Below 1 we need less.
The reference plugins take iptables (iptables-nft where Debian installs it).
"""
ap = argparse.ArgumentParser(prog="network.sh", description="Measures attaching to networks beside the reference plugins.", epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
co = os.environ.get("CHECKOUT", ".")
ap.add_argument("--ours", default=os.path.join(co, "out/bin/cni"), metavar="DIR")
ap.add_argument("--reference", default="/usr/lib/cni", metavar="DIR")
ap.add_argument("--in-process", default=os.path.join(co, "out/publish/bench-networks/Networks"), metavar="PATH")
ap.add_argument("--names", default=os.path.join(co, "out/publish/bench-names/Names"), metavar="PATH")
ap.add_argument("-n", type=int, default=20, help="rounds (default 20)")
ap.add_argument("--ports", type=int, default=206, metavar="P")
ap.add_argument("--many", type=int, default=200, metavar="F")
ap.add_argument("--parallel", type=int, default=50, metavar="N")
ap.add_argument("--cases", default="chain,in-process,ports,flat,parallel,names")
ap.add_argument("--json", metavar="FILE")
opt = ap.parse_args()
cases = opt.cases.split(",")

def sh(*words): subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
work = tempfile.mkdtemp(prefix="berth-bench-net-")
for folder in ("/run", "/var/lib/cni"):
    os.makedirs(folder, exist_ok=True)
    sh("mount", "-t", "tmpfs", "tmpfs", folder)
os.makedirs("/run/netns"); os.makedirs("/run/lock")
sh("ip", "link", "set", "lo", "up")

def conf(name, number): return {"cniVersion": "1.0.0", "name": name, "plugins": [
    {"type": "bridge", "bridge": "br" + name, "isGateway": True, "isDefaultGateway": True, "ipMasq": True, "hairpinMode": True,
     "ipam": {"type": "host-local", "dataDir": work + "/leases", "ranges": [[{"subnet": f"10.{number}.0.0/16"}]]}},
    {"type": "portmap", "capabilities": {"portMappings": True}}]}

count = 0
def namespace():
    global count
    count += 1
    sh("ip", "netns", "add", f"b{count}")
    return f"/run/netns/b{count}"
def drop(path): sh("ip", "netns", "del", os.path.basename(path))

# posix_spawn and two pipes: what a runtime pays as well, and little of Python's own.
def plugin(folder, kind, command, ident, netns, ifname, config):
    env = {"CNI_COMMAND": command, "CNI_CONTAINERID": ident, "CNI_NETNS": netns, "CNI_IFNAME": ifname, "CNI_PATH": folder, "PATH": os.environ["PATH"]}
    ir, iw = os.pipe(); orr, ow = os.pipe()
    pid = os.posix_spawn(f"{folder}/{kind}", [kind], env, file_actions=[(os.POSIX_SPAWN_DUP2, ir, 0), (os.POSIX_SPAWN_DUP2, ow, 1), (os.POSIX_SPAWN_CLOSE, iw), (os.POSIX_SPAWN_CLOSE, orr)])
    os.close(ir); os.close(ow)
    os.write(iw, json.dumps(config).encode()); os.close(iw)
    out = b""
    while chunk := os.read(orr, 65536): out += chunk
    os.close(orr)
    _, status, usage = os.wait4(pid, 0)
    if status != 0: raise RuntimeError(f"{folder}/{kind} {command}: {out.decode()}")
    return (json.loads(out) if out else None), usage.ru_utime + usage.ru_stime

def ports(n, base=20000): return [{"hostPort": base + i, "containerPort": 80 + i, "protocol": "tcp"} for i in range(n)]

class Attachment:
    def __init__(self, folder, net, ident, netns, mappings):
        self.folder, self.net, self.ident, self.netns, self.mappings, self.result = folder, net, ident, netns, mappings, None
    def configuration(self, entry, previous):
        made = dict(entry, name=self.net["name"], cniVersion=self.net["cniVersion"])
        if "capabilities" in made: made["runtimeConfig"] = {"portMappings": self.mappings}
        if previous is not None: made["prevResult"] = previous
        return made
    def add(self):
        start, cpu = time.perf_counter(), 0.0
        _, used = plugin(self.folder, "loopback", "ADD", self.ident, self.netns, "lo", {"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}); cpu += used
        previous = None
        for entry in self.net["plugins"]:
            previous, used = plugin(self.folder, entry["type"], "ADD", self.ident, self.netns, "eth0", self.configuration(entry, previous)); cpu += used
        self.result = previous
        return (time.perf_counter() - start) * 1000, cpu * 1000
    def delete(self):
        start, cpu = time.perf_counter(), 0.0
        for entry in reversed(self.net["plugins"]):
            _, used = plugin(self.folder, entry["type"], "DEL", self.ident, self.netns, "eth0", self.configuration(entry, self.result)); cpu += used
        _, used = plugin(self.folder, "loopback", "DEL", self.ident, self.netns, "lo", {"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}); cpu += used
        return (time.perf_counter() - start) * 1000, cpu * 1000

engines = [("reference", opt.reference, conf("ref", 71)), ("ours", opt.ours, conf("ours", 72))]
numbers = {}
def note(case, who, wall, cpu=None): numbers.setdefault(case, {}).setdefault(who, []).append((wall, cpu))

def rounds(case, n, mappings):
    for r in range(n):
        for who, folder, net in (engines if r % 2 == 0 else engines[::-1]):
            ns = namespace()
            one = Attachment(folder, net, f"{case}{r}{who}", ns, mappings)
            note(case + " ADD", who, *one.add()); note(case + " DEL", who, *one.delete())
            drop(ns)
        if "in-process" in cases and os.path.exists(opt.in_process):
            ns = namespace()
            # Once to get warm: an engine that runs on does not load its program for each container, and one that does not is measured as `ours`.
            other = namespace()
            out = subprocess.run([opt.in_process, work + "/cache", json.dumps(mappings), other, ns], input=json.dumps(conf("own", 73)), text=True, check=True, capture_output=True).stdout.split()
            note(case + " ADD", "in-process", int(out[5]) / 1000); note(case + " DEL", "in-process", int(out[7]) / 1000)
            drop(ns); drop(other)

def flat():
    for who, folder, net in engines:
        held = []
        for i in range(opt.many + 5):
            one = Attachment(folder, net, f"flat{i}{who}", namespace(), ports(1, 30000 + i))
            wall, cpu = one.add()
            if i < 5: note("flat first 5 ADD", who, wall, cpu)
            if i >= opt.many: note(f"flat after {opt.many} ADD", who, wall, cpu)
            held.append(one)
        for i, one in enumerate(reversed(held)):
            wall, cpu = one.delete()
            if i < 5: note(f"flat after {opt.many} DEL", who, wall, cpu)
            if i >= opt.many: note("flat last 5 DEL", who, wall, cpu)
            drop(one.netns)

def parallel():
    for r in range(3):
        for who, folder, net in engines:
            many = [Attachment(folder, net, f"par{r}-{i}{who}", namespace(), ports(1, 40000 + i)) for i in range(opt.parallel)]
            for verb in ("add", "delete"):
                failed = []
                def run(one):
                    try: getattr(one, verb)()
                    except Exception as e: failed.append(str(e))
                threads = [threading.Thread(target=run, args=(one,)) for one in many]
                start = time.perf_counter()
                for t in threads: t.start()
                for t in threads: t.join()
                note(f"parallel {opt.parallel} {'ADD' if verb == 'add' else 'DEL'}", who, (time.perf_counter() - start) * 1000)
                if failed: print(f"{who}: {len(failed)} of {opt.parallel} failed: {failed[0][:300]}", file=sys.stderr)
                if verb == "add":
                    given = [a["address"] for one in many if one.result for a in one.result["ips"]]
                    if len(set(given)) != len(given): print(f"{who}: an address was given out twice", file=sys.stderr)
            for one in many: drop(one.netns)

# Servers that know one name; each is asked in turn, and the ratio of each round counts.
def names():
    servers, running = [], []
    env = dict(os.environ, BERTH_ROOT=work + "/root", BERTH_RUNROOT="/run/berth-bench")
    berth = os.path.join(os.path.dirname(opt.ours.rstrip("/")), "berth")
    if os.path.exists(berth):
        subprocess.run([berth, "network", "create", "--subnet", "10.74.0.0/24", "names"], env=env, check=True, stdout=subprocess.DEVNULL)
        subprocess.run([berth, "network", "connect", "-q", "--alias", "front", "names", "ns:" + namespace()], env=env, check=True)
        servers.append(("berth-dns", "10.74.0.1:53", open("/run/berth-bench/dns/server.pid").read().strip()))
    aardvark = next((p for p in ("/usr/lib/podman/aardvark-dns", "/usr/libexec/podman/aardvark-dns") if os.path.exists(p)), None)
    if aardvark:
        os.makedirs(work + "/aardvark")
        with open(work + "/aardvark/names", "w") as f: f.write("127.0.0.74\n" + "a" * 64 + " 10.74.0.2  front\n")
        subprocess.run([aardvark, "--config", work + "/aardvark", "--port", "5374", "run"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        pid = open(work + "/aardvark/aardvark.pid").read().strip()
        servers.append(("aardvark-dns", "127.0.0.74:5374", pid)); running.append(int(pid))
    dnsmasq = subprocess.run(["which", "dnsmasq"], capture_output=True, text=True).stdout.strip()
    if dnsmasq:
        p = subprocess.Popen([dnsmasq, "-k", "-C", "/dev/null", "-p", "5375", "-a", "127.0.0.75", "-z", "-R", "-h", "-x", "", "--host-record=front,10.74.0.2"], stderr=subprocess.DEVNULL)
        servers.append(("dnsmasq", "127.0.0.75:5375", str(p.pid))); running.append(p.pid)
        time.sleep(0.3)
    said = {}
    for r in range(max(3, opt.n // 4)):
        for who, at, pid in (servers if r % 2 == 0 else servers[::-1]):
            words = subprocess.run([opt.names, at, "2", "4", "8", "front", pid], capture_output=True, text=True).stdout.split()
            facts = dict(zip(words[::2], words[1::2]))
            said.setdefault(who, []).append([float(facts[k]) for k in ("queries/s", "cpu-us/query", "resident-kb", "lost")])
    for who, rows in said.items():
        line = f"names {who:13} " + "  ".join(f"{label} {statistics.median(column):.{digits}f}" for label, digits, column in zip(("queries/s", "cpu us", "resident kB", "lost"), (0, 2, 0, 0), zip(*rows)))
        if who != "berth-dns" and "berth-dns" in said: line += f"  ours / it: queries {statistics.median(a[0] / b[0] for a, b in zip(said['berth-dns'], rows)):.2f}, cpu {statistics.median(a[1] / b[1] for a, b in zip(said['berth-dns'], rows) if b[1]):.2f}"
        print(line)
    for pid in running:
        try: os.kill(pid, 15)
        except ProcessLookupError: pass
    if os.path.exists(berth): subprocess.run([berth, "network", "disconnect", "-f", "names", f"b{count}"], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

if "chain" in cases: rounds("chain", opt.n, ports(1))
if "ports" in cases: rounds(f"{opt.ports}-ports", max(2, opt.n // 4), ports(opt.ports))
if "flat" in cases: flat()
if "parallel" in cases: parallel()

def quartiles(values):
    values = sorted(values)
    return statistics.median(values), values[len(values) // 4], values[(len(values) * 3) // 4]
print(f"{'':26} {'':11} {'wall ms':>9} {'(quartiles)':>19} {'cpu ms':>8}  ours / it: wall (quartiles), cpu")
for case, by in numbers.items():
    for who, values in by.items():
        wall, low, high = quartiles([v[0] for v in values])
        cpus = [v[1] for v in values if v[1] is not None]
        line = f"{case:26} {who:11} {wall:9.2f} {f'({low:.2f}-{high:.2f})':>19} {statistics.median(cpus) if cpus else float('nan'):8.2f}"
        if who == "reference":
            for mine in ("ours", "in-process"):
                if mine not in by: continue
                m, l, h = quartiles([a[0] / b[0] for a, b in zip(by[mine], values)])
                line += f"  {mine} {m:.3f} ({l:.3f}-{h:.3f})"
                both = [a[1] / b[1] for a, b in zip(by[mine], values) if a[1] is not None and b[1]]
                if both: line += f", cpu {statistics.median(both):.3f}"
        print(line)
if "names" in cases:
    if os.path.exists(opt.names): names()
    else: print("names: not measured: dotnet publish bench/micro/Names -c Release -o out/publish/bench-names", file=sys.stderr)
if opt.json:
    with open(opt.json, "w") as f: json.dump(numbers, f)
