// What the kernel counted for one container: processors, memory, tasks, block I/O, huge pages, pressure.
namespace Berth.Cgroups;

/// <summary>Usage of one container at one moment. Times are nanoseconds, sizes bytes; <see cref="ulong.MaxValue"/> is "no limit".</summary>
public sealed record CgroupStats
{
    /// <summary>Processor time.</summary>
    public CpuStats Cpu { get; init; } = new();

    /// <summary>Where it may run; v1 only.</summary>
    public CpusetStats Cpuset { get; init; } = new();

    /// <summary>Memory.</summary>
    public MemoryStats Memory { get; init; } = new();

    /// <summary>Tasks.</summary>
    public PidsStats Pids { get; init; } = new();

    /// <summary>Block devices.</summary>
    public BlockIoStats BlockIo { get; init; } = new();

    /// <summary>Huge pages by size (<c>2MB</c>).</summary>
    public IReadOnlyList<KeyValuePair<string, HugePageStats>> HugePages { get; init; } = [];
}

/// <summary>Processor time.</summary>
public sealed record CpuStats
{
    /// <summary>All.</summary>
    public ulong Total { get; init; }

    /// <summary>In the kernel.</summary>
    public ulong Kernel { get; init; }

    /// <summary>Outside the kernel.</summary>
    public ulong User { get; init; }

    /// <summary>All, by processor; v1 only.</summary>
    public IReadOnlyList<ulong> PerCpu { get; init; } = [];

    /// <summary>In the kernel, by processor; v1 only.</summary>
    public IReadOnlyList<ulong> PerCpuKernel { get; init; } = [];

    /// <summary>Outside the kernel, by processor; v1 only.</summary>
    public IReadOnlyList<ulong> PerCpuUser { get; init; } = [];

    /// <summary>Periods of the quota that began.</summary>
    public ulong Periods { get; init; }

    /// <summary>Periods in which the quota was used up.</summary>
    public ulong ThrottledPeriods { get; init; }

    /// <summary>Time spent waiting for the next period.</summary>
    public ulong ThrottledTime { get; init; }

    /// <summary>Pressure, or null where the kernel does not measure it.</summary>
    public PressureStats? Pressure { get; init; }
}

/// <summary>Where a container may run; v1 only.</summary>
public sealed record CpusetStats
{
    /// <summary>Processors.</summary>
    public IReadOnlyList<ushort> Cpus { get; init; } = [];

    /// <summary>Memory nodes.</summary>
    public IReadOnlyList<ushort> Mems { get; init; } = [];

    /// <summary>cpuset.cpu_exclusive.</summary>
    public ulong CpuExclusive { get; init; }

    /// <summary>cpuset.mem_hardwall.</summary>
    public ulong MemHardwall { get; init; }

    /// <summary>cpuset.mem_exclusive.</summary>
    public ulong MemExclusive { get; init; }

    /// <summary>cpuset.memory_migrate.</summary>
    public ulong MemoryMigrate { get; init; }

    /// <summary>cpuset.memory_spread_page.</summary>
    public ulong MemorySpreadPage { get; init; }

    /// <summary>cpuset.memory_spread_slab.</summary>
    public ulong MemorySpreadSlab { get; init; }

    /// <summary>cpuset.memory_pressure.</summary>
    public ulong MemoryPressure { get; init; }

    /// <summary>cpuset.sched_load_balance.</summary>
    public ulong SchedLoadBalance { get; init; }

    /// <summary>cpuset.sched_relax_domain_level.</summary>
    public long SchedRelaxDomainLevel { get; init; }
}

/// <summary>One kind of memory.</summary>
public sealed record MemoryUsage
{
    /// <summary>Now.</summary>
    public ulong Usage { get; init; }

    /// <summary>Highest so far.</summary>
    public ulong Max { get; init; }

    /// <summary>How often the limit was hit.</summary>
    public ulong Failures { get; init; }

    /// <summary>Limit.</summary>
    public ulong Limit { get; init; }
}

