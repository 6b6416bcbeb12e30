#!/bin/bash
# Measures moving and keeping images beside podman, containerd, docker and skopeo; `bench/macro/images.sh --help` tells how.
set -eu
here=$(cd "$(dirname "$0")/../.." && pwd)
command -v python3 >/dev/null || { echo "images.sh: python3 is not installed" >&2; exit 2; }
CHECKOUT=$here exec python3 - "$@" <<'PYTHON'
import argparse, base64, ctypes, ctypes.util, datetime, gzip, hashlib, io, json, os, platform, random, re, select, shutil, signal, socket, stat, statistics, subprocess, sys, tarfile, tempfile, time, urllib.request

HELP = """
What is measured, for every engine in every round, the order of the engines rotating:
  pull        an image of the registry into an empty store: fetched, verified, unpacked. The store is new, and the daemon behind it was started on it
  pull-again  the same once more, when nothing is new
  inspect     of an image in the store, as JSON
  push        into another registry, which has nothing; push-again: which has all of it; push-near: into another repository of the one it came from
  save, load  to and from an archive of docker's kind (ctr writes its layers as they are stored, the others decompressed). What is loaded is the same for all
  rmi         the image and all that came with it
  copy        registry to OCI layout, without unpacking; copy-up: OCI layout to a registry that has nothing; far: inspect an image in the registry
  parallel    P pulls at once of P different images into an empty store
  list        the images of a store that has M of them. podman is left out unless --fill-podman is given: filling its store takes a core for ten minutes

wall     from posix_spawn of the client to its end; of several: to the end of the last
cpu      user and system time of the client and of the children it waited for, and of the daemons behind it (dockerd and its containerd; containerd)
         with their children, counted by the kernel in steps of 10 ms. What a daemon does after its client has gone is not in it, nor is the registry
rss      peak resident memory: of the largest process among the client and its children (a number below that of `floor` is that), and with it of each
         process of the daemon, whose mark was reset before (/proc/PID/clear_refs). Of several clients: the sum
written  bytes of file data that these processes made dirty (write_bytes of /proc/PID/io, ru_oublock); on tmpfs nothing is counted
kept     what lies on the disk then, by du, where a store was filled
ratio    ours / peer, round by round: median and quartiles. Below 1 we need less

Nobody is made to wait for the disk: sync(2) is called before each measurement, and what a command leaves unwritten is its own affair. The page
cache is warm: no caches are dropped, so that the registry is not what is measured. All stores, layouts and archives of a round lie on one fresh
file system, an ext4 in a file of --work: what was deleted before slows down who makes files next (without a journal ext4 leaves inodes alone that
became free less than a minute ago, and looks at each of them). Where mkfs.ext4 or loop devices are missing, or with --here, they lie in --work
itself. Daemons are private ones, with folders and sockets of their own. Everything runs in a mount namespace of its own.
Images and the stores of list (made once, kept in --work): debian:minbase (debootstrap where it is there; else a part of the host's /usr), layers:12, files:20k,
debian:zstd, P small ones, and an archive with M tiny images. With --registry those that are there are copied from there first.
Needs root, python3, docker-registry, and the engines (Debian: podman, containerd, docker.io, skopeo); which of them are missing is said.
"""

ap = argparse.ArgumentParser(prog="images.sh", description="Measures moving and keeping images beside other engines.", epilog=HELP,
                             formatter_class=argparse.RawDescriptionHelpFormatter)
env = os.environ.get
CASES = ("pull", "pull-again", "inspect", "push", "push-again", "push-near", "save", "load", "rmi", "copy", "copy-up", "far", "parallel", "list")
STAY = ("pull-again", "inspect", "push", "push-again", "push-near", "save", "rmi", "load")
QUICK = ("pull-again", "inspect", "far", "list")
ap.add_argument("--ours", default=env("OURS", os.path.join(env("CHECKOUT", "."), "out/bin/berth")), metavar="PATH", help="env OURS")
ap.add_argument("--peers", default=env("PEERS", "podman,ctr,docker,skopeo"), metavar="NAMES", help="env PEERS, separated by commas (default: podman,ctr,docker,skopeo)")
ap.add_argument("-n", type=int, default=int(env("N", "3")), help="rounds (env N, default 3)")
ap.add_argument("--quick", type=int, default=int(env("QUICK", "5")), metavar="K", help="how often in a round what ends at once is done: " + ", ".join(QUICK) + " (env QUICK, default 5)")
ap.add_argument("--images", default=env("IMAGES", "debian:minbase,layers:12,files:20k,debian:zstd"), help="which are pulled, removed and copied; the first one is pushed, saved and loaded, too (env IMAGES)")
ap.add_argument("--cases", default=env("CASES", ",".join(CASES)), help="which, separated by commas (default: all)")
ap.add_argument("--parallel", type=int, default=int(env("PARALLEL", "10")), metavar="P", help="pulls at once (env PARALLEL, default 10)")
ap.add_argument("--many", type=int, default=int(env("MANY", "1000")), metavar="M", help="images in the store of list (env MANY, default 1000)")
ap.add_argument("--fill-podman", action="store_true", default=env("FILL_PODMAN", "") != "", help="list with podman, too (env FILL_PODMAN)")
ap.add_argument("--registry", default=env("REGISTRY", ""), metavar="HOST:PORT", help="one without TLS that has some of the images: they are read from there, and nothing is written there (env REGISTRY)")
ap.add_argument("--work", default=env("WORK", ""), metavar="DIR", help="where everything lies; the images stay for the next run (env WORK; default: a temporary folder, which is removed)")
ap.add_argument("--here", action="store_true", default=env("HERE", "") != "", help="no file system of its own for the stores (env HERE)")
ap.add_argument("--json", metavar="FILE", help="write all numbers there as well")
opt = ap.parse_args()
opt.cases = [case for case in opt.cases.split(",") if case]
for case in opt.cases:
    if case not in CASES: ap.error(f"unknown case {case}")
