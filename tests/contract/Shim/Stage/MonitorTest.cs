// What every test of the suite stands on: a dock of its own, and short words for what an engine does with a monitor.
using System.Text.Json.Nodes;

namespace Berth.Contract.Shim.Stage;

/// <summary>A test that plays the engine; after it, nothing of its dock may be left.</summary>
public abstract class MonitorTest : IDisposable
{
    /// <summary>A program that ends when it is asked to, and says when it is ready to be asked.</summary>
    protected const string Obedient = "trap 'exit 0' TERM; echo ready; while :; do sleep 0.05; done";

    private readonly List<IDisposable> _held = [];
    private int _sessions;

    /// <summary>Skips what the monitor under test is known to lack, before anything is made.</summary>
    protected MonitorTest()
    {
        MonitorGap.SkipKnown(MonitorUnderTest.Current);
        Dock = new Dock();
    }

    /// <summary>The test's own place.</summary>
    protected Dock Dock { get; }

    /// <summary>The id of the test's container.</summary>
    protected string Id => Dock.Id;

    /// <summary>What runtimes are given as --runtime: one word, so a launcher becomes a script.</summary>
    protected string RuntimePath => RuntimeUnderTest.Current.Launcher is { Count: > 0 } launcher
        ? Dock.Program("launcher", $"exec {string.Join(' ', launcher.Select(word => $"'{word}'"))} {RuntimeUnderTest.Current.Path} \"$@\"")
        : RuntimeUnderTest.Current.Path;

    /// <summary>A call of the monitor with just these words.</summary>
    protected MonitorCall Words(params string[] words) => new MonitorCall(Dock).With(words);

    /// <summary>The call by which an engine has its container created; the bundle must have been written.</summary>
    protected MonitorCall CreateCall() => new MonitorCall(Dock)
        .With("--cid", Id).With("--cuuid", Id).With("--name", $"name-{Id}")
        .With("--bundle", Dock.Bundle)
        .With("--runtime", RuntimePath).With("--runtime-arg", "--root").With("--runtime-arg", Dock.StateRoot)
        .With("--container-pidfile", $"{Dock.Folder}/{Id}.pid").With("--conmon-pidfile", $"{Dock.Folder}/{Id}.monitor")
        .With("--exit-dir", Dock.NewFolder("exits")).With("--persist-dir", Dock.NewFolder($"{Id}.persist"))
        .With("--socket-dir-path", Dock.NewFolder("sockets"))
        .With("--log-path", $"k8s-file:{Dock.Folder}/{Id}.log");

    /// <summary>The same call with a runtime that is played.</summary>
    protected MonitorCall FakeCall(FakeRuntime runtime)
    {
        Directory.CreateDirectory(Dock.Bundle);
        return CreateCall().Without("--runtime-arg").Instead("--runtime", runtime.Path);
    }

    /// <summary>The call by which an engine has a command executed in its container.</summary>
    protected MonitorCall ExecCall(string name, params string[] args)
    {
        string home = Dock.NewFolder(name);
        JsonObject spec = new()
        {
            ["terminal"] = false,
            ["user"] = new JsonObject { ["uid"] = 0, ["gid"] = 0 },
            ["args"] = new JsonArray([.. args.Select(arg => (JsonNode?)arg)]),
            ["env"] = new JsonArray("PATH=/usr/sbin:/usr/bin:/sbin:/bin"),
            ["cwd"] = "/",
        };
        File.WriteAllText($"{home}/process.json", spec.ToJsonString());
        return new MonitorCall(Dock)
            .With("--exec").With("--api-version", "1").With("--cid", Id).With("--cuuid", name)
            .With("--exec-process-spec", $"{home}/process.json").With("--bundle", home)
            .With("--runtime", RuntimePath).With("--runtime-arg", "--root").With("--runtime-arg", Dock.StateRoot)
            .With("--container-pidfile", $"{Dock.Folder}/{name}.pid").With("--conmon-pidfile", $"{Dock.Folder}/{name}.monitor")
            .With("--exit-dir", Dock.NewFolder("exec-exits"))
            .With("--socket-dir-path", Dock.NewFolder("sockets"))
            .With("--log-path", $"k8s-file:{Dock.Folder}/{name}.log");
    }

    /// <summary>A name for an exec session.</summary>
    protected string NewSession() => $"{Id}s{++_sessions}";

    /// <summary>Has a container created, and waits for the report of its pid.</summary>
    protected RunningMonitor Created(Action<Config>? edit = null, Action<MonitorCall>? change = null)
    {
        Dock.Write(edit);
        return Begun(CreateCall(), Id, Dock.Bundle, change);
    }

    /// <summary>Has a container created and starts it.</summary>
    protected RunningMonitor Started(Action<Config>? edit = null, Action<MonitorCall>? change = null) => Created(edit, change).Start();

    /// <summary>Has a shell script run in a container, and waits for its end.</summary>
    protected RunningMonitor Ran(string script, Action<MonitorCall>? change = null) => Started(config => config.Shell(script), change).AwaitGone();

    /// <summary>A container that stays, and does nothing.</summary>
    protected RunningMonitor Idle(Action<MonitorCall>? change = null)
    {
        RunningMonitor monitor = Started(config => config.Shell(Obedient), change);
        monitor.AwaitLog("ready");
        return monitor;
    }

    /// <summary>Has a played runtime create a played container.</summary>
    protected RunningMonitor Played(FakeRuntime runtime, Action<MonitorCall>? change = null) => Begun(FakeCall(runtime), Id, Dock.Bundle, change);

    /// <summary>Has a shell script executed in the container, and waits for the report of its pid.</summary>
    protected RunningMonitor Executed(string script, Action<MonitorCall>? change = null)
    {
        string name = NewSession();
        return Begun(ExecCall(name, "/bin/sh", "-c", script), name, $"{Dock.Folder}/{name}", change);
    }

    /// <summary>Runs the call, expects it to return at once, and reads the first report.</summary>
    protected RunningMonitor Begun(MonitorCall call, string name, string home, Action<MonitorCall>? change = null)
    {
        change?.Invoke(call);
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        JsonObject report = (JsonObject)sync.Next();
        Assert.True(!report.ContainsKey("message"), $"the runtime failed: {report.ToJsonString()}");
        return new RunningMonitor(Dock, name, home, sync) { Reported = (int)(report["pid"] ?? report["data"] ?? report["exit_code"])! };
    }

    /// <summary>Keeps something until the end of the test.</summary>
    protected T Hold<T>(T thing) where T : IDisposable
    {
        _held.Add(thing);
        return thing;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Releases what is held, and then the dock.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (!disposing) return;
        foreach (IDisposable thing in _held) thing.Dispose();
        Dock.Dispose();
    }
}
