// Limits as plans of writes, on both versions, and what refusals mean.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.Tests;

public class LimitTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(100, 17)]
    [InlineData(200, 29)]
    [InlineData(1024, 100)]
    [InlineData(3333, 256)]
    [InlineData(262144, 10000)]
    [InlineData(ulong.MaxValue, 10000)]
    public void Shares_become_weights_by_the_curve_through_both_ends_and_the_default(ulong shares, ulong weight) =>
        Assert.Equal(weight, Conversions.SharesToWeight(shares));

    [Theory]
    [InlineData(0, 0)]
    [InlineData(10, 1)]
    [InlineData(100, 910)]
    [InlineData(750, 7475)]
    [InlineData(1000, 10000)]
    public void Block_weights_become_io_weights_linearly(ushort weight, ulong expected) => Assert.Equal(expected, Conversions.BlockWeightToIoWeight(weight));

    [Theory]
    [InlineData(null, null, null)]
    [InlineData(-1L, null, -1L)]
    [InlineData(-1L, 0L, -1L)]
    [InlineData(100L, -1L, -1L)]
    [InlineData(0L, -1L, -1L)]
    [InlineData(-1L, 300L, 300L)]
    [InlineData(100L, 300L, 200L)]
    [InlineData(100L, 100L, 0L)]
    [InlineData(100L, null, null)]
    public void Memory_plus_swap_becomes_swap(long? memory, long? both, long? swap) => Assert.Equal(swap, Conversions.SwapOnly(both, memory));

    [Theory]
    [InlineData(null, 300L, "unable to set swap limit without memory limit")]
    [InlineData(300L, 100L, "memory+swap limit should be >= memory limit")]
    [InlineData(-2L, 100L, "invalid memory value: -2")]
    public void Contradicting_swap_is_refused(long? memory, long? both, string message) =>
        Assert.Equal(message, Assert.Throws<BerthException>(() => Conversions.SwapOnly(both, memory)).Message);

    [Fact]
    public void The_v1_plan_writes_each_limit_in_the_order_the_kernel_needs()
    {
        List<LimitWrite> plan = LegacyLimits.Plan(new ResourcesSpec
        {
            Cpu = new() { Shares = 100, Quota = 5000, Period = 10000, Burst = 7, Cpus = "0-1", Mems = "0", RealtimePeriod = 9, RealtimeRuntime = 8, Idle = 1 },
            Memory = new() { Limit = 100, Swap = 200, Reservation = 50, KernelTcp = 40, Swappiness = 60, DisableOomKiller = true },
            Pids = new() { Limit = 0 },
            BlockIo = new() { Weight = 500, LeafWeight = 300, ThrottleReadBpsDevice = [new() { Major = 8, Minor = 0, Rate = 99 }] },
            HugepageLimits = [new() { PageSize = "2MB", Limit = 4096 }],
            Network = new() { ClassId = 0x100001, Priorities = [new() { Name = "eth0", Priority = 5 }] },
            Rdma = new() { ["mlx5_0"] = new() { HcaHandles = 3, HcaObjects = 10000 } },
        });
        Assert.Equal(
            [
                "cpuset.cpus=0-1", "cpus=0-1", "cpuset.mems=0", "mems=0",
                "memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=200", "memory.soft_limit_in_bytes=50", "memory.kmem.tcp.limit_in_bytes=40", "memory.oom_control=1", "memory.swappiness=60",
                "cpu.shares=100", "cpu.cfs_period_us=10000", "cpu.cfs_burst_us=7", "cpu.cfs_quota_us=5000", "cpu.idle=1", "cpu.rt_period_us=9", "cpu.rt_runtime_us=8",
                "pids.max=1", "blkio.weight=500", "blkio.bfq.weight=500", "blkio.leaf_weight=300", "blkio.throttle.read_bps_device=8:0 99",
                "hugetlb.2MB.limit_in_bytes=4096", "hugetlb.2MB.rsvd.limit_in_bytes=4096",
                "net_cls.classid=1048577", "net_prio.ifpriomap=eth0 5", "rdma.max=mlx5_0 hca_handle=3 hca_object=10000",
            ],
            plan.Select(w => w.ToString()));
    }

    [Fact]
    public void Lifting_the_memory_limit_lifts_the_swap_limit_first_on_v1()
    {
        List<LimitWrite> plan = LegacyLimits.Plan(new ResourcesSpec { Memory = new() { Limit = -1 } });
        Assert.Equal(["memory.memsw.limit_in_bytes=-1", "memory.limit_in_bytes=-1"], plan.Select(w => w.ToString()));
        Assert.Equal(OnRefusal.IgnoreMissing, plan[0].OnRefusal);
    }

    [Fact]
    public void Swappiness_above_a_hundred_is_refused() =>
        Assert.Contains("valid range is 0-100", Assert.Throws<BerthException>(() => LegacyLimits.Plan(new() { Memory = new() { Swappiness = 101 } })).Message, StringComparison.Ordinal);

    [Fact]
    public void The_v2_plan_ends_with_the_unified_map()
    {
        List<LimitWrite> plan = UnifiedLimits.Plan(new ResourcesSpec
        {
            Pids = new() { Limit = -1 },
            Memory = new() { Limit = 100, Swap = 300, Reservation = 50 },
            Cpu = new() { Shares = 1024, Quota = 5000, Burst = 3, Idle = 0, Cpus = "1", Mems = "0" },
            BlockIo = new()
            {
                Weight = 750,
                WeightDevice = [new() { Major = 7, Minor = 1, Weight = 10 }],
                ThrottleWriteIopsDevice = [new() { Major = 8, Minor = 0, Rate = 9 }],
            },
            HugepageLimits = [new() { PageSize = "1GB", Limit = 1 }],
            Unified = new() { ["memory.high"] = "90", ["io.max"] = "8:0 rbps=1\n8:16 wbps=2\n" },
        });
        Assert.Equal(
            [
                "pids.max=max", "memory.swap.max=200", "memory.max=100", "memory.low=50",
                "io.bfq.weight=750", "io.weight=7475", "io.bfq.weight=7:1 10", "io.weight=7:1 1", "io.max=8:0 wiops=9",
                "cpu.idle=0", "cpu.weight=100", "cpu.max.burst=3", "cpu.max=5000 100000", "cpuset.cpus=1", "cpuset.mems=0",
                "hugetlb.1GB.max=1", "hugetlb.1GB.rsvd.max=1",
                "memory.high=90", "io.max=8:0 rbps=1", "io.max=8:16 wbps=2",
            ],
            plan.Select(w => w.ToString()));
    }

    [Theory]
    [InlineData(null, 50000UL, "max 50000")]
    [InlineData(-1L, 50000UL, "max 50000")]
    [InlineData(-1L, null, "max 100000")]
    [InlineData(30000L, null, "30000 100000")]
    public void Quota_and_period_go_into_one_file_on_v2(long? quota, ulong? period, string expected) =>
        Assert.Equal("cpu.max=" + expected, UnifiedLimits.Plan(new() { Cpu = new() { Quota = quota, Period = period } }).Single().ToString());

    [Fact]
    public void Network_classes_are_refused_on_v2_with_a_way_out()
    {
        BerthException fault = Assert.Throws<BerthException>(() => UnifiedLimits.Validate(new() { Network = new() { ClassId = 1 } }));
        Assert.Equal(Fault.Unsupported, fault.Kind);
        Assert.Contains("nftables", fault.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void A_raw_key_must_be_the_name_of_a_file()
    {
        Assert.Contains("no slashes", Assert.Throws<BerthException>(() => UnifiedLimits.Plan(new() { Unified = new() { ["../x"] = "1" } })).Message, StringComparison.Ordinal);
        Assert.Throws<BerthException>(() => UnifiedLimits.Plan(new() { Unified = new() { [".."] = "1" } }));
    }

    [Fact]
    public void A_missing_file_leads_to_its_alternative_and_a_present_one_does_not()
    {
        using RecordedTree tree = new RecordedTree().WithFiles("a", "io.weight").WithFiles("b", "io.weight", "io.bfq.weight");
        List<LimitWrite> plan = UnifiedLimits.Plan(new() { BlockIo = new() { Weight = 1000 } });
        LimitWriter.Run(plan, _ => tree.Root + "/a");
        LimitWriter.Run(plan, _ => tree.Root + "/b");
        Assert.Equal("10000", tree["a/io.weight"]);
        Assert.Equal("1000", tree["b/io.bfq.weight"]);
        Assert.Equal("", tree["b/io.weight"]);
    }

    [Fact]
    public void Without_swap_accounting_switching_swap_off_is_no_fault_and_limiting_it_is()
    {
        using RecordedTree tree = new RecordedTree().WithFiles("a", "memory.max");
        LimitWriter.Run(UnifiedLimits.Plan(new() { Memory = new() { Limit = 5, Swap = 5 } }), _ => tree.Root + "/a");
        Assert.Equal("5", tree["a/memory.max"]);
        Assert.Throws<BerthException>(() => LimitWriter.Run(UnifiedLimits.Plan(new() { Memory = new() { Limit = 5, Swap = 9 } }), _ => tree.Root + "/a"));
    }

    [Fact]
    public void A_limit_without_cgroup_is_refused_by_its_controller() =>
        Assert.Equal("cannot set pids limit: container could not join or create cgroup",
            Assert.Throws<BerthException>(() => LimitWriter.Run(LegacyLimits.Plan(new() { Pids = new() { Limit = 5 } }), _ => null)).Message);

    [Theory]
    [InlineData("foo.bar", "unified resource \"foo.bar\" can't be set: controller \"foo\" not available")]
    [InlineData("foo", "unified resource \"foo\" must be in the form CONTROLLER.PARAMETER")]
    [InlineData("memory.bar", "unable to set unified resource \"memory.bar\": write '1': no such file or directory")]
    public void A_raw_key_that_cannot_be_set_is_named(string key, string message)
    {
        using RecordedTree tree = new();
        tree["c/cgroup.controllers"] = "cpu memory\n";
        Assert.Equal(message, Assert.Throws<BerthException>(() => LimitWriter.Run(UnifiedLimits.Plan(new() { Unified = new() { [key] = "1" } }), _ => tree.Root + "/c")).Message);
    }

    [Fact]
    public void A_value_the_kernel_finds_invalid_is_told_with_file_and_value()
    {
        using RecordedTree tree = new();
        Directory.CreateDirectory(tree.Root + "/c");
        File.CreateSymbolicLink(tree.Root + "/c/cpu.idle", "/proc/self/oom_score_adj");
        BerthException fault = Assert.Throws<BerthException>(() => LimitWriter.Run(LegacyLimits.Plan(new() { Cpu = new() { Idle = 12345 } }), _ => tree.Root + "/c"));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.EndsWith("/c/cpu.idle: invalid argument", fault.Message, StringComparison.Ordinal);
    }
}
