// The flags of run and create: docker's and podman's names, one table by subject.
using Berth.Cli.Arguments;
using Berth.Cli.Tracing;

namespace Berth.Cli.Commands.Containers;

/// <summary>What a container can be asked for with.</summary>
internal static class RunOptions
{
    private const string OfWindows = "it is for Windows";
    private const string NoSystemd = "containers are not told apart by what runs in them: say --tmpfs, --cgroupns and --stop-signal";
    private const string NoAccounts = "/etc/passwd and /etc/group are the image's: a number needs no entry";
    private const string NoStartupProbe = "there is one health check: use --health-start-period";

    /// <summary>The table.</summary>
    /// <param name="starts">Whether it is run's, which starts what it makes.</param>
    public static IReadOnlyList<Option> Table(bool starts) =>
    [
        .. Identity(), .. starts ? Running() : [], .. Process(), .. Resources(), .. Storage(), .. Connection(), .. Security(), .. Health(), .. Image(), .. Refused(),
    ];

    private static Option[] Identity() =>
    [
        Option.Many("annotation", "NAME=VALUE", "Annotations of the runtime's specification"),
        Option.Many("attach", "STREAM", "Attach stdin, stdout or stderr alone", 'a') with { SplitsAtCommas = true, Words = ["stdin", "stdout", "stderr"] },
        Option.File("cidfile", "FILE", "Write the container's id there"),
        Option.With("domainname", "NAME", "NIS domain name"),
        Option.With("hostname", "NAME", "Host name (the first digits of the id)", 'h'),
        Option.Switch("interactive", "Keep standard input open", 'i'),
        Option.Many("label", "NAME[=VALUE]", "Labels", 'l'),
        Option.File("label-file", "FILE", "Labels, one in a line") with { IsMany = true },
        Option.With("name", "NAME", "Its name; without, one is made up"),
        Option.With("pod", "POD", "The pod that it belongs to; new:NAME makes one"),
        Option.File("pod-id-file", "FILE", "File with the id of its pod"),
        Option.Switch("replace", "Remove a container that has the name"),
        Option.Many("requires", "CONTAINER", "Containers that are to run before it") with { SplitsAtCommas = true },
        Option.With("restart", "WHEN", "no, on-failure[:N], always or unless-stopped") with { Words = ["no", "on-failure", "always", "unless-stopped"] },
        Option.Switch("rm", "Remove it and its nameless volumes when it has ended"),
        Option.With("runtime", "NAME", "OCI runtime, by name or path"),
        Option.Switch("tty", "Give it a terminal", 't'),
        Option.With("log-driver", "DRIVER", "json-file, k8s-file, journald or none") with { Words = ["json-file", "k8s-file", "journald", "none"] },
        Option.Many("log-opt", "NAME=VALUE", "max-size, max-file, tag, path, labels, env"),
        Option.File("conmon-pidfile", "FILE", "Write the process id of its keeper there"),
        Option.File("pidfile", "FILE", "Write the id of its first process there"),
    ];

    private static Option[] Running() =>
    [
        .. Timeline.Options,
        Option.Switch("detach", "Let it run, and print its id", 'd'),
        Option.With("detach-keys", "KEYS", "What is typed to leave it (ctrl-p,ctrl-q)"),
        Option.Switch("sig-proxy", "Hand signals on to it (true)"),
        Option.Switch("rmi", "Remove the image too, unless others use it"),
        Option.With("preserve-fds", "N", "Hand on so many descriptors, from 3 on"),
    ];

