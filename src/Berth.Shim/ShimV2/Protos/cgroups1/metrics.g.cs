// Messages of io.containerd.cgroups.v1, made by tools/protogen from metrics.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos.Cgroups1;

/// <summary>io.containerd.cgroups.v1.Metrics</summary>
internal sealed partial class Metrics : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.Metrics";
    private List<HugetlbStat>? _hugetlb;
    private List<NetworkStat>? _network;
    public List<HugetlbStat> Hugetlb => _hugetlb ??= [];
    public PidsStat? Pids { get; set; }
    public CPUStat? Cpu { get; set; }
    public MemoryStat? Memory { get; set; }
    public BlkIOStat? Blkio { get; set; }
    public RdmaStat? Rdma { get; set; }
    public List<NetworkStat> Network => _network ??= [];
    public CgroupStats? CgroupStats { get; set; }
    public MemoryOomControl? MemoryOomControl { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Messages(1, _hugetlb);
        to.Message(2, Pids);
        to.Message(3, Cpu);
        to.Message(4, Memory);
        to.Message(5, Blkio);
        to.Message(6, Rdma);
        to.Messages(7, _network);
        to.Message(8, CgroupStats);
        to.Message(9, MemoryOomControl);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10:
                {
                    HugetlbStat item = new();
                    from.Message(item);
                    Hugetlb.Add(item);
                    break;
                }
                case 18: from.Message(Pids ??= new()); break;
                case 26: from.Message(Cpu ??= new()); break;
                case 34: from.Message(Memory ??= new()); break;
                case 42: from.Message(Blkio ??= new()); break;
                case 50: from.Message(Rdma ??= new()); break;
                case 58:
                {
                    NetworkStat item = new();
                    from.Message(item);
                    Network.Add(item);
                    break;
                }
                case 66: from.Message(CgroupStats ??= new()); break;
                case 74: from.Message(MemoryOomControl ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.HugetlbStat</summary>
internal sealed partial class HugetlbStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.HugetlbStat";
    public ulong Usage { get; set; }
    public ulong Max { get; set; }
    public ulong Failcnt { get; set; }
    public string Pagesize { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Usage);
        to.Varint(2, Max);
        to.Varint(3, Failcnt);
        to.String(4, Pagesize);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Usage = from.Varint(); break;
                case 16: Max = from.Varint(); break;
                case 24: Failcnt = from.Varint(); break;
                case 34: Pagesize = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.PidsStat</summary>
internal sealed partial class PidsStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.PidsStat";
    public ulong Current { get; set; }
    public ulong Limit { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Current);
        to.Varint(2, Limit);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Current = from.Varint(); break;
                case 16: Limit = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.CPUStat</summary>
internal sealed partial class CPUStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.CPUStat";
    public CPUUsage? Usage { get; set; }
    public Throttle? Throttling { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Usage);
        to.Message(2, Throttling);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Usage ??= new()); break;
                case 18: from.Message(Throttling ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.CPUUsage</summary>
internal sealed partial class CPUUsage : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.CPUUsage";
    private List<ulong>? _perCpu;
    public ulong Total { get; set; }
    public ulong Kernel { get; set; }
    public ulong User { get; set; }
    public List<ulong> PerCpu => _perCpu ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Total);
        to.Varint(2, Kernel);
        to.Varint(3, User);
        if (_perCpu is { Count: > 0 })
        {
            int start = to.Begin(4);
            foreach (ulong item in _perCpu) to.Raw(item);
            to.End(start);
        }
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Total = from.Varint(); break;
                case 16: Kernel = from.Varint(); break;
                case 24: User = from.Varint(); break;
                case 32: PerCpu.Add(from.Varint()); break;
                case 34:
                {
                    int outer = from.Enter();
                    while (from.More) PerCpu.Add(from.Varint());
                    from.Leave(outer);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.Throttle</summary>
internal sealed partial class Throttle : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.Throttle";
    public ulong Periods { get; set; }
    public ulong ThrottledPeriods { get; set; }
    public ulong ThrottledTime { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Periods);
        to.Varint(2, ThrottledPeriods);
        to.Varint(3, ThrottledTime);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Periods = from.Varint(); break;
                case 16: ThrottledPeriods = from.Varint(); break;
                case 24: ThrottledTime = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.MemoryStat</summary>
internal sealed partial class MemoryStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.MemoryStat";
    public ulong Cache { get; set; }
    public ulong Rss { get; set; }
    public ulong RssHuge { get; set; }
    public ulong MappedFile { get; set; }
    public ulong Dirty { get; set; }
    public ulong Writeback { get; set; }
    public ulong PgPgIn { get; set; }
    public ulong PgPgOut { get; set; }
    public ulong PgFault { get; set; }
    public ulong PgMajFault { get; set; }
    public ulong InactiveAnon { get; set; }
    public ulong ActiveAnon { get; set; }
    public ulong InactiveFile { get; set; }
    public ulong ActiveFile { get; set; }
    public ulong Unevictable { get; set; }
    public ulong HierarchicalMemoryLimit { get; set; }
    public ulong HierarchicalSwapLimit { get; set; }
    public ulong TotalCache { get; set; }
    public ulong TotalRss { get; set; }
    public ulong TotalRssHuge { get; set; }
    public ulong TotalMappedFile { get; set; }
    public ulong TotalDirty { get; set; }
    public ulong TotalWriteback { get; set; }
    public ulong TotalPgPgIn { get; set; }
    public ulong TotalPgPgOut { get; set; }
    public ulong TotalPgFault { get; set; }
    public ulong TotalPgMajFault { get; set; }
    public ulong TotalInactiveAnon { get; set; }
    public ulong TotalActiveAnon { get; set; }
    public ulong TotalInactiveFile { get; set; }
    public ulong TotalActiveFile { get; set; }
    public ulong TotalUnevictable { get; set; }
    public MemoryEntry? Usage { get; set; }
    public MemoryEntry? Swap { get; set; }
    public MemoryEntry? Kernel { get; set; }
    public MemoryEntry? KernelTcp { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Cache);
        to.Varint(2, Rss);
        to.Varint(3, RssHuge);
        to.Varint(4, MappedFile);
        to.Varint(5, Dirty);
        to.Varint(6, Writeback);
        to.Varint(7, PgPgIn);
        to.Varint(8, PgPgOut);
        to.Varint(9, PgFault);
        to.Varint(10, PgMajFault);
        to.Varint(11, InactiveAnon);
        to.Varint(12, ActiveAnon);
        to.Varint(13, InactiveFile);
        to.Varint(14, ActiveFile);
        to.Varint(15, Unevictable);
        to.Varint(16, HierarchicalMemoryLimit);
        to.Varint(17, HierarchicalSwapLimit);
        to.Varint(18, TotalCache);
        to.Varint(19, TotalRss);
        to.Varint(20, TotalRssHuge);
        to.Varint(21, TotalMappedFile);
        to.Varint(22, TotalDirty);
        to.Varint(23, TotalWriteback);
        to.Varint(24, TotalPgPgIn);
        to.Varint(25, TotalPgPgOut);
        to.Varint(26, TotalPgFault);
        to.Varint(27, TotalPgMajFault);
        to.Varint(28, TotalInactiveAnon);
        to.Varint(29, TotalActiveAnon);
        to.Varint(30, TotalInactiveFile);
        to.Varint(31, TotalActiveFile);
        to.Varint(32, TotalUnevictable);
        to.Message(33, Usage);
        to.Message(34, Swap);
        to.Message(35, Kernel);
        to.Message(36, KernelTcp);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Cache = from.Varint(); break;
                case 16: Rss = from.Varint(); break;
                case 24: RssHuge = from.Varint(); break;
                case 32: MappedFile = from.Varint(); break;
                case 40: Dirty = from.Varint(); break;
                case 48: Writeback = from.Varint(); break;
                case 56: PgPgIn = from.Varint(); break;
                case 64: PgPgOut = from.Varint(); break;
                case 72: PgFault = from.Varint(); break;
                case 80: PgMajFault = from.Varint(); break;
                case 88: InactiveAnon = from.Varint(); break;
                case 96: ActiveAnon = from.Varint(); break;
                case 104: InactiveFile = from.Varint(); break;
                case 112: ActiveFile = from.Varint(); break;
                case 120: Unevictable = from.Varint(); break;
                case 128: HierarchicalMemoryLimit = from.Varint(); break;
                case 136: HierarchicalSwapLimit = from.Varint(); break;
                case 144: TotalCache = from.Varint(); break;
                case 152: TotalRss = from.Varint(); break;
                case 160: TotalRssHuge = from.Varint(); break;
                case 168: TotalMappedFile = from.Varint(); break;
                case 176: TotalDirty = from.Varint(); break;
                case 184: TotalWriteback = from.Varint(); break;
                case 192: TotalPgPgIn = from.Varint(); break;
                case 200: TotalPgPgOut = from.Varint(); break;
                case 208: TotalPgFault = from.Varint(); break;
                case 216: TotalPgMajFault = from.Varint(); break;
                case 224: TotalInactiveAnon = from.Varint(); break;
                case 232: TotalActiveAnon = from.Varint(); break;
                case 240: TotalInactiveFile = from.Varint(); break;
                case 248: TotalActiveFile = from.Varint(); break;
                case 256: TotalUnevictable = from.Varint(); break;
                case 266: from.Message(Usage ??= new()); break;
                case 274: from.Message(Swap ??= new()); break;
                case 282: from.Message(Kernel ??= new()); break;
                case 290: from.Message(KernelTcp ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.MemoryEntry</summary>
internal sealed partial class MemoryEntry : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.MemoryEntry";
    public ulong Limit { get; set; }
    public ulong Usage { get; set; }
    public ulong Max { get; set; }
    public ulong Failcnt { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Limit);
        to.Varint(2, Usage);
        to.Varint(3, Max);
        to.Varint(4, Failcnt);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Limit = from.Varint(); break;
                case 16: Usage = from.Varint(); break;
                case 24: Max = from.Varint(); break;
                case 32: Failcnt = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.MemoryOomControl</summary>
internal sealed partial class MemoryOomControl : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.MemoryOomControl";
    public ulong OomKillDisable { get; set; }
    public ulong UnderOom { get; set; }
    public ulong OomKill { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, OomKillDisable);
        to.Varint(2, UnderOom);
        to.Varint(3, OomKill);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: OomKillDisable = from.Varint(); break;
                case 16: UnderOom = from.Varint(); break;
                case 24: OomKill = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.BlkIOStat</summary>
internal sealed partial class BlkIOStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.BlkIOStat";
    private List<BlkIOEntry>? _ioServiceBytesRecursive;
    private List<BlkIOEntry>? _ioServicedRecursive;
    private List<BlkIOEntry>? _ioQueuedRecursive;
    private List<BlkIOEntry>? _ioServiceTimeRecursive;
    private List<BlkIOEntry>? _ioWaitTimeRecursive;
    private List<BlkIOEntry>? _ioMergedRecursive;
    private List<BlkIOEntry>? _ioTimeRecursive;
    private List<BlkIOEntry>? _sectorsRecursive;
    public List<BlkIOEntry> IoServiceBytesRecursive => _ioServiceBytesRecursive ??= [];
    public List<BlkIOEntry> IoServicedRecursive => _ioServicedRecursive ??= [];
    public List<BlkIOEntry> IoQueuedRecursive => _ioQueuedRecursive ??= [];
    public List<BlkIOEntry> IoServiceTimeRecursive => _ioServiceTimeRecursive ??= [];
    public List<BlkIOEntry> IoWaitTimeRecursive => _ioWaitTimeRecursive ??= [];
    public List<BlkIOEntry> IoMergedRecursive => _ioMergedRecursive ??= [];
    public List<BlkIOEntry> IoTimeRecursive => _ioTimeRecursive ??= [];
    public List<BlkIOEntry> SectorsRecursive => _sectorsRecursive ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Messages(1, _ioServiceBytesRecursive);
        to.Messages(2, _ioServicedRecursive);
        to.Messages(3, _ioQueuedRecursive);
        to.Messages(4, _ioServiceTimeRecursive);
        to.Messages(5, _ioWaitTimeRecursive);
        to.Messages(6, _ioMergedRecursive);
        to.Messages(7, _ioTimeRecursive);
        to.Messages(8, _sectorsRecursive);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10:
                {
                    BlkIOEntry item = new();
                    from.Message(item);
                    IoServiceBytesRecursive.Add(item);
                    break;
                }
                case 18:
                {
                    BlkIOEntry item = new();
                    from.Message(item);
                    IoServicedRecursive.Add(item);
                    break;
                }
                case 26:
                {
                    BlkIOEntry item = new();
                    from.Message(item);
                    IoQueuedRecursive.Add(item);
                    break;
                }
                case 34:
                {
                    BlkIOEntry item = new();
                    from.Message(item);
                    IoServiceTimeRecursive.Add(item);
                    break;
                }
                case 42:
                {
                    BlkIOEntry item = new();
                    from.Message(item);
                    IoWaitTimeRecursive.Add(item);
                    break;
                }
                case 50:
                {
                    BlkIOEntry item = new();
                    from.Message(item);
                    IoMergedRecursive.Add(item);
                    break;
                }
                case 58:
                {
                    BlkIOEntry item = new();
                    from.Message(item);
                    IoTimeRecursive.Add(item);
                    break;
                }
                case 66:
                {
                    BlkIOEntry item = new();
                    from.Message(item);
                    SectorsRecursive.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.BlkIOEntry</summary>
internal sealed partial class BlkIOEntry : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.BlkIOEntry";
    public string Op { get; set; } = "";
    public string Device { get; set; } = "";
    public ulong Major { get; set; }
    public ulong Minor { get; set; }
    public ulong Value { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Op);
        to.String(2, Device);
        to.Varint(3, Major);
        to.Varint(4, Minor);
        to.Varint(5, Value);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Op = from.String(); break;
                case 18: Device = from.String(); break;
                case 24: Major = from.Varint(); break;
                case 32: Minor = from.Varint(); break;
                case 40: Value = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.RdmaStat</summary>
internal sealed partial class RdmaStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.RdmaStat";
    private List<RdmaEntry>? _current;
    private List<RdmaEntry>? _limit;
    public List<RdmaEntry> Current => _current ??= [];
    public List<RdmaEntry> Limit => _limit ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Messages(1, _current);
        to.Messages(2, _limit);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10:
                {
                    RdmaEntry item = new();
                    from.Message(item);
                    Current.Add(item);
                    break;
                }
                case 18:
                {
                    RdmaEntry item = new();
                    from.Message(item);
                    Limit.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.RdmaEntry</summary>
internal sealed partial class RdmaEntry : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.RdmaEntry";
    public string Device { get; set; } = "";
    public uint HcaHandles { get; set; }
    public uint HcaObjects { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Device);
        to.Varint(2, HcaHandles);
        to.Varint(3, HcaObjects);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Device = from.String(); break;
                case 16: HcaHandles = (uint)from.Varint(); break;
                case 24: HcaObjects = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.NetworkStat</summary>
internal sealed partial class NetworkStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.NetworkStat";
    public string Name { get; set; } = "";
    public ulong RxBytes { get; set; }
    public ulong RxPackets { get; set; }
    public ulong RxErrors { get; set; }
    public ulong RxDropped { get; set; }
    public ulong TxBytes { get; set; }
    public ulong TxPackets { get; set; }
    public ulong TxErrors { get; set; }
    public ulong TxDropped { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Name);
        to.Varint(2, RxBytes);
        to.Varint(3, RxPackets);
        to.Varint(4, RxErrors);
        to.Varint(5, RxDropped);
        to.Varint(6, TxBytes);
        to.Varint(7, TxPackets);
        to.Varint(8, TxErrors);
        to.Varint(9, TxDropped);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Name = from.String(); break;
                case 16: RxBytes = from.Varint(); break;
                case 24: RxPackets = from.Varint(); break;
                case 32: RxErrors = from.Varint(); break;
                case 40: RxDropped = from.Varint(); break;
                case 48: TxBytes = from.Varint(); break;
                case 56: TxPackets = from.Varint(); break;
                case 64: TxErrors = from.Varint(); break;
                case 72: TxDropped = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v1.CgroupStats</summary>
internal sealed partial class CgroupStats : IMessage
{
    public const string FullName = "io.containerd.cgroups.v1.CgroupStats";
    public ulong NrSleeping { get; set; }
    public ulong NrRunning { get; set; }
    public ulong NrStopped { get; set; }
    public ulong NrUninterruptible { get; set; }
    public ulong NrIoWait { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, NrSleeping);
        to.Varint(2, NrRunning);
        to.Varint(3, NrStopped);
        to.Varint(4, NrUninterruptible);
        to.Varint(5, NrIoWait);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: NrSleeping = from.Varint(); break;
                case 16: NrRunning = from.Varint(); break;
                case 24: NrStopped = from.Varint(); break;
                case 32: NrUninterruptible = from.Varint(); break;
                case 40: NrIoWait = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}
