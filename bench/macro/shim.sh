#!/bin/bash
# Measures a container's monitor beside others: memory, log throughput, exec latency, wake-ups; `bench/macro/shim.sh --help` tells how.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
command -v python3 >/dev/null || { echo "shim.sh: python3 is not installed" >&2; exit 2; }
CHECKOUT=$here exec python3 - "$@" <<'PYTHON'
import argparse, ctypes, datetime, hashlib, json, os, platform, resource, shlex, shutil, signal, statistics, struct, subprocess, sys, tempfile, time

HELP = """
What is measured, for every monitor, in the role that podman and CRI-O call conmon:
  memory   resident, proportional and private dirty memory of the monitors of 1, 10 and 100 idle containers, each kind with only its own kind
           beside it; the sum over the monitors, and the share of one
  pod      the same for 5 containers with 2 exec sessions each: how many processes watch them, and how large these are together
  log      a container writes M megabytes of lines of 100 bytes, which go to a k8s-file log on a tmpfs: megabytes of lines per second, and the
           monitor's own CPU time for a gigabyte (the container's and the runtime's are not in it)
  exec     an exec session of /bin/true, from the call of a monitor in the foreground (--sync) to its end; cpu is that of the runtime as well.
           The line `bare` is `exec` of the runtime without a monitor
  idle     context switches of a monitor in S seconds, with a container that sleeps, and with one that sleeps and has a terminal

  v2-*     memory, pod (5 containers of one pod), log, exec and idle again in the role of containerd's shim, beside runc's shim (io.containerd.runc.v2),
           both over the same runtime and under one private containerd, driven by ctr. Logs are files of bare bytes there, and the time of exec
           is mostly ctr's own

ratio    ours / peer, round by round: median and quartiles. Below 1 we need less time or memory. For log, time is what is compared.
Orders of monitors rotate from round to round. Needs root, python3 and a static busybox (Debian: busybox-static).
"""

ap = argparse.ArgumentParser(prog="shim.sh", description="Measures a container's monitor beside others.", epilog=HELP,
                             formatter_class=argparse.RawDescriptionHelpFormatter)
env = os.environ.get
CASES = ("memory", "pod", "log", "exec", "idle", "v2-memory", "v2-pod", "v2-log", "v2-exec", "v2-idle")
ap.add_argument("--ours", default=env("OURS", os.path.join(env("CHECKOUT", "."), "out/bin/berth-shim")), metavar="PATH", help="env OURS")
ap.add_argument("--peer", action="append", default=None, metavar="[NAME=]PATH", help="may be repeated; env PEERS, separated by spaces; default: conmon, if it is on PATH")
ap.add_argument("--runtime", default=env("RUNTIME", os.path.join(env("CHECKOUT", "."), "out/bin/berth-runtime")), metavar="PATH", help="the OCI runtime behind all of them (env RUNTIME)")
ap.add_argument("--containers", default=env("CONTAINERS", "1,10,100"), help="how many at once in memory (env CONTAINERS, default 1,10,100)")
ap.add_argument("-n", type=int, default=int(env("N", "20")), help="rounds of exec (env N, default 20)")
ap.add_argument("--warm", type=int, default=int(env("WARM", "2")), help="rounds before that which do not count (env WARM, default 2)")
ap.add_argument("--logs", type=int, default=int(env("LOGS", "5")), help="rounds of log (env LOGS, default 5)")
ap.add_argument("--megabytes", type=int, default=int(env("MEGABYTES", "1024")), metavar="M", help="of lines in a round of log (env MEGABYTES, default 1024)")
ap.add_argument("--seconds", type=int, default=int(env("SECONDS_IDLE", "60")), metavar="S", help="of watching in idle (env SECONDS_IDLE, default 60)")
ap.add_argument("--cases", default=env("CASES", ",".join(CASES)), help="which, separated by commas (default: all; those of v2 if containerd is there)")
ap.add_argument("--busybox", default=env("BUSYBOX", "busybox"), help="a static busybox (env BUSYBOX)")
ap.add_argument("--json", metavar="FILE", help="write all numbers there as well")
opt = ap.parse_args()
opt.cases = [case for case in opt.cases.split(",") if case]
for case in opt.cases:
    if case not in CASES: ap.error(f"unknown case {case}")
counts = [int(n) for n in opt.containers.split(",") if n]
if opt.n < 1 or opt.logs < 1 or opt.megabytes < 1 or not counts: ap.error("rounds, megabytes and containers are at least 1")