    private static Option[] Process() =>
    [
        Option.With("entrypoint", "WORDS", "In place of the image's: a program, or a list in JSON; empty: none"),
        Option.Many("env", "NAME[=VALUE]", "Variables; a name alone takes ours, NAME* all that begin so", 'e'),
        Option.File("env-file", "FILE", "Variables, one in a line") with { IsMany = true },
        Option.Switch("env-host", "All variables of ours"),
        Option.Switch("http-proxy", "Hand on http_proxy and its like (true)"),
        Option.Many("unsetenv", "NAME", "Take a variable of the image away") with { SplitsAtCommas = true },
        Option.Switch("unsetenv-all", "Take all variables of the image away"),
        Option.Many("group-add", "GROUP", "Groups besides, by name or number; keep-groups: ours") with { SplitsAtCommas = true },
        Option.Switch("init", "Run an init first, which reaps and hands signals on"),
        Option.File("init-path", "FILE", "The init to run"),
        Option.With("oom-score-adj", "N", "-1000 to 1000: the highest is killed first"),
        Option.With("personality", "DOMAIN", "LINUX or LINUX32") with { Words = ["LINUX", "LINUX32"] },
        Option.Many("secret", "NAME[,OPTIONS]", "Give it a secret: type=mount|env, target, uid, gid, mode"),
        Option.With("stop-signal", "SIGNAL", "By which it is stopped (SIGTERM)"),
        Option.With("stop-timeout", "SECONDS", "After which it is killed when it is stopped (10)"),
        Option.Many("sysctl", "NAME=VALUE", "Parameters of the kernel that are its own"),
        Option.With("timeout", "SECONDS", "After which it is killed in any case"),
        Option.With("tz", "ZONE", "Time zone, such as Europe/Berlin, or local"),
        Option.Many("ulimit", "NAME=SOFT[:HARD]", "Limits of its processes; host: ours"),
        Option.With("umask", "MASK", "File mode creation mask (0022)"),
        Option.With("user", "USER[:GROUP]", "Who runs it, by name or number", 'u'),
        Option.With("workdir", "FOLDER", "Where it starts", 'w'),
    ];

    private static Option[] Resources() =>
    [
        Option.With("blkio-weight", "N", "Weight for block devices, 10 to 1000"),
        Option.Many("blkio-weight-device", "DEVICE:N", "Weight for one of them"),
        Option.Many("cgroup-conf", "FILE=VALUE", "Files of cgroup v2") with { SplitsAtCommas = true },
        Option.With("cgroup-parent", "CGROUP", "The cgroup above its own"),
        Option.With("cgroups", "MODE", "enabled, no-conmon or disabled") with { Words = ["enabled", "no-conmon", "disabled"] },
        Option.With("cpu-period", "MICROSECONDS", "Period of the quota"),
        Option.With("cpu-quota", "MICROSECONDS", "CPU time in a period"),
        Option.With("cpu-rt-period", "MICROSECONDS", "Period of real-time shares"),
        Option.With("cpu-rt-runtime", "MICROSECONDS", "Real-time share in a period"),
        Option.With("cpu-shares", "N", "Weight for CPU time (1024)", 'c'),
        Option.With("cpus", "N", "Number of CPUs, such as 1.5"),
        Option.With("cpuset-cpus", "LIST", "CPUs, such as 0-2,4"),
        Option.With("cpuset-mems", "LIST", "Memory nodes"),
        Option.Many("device-read-bps", "DEVICE:RATE", "Bytes read in a second"), Option.Many("device-read-iops", "DEVICE:N", "Reads in a second"),
        Option.Many("device-write-bps", "DEVICE:RATE", "Bytes written in a second"), Option.Many("device-write-iops", "DEVICE:N", "Writes in a second"),
        Option.With("kernel-memory", "SIZE", "The kernel has given it up") with { IsHidden = true },
        Option.With("memory", "SIZE", "Limit of memory, such as 512m", 'm'),
        Option.With("memory-reservation", "SIZE", "Memory that it gets back to when others need it"),
        Option.With("memory-swap", "SIZE", "Memory and swap together; -1: without limit"),
        Option.With("memory-swappiness", "N", "0 to 100 (cgroup v1)"),
        Option.Switch("oom-kill-disable", "Do not kill it for lack of memory (cgroup v1)"),
        Option.With("pids-limit", "N", "Number of processes (2048); -1: without limit"),
        Option.With("shm-size", "SIZE", "Size of /dev/shm (64m)"),
    ];

