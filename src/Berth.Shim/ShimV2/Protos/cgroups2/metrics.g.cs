// Messages of io.containerd.cgroups.v2, made by tools/protogen from metrics.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos.Cgroups2;

/// <summary>io.containerd.cgroups.v2.Metrics</summary>
internal sealed partial class Metrics : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.Metrics";
    private List<HugeTlbStat>? _hugetlb;
    private List<NetworkStat>? _network;
    public PidsStat? Pids { get; set; }
    public CPUStat? Cpu { get; set; }
    public MemoryStat? Memory { get; set; }
    public RdmaStat? Rdma { get; set; }
    public IOStat? Io { get; set; }
    public List<HugeTlbStat> Hugetlb => _hugetlb ??= [];
    public MemoryEvents? MemoryEvents { get; set; }
    public List<NetworkStat> Network => _network ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Pids);
        to.Message(2, Cpu);
        to.Message(4, Memory);
        to.Message(5, Rdma);
        to.Message(6, Io);
        to.Messages(7, _hugetlb);
        to.Message(8, MemoryEvents);
        to.Messages(9, _network);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Pids ??= new()); break;
                case 18: from.Message(Cpu ??= new()); break;
                case 34: from.Message(Memory ??= new()); break;
                case 42: from.Message(Rdma ??= new()); break;
                case 50: from.Message(Io ??= new()); break;
                case 58:
                {
                    HugeTlbStat item = new();
                    from.Message(item);
                    Hugetlb.Add(item);
                    break;
                }
                case 66: from.Message(MemoryEvents ??= new()); break;
                case 74:
                {
                    NetworkStat item = new();
                    from.Message(item);
                    Network.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.PSIData</summary>
internal sealed partial class PSIData : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.PSIData";
    public double Avg10 { get; set; }
    public double Avg60 { get; set; }
    public double Avg300 { get; set; }
    public ulong Total { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Fixed64(1, BitConverter.DoubleToUInt64Bits(Avg10));
        to.Fixed64(2, BitConverter.DoubleToUInt64Bits(Avg60));
        to.Fixed64(3, BitConverter.DoubleToUInt64Bits(Avg300));
        to.Varint(4, Total);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 9: Avg10 = BitConverter.UInt64BitsToDouble(from.Fixed64()); break;
                case 17: Avg60 = BitConverter.UInt64BitsToDouble(from.Fixed64()); break;
                case 25: Avg300 = BitConverter.UInt64BitsToDouble(from.Fixed64()); break;
                case 32: Total = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.PSIStats</summary>
internal sealed partial class PSIStats : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.PSIStats";
    public PSIData? Some { get; set; }
    public PSIData? Full { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Some);
        to.Message(2, Full);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Some ??= new()); break;
                case 18: from.Message(Full ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.PidsStat</summary>
internal sealed partial class PidsStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.PidsStat";
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

/// <summary>io.containerd.cgroups.v2.CPUStat</summary>
internal sealed partial class CPUStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.CPUStat";
    public ulong UsageUsec { get; set; }
    public ulong UserUsec { get; set; }
    public ulong SystemUsec { get; set; }
    public ulong NrPeriods { get; set; }
    public ulong NrThrottled { get; set; }
    public ulong ThrottledUsec { get; set; }
    public PSIStats? Psi { get; set; }
    public ulong NrBursts { get; set; }
    public ulong BurstUsec { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, UsageUsec);
        to.Varint(2, UserUsec);
        to.Varint(3, SystemUsec);
        to.Varint(4, NrPeriods);
        to.Varint(5, NrThrottled);
        to.Varint(6, ThrottledUsec);
        to.Message(7, Psi);
        to.Varint(8, NrBursts);
        to.Varint(9, BurstUsec);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: UsageUsec = from.Varint(); break;
                case 16: UserUsec = from.Varint(); break;
                case 24: SystemUsec = from.Varint(); break;
                case 32: NrPeriods = from.Varint(); break;
                case 40: NrThrottled = from.Varint(); break;
                case 48: ThrottledUsec = from.Varint(); break;
                case 58: from.Message(Psi ??= new()); break;
                case 64: NrBursts = from.Varint(); break;
                case 72: BurstUsec = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.MemoryStat</summary>
internal sealed partial class MemoryStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.MemoryStat";
    public ulong Anon { get; set; }
    public ulong File { get; set; }
    public ulong KernelStack { get; set; }
    public ulong Slab { get; set; }
    public ulong Sock { get; set; }
    public ulong Shmem { get; set; }
    public ulong FileMapped { get; set; }
    public ulong FileDirty { get; set; }
    public ulong FileWriteback { get; set; }
    public ulong AnonThp { get; set; }
    public ulong InactiveAnon { get; set; }
    public ulong ActiveAnon { get; set; }
    public ulong InactiveFile { get; set; }
    public ulong ActiveFile { get; set; }
    public ulong Unevictable { get; set; }
    public ulong SlabReclaimable { get; set; }
    public ulong SlabUnreclaimable { get; set; }
    public ulong Pgfault { get; set; }
    public ulong Pgmajfault { get; set; }
    public ulong WorkingsetRefault { get; set; }
    public ulong WorkingsetActivate { get; set; }
    public ulong WorkingsetNodereclaim { get; set; }
    public ulong Pgrefill { get; set; }
    public ulong Pgscan { get; set; }
    public ulong Pgsteal { get; set; }
    public ulong Pgactivate { get; set; }
    public ulong Pgdeactivate { get; set; }
    public ulong Pglazyfree { get; set; }
    public ulong Pglazyfreed { get; set; }
    public ulong ThpFaultAlloc { get; set; }
    public ulong ThpCollapseAlloc { get; set; }
    public ulong Usage { get; set; }
    public ulong UsageLimit { get; set; }
    public ulong SwapUsage { get; set; }
    public ulong SwapLimit { get; set; }
    public ulong MaxUsage { get; set; }
    public ulong SwapMaxUsage { get; set; }
    public PSIStats? Psi { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Anon);
        to.Varint(2, File);
        to.Varint(3, KernelStack);
        to.Varint(4, Slab);
        to.Varint(5, Sock);
        to.Varint(6, Shmem);
        to.Varint(7, FileMapped);
        to.Varint(8, FileDirty);
        to.Varint(9, FileWriteback);
        to.Varint(10, AnonThp);
        to.Varint(11, InactiveAnon);
        to.Varint(12, ActiveAnon);
        to.Varint(13, InactiveFile);
        to.Varint(14, ActiveFile);
        to.Varint(15, Unevictable);
        to.Varint(16, SlabReclaimable);
        to.Varint(17, SlabUnreclaimable);
        to.Varint(18, Pgfault);
        to.Varint(19, Pgmajfault);
        to.Varint(20, WorkingsetRefault);
        to.Varint(21, WorkingsetActivate);
        to.Varint(22, WorkingsetNodereclaim);
        to.Varint(23, Pgrefill);
        to.Varint(24, Pgscan);
        to.Varint(25, Pgsteal);
        to.Varint(26, Pgactivate);
        to.Varint(27, Pgdeactivate);
        to.Varint(28, Pglazyfree);
        to.Varint(29, Pglazyfreed);
        to.Varint(30, ThpFaultAlloc);
        to.Varint(31, ThpCollapseAlloc);
        to.Varint(32, Usage);
        to.Varint(33, UsageLimit);
        to.Varint(34, SwapUsage);
        to.Varint(35, SwapLimit);
        to.Varint(36, MaxUsage);
        to.Varint(37, SwapMaxUsage);
        to.Message(38, Psi);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Anon = from.Varint(); break;
                case 16: File = from.Varint(); break;
                case 24: KernelStack = from.Varint(); break;
                case 32: Slab = from.Varint(); break;
                case 40: Sock = from.Varint(); break;
                case 48: Shmem = from.Varint(); break;
                case 56: FileMapped = from.Varint(); break;
                case 64: FileDirty = from.Varint(); break;
                case 72: FileWriteback = from.Varint(); break;
                case 80: AnonThp = from.Varint(); break;
                case 88: InactiveAnon = from.Varint(); break;
                case 96: ActiveAnon = from.Varint(); break;
                case 104: InactiveFile = from.Varint(); break;
                case 112: ActiveFile = from.Varint(); break;
                case 120: Unevictable = from.Varint(); break;
                case 128: SlabReclaimable = from.Varint(); break;
                case 136: SlabUnreclaimable = from.Varint(); break;
                case 144: Pgfault = from.Varint(); break;
                case 152: Pgmajfault = from.Varint(); break;
                case 160: WorkingsetRefault = from.Varint(); break;
                case 168: WorkingsetActivate = from.Varint(); break;
                case 176: WorkingsetNodereclaim = from.Varint(); break;
                case 184: Pgrefill = from.Varint(); break;
                case 192: Pgscan = from.Varint(); break;
                case 200: Pgsteal = from.Varint(); break;
                case 208: Pgactivate = from.Varint(); break;
                case 216: Pgdeactivate = from.Varint(); break;
                case 224: Pglazyfree = from.Varint(); break;
                case 232: Pglazyfreed = from.Varint(); break;
                case 240: ThpFaultAlloc = from.Varint(); break;
                case 248: ThpCollapseAlloc = from.Varint(); break;
                case 256: Usage = from.Varint(); break;
                case 264: UsageLimit = from.Varint(); break;
                case 272: SwapUsage = from.Varint(); break;
                case 280: SwapLimit = from.Varint(); break;
                case 288: MaxUsage = from.Varint(); break;
                case 296: SwapMaxUsage = from.Varint(); break;
                case 306: from.Message(Psi ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.MemoryEvents</summary>
internal sealed partial class MemoryEvents : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.MemoryEvents";
    public ulong Low { get; set; }
    public ulong High { get; set; }
    public ulong Max { get; set; }
    public ulong Oom { get; set; }
    public ulong OomKill { get; set; }
    public ulong OomGroupKill { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Low);
        to.Varint(2, High);
        to.Varint(3, Max);
        to.Varint(4, Oom);
        to.Varint(5, OomKill);
        to.Varint(6, OomGroupKill);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Low = from.Varint(); break;
                case 16: High = from.Varint(); break;
                case 24: Max = from.Varint(); break;
                case 32: Oom = from.Varint(); break;
                case 40: OomKill = from.Varint(); break;
                case 48: OomGroupKill = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.RdmaStat</summary>
internal sealed partial class RdmaStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.RdmaStat";
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

/// <summary>io.containerd.cgroups.v2.RdmaEntry</summary>
internal sealed partial class RdmaEntry : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.RdmaEntry";
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

/// <summary>io.containerd.cgroups.v2.IOStat</summary>
internal sealed partial class IOStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.IOStat";
    private List<IOEntry>? _usage;
    public List<IOEntry> Usage => _usage ??= [];
    public PSIStats? Psi { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Messages(1, _usage);
        to.Message(2, Psi);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10:
                {
                    IOEntry item = new();
                    from.Message(item);
                    Usage.Add(item);
                    break;
                }
                case 18: from.Message(Psi ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.IOEntry</summary>
internal sealed partial class IOEntry : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.IOEntry";
    public ulong Major { get; set; }
    public ulong Minor { get; set; }
    public ulong Rbytes { get; set; }
    public ulong Wbytes { get; set; }
    public ulong Rios { get; set; }
    public ulong Wios { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Major);
        to.Varint(2, Minor);
        to.Varint(3, Rbytes);
        to.Varint(4, Wbytes);
        to.Varint(5, Rios);
        to.Varint(6, Wios);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Major = from.Varint(); break;
                case 16: Minor = from.Varint(); break;
                case 24: Rbytes = from.Varint(); break;
                case 32: Wbytes = from.Varint(); break;
                case 40: Rios = from.Varint(); break;
                case 48: Wios = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.HugeTlbStat</summary>
internal sealed partial class HugeTlbStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.HugeTlbStat";
    public ulong Current { get; set; }
    public ulong Max { get; set; }
    public string Pagesize { get; set; } = "";
    public ulong Failcnt { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Current);
        to.Varint(2, Max);
        to.String(3, Pagesize);
        to.Varint(4, Failcnt);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Current = from.Varint(); break;
                case 16: Max = from.Varint(); break;
                case 26: Pagesize = from.String(); break;
                case 32: Failcnt = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>io.containerd.cgroups.v2.NetworkStat</summary>
internal sealed partial class NetworkStat : IMessage
{
    public const string FullName = "io.containerd.cgroups.v2.NetworkStat";
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
