// berth-shim in the role of containerd's shim: containerd-shim-berth-v2 -namespace … -id … start | delete | -info.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Linux.Sockets;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Rpc.Protobuf;
using Berth.Shim.Keeping;
using Berth.Shim.Launch;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.ShimV2;

/// <summary>The command line that containerd executes (its core/runtime/v2 README).</summary>
public static class ShimCommand
{
    /// <summary>Version of this shim.</summary>
    public const string Version = "0.1.0";

    private const string SocketDirectory = "/run/containerd/s";
    private const int MostInput = 10 << 20, ForcedSeconds = 30;

    /// <summary>Annotations by which containers share a shim, the first that is there.</summary>
    private static readonly string[] s_groups = ["io.containerd.berth.v2.group", "io.containerd.runc.v2.group", "io.kubernetes.cri.sandbox-id"];

    /// <summary>Runs one command line.</summary>
    /// <param name="program">argv[0].</param>
    /// <param name="words">The rest.</param>
    /// <returns>The exit code.</returns>
    public static int Run(string program, ReadOnlySpan<string> words)
    {
        string name = program[(program.LastIndexOf('/') + 1)..];
        try
        {
            Self.OpenStandardStreams();
            ShimFlags flags = ShimFlags.Parse(words);
            if (flags.VersionAsked)
            {
                Print($"{name}:\n  Version:  {Version}\n  Revision: {BuildFacts.Commit}\n");
                return 0;
            }
            if (flags.InfoAsked) return Info(name);
            if (flags.Namespace.Length == 0) throw new BerthException(Fault.InvalidArgument, "shim namespace cannot be empty", "containerd executes this program; `conmon --help` shows its other role");
            return flags.Action switch
            {
                "start" => Start(flags),
                "delete" => Delete(flags),
                _ => throw new BerthException(Fault.InvalidArgument, $"unknown action \"{flags.Action}\"", "start, delete or -info"),
            };
        }
        catch (Exception e) when (e is BerthException or LinuxException or ProtobufException or StepFailedException)
        {
            RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"{name}: {(e is BerthException fault ? fault.Sentence : e.Message)}"));
            return 1;
        }
    }

    private static int Start(ShimFlags flags)
    {
        string bundle = Environment.CurrentDirectory;
        BootstrapParams? asked = ReadBootstrap(flags);
        string group = GroupOf(flags.Id);
        string directory = asked?.SocketDir is { Length: > 0 } given ? given : SocketDirectory;
        string path = $"{directory}/{SocketName($"{flags.Address}/{flags.Namespace}/{group}")}";
        string address = "unix://" + path;
        using Fd? listener = Listen(directory, path);
        int pid = 0;
        if (listener is not null)
        {
            AdjustOomScore();
            pid = Daemon.Fork();
            if (pid == 0) return Serve(flags, bundle, path, listener, asked);
            KernelPath.WriteAtomically($"{bundle}/shim.pid", Encoding.ASCII.GetBytes($"{pid}"), 0x1A4);
        }
        // From these containerd until 1.7 finds the shim again after its own restart.
        KernelPath.WriteAtomically($"{bundle}/address", Encoding.UTF8.GetBytes(address), 0x1A4);
        Answer(asked, address);
        return 0;
    }

    private static int Serve(ShimFlags flags, string bundle, string path, Fd listener, BootstrapParams? asked)
    {
        // Those who started us read our output until it ends.
        Daemon.DetachStandardStreams();
        Daemon.NewSession();
        Daemon.Ignore(13);
        Daemon.SetSubreaper(true);
        JoinCgroup(asked);
        string events = asked?.ContainerdTtrpcAddress is { Length: > 0 } given ? given : Environment.GetEnvironmentVariable("TTRPC_ADDRESS") ?? "";
        using ShimServer server = new(flags.Namespace, events, bundle, listener);
        server.Run();
        KernelPath.Remove(path);
        return 0;
    }

    /// <summary>After a shim that died: what is left of a container is taken away, and its end is told.</summary>
    private static int Delete(ShimFlags flags)
    {
        string bundle = flags.Bundle.Length > 0 ? flags.Bundle : Environment.CurrentDirectory;
        if (PodHolder.TryEndLeft(bundle) is { } holder)
        {
            RemoveDeadSocket(bundle);
            RawIo.WriteAll(1, ProtobufWriter.ToBytes(new DeleteResponse { Pid = (uint)holder, ExitStatus = 128 + 9, ExitedAt = TimeStamps.Of(Self.RealTime) }));
            return 0;
        }
        Options options = OptionsMessage.Stored(bundle);
        string binary = OciRuntime.Found(OptionsMessage.BinaryOf(options));
        CommandResult result = CommandRunner.Run(new Command
        {
            Candidates = [binary],
            Arguments = [binary, "--root", $"{OptionsMessage.RootOf(options)}/{flags.Namespace}", "--log", $"{bundle}/log.json", "--log-format", "json",
                .. options.SystemdCgroup ? (string[])["--systemd-cgroup"] : [], "delete", "--force", flags.Id],
            Environment = RuntimeStart.Inherited(),
            Timeout = ForcedSeconds,
        });
        if (result.Status != 0) RawIo.WriteAll(2, Encoding.UTF8.GetBytes($"failed to remove the container: {WaitStatus.Describe(result.Status)}: {result.Output}\n"));
        HostMount.DetachAll($"{bundle}/rootfs");
        // Last: of the sockets of a process that is killed, the one that listens may be closed after the one that told containerd.
        RemoveDeadSocket(bundle);
        _ = uint.TryParse(KernelFile.TryReadText($"{bundle}/init.pid") ?? "", out uint pid);
        RawIo.WriteAll(1, ProtobufWriter.ToBytes(new DeleteResponse { Pid = pid, ExitStatus = 128 + 9, ExitedAt = TimeStamps.Of(Self.RealTime) }));
        return 0;
    }

    /// <summary>The socket of a shim that was killed. That of one that lives, with others of its pod, stays.</summary>
    private static void RemoveDeadSocket(string bundle)
    {
        const string scheme = "unix://";
        string address = KernelFile.TryReadText($"{bundle}/address")?.Trim() ?? "";
        int slash = address.LastIndexOf('/');
        if (!address.StartsWith(scheme, StringComparison.Ordinal) || slash <= scheme.Length) return;
        string path = address[scheme.Length..];
        using Fd? one = KernelPath.TryOpen(address[scheme.Length..slash], OpenFlags.ReadOnly | OpenFlags.Directory);
        if (one is null) return;
        KernelPath.Lock(one, wait: true);
        try
        {
            using UnixStream alive = UnixStream.Connect(path);
        }
        catch (LinuxException e) when (e.Errno == Errno.ECONNREFUSED)
        {
            KernelPath.Remove(path);
        }
    }

    /// <summary>What the runtime behind us can do.</summary>
    private static int Info(string name)
    {
        byte[] input = ReadInput();
        Any? any = input.Length == 0 ? null : ProtobufReader.Read(input, new Any());
        string binary = OciRuntime.Found(OptionsMessage.BinaryOf(OptionsMessage.Parse(any)));
        CommandResult features = CommandRunner.Run(new Command { Candidates = [binary], Arguments = [binary, "features"], Environment = RuntimeStart.Inherited(), Timeout = ForcedSeconds });
        RuntimeInfo info = new() { Name = name, Version = new RuntimeVersion { Version = Version, Revision = BuildFacts.Commit }, Options = any };
        if (features.Status == 0) info.Features = new Any { TypeUrl = TypeUrls.Features, Value = Encoding.UTF8.GetBytes(features.Output) };
        RawIo.WriteAll(1, ProtobufWriter.ToBytes(info));
        return 0;
    }

    /// <summary>In the way that this containerd understands (see bootstrap.proto).</summary>
    private static void Answer(BootstrapParams? asked, string address)
    {
        if (asked is not null)
        {
            RawIo.WriteAll(1, ProtobufWriter.ToBytes(new BootstrapResult { Version = 3, Address = address, Protocol = "ttrpc" }));
            return;
        }
        bool knowsJson = Environment.GetEnvironmentVariable("MAX_SHIM_VERSION") is { Length: > 0 };
        Print(knowsJson ? $$"""{"version":2,"address":"{{address}}","protocol":"ttrpc"}""" : address);
    }

    private static BootstrapParams? ReadBootstrap(ShimFlags flags)
    {
        byte[] input = ReadInput();
        if (input.Length == 0) return null;
        try
        {
            BootstrapParams asked = ProtobufReader.Read(input, new BootstrapParams());
            // An Any with options looks alike, and says something else.
            return asked.InstanceId == flags.Id && asked.Namespace == flags.Namespace ? asked : null;
        }
        catch (ProtobufException)
        {
            return null;
        }
    }

    private static byte[] ReadInput()
    {
        List<byte> input = [];
        Span<byte> buffer = stackalloc byte[4096];
        while (RawIo.Read(0, buffer) is > 0 and int n)
        {
            input.AddRange(buffer[..n]);
            if (input.Count > MostInput) throw new BerthException(Fault.InvalidArgument, "what containerd says is longer than 10 MiB");
        }
        return [.. input];
    }

    private static string GroupOf(string id)
    {
        // The bundle of a sandbox has none, as a rule: the sandbox is the group.
        if (KernelFile.TryRead("config.json", out _) is not { } text) return id;
        Spec spec = SpecReader.Read(text);
        foreach (string annotation in s_groups)
        {
            if (spec.Annotations.TryGetValue(annotation, out string? group) && group.Length > 0) return group;
        }
        return id;
    }

    /// <summary>A listening socket, or null where a shim serves there already.</summary>
    private static Fd? Listen(string directory, string path)
    {
        KernelPath.MakeDirectories(directory, 0x1C0);
        // Between bind and listen a socket looks like one that was left behind: of two who start for one pod, the other would remove it.
        using Fd one = KernelPath.Open(directory, OpenFlags.ReadOnly | OpenFlags.Directory);
        KernelPath.Lock(one, wait: true);
        for (int attempt = 0; ; attempt++)
        {
            try
            {
                return UnixSocket.Bind(SocketKind.Stream, path, 0x180);
            }
            catch (LinuxException e) when (e.Errno == Errno.EADDRINUSE && attempt < 2)
            {
                try
                {
                    using UnixStream alive = UnixStream.Connect(path);
                    return null;
                }
                catch (LinuxException)
                {
                    // Left by a shim that was killed.
                    KernelPath.Remove(path);
                }
            }
        }
    }

    /// <summary>One worse than containerd's: it must not be killed before us, nor we before the containers.</summary>
    private static void AdjustOomScore()
    {
        if (int.TryParse(KernelFile.TryReadText($"/proc/{Self.ParentId}/oom_score_adj"), out int score)) KernelFile.TryWrite("/proc/self/oom_score_adj", $"{Math.Min(score + 1, 1000)}", out _);
    }

    private static void JoinCgroup(BootstrapParams? asked)
    {
        foreach (Extension extension in asked?.Extensions ?? [])
        {
            if (OptionsMessage.Parse(extension.Value).ShimCgroup is { Length: > 0 } cgroup) ShimCgroup.Join(cgroup);
        }
    }

    /// <summary>64 hexadecimal digits, as containerd's own shims have them; the path must stay below 107 bytes.</summary>
    private static string SocketName(string text) => Oci.Content.ShortHash.Hex(Encoding.UTF8.GetBytes(text));

    private static void Print(string text) => RawIo.WriteAll(1, Encoding.UTF8.GetBytes(text));
}