    private static Option[] Storage() =>
    [
        Option.With("image-volume", "MODE", "What becomes of volumes that the image names: anonymous, tmpfs or ignore") with { Words = ["anonymous", "bind", "tmpfs", "ignore"] },
        Option.Many("mount", "FIELDS", "type=bind|volume|tmpfs|image,source=...,target=... and more"),
        Option.Switch("read-only", "Its root is read-only"),
        Option.Switch("read-only-tmpfs", "All the same, /run, /tmp and /var/tmp can be written (true)"),
        Option.Switch("rootfs", "The first argument is a folder, not an image; FOLDER:O leaves it as it is"),
        Option.Many("storage-opt", "NAME=VALUE", "Options of its layer"),
        Option.Many("tmpfs", "FOLDER[:OPTIONS]", "A file system in memory"),
        Option.Many("volume", "[SOURCE:]PLACE[:OPTIONS]", "A path of this host, or a volume by its name", 'v'),
        Option.With("volume-driver", "DRIVER", "Driver of volumes that are made"),
        Option.Many("volumes-from", "CONTAINER[:OPTIONS]", "The volumes of another container") with { SplitsAtCommas = true },
    ];

    private static Option[] Connection() =>
    [
        Option.Many("add-host", "NAME[,NAME]:ADDRESS", "Lines of /etc/hosts; host-gateway: this host"),
        Option.Many("dns", "ADDRESS", "Servers of names; none: /etc/resolv.conf is the image's") with { SplitsAtCommas = true },
        Option.Many("dns-option", "OPTION", "Options of /etc/resolv.conf") with { SplitsAtCommas = true }, Option.Many("dns-opt", "OPTION", "") with { SplitsAtCommas = true, IsHidden = true },
        Option.Many("dns-search", "DOMAIN", "Domains that are searched") with { SplitsAtCommas = true },
        Option.Many("expose", "PORT[-PORT][/PROTOCOL]", "Ports that are said to be open") with { SplitsAtCommas = true },
        Option.File("hosts-file", "FILE", "What /etc/hosts begins with: a file, none or image"),
        Option.With("ip", "ADDRESS", "Its IPv4 address"), Option.With("ip6", "ADDRESS", "Its IPv6 address"),
        Option.Many("link", "CONTAINER[:ALIAS]", "Another container, by one more name"),
        Option.With("mac-address", "ADDRESS", "Its hardware address"),
        Option.Many("network", "NETWORK", "bridge, a network[:ip=...,alias=...], none, host, container:NAME or ns:PATH"), Option.Many("net", "NETWORK", "") with { IsHidden = true },
        Option.Many("network-alias", "NAME", "Another name in its network") with { SplitsAtCommas = true }, Option.Many("net-alias", "NAME", "") with { SplitsAtCommas = true, IsHidden = true },
        Option.Switch("no-hostname", "/etc/hostname is the image's"), Option.Switch("no-hosts", "/etc/hosts is the image's"),
        Option.Many("publish", "[ADDRESS:][HOSTPORT:]PORT[/PROTOCOL]", "Publish ports on this host", 'p'),
        Option.Switch("publish-all", "Publish all exposed ports at ports that are free", 'P'),
    ];

    private static Option[] Security() =>
    [
        Option.Many("cap-add", "CAPABILITY", "Capabilities besides the usual ones; ALL") with { SplitsAtCommas = true },
        Option.Many("cap-drop", "CAPABILITY", "Capabilities that it does not get; ALL") with { SplitsAtCommas = true },
        Option.With("cgroupns", "MODE", "View of cgroups: private, host, container:NAME or ns:PATH"),
        Option.Many("device", "DEVICE[:PLACE][:rwm]", "Devices of this host, a folder of them, or vendor/class=name (CDI)"),
        Option.Many("device-cgroup-rule", "RULE", "Rules for devices: 'c 1:3 rwm'"),
        Option.Many("gidmap", "INSIDE:OUTSIDE:COUNT", "Maps of group ids") with { SplitsAtCommas = true },
        Option.With("gpus", "WHICH", "GPUs: all, a number, or device=..."),
        Option.With("ipc", "MODE", "Queues and shared memory: private, shareable, host, none, container:NAME or ns:PATH"),
        Option.With("pid", "MODE", "Processes: private, host, container:NAME or ns:PATH"),
        Option.Switch("privileged", "Keep nothing from it"),
        Option.Many("security-opt", "NAME=VALUE", "seccomp, apparmor, label, no-new-privileges, mask, unmask, systempaths, proc-opts, writable-cgroups"),
        Option.With("subgidname", "NAME", "Whose ids of /etc/subgid"), Option.With("subuidname", "NAME", "Whose ids of /etc/subuid"),
        Option.Many("uidmap", "INSIDE:OUTSIDE:COUNT", "Maps of user ids") with { SplitsAtCommas = true },
        Option.With("userns", "MODE", "Users: host, auto[:size=N], keep-id, nomap, container:NAME or ns:PATH"),
        Option.With("uts", "MODE", "Host name: private, host, container:NAME or ns:PATH"),
    ];

