// doctor: a host that is well, and one for each thing that can be broken.
using Berth.Engine.Diagnosis;
using Berth.Engine.Diagnosis.Host;
using Berth.Linux.Files;

namespace Berth.Engine.Tests.Diagnosis;

public sealed class HostCheckTests
{
    private static readonly Dictionary<string, string> s_files = new()
    {
        ["/proc/filesystems"] = "nodev\tproc\nnodev\toverlay\n\text4\n",
        ["/proc/self/ns/user"] = "",
        ["/proc/sys/user/max_user_namespaces"] = "15000\n",
        ["/proc/sys/kernel/seccomp/actions_avail"] = "kill allow\n",
        ["/sys/module/nf_tables"] = "",
        ["/sys/module/bridge"] = "",
        ["/sys/module/veth"] = "",
        ["/dev/net/tun"] = "",
        ["/proc/self/mountinfo"] = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw\n",
        ["/proc/self/cgroup"] = "0::/user.slice/user-1000.slice/user@1000.service/app.slice\n",
        ["/sys/fs/cgroup/cgroup.controllers"] = "cpuset cpu io memory pids\n",
        ["/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/cgroup.controllers"] = "cpu memory pids\n",
        ["/etc/subuid"] = "sailor:100000:65536\n",
        ["/etc/subgid"] = "sailor:100000:65536\n",
        ["/proc/sys/net/ipv4/ip_unprivileged_port_start"] = "80\n",
        ["/etc/resolv.conf"] = "nameserver 10.0.0.1\n",
        ["/proc/sys/net/ipv4/ip_forward"] = "1\n",
        ["/proc/self/limits"] = "Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 524288               files     \n",
        ["/proc/sys/kernel/pid_max"] = "4194304\n",
        ["/proc/loadavg"] = "0.1 0.1 0.1 1/200 4711\n",
        ["/proc/sys/kernel/keys/maxkeys"] = "200\n",
        ["/proc/sys/kernel/keys/root_maxkeys"] = "1000000\n",
        ["/proc/sys/fs/inotify/max_user_instances"] = "1024\n",
        ["/proc/sys/fs/inotify/max_user_watches"] = "524288\n",
    };

    private static HostFacts Well(Dictionary<string, string?>? changed = null, bool isRoot = false, params string[] missing)
    {
        string? Read(string path) => changed is not null && changed.TryGetValue(path, out string? other) ? other : s_files.GetValueOrDefault(path);
        return new HostFacts
        {
            Read = Read,
            Exists = path => Read(path) is not null,
            IsWritable = path => Read(path) is not null || path == "/sys/fs/cgroup",
            ModeOf = static _ => 0x89ED,
            HasCapabilities = static _ => false,
            Find = name => missing.Contains(name) ? null : $"/usr/bin/{name}",
            VersionOf = static _ => "1.0",
            Room = static path => new FileSystemRoom(path == "/run/berth" ? 0x01021994 : 0xEF53, 100UL << 30, 50UL << 30, 1_000_000, 900_000),
            IsRoot = isRoot,
            User = "sailor",
            Kernel = new Version(6, 1),
            Root = "/var/lib/berth",
            Run = "/run/berth",
            Now = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
        };
    }

    private static string[] Unwell(HostFacts facts, FindingLevel level) => [.. HostChecks.Run(facts).Where(one => one.Level == level).Select(static one => one.Name)];

    [Theory, InlineData(true), InlineData(false)]
    public void A_host_that_is_well_is_said_to_be(bool isRoot) => Assert.Equal([], HostChecks.Run(Well(isRoot: isRoot)).Where(static one => one.Level != FindingLevel.Ok).Select(static one => $"{one.Name}: {one.Seen}"));