opt.images = [image for image in opt.images.split(",") if image]
if min(opt.n, opt.quick, opt.parallel, opt.many) < 1 or not opt.images: ap.error("rounds, images, pulls at once are at least 1")

def stop(text): sys.exit(f"images.sh: {text}")

def say(text): print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr)

# ---- the host -------------------------------------------------------------------------------------------------------

if os.geteuid() != 0: stop("stores are made as root")
libc = ctypes.CDLL(None, use_errno=True)
def must(result, what):
    if result != 0: stop(f"{what}: {os.strerror(ctypes.get_errno())}")

# What the engines mount goes with us.
CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH = 0x20000, 0x4000, 1 << 18, 2
must(libc.unshare(CLONE_NEWNS), "unshare")
must(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount --make-rprivate")

def which(name): return shutil.which(name, path="/usr/bin:/usr/sbin:" + env("PATH", ""))

if not which("docker-registry"): stop("docker-registry is not installed (Debian: docker-registry)")
temporary = not opt.work
work = os.path.abspath(opt.work or tempfile.mkdtemp(prefix="berth-bench-"))
os.makedirs(work, exist_ok=True)
# Sockets have short names.
run = tempfile.mkdtemp(prefix="berth-bench-run-")
disk = f"{work}/disk"
errors_path = f"{run}/stderr"
HOME = f"{work}/home"
quiet_environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": HOME, "XDG_RUNTIME_DIR": run, "TMPDIR": f"{disk}/tmp", "LANG": "C.UTF-8"}

def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w") as f: f.write(text)
    return path

def drop(path):
    """Takes a folder away, with what is mounted in it."""
    path = os.path.realpath(path)
    with open("/proc/self/mountinfo") as f: points = [line.split()[4] for line in f]
    for point in reversed(points):
        if point == path or point.startswith(path + "/"): libc.umount2(point.encode(), MNT_DETACH)
    if os.path.lexists(path): subprocess.run(["rm", "-rf", "--one-file-system", path], check=True)

own_disks = not opt.here and os.path.exists("/dev/loop-control") and which("mkfs.ext4") is not None

def fresh_disk(image="disk.img", keep=False):
    """An empty file system where the stores lie; one that is kept has what it had."""
    no_disk()
    os.makedirs(disk, exist_ok=True)
    if own_disks:
        path = f"{work}/{image}"
        if not keep or not os.path.exists(path):
            with open(path, "wb") as f: f.truncate(32 << 30)
            subprocess.run([which("mkfs.ext4"), "-q", "-F", "-E", "nodiscard,lazy_itable_init=1,lazy_journal_init=1", path], check=True)
        # No thread that fills tables in while something is measured.
        subprocess.run(["mount", "-o", "loop,noinit_itable", path, disk], check=True)
    os.makedirs(f"{disk}/tmp", exist_ok=True)

def no_disk():
    """Everything in it is gone, or lies in its image."""
    if not os.path.isdir(disk): return
    if own_disks and os.path.ismount(disk):
        with open("/proc/self/mountinfo") as f: points = [line.split()[4] for line in f]
        for point in reversed(points):
            if point.startswith(disk + "/"): libc.umount2(point.encode(), MNT_DETACH)
        subprocess.run(["umount", disk], check=True)
    elif not own_disks: drop(disk)
    if os.path.exists(f"{work}/disk.img"): os.unlink(f"{work}/disk.img")

class Failed(Exception): pass

# Who is killed leaves none of them.
PR_SET_PDEATHSIG = 1
def orphaned(): libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)

def daemon(argv, ready, log, environment=None):
    """Starts a daemon and waits until it answers."""
    with open(log, "ab") as out: process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment or quiet_environment, cwd="/", preexec_fn=orphaned)
    until = time.monotonic() + 60
    while not ready():
        if process.poll() is not None or time.monotonic() > until:
            end(process)
            with open(log, errors="replace") as f: raise Failed(f"{argv[0]} did not start: {(f.read().strip().splitlines() or ['no word'])[-1]}")
        time.sleep(0.02)
    return process

def end(process):
    if process.poll() is not None: return
    process.terminate()
    try: process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

# ---- who starts what is measured ------------------------------------------------------------------------------------

