// Directories, members, freezing, killing and deleting, in the cgroups of this machine.
using System.Diagnostics;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.SystemTests;

public class LifecycleTests
{
    [Fact]
    public void The_quick_look_at_the_host_agrees_with_its_mount_table()
    {
        CgroupHost quick = CgroupHost.Discover();
        CgroupHost thorough = CgroupHost.FromMountTable(File.ReadAllText("/proc/self/mountinfo"));
        Assert.Equal(thorough.Mode, quick.Mode);
        foreach (Controller controller in Enum.GetValues<Controller>()) Assert.Equal(thorough.Mount(controller), quick.Mount(controller));
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void A_process_enters_every_hierarchy_and_deletion_leaves_nothing(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create();
        tree.Apply();
        Process process = sandbox.Spawn();
        tree.Enter(process.Id);
        Assert.Equal([process.Id], tree.Pids(recursive: false));
        foreach (string line in File.ReadAllLines($"/proc/{process.Id}/cgroup"))
        {
            if (tree.Directory(ControllerNames.Parse(line.Split(':')[1].Split(',')[0]) ?? Controller.Misc) is not null)
            {
                Assert.EndsWith(":/" + sandbox.Name, line, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void A_process_that_writes_zero_into_the_task_files_is_in_every_v1_hierarchy(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create();
        Membership membership = tree.Membership();
        Assert.SkipWhen(membership.TaskFiles.Count == 0, "needs cgroup v1");
        string joins = string.Join("; ", membership.TaskFiles.Select(f => $"echo 0 > {f}"));
        Process process = sandbox.Spawn($"{joins}; cat /proc/self/cgroup");
        string[] lines = process.StandardOutput.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.All(lines.Where(l => !l.StartsWith("0::", StringComparison.Ordinal)), l => Assert.EndsWith(":/" + sandbox.Name, l, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void A_frozen_process_does_not_advance_and_a_thawed_one_does(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create();
        Process process = sandbox.Spawn("while :; do :; done");
        tree.Enter(process.Id);
        Assert.Equal(FreezerState.Thawed, tree.Freezer);
        tree.Freeze();
        Assert.Equal(FreezerState.Frozen, tree.Freezer);
        string before = Times(process.Id);
        for (int i = 0; i < 1000; i++) _ = Times(process.Id);
        Assert.Equal(before, Times(process.Id));
        tree.Thaw();
        Assert.Equal(FreezerState.Thawed, tree.Freezer);
        while (Times(process.Id) == before) { }

        static string Times(int pid) => File.ReadAllText($"/proc/{pid}/schedstat");
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void Killing_reaches_frozen_processes_and_those_in_cgroups_below(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create();
        Process first = sandbox.Spawn(), second = sandbox.Spawn();
        tree.Enter(first.Id);
        tree.Enter(second.Id);
        string members = tree.Directory(Controller.Devices) ?? tree.UnifiedDirectory!;
        Directory.CreateDirectory(members + "/below");
        File.WriteAllText(members + "/below/cgroup.procs", second.Id.ToString());
        Assert.Equal([first.Id], tree.Pids(recursive: false));
        Assert.Equal(new[] { first.Id, second.Id }.Order(), tree.Pids(recursive: true).Order());
        tree.Freeze();
        tree.KillAll();
        Assert.True(first.WaitForExit(10_000));
        Assert.True(second.WaitForExit(10_000));
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void A_cgroup_with_processes_is_refused_and_left_as_it_is(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create();
        tree.Enter(sandbox.Spawn().Id);
        BerthException fault = Assert.Throws<BerthException>(() => sandbox.Create());
        Assert.Equal(Fault.Conflict, fault.Kind);
        Assert.Contains("container's cgroup is not empty: 1 process(es) found", fault.Message, StringComparison.Ordinal);
        Assert.Single(tree.Pids(recursive: true));
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void A_frozen_cgroup_is_refused_and_left_as_it_is(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create();
        tree.Freeze();
        BerthException fault = Assert.Throws<BerthException>(() => sandbox.Create());
        Assert.Equal("container's cgroup unexpectedly frozen", fault.Message);
        Assert.Equal(FreezerState.Frozen, tree.Freezer);
        tree.Thaw();
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void Deletion_removes_what_creation_made_and_nothing_that_was_there_before(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree outer = sandbox.Create();
        CgroupTree inner = sandbox.Create(path: $"/{sandbox.Name}/pod/inner");
        string members = inner.Directory(Controller.Devices) ?? inner.UnifiedDirectory!;
        Assert.True(Directory.Exists(members));
        CgroupTree.Open(inner.Record).Delete();
        Assert.False(Directory.Exists(members));
        Assert.False(Directory.Exists(Path.GetDirectoryName(members)));
        Assert.True(outer.Exists);
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void A_tree_opened_again_from_its_record_is_the_same(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create();
        Process process = sandbox.Spawn();
        tree.Enter(process.Id);
        CgroupTree again = CgroupTree.Open(tree.Record);
        Assert.Equal(tree.Pids(recursive: true), again.Pids(recursive: true));
        again.KillAll();
        Assert.True(process.WaitForExit(10_000));
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void Limits_land_in_their_files(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create(new ResourcesSpec
        {
            Memory = new() { Limit = 64 << 20, Reservation = 32 << 20 },
            Cpu = new() { Shares = 512, Quota = 50000, Period = 100000, Cpus = "0" },
            Pids = new() { Limit = 42 },
        });
        Assert.SkipUnless(tree.Directory(Controller.Pids) is not null || File.Exists(tree.UnifiedDirectory + "/pids.max"), "needs controllers");
        tree.Apply();
        Assert.Equal("67108864", Sandbox.Read(tree, Controller.Memory, "memory.limit_in_bytes", "memory.max") ?? "67108864");
        Assert.Equal("33554432", Sandbox.Read(tree, Controller.Memory, "memory.soft_limit_in_bytes", "memory.low") ?? "33554432");
        Assert.Equal("42", Sandbox.Read(tree, Controller.Pids, "pids.max", "pids.max") ?? "42");
        Assert.Equal("0", Sandbox.Read(tree, Controller.Cpuset, "cpuset.cpus", "cpuset.cpus") ?? "0");
        if (tree.Directory(Controller.Cpu) is { } cpu)
        {
            Assert.Equal("512\n", File.ReadAllText(cpu + "/cpu.shares"));
            Assert.Equal("50000\n", File.ReadAllText(cpu + "/cpu.cfs_quota_us"));
        }
    }

    [Fact]
    public void Nothing_freezes_or_kills_the_cgroup_it_stands_in_or_the_root_of_all()
    {
        using Sandbox sandbox = new(World.Host);
        List<KeyValuePair<Controller, string>> roots = [], own = [];
        foreach (Controller controller in Enum.GetValues<Controller>())
        {
            if (sandbox.Host.Mount(controller) is { } mount) roots.Add(new(controller, mount));
            if (sandbox.Host.OwnDirectory(controller) is { } directory) own.Add(new(controller, directory));
        }
        foreach (List<KeyValuePair<Controller, string>> paths in (List<KeyValuePair<Controller, string>>[])[roots, own])
        {
            CgroupTree tree = CgroupTree.Open(new CgroupRecord { Mode = sandbox.Host.Mode, Paths = paths });
            // Signal 0 would harm nobody, were it sent.
            Assert.Equal(Fault.WrongState, Assert.Throws<BerthException>(() => tree.SignalAll(0)).Kind);
        }
    }
}
