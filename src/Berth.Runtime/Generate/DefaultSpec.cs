// The configuration `spec` writes: a shell in a read-only root with five namespaces, as runc's.
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Generate;

/// <summary>A configuration to begin with.</summary>
public static class DefaultSpec
{
    /// <summary>Version of the specification new configurations follow.</summary>
    public const string OciVersion = "1.3.0";

    /// <summary>A configuration equal in meaning to the one of <c>runc spec</c>, or of <c>runc spec --rootless</c> for the caller's own ids.</summary>
    public static Spec Create(bool rootless)
    {
        Spec spec = new()
        {
            OciVersion = OciVersion,
            Process = Shell(),
            Root = new() { Path = "rootfs", ReadOnly = true },
            Hostname = "berth",
            Mounts = Mounts(),
            Linux = new()
            {
                // Nothing is allowed but what the runtime adds: the default devices.
                Resources = new() { Devices = [new() { Allow = false, Access = "rwm" }] },
                Namespaces = [new() { Type = "pid" }, new() { Type = "network" }, new() { Type = "ipc" }, new() { Type = "uts" }, new() { Type = "mount" }],
                MaskedPaths =
                [
                    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                    "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
                ],
                ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
            },
        };
        // cgroup namespaces exist on every v2 host; on v1 runc leaves them out, so that the paths inside stay the host's.
        if (KernelFile.Exists("/sys/fs/cgroup/cgroup.controllers")) spec.Linux.Namespaces.Add(new() { Type = "cgroup" });
        if (rootless) MakeRootless(spec, Self.UserId, Self.GroupId);
        return spec;
    }

    internal static void MakeRootless(Spec spec, uint uid, uint gid)
    {
        LinuxSpec linux = spec.Linux!;
        linux.Namespaces.RemoveAll(ns => ns.Type is "network" or "user");
        linux.Namespaces.Add(new() { Type = "user" });
        linux.UidMappings = [new() { ContainerId = 0, HostId = uid, Size = 1 }];
        linux.GidMappings = [new() { ContainerId = 0, HostId = gid, Size = 1 }];
        linux.Resources = null;
        foreach (MountSpec mount in spec.Mounts)
        {
            // Only one id is mapped, so no other can own a file system.
            mount.Options.RemoveAll(option => option.StartsWith("gid=", StringComparison.Ordinal) || option.StartsWith("uid=", StringComparison.Ordinal));
            if (mount.Destination != "/sys") continue;
            // sysfs needs a network namespace of one's own; the host's is bound instead.
            mount.Type = "none";
            mount.Source = "/sys";
            mount.Options = ["rbind", "nosuid", "noexec", "nodev", "ro"];
        }
    }

    private static ProcessSpec Shell()
    {
        List<string> capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
        return new()
        {
            Terminal = true,
            Args = ["sh"],
            Env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            Cwd = "/",
            NoNewPrivileges = true,
            Capabilities = new() { Bounding = [.. capabilities], Effective = [.. capabilities], Permitted = [.. capabilities] },
            Rlimits = [new() { Type = "RLIMIT_NOFILE", Hard = 1024, Soft = 1024 }],
        };
    }

    private static List<MountSpec> Mounts() =>
    [
        new() { Destination = "/proc", Type = "proc", Source = "proc" },
        new() { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
        new() { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
        new() { Destination = "/dev/shm", Type = "tmpfs", Source = "shm", Options = ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
        new() { Destination = "/dev/mqueue", Type = "mqueue", Source = "mqueue", Options = ["nosuid", "noexec", "nodev"] },
        new() { Destination = "/sys", Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", "ro"] },
        new() { Destination = "/sys/fs/cgroup", Type = "cgroup", Source = "cgroup", Options = ["nosuid", "noexec", "nodev", "relatime", "ro"] },
    ];
}
