// Where something is mounted: the kernel knows, so nothing is written down (proc_pid_mountinfo(5)).
using System.Text;
using Berth.Linux.Files;

namespace Berth.Store.Snapshots;

/// <summary>Looks into the mounts of this process.</summary>
internal static class MountTable
{
    /// <summary>Whether something is mounted at a path.</summary>
    public static bool Has(string target) => Lines("self").Any(line => Unescaped(line[4]) == target);

    /// <summary>Where mounts are in which a folder is the topmost one; the latest first.</summary>
    public static List<string> TargetsOf(string folder) => TargetsOf(folder, "self");

    /// <summary>A process in whose mount namespace, which is not ours, a folder is the topmost one of a mount; null: none that we may ask.</summary>
    public static string? FindElsewhere(string folder)
    {
        HashSet<string> seen = [KernelPath.ReadLink("/proc/self/ns/mnt") ?? ""];
        foreach (string process in KernelPath.List("/proc"))
        {
            if (!char.IsAsciiDigit(process[0]) || KernelPath.ReadLink($"/proc/{process}/ns/mnt") is not { } mounts || !seen.Add(mounts)) continue;
            if (TargetsOf(folder, process).Count > 0) return process;
        }
        return null;
    }

    private static List<string> TargetsOf(string folder, string process)
    {
        List<string> targets = [];
        foreach (string[] fields in Lines(process))
        {
            int options = Array.IndexOf(fields, "-") + 3;
            bool isOverlay = options > 2 && options < fields.Length && fields[options - 2] == "overlay";
            // A bind mount shows the path within its file system, which may be mounted somewhere itself.
            bool isTop = isOverlay ? IsNamed(Unescaped(fields[options]), folder) : folder.EndsWith(Unescaped(fields[3]), StringComparison.Ordinal) && fields[3].EndsWith("/upper", StringComparison.Ordinal);
            if (isTop) targets.Add(Unescaped(fields[4]));
        }
        targets.Reverse();
        return targets;
    }

    private static bool IsNamed(string options, string folder)
    {
        foreach (string option in options.Split(','))
        {
            int equals = option.IndexOf('=');
            if (equals < 0 || option[..equals] is not ("upperdir" or "lowerdir" or "lowerdir+")) continue;
            if (option[(equals + 1)..].Split(':')[0] == folder) return true;
        }
        return false;
    }

    private static IEnumerable<string[]> Lines(string process) => (KernelFile.TryReadText($"/proc/{process}/mountinfo") ?? "").Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(static line => line.Split(' ')).Where(static fields => fields.Length > 6);

    // Space, tab, line feed and backslash are written as octal numbers.
    private static string Unescaped(string text)
    {
        if (!text.Contains('\\')) return text;
        StringBuilder plain = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length && text[i + 1] is >= '0' and <= '7')
            {
                plain.Append((char)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
                i += 3;
            }
            else plain.Append(text[i]);
        }
        return plain.ToString();
    }
}
