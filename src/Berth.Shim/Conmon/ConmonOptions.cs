// What a conmon command line asks for, checked.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Shim.Conmon;

/// <summary>A monitor's task.</summary>
internal sealed record ConmonOptions
{
    private const string DefaultSocketDirectory = "/var/run/crio";

    /// <summary>The container's id for the runtime.</summary>
    public required string Id { get; init; }

    /// <summary>The full id; names the link to the attach socket.</summary>
    public string? FullId { get; init; }

    /// <summary>The container's name.</summary>
    public string? Name { get; init; }

    /// <summary>Path of the OCI runtime.</summary>
    public required string Runtime { get; init; }

    /// <summary>The bundle; null in an exec session that is not attached to.</summary>
    public string? Bundle { get; init; }

    /// <summary>Where the runtime writes the pid.</summary>
    public required string PidFile { get; init; }

    /// <summary>Where the monitor's pid goes.</summary>
    public string? MonitorPidFile { get; init; }

    /// <summary>Exec, not create.</summary>
    public bool Exec { get; init; }

    /// <summary>Exec waits for a client.</summary>
    public bool ExecAttach { get; init; }

    /// <summary>File with the process to execute.</summary>
    public string? ProcessSpec { get; init; }

    /// <summary>Whether exec sessions are reported in the way of version 1.</summary>
    public bool NewApi { get; init; }

    /// <summary>Checkpoint to restore from.</summary>
    public string? Restore { get; init; }

    /// <summary>A terminal.</summary>
    public bool Terminal { get; init; }

    /// <summary>An input.</summary>
    public bool Stdin { get; init; }

    /// <summary>The input stays open when a client goes.</summary>
    public bool LeaveStdinOpen { get; init; }

    /// <summary>Stay in the foreground.</summary>
    public bool Sync { get; init; }

    /// <summary>The runtime's arguments before its command.</summary>
    public List<string> RuntimeArguments { get; init; } = [];

    /// <summary>And behind it.</summary>
    public List<string> RuntimeOptions { get; init; } = [];

    /// <summary>Passed on.</summary>
    public bool SystemdCgroup { get; init; }

    /// <summary>Passed on.</summary>
    public bool NoPivot { get; init; }

    /// <summary>Passed on.</summary>
    public bool NoNewKeyring { get; init; }

    /// <summary>Directory of exit files of all containers.</summary>
    public string? ExitDirectory { get; init; }

    /// <summary>Directory of this container.</summary>
    public string? PersistDirectory { get; init; }

    /// <summary>Program to execute at the end.</summary>
    public string? ExitCommand { get; init; }

    /// <summary>Its arguments.</summary>
    public List<string> ExitArguments { get; init; } = [];

    /// <summary>Seconds before it.</summary>
    public int ExitDelay { get; init; }

    /// <summary>Seconds until the container is killed, or 0.</summary>
    public int Timeout { get; init; }

    /// <summary>Directory of links to attach sockets; null: the socket's own place is short enough.</summary>
    public string? SocketDirectory { get; init; }

    /// <summary>The service manager's socket.</summary>
    public string? NotifySocket { get; init; }

    /// <summary>LISTEN_PID is the runtime's.</summary>
    public bool ReplaceListenPid { get; init; }

    /// <summary>Logs.</summary>
    public required LogTargets Logs { get; init; }

    /// <summary>Do not wait for the disk at the end.</summary>
    public bool NoSyncLog { get; init; }

    /// <summary>Checks what conmon checks before anything else, without its usual prefix.</summary>
    /// <exception cref="BerthException">In conmon's words.</exception>
    public static void CheckFirst(ConmonFlags flags)
    {
        long files = flags.Number("log-max-files", 1);
        if (files < 0) throw Bad($"log-max-files must be non-negative, got {files}");
        if (flags.Has("log-rotate") && files == 0) throw Bad("log-max-files must be at least 1 when log-rotate is enabled, got 0");
        if (!flags.Has("cid")) throw Bad("Container ID not provided. Use --cid");
    }

