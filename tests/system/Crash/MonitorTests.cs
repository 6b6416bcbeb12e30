// The column of the monitor that podman calls conmon: ours, or, named by MONITOR, a real one.
using Berth.Contract.Shim.Stage;
using Berth.SystemTests.Neighbours;

namespace Berth.SystemTests.Crash;

/// <summary>A podman over the monitor under test, and over a runtime that can be stopped.</summary>
public sealed class PodmanUnderTest : Podman
{
    /// <summary>The runtime it calls.</summary>
    public RuntimeSwitch Switch => field ??= new RuntimeSwitch(Dock, Runtime);

    /// <inheritdoc/>
    protected override string RuntimeProgram() => Switch.Path;

    /// <summary>Podman 4 does not know how to ask for rotation; a limit without it throws away.</summary>
    protected override string Monitor()
    {
        MonitorUnderTest monitor = MonitorUnderTest.Current;
        bool rotates = monitor.IsOurs || monitor.Version >= new Version(2, 2);
        return Dock.Program("monitor/conmon", $"exec {monitor.Path} \"$@\"{(rotates ? " --log-rotate --log-max-files 1000" : "")}");
    }
}

/// <summary>A container of podman's.</summary>
internal sealed class KeptByMonitor : Kept
{
    private readonly Podman _podman;

    public KeptByMonitor(Podman podman, Wishes wishes) : base(podman.Dock, wishes)
    {
        _podman = podman;
        Words =
        [
            "--name", Name, "--network", "none", "--cgroup-parent", "/" + podman.Dock.Id, "--volume", $"{Folder}:/shared",
            "--log-driver", "k8s-file", "--log-opt", $"path={Log}", .. wishes.MostBytes > 0 ? (string[])["--log-opt", $"max-size={wishes.MostBytes}"] : [],
            Podman.Name, "sh", "-c", Counter.Script,
        ];
    }

    /// <summary>The words behind `podman run` that make it.</summary>
    public string[] Words { get; }

    /// <summary>Podman's own name for it.</summary>
    public string Id { get; private set; } = "";

    /// <inheritdoc/>
    public override LogForm Form => LogForm.Cri;

    /// <inheritdoc/>
    protected override string[] Marks => Id.Length > 0 ? [Name, Id] : [Name];

    /// <inheritdoc/>
    protected override string[] Traces => Id.Length == 0 ? [] :
    [
        $"{_podman.Dock.Folder}/graph/overlay-containers/{Id}", $"{_podman.Dock.Folder}/run/overlay-containers/{Id}",
        $"{_podman.Dock.Folder}/tmp/socket/{Id}", $"{_podman.Dock.Folder}/tmp/exits/{Id}", $"{_podman.Dock.Folder}/tmp/persist/{Id}", $"/run/berth/{Id}", $"/run/runc/{Id}",
    ];

    /// <summary>Learns who it is.</summary>
    public KeptByMonitor Look()
    {
        string[] words = _podman.Call("inspect", "--format", "{{.Id}} {{.State.Pid}} {{.State.ConmonPid}}", Name).Succeeded().Text.Split(' ');
        (Id, Pid, Keeper) = (words[0], int.Parse(words[1]), int.Parse(words[2]));
        return this;
    }

    /// <inheritdoc/>
    public override int AwaitExit() => int.Parse(_podman.Call("wait", Name).Succeeded().Text);

    /// <inheritdoc/>
    public override void Remove() => _podman.Call("rm", "--force", "--time", "0", Name).Succeeded();
}

/// <summary>The monitor's column.</summary>
public sealed class MonitorTests : CrashMatrix, IClassFixture<PodmanUnderTest>
{
    private readonly PodmanUnderTest _podman;
    private Live? _engine;

    /// <summary>Starts from a podman that is ready.</summary>
    public MonitorTests(PodmanUnderTest podman)
    {
        MonitorUnderTest monitor = MonitorUnderTest.Current;
        if (!monitor.IsOurs) KnownGaps.SkipOfConmon(monitor.Version);
        _podman = podman;
        podman.Ready();
    }

    [Fact]
    public void Logs_are_rotated_while_the_engine_is_killed()
    {
        Kept kept = Counting(new Wishes { MostBytes = 200_000 });
        KillEngine(kept);
        kept.AwaitMore();
        Assert.InRange(kept.LogFiles.Length, 5, 1000);
        kept.EndsWell();
    }

    [Fact]
    public void The_engine_is_killed_while_it_creates()
    {
        KeptByMonitor kept = new(_podman, new Wishes());
        _podman.Switch.Arm(KillPoint.Before);
        using Live podman = _podman.Command(["run", "--detach", .. kept.Words]).Start();
        int runtime = _podman.Switch.AwaitStop(KillPoint.Before);
        podman.Kill();
        podman.Wait();
        Native.Kill(runtime, Processes.Continue);
        // Nobody has been told of it, and it was never started; who takes it away finds it as any other.
        kept.Look();
        Until.True(() => _podman.Dock.Tool(_podman.Switch.Words("state", kept.Id)).Run() is { ExitCode: 0 } state && state.Output.Contains("\"created\"", StringComparison.Ordinal), "the container is created");
        Assert.NotEmpty(Monitors(kept.Id));
        _podman.Dock.Tool(_podman.Switch.Words("delete", "--force", kept.Id)).Run().Succeeded();
        Until.True(() => Monitors(kept.Id).Length == 0, "the monitor has ended");
        kept.Remove();
        Forget(kept);
        kept.NothingIsLeft();
    }

