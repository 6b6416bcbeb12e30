#!/bin/bash
# Times an OCI runtime beside others, pair by pair in one interleaved run; `bench/macro/runtime.sh --help` tells how.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
command -v python3 >/dev/null || { echo "runtime.sh: python3 is not installed" >&2; exit 2; }
CHECKOUT=$here exec python3 - "$@" <<'PYTHON'
import argparse, ctypes, datetime, json, os, platform, shlex, shutil, signal, statistics, struct, subprocess, sys, tempfile, time

HELP = """
What is measured, for every runtime in every round, the order of the runtimes rotating:
  run        `run` of /bin/true in a plain bundle (six namespaces, seven mounts, masked paths, device rules)
  full       `run` of the same with Docker's default seccomp filter and limits of memory, CPU and processes
  create, start, delete, and `life`, which is the three together with the CPU time of the first process
  exec       `exec` of /bin/true in a running container
  parallel   P times `run` at once: time of the whole batch, and how many failed

wall   from posix_spawn to the end of the command; cpu: user and system time of it and of all children it waited for
rss    peak resident memory of the largest of these processes, from runs of its own that are started by a tiny shell,
       since a process inherits the peak of the program that spawned it
ratio  ours / peer, round by round: median and quartiles. Below 1 we are faster. Trust these, not the milliseconds.

crun refuses hosts whose v1 cgroups have a v2 tree with controllers beside them. Where one of the peers is crun and
/sys/fs/cgroup/unified is mounted, everything runs in a private mount namespace without that tree.
Needs root, python3 and a static busybox (Debian: busybox-static).
"""

ap = argparse.ArgumentParser(prog="runtime.sh", description="Times an OCI runtime beside others.", epilog=HELP,
                             formatter_class=argparse.RawDescriptionHelpFormatter)
env = os.environ.get
ap.add_argument("--ours", default=env("OURS", os.path.join(env("CHECKOUT", "."), "out/bin/berth-runtime")), metavar="COMMAND", help="env OURS")
ap.add_argument("--peer", action="append", default=None, metavar="[NAME=]COMMAND", help="may be repeated; env PEERS, separated by spaces; default: crun and runc, as far as they are on PATH")
ap.add_argument("-n", type=int, default=int(env("N", "30")), help="rounds (env N, default 30)")
ap.add_argument("--warm", type=int, default=int(env("WARM", "3")), help="rounds before that which do not count (env WARM, default 3)")
ap.add_argument("--parallel", type=int, default=int(env("PARALLEL", "100")), metavar="P", help="containers at once (env PARALLEL, default 100)")
ap.add_argument("--batches", type=int, default=int(env("BATCHES", "3")), help="rounds of the parallel case (env BATCHES, default 3)")
ap.add_argument("--rss", type=int, default=int(env("RSS", "3")), metavar="K", help="samples of peak memory (env RSS, default 3)")
ap.add_argument("--cases", default=env("CASES", "run,full,life,exec,parallel"), help="which, separated by commas (default: all)")
ap.add_argument("--cpus", default=env("CPUS", ""), help="bind everything to these CPUs, such as 0,1")
ap.add_argument("--busybox", default=env("BUSYBOX", "busybox"), help="a static busybox (env BUSYBOX)")
ap.add_argument("--json", metavar="FILE", help="write all numbers there as well")
opt = ap.parse_args()
if opt.n < 1 or opt.batches < 1: ap.error("rounds and batches are at least 1")
opt.cases = [case for case in opt.cases.split(",") if case]
for case in opt.cases:
    if case not in ("run", "full", "life", "exec", "parallel"): ap.error(f"unknown case {case}")

def stop(text): sys.exit(f"runtime.sh: {text}")

# ---- the host -------------------------------------------------------------------------------------------------------

if os.geteuid() != 0: stop("containers are made as root")
libc = ctypes.CDLL(None, use_errno=True)
def must(result, what):
    if result != 0: stop(f"{what}: {os.strerror(ctypes.get_errno())}")

