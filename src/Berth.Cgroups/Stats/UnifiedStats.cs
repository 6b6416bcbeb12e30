// Statistics of cgroup v2, brought into the shape that v1 gave them: there swap includes memory, and I/O is in tables.
using Berth.Linux;
using Berth.Linux.Files;

namespace Berth.Cgroups;

/// <summary>Collects v2 statistics from one directory.</summary>
internal static class UnifiedStats
{
    public static CgroupStats Read(string directory)
    {
        StatsFile files = new(directory);
        return new CgroupStats
        {
            Cpu = Cpu(files),
            Memory = Memory(files),
            Pids = Pids(files, directory),
            BlockIo = BlockIo(files),
            HugePages = HugePages(files),
        };
    }

    public static List<KeyValuePair<string, HugePageStats>> HugePages(StatsFile files)
    {
        List<KeyValuePair<string, HugePageStats>> pages = [];
        foreach (string size in HugePageSizes.OfHost())
        {
            if ((files.Number($"hugetlb.{size}.rsvd.current") ?? files.Number($"hugetlb.{size}.current")) is not { } usage) continue;
            pages.Add(new(size, new HugePageStats(usage, 0, KeyedFile.Value(files.Text($"hugetlb.{size}.events") ?? "", "max"))));
        }
        return pages;
    }

    private static CpuStats Cpu(StatsFile files)
    {
        string text = files.Text("cpu.stat") ?? "";
        return new CpuStats
        {
            Total = Nanoseconds("usage_usec"),
            User = Nanoseconds("user_usec"),
            Kernel = Nanoseconds("system_usec"),
            Periods = KeyedFile.Value(text, "nr_periods"),
            ThrottledPeriods = KeyedFile.Value(text, "nr_throttled"),
            ThrottledTime = Nanoseconds("throttled_usec"),
            Pressure = files.Pressure("cpu.pressure"),
        };

        ulong Nanoseconds(string key) => KeyedFile.Value(text, key) * 1000;
    }

    private static MemoryStats Memory(StatsFile files)
    {
        MemoryStats stats = new() { Raw = files.Keyed("memory.stat"), Pressure = files.Pressure("memory.pressure") };
        if (files.Number("memory.current") is not { } usage) return stats;
        ulong limit = files.NumberOrZero("memory.max");
        MemoryUsage swap = new();
        if (files.Number("memory.swap.current") is { } swapped)
        {
            ulong swapLimit = files.NumberOrZero("memory.swap.max");
            swap = new MemoryUsage { Usage = swapped, Limit = swapLimit };
        }
        return stats with
        {
            Cache = stats.RawValue("file"),
            Usage = new MemoryUsage { Usage = usage, Limit = limit, Max = files.NumberOrZero("memory.peak") },
            Swap = new MemoryUsage
            {
                Usage = swap.Usage + usage,
                // A sum that wraps around is what an unlimited addend gives elsewhere; here it stays unlimited.
                Limit = swap.Limit == ulong.MaxValue || limit == ulong.MaxValue ? ulong.MaxValue : swap.Limit + limit,
            },
        };
    }

    private static PidsStats Pids(StatsFile files, string directory)
    {
        if (files.Number("pids.current") is { } current)
        {
            ulong limit = files.NumberOrZero("pids.max");
            return new PidsStats { Current = current, Limit = limit == ulong.MaxValue ? 0 : limit };
        }
        // Without the controller the members are counted.
        byte[]? members = KernelFile.TryRead(directory + "/cgroup.procs", out Errno errno);
        if (members is null && errno == Errno.EOPNOTSUPP) members = KernelFile.TryRead(directory + "/cgroup.threads", out _);
        return new PidsStats { Current = (ulong)members.AsSpan().Count((byte)'\n') };
    }

    private static BlockIoStats BlockIo(StatsFile files)
    {
        List<BlockIoEntry> bytes = [], operations = [];
        foreach (ReadOnlySpan<char> line in (files.Text("io.stat") ?? "").AsSpan().EnumerateLines())
        {
            // 8:0 rbytes=90112 wbytes=0 rios=22 wios=0 dbytes=0 dios=0
            int colon = line.IndexOf(':'), blank = line.IndexOf(' ');
            if (colon <= 0 || blank < colon) continue;
            ulong major = KeyedFile.Number(line[..colon]), minor = KeyedFile.Number(line[(colon + 1)..blank]);
            Add(bytes, line, "Read", " rbytes=");
            Add(bytes, line, "Write", " wbytes=");
            Add(operations, line, "Read", " rios=");
            Add(operations, line, "Write", " wios=");

            void Add(List<BlockIoEntry> entries, ReadOnlySpan<char> line, string operation, string key)
            {
                if (line.Contains(key, StringComparison.Ordinal)) entries.Add(new(major, minor, operation, KeyedFile.Number(StatsFile.After(line, key))));
            }
        }
        return new BlockIoStats { ServiceBytes = bytes, Serviced = operations, Pressure = files.Pressure("io.pressure") };
    }
}
