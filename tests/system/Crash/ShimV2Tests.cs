// The column of containerd's shim: ours, or, with SHIM=runc, the stock one.
using Berth.SystemTests.Neighbours;

namespace Berth.SystemTests.Crash;

/// <summary>A containerd that may be killed and comes back, over the shim under test and a runtime that can be stopped.</summary>
public sealed class ContainerdUnderTest : Neighbour
{
    /// <summary>The image's name.</summary>
    public const string Image = "test.local/busybox:latest";

    private Live? _daemon;

    /// <summary>Whether it is containerd's own shim that is judged.</summary>
    public static bool IsRuncs { get; } = Environment.GetEnvironmentVariable("SHIM") == "runc";

    /// <summary>The runtime it calls.</summary>
    public RuntimeSwitch Switch => field ??= new RuntimeSwitch(Dock, Runtime);

    /// <summary>The words that choose the shim.</summary>
    public string[] Shim => IsRuncs ? ["--runtime", "io.containerd.runc.v2", "--runc-binary", Switch.Path] : ["--runtime", "io.containerd.berth.v2", "--runtime-config-path", $"{Dock.Folder}/shim.toml"];

    /// <summary>Where the shim keeps states of the runtime.</summary>
    public string States => $"/run/containerd/{(IsRuncs ? "runc" : "berth")}/{Dock.Id}";

    /// <summary>Where containerd keeps the bundles of tasks.</summary>
    public string Bundles => $"{Dock.Folder}/run/io.containerd.runtime.v2.task/{Dock.Id}";

    private string Socket => $"{Dock.Folder}/c.sock";

    /// <summary>A call of ctr in a namespace of our own.</summary>
    public Command Command(params string[] words) => Dock.Tool(["ctr", "--address", Socket, "--namespace", Dock.Id, .. words]).Patience(TimeSpan.FromMinutes(2));

    /// <summary>A call of ctr, waited for.</summary>
    public Outcome Call(params string[] words) => Command(words).Run();

    /// <summary>Kills the daemon.</summary>
    public void Kill()
    {
        _daemon!.Kill();
        _daemon.Wait();
        _daemon.Dispose();
        _daemon = null;
    }

    /// <summary>Starts the daemon if it does not run.</summary>
    public void Start()
    {
        if (_daemon is not null) return;
        string path = $"{Path.Combine(RuntimeUnderTest.Checkout, "out/bin")}:{Environment.GetEnvironmentVariable("PATH")}";
        _daemon = Dock.Tool("containerd", "--config", $"{Dock.Folder}/containerd.toml").Env("PATH", path).Start();
        Until.True(() => _daemon.HasExited || (File.Exists(Socket) && Call("version").ExitCode == 0), "containerd answers");
        Assert.False(_daemon.HasExited, $"containerd ended: {_daemon.SoFar}");
    }

    /// <inheritdoc/>
    protected override void SetUp()
    {
        foreach (string program in (string[])["containerd", "ctr", "containerd-shim-runc-v2", "tar"]) Machine.NeedsProgram(program);
        if (!IsRuncs) Machine.NeedsPath(Path.Combine(RuntimeUnderTest.Checkout, "out/bin/containerd-shim-berth-v2"), "berth-shim is not built");
        Dock.NewFile("shim.toml", $"BinaryName = \"{Switch.Path}\"\n");
        Dock.NewFile("containerd.toml", $"""
            version = 2
            root = "{Dock.Folder}/root"
            state = "{Dock.Folder}/run"
            disabled_plugins = ["io.containerd.grpc.v1.cri"]
            [grpc]
              address = "{Socket}"
            [ttrpc]
              address = "{Socket}.ttrpc"
            """);
        Start();
        Call("images", "import", "--snapshotter", "native", Neighbours.Image.WriteArchive(Dock, Image)).Succeeded();
    }

    /// <inheritdoc/>
    protected override void TearDown()
    {
        End(_daemon);
        Native.RemoveFolder(States);
    }
}

/// <summary>Where the streams of a task lead.</summary>
public enum Streams
{
    /// <summary>Into a file, which the shim writes.</summary>
    File,

    /// <summary>Into a fifo, which somebody reads into a file, as containerd's CRI plugin does.</summary>
    Fifo,

    /// <summary>Into a fifo, which ctr reads, and prints.</summary>
    Client,
}

/// <summary>A task of containerd's.</summary>
internal sealed class KeptByShim : Kept
{
    private readonly ContainerdUnderTest _containerd;
    private readonly Streams _streams;
    private Live? _reader;
    private string _socket = "";

    public KeptByShim(ContainerdUnderTest containerd, Wishes wishes, Streams streams) : base(containerd.Dock, wishes)
    {
        (_containerd, _streams) = (containerd, streams);
        Words =
        [
            .. containerd.Shim, "--snapshotter", "native", "--cgroup", $"/{Name}", "--fifo-dir", Fifos, "--pid-file", PidFile,
            .. streams == Streams.File ? (string[])["--log-uri", $"file://{Log}"] : [],
            "--mount", $"type=bind,src={Folder},dst=/shared,options=rbind:rw", ContainerdUnderTest.Image, Name, "sh", "-c", Counter.Script,
        ];
    }

