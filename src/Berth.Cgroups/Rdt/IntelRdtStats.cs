// What resctrl tells of a container's groups.
using Berth.Linux.Files;

namespace Berth.Cgroups;

/// <summary>Limits of cache allocation on this host.</summary>
/// <param name="CbmMask">All bits a mask may have.</param>
/// <param name="MinCbmBits">Fewest bits.</param>
/// <param name="NumClosids">Classes of service.</param>
public sealed record L3CacheInfo(string CbmMask, ulong MinCbmBits, ulong NumClosids);

/// <summary>Limits of bandwidth allocation on this host.</summary>
/// <param name="BandwidthGran">Step in percent.</param>
/// <param name="DelayLinear">Whether delays are linear.</param>
/// <param name="MinBandwidth">Least percent.</param>
/// <param name="NumClosids">Classes of service.</param>
public sealed record MemBwInfo(ulong BandwidthGran, ulong DelayLinear, ulong MinBandwidth, ulong NumClosids);

/// <summary>Memory traffic counted on one cache.</summary>
/// <param name="TotalBytes">All.</param>
/// <param name="LocalBytes">To the local node.</param>
public readonly record struct MemBwCount(ulong TotalBytes, ulong LocalBytes);

/// <summary>Schemata, limits and counters.</summary>
public sealed record IntelRdtStats
{
    /// <summary>Limits of cache allocation, or null without CAT.</summary>
    public L3CacheInfo? L3CacheInfo { get; init; }

    /// <summary>Limits of bandwidth allocation, or null without MBA.</summary>
    public MemBwInfo? MemBwInfo { get; init; }

    /// <summary>L3 line of the whole host.</summary>
    public string L3CacheSchemaRoot { get; init; } = "";

    /// <summary>L3 line of the container.</summary>
    public string L3CacheSchema { get; init; } = "";

    /// <summary>MB line of the whole host.</summary>
    public string MemBwSchemaRoot { get; init; } = "";

    /// <summary>MB line of the container.</summary>
    public string MemBwSchema { get; init; } = "";

    /// <summary>All lines of the container.</summary>
    public IReadOnlyList<string> Schemata { get; init; } = [];

    /// <summary>Memory traffic by cache, or null where it is not counted.</summary>
    public IReadOnlyList<MemBwCount>? MemBw { get; init; }

    /// <summary>Bytes of the last-level cache in use, by cache, or null where they are not counted.</summary>
    public IReadOnlyList<ulong>? CacheOccupancy { get; init; }

    internal static IntelRdtStats Read(IntelRdtRecord record)
    {
        bool cache = IntelRdt.HasCacheAllocation(record.Root), bandwidth = IntelRdt.HasBandwidthAllocation(record.Root);
        List<string> host = Lines(record.Root), own = Lines(record.Group);
        StatsFile l3 = new(record.Root + "/info/L3"), mb = new(record.Root + "/info/MB");
        IntelRdtStats stats = new()
        {
            Schemata = own,
            L3CacheInfo = cache ? new L3CacheInfo(l3.Text("cbm_mask") ?? "", l3.NumberOrZero("min_cbm_bits"), l3.NumberOrZero("num_closids")) : null,
            L3CacheSchemaRoot = cache ? Last(host, "L3") : "",
            L3CacheSchema = cache ? Last(own, "L3") : "",
            MemBwInfo = bandwidth
                ? new MemBwInfo(mb.NumberOrZero("bandwidth_gran"), mb.NumberOrZero("delay_linear"), mb.NumberOrZero("min_bandwidth"), mb.NumberOrZero("num_closids"))
                : null,
            MemBwSchemaRoot = bandwidth ? Last(host, "MB") : "",
            MemBwSchema = bandwidth ? Last(own, "MB") : "",
        };
        return stats.WithCounters(record);
    }

    private IntelRdtStats WithCounters(IntelRdtRecord record)
    {
        string features = KernelFile.TryReadText(record.Root + "/info/L3_MON/mon_features") ?? "";
        bool traffic = features.Contains("mbm_", StringComparison.Ordinal), occupancy = features.Contains("llc_occupancy", StringComparison.Ordinal);
        if (!traffic && !occupancy) return this;
        string data = (record.Monitoring ?? record.Group) + "/mon_data";
        List<string> caches = KernelDirectory.TryListDirectories(data, out _) ?? [];
        caches.Sort(StringComparer.Ordinal);
        List<MemBwCount> counts = [];
        List<ulong> used = [];
        foreach (string one in caches)
        {
            StatsFile files = new($"{data}/{one}");
            counts.Add(new MemBwCount(files.NumberOrZero("mbm_total_bytes"), files.NumberOrZero("mbm_local_bytes")));
            used.Add(files.NumberOrZero("llc_occupancy"));
        }
        return this with { MemBw = traffic ? counts : null, CacheOccupancy = occupancy ? used : null };
    }

    private static List<string> Lines(string group)
    {
        List<string> lines = [];
        foreach (ReadOnlySpan<char> line in (KernelFile.TryReadText(group + "/schemata") ?? "").AsSpan().EnumerateLines())
        {
            if (!line.Trim().IsEmpty) lines.Add(line.Trim().ToString());
        }
        return lines;
    }

    private static string Last(List<string> lines, string what)
    {
        string found = "";
        foreach (string line in lines)
        {
            if (line.Contains(what, StringComparison.Ordinal)) found = line;
        }
        return found;
    }
}
