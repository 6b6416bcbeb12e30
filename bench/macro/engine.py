#!/usr/bin/env python3
# The measurements of engine.sh.
import argparse, concurrent.futures, json, os, random, shutil, statistics, subprocess, sys, tempfile, time

HELP = """
What is measured, for every engine in every round, their order rotating; all engines have the same image of busybox:
  none       run --rm, network none, of true
  bridge     the same on the usual bridge
  full       the same with a published port, a volume, a memory limit and a limit of processes
  exec       true in a container that runs
  start      the version command
  ps         ps -a with K containers that were made and not started (--containers; only engines that make so many in two minutes)
  many       --many containers up, 20 at a time, and down again, 20 at a time
  sequence   --many containers up and down, one after the other
  memory     everything resident that one idle container needs: KiB of PSS of the processes that came with it, ten seconds after the last
             was started; --idle containers, divided
crun run of a bundle with the same root file system is measured in the same rounds, as the floor.
ratio is ours / theirs, round by round: median and quartiles. Below 1 we need less.
podman, docker and ctr are used as they are configured; docker and ctr only where their daemons answer; ctr only for what it does without plugins.
"""
ap = argparse.ArgumentParser(prog="engine.sh", description="Measures run, exec and ps beside podman, docker and crun.", epilog=HELP, formatter_class=argparse.RawDescriptionHelpFormatter)
co = os.environ.get("CHECKOUT", ".")
ap.add_argument("--ours", default=os.path.join(co, "out/bin/berth"), metavar="PATH")
ap.add_argument("--podman", default="podman", metavar="COMMAND", help="with its options, such as --root DIR")
ap.add_argument("--docker", default="docker", metavar="COMMAND")
ap.add_argument("--ctr", default="ctr", metavar="COMMAND")
ap.add_argument("--crun", default="crun", metavar="PATH", help="the runtime that is the floor")
ap.add_argument("-n", type=int, default=20, help="rounds (default 20)")
ap.add_argument("--containers", type=int, default=1000, metavar="K")
ap.add_argument("--idle", default="1,10,100", metavar="I,...")
ap.add_argument("--many", type=int, default=100, metavar="M")
ap.add_argument("--cases", default="none,bridge,full,exec,start,ps,many,sequence,memory")
ap.add_argument("--json", metavar="FILE")
opt = ap.parse_args()
cases = opt.cases.split(",")

work = tempfile.mkdtemp(prefix="berth-bench-engine-")
rootfs = work + "/rootfs"
for d in ("bin", "proc", "sys", "dev", "etc", "tmp", "data"): os.makedirs(f"{rootfs}/{d}")
shutil.copy("/bin/busybox", rootfs + "/bin/busybox")
for applet in ("true", "sh", "sleep"): os.symlink("busybox", f"{rootfs}/bin/{applet}")
open(rootfs + "/etc/passwd", "w").write("root:x:0:0:root:/root:/bin/sh\n")
open(rootfs + "/etc/group", "w").write("root:x:0:\n")
subprocess.run(["tar", "-C", rootfs, "-cf", work + "/image.tar", "."], check=True)

def run(words, check=True, **more): return subprocess.run(words, check=check, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, **more)

image, tag = "localhost/berth-bench:1", f"berthbench{os.getpid()}"
engines = {}
ours = [opt.ours, "--root", work + "/root", "--runroot", work + "/run"]
run(ours + ["import", work + "/image.tar", image]); engines["berth"] = ours
for name, words in (("podman", opt.podman.split()), ("docker", opt.docker.split())):
    if not shutil.which(words[0]) or run(words + ["version"], check=False).returncode != 0: continue
    if run(words + ["import", work + "/image.tar", image], check=False).returncode == 0: engines[name] = words

if shutil.which(opt.ctr.split()[0]) and run(opt.ctr.split() + ["version"], check=False).returncode == 0:
    words = opt.ctr.split() + ["-n", "berthbench"]
    run(ours + ["save", "--format", "oci-archive", "-o", work + "/image.oci", image])
    if run(words + ["images", "import", "--no-unpack=false", work + "/image.oci"], check=False).returncode == 0 or run(words + ["images", "import", work + "/image.oci"], check=False).returncode == 0: engines["ctr"] = words

bundle = work + "/bundle"
os.makedirs(bundle); run([opt.crun, "spec"], cwd=bundle)
spec = json.load(open(bundle + "/config.json"))
spec["process"]["terminal"] = False; spec["process"]["args"] = ["true"]; spec["root"]["path"] = rootfs
json.dump(spec, open(bundle + "/config.json", "w"))

# An old crun refuses hosts with both versions of cgroups: it is shown version 1 alone.
floor = ["unshare", "-m", "sh", "-c", "umount /sys/fs/cgroup/unified 2>/dev/null; exec \"$@\"", "sh", opt.crun, "run", "--bundle", bundle]
has_crun = run(floor + [tag + "probe"], check=False).returncode == 0

def timed(words):
    start = time.perf_counter()
    done = run(words, check=False)
    wall = time.perf_counter() - start
    if done.returncode != 0: raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode().strip()}")
    return wall

port = 30000 + random.randrange(20000)
volume = tag + "v"
serial = 0
def words_of(case, engine):
    global serial
    base = engines[engine]
    if engine == "ctr":
        serial += 1
        if case == "none": return base + ["run", "--rm", image, f"{tag}r{serial}", "true"]
        if case == "exec": return base + ["tasks", "exec", "--exec-id", f"e{serial}", tag, "true"]
        if case == "start": return base + ["--version"]
        return base + ["containers", "ls"]
    if case == "none": return base + ["run", "--rm", "--network", "none", image, "true"]
    if case == "bridge": return base + ["run", "--rm", image, "true"]
    if case == "full": return base + ["run", "--rm", "-p", f"{port}:80", "-v", f"{volume}:/data", "-m", "64m", "--pids-limit", "100", image, "true"]
    if case == "exec": return base + ["exec", tag, "true"]
    if case == "start": return base + ["version"]
    return base + ["ps", "-a"]

