// Reads numbers out of statistics files, whose formats are those of the kernel's cgroup documentation.
using System.Globalization;
using Berth.Linux.Files;

namespace Berth.Cgroups;

/// <summary>Statistics files of one directory. What is missing or malformed counts as absent: kernels differ in what they count.</summary>
internal readonly struct StatsFile(string directory)
{
    /// <summary>The text of a file, or null.</summary>
    public string? Text(string file) => KernelFile.TryReadText($"{directory}/{file}");

    /// <summary>A single number, or null where the file is missing.</summary>
    public ulong? Number(string file) => Text(file) is { } text ? KeyedFile.Number(text) : null;

    /// <summary>A single number, zero where the file is missing.</summary>
    public ulong NumberOrZero(string file) => Number(file) ?? 0;

    /// <summary>The lines of a flat keyed file, sorted by key.</summary>
    public List<KeyValuePair<string, ulong>> Keyed(string file)
    {
        List<KeyValuePair<string, ulong>> values = [];
        foreach (ReadOnlySpan<char> line in (Text(file) ?? "").AsSpan().EnumerateLines())
        {
            int blank = line.IndexOf(' ');
            if (blank > 0) values.Add(new(line[..blank].ToString(), KeyedFile.Number(line[(blank + 1)..])));
        }
        values.Sort(static (a, b) => string.CompareOrdinal(a.Key, b.Key));
        return values;
    }

    /// <summary>Blank-separated numbers.</summary>
    public List<ulong> Numbers(string file)
    {
        List<ulong> numbers = [];
        ReadOnlySpan<char> text = Text(file);
        foreach (Range part in text.Split(' '))
        {
            if (!text[part].Trim().IsEmpty) numbers.Add(KeyedFile.Number(text[part]));
        }
        return numbers;
    }

    /// <summary>A list such as <c>0-2,4</c>, one by one.</summary>
    public List<ushort> Set(string file)
    {
        List<ushort> set = [];
        ReadOnlySpan<char> text = Text(file);
        foreach (Range part in text.Split(','))
        {
            ReadOnlySpan<char> range = text[part].Trim();
            if (range.IsEmpty) continue;
            int dash = range.IndexOf('-');
            int from = (int)KeyedFile.Number(dash < 0 ? range : range[..dash]), to = dash < 0 ? from : (int)KeyedFile.Number(range[(dash + 1)..]);
            for (int i = from; i <= to && i <= ushort.MaxValue; i++) set.Add((ushort)i);
        }
        return set;
    }

    /// <summary>Pressure, or null where the kernel does not measure it.</summary>
    public PressureStats? Pressure(string file)
    {
        if (Text(file) is not { } text) return null;
        Pressure some = default, full = default;
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("some ")) some = Of(line);
            else if (line.StartsWith("full ")) full = Of(line);
        }
        return new PressureStats(some, full);

        static Pressure Of(ReadOnlySpan<char> line) => new(Share(line, "avg10="), Share(line, "avg60="), Share(line, "avg300="), KeyedFile.Number(After(line, "total=")));

        static double Share(ReadOnlySpan<char> line, string key) => double.TryParse(After(line, key), CultureInfo.InvariantCulture, out double share) ? share : 0;
    }

    /// <summary>v1 block I/O lines, <c>8:0 Read 4096</c> or <c>8:0 4096</c>; null where there are none.</summary>
    public List<BlockIoEntry>? BlockIo(string file)
    {
        if (Text(file) is not { } text) return null;
        List<BlockIoEntry> entries = [];
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            int colon = line.IndexOf(':'), first = line.IndexOf(' '), last = line.LastIndexOf(' ');
            if (colon < 0 || first < colon) continue; // the line of the total
            string operation = last > first ? line[(first + 1)..last].ToString() : "";
            entries.Add(new(KeyedFile.Number(line[..colon]), KeyedFile.Number(line[(colon + 1)..first]), operation, KeyedFile.Number(line[(last + 1)..])));
        }
        // runc asks for the next group of files when one has nothing.
        return entries.Count == 0 ? null : entries;
    }

    /// <summary>What follows a key up to the next blank.</summary>
    public static ReadOnlySpan<char> After(ReadOnlySpan<char> line, string key)
    {
        int at = line.IndexOf(key, StringComparison.Ordinal);
        if (at < 0) return default;
        ReadOnlySpan<char> rest = line[(at + key.Length)..];
        int blank = rest.IndexOf(' ');
        return blank < 0 ? rest : rest[..blank];
    }
}