    /// <summary>Checks the rest, in conmon's order.</summary>
    /// <exception cref="BerthException">In conmon's words.</exception>
    public static ConmonOptions Of(ConmonFlags flags, Reports reports)
    {
        bool exec = flags.Has("exec"), attach = flags.Has("exec-attach"), newApi = flags.Has("api-version");
        if (flags.Has("restore") && exec) throw Bad("Cannot use 'exec' and 'restore' at the same time");
        if (!exec && attach) throw Bad("Attach can only be specified with exec");
        if (!newApi && attach) throw Bad("Attach can only be specified for a non-legacy exec session");
        string? fullId = flags.Text("cuuid");
        if (fullId is null && (!exec || newApi)) throw Bad("Container UUID not provided. Use --cuuid");
        string runtime = flags.Text("runtime") ?? throw Bad("Runtime path not provided. Use --runtime");
        if (!KernelFile.IsExecutable(runtime, out Errno errno)) throw Bad($"Runtime path {runtime} is not valid: {errno.Sentence()}");
        if (exec && !flags.Has("exec-process-spec")) throw Bad("Exec process spec path not provided. Use --exec-process-spec");
        // Its plugins are libraries to be loaded into a root process that lives as long as the container: docs/decisions/0013.
        if (flags.Has("seccomp-notify-socket")) throw Bad("seccomp support not present: --seccomp-notify-socket wants plugins, which are shared libraries; let an agent listen, and name its socket as linux.seccomp.listenerPath or by the annotation run.oci.seccomp.receiver");
        string here = Environment.CurrentDirectory;
        int delay = (int)flags.Number("exit-delay", 0);
        if (delay < 0) throw Bad("Delay before invoking exit command must be greater than or equal to 0");
        string id = flags.Text("cid")!;
        LogTargets logs = LogTargets.Of(flags, id);
        if (flags.Has("no-container-partial-message") && logs.Journal is null) reports.Warn("--no-container-partial-message has no effect without journald log driver");
        return new ConmonOptions
        {
            Id = id,
            FullId = fullId,
            Name = flags.Text("name"),
            Runtime = runtime,
            // Without one an exec session makes no attach socket: the older way.
            Bundle = flags.Text("bundle") ?? (exec ? null : here),
            PidFile = flags.Text("container-pidfile") ?? $"{here}/pidfile-{id}",
            MonitorPidFile = flags.Text("conmon-pidfile"),
            Exec = exec,
            ExecAttach = attach,
            ProcessSpec = flags.Text("exec-process-spec"),
            NewApi = newApi,
            Restore = flags.Text("restore"),
            Terminal = flags.Has("terminal"),
            Stdin = flags.Has("stdin"),
            LeaveStdinOpen = flags.Has("leave-stdin-open"),
            Sync = flags.Has("sync"),
            RuntimeArguments = flags.Texts("runtime-arg"),
            RuntimeOptions = flags.Texts("runtime-opt"),
            SystemdCgroup = flags.Has("systemd-cgroup"),
            NoPivot = flags.Has("no-pivot"),
            NoNewKeyring = flags.Has("no-new-keyring"),
            ExitDirectory = flags.Text("exit-dir"),
            PersistDirectory = flags.Text("persist-dir"),
            ExitCommand = flags.Text("exit-command"),
            ExitArguments = flags.Texts("exit-command-arg"),
            ExitDelay = delay,
            Timeout = (int)flags.Number("timeout", 0),
            SocketDirectory = flags.Has("full-attach") ? null : flags.Text("socket-dir-path") ?? DefaultSocketDirectory,
            NotifySocket = flags.Text("sdnotify-socket"),
            ReplaceListenPid = flags.Has("replace-listen-pid"),
            Logs = logs,
            NoSyncLog = flags.Has("no-sync-log"),
        };
    }

    /// <summary>The runtime's command line.</summary>
    /// <param name="consoleSocket">Where it is to send the terminal's master, or null.</param>
    public List<string> RuntimeWords(string? consoleSocket)
    {
        List<string> words = [];
        if (!Exec && SystemdCgroup) words.Add("--systemd-cgroup");
        words.AddRange(RuntimeArguments);
        if (Exec)
        {
            words.AddRange(["exec", "--pid-file", PidFile, "--process", ProcessSpec!, "--detach"]);
        }
        else
        {
            words.AddRange([Restore is null ? "create" : "restore", "--bundle", Bundle!, "--pid-file", PidFile]);
            if (NoPivot) words.Add("--no-pivot");
            if (NoNewKeyring) words.Add("--no-new-keyring");
            // A restored container runs at once: without --detach the runtime would stay with it.
            if (Restore is { } image) words.AddRange(["--detach", "--image-path", image, "--work-path", Bundle!]);
        }
        words.AddRange(RuntimeOptions);
        if (consoleSocket is not null) words.AddRange(["--console-socket", consoleSocket]);
        words.Add(Id);
        return words;
    }

    /// <summary>The words by which the runtime takes away what it has made.</summary>
    public List<string> DeleteWords() => [.. SystemdCgroup ? (string[])["--systemd-cgroup"] : [], .. RuntimeArguments, "delete", "--force", Id];

    private static BerthException Bad(string text) => new(Fault.InvalidArgument, text);
}