    public static TheoryData<string, string, string?> BrokenFiles { get; } = new()
    {
        { "user-namespaces", "/proc/sys/user/max_user_namespaces", "0" },
        { "user-namespaces", "/proc/sys/kernel/unprivileged_userns_clone", "0" },
        { "user-namespaces", "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1" },
        { "cgroup", "/proc/self/mountinfo", "" },
        { "lent-ids", "/etc/subuid", "other:100000:65536" },
        { "lent-ids", "/etc/subgid", null },
        { "tun", "/dev/net/tun", null },
        { "resolver", "/etc/resolv.conf", null },
        { "resolver", "/etc/resolv.conf", "search example.org" },
        { "processes", "/proc/sys/kernel/pid_max", "210" },
    };

    [Theory, MemberData(nameof(BrokenFiles))]
    public void What_is_broken_fails_its_own_check_and_no_other(string check, string file, string? text) => Assert.Equal([check], Unwell(Well(new() { [file] = text }), FindingLevel.Failure));

    public static TheoryData<string, string, string?> DoubtfulFiles { get; } = new()
    {
        { "overlay", "/proc/filesystems", "nodev\tproc\n" },
        { "seccomp", "/proc/sys/kernel/seccomp/actions_avail", null },
        { "cgroup-controllers", "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/cgroup.controllers", "pids" },
        { "lent-ids", "/etc/subuid", "sailor:100000:1000" },
        { "low-ports", "/proc/sys/net/ipv4/ip_unprivileged_port_start", "1024" },
        { "other-firewalls", "/etc/ufw/ufw.conf", "ENABLED=yes" },
        { "other-firewalls", "/run/docker.sock", "" },
        { "open-files", "/proc/self/limits", "Max open files            1024                 1024               files     " },
        { "keyrings", "/proc/sys/kernel/keys/maxkeys", "50" },
        { "inotify", "/proc/sys/fs/inotify/max_user_instances", "128" },
    };

    [Theory, MemberData(nameof(DoubtfulFiles))]
    public void What_is_doubtful_is_warned_of(string check, string file, string? text) => Assert.Equal([check], Unwell(Well(new() { [file] = text }), FindingLevel.Warning));

    [Fact]
    public void Programs_places_and_the_clock_have_their_checks()
    {
        Assert.Equal(["id-mappers"], Unwell(Well(missing: "newuidmap"), FindingLevel.Failure));
        Assert.Equal(["user-network"], Unwell(Well(missing: ["pasta", "slirp4netns"]), FindingLevel.Failure));
        Assert.Equal(["programs"], Unwell(Well(missing: "berth-shim"), FindingLevel.Failure));
        Assert.Equal(["kernel"], Unwell(Well() with { Kernel = new Version(5, 4) }, FindingLevel.Failure));
        Assert.Equal(["clock"], Unwell(Well() with { Now = DateTimeOffset.UnixEpoch }, FindingLevel.Failure));
        Assert.Equal(["disk-space"], Unwell(Well() with { Room = static path => Room(path, free: 1 << 20) }, FindingLevel.Failure));
        Assert.Equal(["inodes"], Unwell(Well() with { Room = static path => Room(path, files: 10) }, FindingLevel.Failure));
        Assert.Equal(["store-file-system"], Unwell(Well() with { Room = static path => Room(path, type: 0x6969) }, FindingLevel.Failure));
        Assert.Equal(["id-mappers"], Unwell(Well() with { ModeOf = static _ => 0x81ED }, FindingLevel.Warning));
    }

    private static FileSystemRoom Room(string path, long type = 0xEF53, ulong free = 50UL << 30, ulong files = 900_000) =>
        new(path == "/run/berth" ? 0x01021994 : type, 100UL << 30, free, 1_000_000, files);

    [Fact]
    public void Every_check_says_why_and_every_failure_what_cures_it()
    {
        Assert.Equal([], HostChecks.All.Where(static check => check.Why.Length == 0).Select(static check => check.Name));
        Assert.Equal(HostChecks.All.Count, HostChecks.All.Select(static check => check.Name).Distinct().Count());
        foreach (TheoryDataRow<string, string, string?> row in BrokenFiles)
        {
            Assert.NotNull(HostChecks.Run(Well(new() { [row.Data.Item2] = row.Data.Item3 })).First(static one => one.Level == FindingLevel.Failure).Cure);
        }
    }
}