/// <summary>Memory.</summary>
public sealed record MemoryStats
{
    /// <summary>Page cache.</summary>
    public ulong Cache { get; init; }

    /// <summary>Memory.</summary>
    public MemoryUsage Usage { get; init; } = new();

    /// <summary>Memory and swap together.</summary>
    public MemoryUsage Swap { get; init; } = new();

    /// <summary>Kernel memory; v1 only.</summary>
    public MemoryUsage Kernel { get; init; } = new();

    /// <summary>TCP buffers; v1 only.</summary>
    public MemoryUsage KernelTcp { get; init; } = new();

    /// <summary>memory.stat as it is, sorted by key.</summary>
    public IReadOnlyList<KeyValuePair<string, ulong>> Raw { get; init; } = [];

    /// <summary>Pressure, or null where the kernel does not measure it.</summary>
    public PressureStats? Pressure { get; init; }

    /// <summary>A value of <see cref="Raw"/>, zero where it is missing.</summary>
    public ulong RawValue(string key)
    {
        foreach ((string name, ulong value) in Raw)
        {
            if (name == key) return value;
        }
        return 0;
    }
}

/// <summary>Tasks.</summary>
public sealed record PidsStats
{
    /// <summary>Now.</summary>
    public ulong Current { get; init; }

    /// <summary>Limit, zero for none.</summary>
    public ulong Limit { get; init; }
}

/// <summary>One count of block I/O.</summary>
/// <param name="Major">Device.</param>
/// <param name="Minor">Device.</param>
/// <param name="Operation"><c>Read</c>, <c>Write</c>, <c>Sync</c> and so on; empty where the kernel gives one number.</param>
/// <param name="Value">Count.</param>
public readonly record struct BlockIoEntry(ulong Major, ulong Minor, string Operation, ulong Value);

/// <summary>Block I/O, in the tables of v1; v2 fills the first two.</summary>
public sealed record BlockIoStats
{
    /// <summary>Bytes.</summary>
    public IReadOnlyList<BlockIoEntry> ServiceBytes { get; init; } = [];

    /// <summary>Operations.</summary>
    public IReadOnlyList<BlockIoEntry> Serviced { get; init; } = [];

    /// <summary>Operations in queues.</summary>
    public IReadOnlyList<BlockIoEntry> Queued { get; init; } = [];

    /// <summary>Time in the device.</summary>
    public IReadOnlyList<BlockIoEntry> ServiceTime { get; init; } = [];

    /// <summary>Time in queues.</summary>
    public IReadOnlyList<BlockIoEntry> WaitTime { get; init; } = [];

    /// <summary>Merged operations.</summary>
    public IReadOnlyList<BlockIoEntry> Merged { get; init; } = [];

    /// <summary>Time given to the container.</summary>
    public IReadOnlyList<BlockIoEntry> Time { get; init; } = [];

    /// <summary>Sectors.</summary>
    public IReadOnlyList<BlockIoEntry> Sectors { get; init; } = [];

    /// <summary>Pressure, or null where the kernel does not measure it.</summary>
    public PressureStats? Pressure { get; init; }
}

/// <summary>Huge pages of one size.</summary>
/// <param name="Usage">Now.</param>
/// <param name="Max">Highest so far; v1 only.</param>
/// <param name="Failures">How often the limit was hit.</param>
public readonly record struct HugePageStats(ulong Usage, ulong Max, ulong Failures);

/// <summary>Share of time in which tasks waited, in percent over three windows, and in microseconds altogether.</summary>
/// <param name="Average10">Last ten seconds.</param>
/// <param name="Average60">Last minute.</param>
/// <param name="Average300">Last five minutes.</param>
/// <param name="Total">Microseconds.</param>
public readonly record struct Pressure(double Average10, double Average60, double Average300, ulong Total);

/// <summary>Pressure stall information of one resource.</summary>
/// <param name="Some">At least one task waited.</param>
/// <param name="Full">All tasks waited.</param>
public sealed record PressureStats(Pressure Some, Pressure Full);
