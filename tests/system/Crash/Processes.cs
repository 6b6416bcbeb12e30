// What /proc tells of processes.
namespace Berth.SystemTests.Crash;

/// <summary>Processes of this host.</summary>
internal static class Processes
{
    /// <summary>SIGKILL.</summary>
    public const int Kill = 9;

    /// <summary>SIGSTOP.</summary>
    public const int Stop = 19;

    /// <summary>SIGCONT.</summary>
    public const int Continue = 18;

    /// <summary>The letter of its state; X when it is gone.</summary>
    public static char State(int pid) => Stat(pid)?[0][0] ?? 'X';

    /// <summary>Whether it is there, as more than a name.</summary>
    public static bool Lives(int pid) => State(pid) is not ('X' or 'Z');

    /// <summary>Its parent; 0 when it is gone.</summary>
    public static int Parent(int pid) => Stat(pid) is { } fields ? int.Parse(fields[1]) : 0;

    /// <summary>Its words.</summary>
    public static string Words(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' '); }
        catch (IOException) { return ""; } // it has ended
    }

    /// <summary>Those whose words, or whose cgroups, have this word.</summary>
    public static int[] With(string word) => [.. Directory.GetDirectories("/proc")
        .Select(folder => int.TryParse(Path.GetFileName(folder), out int pid) ? pid : 0)
        .Where(pid => pid > 0 && pid != Environment.ProcessId && Lives(pid) && (Words(pid).Contains(word, StringComparison.Ordinal) || Cgroups(pid).Contains(word, StringComparison.Ordinal)))];

    private static string Cgroups(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cgroup"); }
        catch (IOException) { return ""; } // it has ended
    }

    private static string[]? Stat(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' '); }
        catch (IOException) { return null; } // it has ended
    }
}