# Orphans come to us: so a container's first process can be waited for, instead of asking again and again.
PR_SET_CHILD_SUBREAPER = 36
must(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")
if opt.cpus: os.sched_setaffinity(0, {int(c) for c in opt.cpus.split(",")})
os.environ.setdefault("XDG_RUNTIME_DIR", "/run")

def static_busybox():
    path = shutil.which(opt.busybox) or stop(f"{opt.busybox} is not there: install busybox-static")
    head = open(path, "rb").read(4096)
    if head[:4] != b"\x7fELF" or head[4] != 2: stop(f"{path} is no 64-bit ELF program")
    table, size, count = struct.unpack_from("<Q", head, 32)[0], *struct.unpack_from("<HH", head, 54)
    if any(struct.unpack_from("<I", head, table + i * size)[0] == 3 for i in range(count)):
        stop(f"{path} is linked dynamically: install busybox-static, or name another one with --busybox")
    return path

class Runtime:
    def __init__(self, name, command):
        self.words = shlex.split(command)
        self.words[0] = shutil.which(self.words[0]) or stop(f"{self.words[0]} is not there")
        out = subprocess.run(self.words + ["--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout
        first = (out.splitlines() or [""])[0].split()
        self.kind, self.version = (first[0] if first else "?"), (first[2] if len(first) > 2 else "?")
        self.name = name or f"{self.kind}-{self.version}"
        self.failed = {}

ours = Runtime("ours", opt.ours)
peers = opt.peer if opt.peer is not None else env("PEERS", "").split() or [p for p in ("crun", "runc") if shutil.which(p)]
runtimes = [ours]
for peer in peers:
    name, equals, command = peer.partition("=")
    runtimes.append(Runtime(name if equals else None, command if equals else peer))
if len({r.name for r in runtimes}) < len(runtimes): stop("two runtimes have the same name: use --peer NAME=COMMAND")

cgroups = "v2" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "hybrid" if os.path.ismount("/sys/fs/cgroup/unified") else "v1"
if cgroups == "hybrid" and any(r.kind == "crun" for r in runtimes):
    CLONE_NEWNS, MS_REC, MS_PRIVATE = 0x20000, 0x4000, 0x40000
    must(libc.unshare(CLONE_NEWNS), "unshare")
    must(libc.mount(b"none", b"/", None, MS_REC | MS_PRIVATE, None), "mount / private")
    must(libc.umount2(b"/sys/fs/cgroup/unified", 0), "umount /sys/fs/cgroup/unified")
    cgroups = "v1 (the v2 tree of a hybrid host is hidden, for crun)"

# ---- the stage ------------------------------------------------------------------------------------------------------

busybox = static_busybox()
state = tempfile.mkdtemp(prefix="berth-bench-", dir="/run" if os.access("/run", os.W_OK) else None)
stage = tempfile.mkdtemp(prefix="berth-bench-")
null, errors = os.open("/dev/null", os.O_RDWR), os.open(f"{stage}/stderr", os.O_RDWR | os.O_CREAT | os.O_APPEND)
for r in runtimes: r.base = r.words + ["--root", os.path.join(state, r.name)]

CAPS = ["CAP_" + c for c in "CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE".split()]
def mount(where, kind, *options, source=None): return {"destination": where, "type": kind, "source": source or kind, "options": list(options)}
PLAIN = {
    "ociVersion": "1.0.2",
    "process": {"user": {"uid": 0, "gid": 0}, "args": ["/bin/true"], "env": ["PATH=/bin"], "cwd": "/", "noNewPrivileges": True,
                "capabilities": {k: CAPS for k in ("bounding", "effective", "permitted")},
                "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}]},
    "root": {"path": "rootfs"}, "hostname": "bench",
    "mounts": [
        mount("/proc", "proc"), mount("/dev", "tmpfs", "nosuid", "strictatime", "mode=755", "size=65536k"),
        mount("/dev/pts", "devpts", "nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
        mount("/dev/shm", "tmpfs", "nosuid", "noexec", "nodev", "mode=1777", "size=65536k", source="shm"),
        mount("/dev/mqueue", "mqueue", "nosuid", "noexec", "nodev"), mount("/sys", "sysfs", "nosuid", "noexec", "nodev", "ro"),
        mount("/sys/fs/cgroup", "cgroup", "nosuid", "noexec", "nodev", "relatime", "ro")],
    "linux": {
        "resources": {"devices": [{"allow": False, "access": "rwm"}]},
        "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount", "cgroup")],
        "maskedPaths": ["/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/sched_debug", "/sys/firmware", "/proc/scsi"],
        "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]}}

def bundle(name, config):
    path = f"{stage}/{name}"
    for folder in ("bin", "proc", "dev", "sys", "tmp"): os.makedirs(f"{path}/rootfs/{folder}")
    shutil.copy(busybox, f"{path}/rootfs/bin/busybox")
    for applet in ("sh", "true", "sleep"): os.symlink("busybox", f"{path}/rootfs/bin/{applet}")
    with open(f"{path}/config.json", "w") as f: json.dump(config, f)
    return path

def full():
    """Docker's filter comes out of our own `generate`; the file then serves all runtimes alike."""
    config = json.loads(json.dumps(PLAIN))
    config["process"]["noNewPrivileges"] = False
    config["linux"]["resources"].update({
        "memory": {"limit": 512 << 20, "reservation": 256 << 20}, "pids": {"limit": 512},
        "cpu": {"shares": 512, "quota": 200000, "period": 100000}})
    config["linux"]["resources"]["devices"] += [
        {"allow": True, "type": "c", "major": a, "minor": b, "access": "rwm"} for a, b in ((1, 3), (1, 5), (1, 7), (1, 8), (1, 9), (5, 0), (5, 1), (5, 2), (136, None))]
    for rule in config["linux"]["resources"]["devices"]:
        if rule.get("minor", 0) is None: del rule["minor"]
    path = bundle("full", config)
    made = subprocess.run(ours.words + ["generate", "--template", f"{path}/config.json", "--seccomp-default", "--output", f"{path}/config.json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if made.returncode: stop(f"generate: {made.stderr.strip()}")
    return path

plain, heavy = bundle("plain", PLAIN), full() if "full" in opt.cases else None
sleeper = bundle("sleeper", {**PLAIN, "process": {**PLAIN["process"], "args": ["/bin/sleep", "1000000"]}})

# ---- one command ----------------------------------------------------------------------------------------------------

class Failed(Exception): pass
counter = 0
def fresh():
    global counter
    counter += 1
    return f"bench-{os.getpid()}-{counter}"

def complain(argv, status):
    text = os.pread(errors, 4096, 0).decode(errors="replace").strip().splitlines()
    raise Failed(f"{' '.join(argv[len(argv) - 4:])}: status {os.waitstatus_to_exitcode(status)}: {text[-1] if text else 'no word'}")

def cpu(usage): return (usage.ru_utime + usage.ru_stime) * 1e3

def spawn(argv):
    return os.posix_spawn(argv[0], argv, os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, errors, 2)])

def timed(argv):
    os.ftruncate(errors, 0)
    began = time.perf_counter()
    _, status, usage = os.wait4(spawn(argv), 0)
    wall = (time.perf_counter() - began) * 1e3
    if status: complain(argv, status)
    return wall, cpu(usage)

def peak(argv):
    """Peak memory: a fork of a small shell executes the command, and leaves it to us as an orphan."""
    os.ftruncate(errors, 0)
    ours_end, theirs = os.pipe()
    words = ["sh", "-c", f'"$@" </dev/null >/dev/null 2>>{stage}/stderr & echo $!', "sh", *argv]
    shell = os.posix_spawn(busybox, ["busybox", *words], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, theirs, 1)])
    os.close(theirs)
    with open(ours_end) as pipe: pid = int(pipe.read())
    os.waitpid(shell, 0)
    _, status, usage = os.wait4(pid, 0)
    if status: complain(argv, status)
    return usage.ru_maxrss

# ---- the cases ------------------------------------------------------------------------------------------------------
# Each takes a runtime and a way to run a command, and returns {metric: what that way returned}.

def case_run(r, do): return {"run": do(r.base + ["run", "--bundle", plain, fresh()])}
def case_full(r, do): return {"full": do(r.base + ["run", "--bundle", heavy, fresh()])}
def case_exec(r, do): return {"exec": do(r.base + ["exec", r.sleeper, "/bin/true"])}

def case_life(r, do):
    name, pid_file = fresh(), f"{stage}/pid"
    create = do(r.base + ["create", "--bundle", plain, "--pid-file", pid_file, name])
    init = int(open(pid_file).read())
    start = do(r.base + ["start", name])
    _, status, usage = os.wait4(init, 0)
    if status: raise Failed(f"the program of {name}: status {status}")
    delete = do(r.base + ["delete", name])
    parts = {"create": create, "start": start, "delete": delete}
    if do is timed: parts["life"] = (create[0] + start[0] + delete[0], create[1] + start[1] + delete[1] + cpu(usage))
    return parts

def open_sleeper(r):
    name = fresh()
    timed(r.base + ["run", "--detach", "--bundle", sleeper, "--pid-file", f"{stage}/pid", name])
    r.sleeper, r.sleeper_pid = name, int(open(f"{stage}/pid").read())

def close_sleeper(r):
    os.kill(r.sleeper_pid, signal.SIGKILL)
    os.waitpid(r.sleeper_pid, 0)
    timed(r.base + ["delete", r.sleeper])
    del r.sleeper

samples = {}   # metric -> runtime -> [(wall, cpu)]
rss = {}       # metric -> runtime -> [KiB]
failures = {}  # runtime -> [failed, of]

def keep(table, found, r):
    for metric, value in found.items(): table.setdefault(metric, {}).setdefault(r.name, []).append(value)

def attempt(case, r, action):
    """A runtime that fails a case is left out of the rest of it, and that is said."""
    if case in r.failed: return None
    try: return action()
    except (Failed, OSError, ValueError) as e:
        r.failed[case] = str(e)
        print(f"{r.name}: {case}: {e}", file=sys.stderr)
        return None

def rotated(i): return runtimes[i % len(runtimes):] + runtimes[:i % len(runtimes)]

def measure(case, body):
    for i in range(-opt.warm, opt.n):
        for r in rotated(i):
            found = attempt(case, r, lambda: body(r, timed))
            if i >= 0 and found: keep(samples, found, r)
    for i in range(opt.rss):
        for r in rotated(i):
            found = attempt(case, r, lambda: body(r, peak))
            if found: keep(rss, found, r)

def batch(r):
    os.ftruncate(errors, 0)
    names = [fresh() for _ in range(opt.parallel)]
    began = time.perf_counter()
    pids = {spawn(r.base + ["run", "--bundle", plain, name]): name for name in names}
    total, failed = 0.0, 0
    for pid in pids:
        _, status, usage = os.wait4(pid, 0)
        total += cpu(usage)
        failed += status != 0
    wall = (time.perf_counter() - began) * 1e3
    lost = failures.setdefault(r.name, [0, 0])
    lost[0], lost[1] = lost[0] + failed, lost[1] + len(names)
    if failed and lost[0] == failed:
        print(f"{r.name}: {failed} of {len(names)} failed: {os.pread(errors, 300, 0).decode(errors='replace').strip()}", file=sys.stderr)
    return {"parallel": (wall, total)}

def work():
    if "run" in opt.cases: measure("run", case_run)
    if "full" in opt.cases: measure("full", case_full)
    if "life" in opt.cases: measure("life", case_life)
    if "exec" in opt.cases:
        for r in runtimes: attempt("exec", r, lambda: open_sleeper(r))
        measure("exec", case_exec)
    if "parallel" in opt.cases:
        for i in range(opt.batches):
            for r in rotated(i):
                found = attempt("parallel", r, lambda: batch(r))
                if found: keep(samples, found, r)

def clean():
    try:
        for r in runtimes:
            if hasattr(r, "sleeper"): attempt("clean", r, lambda: close_sleeper(r))
            # Whatever a failed command left behind.
            for name in os.listdir(r.base[-1]) if os.path.isdir(r.base[-1]) else []:
                if name.startswith("bench-"): subprocess.run(r.base + ["delete", "--force", name], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
        shutil.rmtree(state, ignore_errors=True)

# ---- the report -----------------------------------------------------------------------------------------------------

def quartiles(values):
    return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3

def summary(metric, name):
    rows = samples[metric][name]
    walls, cpus, peaks = [x[0] for x in rows], [x[1] for x in rows], rss.get(metric, {}).get(name)
    return {"rounds": len(rows), "wall_ms": {"median": statistics.median(walls), "min": min(walls)}, "cpu_ms": {"median": statistics.median(cpus), "min": min(cpus)},
            "peak_rss_kib": int(statistics.median(peaks)) if peaks else None}

def ratios(metric, peer):
    a, b = samples[metric].get("ours", []), samples[metric].get(peer, [])
    if not a or len(a) != len(b): return None
    result = {}
    for index, key in ((0, "wall"), (1, "cpu")):
        low, middle, high = quartiles([x[index] / max(y[index], 1e-3) for x, y in zip(a, b)])
        result[key] = {"median": middle, "q1": low, "q3": high}
    return result

def report():
    document = {
        "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "host": {"kernel": platform.release(), "machine": platform.machine(), "cpus": len(os.sched_getaffinity(0)), "cgroups": cgroups, "load": os.getloadavg()[0]},
        "rounds": opt.n, "parallel": opt.parallel,
        "runtimes": {r.name: {"command": " ".join(r.words), "kind": r.kind, "version": r.version} for r in runtimes},
        "failed": {r.name: r.failed for r in runtimes if r.failed}, "results": {}, "samples": samples, "peak_rss_kib": rss}
    print(f"{document['date']}  kernel {platform.release()}  {document['host']['cpus']} CPUs  cgroups {cgroups}  {opt.n} rounds")
    for r in runtimes: print(f"  {r.name:12s} {r.kind} {r.version}")
    print(f"\n{'':9s} {'':12s} {'wall ms':>17s}  {'cpu ms':>8s}  {'rss':>6s}   ours / it: {'wall':>5s} {'quartiles':>13s}  {'cpu':>5s}")
    print(f"{'':9s} {'':12s} {'median':>9s} {'min':>7s}  {'median':>8s}  {'KiB':>6s}")
    for metric in [m for m in ("run", "full", "create", "start", "delete", "life", "exec", "parallel") if m in samples]:
        entry = document["results"][metric] = {}
        for r in [r for r in runtimes if r.name in samples[metric]]:
            s = entry[r.name] = summary(metric, r.name)
            line = f"{metric if r is ours else '':9s} {r.name:12s} {s['wall_ms']['median']:9.2f} {s['wall_ms']['min']:7.2f}  {s['cpu_ms']['median']:8.2f}  {s['peak_rss_kib'] or '-':>6}"
            if r is not ours and (q := ratios(metric, r.name)):
                s["ours_to_it"] = q
                line += f"              {q['wall']['median']:5.2f} {q['wall']['q1']:6.2f}-{q['wall']['q3']:<6.2f}  {q['cpu']['median']:5.2f}"
            if metric == "parallel":
                s["failed"], s["of"] = failures[r.name]
                line += f"   failed {s['failed']} of {s['of']}"
            print(line)
    if opt.json:
        with open(opt.json, "w") as f: json.dump(document, f, indent=1)

signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
try: work()
finally: clean()
report()
sys.exit(1 if ours.failed or failures.get("ours", [0])[0] else 0)
PYTHON