# A process inherits the peak memory of the program that spawned it: this one is as small as python can be.
LAUNCHER = r"""
import posix, sys, time
null = posix.open("/dev/null", posix.O_RDWR)
while True:
    line = sys.stdin.readline()
    if not line: break
    commands, environment, errors = eval(line)
    log = posix.open(errors, posix.O_RDWR | posix.O_CREAT | posix.O_TRUNC | posix.O_APPEND, 0o600)
    actions = [(posix.POSIX_SPAWN_DUP2, null, 0), (posix.POSIX_SPAWN_DUP2, null, 1), (posix.POSIX_SPAWN_DUP2, log, 2)]
    began = time.perf_counter()
    pids = [posix.posix_spawn(argv[0], argv, environment, file_actions=actions) for argv in commands]
    ends = []
    for _ in pids:
        pid, status, usage = posix.wait4(-1, 0)
        ends.append((status, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, usage.ru_oublock // 2))
    wall = time.perf_counter() - began
    posix.close(log)
    sys.stdout.write(repr((wall, ends)) + "\n")
    sys.stdout.flush()
"""
launcher = subprocess.Popen([sys.executable, "-I", "-S", "-c", LAUNCHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True)

def launch(commands, environment):
    """Runs commands at the same time: wall ms, CPU ms, KiB of memory, KiB written."""
    launcher.stdin.write(repr((commands, environment, errors_path)) + "\n")
    launcher.stdin.flush()
    if not select.select([launcher.stdout], [], [], 900)[0]:
        os.killpg(launcher.pid, signal.SIGKILL)
        stop(f"{' '.join(commands[0])} has not ended for a quarter of an hour")
    wall, ends = eval(launcher.stdout.readline())
    bad = [status for status, *_ in ends if status]
    if bad:
        with open(errors_path, errors="replace") as f: text = f.read().strip().splitlines()
        raise Failed(f"{' '.join(commands[0])}: status {os.waitstatus_to_exitcode(bad[0])}: {text[-1] if text else 'no word'}")
    return wall * 1e3, sum(e[1] for e in ends) * 1e3, sum(e[2] for e in ends), sum(e[3] for e in ends)

# ---- the engines ----------------------------------------------------------------------------------------------------

TICK = 1e3 / os.sysconf("SC_CLK_TCK")

def family(root):
    """A process and those below it."""
    below = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat") as f: below.setdefault(int(f.read().rpartition(")")[2].split()[1]), []).append(int(pid))
        except OSError: pass
    found = [root]
    for pid in found: found += below.get(pid, [])
    return found

