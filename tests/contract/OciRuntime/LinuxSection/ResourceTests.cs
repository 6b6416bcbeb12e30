// LNX-07, LNX-08, LNX-10 to LNX-17, LNX-30, LNX-31: cgroup paths and limits, read back from the kernel's files.
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.LinuxSection;

[Row("LNX-30")]
public sealed class ResourceTests : ContainerTest
{
    private string Value(string controller, string v1, string v2)
    {
        Machine.NeedsController(controller);
        string folder = Dock.CgroupFolder(controller) ?? throw new DirectoryNotFoundException($"no cgroup of {controller}");
        string file = $"{folder}/{(Machine.Cgroups == CgroupLayout.Unified ? v2 : v1)}";
        Assert.SkipUnless(File.Exists(file), $"this kernel has no {Path.GetFileName(file)}");
        return File.ReadAllText(file).Trim();
    }

    private static bool Unified => Machine.Cgroups == CgroupLayout.Unified;

    [Fact]
    [Row("LNX-07")]
    public void An_absolute_path_is_taken_from_the_root_of_the_tree()
    {
        Started(config => config.Set("linux.cgroupsPath", $"/{Id}/a/b"));
        Assert.Contains($":/{Id}/a/b\n", File.ReadAllText($"/proc/{Dock.Pid()}/cgroup"));
        Call("delete", "--force", Id).Succeeded();
        RemoveParents();
    }

    [Fact]
    [Row("LNX-07")]
    public void A_relative_path_ends_the_containers_cgroup()
    {
        Started(config => config.Set("linux.cgroupsPath", $"{Id}"));
        Assert.Contains($"/{Id}\n", File.ReadAllText($"/proc/{Dock.Pid()}/cgroup"));
    }

    [Fact]
    [Row("LNX-07")]
    public void Without_a_path_there_is_a_cgroup_all_the_same()
    {
        Started(config => config.Remove("linux.cgroupsPath"));
        Assert.Contains(Id, File.ReadAllText($"/proc/{Dock.Pid()}/cgroup"));
    }

