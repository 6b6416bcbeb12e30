// What a cgroup counted, in the messages of containerd: one for v1 and hybrid hosts, one for v2.
using Berth.Cgroups;
using Berth.Linux.Files;
using Berth.Rpc.Protobuf;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;
using V1 = Berth.Shim.ShimV2.Protos.Cgroups1;
using V2 = Berth.Shim.ShimV2.Protos.Cgroups2;

namespace Berth.Shim.ShimV2;

internal static class MetricsMessage
{
    /// <summary>The answer to Stats.</summary>
    public static Any Of(CgroupTree cgroups)
    {
        CgroupStats stats = cgroups.Stats();
        return cgroups.Mode == CgroupMode.Unified
            ? new Any { TypeUrl = V2.Metrics.FullName, Value = ProtobufWriter.ToBytes(Unified(stats, cgroups.UnifiedDirectory ?? "")) }
            : new Any { TypeUrl = V1.Metrics.FullName, Value = ProtobufWriter.ToBytes(Legacy(stats, cgroups)) };
    }

    private static V1.Metrics Legacy(CgroupStats stats, CgroupTree cgroups)
    {
        MemoryStats memory = stats.Memory;
        V1.Metrics metrics = new()
        {
            Pids = new V1.PidsStat { Current = stats.Pids.Current, Limit = stats.Pids.Limit },
            Cpu = new V1.CPUStat
            {
                Usage = new V1.CPUUsage { Total = stats.Cpu.Total, Kernel = stats.Cpu.Kernel, User = stats.Cpu.User },
                Throttling = new V1.Throttle { Periods = stats.Cpu.Periods, ThrottledPeriods = stats.Cpu.ThrottledPeriods, ThrottledTime = stats.Cpu.ThrottledTime },
            },
            Memory = new V1.MemoryStat
            {
                Cache = memory.RawValue("cache"),
                Rss = memory.RawValue("rss"),
                RssHuge = memory.RawValue("rss_huge"),
                MappedFile = memory.RawValue("mapped_file"),
                Dirty = memory.RawValue("dirty"),
                Writeback = memory.RawValue("writeback"),
                PgPgIn = memory.RawValue("pgpgin"),
                PgPgOut = memory.RawValue("pgpgout"),
                PgFault = memory.RawValue("pgfault"),
                PgMajFault = memory.RawValue("pgmajfault"),
                InactiveAnon = memory.RawValue("inactive_anon"),
                ActiveAnon = memory.RawValue("active_anon"),
                InactiveFile = memory.RawValue("inactive_file"),
                ActiveFile = memory.RawValue("active_file"),
                Unevictable = memory.RawValue("unevictable"),
                HierarchicalMemoryLimit = memory.RawValue("hierarchical_memory_limit"),
                HierarchicalSwapLimit = memory.RawValue("hierarchical_memsw_limit"),
                TotalCache = memory.RawValue("total_cache"),
                TotalRss = memory.RawValue("total_rss"),
                TotalRssHuge = memory.RawValue("total_rss_huge"),
                TotalMappedFile = memory.RawValue("total_mapped_file"),
                TotalDirty = memory.RawValue("total_dirty"),
                TotalWriteback = memory.RawValue("total_writeback"),
                TotalPgPgIn = memory.RawValue("total_pgpgin"),
                TotalPgPgOut = memory.RawValue("total_pgpgout"),
                TotalPgFault = memory.RawValue("total_pgfault"),
                TotalPgMajFault = memory.RawValue("total_pgmajfault"),
                TotalInactiveAnon = memory.RawValue("total_inactive_anon"),
                TotalActiveAnon = memory.RawValue("total_active_anon"),
                TotalInactiveFile = memory.RawValue("total_inactive_file"),
                TotalActiveFile = memory.RawValue("total_active_file"),
                TotalUnevictable = memory.RawValue("total_unevictable"),
                Usage = Entry(memory.Usage),
                Swap = Entry(memory.Swap),
                Kernel = Entry(memory.Kernel),
                KernelTcp = Entry(memory.KernelTcp),
            },
            Blkio = new V1.BlkIOStat(),
            MemoryOomControl = new V1.MemoryOomControl { OomKill = cgroups.OomKills },
        };
        foreach (ulong one in stats.Cpu.PerCpu) metrics.Cpu.Usage.PerCpu.Add(one);
        Add(metrics.Blkio.IoServiceBytesRecursive, stats.BlockIo.ServiceBytes);
        Add(metrics.Blkio.IoServicedRecursive, stats.BlockIo.Serviced);
        Add(metrics.Blkio.IoQueuedRecursive, stats.BlockIo.Queued);
        Add(metrics.Blkio.IoServiceTimeRecursive, stats.BlockIo.ServiceTime);
        Add(metrics.Blkio.IoWaitTimeRecursive, stats.BlockIo.WaitTime);
        Add(metrics.Blkio.IoMergedRecursive, stats.BlockIo.Merged);
        Add(metrics.Blkio.IoTimeRecursive, stats.BlockIo.Time);
        Add(metrics.Blkio.SectorsRecursive, stats.BlockIo.Sectors);
        foreach ((string size, HugePageStats pages) in stats.HugePages)
        {
            metrics.Hugetlb.Add(new V1.HugetlbStat { Pagesize = size, Usage = pages.Usage, Max = pages.Max, Failcnt = pages.Failures });
        }
        return metrics;
    }

