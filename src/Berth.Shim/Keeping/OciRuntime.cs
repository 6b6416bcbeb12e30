// The command line of any OCI runtime, as runc made it: which words each verb takes.
using System.Globalization;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Shim.Launch;

namespace Berth.Shim.Keeping;

/// <summary>A runtime binary and what all its calls share.</summary>
internal sealed class OciRuntime(EventLoop loop, string binary, string root, string log)
{
    private const int SIGKILL = 9;

    private int _underWay;

    /// <summary>The binary.</summary>
    public string Binary => binary;

    /// <summary>Let systemd make the cgroups.</summary>
    public bool SystemdCgroup { get; init; }

    /// <summary>What the oom_score_adj of each call is set to, or null.</summary>
    public string? OomScore { get; init; }

    /// <summary>Whether a call is under way.</summary>
    public bool IsUnderWay => _underWay > 0;

    /// <summary>When calls that are begun now are killed if they have not ended: milliseconds of the monotonic clock, or null.</summary>
    public long? Deadline { get; private set; }

    /// <summary>Begins calls that have to end before then.</summary>
    /// <param name="deadline">Milliseconds of the monotonic clock; null is "as long as they take".</param>
    /// <param name="begin">Begins them, and does not wait.</param>
    public void Before(long? deadline, Action begin)
    {
        long? outer = Deadline;
        Deadline = deadline;
        try
        {
            begin();
        }
        finally
        {
            Deadline = outer;
        }
    }

    /// <summary>create.</summary>
    public int? Create(CreateWords words, RuntimeStreams? streams, Action<RuntimeResult> ended) => Run([
        "create", "--bundle", words.Bundle, "--pid-file", words.PidFile, .. Console(words.ConsoleSocket),
        .. words.NoPivot ? (string[])["--no-pivot"] : [], .. words.NoNewKeyring ? (string[])["--no-new-keyring"] : [],
        .. words.Trace.Length > 0 ? (string[])["--trace", words.Trace] : [], words.Id], streams, ended);

    /// <summary>restore, which leaves a running container.</summary>
    public int? Restore(CreateWords words, string image, string work, string? parent, RuntimeStreams? streams, Action<RuntimeResult> ended) => Run([
        "restore", "--image-path", image, "--work-path", work, .. parent is { Length: > 0 } ? (string[])["--parent-path", parent] : [],
        "--detach", "--no-subreaper", "--bundle", words.Bundle, "--pid-file", words.PidFile, .. Console(words.ConsoleSocket),
        .. words.NoPivot ? (string[])["--no-pivot"] : [], words.Id], streams, ended);

    /// <summary>start.</summary>
    public int? Start(string id, Action<RuntimeResult> ended) => Run(["start", id], null, ended);

    /// <summary>exec, detached.</summary>
    public int? Exec(string id, string processFile, string pidFile, string? consoleSocket, RuntimeStreams? streams, Action<RuntimeResult> ended) => Run([
        "exec", "--process", processFile, "--detach", "--pid-file", pidFile, .. Console(consoleSocket), id], streams, ended);

    /// <summary>kill.</summary>
    public int? Kill(string id, int signal, bool all, Action<RuntimeResult> ended) => Run([
        "kill", .. all ? (string[])["--all"] : [], id, signal.ToString(CultureInfo.InvariantCulture)], null, ended);

    /// <summary>delete.</summary>
    public int? Delete(string id, bool force, Action<RuntimeResult> ended) => Run(["delete", .. force ? (string[])["--force"] : [], id], null, ended);

    /// <summary>pause.</summary>
    public int? Pause(string id, Action<RuntimeResult> ended) => Run(["pause", id], null, ended);

    /// <summary>resume.</summary>
    public int? Resume(string id, Action<RuntimeResult> ended) => Run(["resume", id], null, ended);

    /// <summary>update, with the resources as JSON.</summary>
    public int? Update(string id, ReadOnlySpan<byte> resources, Action<RuntimeResult> ended)
    {
        using Linux.Fd input = KernelPath.MemoryFile("resources", resources);
        // The log has the reason of a failure: what is collected here would take the place of the input otherwise.
        return Run(["update", "--resources", "-", id], new RuntimeStreams(Input: input), ended);
    }

    /// <summary>checkpoint.</summary>
    public int? Checkpoint(string id, IReadOnlyList<string> options, Action<RuntimeResult> ended) => Run(["checkpoint", .. options, id], null, ended);

    /// <summary>The pids of a container's processes, as JSON.</summary>
    public int? Ps(string id, Action<RuntimeResult> ended) => Run(["ps", "--format", "json", id], null, ended);

    /// <summary>What went wrong in the last call that failed, in the runtime's own words; else its output and status.</summary>
    public string LastError(RuntimeResult result)
    {
        string last = "";
        foreach (string line in (KernelFile.TryReadText(log) ?? "").Split('\n'))
        {
            if (ErrorLine.TryRead(line, out string? message)) last = message;
        }
        return last.Length > 0 ? last : result.Words;
    }

    private int? Run(List<string> words, RuntimeStreams? streams, Action<RuntimeResult> ended)
    {
        // Runtimes append to it: it would grow for ever, and an old failure would be told as that of a later call.
        if (_underWay++ == 0) KernelPath.Remove(log);
        bool timedOut = false, over = false;
        Alarm? limit = null;
        int? pid = RuntimeCall.Begin(loop, new RuntimeStart
        {
            Program = Found(binary),
            Arguments = ["--root", root, "--log", log, "--log-format", "json", .. SystemdCgroup ? (string[])["--systemd-cgroup"] : [], .. words],
            Environment = RuntimeStart.Inherited("NOTIFY_SOCKET"),
            OomScore = OomScore,
            DiesWithUs = true,
        }, streams, result =>
        {
            over = true;
            limit?.Cancel();
            _underWay--;
            ended(result with { TimedOut = timedOut });
        });
        if (!over && pid is { } call && Deadline is { } deadline)
        {
            limit = loop.After(Math.Max(0, deadline - Now), () =>
            {
                timedOut = true;
                Self.TrySignal(call, SIGKILL, out _);
            });
        }
        return pid;
    }

    /// <summary>The clock of deadlines.</summary>
    public static long Now => Self.Monotonic / 1_000_000;

    private static string[] Console(string? socket) => socket is null ? [] : ["--console-socket", socket];

    /// <summary>A name without a slash is looked for in PATH.</summary>
    public static string Found(string program)
    {
        if (program.Contains('/')) return program;
        foreach (string directory in (System.Environment.GetEnvironmentVariable("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin").Split(':'))
        {
            string path = $"{directory}/{program}";
            if (directory.Length > 0 && KernelFile.IsExecutable(path, out _)) return path;
        }
        return program;
    }
}

/// <summary>What create and restore share.</summary>
internal sealed record CreateWords
{
    /// <summary>The container.</summary>
    public required string Id { get; init; }

    /// <summary>Its bundle.</summary>
    public required string Bundle { get; init; }

    /// <summary>Where its pid is written.</summary>
    public required string PidFile { get; init; }

    /// <summary>Where its terminal is sent.</summary>
    public string? ConsoleSocket { get; init; }

    /// <summary>No pivot_root.</summary>
    public bool NoPivot { get; init; }

    /// <summary>The session keyring is the caller's.</summary>
    public bool NoNewKeyring { get; init; }

    /// <summary>File for a timeline of the creation, or empty.</summary>
    public string Trace { get; init; } = "";
}
