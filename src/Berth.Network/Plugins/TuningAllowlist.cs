// Which sysctls the machine's owner lets networks set: patterns in a file; without the file all of the network's.
using Berth.Linux.Files;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>/etc/cni/tuning/allowlist.conf: a regular expression a line, found anywhere in the key as the configuration has it.</summary>
internal static class TuningAllowlist
{
    private const string Path = "/etc/cni/tuning/allowlist.conf";

    /// <summary>Refuses sysctls that no line allows.</summary>
    /// <exception cref="CniException">One is not allowed, or a line is no pattern.</exception>
    public static void Require(List<TuningSysctl> sysctls)
    {
        if (KernelFile.TryReadText(Path) is not { } text) return;
        List<string> lines = [];
        foreach (string line in text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)) lines.Add(line);
        foreach (TuningSysctl sysctl in sysctls)
        {
            if (!Allows(lines, sysctl.Key)) throw CniException.Failed($"Sysctl {sysctl.Key} is not allowed. Only the following sysctls are allowed: [{string.Join(' ', lines)}]");
        }
    }

    private static bool Allows(List<string> lines, string key)
    {
        foreach (string line in lines)
        {
            // The one class that those who write such lines use, and the C library does not know.
            using PosixPattern pattern = PosixPattern.Compile(line.Replace("\\d", "[0-9]", StringComparison.Ordinal)) ?? throw CniException.Failed($"{Path} has the line {line}, which is no regular expression");
            if (pattern.Matches(key)) return true;
        }
        return false;
    }
}
