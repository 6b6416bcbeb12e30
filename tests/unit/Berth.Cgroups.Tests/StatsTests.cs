// Statistics of both versions from recorded files, and the JSON that runc's users read.
using System.Text;
using Berth.Oci.Json;

namespace Berth.Cgroups.Tests;

public class StatsTests
{
    private static string Json(CgroupStats stats, IntelRdtStats? rdt = null, IReadOnlyList<NetworkInterfaceStats>? interfaces = null)
    {
        JsonWriter writer = new();
        StatsJson.Write(writer, stats, rdt, interfaces);
        return Encoding.UTF8.GetString(writer.Written);
    }

    private static CgroupTree Open(CgroupMode mode, params (Controller, string)[] paths) =>
        CgroupTree.Open(new CgroupRecord { Mode = mode, Paths = [.. paths.Select(p => new KeyValuePair<Controller, string>(p.Item1, p.Item2))] });

    /// <summary>The expected JSON is broken into lines for the reader.</summary>
    private static string Flat(string lines) => lines.Replace("\n", "", StringComparison.Ordinal);

    [Fact]
    public void What_v2_counts_comes_in_the_shape_of_v1()
    {
        using RecordedTree tree = new();
        tree["c/cpu.stat"] = "usage_usec 5000\nuser_usec 3000\nsystem_usec 2000\nnr_periods 4\nnr_throttled 2\nthrottled_usec 70\n";
        tree["c/cpu.pressure"] = "some avg10=1.50 avg60=0.25 avg300=0.00 total=345\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=12\n";
        tree["c/memory.stat"] = "file 4096\nanon 100\ninactive_file 7\n";
        tree["c/memory.current"] = "8192\n";
        tree["c/memory.max"] = "65536\n";
        tree["c/memory.peak"] = "9000\n";
        tree["c/memory.swap.current"] = "10\n";
        tree["c/memory.swap.max"] = "100\n";
        tree["c/pids.current"] = "3\n";
        tree["c/pids.max"] = "max\n";
        tree["c/io.stat"] = "8:0 rbytes=10 wbytes=20 rios=1 wios=2 dbytes=0 dios=0\n7:0 \n";
        CgroupStats stats = Open(CgroupMode.Unified, (Controller.Unified, tree.Root + "/c")).Stats();
        Assert.Equal(
            Flat("""
                {"cpu":{"usage":{"total":5000000,"kernel":2000000,"user":3000000},"throttling":{"periods":4,"throttledPeriods":2,"throttledTime":70000},
                "psi":{"some":{"avg10":1.5,"avg60":0.25,"avg300":0,"total":345},"full":{"avg10":0,"avg60":0,"avg300":0,"total":12}}},
                "cpuset":{"cpu_exclusive":0,"mem_hardwall":0,"mem_exclusive":0,"memory_migrate":0,"memory_spread_page":0,"memory_spread_slab":0,
                "memory_pressure":0,"sched_load_balance":0,"sched_relax_domain_level":0},
                "memory":{"cache":4096,"usage":{"limit":65536,"usage":8192,"max":9000,"failcnt":0},"swap":{"limit":65636,"usage":8202,"failcnt":0},
                "raw":{"anon":100,"file":4096,"inactive_file":7}},"pids":{"current":3},
                "blkio":{"ioServiceBytesRecursive":[{"major":8,"op":"Read","value":10},{"major":8,"op":"Write","value":20}],
                "ioServicedRecursive":[{"major":8,"op":"Read","value":1},{"major":8,"op":"Write","value":2}]},
                "hugetlb":{},"intel_rdt":{},"network_interfaces":null}
                """),
            Json(stats));
        Assert.Equal(7UL, stats.Memory.RawValue("inactive_file"));
    }

    [Fact]
    public void Members_are_counted_where_the_pids_controller_is_missing()
    {
        using RecordedTree tree = new();
        tree["c/cgroup.procs"] = "1\n2\n3\n";
        Assert.Equal(3UL, Open(CgroupMode.Unified, (Controller.Unified, tree.Root + "/c")).Stats().Pids.Current);
    }

    [Fact]
    public void Unlimited_memory_with_limited_swap_stays_unlimited()
    {
        using RecordedTree tree = new();
        tree["c/memory.current"] = "1\n";
        tree["c/memory.max"] = "max\n";
        tree["c/memory.swap.current"] = "1\n";
        tree["c/memory.swap.max"] = "5\n";
        Assert.Equal(ulong.MaxValue, Open(CgroupMode.Unified, (Controller.Unified, tree.Root + "/c")).Stats().Memory.Swap.Limit);
    }