    [Fact]
    [Row("LNX-07")]
    public void Every_controller_of_the_host_holds_the_container()
    {
        Assert.SkipWhen(Unified, "one tree only");
        Started();
        string[] lines = File.ReadAllLines($"/proc/{Dock.Pid()}/cgroup");
        foreach (string controller in (string[])["cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "pids"])
        {
            if (Machine.HasController(controller)) Assert.Contains(lines, line => line.Contains(controller, StringComparison.Ordinal) && line.EndsWith($"/{Id}", StringComparison.Ordinal));
        }
    }

    [Fact]
    [Row("LNX-07")]
    public void Inside_a_cgroup_namespace_the_path_is_the_root() => Shell("cut -d : -f 3 /proc/self/cgroup | sort -u").Says("/");

    [Fact]
    [Row("LNX-08")]
    public void A_writable_cgroup_belongs_to_the_containers_root()
    {
        Assert.SkipUnless(Unified, "delegation is a matter of cgroup version 2");
        Started(config => config.UserNamespace().Mount("/sys/fs/cgroup", "cgroup", "cgroup", "nosuid", "noexec", "nodev", "rw"));
        Dock.Tool("stat", "-c", "%u", $"{Dock.CgroupFolder("memory")}/cgroup.procs").Run().Says("100000");
        ExecShell("mkdir /sys/fs/cgroup/inner").Succeeded();
    }

    [Fact]
    [Row("LNX-10")]
    public void The_memory_limit_is_set()
    {
        Started(config => config.Set("linux.resources.memory.limit", 64 << 20));
        Assert.Equal($"{64 << 20}", Value("memory", "memory.limit_in_bytes", "memory.max"));
    }

    [Fact]
    [Row("LNX-10")]
    public void The_memory_reservation_is_set()
    {
        Started(config => config.Set("linux.resources.memory.limit", 64 << 20).Set("linux.resources.memory.reservation", 32 << 20));
        Assert.Equal($"{32 << 20}", Value("memory", "memory.soft_limit_in_bytes", "memory.low"));
    }

    [Fact]
    [Row("LNX-10")]
    public void Swap_is_memory_and_swap_together()
    {
        Machine.NeedsController("memory");
        Machine.NeedsPath(Unified ? "/proc/swaps" : "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", "this kernel does not account swap");
        Started(config => config.Set("linux.resources.memory.limit", 64 << 20).Set("linux.resources.memory.swap", 96 << 20));
        Assert.Equal($"{(Unified ? 32 : 96) << 20}", Value("memory", "memory.memsw.limit_in_bytes", "memory.swap.max"));
    }

    [Fact]
    [Row("LNX-10")]
    public void Swappiness_is_set()
    {
        Assert.SkipWhen(Unified, "version 2 has no swappiness");
        Started(config => config.Set("linux.resources.memory.swappiness", 17));
        Assert.Equal("17", Value("memory", "memory.swappiness", ""));
    }

    [Fact]
    [Row("LNX-10")]
    public void The_oom_killer_can_be_disabled()
    {
        Assert.SkipWhen(Unified, "version 2 cannot disable the killer");
        Started(config => config.Set("linux.resources.memory.limit", 64 << 20).Set("linux.resources.memory.disableOOMKiller", true));
        Assert.Contains("oom_kill_disable 1", Value("memory", "memory.oom_control", ""));
    }

    [Fact]
    [Row("LNX-10")]
    public void A_program_that_needs_more_memory_than_it_may_is_killed()
    {
        Machine.NeedsController("memory");
        Run(config => config.Args("/bin/dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1").Set("linux.resources.memory.limit", 24 << 20)
            .Set("linux.resources.memory.swap", Path.Exists("/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes") || Unified ? 24 << 20 : null)).Exited(137);
        IsGone();
    }

    [Fact]
    [Row("LNX-11")]
    public void Cpu_shares_are_set()
    {
        Started(config => config.Set("linux.resources.cpu.shares", 512));
        if (!Unified) Assert.Equal("512", Value("cpu", "cpu.shares", ""));
        // Newer runtimes convert 1024 to 100 in another way than older ones; both lie between.
        else Assert.InRange(int.Parse(Value("cpu", "", "cpu.weight")), 20, 60);
    }

    [Fact]
    [Row("LNX-11")]
    public void Cpu_quota_and_period_are_set()
    {
        Started(config => config.Set("linux.resources.cpu.quota", 30000).Set("linux.resources.cpu.period", 60000));
        Assert.Equal(Unified ? "30000 60000" : "30000", Value("cpu", "cpu.cfs_quota_us", "cpu.max"));
        if (!Unified) Assert.Equal("60000", Value("cpu", "cpu.cfs_period_us", ""));
    }

    [Fact]
    [Row("LNX-11")]
    public void Cpu_burst_is_set()
    {
        Started(config => config.Set("linux.resources.cpu.quota", 50000).Set("linux.resources.cpu.period", 100000).Set("linux.resources.cpu.burst", 20000));
        Assert.Equal("20000", Value("cpu", "cpu.cfs_burst_us", "cpu.max.burst"));
    }

    [Fact]
    [Row("LNX-11")]
    public void Cpu_idle_is_set()
    {
        Started(config => config.Set("linux.resources.cpu.idle", 1));
        Assert.Equal("1", Value("cpu", "cpu.idle", "cpu.idle"));
    }

    [Fact]
    [Row("LNX-11")]
    public void Realtime_period_and_runtime_are_set()
    {
        Machine.NeedsPath("/sys/fs/cgroup/cpu/cpu.rt_runtime_us", "no real-time group scheduling");
        Started(config => config.Set("linux.resources.cpu.realtimePeriod", 900000).Set("linux.resources.cpu.realtimeRuntime", 1000));
        Assert.Equal("900000", Value("cpu", "cpu.rt_period_us", ""));
        Assert.Equal("1000", Value("cpu", "cpu.rt_runtime_us", ""));
    }

    [Fact]
    [Row("LNX-11")]
    public void Processors_and_memory_nodes_are_set()
    {
        Machine.NeedsController("cpuset");
        Outcome outcome = Shell("grep Cpus_allowed_list /proc/self/status | cut -f 2; grep Mems_allowed_list /proc/self/status | cut -f 2",
            config => config.Set("linux.resources.cpu.cpus", "0").Set("linux.resources.cpu.mems", "0"));
        outcome.Says("0\n0");
    }

    [Theory]
    [Row("LNX-11")]
    [InlineData("linux.resources.cpu.cpus", "4711")]
    [InlineData("linux.resources.cpu.cpus", "words")]
    public void Processors_that_are_not_there_are_an_error(string path, string value)
    {
        Machine.NeedsController("cpuset");
        Run(config => config.Set(path, value)).Failed().Explains("cpuset");
        IsGone();
    }

    [Fact]
    [Row("LNX-12")]
    public void The_limit_of_processes_is_set_and_holds()
    {
        Machine.NeedsController("pids");
        Outcome outcome = Run(config => config.Shell("for i in 1 2 3 4 5 6 7 8 9 10; do sleep 100 & done; echo all").Set("linux.resources.pids.limit", 5));
        Assert.DoesNotContain("all", outcome.Output);
        IsGone();
    }

    [Theory]
    [Row("LNX-12")]
    [InlineData(77, "77")]
    [InlineData(-1, "max")]
    public void The_limit_of_processes_is_in_the_kernels_file(int limit, string shown)
    {
        Started(config => config.Set("linux.resources.pids.limit", limit));
        Assert.Equal(shown, Value("pids", "pids.max", "pids.max"));
    }

    [Fact]
    [Row("LNX-13")]
    public void Throttles_of_block_devices_are_set()
    {
        Machine.NeedsController(Unified ? "io" : "blkio");
        string? disk = Directory.GetDirectories("/sys/block").FirstOrDefault(folder => Directory.Exists($"{folder}/device"));
        Assert.SkipWhen(disk is null, "no disk");
        int[] numbers = [.. File.ReadAllText($"{disk}/dev").Trim().Split(':').Select(int.Parse)];
        string entry(int rate) => $$"""[{"major":{{numbers[0]}},"minor":{{numbers[1]}},"rate":{{rate}}}]""";
        Started(config => config
            .SetJson("linux.resources.blockIO.throttleReadBpsDevice", entry(1000000)).SetJson("linux.resources.blockIO.throttleWriteBpsDevice", entry(2000000))
            .SetJson("linux.resources.blockIO.throttleReadIOPSDevice", entry(300)).SetJson("linux.resources.blockIO.throttleWriteIOPSDevice", entry(400)));
        string device = $"{numbers[0]}:{numbers[1]}";
        if (Unified)
        {
            Assert.Contains($"{device} rbps=1000000 wbps=2000000 riops=300 wiops=400", Value("io", "", "io.max"));
            return;
        }
        Assert.Equal($"{device} 1000000", Value("blkio", "blkio.throttle.read_bps_device", ""));
        Assert.Equal($"{device} 2000000", Value("blkio", "blkio.throttle.write_bps_device", ""));
        Assert.Equal($"{device} 300", Value("blkio", "blkio.throttle.read_iops_device", ""));
        Assert.Equal($"{device} 400", Value("blkio", "blkio.throttle.write_iops_device", ""));
    }

    [Fact]
    [Row("LNX-13")]
    public void The_weight_of_block_devices_is_set()
    {
        Machine.NeedsController(Unified ? "io" : "blkio");
        Machine.NeedsPath(Unified ? "/sys/fs/cgroup/io.bfq.weight" : "/sys/fs/cgroup/blkio/blkio.bfq.weight", "this kernel has no weights");
        Started(config => config.Set("linux.resources.blockIO.weight", 300));
        Assert.Contains("300", Value(Unified ? "io" : "blkio", "blkio.bfq.weight", "io.bfq.weight"));
    }

    [Fact]
    [Row("LNX-14")]
    public void The_limit_of_huge_pages_is_set()
    {
        Machine.NeedsController("hugetlb");
        Started(config => config.SetJson("linux.resources.hugepageLimits", """[{"pageSize":"2MB","limit":4194304}]"""));
        Assert.Equal("4194304", Value("hugetlb", "hugetlb.2MB.limit_in_bytes", "hugetlb.2MB.max"));
    }

    [Fact]
    [Row("LNX-15")]
    public void The_network_class_is_set()
    {
        Machine.NeedsController("net_cls");
        Started(config => config.Set("linux.resources.network.classID", 1048577));
        Assert.Equal("1048577", Value("net_cls", "net_cls.classid", ""));
    }

    [Fact]
    [Row("LNX-16")]
    public void Rdma_limits_are_set()
    {
        Machine.NeedsController("rdma");
        Machine.NeedsPath("/sys/class/infiniband", "this host has no RDMA device");
        string device = Path.GetFileName(Directory.GetDirectories("/sys/class/infiniband")[0]);
        Started(config => config.SetJson("linux.resources.rdma", $$"""{ "{{device}}": {"hcaHandles":3,"hcaObjects":10000} }"""));
        Assert.Contains("hca_handle=3", Value("rdma", "rdma.max", "rdma.max"));
    }

    [Fact]
    [Row("LNX-17")]
    public void Raw_keys_land_in_their_files()
    {
        Assert.SkipUnless(Unified, "raw keys belong to cgroup version 2");
        Started(config => config.SetJson("linux.resources.unified", """{"memory.high":"67108864"}"""));
        Assert.Equal("67108864", Value("memory", "", "memory.high"));
    }

    [Theory]
    [Row("LNX-17")]
    [InlineData("no.such.key")]
    [InlineData("../escape")]
    [InlineData("memory.high/../../x")]
    public void A_bad_raw_key_is_an_error(string key)
    {
        Run(config => config.SetJson("linux.resources.unified", $$"""{"{{key}}":"1"}""")).Failed().Explains("unified");
        IsGone();
    }

    [Fact]
    [Row("LNX-31")]
    public void The_first_process_is_born_in_its_cgroup()
    {
        Assert.SkipUnless(Unified, "only version 2 takes a process at its birth");
        Machine.NeedsProgram("strace");
        Dock.Write();
        string trace = $"{Dock.Folder}/trace";
        Dock.Tool(["strace", "-f", "-e", "trace=clone3", "-o", trace, .. Runtime.Launcher, Runtime.Path, "--root", Dock.StateRoot, "run", "--bundle", Dock.Bundle, Id]).Run().Succeeded();
        Assert.Contains("CLONE_INTO_CGROUP", File.ReadAllText(trace));
    }

    private void RemoveParents()
    {
        // RT-11 lets a runtime keep or remove parents it made itself; the next test wants them gone.
        foreach (string tree in Machine.CgroupTrees)
        {
            foreach (string path in (string[])[$"{tree}/{Id}/a", $"{tree}/{Id}"]) Native.RemoveFolder(path);
        }
    }
}
