// top: the processes of a container, as ps shows them.
using System.Diagnostics;
using System.Globalization;
using Berth.Cli.Output;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class Top
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "CONTAINER [PS OPTIONS]",
        About = "Without options, what `ps -ef` shows; with them, the host's ps is asked, and its lines are those of the container's processes. Words like pid,user,args are its columns.",
        Least = 1,
        StopsAtArgument = true,
        Offers = Offer.Containers,
        Examples = [new("berth top web", "Processes by the host's numbers"), new("berth top web -o pid,rss,args", "Other columns"), new("berth top web pid user args", "The same, as podman has it")],
        Run = static async invocation =>
        {
            Container container = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Containers.Find(invocation.Arguments[0]);
            return await ShowAsync(invocation, container.ListProcesses(), [.. invocation.Arguments.Skip(1)]).ConfigureAwait(false);
        },
    };

    /// <summary>Shows processes.</summary>
    /// <param name="invocation">Where.</param>
    /// <param name="processes">Which.</param>
    /// <param name="words">Options of ps, or columns; none: what is usual.</param>
    internal static async Task<int> ShowAsync(Invocation invocation, IReadOnlyList<ProcessFacts> processes, List<string> words)
    {
        if (words.Count > 0) return await AskAsync(invocation, processes, words).ConfigureAwait(false);
        DateTimeOffset now = invocation.Session.Clock.GetUtcNow();
        Dictionary<uint, string> users = Users();
        Table table = new();
        table.Add("UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD");
        foreach (ProcessFacts process in processes)
        {
            table.Add(
                users.GetValueOrDefault(process.UserId) ?? process.UserId.ToString(CultureInfo.InvariantCulture),
                process.Pid.ToString(CultureInfo.InvariantCulture), process.ParentPid.ToString(CultureInfo.InvariantCulture),
                Share(process, now), Began(process.Started, now), process.TerminalName.Length == 0 ? "?" : process.TerminalName, Clock(process.Processor), process.Command);
        }
        table.WriteTo(invocation.Session.Out);
        return 0;
    }

    /// <summary>Hundredths of a processor over all its life.</summary>
    internal static string Share(ProcessFacts process, DateTimeOffset now)
    {
        double life = (now - process.Started).TotalSeconds;
        return ((int)(life < 1 ? 0 : Math.Min(99, process.Processor.TotalSeconds * 100 / life))).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The hour of today, or the day.</summary>
    internal static string Began(DateTimeOffset started, DateTimeOffset now) =>
        started.ToLocalTime().ToString(now - started < TimeSpan.FromDays(1) ? "HH:mm" : "MMMdd", CultureInfo.InvariantCulture);

    /// <summary>Hours, minutes and seconds.</summary>
    internal static string Clock(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours:D2}:{time.Minutes:D2}:{time.Seconds:D2}");

    private static async Task<int> AskAsync(Invocation invocation, IReadOnlyList<ProcessFacts> processes, List<string> words)
    {
        ProcessStartInfo start = new("ps") { RedirectStandardOutput = true };
        if (words.TrueForAll(IsColumn))
        {
            start.ArgumentList.Add("-e");
            start.ArgumentList.Add("-o");
            start.ArgumentList.Add(string.Join(',', words));
        }
        else
        {
            foreach (string word in words) start.ArgumentList.Add(word);
        }
        Process ps;
        try
        {
            ps = Process.Start(start)!;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            throw new BerthException(Fault.CommandNotFound, "cannot ask ps for these columns: the host has none", "without options no ps is needed; Debian has it in procps", e);
        }
        using (ps)
        {
            string said = await ps.StandardOutput.ReadToEndAsync().ConfigureAwait(false);
            await ps.WaitForExitAsync().ConfigureAwait(false);
            if (ps.ExitCode != 0 && said.Length == 0) throw new BerthException(Fault.InvalidArgument, $"cannot list processes: ps {string.Join(' ', words)} ended with {ps.ExitCode}");
            string[] lines = said.Split('\n', StringSplitOptions.RemoveEmptyEntries);
            int column = lines.Length == 0 ? -1 : Array.IndexOf(lines[0].Split(' ', StringSplitOptions.RemoveEmptyEntries), "PID");
            if (column < 0) throw new BerthException(Fault.InvalidArgument, $"cannot tell whose processes ps {string.Join(' ', words)} shows: it has no column PID", "add pid to the columns");
            HashSet<string> pids = [.. processes.Select(static process => process.Pid.ToString(CultureInfo.InvariantCulture))];
            invocation.Session.Out.WriteLine(lines[0]);
            foreach (string line in lines.Skip(1))
            {
                if (line.Split(' ', StringSplitOptions.RemoveEmptyEntries) is { } cells && cells.Length > column && pids.Contains(cells[column])) invocation.Session.Out.WriteLine(line);
            }
        }
        return 0;
    }

    private static bool IsColumn(string word) =>
        word.Split(',').All(static one => one is "pid" or "ppid" or "pgid" or "sid" or "user" or "uid" or "group" or "gid" or "ruser" or "rgroup" or "comm" or "args" or "cmd" or "pcpu" or "pmem" or "etime" or "time" or "tty" or "state" or "stat" or "nice" or "rss" or "vsz" or "nlwp" or "wchan" or "stime" or "start" or "label" or "pidns" or "c");

    private static Dictionary<uint, string> Users()
    {
        Dictionary<uint, string> users = [];
        foreach (string line in (KernelFile.TryReadText("/etc/passwd") ?? "").Split('\n'))
        {
            if (line.Split(':') is [{ } name, _, { } number, ..] && uint.TryParse(number, out uint id)) users.TryAdd(id, name);
        }
        return users;
    }
}
