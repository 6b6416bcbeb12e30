// cgroupsPath in its forms, and what --cgroup of exec may reach.
using Berth.Oci.Faults;

namespace Berth.Cgroups.Tests;

public class PathTests
{
    [Theory]
    [InlineData("", "")]
    [InlineData("a/b", "a/b")]
    [InlineData("/a//b/./c/", "/a/b/c")]
    [InlineData("../../../etc/x", "etc/x")]
    [InlineData("/../../x", "/x")]
    [InlineData("a/../../b", "b")]
    [InlineData("/", "/")]
    public void Nothing_climbs_above_where_it_starts(string path, string cleaned) => Assert.Equal(cleaned, CgroupPath.Clean(path));

    [Fact]
    public void An_absolute_path_starts_at_the_root_of_the_hierarchy()
    {
        CgroupHost host = CgroupHost.AtUnified("/sys/fs/cgroup");
        Assert.Equal("/sys/fs/cgroup/pod/c", CgroupPath.Directories(host, "/pod/../pod/c", "id")[(int)Controller.Unified]);
    }

    [Fact]
    public void On_v2_a_relative_or_empty_path_starts_beside_the_own_cgroup()
    {
        using RecordedTree tree = new();
        tree["proc/self/cgroup"] = "0::/user.slice/session-1.scope\n";
        CgroupHost host = CgroupHost.AtUnified(tree.Mount, tree.Proc);
        Assert.Equal(tree.Mount + "/user.slice/a/b", CgroupPath.Directories(host, "a/b", "id")[(int)Controller.Unified]);
        Assert.Equal(tree.Mount + "/user.slice/id", CgroupPath.Directories(host, null, "id")[(int)Controller.Unified]);
    }

    [Fact]
    public void On_v1_a_relative_path_starts_at_the_own_cgroup_of_each_hierarchy()
    {
        using RecordedTree tree = new();
        tree["proc/self/cgroup"] = "4:memory:/agent\n3:pids:/\n0::/agent\n";
        Directory.CreateDirectory(tree.Mount + "/memory/agent");
        CgroupHost host = CgroupHost.FromMountTable($"""
            36 25 0:34 / {tree.Mount}/memory rw - cgroup cgroup rw,memory
            37 25 0:35 / {tree.Mount}/pids rw - cgroup cgroup rw,pids
            38 25 0:36 / {tree.Mount}/unified rw - cgroup2 cgroup2 rw
            """, tree.Proc);
        string?[] paths = CgroupPath.Directories(host, null, "id");
        Assert.Equal(tree.Mount + "/memory/agent/id", paths[(int)Controller.Memory]);
        Assert.Equal(tree.Mount + "/pids/id", paths[(int)Controller.Pids]);
        Assert.Equal(tree.Mount + "/unified/id", paths[(int)Controller.Unified]);
        Assert.Null(paths[(int)Controller.Cpu]);
    }

    [Theory]
    [InlineData("system.slice", "/system.slice")]
    [InlineData("test-a-b.slice", "/test.slice/test-a.slice/test-a-b.slice")]
    [InlineData("-.slice", "/")]
    public void Every_dash_of_a_slice_is_a_level(string slice, string path) => Assert.Equal(path, SystemdUnit.ExpandSlice(slice));

    [Theory]
    [InlineData("test--a.slice")]
    [InlineData("-test.slice")]
    [InlineData("test-.slice")]
    [InlineData("a/b.slice")]
    [InlineData(".slice")]
    [InlineData("test")]
    public void Malformed_slices_are_refused(string slice) => Assert.Throws<BerthException>(() => SystemdUnit.ExpandSlice(slice));

    [Fact]
    public void The_systemd_form_gives_slice_and_scope()
    {
        SystemdUnit unit = SystemdUnit.Parse("machine-pod.slice:cri:42", "id", "berth");
        Assert.Equal(new SystemdUnit("machine-pod.slice", "cri-42.scope"), unit);
        Assert.Equal("/machine.slice/machine-pod.slice/cri-42.scope", unit.Directory("system.slice"));
        Assert.Equal(new SystemdUnit("", "berth-id.scope"), SystemdUnit.Parse("", "id", "berth"));
        Assert.Equal("/system.slice/berth-id.scope", SystemdUnit.Parse(null, "id", "berth").Directory("system.slice"));
        Assert.True(SystemdUnit.Parse("a.slice::b.slice", "id", "berth").IsSlice);
    }

    [Theory]
    [InlineData("/not/systemd")]
    [InlineData("a:b")]
    [InlineData("a:b:c:d")]
    public void Another_form_is_refused_under_systemd(string path)
    {
        BerthException fault = Assert.Throws<BerthException>(() => SystemdUnit.Parse(path, "id", "berth"));
        Assert.Equal($"expected cgroupsPath to be of format \"slice:prefix:name\" for systemd cgroups, got \"{path}\" instead", fault.Message);
    }

    [Fact]
    public void A_sub_cgroup_may_be_given_for_all_hierarchies_or_by_controller()
    {
        string?[] paths = new string?[ControllerNames.Count];
        paths[(int)Controller.Memory] = "/m/c";
        paths[(int)Controller.Cpu] = paths[(int)Controller.Cpuacct] = "/cpu/c";
        string?[] everywhere = [.. paths];
        SubCgroups.Parse(["sub/x"])!.Place(everywhere);
        Assert.Equal("/m/c/sub/x", everywhere[(int)Controller.Memory]);
        SubCgroups.Parse(["/"])!.Place(paths);
        Assert.Equal("/m/c", paths[(int)Controller.Memory]);
        SubCgroups.Parse(["memory:a", "cpu,cpuacct:b"])!.Place(paths);
        Assert.Equal("/m/c/a", paths[(int)Controller.Memory]);
        Assert.Equal("/cpu/c/b", paths[(int)Controller.Cpu]);
        Assert.Null(SubCgroups.Parse([]));
    }

    [Theory]
    [InlineData("..", "bad sub cgroup path: ..")]
    [InlineData("a/../..", "bad sub cgroup path: a/../..")]
    [InlineData("whaaat:/", "unknown controller whaaat in SubCgroupPaths")]
    [InlineData(":x", "invalid --cgroup argument: :x (empty <controller> prefix)")]
    public void A_sub_cgroup_outside_the_container_is_refused(string argument, string message)
    {
        string?[] paths = new string?[ControllerNames.Count];
        paths[(int)Controller.Memory] = "/m/c";
        Assert.Equal(message, Assert.Throws<BerthException>(() => SubCgroups.Parse([argument])!.Place(paths)).Message);
    }

    [Fact]
    public void Contradicting_sub_cgroups_are_refused()
    {
        Assert.Throws<BerthException>(() => SubCgroups.Parse(["a", "memory:b"]));
        Assert.Throws<BerthException>(() => SubCgroups.Parse(["memory:a", "memory:b"]));
    }
}
