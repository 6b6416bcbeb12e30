// The command line as a whole: global flags, the choice of the command, and faults as words and exit codes.
using System.Text;
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Runtime.Commands;

/// <summary>The command line of the runtime: runc's, and crun's where they do not clash.</summary>
public static class CommandLine
{
    /// <summary>Version of this runtime.</summary>
    public const string Version = "0.1.0";

    /// <summary>Version of the runtime specification it follows.</summary>
    public const string SpecVersion = "1.3.0";

    private static readonly Flag[] Global =
    [
        new("debug", "enable debug logging", FlagKind.Switch),
        new("log", "set the log file to write logs to (default is '/dev/stderr'); also file:PATH, journald:ID, syslog:ID"),
        new("log-format", "set the log format ('text' (default), or 'json')", Default: "\"text\""),
        new("log-level", "least level that is logged: debug, info, warning or error"),
        new("root", "root directory for storage of container state (this should be located in tmpfs)", Default: "\"/run/berth\""),
        new("systemd-cgroup", "enable systemd cgroup support, expects cgroupsPath to be of form \"slice:prefix:name\"", FlagKind.Switch),
        new("cgroup-manager", "cgroupfs, systemd or disabled"),
        new("rootless", "ignore cgroup permission errors ('true', 'false', or 'auto')", Default: "\"auto\""),
        new("criu", "path to the criu binary used for checkpoint and restore"),
        new("version", "print the version", FlagKind.Switch, 'v'),
    ];

    /// <summary>Runs one command line.</summary>
    /// <param name="program">argv[0].</param>
    /// <param name="words">The rest.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string program, ReadOnlySpan<string> words)
    {
        string name = program[(program.LastIndexOf('/') + 1)..];
        RuntimeLog log = new(null, json: false, LogLevel.Info);
        CommandInfo? command = null;
        try
        {
            Self.OpenStandardStreams();
            ParsedFlags global = ParsedFlags.Parse(words, Global, anywhere: false);
            if (global.Has("version"))
            {
                Invocation.Print(VersionText(name));
                return 0;
            }
            if (global.HelpAsked || global.Arguments.Count == 0) return Help(name, null);
            log = LogOf(global);
            if (global.Arguments[0] is "help" or "h") return Help(name, global.Arguments.Count > 1 ? global.Arguments[1] : null);
            command = CommandTable.Find(global.Arguments[0]) ?? throw new UsageException($"No help topic for '{global.Arguments[0]}'\n");
            log.Check();
            return Invoke(command, name, global, log);
        }
        catch (UsageException e)
        {
            if (command is not null) Invocation.Print($"Incorrect Usage: {e.Message}\n\n{command.Help(name)}");
            log.Error(e.Message);
            return command is null ? 3 : 1;
        }
        catch (Exception e) when (e is BerthException or LinuxException or StepFailedException or ChildDiedException)
        {
            // Under runc's name its callers get what runc's first process would have said, and nothing else.
            if (name == "runc" && e is BerthException { InnerException: StepFailedException { ReachedEnd: true } step }) Invocation.Complain($"exec {step.Step.Subject}: {step.Errno.Sentence()}\n");
            else log.Error(Sentence(e, command, name));
            return ExitCodes.Of(e, command, name);
        }
    }

    private static int Invoke(CommandInfo command, string name, ParsedFlags global, RuntimeLog log)
    {
        string[] rest = [.. global.Arguments];
        ParsedFlags flags = command.OwnWords
            ? ParsedFlags.Parse(["--", .. rest.AsSpan(1)], [], anywhere: false)
            : ParsedFlags.Parse(rest.AsSpan(1), command.Flags, anywhere: !command.StopsAtArgument);
        if (flags.HelpAsked)
        {
            Invocation.Print(command.Help(name));
            return 0;
        }
        CheckCount(command, name, flags);
        return command.Run(new Invocation { Program = name, Flags = flags, Options = OptionsOf(name, global, log), Log = log });
    }