    private static Option[] Health() =>
    [
        Option.With("health-cmd", "COMMAND", "A line for a shell, or a list in JSON; none: it is not looked at"),
        Option.With("health-interval", "TIME", "Between two looks (30s)"),
        Option.With("health-on-failure", "WORD", "What is done when it is unhealthy: none, kill, restart or stop") with { Words = ["none", "kill", "restart", "stop"] },
        Option.With("health-retries", "N", "Failures before it is unhealthy (3)"),
        Option.With("health-start-interval", "TIME", "Between two looks while it starts (5s)"),
        Option.With("health-start-period", "TIME", "While it starts, failures do not count (0s)"),
        Option.With("health-timeout", "TIME", "How long a look may take (30s)"),
        Option.Switch("no-healthcheck", "It is not looked at, whatever the image says"),
    ];

    private static IReadOnlyList<Option> Image() =>
    [
        Option.With("pull", "WHEN", "always, missing, newer or never") with { Words = ["always", "missing", "newer", "never"] },
        Option.With("platform", "OS/ARCH[/VARIANT]", "The image for this machine"),
        Option.With("arch", "ARCH", "The image for this architecture"), Option.With("os", "OS", "The image for this system"), Option.With("variant", "VARIANT", "The image for this variant"),
        Option.With("retry", "N", "Pull anew so often when it fails"), Option.With("retry-delay", "TIME", "Wait so long before that"),
        Option.Switch("quiet", "Say nothing of pulling", 'q'),
        .. AccessFlags.Table(),
    ];

    private static Option[] Refused() =>
    [
        Option.Ignored("disable-content-trust"), Option.Ignored("passwd"), Option.Ignored("isolation", "WORD"),
        Option.With("systemd", "WORD", "") with { IsHidden = true },
        Option.With("sdnotify", "WORD", "") with { IsHidden = true },
        Option.With("seccomp-policy", "WORD", "") with { IsHidden = true },
        Option.Refused("cpu-count", "N", OfWindows), Option.Refused("cpu-percent", "N", OfWindows), Option.Refused("io-maxbandwidth", "SIZE", OfWindows), Option.Refused("io-maxiops", "N", OfWindows),
        Option.Refused("link-local-ip", "ADDRESS", "addresses are of the network's subnets"),
        Option.Refused("use-api-socket", null, "there is no daemon whose socket it could be given"),
        Option.Refused("chrootdirs", "FOLDER", "/etc/hosts and its like are made in the container's root alone"),
        Option.Refused("env-merge", "NAME=VALUE", "variables of the image are not calculated with: say --env NAME=VALUE"),
        Option.Refused("hostuser", "USER", NoAccounts), Option.Refused("passwd-entry", "LINE", NoAccounts), Option.Refused("group-entry", "LINE", NoAccounts),
        Option.Refused("decryption-key", "KEY", "images are not encrypted here"), Option.Refused("rdt-class", "CLASS", "classes of caches are given by annotations of the runtime"),
        Option.Refused("init-ctr", "WHEN", "containers that run before a pod's are started by hand, with --requires"), Option.Refused("preserve-fd", "LIST", "descriptors are handed on in a row: say --preserve-fds N"),
        Option.Refused("shm-size-systemd", "SIZE", NoSystemd),
        Option.Refused("health-log-destination", "PLACE", "the last results are with the container: see inspect"), Option.Refused("health-max-log-count", "N", "the last five results are kept"), Option.Refused("health-max-log-size", "N", "4096 bytes of a result are kept"),
        Option.Refused("health-startup-cmd", "COMMAND", NoStartupProbe), Option.Refused("health-startup-interval", "TIME", NoStartupProbe), Option.Refused("health-startup-retries", "N", NoStartupProbe), Option.Refused("health-startup-success", "N", NoStartupProbe), Option.Refused("health-startup-timeout", "TIME", NoStartupProbe),
    ];
}