class Engine:
    """Somebody who keeps images. Verbs give command lines; None: it has no such thing."""
    daemon_process = None
    version = "?"

    def __init__(self, name, program, probe):
        self.name, self.program, self.failed, self.place, self.logs = name, which(program) or "", {}, None, 0
        if not self.program: return
        out = subprocess.run([self.program, *probe], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=quiet_environment).stdout
        found = re.search(r"\d+\.\d[\w.+~-]*", out)
        if found: self.version = found[0]

    def __repr__(self): return f"{self.name:8s} {self.version:18s} {self.program}"

    def environment(self): return quiet_environment

    def open(self, place, fresh=True):
        self.close()
        self.place = f"{disk}/{place}-{self.name}"
        if fresh: drop(self.place)
        os.makedirs(self.place, exist_ok=True)
        self.start()

    def start(self): pass

    def close(self):
        if self.daemon_process: end(self.daemon_process)
        self.daemon_process = None

    def spent(self):
        """Of the daemons: CPU ms, KiB of peak memory, KiB written."""
        cpu = rss = written = 0
        for pid in family(self.daemon_process.pid) if self.daemon_process else []:
            try:
                with open(f"/proc/{pid}/stat") as f: cpu += sum(map(int, f.read().rpartition(")")[2].split()[11:15])) * TICK
                with open(f"/proc/{pid}/io") as f: written += int(re.search(r"^write_bytes: (\d+)", f.read(), re.M)[1]) // 1024
                with open(f"/proc/{pid}/status") as f: rss += int(re.search(r"^VmHWM:\s*(\d+)", f.read(), re.M)[1])
            except (OSError, TypeError): pass
        return cpu, rss, written

    def measure(self, *commands):
        os.sync()
        for pid in family(self.daemon_process.pid) if self.daemon_process else []:
            try: write(f"/proc/{pid}/clear_refs", "5")
            except OSError: pass
        before = self.spent()
        wall, cpu, rss, written = launch(commands, self.environment())
        after = self.spent()
        return {"wall ms": wall, "cpu ms": cpu + after[0] - before[0], "rss KiB": rss + after[1], "written KiB": written + after[2] - before[2]}

    def call(self, command): launch([command], self.environment())

    def kept(self): return int(subprocess.run(["du", "-sk", self.place], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[0])

    def pull(self, image): return None
    def inspect(self, image): return None
    def push(self, image, to): return None
    def name_for_push(self, image, to): return None
    def save(self, image, path): return None
    def load(self, path): return None
    def rmi(self, image): return None
    def copy(self, image, layout): return None
    def copy_up(self, layout, to): return None
    def far(self, image): return None
    def listing(self): return None
    def fill(self, path): subprocess.run(self.load(path), check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, env=self.environment())

class Ours(Engine):
    def __init__(self): super().__init__("ours", opt.ours, ["--version"])
    def words(self, *words): return [self.program, "--root", self.place, *words]
    def pull(self, image): return self.words("pull", "-q", "--tls-verify=false", image)
    def inspect(self, image): return self.words("image", "inspect", image)
    def push(self, image, to): return self.words("push", "-q", "--tls-verify=false", image, to)
    def save(self, image, path): return self.words("save", "-q", "-o", path, image)
    def load(self, path): return self.words("load", "-q", "-i", path)
    def rmi(self, image): return self.words("rmi", image)
    def copy(self, image, layout): return self.words("copy", "-q", "--src-tls-verify=false", f"docker://{image}", f"oci:{layout}:it")
    def copy_up(self, layout, to): return self.words("copy", "-q", "--dest-tls-verify=false", f"oci:{layout}:it", f"docker://{to}")
    def far(self, image): return self.words("inspect", "--tls-verify=false", f"docker://{image}")
    def listing(self): return self.words("images")

class Podman(Engine):
    def __init__(self): super().__init__("podman", "podman", ["--version"])
    def environment(self): return {**quiet_environment, "CONTAINERS_CONF": f"{work}/conf/containers.conf", "CONTAINERS_STORAGE_CONF": f"{work}/conf/storage.conf", "CONTAINERS_REGISTRIES_CONF": f"{work}/conf/registries.conf"}
    def words(self, *words): return [self.program, "--root", f"{self.place}/graph", "--runroot", f"{self.place}/run", *words]
    def pull(self, image): return self.words("pull", "-q", "--tls-verify=false", image)
    def inspect(self, image): return self.words("image", "inspect", image)
    def push(self, image, to): return self.words("push", "-q", "--tls-verify=false", image, to)
    def save(self, image, path): return self.words("save", "-q", "--format", "docker-archive", "-o", path, image)
    def load(self, path): return self.words("load", "-q", "-i", path)
    def rmi(self, image): return self.words("rmi", image)
    def listing(self): return self.words("images")

class Containerd(Engine):
    def __init__(self):
        super().__init__("ctr", "ctr", ["--version"])
        if not which("containerd"): self.program = ""
    def words(self, *words): return [self.program, "--address", f"{run}/c.sock", "--namespace", "bench", *words]
    def start(self):
        conf = write(f"{run}/containerd.toml", f"""version = 2
root = "{self.place}/root"
state = "{run}/containerd"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
  address = "{run}/c.sock"
[ttrpc]
  address = "{run}/c.sock.ttrpc"
""")
        probe = self.words("version")
        self.daemon_process = daemon([which("containerd"), "--config", conf], lambda: os.path.exists(f"{run}/c.sock") and subprocess.run(probe, capture_output=True).returncode == 0, f"{run}/containerd.log")
    def pull(self, image): return self.words("images", "pull", "--plain-http", image)
    def push(self, image, to): return self.words("images", "push", "--plain-http", to, image)
    def save(self, image, path): return self.words("images", "export", path, image)
    def load(self, path): return self.words("images", "import", path)
    def rmi(self, image): return self.words("images", "rm", "--sync", image)
    def listing(self): return self.words("images", "ls")

class Docker(Engine):
    def __init__(self):
        super().__init__("docker", "docker", ["--version"])
        if not which("dockerd"): self.program = ""
    def words(self, *words): return [self.program, "--host", f"unix://{run}/d.sock", *words]
    def start(self):
        probe = self.words("version")
        self.daemon_process = daemon([which("dockerd"), "--data-root", f"{self.place}/data", "--exec-root", f"{run}/docker", "--pidfile", f"{run}/docker.pid", "--host", f"unix://{run}/d.sock",
            "--config-file", write(f"{run}/daemon.json", "{}"), "--storage-driver", "overlay2", "--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false",
            "--exec-opt", "native.cgroupdriver=cgroupfs"], lambda: os.path.exists(f"{run}/d.sock") and subprocess.run(probe, capture_output=True, env=quiet_environment).returncode == 0, f"{run}/dockerd.log")
    def pull(self, image): return self.words("pull", "-q", image)
    def inspect(self, image): return self.words("image", "inspect", image)
    def name_for_push(self, image, to): self.call(self.words("tag", image, to))
    def push(self, image, to): return self.words("push", "-q", to)
    def save(self, image, path): return self.words("save", "-o", path, image)
    def load(self, path): return self.words("load", "-q", "-i", path)
    def rmi(self, image): return self.words("rmi", "-f", image)
    def listing(self): return self.words("images")

class Skopeo(Engine):
    def __init__(self): super().__init__("skopeo", "skopeo", ["--version"])
    def copy(self, image, layout): return [self.program, "copy", "-q", "--src-tls-verify=false", f"docker://{image}", f"oci:{layout}:it"]
    def copy_up(self, layout, to): return [self.program, "copy", "-q", "--dest-tls-verify=false", f"oci:{layout}:it", f"docker://{to}"]
    def far(self, image): return [self.program, "inspect", "--tls-verify=false", f"docker://{image}"]

KINDS = {"podman": Podman, "ctr": Containerd, "docker": Docker, "skopeo": Skopeo}

def configure():
    """podman as root, on hosts without systemd, and with the limits that this process has."""
    hard = min(int(next(line for line in open("/proc/self/limits") if line.startswith("Max open files")).split()[-2]), 1 << 20)
    write(f"{HOME}/.config/containers/policy.json", '{"default":[{"type":"insecureAcceptAnything"}]}\n')
    write(f"{work}/conf/containers.conf", f'[containers]\ndefault_ulimits = ["nofile={hard}:{hard}", "nproc=32768:32768"]\n[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n')
    write(f"{work}/conf/storage.conf", f'[storage]\ndriver = "overlay"\ngraphroot = "{disk}/graph"\nrunroot = "{disk}/run"\n')
    write(f"{work}/conf/registries.conf", "".join(f'[[registry]]\nlocation = "{r.address}"\ninsecure = true\n' for r in (registry, second)))

# ---- registries, and images to be in them ---------------------------------------------------------------------------

KINDS_OF_MANIFEST = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"

def request(method, url, body=None, **headers):
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(urllib.request.Request(url, body, {k.replace("_", "-"): v for k, v in headers.items()}, method=method))

class Registry:
    def __init__(self, folder):
        self.folder = folder
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.address = f"127.0.0.1:{s.getsockname()[1]}"
        conf = write(f"{run}/{os.path.basename(folder)}.yml", f'version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: "{folder}"}}, delete: {{enabled: true}}}}\nhttp: {{addr: "{self.address}"}}\n')
        self.process = daemon([which("docker-registry"), "serve", conf], self.answers, f"{run}/registry.log")

    def answers(self):
        try: return request("GET", f"http://{self.address}/v2/").status == 200
        except OSError: return False

    def forget(self, repository=None):
        """Takes a repository away, or everything, behind the registry's back: it keeps nothing in memory."""
        drop(f"{self.folder}/docker/registry/v2/repositories/{repository}" if repository else f"{self.folder}/docker")

    def put_blob(self, repository, data):
        digest = "sha256:" + hashlib.sha256(data).hexdigest()
        where = request("POST", f"http://{self.address}/v2/{repository}/blobs/uploads/", b"").headers["Location"]
        request("PUT", f"{where}{'&' if '?' in where else '?'}digest={digest}", data, Content_Type="application/octet-stream").close()
        return digest

    def put_image(self, name, config, layers):
        """Layers: media type and bytes."""
        repository, _, tag = name.partition(":")
        def described(kind, data): return {"mediaType": kind, "digest": self.put_blob(repository, data), "size": len(data)}
        manifest = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": described("application/vnd.oci.image.config.v1+json", json.dumps(config).encode()),
                    "layers": [described(kind, data) for kind, data in layers]}
        request("PUT", f"http://{self.address}/v2/{repository}/manifests/{tag}", json.dumps(manifest).encode(), Content_Type=manifest["mediaType"]).close()

