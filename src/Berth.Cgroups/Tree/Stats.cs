// Stats: usage of the container, from whichever version of cgroup counts it.
using Berth.Linux.Files;

namespace Berth.Cgroups;

public sealed partial class CgroupTree
{
    /// <summary>Usage at this moment. What the host does not count, or what is gone with the cgroup, is zero.</summary>
    public CgroupStats Stats()
    {
        if (_mode == CgroupMode.Unified) return UnifiedDirectory is { } directory ? UnifiedStats.Read(directory) : new CgroupStats();
        StatsFile? unified = UnifiedDirectory is { } beside ? new StatsFile(beside) : null;
        List<KeyValuePair<string, HugePageStats>> pages = LegacyStats.HugePages(_paths[(int)Controller.Hugetlb]);
        if (pages.Count == 0 && unified is { } files) pages = UnifiedStats.HugePages(files);
        return new CgroupStats
        {
            Cpu = LegacyStats.Cpu(_paths[(int)Controller.Cpu], _paths[(int)Controller.Cpuacct], unified?.Pressure("cpu.pressure")),
            Cpuset = LegacyStats.Cpuset(_paths[(int)Controller.Cpuset]),
            Memory = LegacyStats.Memory(_paths[(int)Controller.Memory], unified?.Pressure("memory.pressure")),
            Pids = LegacyStats.Pids(_paths[(int)Controller.Pids]),
            BlockIo = LegacyStats.BlockIo(_paths[(int)Controller.Blkio], unified?.Pressure("io.pressure")),
            HugePages = pages,
        };
    }

    /// <summary>How many processes the kernel has killed for lack of memory in this cgroup.</summary>
    public ulong OomKills
    {
        get
        {
            string? path = _mode == CgroupMode.Unified
                ? UnifiedDirectory is { } unified ? unified + "/memory.events" : null
                : _paths[(int)Controller.Memory] is { } memory ? memory + "/memory.oom_control" : null;
            return path is null ? 0 : KeyedFile.Value(KernelFile.TryReadText(path) ?? "", "oom_kill");
        }
    }
}
