// All commands, one row each.
namespace Berth.Runtime.Commands;

internal static partial class CommandTable
{
    private static readonly Flag Bundle = new("bundle", "path to the root of the bundle directory, defaults to the current directory", Short: 'b');

    private static readonly Flag[] CreateFlags =
    [
        Bundle,
        new("config", "configuration file to use instead of config.json", Short: 'f'),
        new("console-socket", "path to an AF_UNIX socket which will receive a file descriptor referencing the master end of the console's pseudoterminal"),
        new("pidfd-socket", "path to an AF_UNIX socket which will receive a file descriptor referencing the init process"),
        new("pid-file", "specify the file to write the process id to"),
        new("no-pivot", "do not use pivot root to jail process inside rootfs. This should be used whenever the rootfs is on top of a ramdisk", FlagKind.Switch),
        new("no-new-keyring", "do not create a new session keyring for the container", FlagKind.Switch),
        new("preserve-fds", "pass N additional file descriptors to the container (stdio + $LISTEN_FDS + N in total)", Default: "0"),
        new("trace", "write a timeline of the start to this file (Chrome trace format)"),
    ];

    private static readonly Flag[] RunFlags =
    [
        .. CreateFlags,
        new("detach", "detach from the container's process", FlagKind.Switch, 'd'),
        new("keep", "do not delete the container after it exits", FlagKind.Switch),
        new("no-subreaper", "disable the use of the subreaper used to reap reparented processes", FlagKind.Switch),
    ];

    private static readonly Flag[] ExecFlags =
    [
        new("console-socket", "path to an AF_UNIX socket which will receive a file descriptor referencing the master end of the console's pseudoterminal"),
        new("pidfd-socket", "path to an AF_UNIX socket which will receive a file descriptor referencing the exec process"),
        new("cwd", "current working directory in the container"),
        new("env", "set environment variables", FlagKind.List, 'e'),
        new("tty", "allocate a pseudo-TTY", FlagKind.Switch, 't'),
        new("user", "UID (format: <uid>[:<gid>])", Short: 'u'),
        new("additional-gids", "additional gids", FlagKind.List, 'g'),
        new("process", "path to the process.json", Short: 'p'),
        new("detach", "detach from the container's process", FlagKind.Switch, 'd'),
        new("pid-file", "specify the file to write the process id to"),
        new("process-label", "set the asm process label for the process commonly used with selinux"),
        new("apparmor", "set the apparmor profile for the process"),
        new("no-new-privs", "set the no new privileges value for the process", FlagKind.Switch),
        new("cap", "add a capability to the bounding set for the process", FlagKind.List, 'c'),
        new("preserve-fds", "pass N additional file descriptors to the container (stdio + $LISTEN_FDS + N in total)", Default: "0"),
        new("cgroup", "run the process in an (existing) sub-cgroup(s). Format is [<controller>:]<cgroup>", FlagKind.List),
        new("ignore-paused", "allow exec in a paused container", FlagKind.Switch),
        new("no-subreaper", "disable the use of the subreaper used to reap reparented processes", FlagKind.Switch),
    ];

    private static readonly Flag Format = new("format", "select one of: table or json", Short: 'f', Default: "\"table\"");

    /// <summary>The commands in the order in which help lists them.</summary>
    public static readonly CommandInfo[] All =
    [
        new("checkpoint", "checkpoint a running container", "<container-id>", CheckpointVerbs.Checkpoint)
        {
            Flags = CheckpointVerbs.CheckpointFlags, Description = "The checkpoint command saves the state of the container instance.",
        },
        new("create", "create a container", "<container-id>", CreateVerbs.Create) { Flags = CreateFlags, ErrorPrefix = "% create failed: " },
        new("delete", "delete any resources held by the container", "<container-id>", SimpleVerbs.Delete)
        {
            Flags =
            [
                new("force", "forcibly deletes the container if it is still running (uses SIGKILL)", FlagKind.Switch, 'f'),
                new("regex", "the argument is a regular expression: delete all containers it matches", FlagKind.Switch),
            ],
        },
        new("events", "display container events such as OOM notifications, cpu, memory, and IO usage statistics", "<container-id>", EventsVerb.Events) { Flags = EventsVerb.Flags },
        new("exec", "execute new process inside the container", "<container-id> <command> [command options] || -p process.json <container-id>", ExecVerb.Exec)
        {
            Flags = ExecFlags, Most = int.MaxValue, StopsAtArgument = true, ErrorPrefix = "exec failed: ", FailureCode = 255,
        },
        new("features", "show the enabled features", "", FeaturesVerb.Features) { Least = 0, Most = 0 },
        new("generate", "write a configuration from flags, or change one (oci-runtime-tool generate)", "[flags]", GenerateVerbs.Generate) { Least = 0, Most = int.MaxValue, OwnWords = true },
        new("info", "show what this host offers to containers", "", InfoVerb.Info) { Least = 0, Most = 0 },
        new("kill", "send the specified signal (default: SIGTERM) to the container's init process", "<container-id> [signal]", SimpleVerbs.Kill)
        {
            Flags = [new("all", "send the signal to all processes of the container", FlagKind.Switch, 'a')], Most = 2,
        },
        new("list", "list containers started with the given root", "", ListVerbs.List)
        {
            Flags = [Format, new("quiet", "display only container IDs", FlagKind.Switch, 'q')], Least = 0, Most = 0,
        },
        new("mounts", "add mounts to a running container, or remove them (experimental)", "add|remove <container-id> <file>", MountsVerb.Mounts)
        {
            Least = 3, Most = 3, Description = "The file holds mounts as in config.json. Of those to be removed only the destination counts.",
        },
        new("pause", "suspend all processes inside the container", "<container-id>", SimpleVerbs.Pause),
        new("plan", "print the ordered steps by which the first process of a bundle would come to be", "", PlanVerb.Plan)
        {
            Flags = [Bundle, Format], Least = 0, Most = 0,
        },
        new("ps", "display the processes running inside a container", "<container-id> [ps options]", ListVerbs.Ps)
        {
            Flags = [Format], Most = int.MaxValue, StopsAtArgument = true,
        },
        new("restore", "restore a container from a previous checkpoint", "<container-id>", CheckpointVerbs.Restore)
        {
            Flags = CheckpointVerbs.RestoreFlags, Description = "Restores the saved state of the container instance that was previously saved\nusing the checkpoint command.",
        },
        new("resume", "resume all processes that have been previously paused", "<container-id>", SimpleVerbs.Resume),
        new("run", "create and run a container", "<container-id>", CreateVerbs.Run) { Flags = RunFlags, ErrorPrefix = "% run failed: " },
        new("spec", "create a new specification file", "", SpecVerb.Spec)
        {
            Flags = [Bundle, new("rootless", "generate a configuration for a rootless container", FlagKind.Switch)], Least = 0, Most = 0,
        },
        new("start", "execute the user defined process in a created container", "<container-id>", SimpleVerbs.Start),
        new("state", "output the state of a container", "<container-id>", ListVerbs.State),
        new("update", "update container resource constraints", "<container-id>", UpdateVerb.Update) { Flags = UpdateVerb.Flags },
        new("validate", "check a bundle against the rules of the specification", "[flags]", GenerateVerbs.Validate) { Least = 0, Most = int.MaxValue, OwnWords = true },
    ];

    /// <summary>The command of a name, or null.</summary>
    public static CommandInfo? Find(string name)
    {
        foreach (CommandInfo command in All)
        {
            if (command.Name == name) return command;
        }
        return null;
    }
}
