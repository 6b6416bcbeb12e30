// One line of /proc/PID/cgroup: hierarchy-id:controller-list:path (cgroups(7)).
using Berth.Linux.Files;

namespace Berth.Cgroups;

/// <summary>Reads lines of /proc/PID/cgroup.</summary>
internal static class CgroupLine
{
    /// <summary>Splits at the first two colons; the path may hold more of them.</summary>
    public static bool TryParse(ReadOnlySpan<char> line, out ReadOnlySpan<char> controllers, out ReadOnlySpan<char> path)
    {
        controllers = path = default;
        int first = line.IndexOf(':');
        if (first < 0) return false;
        int second = line[(first + 1)..].IndexOf(':');
        if (second < 0) return false;
        controllers = line.Slice(first + 1, second);
        path = line[(first + second + 2)..];
        return true;
    }

    /// <summary>The v2 cgroup of a process, or null.</summary>
    public static string? UnifiedOf(int pid, string proc = "/proc")
    {
        foreach (ReadOnlySpan<char> line in (KernelFile.TryReadText($"{proc}/{pid}/cgroup") ?? "").AsSpan().EnumerateLines())
        {
            if (line.StartsWith("0::")) return line[3..].ToString();
        }
        return null;
    }

    /// <summary>What a cgroup path of the kernel is below one of our directories (a mount point and a cgroup), or null if it is not.</summary>
    public static string? Below(string directory, ReadOnlySpan<char> cgroup)
    {
        for (int slash = 0; slash >= 0; slash = directory.IndexOf('/', slash + 1))
        {
            ReadOnlySpan<char> own = directory.AsSpan(slash);
            if (cgroup.StartsWith(own) && (cgroup.Length == own.Length || cgroup[own.Length] == '/')) return cgroup[own.Length..].ToString();
        }
        return null;
    }
}
