// Cgroups: which version, and what an ordinary user was given of it.
namespace Berth.Engine.Diagnosis.Host;

/// <summary>Checks of cgroups.</summary>
internal static class CgroupChecks
{
    private static readonly string[] s_wanted = ["cpu", "memory", "pids"];

    public static Seen Tree(HostFacts facts)
    {
        string mounts = facts.Read("/proc/self/mountinfo") ?? "";
        bool hasTwo = mounts.Contains(" - cgroup2 ", StringComparison.Ordinal), hasOne = mounts.Contains(" - cgroup ", StringComparison.Ordinal);
        if (!hasTwo && !hasOne) return Seen.Failure("no cgroups are mounted", "mount -t cgroup2 cgroup2 /sys/fs/cgroup");
        string kind = hasTwo && hasOne ? "both versions" : hasTwo ? "version 2" : "version 1";
        if (!facts.IsRoot) return hasOne ? Seen.Warning($"{kind}: ordinary users have no limits on version 1", "start the kernel with systemd.unified_cgroup_hierarchy=1") : Seen.Ok(kind);
        return facts.IsWritable("/sys/fs/cgroup") || hasOne ? Seen.Ok(kind) : Seen.Failure($"{kind}, mounted read-only", "mount -o remount,rw /sys/fs/cgroup");
    }

    public static Seen Controllers(HostFacts facts)
    {
        string? file = facts.IsRoot ? "/sys/fs/cgroup/cgroup.controllers" : Own(facts);
        if (facts.Read("/sys/fs/cgroup/cgroup.controllers") is null)
        {
            string table = facts.Read("/proc/cgroups") ?? "";
            List<string> off = [.. s_wanted.Where(name => !table.Split('\n').Any(line => line.StartsWith(name + "\t", StringComparison.Ordinal) && line.TrimEnd().EndsWith("\t1", StringComparison.Ordinal)))];
            return off.Count == 0 ? Seen.Ok(string.Join(' ', s_wanted)) : Seen.Warning($"missing: {string.Join(' ', off)}", $"start the kernel with cgroup_enable={off[0]}");
        }
        string there = file is null ? "" : facts.Read(file)?.Trim() ?? "";
        List<string> missing = [.. s_wanted.Where(name => !there.Split(' ').Contains(name))];
        if (missing.Count == 0) return Seen.Ok(there);
        return facts.IsRoot ? Seen.Warning($"missing: {string.Join(' ', missing)}", $"start the kernel with cgroup_enable={missing[0]}")
            : Seen.Warning($"not given to {facts.User}: {string.Join(' ', missing)}", "as root: mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' > /etc/systemd/system/user@.service.d/delegate.conf && systemctl daemon-reload; then log in anew");
    }

    private static string? Own(HostFacts facts)
    {
        foreach (string line in (facts.Read("/proc/self/cgroup") ?? "").Split('\n'))
        {
            if (line.StartsWith("0::", StringComparison.Ordinal)) return $"/sys/fs/cgroup{line[3..].TrimEnd('/')}/cgroup.controllers";
        }
        return null;
    }
}