result = {}
def sleeping():
    other = work + "/sleeping"
    os.makedirs(other, exist_ok=True)
    json.dump({**spec, "process": {**spec["process"], "args": ["sleep", "100000"]}}, open(other + "/config.json", "w"))
    return other

def measure(case, names):
    times = {name: [] for name in names}
    if case in ("none", "exec") and has_crun: times["crun"] = []
    order = list(times)
    for _ in range(opt.n):
        order = order[1:] + order[:1]
        for name in order:
            times[name].append(timed((floor + [tag + "c"] if case == "none" else floor[:-3] + ["exec", tag + "x", "true"]) if name == "crun" else words_of(case, name)))
    result[case] = times
    print(f"{case}")
    for name, values in times.items():
        line = f"  {name:8} {1000 * statistics.median(values):8.1f} ms  (min {1000 * min(values):.1f})"
        if name != "berth":
            ratios = sorted(a / b for a, b in zip(times["berth"], values))
            line += f"   ratio {statistics.median(ratios):.3f} [{ratios[len(ratios) // 4]:.3f} {ratios[3 * len(ratios) // 4]:.3f}]"
        print(line, flush=True)

def begin(engine, name):
    base = engines[engine]
    if engine == "ctr": return base + ["run", "-d", image, name, "sleep", "100000"]
    return base + ["run", "-d", "--name", name, "--network", "none", image, "sleep", "100000"]

def end(engine, name):
    base = engines[engine]
    if engine != "ctr": return [base + ["rm", "-f", *(["-t", "0"] if engine == "podman" else []), name]]
    return [base + ["tasks", "rm", "-f", name], base + ["containers", "rm", name]]

def take(engine, names):
    for name in names:
        for words in end(engine, name): run(words, check=False)

def crowd(engine, at_once):
    names = [f"{tag}c{i}" for i in range(opt.many)]
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        start = time.perf_counter()
        if at_once == 1:
            for name in names:
                run(begin(engine, name))
                take(engine, [name])
        else:
            list(pool.map(lambda name: run(begin(engine, name)), names))
            list(pool.map(lambda name: take(engine, [name]), names))
        return time.perf_counter() - start

def pss(before):
    total = 0
    for pid in os.listdir("/proc"):
        if not pid.isdigit() or pid in before: continue
        try:
            name = open(f"/proc/{pid}/comm").read().strip()
            if name in ("sleep", "python3"): continue
            for line in open(f"/proc/{pid}/smaps_rollup"):
                if line.startswith("Pss:"): total += int(line.split()[1])
        except OSError: pass
    return total

able_of = {"bridge": [name for name in engines if name != "ctr"], "full": [name for name in engines if name != "ctr"]}
try:
    for case in ("none", "bridge", "full", "start"):
        if case in cases: measure(case, able_of.get(case, list(engines)))
    if "exec" in cases:
        for name in engines: run(begin(name, tag))
        if has_crun:
            held = subprocess.Popen(floor[:-3] + ["run", "--bundle", sleeping(), tag + "x"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
            time.sleep(0.5)
        measure("exec", list(engines))
        for name in engines: take(name, [tag])
        if has_crun:
            run(floor[:-3] + ["delete", "--force", tag + "x"], check=False)
            held.wait()
    if "ps" in cases:
        able = []
        for name, base in engines.items():
            if name == "ctr": continue
            deadline, made = time.time() + 120, 0
            while made < opt.containers and time.time() < deadline:
                run(base + ["create", "--name", f"{tag}p{made}", "--network", "none", image, "true"]); made += 1
            if made == opt.containers: able.append(name)
            else: print(f"ps: {name} made {made} containers in two minutes")
        if "berth" in able: measure("ps", able)
        for name, base in engines.items():
            if name == "ctr": continue
            ids = [i for i in run(base + ["ps", "-aq"]).stdout.decode().split()]
            for i in range(0, len(ids), 50): run(base + ["rm", "-f"] + ids[i:i + 50], check=False)
    for case, at_once in (("many", 20), ("sequence", 1)):
        if case not in cases: continue
        result[case] = {}
        print(f"{case}: {opt.many} containers, {at_once} at a time, up and down")
        for name in engines:
            result[case][name] = crowd(name, at_once)
            print(f"  {name:8} {result[case][name]:8.2f} s   ratio {result[case]['berth'] / result[case][name]:.3f}", flush=True)
    if "memory" in cases:
        result["memory"] = {}
        for count in [int(one) for one in opt.idle.split(",")]:
            print(f"memory of {count}")
            for name in engines:
                before = set(os.listdir("/proc"))
                for i in range(count): run(begin(name, f"{tag}m{i}"))
                time.sleep(10)
                result["memory"][f"{name} {count}"] = pss(before) / count
                print(f"  {name:8} {result['memory'][f'{name} {count}']:8.0f} KiB of PSS for each   ratio {result['memory'][f'berth {count}'] / result['memory'][f'{name} {count}']:.3f}", flush=True)
                take(name, [f"{tag}m{i}" for i in range(count)])
finally:
    for name, base in engines.items():
        take(name, [tag])
        if name == "ctr":
            run(base + ["images", "rm", image], check=False)
            continue
        run(base + ["volume", "rm", volume], check=False)
        if name != "berth": run(base + ["rmi", image], check=False)
    shutil.rmtree(work, ignore_errors=True)
if opt.json: json.dump(result, open(opt.json, "w"))