    /// <summary>The words behind `ctr run` that make it, but for --detach.</summary>
    public string[] Words { get; }

    /// <summary>The fifo of its output.</summary>
    public string Fifo => Directory.GetFiles(Fifos, $"{Name}-stdout", SearchOption.AllDirectories).Single();

    /// <inheritdoc/>
    public override LogForm Form => LogForm.Plain;

    /// <inheritdoc/>
    protected override string[] Traces => [$"{_containerd.Bundles}/{Name}", $"{_containerd.States}/{Name}", .. _socket.Length > 0 ? (string[])[_socket] : []];

    private string PidFile => $"{LogFolder}/../pid";

    private string Fifos => $"{_containerd.Dock.Folder}/fifo-{Name}";

    /// <summary>It was started.</summary>
    public KeptByShim Look()
    {
        Pid = int.Parse(Until.NotNull(() => File.Exists(PidFile) && File.ReadAllText(PidFile) is { Length: > 0 } text ? text : null, "ctr tells the pid"));
        Keeper = Processes.Parent(Pid);
        Assert.Contains("containerd-shim", Processes.Words(Keeper));
        _socket = File.ReadAllText($"{_containerd.Bundles}/{Name}/address").Trim()["unix://".Length..];
        if (_streams == Streams.Fifo) _reader = _containerd.Dock.Tool("sh", "-c", $"exec cat '{Fifo}' > '{Log}'").Start();
        return this;
    }

    /// <summary>Removes the shim's socket.</summary>
    public void RemoveSocket() => File.Delete(_socket);

    /// <inheritdoc/>
    public override int AwaitExit()
    {
        if (_streams == Streams.Client) return Client!.ExitCode;
        Until.True(() => _containerd.Call("tasks", "ls").Output.Split('\n').Any(line => line.StartsWith(Name + " ", StringComparison.Ordinal) && line.Contains("STOPPED", StringComparison.Ordinal)), "the task has stopped");
        Outcome delete = _containerd.Call("tasks", "delete", Name);
        // The reader sees the end when the shim closes the fifo.
        _reader?.Wait();
        _reader?.Dispose();
        const string Said = "exit code ";
        int at = delete.Error.LastIndexOf(Said, StringComparison.Ordinal);
        return at < 0 ? delete.ExitCode : int.Parse(string.Concat(delete.Error[(at + Said.Length)..].TakeWhile(char.IsAsciiDigit)));
    }

    /// <summary>ctr in the foreground, where it reads the fifo.</summary>
    public StoppedProgram? Client { get; set; }

    /// <inheritdoc/>
    public override void Remove()
    {
        if (_containerd.Call("tasks", "ls").Output.Contains(Name + " ", StringComparison.Ordinal)) _containerd.Call("tasks", "delete", "--force", Name);
        _containerd.Call("containers", "delete", Name).Succeeded();
        File.Delete(PidFile);
    }
}

/// <summary>The shim's column.</summary>
public sealed class ShimV2Tests : CrashMatrix, IClassFixture<ContainerdUnderTest>
{
    private readonly ContainerdUnderTest _containerd;
    private Live? _client;

    /// <summary>Starts from a containerd that is ready.</summary>
    public ShimV2Tests(ContainerdUnderTest containerd)
    {
        if (ContainerdUnderTest.IsRuncs) KnownGaps.SkipOfRuncsShim();
        _containerd = containerd;
        containerd.Ready();
        containerd.Start();
    }

    [Fact]
    public void The_client_is_killed()
    {
        KeptByShim kept = Foreground(Streams.File);
        kept.Counter.Go();
        kept.AwaitMore();
        _client!.Kill();
        _client.Wait();
        kept.AwaitMore();
        kept.EndsWell();
    }

    [Fact]
    public void The_engine_is_killed_while_another_reads_the_fifo()
    {
        KeptByShim kept = new(_containerd, new Wishes(), Streams.Fifo);
        Detached(kept);
        kept.Counter.Go();
        kept.AwaitMore();
        _containerd.Kill();
        kept.AwaitMore();
        _containerd.Start();
        kept.EndsWell();
    }

    [Fact]
    public void A_reader_of_the_fifo_is_killed()
    {
        KeptByShim kept = new(_containerd, new Wishes(), Streams.Fifo);
        Detached(kept);
        using (new Killed(_containerd.Dock.Tool("sh", "-c", $"exec sleep 1000 < '{kept.Fifo}'").Start()))
        {
            kept.Counter.Go();
            kept.AwaitMore();
        }
        kept.AwaitMore();
        kept.EndsWell();
    }

