// Flat keyed files of the kernel: one "key value" a line (cgroup.events, memory.events, cpu.stat).
namespace Berth.Cgroups;

/// <summary>Reads values by key.</summary>
internal static class KeyedFile
{
    /// <summary>The value of a key, zero where it is missing.</summary>
    public static ulong Value(string text, string key)
    {
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.Length > key.Length && line[key.Length] == ' ' && line.StartsWith(key, StringComparison.Ordinal)) return Number(line[(key.Length + 1)..]);
        }
        return 0;
    }

    /// <summary>An unsigned number; <c>max</c> is the largest one, and negative ones, which kernel bugs produce, are zero.</summary>
    public static ulong Number(ReadOnlySpan<char> text)
    {
        text = text.Trim();
        if (text is "max") return ulong.MaxValue;
        return ulong.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out ulong value) ? value : 0;
    }
}
