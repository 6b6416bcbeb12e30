// What can be said of a wish without looking at the host: contradictions, and numbers that no kernel takes.
using Berth.Linux.Processes;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Refuses what cannot be, before anything is made.</summary>
internal static class WishRules
{
    private const long LeastMemory = 6 * 1024 * 1024;

    /// <summary>Checks a wish.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static void Check(ContainerSpec spec)
    {
        if (spec.IsRemovedAtEnd && spec.Restart.When != RestartKind.Never) throw Wrong("a container that is removed at its end cannot be started again", "leave out --rm or --restart");
        if (spec.Health is { IsOff: true, Test.Count: > 0 }) throw Wrong("a health check is asked for, and that there be none", "leave out --no-healthcheck or --health-cmd");
        if (spec.Umask > 0x1FF) throw Wrong($"umask {Convert.ToString((int)spec.Umask.Value, 8)} is above 0777");
        CheckMemory(spec.Limits);
        CheckProcessors(spec.Limits);
        CheckOthers(spec.Limits);
        CheckNamespaces(spec);
        foreach ((string name, _) in spec.Limits.Sysctls) SysctlRules.Check(name, spec);
        CapabilitySet.Check(spec.Security.CapabilitiesAdded);
        CapabilitySet.Check(spec.Security.CapabilitiesDropped);
    }

    private static void CheckMemory(LimitsSpec limits)
    {
        if (limits.Memory is > 0 and < LeastMemory) throw Wrong($"{limits.Memory} bytes of memory are not enough for a container", "6m is the least", FaultCode.MemoryTooSmall);
        long memory = limits.Memory ?? 0, swap = limits.MemorySwap ?? 0;
        if (swap > 0 && memory == 0) throw Wrong("a limit of memory and swap together needs one of memory", "say --memory too");
        if (swap > 0 && swap < memory) throw Wrong($"memory and swap together ({swap}) are less than memory alone ({memory})", "--memory-swap counts both: make it larger than --memory");
        if (limits.MemoryReservation is > 0 and long reservation && memory > 0 && reservation > memory) throw Wrong($"the memory reservation ({reservation}) is above the limit ({memory})", "make --memory-reservation less than --memory");
        if (limits.MemorySwappiness is < -1 or > 100) throw Wrong($"memory swappiness {limits.MemorySwappiness} is not within 0 to 100");
        if (limits.IsOomKillOff && memory == 0) throw Wrong("the OOM killer cannot be turned off without a limit of memory: the host would run out of it", "say --memory too");
    }

    private static void CheckProcessors(LimitsSpec limits)
    {
        if (limits.NanoCpus < 0) throw Wrong("a number of CPUs is not below zero");
        if (limits.NanoCpus > 0 && limits.CpuPeriod > 0) throw Wrong("--cpus and --cpu-period say the same thing in two ways", "leave one of them out");
        if (limits.NanoCpus > 0 && limits.CpuQuota > 0) throw Wrong("--cpus and --cpu-quota say the same thing in two ways", "leave one of them out");
        if (limits.CpuPeriod is > 0 and (< 1000 or > 1_000_000)) throw Wrong($"a CPU period of {limits.CpuPeriod} microseconds is not within 1000 to 1000000");
        if (limits.CpuQuota is > 0 and < 1000) throw Wrong($"a CPU quota of {limits.CpuQuota} microseconds is less than 1000");
        if (limits.Cpus is { Length: > 0 } cpus && !NumberList.IsOne(cpus)) throw Wrong($"'{cpus}' is no list of CPUs", "write 0-2,4");
        if (limits.MemoryNodes is { Length: > 0 } nodes && !NumberList.IsOne(nodes)) throw Wrong($"'{nodes}' is no list of memory nodes", "write 0-1");
        if (limits.CpuRealtimePeriod is > 0 and ulong period && limits.CpuRealtimeRuntime is > 0 and long runtime && (ulong)runtime > period) throw Wrong("the real-time share is longer than its period");
    }

