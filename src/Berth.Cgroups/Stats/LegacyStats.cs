// Statistics of cgroup v1, each controller from its own directory.
namespace Berth.Cgroups;

/// <summary>Collects v1 statistics; a controller without directory counts nothing.</summary>
internal static class LegacyStats
{
    private const ulong NanosecondsPerTick = 10_000_000; // USER_HZ is 100 on every Linux

    public static CpuStats Cpu(string? cpu, string? cpuacct, PressureStats? pressure)
    {
        CpuStats stats = new() { Pressure = pressure };
        if (cpu is not null && new StatsFile(cpu).Text("cpu.stat") is { } throttling)
        {
            stats = stats with
            {
                Periods = KeyedFile.Value(throttling, "nr_periods"),
                ThrottledPeriods = KeyedFile.Value(throttling, "nr_throttled"),
                ThrottledTime = KeyedFile.Value(throttling, "throttled_time"),
            };
        }
        if (cpuacct is null) return stats;
        StatsFile files = new(cpuacct);
        string split = files.Text("cpuacct.stat") ?? "";
        (List<ulong> kernel, List<ulong> user) = PerCpuModes(files.Text("cpuacct.usage_all") ?? "");
        return stats with
        {
            Total = files.NumberOrZero("cpuacct.usage"),
            User = KeyedFile.Value(split, "user") * NanosecondsPerTick,
            Kernel = KeyedFile.Value(split, "system") * NanosecondsPerTick,
            PerCpu = files.Numbers("cpuacct.usage_percpu"),
            PerCpuKernel = kernel,
            PerCpuUser = user,
        };
    }

    public static CpusetStats Cpuset(string? directory)
    {
        if (directory is null) return new CpusetStats();
        StatsFile files = new(directory);
        string prefix = files.Text("cpuset.cpus") is null ? "" : "cpuset.";
        return new CpusetStats
        {
            Cpus = files.Set(prefix + "cpus"),
            Mems = files.Set(prefix + "mems"),
            CpuExclusive = files.NumberOrZero(prefix + "cpu_exclusive"),
            MemHardwall = files.NumberOrZero(prefix + "mem_hardwall"),
            MemExclusive = files.NumberOrZero(prefix + "mem_exclusive"),
            MemoryMigrate = files.NumberOrZero(prefix + "memory_migrate"),
            MemorySpreadPage = files.NumberOrZero(prefix + "memory_spread_page"),
            MemorySpreadSlab = files.NumberOrZero(prefix + "memory_spread_slab"),
            MemoryPressure = files.NumberOrZero(prefix + "memory_pressure"),
            SchedLoadBalance = files.NumberOrZero(prefix + "sched_load_balance"),
            SchedRelaxDomainLevel = long.TryParse(files.Text(prefix + "sched_relax_domain_level"), out long level) ? level : 0,
        };
    }

    public static MemoryStats Memory(string? directory, PressureStats? pressure)
    {
        if (directory is null) return new MemoryStats { Pressure = pressure };
        StatsFile files = new(directory);
        MemoryStats stats = new()
        {
            Raw = files.Keyed("memory.stat"),
            Usage = Usage(files, "memory"),
            Swap = Usage(files, "memory.memsw"),
            Kernel = Usage(files, "memory.kmem"),
            KernelTcp = Usage(files, "memory.kmem.tcp"),
            Pressure = pressure,
        };
        return stats with { Cache = stats.RawValue("cache") };
    }

    public static PidsStats Pids(string? directory)
    {
        if (directory is null) return new PidsStats();
        StatsFile files = new(directory);
        ulong limit = files.NumberOrZero("pids.max");
        return new PidsStats { Current = files.NumberOrZero("pids.current"), Limit = limit == ulong.MaxValue ? 0 : limit };
    }

