// What a host has, read from recorded mount tables.
namespace Berth.Cgroups.Tests;

public class HostTests
{
    private const string Legacy = """
        25 30 0:23 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755
        26 25 0:24 / /sys/fs/cgroup/systemd rw,nosuid shared:11 - cgroup cgroup rw,xattr,release_agent=/usr/lib/systemd/systemd-cgroups-agent,name=systemd
        35 25 0:33 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:15 - cgroup cgroup rw,cpuacct,cpu
        36 25 0:34 / /sys/fs/cgroup/memory rw,nosuid shared:16 - cgroup cgroup rw,memory
        37 25 0:35 / /sys/fs/cgroup/devices rw,nosuid shared:17 - cgroup cgroup rw,devices
        38 25 0:36 / /sys/fs/cgroup/net_cls,net_prio rw,nosuid shared:18 - cgroup cgroup rw,net_prio,net_cls

        """;

    private const string UnifiedLine = "31 30 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";

    [Fact]
    public void Controllers_that_share_a_hierarchy_share_its_mount()
    {
        CgroupHost host = CgroupHost.FromMountTable(Legacy);
        Assert.Equal(CgroupMode.Legacy, host.Mode);
        Assert.Equal("/sys/fs/cgroup/cpu,cpuacct", host.Mount(Controller.Cpu));
        Assert.Equal("/sys/fs/cgroup/cpu,cpuacct", host.Mount(Controller.Cpuacct));
        Assert.Equal("/sys/fs/cgroup/systemd", host.Mount(Controller.NamedSystemd));
        Assert.Null(host.Mount(Controller.Pids));
        Assert.Null(host.UnifiedMount);
        Assert.Equal(["devices", "memory", "cpu,cpuacct", "net_cls,net_prio", "name=systemd"], host.Hierarchies.Select(h => h.MountData));
    }

    [Fact]
    public void A_v2_tree_beside_controllers_of_v1_makes_a_hybrid_host()
    {
        CgroupHost host = CgroupHost.FromMountTable(Legacy + UnifiedLine);
        Assert.Equal(CgroupMode.Hybrid, host.Mode);
        Assert.Equal("/sys/fs/cgroup/unified", host.UnifiedMount);
    }

    [Fact]
    public void A_lone_systemd_hierarchy_beside_v2_does_not_make_a_host_hybrid()
    {
        CgroupHost host = CgroupHost.FromMountTable("""
            31 30 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw
            32 31 0:29 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
            """);
        Assert.Equal(CgroupMode.Unified, host.Mode);
        Assert.Equal("/sys/fs/cgroup", host.UnifiedMount);
        Assert.Equal(["/sys/fs/cgroup"], host.Hierarchies.Select(h => h.Mount));
    }

    [Fact]
    public void A_host_without_cgroups_says_so() => Assert.Equal(CgroupMode.None, CgroupHost.FromMountTable("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n").Mode);

    [Fact]
    public void Blanks_in_mount_points_are_unescaped_and_options_are_kept()
    {
        MountTable table = MountTable.Parse("31 30 0:28 / /my\\040cgroups rw - cgroup2 cgroup2 rw,nsdelegate,favordynmods\n");
        Assert.Equal("/my cgroups", table.Mounts[0].Point);
        Assert.Equal("rw,nsdelegate,favordynmods", table.Mounts[0].Options);
    }

    [Fact]
    public void The_own_cgroup_is_found_below_a_mount_of_the_whole_hierarchy()
    {
        using RecordedTree tree = new();
        tree["proc/self/cgroup"] = "5:cpuacct,cpu:/user.slice/me\n4:memory:/\n1:name=systemd:/user.slice\n0::/user.slice/me\n";
        Directory.CreateDirectory(tree.Mount + "/cpu,cpuacct/user.slice/me");
        CgroupHost host = CgroupHost.FromMountTable($"""
            35 25 0:33 / {tree.Mount}/cpu,cpuacct rw - cgroup cgroup rw,cpuacct,cpu
            36 25 0:34 / {tree.Mount}/memory rw - cgroup cgroup rw,memory
            """, tree.Proc);
        Assert.Equal(tree.Mount + "/cpu,cpuacct/user.slice/me", host.OwnDirectory(Controller.Cpu));
        Assert.Equal(tree.Mount + "/memory", host.OwnDirectory(Controller.Memory));
        Assert.Equal("/user.slice/me", host.Own(Controller.Unified));
        Assert.Null(host.OwnDirectory(Controller.Pids));
    }

    [Fact]
    public void The_own_cgroup_is_found_inside_a_container_that_sees_a_part_of_the_hierarchy()
    {
        using RecordedTree tree = new();
        tree["proc/self/cgroup"] = "4:memory:/docker/abc/inner\n";
        CgroupHost host = CgroupHost.FromMountTable($"36 25 0:34 /docker/abc {tree.Mount}/memory rw - cgroup cgroup rw,memory\n", tree.Proc);
        Assert.Equal(tree.Mount + "/memory/inner", host.OwnDirectory(Controller.Memory));
    }
}