def fetch(address, name):
    """Manifest's type and bytes, and its blobs by digest."""
    repository, _, tag = name.partition(":")
    with request("GET", f"http://{address}/v2/{repository}/manifests/{tag}", Accept=KINDS_OF_MANIFEST) as answer: kind, manifest = answer.headers["Content-Type"], answer.read()
    parsed, blobs = json.loads(manifest), {}
    for blob in [parsed["config"], *parsed["layers"]]:
        with request("GET", f"http://{address}/v2/{repository}/blobs/{blob['digest']}") as answer: blobs[blob["digest"]] = answer.read()
    return kind, manifest, blobs

GZIP, ZSTD = "application/vnd.oci.image.layer.v1.tar+gzip", "application/vnd.oci.image.layer.v1.tar+zstd"

def zstd(data):
    name = ctypes.util.find_library("zstd") or stop("libzstd is not installed")
    library = ctypes.CDLL(name)
    library.ZSTD_compressBound.restype = library.ZSTD_compress.restype = ctypes.c_size_t
    library.ZSTD_compressBound.argtypes = [ctypes.c_size_t]
    library.ZSTD_compress.argtypes = [ctypes.c_char_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_int]
    room = ctypes.create_string_buffer(library.ZSTD_compressBound(len(data)))
    length = library.ZSTD_compress(room, len(room), data, len(data), 3)
    return ctypes.string_at(room, length)

