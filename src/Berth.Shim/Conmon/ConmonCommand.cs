// berth-shim in conmon's role: one process that keeps one container, or one exec session.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Shim.Launch;

namespace Berth.Shim.Conmon;

/// <summary>conmon's command line (conmon(8)).</summary>
public static class ConmonCommand
{
    private const int SIGPIPE = 13;

    /// <summary>Version of conmon whose contract this is.</summary>
    public const string Version = "2.2.1";

    /// <summary>Runs one command line.</summary>
    /// <param name="program">argv[0].</param>
    /// <param name="words">The rest.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string program, ReadOnlySpan<string> words)
    {
        string name = program[(program.LastIndexOf('/') + 1)..];
        ConmonFlags flags;
        try
        {
            Self.OpenStandardStreams();
            flags = ConmonFlags.Parse(words);
            if (flags.HelpAsked) return Print(ConmonFlags.Help(name));
            if (flags.Has("version")) return Print($"conmon version {Version}\ncommit: {BuildFacts.Commit}\n");
            ConmonOptions.CheckFirst(flags);
        }
        catch (BerthException e)
        {
            RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"conmon: {e.Message}\n"));
            return 1;
        }
        string id = flags.Text("cid")!;
        ReportLevel? level = Reports.Parse(flags.Text("log-level"));
        Reports reports = new(level ?? ReportLevel.Warning, flags.Has("syslog"), flags.Text("log-tag") is { } tag ? $"{id}: {tag}" : id);
        try
        {
            if (level is null) throw new BerthException(Fault.InvalidArgument, $"No such log level {flags.Text("log-level")}");
            return Keep(ConmonOptions.Of(flags, reports), reports);
        }
        catch (Exception e) when (e is BerthException or LinuxException)
        {
            reports.Error(e.Message);
            return 1;
        }
    }

    private static int Keep(ConmonOptions options, Reports reports)
    {
        Daemon.SetFileMask(0x12);
        options.Logs.Prepare();
        string? oomScore = OomScore.Protect();
        Daemon.Ignore(SIGPIPE);
        ParentPipe? start = ParentPipe.Of("_OCI_STARTPIPE", "");
        // Until then the caller moves us into the cgroup where all that we start is to be.
        start?.Await();
        if (!options.Sync && Daemon.Fork() is > 0 and int pid)
        {
            if (options.MonitorPidFile is { } file) KernelPath.WriteAtomically(file, Encoding.ASCII.GetBytes($"{pid}"), 0x1A4);
            return 0;
        }
        using Monitor monitor = new(options, reports, start, oomScore);
        return monitor.Run();
    }

    private static int Print(string text)
    {
        RawIo.WriteAll(1, Encoding.UTF8.GetBytes(text));
        return 0;
    }
}