    [Fact]
    public void What_v1_counts_is_read_from_each_controller()
    {
        using RecordedTree tree = new();
        tree["cpu/cpu.stat"] = "nr_periods 1\nnr_throttled 0\nthrottled_time 5\n";
        tree["cpu/cpuacct.stat"] = "user 2\nsystem 3\n";
        tree["cpu/cpuacct.usage"] = "77\n";
        tree["cpu/cpuacct.usage_percpu"] = "70 7 \n";
        tree["cpu/cpuacct.usage_all"] = "cpu user system\n0 40 30\n1 4 3\n";
        tree["cpuset/cpuset.cpus"] = "0-2,5\n";
        tree["cpuset/cpuset.sched_relax_domain_level"] = "-1\n";
        tree["blkio/blkio.throttle.io_serviced_recursive"] = "8:0 Read 3\n8:0 Total 3\nTotal 3\n";
        tree["blkio/blkio.throttle.io_service_bytes_recursive"] = "8:0 Read 30\nTotal 30\n";
        tree["memory/memory.usage_in_bytes"] = "-4096\n";
        tree["memory/memory.oom_control"] = "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n";
        CgroupTree cgroup = Open(CgroupMode.Legacy, (Controller.Cpu, tree.Root + "/cpu"), (Controller.Cpuacct, tree.Root + "/cpu"),
            (Controller.Cpuset, tree.Root + "/cpuset"), (Controller.Blkio, tree.Root + "/blkio"), (Controller.Memory, tree.Root + "/memory"));
        CgroupStats stats = cgroup.Stats();
        Assert.Equal((77UL, 20000000UL, 30000000UL, 5UL), (stats.Cpu.Total, stats.Cpu.User, stats.Cpu.Kernel, stats.Cpu.ThrottledTime));
        Assert.Equal([70UL, 7], stats.Cpu.PerCpu);
        Assert.Equal([40UL, 4], stats.Cpu.PerCpuUser);
        Assert.Equal([30UL, 3], stats.Cpu.PerCpuKernel);
        Assert.Equal([(ushort)0, (ushort)1, (ushort)2, (ushort)5], stats.Cpuset.Cpus);
        Assert.Equal(-1, stats.Cpuset.SchedRelaxDomainLevel);
        Assert.Equal([new BlockIoEntry(8, 0, "Read", 3), new BlockIoEntry(8, 0, "Total", 3)], stats.BlockIo.Serviced);
        Assert.Equal([new BlockIoEntry(8, 0, "Read", 30)], stats.BlockIo.ServiceBytes);
        Assert.Equal(0UL, stats.Memory.Usage.Usage);
        Assert.Equal(2UL, cgroup.OomKills);
        Assert.Contains("\"psi\"", Json(stats with { Cpu = stats.Cpu with { Pressure = new(default, default) } }), StringComparison.Ordinal);
    }

    [Fact]
    public void Detailed_tables_of_the_scheduler_are_preferred()
    {
        using RecordedTree tree = new();
        tree["b/blkio.bfq.sectors_recursive"] = "8:0 Read 5\n";
        tree["b/blkio.bfq.time_recursive"] = "8:0 9\n";
        tree["b/blkio.throttle.io_serviced"] = "8:0 Read 1\n";
        BlockIoStats io = Open(CgroupMode.Legacy, (Controller.Blkio, tree.Root + "/b")).Stats().BlockIo;
        Assert.Equal([new BlockIoEntry(8, 0, "Read", 5)], io.Sectors);
        Assert.Equal([new BlockIoEntry(8, 0, "", 9)], io.Time);
        Assert.Empty(io.Serviced);
    }

    [Fact]
    public void Huge_page_sizes_are_spelled_as_the_controller_spells_them()
    {
        using RecordedTree tree = new();
        foreach (string name in (string[])["hugepages-64kB", "hugepages-2048kB", "hugepages-1048576kB", "other"]) Directory.CreateDirectory($"{tree.Root}/{name}");
        Assert.Equal(["1GB", "2MB", "64KB"], HugePageSizes.OfHost(tree.Root));
    }

    [Fact]
    public void Interfaces_and_huge_pages_are_written_with_their_names()
    {
        string json = Json(new CgroupStats { HugePages = [new("2MB", new HugePageStats(1, 0, 2))] }, interfaces: [new() { Name = "eth0", RxBytes = 5 }]);
        Assert.Contains("\"hugetlb\":{\"2MB\":{\"usage\":1,\"failcnt\":2}}", json, StringComparison.Ordinal);
        Assert.Contains("\"network_interfaces\":[{\"Name\":\"eth0\",\"RxBytes\":5,\"RxPackets\":0,", json, StringComparison.Ordinal);
    }
}
