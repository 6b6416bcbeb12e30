// Limits, updates, device rules and memory events, held against the kernel.
using System.Diagnostics;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.SystemTests;

public class LimitTests
{
    private static string Read(CgroupTree tree, Controller controller, string file) => File.ReadAllText($"{tree.Directory(controller)}/{file}").TrimEnd('\n');

    [Fact]
    public void Memory_and_swap_grow_and_shrink_in_whichever_order_the_kernel_allows()
    {
        using Sandbox sandbox = new(World.Host);
        const long megabyte = 1 << 20;
        ResourcesSpec? stored = new() { Memory = new() { Limit = 32 * megabyte } };
        CgroupTree tree = sandbox.Create(stored);
        Assert.SkipWhen(tree.Directory(Controller.Memory) is null, "needs the memory controller on v1");
        Assert.SkipUnless(File.Exists(tree.Directory(Controller.Memory) + "/memory.memsw.limit_in_bytes"), "needs swap accounting");
        tree.Apply();
        foreach ((long memory, long swap) in (ReadOnlySpan<(long, long)>)[(30, 50), (60, 80), (20, 25), (-1, -1), (10, 10)])
        {
            ResourcesUpdate update = ResourcesUpdate.Merge(stored, new() { Memory = new() { Limit = memory < 0 ? -1 : memory * megabyte, Swap = swap < 0 ? -1 : swap * megabyte } });
            tree.Update(update, stored);
            stored = update.Stored;
            if (memory > 0) Assert.Equal($"{memory * megabyte}", Read(tree, Controller.Memory, "memory.limit_in_bytes"));
            if (swap > 0) Assert.Equal($"{swap * megabyte}", Read(tree, Controller.Memory, "memory.memsw.limit_in_bytes"));
        }
        tree.Update(ResourcesUpdate.Merge(stored, new() { Memory = new() { Limit = -1 } }), stored);
        Assert.Equal(File.ReadAllText(sandbox.Host.Mount(Controller.Memory) + "/memory.memsw.limit_in_bytes").TrimEnd('\n'), Read(tree, Controller.Memory, "memory.memsw.limit_in_bytes"));
    }

    [Fact]
    public void Quota_and_period_change_together_below_a_parent_with_a_limit()
    {
        using Sandbox sandbox = new(World.Host);
        CgroupTree parent = sandbox.Create(new() { Cpu = new() { Quota = 50000, Period = 100000 } });
        Assert.SkipWhen(parent.Directory(Controller.Cpu) is null, "needs the cpu controller on v1");
        parent.Apply();
        ResourcesSpec stored = new() { Cpu = new() { Quota = 30000, Period = 100000 } };
        CgroupTree tree = sandbox.Create(stored, path: $"/{sandbox.Name}/inner");
        tree.Apply();
        Assert.Throws<BerthException>(() => tree.Update(ResourcesUpdate.Merge(stored, new() { Cpu = new() { Quota = 60000 } }), stored));
        Assert.Equal("30000", Read(tree, Controller.Cpu, "cpu.cfs_quota_us"));
        tree.Update(ResourcesUpdate.Merge(stored, new() { Cpu = new() { Quota = 3000, Period = 10000 } }), stored);
        Assert.Equal(("3000", "10000"), (Read(tree, Controller.Cpu, "cpu.cfs_quota_us"), Read(tree, Controller.Cpu, "cpu.cfs_period_us")));
        tree.Delete();
    }

