// Numbers of the host that containers use up together.
using System.Globalization;

namespace Berth.Engine.Diagnosis.Host;

/// <summary>Checks of limits.</summary>
internal static class LimitChecks
{
    public static Seen OpenFiles(HostFacts facts)
    {
        foreach (string line in (facts.Read("/proc/self/limits") ?? "").Split('\n'))
        {
            if (!line.StartsWith("Max open files", StringComparison.Ordinal)) continue;
            string hard = line[14..].Split(' ', StringSplitOptions.RemoveEmptyEntries) is [_, var most, ..] ? most : "";
            return long.TryParse(hard, out long number) && number < 4096 ? Seen.Warning($"{hard} at most", "ulimit -n 65536, or LimitNOFILE= of the service") : Seen.Ok($"{hard} at most");
        }
        return Seen.Ok("not known");
    }

    public static Seen Processes(HostFacts facts)
    {
        long most = facts.Number("/proc/sys/kernel/pid_max") ?? 0;
        int now = facts.Read("/proc/loadavg")?.Split(' ') is { Length: > 3 } words && words[3].Split('/') is [_, var all] && int.TryParse(all, out int number) ? number : 0;
        string seen = string.Create(CultureInfo.InvariantCulture, $"{now} of {most} ids");
        return most > 0 && now > most / 10 * 9 ? Seen.Failure(seen, "sysctl -w kernel.pid_max=4194304") : most is > 0 and < 32768 ? Seen.Warning(seen, "sysctl -w kernel.pid_max=4194304") : Seen.Ok(seen);
    }

    public static Seen Keyrings(HostFacts facts)
    {
        string file = facts.IsRoot ? "/proc/sys/kernel/keys/root_maxkeys" : "/proc/sys/kernel/keys/maxkeys";
        if (facts.Number(file) is not { } most) return Seen.Ok("the kernel has none");
        string words = string.Create(CultureInfo.InvariantCulture, $"{most} keys at most");
        return most < 200 ? Seen.Warning(words, $"sysctl -w kernel.keys.{(facts.IsRoot ? "root_maxkeys" : "maxkeys")}=20000") : Seen.Ok(words);
    }

    public static Seen Inotify(HostFacts facts)
    {
        long instances = facts.Number("/proc/sys/fs/inotify/max_user_instances") ?? 0, watches = facts.Number("/proc/sys/fs/inotify/max_user_watches") ?? 0;
        string words = string.Create(CultureInfo.InvariantCulture, $"{instances} instances, {watches} watches for each user");
        return instances is > 0 and < 256 || watches is > 0 and < 65536 ? Seen.Warning(words, "sysctl -w fs.inotify.max_user_instances=1024 fs.inotify.max_user_watches=524288") : Seen.Ok(words);
    }
}