    private static V2.Metrics Unified(CgroupStats stats, string directory)
    {
        MemoryStats memory = stats.Memory;
        V2.Metrics metrics = new()
        {
            Pids = new V2.PidsStat { Current = stats.Pids.Current, Limit = stats.Pids.Limit },
            Cpu = new V2.CPUStat
            {
                UsageUsec = stats.Cpu.Total / 1000,
                UserUsec = stats.Cpu.User / 1000,
                SystemUsec = stats.Cpu.Kernel / 1000,
                NrPeriods = stats.Cpu.Periods,
                NrThrottled = stats.Cpu.ThrottledPeriods,
                ThrottledUsec = stats.Cpu.ThrottledTime / 1000,
                Psi = Psi(stats.Cpu.Pressure),
            },
            Memory = new V2.MemoryStat
            {
                Anon = memory.RawValue("anon"),
                File = memory.RawValue("file"),
                KernelStack = memory.RawValue("kernel_stack"),
                Slab = memory.RawValue("slab"),
                Sock = memory.RawValue("sock"),
                Shmem = memory.RawValue("shmem"),
                FileMapped = memory.RawValue("file_mapped"),
                FileDirty = memory.RawValue("file_dirty"),
                FileWriteback = memory.RawValue("file_writeback"),
                AnonThp = memory.RawValue("anon_thp"),
                InactiveAnon = memory.RawValue("inactive_anon"),
                ActiveAnon = memory.RawValue("active_anon"),
                InactiveFile = memory.RawValue("inactive_file"),
                ActiveFile = memory.RawValue("active_file"),
                Unevictable = memory.RawValue("unevictable"),
                SlabReclaimable = memory.RawValue("slab_reclaimable"),
                SlabUnreclaimable = memory.RawValue("slab_unreclaimable"),
                Pgfault = memory.RawValue("pgfault"),
                Pgmajfault = memory.RawValue("pgmajfault"),
                WorkingsetRefault = memory.RawValue("workingset_refault"),
                WorkingsetActivate = memory.RawValue("workingset_activate"),
                WorkingsetNodereclaim = memory.RawValue("workingset_nodereclaim"),
                Pgrefill = memory.RawValue("pgrefill"),
                Pgscan = memory.RawValue("pgscan"),
                Pgsteal = memory.RawValue("pgsteal"),
                Pgactivate = memory.RawValue("pgactivate"),
                Pgdeactivate = memory.RawValue("pgdeactivate"),
                Pglazyfree = memory.RawValue("pglazyfree"),
                Pglazyfreed = memory.RawValue("pglazyfreed"),
                ThpFaultAlloc = memory.RawValue("thp_fault_alloc"),
                ThpCollapseAlloc = memory.RawValue("thp_collapse_alloc"),
                Usage = memory.Usage.Usage,
                UsageLimit = memory.Usage.Limit,
                SwapUsage = memory.Swap.Usage,
                SwapLimit = memory.Swap.Limit,
                MaxUsage = memory.Usage.Max,
                SwapMaxUsage = memory.Swap.Max,
                Psi = Psi(memory.Pressure),
            },
            MemoryEvents = Events(KernelFile.TryReadText(directory + "/memory.events") ?? ""),
            Io = new V2.IOStat { Psi = Psi(stats.BlockIo.Pressure) },
        };
        foreach (BlockIoEntry entry in stats.BlockIo.ServiceBytes) Count(metrics.Io, entry, bytes: true);
        foreach (BlockIoEntry entry in stats.BlockIo.Serviced) Count(metrics.Io, entry, bytes: false);
        foreach ((string size, HugePageStats pages) in stats.HugePages)
        {
            metrics.Hugetlb.Add(new V2.HugeTlbStat { Pagesize = size, Current = pages.Usage, Max = pages.Max, Failcnt = pages.Failures });
        }
        return metrics;
    }

    private static void Count(V2.IOStat io, BlockIoEntry entry, bool bytes)
    {
        V2.IOEntry? device = io.Usage.Find(e => e.Major == entry.Major && e.Minor == entry.Minor);
        if (device is null) io.Usage.Add(device = new V2.IOEntry { Major = entry.Major, Minor = entry.Minor });
        if (entry.Operation == "Read")
        {
            if (bytes) device.Rbytes = entry.Value;
            else device.Rios = entry.Value;
        }
        else if (entry.Operation == "Write")
        {
            if (bytes) device.Wbytes = entry.Value;
            else device.Wios = entry.Value;
        }
    }

    private static V2.MemoryEvents Events(string text)
    {
        V2.MemoryEvents events = new();
        foreach (string line in text.Split('\n'))
        {
            int blank = line.IndexOf(' ');
            if (blank < 0 || !ulong.TryParse(line.AsSpan(blank + 1), out ulong value)) continue;
            switch (line[..blank])
            {
                case "low": events.Low = value; break;
                case "high": events.High = value; break;
                case "max": events.Max = value; break;
                case "oom": events.Oom = value; break;
                case "oom_kill": events.OomKill = value; break;
                case "oom_group_kill": events.OomGroupKill = value; break;
                default: break;
            }
        }
        return events;
    }

    private static V2.PSIStats? Psi(PressureStats? pressure) => pressure is null ? null : new V2.PSIStats { Some = Psi(pressure.Some), Full = Psi(pressure.Full) };

    private static V2.PSIData Psi(Pressure pressure) => new() { Avg10 = pressure.Average10, Avg60 = pressure.Average60, Avg300 = pressure.Average300, Total = pressure.Total };

    private static V1.MemoryEntry Entry(MemoryUsage usage) => new() { Usage = usage.Usage, Max = usage.Max, Failcnt = usage.Failures, Limit = usage.Limit };

    private static void Add(List<V1.BlkIOEntry> to, IReadOnlyList<BlockIoEntry> entries)
    {
        foreach (BlockIoEntry entry in entries) to.Add(new V1.BlkIOEntry { Major = entry.Major, Minor = entry.Minor, Op = entry.Operation, Value = entry.Value });
    }
}