    [Fact]
    public void The_engine_is_killed_somewhere_between()
    {
        for (int i = 0; i < 3; i++)
        {
            KeptByMonitor kept = new(_podman, new Wishes());
            using Live podman = _podman.Command(["run", "--detach", .. kept.Words]).Start();
            WaitByChance(600);
            podman.Kill();
            podman.Wait();
            if (_podman.Call("container", "exists", kept.Name).ExitCode == 0)
            {
                kept.Look().Remove();
                // What podman has not written down by now it does not take away: that is done by the runtime, as after any crash.
                _podman.Dock.Tool(_podman.Switch.Words("delete", "--force", kept.Id)).Run();
                Forget(kept);
            }
            kept.NothingIsLeft();
        }
    }

    [Fact]
    public void A_full_disk_at_full_speed_is_confessed_and_the_container_goes_on()
    {
        using Disk disk = new(roomy: 64 << 20);
        disk.Fill(leaving: 1 << 20);
        Kept kept = Start(new Wishes { LogFolder = disk.Path, First = 200_000 });
        kept.Counter.Go();
        Until.True(() => disk.IsFull, "the disk is full");
        // It is not held up: it comes to the end of its first lines, which are far more than anybody keeps.
        Until.True(() => Directory.GetFiles($"/proc/{kept.Pid}/task/{kept.Pid}", "children").All(path => File.ReadAllText(path).Length > 0), "the program has printed its first lines");
        disk.Free();
        kept.Counter.GoOn();
        kept.AwaitMore();
        kept.Counter.Stop();
        Assert.Equal(Counter.ExitCode, kept.AwaitExit());
        CountedLog log = new(LogForm.Cri) { MayConfess = true };
        log.Read(kept.Log);
        log.EndsWith(kept.Counter.Last);
        Assert.Equal(1, log.Confessions);
        kept.Remove();
        kept.NothingIsLeft();
    }

    /// <inheritdoc/>
    protected override Kept Start(Wishes? wishes = null)
    {
        KeptByMonitor kept = new(_podman, wishes ?? new Wishes());
        // In the foreground, as the one that may be killed; it prints what the container prints.
        _engine = _podman.Command(["run", .. kept.Words]).Start();
        Until.True(() => _engine.HasExited || _podman.Call("inspect", "--format", "{{.State.Status}}", kept.Name).Text == "running", () => $"it runs: {_engine.SoFar}");
        return kept.Look();
    }

    /// <inheritdoc/>
    protected override void KillEngine(Kept kept)
    {
        _engine!.Kill();
        _engine.Wait();
    }

    /// <inheritdoc/>
    protected override void RestartEngine() { }

    /// <inheritdoc/>
    protected override IDisposable ReadLog(Kept kept) => new Killed(_podman.Command("logs", "--follow", kept.Name).Start());

    /// <inheritdoc/>
    protected override (Kept Kept, IRestingClient Client) StartWithClient()
    {
        Kept kept = Start();
        return (kept, new StoppedProgram(_podman.Command("attach", "--no-stdin", "--sig-proxy=false", kept.Name).Start()) { EndsWithEmptyLine = true });
    }

    /// <inheritdoc/>
    protected override void CreateWhileTheRuntimeIsKilled(KillPoint point)
    {
        for (int i = 0; i < (point == KillPoint.Between ? 3 : 1); i++)
        {
            KeptByMonitor kept = new(_podman, new Wishes());
            _podman.Switch.Arm(point);
            using Live podman = _podman.Command(["run", "--detach", .. kept.Words]).Start();
            int runtime = _podman.Switch.AwaitStop(point);
            if (point == KillPoint.Between) WaitByChance(30);
            Native.Kill(runtime, Processes.Kill);
            Outcome outcome = podman.Wait();
            // By chance it was done already.
            if (point != KillPoint.Between) outcome.Failed();
            kept.Look().Remove();
            kept.NothingIsLeft();
        }
    }

    /// <inheritdoc/>
    protected override void Repair(Kept kept)
    {
        // The first process of a container does not die of SIGPIPE: it goes on, and nobody reads. Podman 4 does not see that by
        // itself; it stops and removes the container as any other, without an exit code, and leaves the runtime's part to the runtime.
        Assert.True(kept.IsAlive);
        _podman.Call("stop", "--time", "0", kept.Name).Succeeded();
        Assert.NotEqual("running", _podman.Call("inspect", "--format", "{{.State.Status}}", kept.Name).Succeeded().Text);
        Until.True(() => !kept.IsAlive, "the program is gone");
        kept.Remove();
        _podman.Dock.Tool(_podman.Switch.Words("delete", "--force", ((KeptByMonitor)kept).Id)).Run().Succeeded();
    }

    /// <summary>The report of an end, of which podman did not know that it would come.</summary>
    private void Forget(KeptByMonitor kept)
    {
        Until.True(() => Monitors(kept.Id).Length == 0, "the monitor has ended");
        foreach (string folder in (string[])["exits", "persist"]) _podman.Dock.Tool("rm", "-rf", $"{_podman.Dock.Folder}/tmp/{folder}/{kept.Id}").Run().Succeeded();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing) => _engine?.Dispose();

    private static int[] Monitors(string id) => [.. Processes.With(id).Where(pid => Processes.Words(pid).Contains("/conmon", StringComparison.Ordinal))];
}

/// <summary>A program that is killed at the end, without a chance to say anything.</summary>
internal sealed class Killed(Live program) : IDisposable
{
    public void Dispose()
    {
        program.Kill();
        program.Wait();
        program.Dispose();
    }
}
