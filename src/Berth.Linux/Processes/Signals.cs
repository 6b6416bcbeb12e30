// Signal names and numbers of signal(7), one table.
namespace Berth.Linux.Processes;

/// <summary>Names of signals.</summary>
public static class Signals
{
    /// <summary>The real-time signals begin here for users of the C library.</summary>
    private const int RtMin = 34, RtMax = 64;

    // Index is the number; x86_64 and arm64 agree.
    private static readonly string[] Names =
    [
        "0", "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
    ];

    /// <summary>The number for <c>KILL</c>, <c>SIGKILL</c>, <c>sigkill</c>, <c>9</c>, <c>RTMIN+1</c>; null if there is no such signal.</summary>
    public static int? Parse(string text)
    {
        if (int.TryParse(text, out int number)) return number is >= 0 and <= RtMax ? number : null;
        string name = text.ToUpperInvariant();
        if (name.StartsWith("SIG", StringComparison.Ordinal)) name = name[3..];
        for (int i = 1; i < Names.Length; i++)
        {
            if (Names[i] == name) return i;
        }
        return name switch
        {
            "IOT" => 6,
            "CLD" => 17,
            "POLL" => 29,
            "UNUSED" => 31,
            "RTMIN" => RtMin,
            "RTMAX" => RtMax,
            _ => RealTime(name),
        };
    }

    /// <summary>The name without SIG; a number where there is none.</summary>
    public static string NameOf(int number) =>
        number > 0 && number < Names.Length ? Names[number] : number >= RtMin ? $"RTMIN+{number - RtMin}" : number.ToString();

    /// <summary>What became of a program that such a signal ended, in the words of strsignal(3); the name where there are none.</summary>
    public static string WordsOf(int number) => number switch
    {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        24 => "cpu time limit exceeded",
        25 => "file size limit exceeded",
        31 => "bad system call",
        _ => NameOf(number),
    };

    private static int? RealTime(string name)
    {
        if (name.StartsWith("RTMIN+", StringComparison.Ordinal) && int.TryParse(name.AsSpan(6), out int up) && up is >= 0 and <= RtMax - RtMin) return RtMin + up;
        if (name.StartsWith("RTMAX-", StringComparison.Ordinal) && int.TryParse(name.AsSpan(6), out int down) && down is >= 0 and <= RtMax - RtMin) return RtMax - down;
        return null;
    }
}