    /// <summary>From the most detailed files the kernel and its I/O scheduler have; BFQ's are preferred, CFQ's are of old kernels.</summary>
    public static BlockIoStats BlockIo(string? directory, PressureStats? pressure)
    {
        BlockIoStats stats = new() { Pressure = pressure };
        if (directory is null) return stats;
        StatsFile files = new(directory);
        if (files.BlockIo("blkio.bfq.sectors_recursive") is not null) return Detailed(files, "blkio.bfq.", stats);
        if (files.BlockIo("blkio.bfq.io_serviced_recursive") is { } bfq)
        {
            return stats with { Serviced = bfq, ServiceBytes = files.BlockIo("blkio.bfq.io_service_bytes_recursive") ?? [] };
        }
        if (files.BlockIo("blkio.sectors_recursive") is not null) return Detailed(files, "blkio.", stats);
        foreach (string suffix in (ReadOnlySpan<string>)["_recursive", ""])
        {
            if (files.BlockIo("blkio.throttle.io_serviced" + suffix) is not { } serviced) continue;
            return stats with { Serviced = serviced, ServiceBytes = files.BlockIo("blkio.throttle.io_service_bytes" + suffix) ?? [] };
        }
        return stats;
    }

    public static List<KeyValuePair<string, HugePageStats>> HugePages(string? directory)
    {
        List<KeyValuePair<string, HugePageStats>> pages = [];
        if (directory is null) return pages;
        StatsFile files = new(directory);
        foreach (string size in HugePageSizes.OfHost())
        {
            string prefix = $"hugetlb.{size}.rsvd.";
            if (files.Number(prefix + "usage_in_bytes") is not { } usage)
            {
                prefix = $"hugetlb.{size}.";
                if (files.Number(prefix + "usage_in_bytes") is not { } plain) continue;
                usage = plain;
            }
            pages.Add(new(size, new HugePageStats(usage, files.NumberOrZero(prefix + "max_usage_in_bytes"), files.NumberOrZero(prefix + "failcnt"))));
        }
        return pages;
    }

    private static BlockIoStats Detailed(StatsFile files, string prefix, BlockIoStats stats) => stats with
    {
        Sectors = files.BlockIo(prefix + "sectors_recursive") ?? [],
        ServiceTime = files.BlockIo(prefix + "io_service_time_recursive") ?? [],
        WaitTime = files.BlockIo(prefix + "io_wait_time_recursive") ?? [],
        Merged = files.BlockIo(prefix + "io_merged_recursive") ?? [],
        Queued = files.BlockIo(prefix + "io_queued_recursive") ?? [],
        Time = files.BlockIo(prefix + "time_recursive") ?? [],
        Serviced = files.BlockIo(prefix + "io_serviced_recursive") ?? [],
        ServiceBytes = files.BlockIo(prefix + "io_service_bytes_recursive") ?? [],
    };

    private static MemoryUsage Usage(StatsFile files, string prefix) => files.Number(prefix + ".usage_in_bytes") is not { } usage
        ? new MemoryUsage()
        : new MemoryUsage
        {
            Usage = usage,
            Max = files.NumberOrZero(prefix + ".max_usage_in_bytes"),
            Failures = files.NumberOrZero(prefix + ".failcnt"),
            Limit = files.NumberOrZero(prefix + ".limit_in_bytes"),
        };

    private static (List<ulong> Kernel, List<ulong> User) PerCpuModes(string text)
    {
        List<ulong> kernel = [], user = [];
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            // cpu user system
            int first = line.IndexOf(' ');
            if (first <= 0 || !char.IsAsciiDigit(line[0])) continue;
            ReadOnlySpan<char> rest = line[(first + 1)..];
            int second = rest.IndexOf(' ');
            if (second < 0) continue;
            ReadOnlySpan<char> last = rest[(second + 1)..];
            int more = last.IndexOf(' ');
            user.Add(KeyedFile.Number(rest[..second]));
            kernel.Add(KeyedFile.Number(more < 0 ? last : last[..more]));
        }
        return (kernel, user);
    }
}
