// The configuration of `spec` means what runc's does.
using System.Text;
using Berth.Linux.Processes;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Generate;

namespace Berth.Runtime.Tests.Generate;

public class DefaultSpecTests
{
    private static readonly string[] Capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];

    // What `runc spec` of version 1.5 says, but for the host name. On a host with cgroup v2 alone there is a cgroup namespace too.
    private static Spec Expected() => new()
    {
        OciVersion = "1.3.0",
        Process = new()
        {
            Terminal = true,
            User = new() { Uid = 0, Gid = 0 },
            Args = ["sh"],
            Env = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
            Cwd = "/",
            Capabilities = new() { Bounding = [.. Capabilities], Effective = [.. Capabilities], Permitted = [.. Capabilities] },
            Rlimits = [new() { Type = "RLIMIT_NOFILE", Hard = 1024, Soft = 1024 }],
            NoNewPrivileges = true,
        },
        Root = new() { Path = "rootfs", ReadOnly = true },
        Hostname = "berth",
        Mounts =
        [
            new() { Destination = "/proc", Type = "proc", Source = "proc" },
            new() { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            new() { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
            new() { Destination = "/dev/shm", Type = "tmpfs", Source = "shm", Options = ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"] },
            new() { Destination = "/dev/mqueue", Type = "mqueue", Source = "mqueue", Options = ["nosuid", "noexec", "nodev"] },
            new() { Destination = "/sys", Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", "ro"] },
            new() { Destination = "/sys/fs/cgroup", Type = "cgroup", Source = "cgroup", Options = ["nosuid", "noexec", "nodev", "relatime", "ro"] },
        ],
        Linux = new()
        {
            Resources = new() { Devices = [new() { Allow = false, Access = "rwm" }] },
            Namespaces = [.. Namespaces("pid", "network", "ipc", "uts", "mount")],
            MaskedPaths =
            [
                "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
                "/proc/sched_debug", "/sys/firmware", "/proc/scsi",
            ],
            ReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    };

    private static IEnumerable<NamespaceSpec> Namespaces(params string[] types)
    {
        if (File.Exists("/sys/fs/cgroup/cgroup.controllers")) types = [.. types, "cgroup"];
        return types.Select(type => new NamespaceSpec { Type = type });
    }

    [Fact]
    public void It_is_a_shell_in_a_read_only_root_with_five_namespaces() => Assert.Equal(Text(Expected()), Text(DefaultSpec.Create(rootless: false)));

    [Fact]
    public void Rootless_it_maps_the_caller_shares_the_network_and_leaves_cgroups_alone()
    {
        Spec expected = Expected();
        expected.Mounts[2].Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"];
        expected.Mounts[5] = new() { Destination = "/sys", Type = "none", Source = "/sys", Options = ["rbind", "nosuid", "noexec", "nodev", "ro"] };
        expected.Linux!.Resources = null;
        expected.Linux.Namespaces = [.. Namespaces("pid", "ipc", "uts", "mount"), new() { Type = "user" }];
        expected.Linux.UidMappings = [new() { ContainerId = 0, HostId = Self.UserId, Size = 1 }];
        expected.Linux.GidMappings = [new() { ContainerId = 0, HostId = Self.GroupId, Size = 1 }];
        Assert.Equal(Text(expected), Text(DefaultSpec.Create(rootless: true)));
    }

    private static string Text(Spec spec) => Encoding.UTF8.GetString(SpecWriter.ToJson(spec, indented: true));
}