    [Theory]
    [InlineData(1UL, "the minimum allowed cpu-shares is 2")]
    [InlineData(300000UL, "the maximum allowed cpu-shares is 262144")]
    public void Shares_that_the_kernel_would_change_in_silence_are_refused(ulong shares, string message)
    {
        using Sandbox sandbox = new(World.Host);
        CgroupTree tree = sandbox.Create(new() { Cpu = new() { Shares = shares } });
        Assert.SkipWhen(tree.Directory(Controller.Cpu) is null, "needs the cpu controller on v1");
        Assert.Equal(message, Assert.Throws<BerthException>(tree.Apply).Message);
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void Huge_pages_are_limited_wherever_their_controller_lives(World world)
    {
        using Sandbox sandbox = new(world);
        string size = HugePageSizes.OfHost() is [{ } one, ..] ? one : "";
        CgroupTree tree;
        try { tree = sandbox.Create(new() { HugepageLimits = [new() { PageSize = size, Limit = 1 << 30 }] }); tree.Apply(); }
        catch (BerthException e) when (e.Message.Contains("hugetlb", StringComparison.Ordinal)) { Assert.Skip("needs hugetlb"); return; }
        Assert.Equal("1073741824", Sandbox.Read(tree, Controller.Hugetlb, $"hugetlb.{size}.limit_in_bytes", $"hugetlb.{size}.max"));
        Assert.Contains(tree.Stats().HugePages, p => p.Key == size);
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void Devices_are_denied_unless_a_rule_or_a_default_allows_them(World world)
    {
        using Sandbox sandbox = new(world);
        Assert.SkipUnless(File.Exists("/dev/kmsg"), "needs /dev/kmsg");
        const string probe = "head -c1 /dev/zero | wc -c; dd if=/dev/kmsg of=/dev/null bs=8192 count=1 2>&1 && echo read; echo >/dev/null && echo written";
        CgroupTree closed = sandbox.Create(new() { Devices = [new() { Allow = false, Access = "rwm" }] });
        closed.Apply();
        string output = sandbox.RunInside(closed, probe);
        Assert.Contains("1\n", output, StringComparison.Ordinal);
        Assert.Contains("written", output, StringComparison.Ordinal);
        Assert.Contains("Operation not permitted", output, StringComparison.Ordinal);
        closed.Delete();
        CgroupTree open = sandbox.Create(new() { Devices = [new() { Allow = false, Access = "rwm" }, new() { Allow = true, Type = "c", Major = 1, Minor = 11, Access = "r" }] });
        open.Apply();
        Assert.EndsWith("read\nwritten\n", sandbox.RunInside(open, probe), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void Rules_of_a_cgroup_that_was_there_before_are_replaced_and_not_added_to(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree first = sandbox.Create(new() { Devices = [new() { Allow = true, Access = "rwm" }] });
        first.Apply();
        for (int i = 0; i < 3; i++)
        {
            CgroupTree again = sandbox.Create(new() { Devices = [new() { Allow = false, Access = "rwm" }, new() { Allow = true, Type = "c", Major = 1, Minor = 11, Access = "r" }] });
            again.Apply();
        }
        if (first.Directory(Controller.Devices) is { } directory)
        {
            string[] list = File.ReadAllLines(directory + "/devices.list");
            Assert.Equal(12, list.Length);
            Assert.Contains("c 1:11 r", list);
        }
        else
        {
            using Berth.Linux.Fd fd = Berth.Linux.Files.KernelDirectory.TryOpenToRead(first.UnifiedDirectory!, out _)!;
            Assert.Equal(1, Berth.Linux.Bpf.DeviceFilter.Count(fd));
        }
    }

    [Fact]
    public void A_process_killed_for_lack_of_memory_is_announced()
    {
        using Sandbox sandbox = new(World.Host);
        CgroupTree tree = sandbox.Create(new() { Memory = new() { Limit = 16 << 20 } });
        Assert.SkipWhen(tree.Directory(Controller.Memory) is null, "needs the memory controller on v1");
        tree.Apply();
        using MemoryWatch watch = tree.WatchMemory();
        Assert.Equal(MemoryEvent.None, watch.Wait(0));
        // tail keeps what has no end of line in memory.
        sandbox.RunInside(tree, "head -c 64000000 /dev/zero | tail >/dev/null");
        MemoryEvent seen;
        while ((seen = watch.Wait(10_000)) == MemoryEvent.None) { }
        Assert.Equal(MemoryEvent.OutOfMemory, seen);
        Assert.True(tree.OomKills > 0);
        tree.Delete();
        while ((seen = watch.Wait(10_000)) is not MemoryEvent.Gone) { }
    }

    [Fact]
    public void The_end_of_a_container_is_told_even_where_memory_is_not_controlled()
    {
        using Sandbox sandbox = new(World.Unified);
        CgroupTree tree = sandbox.Create();
        tree.Enter(sandbox.Spawn().Id);
        using MemoryWatch watch = tree.WatchMemory();
        Assert.Equal(MemoryEvent.None, watch.Wait(0));
        tree.KillAll();
        MemoryEvent seen;
        while ((seen = watch.Wait(10_000)) == MemoryEvent.None) { }
        Assert.Equal(MemoryEvent.Gone, seen);
    }

    [Theory]
    [InlineData(World.Host)]
    [InlineData(World.Unified)]
    public void Statistics_count_what_a_process_used(World world)
    {
        using Sandbox sandbox = new(world);
        CgroupTree tree = sandbox.Create();
        Process process = sandbox.Spawn();
        tree.Enter(process.Id);
        // Pages that the shell had before it came count elsewhere: it needs new ones.
        sandbox.RunInside(tree, "i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done; x=$(head -c 1000000 /dev/zero | tr '\\0' x)");
        CgroupStats stats = tree.Stats();
        Assert.True(stats.Cpu.Total > 0);
        Assert.Equal(1UL, stats.Pids.Current);
        // The most that it was: of what is used now the kernel may have given all back with the short process.
        if (tree.Directory(Controller.Memory) is not null) Assert.True(stats.Memory.Usage.Max > 0);
    }

    [Fact]
    public void A_process_enters_cgroups_below_those_of_the_container()
    {
        using Sandbox sandbox = new(World.Host);
        CgroupTree tree = sandbox.Create();
        Assert.SkipWhen(tree.Directory(Controller.Memory) is null, "needs cgroup v1");
        BerthException missing = Assert.Throws<BerthException>(() => tree.Membership(SubCgroups.Parse(["memory:below"])).RequireDirectories());
        Assert.Matches("error adding pid .* to cgroups: .*no such file or directory$", missing.Message);
        Directory.CreateDirectory(tree.Directory(Controller.Memory) + "/below");
        Process process = sandbox.Spawn();
        Membership membership = tree.Membership(SubCgroups.Parse(["memory:below"]));
        membership.RequireDirectories();
        membership.Enter(process.Id);
        string[] lines = File.ReadAllLines($"/proc/{process.Id}/cgroup");
        Assert.Contains(lines, l => l.EndsWith($":memory:/{sandbox.Name}/below", StringComparison.Ordinal));
        Assert.Contains(lines, l => l.EndsWith($":pids:/{sandbox.Name}", StringComparison.Ordinal));
    }

    [Fact]
    public void A_delegated_cgroup_belongs_to_its_owner_and_holds_the_process()
    {
        using Sandbox sandbox = new(World.Unified);
        CgroupTree tree = sandbox.Create(options: new() { Delegate = "payload" }, owner: new CgroupOwner(12345, 23456));
        Process process = sandbox.Spawn();
        tree.Enter(process.Id);
        tree.EnterDelegate(process.Id);
        Assert.Contains($"0::/{sandbox.Name}/payload", File.ReadAllLines($"/proc/{process.Id}/cgroup"));
        using Process stat = Process.Start(new ProcessStartInfo("/usr/bin/stat", ["-c", "%u:%g", tree.UnifiedDirectory!, tree.UnifiedDirectory + "/payload", tree.UnifiedDirectory + "/cgroup.procs", tree.UnifiedDirectory + "/cgroup.freeze"]) { RedirectStandardOutput = true })!;
        Assert.Equal("12345:23456\n12345:23456\n12345:23456\n0:0\n", stat.StandardOutput.ReadToEnd());
        stat.WaitForExit();
        // Who comes later cannot stand above a cgroup that manages itself, and stands beside its init.
        Process later = sandbox.Spawn();
        if (File.ReadAllText(tree.UnifiedDirectory + "/cgroup.subtree_control").Length > 1) tree.Membership(initPid: process.Id).Enter(later.Id);
        else tree.Enter(later.Id);
        Assert.Contains(later.Id, tree.Pids(recursive: true));
    }
}
