// One process, as /proc tells of it.
using System.Globalization;
using System.Text;
using Berth.Linux.Files;

namespace Berth.Engine.Containers;

/// <summary>A process of a container, as the host sees it.</summary>
public sealed record ProcessFacts
{
    // USER_HZ: what the kernel tells user space is in hundredths, whatever it counts itself.
    private const double TicksPerSecond = 100;
    private const int Parent = 1, Terminal = 4, UserTicks = 11, KernelTicks = 12, StartTicks = 19;

    /// <summary>Its number on the host.</summary>
    public required int Pid { get; init; }

    /// <summary>Its parent's.</summary>
    public int ParentPid { get; init; }

    /// <summary>Whose it is: a user of the host.</summary>
    public uint UserId { get; init; }

    /// <summary>When it began.</summary>
    public DateTimeOffset Started { get; init; }

    /// <summary>Time of processors.</summary>
    public TimeSpan Processor { get; init; }

    /// <summary>Its terminal, <c>pts/0</c>; empty: none.</summary>
    public string TerminalName { get; init; } = "";

    /// <summary>Its command and arguments; the name in brackets where it has none.</summary>
    public string Command { get; init; } = "";

    /// <summary>Looks at one; null: it has ended.</summary>
    internal static ProcessFacts? TryRead(int pid)
    {
        if (KernelFile.TryReadText($"/proc/{pid}/stat") is not { Length: > 0 } stat) return null;
        // A name may have blanks and brackets in it: what follows is behind the last of them.
        int open = stat.IndexOf('(', StringComparison.Ordinal), close = stat.LastIndexOf(')');
        if (open < 0 || close < open) return null;
        string[] fields = stat[(close + 2)..].Split(' ');
        if (fields.Length <= StartTicks) return null;
        string arguments = KernelFile.TryRead($"/proc/{pid}/cmdline", out _) is { Length: > 0 } words ? Encoding.UTF8.GetString(words).TrimEnd('\0').Replace('\0', ' ') : "";
        return new ProcessFacts
        {
            Pid = pid,
            ParentPid = (int)Number(fields[Parent]),
            UserId = UserOf(pid),
            Started = BootTime().AddSeconds(Number(fields[StartTicks]) / TicksPerSecond),
            Processor = TimeSpan.FromSeconds((Number(fields[UserTicks]) + Number(fields[KernelTicks])) / TicksPerSecond),
            TerminalName = NameOf((int)Number(fields[Terminal])),
            Command = arguments.Length > 0 ? arguments : $"[{stat[(open + 1)..close]}]",
        };
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : 0;

    private static uint UserOf(int pid)
    {
        foreach (string line in (KernelFile.TryReadText($"/proc/{pid}/status") ?? "").Split('\n'))
        {
            if (line.StartsWith("Uid:", StringComparison.Ordinal) && line.Split('\t') is [_, _, { } effective, ..] && uint.TryParse(effective, out uint id)) return id;
        }
        return 0;
    }

    private static DateTimeOffset BootTime()
    {
        foreach (string line in (KernelFile.TryReadText("/proc/stat") ?? "").Split('\n'))
        {
            if (line.StartsWith("btime ", StringComparison.Ordinal)) return DateTimeOffset.FromUnixTimeSeconds(Number(line[6..]));
        }
        return DateTimeOffset.UnixEpoch;
    }

    // Majors 136 to 143 are pseudo terminals, 4 has the consoles and serial lines.
    private static string NameOf(int device)
    {
        int major = (device >> 8) & 0xFFF, minor = (device & 0xFF) | ((device >> 12) & 0xFFF00);
        return major switch
        {
            0 => "",
            >= 136 and <= 143 => string.Create(CultureInfo.InvariantCulture, $"pts/{((major - 136) << 8) + minor}"),
            4 => minor < 64 ? string.Create(CultureInfo.InvariantCulture, $"tty{minor}") : string.Create(CultureInfo.InvariantCulture, $"ttyS{minor - 64}"),
            _ => "?",
        };
    }
}
