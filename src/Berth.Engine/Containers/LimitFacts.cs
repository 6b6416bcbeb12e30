// Limits: what was asked for, and what the kernel has, read from the container's cgroup and its first process.
using System.Globalization;
using Berth.Cgroups;
using Berth.Engine.Diagnosis;
using Berth.Linux.Files;

namespace Berth.Engine.Containers;

/// <summary>The sections <c>limits</c> and <c>rlimits</c>.</summary>
internal static class LimitFacts
{
    private sealed record Row(string Option, string UnifiedFile, Controller Controller, string File, Func<LimitsSpec, string?> Wish);

    private static readonly Row[] s_rows =
    [
        new("--memory", "memory.max", Controller.Memory, "memory.limit_in_bytes", static limits => Text(limits.Memory)),
        new("--memory-swap", "memory.swap.max", Controller.Memory, "memory.memsw.limit_in_bytes", static limits => Text(limits.MemorySwap)),
        new("--memory-reservation", "memory.low", Controller.Memory, "memory.soft_limit_in_bytes", static limits => Text(limits.MemoryReservation)),
        new("--cpus", "cpu.max", Controller.Cpu, "cpu.cfs_quota_us", static limits => limits.NanoCpus is > 0 and long cpus ? (cpus / 1e9).ToString("0.###", CultureInfo.InvariantCulture) : Text(limits.CpuQuota)),
        new("--cpu-shares", "cpu.weight", Controller.Cpu, "cpu.shares", static limits => limits.CpuShares is > 0 ? limits.CpuShares.ToString() : null),
        new("--cpuset-cpus", "cpuset.cpus.effective", Controller.Cpuset, "cpuset.cpus", static limits => limits.Cpus is { Length: > 0 } cpus ? cpus : null),
        new("--cpuset-mems", "cpuset.mems.effective", Controller.Cpuset, "cpuset.mems", static limits => limits.MemoryNodes is { Length: > 0 } nodes ? nodes : null),
        new("--pids-limit", "pids.max", Controller.Pids, "pids.max", static limits => Text(limits.Pids)),
        new("--blkio-weight", "io.weight", Controller.Blkio, "blkio.weight", static limits => limits.BlockWeight is > 0 ? limits.BlockWeight.ToString() : null),
    ];

    /// <summary>The cgroup and its limits.</summary>
    public static List<ExplainedFact> Of(Explained all)
    {
        LimitsSpec limits = all.Wish.Limits;
        List<ExplainedFact> facts = [];
        CgroupTree? tree = all.Pid > 0 ? CgroupTree.TryOpenOf(all.Pid) : null;
        facts.Add(limits.Cgroups == "disabled" ? Explained.Asked("cgroup", "that of whoever runs it", "--cgroups=disabled")
            : Explained.Chosen(limits.CgroupParent is not null, "cgroup", tree is null ? all.Spec.Linux?.CgroupsPath ?? "that of whoever runs it" : tree.UnifiedDirectory ?? tree.Directory(Controller.Memory) ?? tree.Directory(Controller.Pids) ?? "none", "--cgroup-parent"));
        foreach (Row row in s_rows)
        {
            string? wish = row.Wish(limits);
            (string file, string? value) = Read(tree, row);
            if (value is null && wish is null) continue;
            facts.Add(wish is null ? Explained.Usual(file, value!) : Explained.Asked(file, value ?? (all.Pid == 0 ? wish : "not limited: this host has no such controller for it"), $"{row.Option} {wish}"));
        }
        string score = (all.Pid > 0 ? KernelFile.TryReadText($"/proc/{all.Pid}/oom_score_adj")?.Trim() : null) ?? Text(limits.OomScore) ?? "0";
        facts.Add(Explained.Chosen(limits.OomScore is not null, "oom_score_adj", score, "--oom-score-adj"));
        return facts;
    }

    private static (string File, string? Value) Read(CgroupTree? tree, Row row)
    {
        if (tree is null) return (row.UnifiedFile, null);
        // On a host with both versions a controller is in one of them.
        if (tree.Directory(row.Controller) is { } folder && KernelFile.TryReadText($"{folder}/{row.File}")?.Trim() is { Length: > 0 } old) return (row.File, old);
        return (row.UnifiedFile, tree.UnifiedDirectory is { } unified && KernelFile.TryReadText($"{unified}/{row.UnifiedFile}")?.Trim() is { Length: > 0 } value ? value : null);
    }

    /// <summary>Limits of processes: of one that runs, /proc/PID/limits.</summary>
    public static List<ExplainedFact> Rlimits(Explained all)
    {
        List<ExplainedFact> facts = [];
        if (all.Pid == 0)
        {
            foreach (Rlimit limit in all.Wish.Limits.Rlimits) facts.Add(Explained.Asked(limit.Name, $"{limit.Soft} of {limit.Hard}", "--ulimit"));
            return facts;
        }
        HashSet<string> asked = [.. all.Wish.Limits.Rlimits.Select(static limit => WishRules.RlimitName(limit.Name))];
        foreach (string line in (KernelFile.TryReadText($"/proc/{all.Pid}/limits") ?? "").Split('\n').Skip(1))
        {
            // Columns of fixed width: name, soft, hard, unit.
            if (line.Length < 67) continue;
            string name = line[..26].Trim(), soft = line[26..47].Trim(), hard = line[47..Math.Min(68, line.Length)].Trim();
            bool isAsked = asked.Contains(KeyOf(name));
            facts.Add(new ExplainedFact(name, soft == hard ? soft : $"{soft} of {hard}", isAsked ? FactOrigin.Flag : FactOrigin.Host) { Detail = isAsked ? "--ulimit" : "inherited" });
        }
        return facts;
    }

    // The kernel's words in /proc/PID/limits, as getrlimit(2) calls them.
    private static string KeyOf(string words) => words switch
    {
        "Max cpu time" => "RLIMIT_CPU",
        "Max file size" => "RLIMIT_FSIZE",
        "Max data size" => "RLIMIT_DATA",
        "Max stack size" => "RLIMIT_STACK",
        "Max core file size" => "RLIMIT_CORE",
        "Max resident set" => "RLIMIT_RSS",
        "Max processes" => "RLIMIT_NPROC",
        "Max open files" => "RLIMIT_NOFILE",
        "Max locked memory" => "RLIMIT_MEMLOCK",
        "Max address space" => "RLIMIT_AS",
        "Max file locks" => "RLIMIT_LOCKS",
        "Max pending signals" => "RLIMIT_SIGPENDING",
        "Max msgqueue size" => "RLIMIT_MSGQUEUE",
        "Max nice priority" => "RLIMIT_NICE",
        "Max realtime priority" => "RLIMIT_RTPRIO",
        "Max realtime timeout" => "RLIMIT_RTTIME",
        _ => "",
    };

    private static string? Text(long? number) => number is null or 0 ? null : number.Value.ToString(CultureInfo.InvariantCulture);
}
