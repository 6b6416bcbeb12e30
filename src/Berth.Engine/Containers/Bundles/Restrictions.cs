// What is hidden from a container, what it cannot write, and which system calls it has.
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Fills masks and the filter of system calls.</summary>
internal static class Restrictions
{
    /// <summary>Adds them; a privileged container has none.</summary>
    public static void Fill(LinuxSpec linux, ContainerRecord record, BundleFacts facts, ulong bounding)
    {
        SecuritySpec security = record.Spec.Security;
        linux.RootfsPropagation = Propagation(record);
        if (record.Spec.Personality is { Length: > 0 } domain) linux.Personality = new PersonalitySpec { Domain = domain };
        if (!security.IsPrivileged)
        {
            linux.MaskedPaths = Paths(
                ["/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware"],
                security);
            foreach (string path in security.Masked) linux.MaskedPaths.Add(path);
            linux.ReadonlyPaths = Paths(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"], security);
        }
        linux.Seccomp = security.Seccomp switch
        {
            "unconfined" => null,
            null or "" or "default" or "builtin" => security.IsPrivileged ? null : DefaultSeccomp.For(CapabilitySet.Names(bounding)),
            string file => SeccompProfile.Load(file, bounding),
        };
        if (facts.HasSelinux || security.Labels.Count == 0) return;
        if (security.Labels is not ["disable"]) facts.Notes.Warnings.Add("labels of SELinux are left out: this host does not have it");
    }

    // A mount that is to reach the host from inside, or the other way round, needs a root that lets it through.
    private static string? Propagation(ContainerRecord record)
    {
        string? found = null;
        foreach (SettledMount mount in record.Settled.Mounts)
        {
            foreach (string option in mount.Request.Options)
            {
                if (option is "shared" or "rshared") return "shared";
                if (option is "slave" or "rslave") found = "rslave";
            }
        }
        return found;
    }

    private static List<string> Paths(ReadOnlySpan<string> usual, SecuritySpec security)
    {
        List<string> paths = [];
        foreach (string path in usual)
        {
            if (!IsUnmasked(path, security.Unmasked)) paths.Add(path);
        }
        return paths;
    }

    private static bool IsUnmasked(string path, IReadOnlyList<string> unmasked)
    {
        foreach (string word in unmasked)
        {
            if (word is "ALL" or "all" || word == path || Fits(path, word)) return true;
        }
        return false;
    }

    /// <summary>Whether a path fits a pattern in which <c>*</c> is anything within one name.</summary>
    internal static bool Fits(ReadOnlySpan<char> path, ReadOnlySpan<char> pattern)
    {
        while (!pattern.IsEmpty && pattern[0] != '*')
        {
            if (path.IsEmpty || path[0] != pattern[0]) return false;
            path = path[1..];
            pattern = pattern[1..];
        }
        if (pattern.IsEmpty) return path.IsEmpty;
        for (int length = 0; ; length++)
        {
            if (Fits(path[length..], pattern[1..])) return true;
            if (length == path.Length || path[length] == '/') return false;
        }
    }
}