    [Fact]
    public void A_logger_that_takes_its_time_holds_up_nobody_in_its_pod()
    {
        KeptByShim first = new(_containerd, new Wishes(), Streams.File), second = new(_containerd, new Wishes(), Streams.File);
        string pod = $"io.kubernetes.cri.sandbox-id={first.Name}", gate = $"{first.Folder}/ready";
        string logger = _containerd.Dock.Program($"logger-{first.Name}", $"until [ -e {gate} ]; do sleep 0.01; done\nexec 5>&-\nexec cat <&3 > '{second.Log}'");
        _containerd.Call(["run", "--detach", "--annotation", pod, .. first.Words]).Succeeded();
        first.Look();
        first.Counter.Go();
        first.AwaitMore();
        using Live ctr = _containerd.Command(["run", "--detach", "--annotation", pod, .. second.Words.Select(word => word == $"file://{second.Log}" ? $"binary://{logger}" : word)]).Start();
        Until.True(() => Processes.With(logger).Length > 0, "the logger runs");
        first.AwaitMore();
        _containerd.Call("tasks", "exec", "--fifo-dir", $"{_containerd.Dock.Folder}/fifo-exec", "--exec-id", "e", first.Name, "sh", "-c", "exit 4").Exited(4);
        Assert.False(ctr.HasExited);
        File.WriteAllText(gate, "");
        ctr.Wait().Succeeded();
        second.Look();
        Assert.Equal(first.Keeper, second.Keeper);
        second.Counter.Go();
        second.AwaitMore();
        second.Counter.Stop();
        Assert.Equal(Counter.ExitCode, second.AwaitExit());
        Until.True(() => Processes.With(logger).Length == 0, "the logger has ended");
        second.JudgeLog();
        second.Remove();
        first.EndsWell();
        second.NothingIsLeft();
    }

    [Fact]
    public void The_engine_is_killed_while_it_creates()
    {
        KeptByShim kept = new(_containerd, new Wishes(), Streams.File);
        _containerd.Switch.Arm(KillPoint.Before);
        using Live ctr = _containerd.Command(["run", "--detach", .. kept.Words]).Start();
        int runtime = _containerd.Switch.AwaitStop(KillPoint.Before);
        _containerd.Kill();
        ctr.Wait();
        Native.Kill(runtime, Processes.Continue);
        _containerd.Start();
        // containerd finds a shim with a task that was never started, or none; both can be taken away.
        Until.True(() => _containerd.Call("tasks", "delete", "--force", kept.Name) is { } delete && (delete.ExitCode == 0 || !_containerd.Call("tasks", "ls").Output.Contains(kept.Name + " ", StringComparison.Ordinal)), "the task is deleted");
        kept.Remove();
        kept.NothingIsLeft();
    }

    /// <inheritdoc/>
    protected override Kept Start(Wishes? wishes = null)
    {
        KeptByShim kept = new(_containerd, wishes ?? new Wishes(), Streams.File);
        Detached(kept);
        return kept;
    }

    /// <inheritdoc/>
    protected override void KillEngine(Kept kept) => _containerd.Kill();

    /// <inheritdoc/>
    protected override void RestartEngine() => _containerd.Start();

    /// <inheritdoc/>
    protected override IDisposable ReadLog(Kept kept) => new Killed(_containerd.Dock.Tool("tail", "-f", kept.Log).Start());

    /// <inheritdoc/>
    protected override (Kept Kept, IRestingClient Client) StartWithClient()
    {
        KeptByShim kept = Foreground(Streams.Client);
        // What the client prints is the log, for whoever looks how far it is.
        File.CreateSymbolicLink(kept.Log, _client!.SoFar.OutputFile);
        StoppedProgram client = new(_client);
        _client = null;
        kept.Client = client;
        return (kept, client);
    }

    /// <inheritdoc/>
    protected override void CreateWhileTheRuntimeIsKilled(KillPoint point)
    {
        for (int i = 0; i < (point == KillPoint.Between ? 3 : 1); i++)
        {
            KeptByShim kept = new(_containerd, new Wishes(), Streams.File);
            _containerd.Switch.Arm(point);
            using Live ctr = _containerd.Command(["run", "--detach", .. kept.Words]).Start();
            int runtime = _containerd.Switch.AwaitStop(point);
            if (point == KillPoint.Between) WaitByChance(30);
            Native.Kill(runtime, Processes.Kill);
            Outcome outcome = ctr.Wait();
            // By chance it was done already.
            if (point != KillPoint.Between) outcome.Failed();
            kept.Remove();
            kept.NothingIsLeft();
        }
    }

    /// <inheritdoc/>
    protected override void Repair(Kept kept)
    {
        // containerd sees the connection end, and has the shim's own program clear up.
        Until.True(() => !kept.IsAlive, "the program is gone");
        Until.True(() => _containerd.Call("containers", "delete", kept.Name).ExitCode == 0, "the container can be removed");
        // Who is killed cannot remove his socket, and containerd does not care for it: our shim's `delete` does, runc's does not.
        if (ContainerdUnderTest.IsRuncs) ((KeptByShim)kept).RemoveSocket();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _client?.Dispose();

    private void Detached(KeptByShim kept)
    {
        _containerd.Call(["run", "--detach", .. kept.Words]).Succeeded();
        kept.Look();
    }

    private KeptByShim Foreground(Streams streams)
    {
        KeptByShim kept = new(_containerd, new Wishes(), streams);
        _client = _containerd.Command(["run", .. kept.Words]).Start();
        return kept.Look();
    }
}
