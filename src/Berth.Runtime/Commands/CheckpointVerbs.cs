// checkpoint and restore.
using System.Globalization;
using Berth.Oci.Faults;

namespace Berth.Runtime.Commands;

internal static class CheckpointVerbs
{
    private static readonly Flag[] Common =
    [
        new("image-path", "path to the directory of criu's image files", Default: "\"checkpoint\""),
        new("work-path", "path for saving work files and logs"),
        new("tcp-established", "allow open tcp connections", FlagKind.Switch),
        new("tcp-close", "close open tcp connections when restoring", FlagKind.Switch),
        new("ext-unix-sk", "allow external unix sockets", FlagKind.Switch),
        new("shell-job", "allow shell jobs", FlagKind.Switch),
        new("file-locks", "handle file locks, for safety", FlagKind.Switch),
        new("manage-cgroups-mode", "cgroups mode: soft|full|strict|ignore (default: soft)"),
        new("network-lock", "how the network is kept still: iptables|nftables|skip (default: iptables)"),
        new("empty-ns", "create a namespace, but don't restore its properties", FlagKind.List),
        new("auto-dedup", "enable auto deduplication of memory images", FlagKind.Switch),
        new("lazy-pages", "use userfaultfd to lazily restore memory pages", FlagKind.Switch),
    ];

    public static readonly Flag[] CheckpointFlags =
    [
        .. Common,
        new("parent-path", "path for previous criu image files in pre-dump, relative to --image-path"),
        new("leave-running", "leave the process running after checkpointing", FlagKind.Switch),
        new("tcp-skip-in-flight", "skip in-flight tcp connections", FlagKind.Switch),
        new("link-remap", "allow one to link unlinked files back when possible", FlagKind.Switch),
        new("status-fd", "criu writes \\0 to this FD once lazy-pages is ready", Default: "-1"),
        new("page-server", "ADDRESS:PORT of the page server"),
        new("pre-dump", "dump container's memory information only, leave the container running after this", FlagKind.Switch),
    ];

    public static readonly Flag[] RestoreFlags =
    [
        .. Common,
        new("bundle", "path to the root of the bundle directory, defaults to the current directory", Short: 'b'),
        new("config", "configuration file to use instead of config.json", Short: 'f'),
        new("console-socket", "path to an AF_UNIX socket which will receive a file descriptor referencing the master end of the console's pseudoterminal"),
        new("detach", "detach from the container's process", FlagKind.Switch, 'd'),
        new("pid-file", "specify the file to write the process id to"),
        new("keep", "do not delete the container after it exits", FlagKind.Switch),
        new("no-subreaper", "disable the use of the subreaper used to reap reparented processes", FlagKind.Switch),
        new("no-pivot", "accepted for compatibility: CRIU decides how the root is entered", FlagKind.Switch),
        new("lsm-profile", "LSM profile to be used during restore in the form of TYPE:NAME"),
        new("lsm-mount-context", "LSM mount context to be used during restore"),
    ];

    public static int Checkpoint(Invocation call)
    {
        int status = call.Flags.Int("status-fd", -1);
        call.Runtime.Checkpoint(new CheckpointRequest
        {
            Id = call.Id,
            Image = ImageOf(call),
            ParentPath = NotEmpty(call.Flags["parent-path"]),
            LeaveRunning = call.Flags.Has("leave-running"),
            PreDump = call.Flags.Has("pre-dump"),
            TcpSkipInFlight = call.Flags.Has("tcp-skip-in-flight"),
            LinkRemap = call.Flags.Has("link-remap"),
            StatusFd = status < 0 ? null : status,
            PageServer = ServerOf(call.Flags["page-server"]),
        });
        return 0;
    }

    public static int Restore(Invocation call) => call.Runtime.Restore(new RestoreRequest
    {
        Id = call.Id,
        Bundle = NotEmpty(call.Flags["bundle"]) ?? ".",
        Config = call.Flags["config"],
        Image = ImageOf(call),
        ConsoleSocket = NotEmpty(call.Flags["console-socket"]),
        PidFile = NotEmpty(call.Flags["pid-file"]),
        Detach = call.Flags.Has("detach"),
        Keep = call.Flags.Has("keep"),
        NoSubreaper = call.Flags.Has("no-subreaper"),
        LsmProfile = NotEmpty(call.Flags["lsm-profile"]),
        LsmMountContext = NotEmpty(call.Flags["lsm-mount-context"]),
    });

    private static ImageOptions ImageOf(Invocation call)
    {
        foreach (string name in call.Flags.All("empty-ns"))
        {
            if (name != "network") throw new BerthException(Fault.InvalidArgument, $"namespace \"{name}\" is not supported", "only network can be left empty, and always is");
        }
        return new ImageOptions
        {
            ImagePath = NotEmpty(call.Flags["image-path"]) ?? "checkpoint",
            WorkPath = NotEmpty(call.Flags["work-path"]),
            TcpEstablished = call.Flags.Has("tcp-established"),
            TcpClose = call.Flags.Has("tcp-close"),
            ExternalUnixSockets = call.Flags.Has("ext-unix-sk"),
            ShellJob = call.Flags.Has("shell-job"),
            FileLocks = call.Flags.Has("file-locks"),
            AutoDedup = call.Flags.Has("auto-dedup"),
            LazyPages = call.Flags.Has("lazy-pages"),
            CgroupsMode = call.Flags["manage-cgroups-mode"],
            NetworkLock = call.Flags["network-lock"],
        };
    }

    private static (string Address, int Port)? ServerOf(string? text)
    {
        if (NotEmpty(text) is not { } server) return null;
        int colon = server.LastIndexOf(':');
        string address = colon <= 0 ? "" : server[..colon].Trim('[', ']');
        if (address.Length == 0 || colon == server.Length - 1) throw new BerthException(Fault.InvalidArgument, "Use --page-server ADDRESS:PORT to specify page server");
        return ushort.TryParse(server.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)
            ? (address, port)
            : throw new BerthException(Fault.InvalidArgument, "Invalid port number");
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;
}