def config_of(tars, **more):
    return {"created": "2026-01-01T00:00:00Z", "architecture": {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine()), "os": "linux",
            "config": {"Cmd": ["/bin/sh"], "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], **more},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(tar).hexdigest() for tar in tars]}}

class Layer:
    """A tar that is being made."""
    def __init__(self):
        self.bytes, self.folders, self.inodes = io.BytesIO(), set(), {}
        self.tar = tarfile.open(fileobj=self.bytes, mode="w", format=tarfile.PAX_FORMAT)

    def folder(self, path):
        if not path or path in self.folders: return
        self.folder(os.path.dirname(path))
        self.folders.add(path)
        member = tarfile.TarInfo(path)
        member.type, member.mode, member.mtime = tarfile.DIRTYPE, 0o755, 1700000000
        self.tar.addfile(member)

    def file(self, path, data, mode=0o644):
        self.folder(os.path.dirname(path))
        member = tarfile.TarInfo(path)
        member.size, member.mode, member.mtime = len(data), mode, 1700000000
        self.tar.addfile(member, io.BytesIO(data))

    def host(self, path):
        """A file or link of the host; what is linked twice is so here, too."""
        self.folder(os.path.dirname(path.lstrip("/")))
        facts = os.lstat(path)
        if not (stat.S_ISREG(facts.st_mode) or stat.S_ISLNK(facts.st_mode)): return 0
        member = self.tar.gettarinfo(path, path.lstrip("/"))
        member.mtime = int(member.mtime)
        if member.isreg():
            with open(path, "rb") as f: self.tar.addfile(member, f)
        else: self.tar.addfile(member)
        return facts.st_size

    def tree(self, root):
        for folder, names, files in os.walk(root):
            names.sort()
            member = self.tar.gettarinfo(folder, os.path.relpath(folder, root))
            member.mtime = int(member.mtime)
            if folder != root: self.tar.addfile(member)
            for name in sorted(files + [n for n in names if os.path.islink(f"{folder}/{n}")]):
                member = self.tar.gettarinfo(f"{folder}/{name}", os.path.relpath(f"{folder}/{name}", root))
                if member is None: continue
                member.mtime = int(member.mtime)
                if member.isreg():
                    with open(f"{folder}/{name}", "rb") as f: self.tar.addfile(member, f)
                else: self.tar.addfile(member)

    def end(self):
        self.tar.close()
        return self.bytes.getvalue()

def text(r, low, high): return base64.b64encode(r.randbytes(r.randrange(low, high)))

def debian():
    """A real system: a small one of the host's distribution, or a part of the host."""
    layer = Layer()
    if which("debootstrap"):
        say("debootstrap")
        root = f"{work}/debootstrap"
        drop(root)
        with open("/etc/os-release") as f: suite = re.search(r"^VERSION_CODENAME=(\w+)", f.read(), re.M)
        mirror = subprocess.run(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"], capture_output=True, text=True).stdout.split()
        try:
            made = suite and mirror and subprocess.run([which("debootstrap"), "--variant=minbase", suite[1], root, mirror[0]], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=300).returncode == 0
            if made:
                for old in ("var/cache/apt/archives", "var/lib/apt/lists", "dev", "proc", "sys"): drop(f"{root}/{old}")
                layer.tree(root)
                return layer.end()
        except subprocess.TimeoutExpired: pass
        finally: drop(root)
    say("debian:minbase: a part of /usr of this host, as there is no debootstrap that works")
    for top in ("bin", "sbin", "lib", "share"):
        left = 36 << 20
        for folder, names, files in os.walk(f"/usr/{top}"):
            names.sort()
            for name in sorted(files):
                path = f"{folder}/{name}"
                if left > 0 and os.lstat(path).st_size < 2 << 20 and not name.startswith(".wh."): left -= layer.host(path)
            if left <= 0: break
    return layer.end()

def small(seed, path, files, low, high):
    r, layer = random.Random(seed), Layer()
    for f in range(files): layer.file(f"{path}/d{f % 200 if files > 5000 else f % 25}/f{f}", text(r, low, high))
    return layer.end()

def tars_of(name):
    if name == "debian:minbase": return [debian()]
    if name == "layers:12": return [small(0, "base", 50, 1000, 40000)] + [small(100 + l, f"data/l{l}", 500, 6144, 24576) for l in range(12)]
    if name == "files:20k": return [small(0, "base", 50, 1000, 40000), small(1, "small", 20000, 150, 1536)]
    if name.startswith("parallel:"): return [small(1000 + int(name.partition(":")[2]) * 10 + l, f"data/l{l}", 100, 6144, 24576) for l in range(3)]
    stop(f"{name} is not an image that is made here, and no --registry has it")

def provide(name):
    """Sees to it that the registry has an image."""
    repository, _, tag = name.partition(":")
    if os.path.exists(f"{registry.folder}/docker/registry/v2/repositories/{repository}/_manifests/tags/{tag}/current/link"): return
    if opt.registry:
        try: kind, manifest, blobs = fetch(opt.registry, name)
        except urllib.error.HTTPError: pass
        else:
            for blob in blobs.values(): registry.put_blob(repository, blob)
            request("PUT", f"http://{registry.address}/v2/{repository}/manifests/{tag}", manifest, Content_Type=kind).close()
            return
    if name == "debian:zstd":
        provide("debian:minbase")
        _, manifest, blobs = fetch(registry.address, "debian:minbase")
        parsed = json.loads(manifest)
        registry.put_image(name, json.loads(blobs[parsed["config"]["digest"]]), [(ZSTD, zstd(gzip.decompress(blobs[l["digest"]]))) for l in parsed["layers"]])
        return
    say(f"makes {name}")
    tars = tars_of(name)
    registry.put_image(name, config_of(tars), [(GZIP, gzip.compress(tar, 6, mtime=0)) for tar in tars])

def archive(path, images):
    """An archive of docker's kind. Images: name, configuration, tars."""
    if os.path.exists(path): return path
    with open(path + ".part", "wb") as f, tarfile.open(fileobj=f, mode="w", format=tarfile.GNU_FORMAT) as tar:
        def add(name, data):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        manifest, there = [], set()
        for name, config, tars in images:
            layers = []
            for data in tars:
                layer = hashlib.sha256(data).hexdigest() + ".tar"
                if layer not in there: add(layer, data)
                there.add(layer)
                layers.append(layer)
            text = json.dumps(config).encode()
            add(hashlib.sha256(text).hexdigest() + ".json", text)
            manifest.append({"Config": hashlib.sha256(text).hexdigest() + ".json", "RepoTags": [name], "Layers": layers})
        add("manifest.json", json.dumps(manifest).encode())
    os.rename(path + ".part", path)
    return path

def archive_of(name):
    _, manifest, blobs = fetch(registry.address, name)
    parsed = json.loads(manifest)
    tars = [gzip.decompress(blobs[l["digest"]]) for l in parsed["layers"]]
    return archive(f"{work}/{name.replace(':', '-')}.tar", [("localhost/loaded/" + name, json.loads(blobs[parsed["config"]["digest"]]), tars)])

def archive_of_many():
    tar = small(7, "tiny", 1, 100, 101)
    return archive(f"{work}/many-{opt.many}.tar", [(f"localhost/many/image{i}:v{i % 7}", config_of([tar], Labels={"number": str(i)}), [tar]) for i in range(opt.many)])

# ---- the cases ------------------------------------------------------------------------------------------------------

results = {}   # case -> engine -> metric -> [samples]

def keep(case, engine, sample):
    into = results.setdefault(case, {}).setdefault(engine.name, {})
    for metric, value in sample.items(): into.setdefault(metric, []).append(value)

def attempt(case, engine, action):
    """An engine that fails a case is left out of the rest of it, and that is said."""
    if case in engine.failed: return False
    try:
        action()
        return True
    except (Failed, OSError, subprocess.SubprocessError) as e:
        engine.failed[case] = str(e)
        results.get(case, {}).pop(engine.name, None)
        say(f"{engine.name}: {case}: {e}")
        return False

def rotated(i, kinds): return kinds[i % len(kinds):] + kinds[:i % len(kinds)]

def wanted(*cases): return any(case in opt.cases for case in cases)

def each(i, case, kinds, command, times=1):
    """One case for all who know it. What cannot be done twice without undoing it is done once."""
    if case.partition(" ")[0] not in opt.cases: return
    for _ in range(times):
        for engine in rotated(i, kinds):
            words = command(engine)
            if words: attempt(case, engine, lambda: keep(case, engine, engine.measure(words)))

def pulls():
    """The life of an image: it comes, is looked at, goes elsewhere, and goes."""
    for i in range(opt.n):
        for at, name in enumerate(opt.images):
            image, first, case = f"{registry.address}/{name}", at == 0, f"pull {name}"
            alive = []
            fresh_disk()
            for engine in rotated(i, stores_of):
                if case in engine.failed: continue
                def body():
                    engine.open("pull")
                    sample = engine.measure(engine.pull(image))
                    sample["kept KiB"] = engine.kept()
                    if wanted("pull"): keep(case, engine, sample)
                    alive.append(engine)
                if not attempt(case, engine, body): engine.close()
            each(i, f"pull-again {name}", alive, lambda e: e.pull(image), opt.quick)
            if first:
                each(i, "inspect", alive, lambda e: e.inspect(image), opt.quick)
                pushes(i, alive, image, name)
                each(i, "save", alive, lambda e: e.save(image, f"{disk}/saved-{e.name}.tar"))
            if wanted("rmi", "load"):
                for engine in rotated(i, alive): attempt(f"rmi {name}", engine, lambda: keep(f"rmi {name}", engine, engine.measure(engine.rmi(image))))
            if first and wanted("load"):
                path = archive_of(name)
                each(i, "load", alive, lambda e: e.load(path))
            for engine in alive: engine.close()

def pushes(i, alive, image, name):
    if not wanted("push", "push-again", "push-near"): return
    for engine in rotated(i, alive):
        second.forget()
        to, near = f"{second.address}/pushed/{name}", f"{registry.address}/near/{name}"
        def away():
            engine.name_for_push(image, to)
            for case in ("push", "push-again"): keep(case, engine, engine.measure(engine.push(image, to)))
        def beside():
            engine.name_for_push(image, near)
            keep("push-near", engine, engine.measure(engine.push(image, near)))
        attempt("push", engine, away)
        attempt("push-near", engine, beside)
        registry.forget("near")
        # Names that only a push needed.
        for extra in (to, near) if isinstance(engine, Docker) else (): attempt("push", engine, lambda: engine.call(engine.rmi(extra)))

def copies():
    for i in range(opt.n):
        for name in opt.images:
            image, made = f"{registry.address}/{name}", {}
            fresh_disk()
            for engine in rotated(i, copiers):
                engine.open("copy")
                made[engine.name] = f"{engine.place}/layout"
            def down(engine):
                sample = engine.measure(engine.copy(image, made[engine.name]))
                sample["kept KiB"] = engine.kept()
                if wanted("copy"): keep(f"copy {name}", engine, sample)
            def up(engine):
                second.forget()
                if wanted("copy-up"): keep(f"copy-up {name}", engine, engine.measure(engine.copy_up(made[engine.name], f"{second.address}/copied/{name}")))
            for engine in rotated(i, copiers): attempt(f"copy {name}", engine, lambda: down(engine))
            for engine in rotated(i, copiers): attempt(f"copy-up {name}", engine, lambda: up(engine))
        for engine in copiers: engine.open("copy")
        each(i, "far", copiers, lambda e: e.far(f"{registry.address}/{opt.images[0]}"), opt.quick)

def parallel():
    images = [f"{registry.address}/parallel:{i}" for i in range(opt.parallel)]
    for i in range(opt.n):
        fresh_disk()
        for engine in rotated(i, stores_of):
            def body():
                engine.open("parallel")
                sample = engine.measure(*[engine.pull(image) for image in images])
                sample["kept KiB"] = engine.kept()
                keep("parallel", engine, sample)
            attempt("parallel", engine, body)
            engine.close()

def lists():
    path, there = archive_of_many(), []
    fresh_disk(f"many-{opt.many}.img", keep=True)
    for engine in stores_of:
        if isinstance(engine, Podman) and not opt.fill_podman: continue
        def body():
            done = f"{disk}/many-{engine.name}/filled"
            engine.open("many", fresh=not os.path.exists(done))
            if not os.path.exists(done):
                say(f"fills the store of {engine.name} with {opt.many} images")
                engine.fill(path)
                write(done, "")
            engine.call(engine.listing())
            there.append(engine)
        if not attempt("list", engine, body): engine.close()
    for i in range(opt.n): each(i, "list", there, lambda e: e.listing(), opt.quick)
    for engine in there: engine.close()

# ---- the report -----------------------------------------------------------------------------------------------------

def quartiles(values): return statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3

def ratio(mine, theirs):
    if not mine or len(mine) != len(theirs) or 0 in theirs: return f"{'-':>19s}"
    low, middle, high = quartiles([x / y for x, y in zip(mine, theirs)])
    return f"{middle:6.2f} ({low:4.2f}-{high:4.2f})"

def report():
    print(f"{datetime.datetime.now(datetime.timezone.utc).isoformat(timespec='seconds')}  kernel {platform.release()}  {len(os.sched_getaffinity(0))} CPUs  load {os.getloadavg()[0]:.1f}  rounds {opt.n}  floor of rss {floor / 1024:.1f} MiB")
    for engine in engines: print(f"  {engine}")
    print(f"\n{'':24s} {'':8s} {'wall ms':>9s} {'(quartiles)':>19s} {'cpu ms':>8s} {'rss MiB':>8s} {'written':>8s} {'kept MiB':>9s}   {'ours / it: wall':>19s} {'cpu':>19s} {'rss':>6s}")
    for case, by in results.items():
        mine = by.get("ours", {})
        for name, sample in by.items():
            low, middle, high = quartiles(sample["wall ms"])
            def of(metric, scale): return f"{statistics.median(sample[metric]) / scale:.1f}" if metric in sample else ""
            line = f"{case if name == next(iter(by)) else '':24s} {name:8s} {middle:9.1f} {f'({low:.1f}-{high:.1f})':>19s} {of('cpu ms', 1):>8s} {of('rss KiB', 1024):>8s} {of('written KiB', 1024):>8s} {of('kept KiB', 1024):>9s}"
            if name != "ours" and mine: line += f"   {ratio(mine['wall ms'], sample['wall ms']):>19s} {ratio(mine['cpu ms'], sample['cpu ms']):>19s} {statistics.median(mine['rss KiB']) / statistics.median(sample['rss KiB']):6.2f}"
            print(line)
    for engine in engines:
        for case, why in engine.failed.items(): print(f"failed: {engine.name}: {case}: {why}")
    if opt.json:
        document = {
            "date": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
            "host": {"kernel": platform.release(), "machine": platform.machine(), "cpus": len(os.sched_getaffinity(0))}, "floor_kib": floor,
            "engines": {e.name: {"path": e.program, "version": e.version} for e in engines}, "failed": {e.name: e.failed for e in engines if e.failed}, "samples": results}
        with open(opt.json, "w") as f: json.dump(document, f, indent=1)

signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
started, engines = [], []
try:
    os.makedirs(HOME, exist_ok=True)
    registry = Registry(f"{work}/registry")
    started.append(registry)
    second = Registry(f"{work}/second")
    started.append(second)
    configure()
    fresh_disk()
    engines = [Ours()] + [KINDS[name]() if name in KINDS else stop(f"unknown peer {name}") for name in opt.peers.split(",") if name]
    for engine in engines:
        if engine.program: continue
        if engine.name == "ours": stop(f"{opt.ours} is not there: make, or name it with --ours")
        say(f"{engine.name} is not installed, and is left out")
    engines = [engine for engine in engines if engine.program]
    stores_of, copiers = [e for e in engines if not isinstance(e, Skopeo)], [e for e in engines if isinstance(e, (Ours, Skopeo))]
    floor = launch([["/bin/true"]], quiet_environment)[2]
    if wanted("pull", *STAY, "copy", "copy-up", "far"):
        for name in opt.images: provide(name)
    if wanted("parallel"):
        for i in range(opt.parallel): provide(f"parallel:{i}")
    if wanted("pull", *STAY): pulls()
    if wanted("copy", "copy-up", "far"): copies()
    if wanted("parallel"): parallel()
    if wanted("list"): lists()
    report()
except Failed as e: stop(e)
finally:
    for engine in engines: engine.close()
    for one in started: end(one.process)
    launcher.stdin.close()
    launcher.wait()
    no_disk()
    for place in (run, f"{work}/second", *([work] if temporary else [])): drop(place)
sys.exit(1 if engines and engines[0].failed else 0)
PYTHON