def stop(text): sys.exit(f"shim.sh: {text}")

# ---- the host -------------------------------------------------------------------------------------------------------

if os.geteuid() != 0: stop("containers are made as root")
libc = ctypes.CDLL(None, use_errno=True)
def must(result, what):
    if result != 0: stop(f"{what}: {os.strerror(ctypes.get_errno())}")

# Orphans come to us: so a monitor in the background can be waited for, instead of asking again and again.
PR_SET_CHILD_SUBREAPER = 36
must(libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

def static_busybox():
    path = shutil.which(opt.busybox) or stop(f"{opt.busybox} is not there")
    path = os.path.realpath(path)
    with open(path, "rb") as f: head = f.read(4096)
    if head[:4] != b"\x7fELF" or head[4] != 2: stop(f"{path} is no 64-bit ELF program")
    table, size, count = struct.unpack_from("<Q", head, 32)[0], *struct.unpack_from("<HH", head, 54)
    if any(struct.unpack_from("<I", head, table + i * size)[0] == 3 for i in range(count)):
        stop(f"{path} is linked dynamically: install busybox-static, or name another one with --busybox")
    return path

def program(path): return os.path.abspath(shutil.which(path) or stop(f"{path} is not there"))

busybox, runtime = static_busybox(), program(opt.runtime)
stage = tempfile.mkdtemp(prefix="berth-bench-")
state, shelf = f"{stage}/state", f"{stage}/tmpfs"
for folder in (state, shelf, f"{stage}/sockets", f"{stage}/exits", f"{stage}/names"): os.mkdir(folder)
null, errors = os.open("/dev/null", os.O_RDWR), os.open(f"{stage}/stderr", os.O_RDWR | os.O_CREAT | os.O_APPEND)

class Monitor:
    """One kind of monitor, called by the name that engines look for."""
    def __init__(self, name, path):
        self.real, self.failed = program(path), {}
        probe = subprocess.run([self.real, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True).stdout.split()
        self.version = probe[2] if len(probe) > 2 else "?"
        self.name = name or f"conmon-{self.version}"
        self.path = f"{stage}/names/{self.name}/conmon"
        os.mkdir(os.path.dirname(self.path))
        os.symlink(self.real, self.path)

    def __repr__(self): return f"{self.name:14s} {self.version:10s} {self.real}"

ours = Monitor("ours", opt.ours)
peers = opt.peer if opt.peer is not None else env("PEERS", "").split() or [p for p in ("conmon",) if shutil.which(p)]
monitors = [ours]
for peer in peers:
    name, equals, path = peer.partition("=")
    monitors.append(Monitor(name if equals else None, path if equals else peer))
# Pages of a program that was just written count as dirty until they are on the disk.
for m in monitors:
    with open(m.real, "rb") as f: os.fsync(f.fileno())

# ---- the stage ------------------------------------------------------------------------------------------------------

rootfs = f"{stage}/rootfs"
for folder in ("bin", "proc", "dev", "sys", "tmp"): os.makedirs(f"{rootfs}/{folder}")
shutil.copy(busybox, f"{rootfs}/bin/busybox")
for applet in ("sh", "true", "sleep", "usleep", "cat"): os.symlink("busybox", f"{rootfs}/bin/{applet}")
LINE, CHUNK = b"%s\n" % (b"0123456789" * 10)[:99], 16 << 20
if "log" in opt.cases or "v2-log" in opt.cases:
    # On the same tmpfs as the logs: neither reading nor writing waits for a disk.
    must(libc.mount(b"berth-bench", shelf.encode(), b"tmpfs", 0, b"mode=755"), "mount tmpfs")
    with open(f"{shelf}/lines", "wb") as f: f.write(LINE * (CHUNK // len(LINE)))

CAPS = ["CAP_" + c for c in "CHOWN DAC_OVERRIDE FSETID FOWNER SETGID SETUID SETFCAP SETPCAP KILL".split()]
def mount(where, kind, *options, source=None): return {"destination": where, "type": kind, "source": source or kind, "options": list(options)}

counter = 0
def fresh():
    global counter
    counter += 1
    return f"bench-{os.getpid()}-{counter}"

def process(args, terminal=False):
    return {"user": {"uid": 0, "gid": 0}, "args": args, "env": ["PATH=/bin"], "cwd": "/", "noNewPrivileges": True, "terminal": terminal,
            "capabilities": {k: CAPS for k in ("bounding", "effective", "permitted")}}

def bundle(name, args, terminal=False):
    """A bundle of its own for each container, as engines make it: the monitor puts its socket and fifos there. The root is shared."""
    path = f"{stage}/bundles/{name}"
    os.makedirs(path)
    config = {
        "ociVersion": "1.0.2", "process": process(args, terminal), "root": {"path": rootfs, "readonly": True}, "hostname": "bench",
        "mounts": [mount("/proc", "proc"), mount("/dev", "tmpfs", "nosuid", "mode=755", "size=65536k"), mount("/dev/pts", "devpts", "newinstance", "ptmxmode=0666", "mode=0620"),
                   mount("/tmp", "bind", "rbind", "ro", source=shelf)],
        "linux": {"cgroupsPath": f"/{name}", "resources": {"devices": [{"allow": False, "access": "rwm"}]},
                  "namespaces": [{"type": t} for t in ("pid", "network", "ipc", "uts", "mount")]}}
    with open(f"{path}/config.json", "w") as f: json.dump(config, f)
    return path

# ---- one container --------------------------------------------------------------------------------------------------

class Failed(Exception): pass

def complain(what, status):
    text = os.pread(errors, 8192, 0).decode(errors="replace").strip().splitlines()
    raise Failed(f"{what}: status {os.waitstatus_to_exitcode(status)}: {text[-1] if text else 'no word'}")

def spawn(argv, environment=None, sync=None):
    actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, errors, 2)]
    if sync is not None: actions.append((os.POSIX_SPAWN_DUP2, sync, 3))
    return os.posix_spawn(argv[0], argv, environment or os.environ, file_actions=actions)

def call(argv, environment=None, sync=None):
    os.ftruncate(errors, 0)
    began = time.perf_counter()
    _, status, usage = os.wait4(spawn(argv, environment, sync), 0)
    wall = (time.perf_counter() - began) * 1e3
    if status: complain(" ".join(argv[:1] + argv[-2:]), status)
    return wall, (usage.ru_utime + usage.ru_stime) * 1e3

def number(path):
    with open(path) as f: return int(f.read())

class Container:
    """A container that a monitor keeps, made the way an engine has it made."""
    def __init__(self, monitor, args, log="none", terminal=False, extra=()):
        self.monitor, self.name = monitor, fresh()
        self.path = bundle(self.name, args, terminal)
        self.words = [monitor.path, "--runtime", runtime, "--runtime-arg", "--root", "--runtime-arg", state, "--socket-dir-path", f"{stage}/sockets", "--log-path", log]
        ends = os.pipe()
        try:
            call(self.words + ["--cid", self.name, "--cuuid", self.name, "--name", self.name, "--bundle", self.path, "--container-pidfile", f"{self.path}/pid",
                               "--conmon-pidfile", f"{self.path}/monitor", "--exit-dir", f"{stage}/exits", *(["--terminal"] if terminal else []), *extra],
                 {**os.environ, "_OCI_SYNCPIPE": "3"}, ends[1])
            os.close(ends[1])
            report = json.loads(os.read(ends[0], 65536) or b'{"message": "the monitor closed the pipe"}')
        finally: os.close(ends[0])
        if report.get("pid", -1) < 0: raise Failed(f"create: {report.get('message', 'no word')}")
        self.pid = number(f"{self.path}/monitor")
        self.sessions = []

    def start(self):
        call([runtime, "--root", state, "start", self.name])
        return self

    def execute(self, *args):
        """An exec session that stays: its monitor is in the background."""
        session = fresh()
        home = f"{stage}/bundles/{session}"
        os.makedirs(home)
        with open(f"{home}/process.json", "w") as f: json.dump(process(list(args)), f)
        ends = os.pipe()
        try:
            call(self.words + ["--exec", "--api-version", "--cid", self.name, "--cuuid", session, "--bundle", home, "--exec-process-spec", f"{home}/process.json",
                               "--container-pidfile", f"{home}/pid", "--conmon-pidfile", f"{home}/monitor"], {**os.environ, "_OCI_SYNCPIPE": "3"}, ends[1])
            os.close(ends[1])
            json.loads(os.read(ends[0], 65536))
        finally: os.close(ends[0])
        self.sessions.append(number(f"{home}/monitor"))

    def spec(self, *args):
        path = f"{self.path}/process.json"
        with open(path, "w") as f: json.dump(process(list(args)), f)
        return path

    def end(self):
        """Waits for the monitors, which are ours since their callers went away."""
        for pid in (*self.sessions, self.pid): os.waitpid(pid, 0)

    def close(self):
        try: call([runtime, "--root", state, "delete", "--force", self.name])
        except Failed: pass
        self.end()

# ---- the cases ------------------------------------------------------------------------------------------------------

results = {}   # case -> metric -> monitor -> [samples]

def keep(case, metric, monitor, value): results.setdefault(case, {}).setdefault(metric, {}).setdefault(monitor.name, []).append(value)

def attempt(case, monitor, action):
    """A monitor that fails a case is left out of the rest of it, and that is said."""
    if case in monitor.failed: return None
    try: return action()
    except (Failed, OSError, ValueError) as e:
        monitor.failed[case] = str(e)
        print(f"{monitor.name}: {case}: {e}", file=sys.stderr)
        return None

def rotated(i, kinds=monitors): return kinds[i % len(kinds):] + kinds[:i % len(kinds)]

def weight(pids):
    """Kilobytes over all of them: resident, proportional, private dirty."""
    total = {"Rss": 0, "Pss": 0, "Private_Dirty": 0}
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                key, _, rest = line.partition(":")
                if key in total: total[key] += int(rest.split()[0])
    return total

def case_memory():
    for count in counts:
        for monitor in monitors:
            def body():
                containers = []
                try:
                    for _ in range(count): containers.append(Container(monitor, ["/bin/sleep", "1000000"], f"k8s-file:{stage}/log").start())
                    time.sleep(0.5)
                    for key, value in weight([c.pid for c in containers]).items(): keep("memory", f"{count} {key}", monitor, value)
                finally:
                    for c in containers: c.close()
            attempt("memory", monitor, body)

def case_pod():
    for monitor in monitors:
        def body():
            containers = []
            try:
                for _ in range(5): containers.append(Container(monitor, ["/bin/sleep", "1000000"], f"k8s-file:{stage}/log").start())
                for c in containers:
                    for _ in range(2): c.execute("/bin/sleep", "1000000")
                time.sleep(0.5)
                pids = [pid for c in containers for pid in (c.pid, *c.sessions)]
                keep("pod", "processes", monitor, len(pids))
                for key, value in weight(pids).items(): keep("pod", key, monitor, value)
            finally:
                for c in containers: c.close()
        attempt("pod", monitor, body)

def case_log():
    ticks = os.sysconf("SC_CLK_TCK")
    rounds = -(-opt.megabytes * (1 << 20) // CHUNK)
    teller = f"{stage}/teller"
    with open(teller, "w") as f: f.write(f"#!{busybox} sh\ncat /proc/$PPID/stat > {stage}/stat\n")
    os.chmod(teller, 0o755)
    for i in range(-1, opt.logs):
        for monitor in rotated(max(i, 0)):
            def body():
                log = f"{shelf}/log"
                script = f"i=0; while [ $i -lt {1 if i < 0 else rounds} ]; do cat /tmp/lines; i=$((i + 1)); done"
                c = Container(monitor, ["/bin/sh", "-c", script], f"k8s-file:{log}", extra=("--exit-command", teller, "--no-sync-log"))
                try:
                    began = time.perf_counter()
                    c.start()
                    c.end()
                    wall = time.perf_counter() - began
                finally:
                    try: call([runtime, "--root", state, "delete", "--force", c.name])
                    except Failed: pass
                lines = (1 if i < 0 else rounds) * (CHUNK // len(LINE))
                size = os.stat(log).st_size
                os.unlink(log)
                # 35 bytes of time and 10 of stream and flag before each; a part of a line costs another such, so there may be more.
                if size < lines * (len(LINE) + 45): raise Failed(f"the log has {size} bytes, and {lines * (len(LINE) + 45)} are due")
                with open(f"{stage}/stat") as f: fields = f.read().rpartition(")")[2].split()
                # Of the monitor alone: user and system time, without those of its children.
                cpu = (int(fields[11]) + int(fields[12])) / ticks
                if i < 0: return
                gigabytes = lines * len(LINE) / (1 << 30)
                keep("log", "MB/s", monitor, lines * len(LINE) / (1 << 20) / wall)
                keep("log", "seconds/GB", monitor, wall / gigabytes)
                keep("log", "cpu s/GB", monitor, cpu / gigabytes)
            attempt("log", monitor, body)

def case_exec():
    sleepers = {}
    try:
        for monitor in monitors:
            def body(): sleepers[monitor] = Container(monitor, ["/bin/sleep", "1000000"], "none").start()
            attempt("exec", monitor, body)
        for i in range(-opt.warm, opt.n):
            for monitor in rotated(max(i, 0)):
                def body():
                    c = sleepers[monitor]
                    wall, cpu = call(c.words + ["--sync", "--exec", "--api-version", "--cid", c.name, "--cuuid", f"{c.name}-x", "--bundle", bundle_of_sessions(), "--exec-process-spec", c.spec("/bin/true"),
                                                "--container-pidfile", f"{c.path}/exec-pid"])
                    if i >= 0:
                        keep("exec", "wall ms", monitor, wall)
                        keep("exec", "cpu ms", monitor, cpu)
                attempt("exec", monitor, body)
            if ours in sleepers:
                wall, cpu = call([runtime, "--root", state, "exec", "--process", sleepers[ours].spec("/bin/true"), sleepers[ours].name])
                if i >= 0: bare.append((wall, cpu))
    finally:
        for c in sleepers.values(): c.close()

bare = []
def bundle_of_sessions():
    path = f"{stage}/bundles/sessions"
    os.makedirs(path, exist_ok=True)
    return path

def switches(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/status") as f:
            total += sum(int(line.split()[1]) for line in f if "ctxt_switches" in line)
    return total

def case_idle():
    watched = []
    try:
        for monitor in monitors:
            for terminal in (False, True):
                def body(): watched.append((monitor, terminal, Container(monitor, ["/bin/sleep", "1000000"], f"k8s-file:{stage}/log", terminal=terminal).start()))
                attempt("idle", monitor, body)
        time.sleep(2)
        before = [switches(c.pid) for _, _, c in watched]
        time.sleep(opt.seconds)
        for (monitor, terminal, c), count in zip(watched, before):
            keep("idle", "terminal" if terminal else "plain", monitor, switches(c.pid) - count)
    finally:
        for _, _, c in watched: c.close()

# ---- the role of containerd's shim ----------------------------------------------------------------------------------

class Shim:
    """A kind of shim, as containerd calls it."""
    def __init__(self, name, word, real, *options):
        self.name, self.options, self.real, self.failed = name, ["--runtime", word, *options], real, {}
        out = subprocess.run([real, "-v"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        words = (out.stdout + out.stderr).split()
        self.version = words[words.index("Version:") + 1] if "Version:" in words[:-1] else "?"

    def __repr__(self): return f"{self.name:14s} {self.version:10s} {self.real}"

class Containerd:
    """A private containerd, with both kinds of shims on its path."""
    def __init__(self):
        self.folder = f"{stage}/containerd"
        self.socket = f"{self.folder}/c.sock"
        os.makedirs(f"{self.folder}/path")
        os.symlink(ours.real, f"{self.folder}/path/containerd-shim-berth-v2")
        os.symlink(runtime, f"{self.folder}/path/berth-runtime")
        with open(f"{self.folder}/config.toml", "w") as f:
            f.write(f"""version = 2
root = "{self.folder}/root"
state = "{self.folder}/run"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{self.socket}"
[ttrpc]
  address = "{self.socket}.ttrpc"
""")
        self.shims = [Shim("ours", "io.containerd.berth.v2", f"{self.folder}/path/containerd-shim-berth-v2"),
                      Shim("runc-v2", "io.containerd.runc.v2", program("containerd-shim-runc-v2"), "--runc-binary", runtime)]
        self.path = {**os.environ, "PATH": f"{self.folder}/path:{os.environ['PATH']}"}
        self.ctr_path, self.ids, self.groups = program("ctr"), [], []
        self.pid = spawn([program("containerd"), "--config", f"{self.folder}/config.toml"], self.path)
        for _ in range(200):
            try: return self.ctr("version") and None
            except Failed: time.sleep(0.05)
        raise Failed("containerd does not answer")

    def ctr(self, *words): return call([self.ctr_path, "--address", self.socket, "--namespace", "bench", *words], self.path)

    def run(self, shim, *args, options=()):
        name = fresh()
        self.ids.append(name)
        self.groups.append(name)
        self.ctr("run", "--detach", *shim.options, "--rootfs", "--read-only", "--cgroup", f"/{name}", "--fifo-dir", f"{self.folder}/fifo",
                 "--mount", f"type=bind,src={shelf},dst=/tmp,options=rbind:ro", *(options or ["--null-io"]), rootfs, name, *args)
        return name

    def pids(self):
        """The shims that are there, whoever keeps how much."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as f: words = f.read().split(b"\0")
            except OSError: continue
            if b"containerd-shim" in words[0] and self.socket.encode() in words: found.append(int(pid))
        return found

    def clear(self):
        for name in self.ids:
            for words in (("tasks", "kill", "--all", "--signal", "KILL", name), ("tasks", "delete", "--force", name), ("containers", "delete", name)):
                try: self.ctr(*words)
                except Failed: pass
        self.ids = []
        for _ in range(200):
            if not self.pids(): return
            time.sleep(0.02)

    def close(self):
        self.clear()
        os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        # What shims that were killed leave: sockets in a common folder, named by what they serve, and the folders of the runtime's states.
        for group in self.groups:
            path = "/run/containerd/s/" + hashlib.sha256(f"{self.socket}/bench/{group}".encode()).hexdigest()
            if os.path.exists(path): os.unlink(path)
        for kind in ("runc", "berth"): shutil.rmtree(f"/run/containerd/{kind}/bench", ignore_errors=True)

daemon = None

def v2_memory():
    for count in counts:
        for shim in daemon.shims:
            def body():
                try:
                    for _ in range(count): daemon.run(shim, "/bin/sleep", "1000000")
                    time.sleep(1)
                    for key, value in weight(daemon.pids()).items(): keep("v2-memory", f"{count} {key}", shim, value)
                finally: daemon.clear()
            attempt("v2-memory", shim, body)

def v2_pod():
    for shim in daemon.shims:
        def body():
            try:
                pod = fresh()
                daemon.groups.append(pod)
                names = [daemon.run(shim, "/bin/sleep", "1000000", options=("--null-io", "--annotation", f"io.kubernetes.cri.sandbox-id={pod}")) for _ in range(5)]
                for name in names:
                    for session in ("one", "two"): daemon.ctr("tasks", "exec", "--detach", "--fifo-dir", f"{daemon.folder}/fifo", "--exec-id", session, name, "/bin/sleep", "1000000")
                time.sleep(1)
                keep("v2-pod", "processes", shim, len(daemon.pids()))
                for key, value in weight(daemon.pids()).items(): keep("v2-pod", key, shim, value)
            finally: daemon.clear()
        attempt("v2-pod", shim, body)

def v2_log():
    rounds = -(-opt.megabytes * (1 << 20) // CHUNK)
    script = f"while [ ! -e /tmp/go ]; do usleep 2000; done; i=0; while [ $i -lt {rounds} ]; do cat /tmp/lines; i=$((i + 1)); done; sleep 1000000"
    for i in range(opt.logs):
        for shim in rotated(i, daemon.shims):
            def body():
                log, go, due = f"{shelf}/v2.log", f"{shelf}/go", rounds * (CHUNK // len(LINE)) * len(LINE)
                try:
                    daemon.run(shim, "/bin/sh", "-c", script, options=("--log-uri", f"file://{log}"))
                    pid, = daemon.pids()
                    spent = cpu_of(pid)
                    began = time.perf_counter()
                    open(go, "w").close()
                    while os.stat(log).st_size < due: time.sleep(0.002)
                    wall, gigabytes = time.perf_counter() - began, due / (1 << 30)
                    keep("v2-log", "MB/s", shim, due / (1 << 20) / wall)
                    keep("v2-log", "seconds/GB", shim, wall / gigabytes)
                    keep("v2-log", "cpu s/GB", shim, (cpu_of(pid) - spent) / gigabytes)
                finally:
                    daemon.clear()
                    for path in (log, go):
                        if os.path.exists(path): os.unlink(path)
            attempt("v2-log", shim, body)

def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as f: fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

def v2_exec():
    try:
        names = {}
        for shim in daemon.shims:
            def body(): names[shim] = daemon.run(shim, "/bin/sleep", "1000000")
            attempt("v2-exec", shim, body)
        for i in range(-opt.warm, opt.n):
            for shim in rotated(max(i, 0), daemon.shims):
                def body():
                    wall, cpu = daemon.ctr("tasks", "exec", "--fifo-dir", f"{daemon.folder}/fifo", "--exec-id", fresh(), names[shim], "/bin/true")
                    if i >= 0: keep("v2-exec", "wall ms", shim, wall)
                attempt("v2-exec", shim, body)
    finally: daemon.clear()

def v2_idle():
    try:
        watched = []
        for shim in daemon.shims:
            def body():
                known = set(daemon.pids())
                daemon.run(shim, "/bin/sleep", "1000000")
                watched.append((shim, *(set(daemon.pids()) - known)))
            attempt("v2-idle", shim, body)
        time.sleep(2)
        before = [switches(pid) for _, pid in watched]
        time.sleep(opt.seconds)
        for (shim, pid), count in zip(watched, before): keep("v2-idle", "plain", shim, switches(pid) - count)
    finally: daemon.clear()

def clean():
    if daemon:
        try: daemon.close()
        except (Failed, OSError) as e: print(f"shim.sh: {e}", file=sys.stderr)
    try:
        for name in os.listdir(state) if os.path.isdir(state) else []:
            if name.startswith("bench-"): subprocess.run([runtime, "--root", state, "delete", "--force", name], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    finally:
        libc.umount2(shelf.encode(), 2)
        shutil.rmtree(stage, ignore_errors=True)

# ---- the report -----------------------------------------------------------------------------------------------------

def quartiles(values): return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3

def ratio(case, metric, peer):
    a, b = results[case][metric].get("ours", []), results[case][metric][peer]
    if not a or len(a) != len(b): return ""
    if 0 in b: return ""
    low, middle, high = quartiles([x / y for x, y in zip(a, b)])
    return f"   ours / it {middle:5.2f}" + (f" ({low:.2f}-{high:.2f})" if len(a) > 1 else "")

def row(case, metric, name, text): print(f"{case:10s} {metric:18s} {name:14s} {text}{'' if name == 'ours' else ratio(case, metric, name)}")

def report():
    print(f"{datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')}  kernel {platform.release()}  {len(os.sched_getaffinity(0))} CPUs  load {os.getloadavg()[0]:.1f}  runtime {runtime}")
    for m in monitors: print(f"  {m}")
    for m in daemon.shims[1:] if daemon else []: print(f"  {m}")
    for case, metrics in results.items():
        print()
        for metric, by in metrics.items():
            for name, values in by.items():
                if case.endswith("memory"): row(case, metric, name, f"{values[0]:8d} KiB, {values[0] / int(metric.split()[0]):8.1f} each")
                elif case.endswith(("pod", "idle")): row(case, metric, name, f"{values[0]:8d}{' KiB' if case.endswith('pod') and metric != 'processes' else ''}")
                else: row(case, metric, name, f"median {statistics.median(values):9.2f}  min {min(values):9.2f}")
            if case == "exec" and bare:
                values = [sample[0 if metric == "wall ms" else 1] for sample in bare]
                print(f"{case:10s} {metric:18s} {'bare':14s} median {statistics.median(values):9.2f}  min {min(values):9.2f}")
    if opt.json:
        document = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "host": {"kernel": platform.release(), "machine": platform.machine(), "cpus": len(os.sched_getaffinity(0))}, "runtime": runtime,
            "monitors": {m.name: {"path": m.real, "version": m.version} for m in monitors},
            "shims": {m.name: {"path": m.real, "version": m.version} for m in (daemon.shims if daemon else [])},
            "failed": [{"name": m.name, **m.failed} for m in (*monitors, *(daemon.shims if daemon else [])) if m.failed], "samples": results, "bare_exec": bare}
        with open(opt.json, "w") as f: json.dump(document, f, indent=1)

signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
BODIES = {"memory": case_memory, "pod": case_pod, "log": case_log, "exec": case_exec, "idle": case_idle,
          "v2-memory": v2_memory, "v2-pod": v2_pod, "v2-log": v2_log, "v2-exec": v2_exec, "v2-idle": v2_idle}
try:
    for case in opt.cases:
        if case.startswith("v2-") and not daemon:
            missing = [p for p in ("containerd", "ctr", "containerd-shim-runc-v2") if not shutil.which(p)]
            if missing:
                print(f"{case}: left out, as {', '.join(missing)} is not installed", file=sys.stderr)
                continue
            daemon = Containerd()
        BODIES[case]()
finally: clean()
report()
sys.exit(1 if ours.failed or daemon and daemon.shims[0].failed else 0)
PYTHON
