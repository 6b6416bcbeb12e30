// Capabilities that a process of this host, or of this user namespace, can have at all.
using System.Globalization;
using Berth.Linux.Files;

namespace Berth.Engine.Containers;

/// <summary>The bounding set of this process (proc_pid_status(5), CapBnd).</summary>
internal static class HostCapabilities
{
    private static ulong? s_bounding;

    public static ulong Bounding => s_bounding ??= Read();

    private static ulong Read()
    {
        foreach (ReadOnlySpan<char> line in (KernelFile.TryReadText("/proc/self/status") ?? "").AsSpan().EnumerateLines())
        {
            if (line.StartsWith("CapBnd:", StringComparison.Ordinal) && ulong.TryParse(line[7..].Trim(), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits)) return bits;
        }
        return BundleFacts.AllCapabilities;
    }
}