    private static void CheckCount(CommandInfo command, string name, ParsedFlags flags)
    {
        int count = flags.Arguments.Count;
        if (count >= command.Least && count <= command.Most) return;
        throw new UsageException(command.Least == command.Most
            ? $"{name}: \"{command.Name}\" requires exactly {command.Least} argument(s)"
            : count < command.Least
                ? $"{name}: \"{command.Name}\" requires a minimum of {command.Least} argument(s)"
                : $"{name}: \"{command.Name}\" requires a maximum of {command.Most} argument(s)");
    }

    private static RuntimeLog LogOf(ParsedFlags global)
    {
        bool json = global["log-format"] switch
        {
            null or "text" or "" => false,
            "json" => true,
            string other => throw new BerthException(Fault.InvalidArgument, $"invalid log-format: {other}", "use text or json"),
        };
        LogLevel least = global.Has("debug") ? LogLevel.Debug : global["log-level"] switch
        {
            null or "info" => LogLevel.Info,
            "debug" => LogLevel.Debug,
            "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            string other => throw new BerthException(Fault.InvalidArgument, $"invalid log-level: {other}", "use debug, info, warning or error"),
        };
        string? path = global["log"];
        if (path is not null && path.StartsWith("file:", StringComparison.Ordinal)) path = path[5..];
        return new RuntimeLog(path is "" or "/dev/stderr" ? null : path, json, least);
    }

    private static RuntimeOptions OptionsOf(string name, ParsedFlags global, RuntimeLog log)
    {
        string manager = global["cgroup-manager"] ?? (global.Has("systemd-cgroup") ? "systemd" : "cgroupfs");
        if (manager is not ("cgroupfs" or "systemd" or "disabled")) throw new BerthException(Fault.InvalidArgument, $"invalid cgroup-manager: {manager}", "use cgroupfs, systemd or disabled");
        return new RuntimeOptions
        {
            Root = global["root"] is { Length: > 0 } root ? Path.GetFullPath(root) : null,
            SystemdCgroup = manager == "systemd",
            CgroupsDisabled = manager == "disabled",
            Rootless = global["rootless"] switch
            {
                null or "auto" or "" => null,
                "true" or "1" => true,
                "false" or "0" => false,
                string other => throw new BerthException(Fault.InvalidArgument, $"invalid value for rootless: {other}", "use true, false or auto"),
            },
            Strict = name == "runc",
            Criu = global["criu"] ?? "criu",
            Warn = log.Warn,
            Debug = log.IsDebug ? log.Debug : static _ => { },
        };
    }

    private static string Sentence(Exception e, CommandInfo? command, string name)
    {
        string text = e is BerthException fault ? fault.Sentence : e.Message;
        return command is null ? text : command.ErrorPrefix.Replace("%", name, StringComparison.Ordinal) + text;
    }

    private static int Help(string name, string? topic)
    {
        if (topic is not null)
        {
            CommandInfo command = CommandTable.Find(topic) ?? throw new UsageException($"No help topic for '{topic}'\n");
            Invocation.Print(command.Help(name));
            return 0;
        }
        StringBuilder text = new();
        text.Append("NAME:\n   ").Append(name).Append(" - Open Container Initiative runtime\n\n");
        text.Append("A drop-in for runc and crun: it runs bundles (a directory with config.json and a root\nfile system) that follow the OCI runtime specification ").Append(SpecVersion).Append(".\n\n");
        text.Append("   # ").Append(name).Append(" spec -b DIR && ").Append(name).Append(" run -b DIR my-container\n\n");
        text.Append("USAGE:\n   ").Append(name).Append(" [global options] command [command options] [arguments...]\n\nVERSION:\n   ").Append(Version).Append("\n\nCOMMANDS:\n");
        foreach (CommandInfo command in CommandTable.All) text.Append("   ").Append(command.Name.PadRight(12)).Append(command.Summary).Append('\n');
        text.Append("   help, h     shows a list of commands or help for one command\n\nGLOBAL OPTIONS:\n");
        CommandInfo.AppendFlags(text, Global);
        text.Append("   --help, -h  show help\n");
        Invocation.Print(text.ToString());
        return 0;
    }

    private static string VersionText(string name) =>
        $"{name} version {Version}\ncommit: {BuildFacts.Commit}\nspec: {SpecVersion}\nrundir: {ContainerRuntime.DefaultRoot()}\n+SYSTEMD +SELINUX +APPARMOR +CAP +SECCOMP +EBPF +CRIU\n";
}