    private static void CheckOthers(LimitsSpec limits)
    {
        if (limits.Pids < -1) throw Wrong($"{limits.Pids} is no number of processes", "-1 is without limit");
        if (limits.OomScore is < -1000 or > 1000) throw Wrong($"OOM score {limits.OomScore} is not within -1000 to 1000");
        if (limits.BlockWeight is not (null or 0) and (< 10 or > 1000)) throw Wrong($"block weight {limits.BlockWeight} is not within 10 to 1000");
        foreach (DeviceNumber weight in limits.BlockWeights)
        {
            if (weight.Value is not 0 and (< 10 or > 1000)) throw Wrong($"block weight {weight.Value} of {weight.Path} is not within 10 to 1000");
        }
        foreach (Rlimit limit in limits.Rlimits)
        {
            if (limit.Name == "host") continue;
            if (ResourceLimits.NumberOf(RlimitName(limit.Name)) is null) throw Wrong($"there is no limit '{limit.Name}'", "nofile, nproc, core, memlock, stack and the others of getrlimit(2)");
            if (limit.Hard != -1 && (limit.Soft == -1 || limit.Soft > limit.Hard)) throw Wrong($"limit {limit.Name}: {limit.Soft} is above its ceiling {limit.Hard}");
        }
    }

    private static void CheckNamespaces(ContainerSpec spec)
    {
        NamespacesSpec spaces = spec.Namespaces;
        if (spec.Security.IsPrivileged && spaces.User is not ("" or "host")) throw Contradicting($"a privileged container cannot have a user namespace of its own ({spaces.User})", "leave out --privileged or --userns");
        if (spaces.User is not ("" or "private") && (spaces.UidMaps.Count > 0 || spaces.GidMaps.Count > 0)) throw Contradicting("--userns cannot stand together with --uidmap and --gidmap");
        if (spec.DomainName is { Length: > 0 } && spaces.Uts == "host") throw Contradicting("a domain name cannot be given: the container shares the host's", "leave out --domainname, or --uts=host");
        if (spaces.Ipc != "none") return;
        foreach (MountRequest mount in spec.Storage.Mounts)
        {
            if (ContainerPath.Clean(mount.Destination) == "/dev/shm") return;
        }
        if (spec.Storage.ShmBytes is not null) throw Contradicting("a size of /dev/shm is said, and --ipc=none: there is no /dev/shm");
    }

    /// <summary><c>RLIMIT_NOFILE</c> for nofile and for RLIMIT_NOFILE.</summary>
    public static string RlimitName(string name)
    {
        string upper = name.ToUpperInvariant();
        return upper.StartsWith("RLIMIT_", StringComparison.Ordinal) ? upper : "RLIMIT_" + upper;
    }

    private static BerthException Contradicting(string why, string? hint = null) => new(Fault.InvalidArgument, why, hint);

    private static BerthException Wrong(string why, string? hint = null, string code = FaultCode.LimitInvalid) => new(Fault.InvalidArgument, why, hint) { Code = code };
}

/// <summary>Lists of numbers as the kernel writes them: <c>0-2,4</c>.</summary>
internal static class NumberList
{
    /// <summary>Whether it is one.</summary>
    public static bool IsOne(string text) => Read(text, static (_, _) => true);

    /// <summary>Whether all numbers of it are in another.</summary>
    public static bool IsWithin(string text, string all)
    {
        return Read(text, (first, last) =>
        {
            for (int n = first; n <= last; n++)
            {
                if (Read(all, (from, to) => n < from || n > to)) return false;
            }
            return true;
        });
    }

    private static bool Read(string text, Func<int, int, bool> take)
    {
        foreach (Range part in text.AsSpan().Split(','))
        {
            ReadOnlySpan<char> range = text.AsSpan()[part].Trim();
            int dash = range.IndexOf('-');
            if (!Number(dash < 0 ? range : range[..dash], out int first) || !Number(dash < 0 ? range : range[(dash + 1)..], out int last) || last < first) return false;
            if (!take(first, last)) return false;
        }
        return true;
    }

    private static bool Number(ReadOnlySpan<char> text, out int number) =>
        int.TryParse(text, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out number) && number < 65536;
}
