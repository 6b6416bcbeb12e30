// What this host can do: tests ask here before they ask a runtime for something no runtime could do.
namespace Berth.Contract.OciRuntime.Stage;

/// <summary>How the host's cgroups are mounted.</summary>
public enum CgroupLayout
{
    /// <summary>Only the unified tree.</summary>
    Unified,

    /// <summary>Only version 1 controllers.</summary>
    Legacy,

    /// <summary>Version 1 controllers with a unified tree beside them.</summary>
    Hybrid,
}

/// <summary>Facts about the host, each found once.</summary>
public static class Machine
{
    /// <summary>How cgroups are mounted.</summary>
    public static CgroupLayout Cgroups { get; } =
        File.Exists("/sys/fs/cgroup/cgroup.controllers") ? CgroupLayout.Unified
        : File.Exists("/sys/fs/cgroup/unified/cgroup.procs") ? CgroupLayout.Hybrid
        : CgroupLayout.Legacy;

    /// <summary>Folders in which the host has a cgroup tree, one per hierarchy.</summary>
    public static IReadOnlyList<string> CgroupTrees { get; } =
    [
        .. File.ReadLines("/proc/self/mountinfo")
            .Select(line => line.Split(' '))
            .Where(words => words[Array.IndexOf(words, "-") + 1] is "cgroup" or "cgroup2")
            .Select(words => words[4]),
    ];

    /// <summary>Skips the test when this process is not root of the initial user namespace.</summary>
    public static void NeedsRoot() =>
        Assert.SkipUnless(Environment.UserName == "root", "containers of this suite are made as root");

    /// <summary>Skips the test when a version 1 (or hybrid) controller is not there.</summary>
    public static void NeedsController(string name) =>
        Assert.SkipUnless(HasController(name), $"this host has no {name} controller");

    /// <summary>Whether the resource controller can be used, in either version.</summary>
    public static bool HasController(string name) => Cgroups == CgroupLayout.Unified
        ? File.ReadAllText("/sys/fs/cgroup/cgroup.controllers").Split(' ', '\n').Contains(name)
        : CgroupTrees.Contains($"/sys/fs/cgroup/{name}");

    /// <summary>Skips the test when this process lacks a capability of the kernel: engines ask for all of them, and nobody can give what he has not.</summary>
    public static void NeedsEveryCapability()
    {
        string bounding = File.ReadLines("/proc/self/status").Single(line => line.StartsWith("CapBnd", StringComparison.Ordinal)).Split('\t')[1];
        int last = int.Parse(File.ReadAllText("/proc/sys/kernel/cap_last_cap"));
        Assert.SkipUnless(Convert.ToUInt64(bounding, 16) == (1UL << (last + 1)) - 1, $"some capabilities are missing here ({bounding})");
    }

    /// <summary>Skips the test when the program is not on this host.</summary>
    public static string NeedsProgram(string name)
    {
        string? path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".Split(':').Select(folder => $"{folder}/{name}").FirstOrDefault(File.Exists);
        Assert.SkipWhen(path is null, $"{name} is not installed");
        return path!;
    }

    /// <summary>Skips the test when the path does not exist on this host.</summary>
    public static void NeedsPath(string path, string because) =>
        Assert.SkipUnless(Path.Exists(path), $"{because} ({path} is not there)");
}
