// The huge page sizes of this host, in the spelling of cgroup files.
using System.Globalization;
using Berth.Linux.Files;

namespace Berth.Cgroups;

/// <summary>Names directories of /sys/kernel/mm/hugepages as the hugetlb controller does: 2MB, 1GB.</summary>
public static class HugePageSizes
{
    /// <summary>All sizes, in order of their names.</summary>
    public static IReadOnlyList<string> OfHost(string directory = "/sys/kernel/mm/hugepages")
    {
        List<string> sizes = [];
        foreach (string name in KernelDirectory.TryListDirectories(directory, out _) ?? [])
        {
            const string prefix = "hugepages-", unit = "kB";
            if (!name.StartsWith(prefix, StringComparison.Ordinal) || !name.EndsWith(unit, StringComparison.Ordinal)) continue;
            if (!ulong.TryParse(name.AsSpan(prefix.Length, name.Length - prefix.Length - unit.Length), CultureInfo.InvariantCulture, out ulong kilobytes)) continue;
            sizes.Add(kilobytes switch { >= 1 << 20 => $"{kilobytes >> 20}GB", >= 1 << 10 => $"{kilobytes >> 10}MB", _ => $"{kilobytes}KB" });
        }
        sizes.Sort(StringComparer.Ordinal);
        return sizes;
    }
}
