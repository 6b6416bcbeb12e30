// config.json as records: cgroup limits (runtime-spec 1.3, config-linux.md, control groups).
namespace Berth.Oci.RuntimeSpec;

/// <summary><c>linux.resources</c>: cgroup limits.</summary>
public sealed record ResourcesSpec
{
    /// <summary>Device allow list, in order.</summary>
    public List<DeviceRule>? Devices { get; set; }

    /// <summary>Memory.</summary>
    public MemorySpec? Memory { get; set; }

    /// <summary>CPU.</summary>
    public CpuSpec? Cpu { get; set; }

    /// <summary>Number of tasks.</summary>
    public PidsSpec? Pids { get; set; }

    /// <summary>Block devices (<c>blockIO</c>).</summary>
    public BlockIoSpec? BlockIo { get; set; }

    /// <summary>Huge pages.</summary>
    public List<HugepageLimit>? HugepageLimits { get; set; }

    /// <summary>net_cls and net_prio of v1.</summary>
    public NetworkSpec? Network { get; set; }

    /// <summary>RDMA by device name.</summary>
    public Dictionary<string, RdmaSpec>? Rdma { get; set; }

    /// <summary>Raw cgroup v2 files and values.</summary>
    public Dictionary<string, string>? Unified { get; set; }
}

/// <summary>One device rule.</summary>
public sealed record DeviceRule
{
    /// <summary>Allow or deny.</summary>
    public bool Allow { get; set; }

    /// <summary>a, b or c; absent means a.</summary>
    public string? Type { get; set; }

    /// <summary>Absent or -1 means all.</summary>
    public long? Major { get; set; }

    /// <summary>Absent or -1 means all.</summary>
    public long? Minor { get; set; }

    /// <summary>Some of r, w, m.</summary>
    public string? Access { get; set; }
}

/// <summary>Memory limits in bytes; -1 means unlimited.</summary>
public sealed record MemorySpec
{
    /// <summary>Hard limit.</summary>
    public long? Limit { get; set; }

    /// <summary>Soft limit.</summary>
    public long? Reservation { get; set; }

    /// <summary>Memory plus swap.</summary>
    public long? Swap { get; set; }

    /// <summary>Obsolete; ignored.</summary>
    public long? Kernel { get; set; }

    /// <summary>Kernel TCP buffers (<c>kernelTCP</c>).</summary>
    public long? KernelTcp { get; set; }

    /// <summary>0 to 100, v1.</summary>
    public ulong? Swappiness { get; set; }

    /// <summary>v1 (<c>disableOOMKiller</c>).</summary>
    public bool? DisableOomKiller { get; set; }

    /// <summary>v1.</summary>
    public bool? UseHierarchy { get; set; }

    /// <summary>Refuse an update below the present usage.</summary>
    public bool? CheckBeforeUpdate { get; set; }
}

/// <summary>CPU limits.</summary>
public sealed record CpuSpec
{
    /// <summary>Relative weight of v1; converted for v2.</summary>
    public ulong? Shares { get; set; }

    /// <summary>Microseconds a period; -1 means none.</summary>
    public long? Quota { get; set; }

    /// <summary>Microseconds.</summary>
    public ulong? Burst { get; set; }

    /// <summary>Microseconds.</summary>
    public ulong? Period { get; set; }

    /// <summary>Microseconds, v1.</summary>
    public long? RealtimeRuntime { get; set; }

    /// <summary>Microseconds, v1.</summary>
    public ulong? RealtimePeriod { get; set; }

    /// <summary>CPU list.</summary>
    public string? Cpus { get; set; }

    /// <summary>Memory node list.</summary>
    public string? Mems { get; set; }

    /// <summary>1 makes it SCHED_IDLE.</summary>
    public long? Idle { get; set; }
}

/// <summary>Task limit.</summary>
public sealed record PidsSpec
{
    /// <summary>-1 means none; absent leaves it alone.</summary>
    public long? Limit { get; set; }
}

/// <summary>Block I/O.</summary>
public sealed record BlockIoSpec
{
    /// <summary>10 to 1000.</summary>
    public ushort? Weight { get; set; }

    /// <summary>CFQ only.</summary>
    public ushort? LeafWeight { get; set; }

    /// <summary>Weight by device.</summary>
    public List<WeightDevice>? WeightDevice { get; set; }

    /// <summary>Bytes a second.</summary>
    public List<ThrottleDevice>? ThrottleReadBpsDevice { get; set; }

    /// <summary>Bytes a second.</summary>
    public List<ThrottleDevice>? ThrottleWriteBpsDevice { get; set; }

    /// <summary>Operations a second (<c>throttleReadIOPSDevice</c>).</summary>
    public List<ThrottleDevice>? ThrottleReadIopsDevice { get; set; }

    /// <summary>Operations a second (<c>throttleWriteIOPSDevice</c>).</summary>
    public List<ThrottleDevice>? ThrottleWriteIopsDevice { get; set; }
}

/// <summary>Weight of one device.</summary>
public sealed record WeightDevice
{
    /// <summary>Major number.</summary>
    public long Major { get; set; }

    /// <summary>Minor number.</summary>
    public long Minor { get; set; }

    /// <summary>10 to 1000.</summary>
    public ushort? Weight { get; set; }

    /// <summary>CFQ only.</summary>
    public ushort? LeafWeight { get; set; }
}

/// <summary>Rate of one device.</summary>
public sealed record ThrottleDevice
{
    /// <summary>Major number.</summary>
    public long Major { get; set; }

    /// <summary>Minor number.</summary>
    public long Minor { get; set; }

    /// <summary>A second.</summary>
    public ulong Rate { get; set; }
}

/// <summary>Limit of one huge page size.</summary>
public sealed record HugepageLimit
{
    /// <summary>64KB, 2MB, 1GB and so on.</summary>
    public string PageSize { get; set; } = "";

    /// <summary>Bytes.</summary>
    public ulong Limit { get; set; }
}

/// <summary>net_cls and net_prio.</summary>
public sealed record NetworkSpec
{
    /// <summary>Class (<c>classID</c>).</summary>
    public uint? ClassId { get; set; }

    /// <summary>By interface.</summary>
    public List<InterfacePriority>? Priorities { get; set; }
}

/// <summary>Priority of one interface.</summary>
public sealed record InterfacePriority
{
    /// <summary>Interface.</summary>
    public string Name { get; set; } = "";

    /// <summary>Priority.</summary>
    public uint Priority { get; set; }
}

/// <summary>RDMA limits.</summary>
public sealed record RdmaSpec
{
    /// <summary>Handles.</summary>
    public uint? HcaHandles { get; set; }

    /// <summary>Objects.</summary>
    public uint? HcaObjects { get; set; }
}
