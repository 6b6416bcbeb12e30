// A shim that has nothing to do sleeps as a tiny program, and nobody notices: streams, logs, ends, restarts, probes and limits are as ever.
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>Sleep and waking.</summary>
public sealed class SleepTests : KeeperTest
{
    private const string Sleeping = "while :; do sleep 1000; done";
    private const long MostAsleep = 100;

    /// <inheritdoc/>
    protected override string Idle => "30";

    private bool IsAsleep
    {
        get
        {
            try { return new FileInfo($"/proc/{ShimPid}/exe").LinkTarget?.EndsWith("/berth-init", StringComparison.Ordinal) == true; }
            catch (IOException) { return false; }
        }
    }

    // The engine goes; then nothing holds the shim awake.
    private void Sleep()
    {
        Disconnect();
        Until.True(() => IsAsleep, "the shim sleeps");
    }

    [Fact]
    [Row("SHM-07")]
    public void One_whose_containers_just_run_costs_almost_nothing_and_answers_all_the_same()
    {
        string id = Run(Sleeping, Cri);
        int pid = (int)State(id).First!.Pid;
        ulong events = Client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 }).LastEvent;
        Sleep();
        long pss = long.Parse(File.ReadLines($"/proc/{ShimPid}/smaps_rollup").Single(static line => line.StartsWith("Pss:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);
        Assert.InRange(pss, 1, MostAsleep);
        Assert.Equal("berth-shim", File.ReadAllText($"/proc/{ShimPid}/comm").Trim());
        HelloResponse hello = Client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 });
        Assert.Equal(((uint)ShimPid, events), (hello.Pid, hello.LastEvent));
        Assert.Equal((Status.Running, (uint)pid), (State(id).First!.Status, State(id).First!.Pid));
        Assert.Equal(3u, Client.Call<ExecSyncResponse>(Methods.ExecSync, new ExecSyncRequest { Id = id, Process = ProcessOf("exit 3") }).ExitStatus);
        Sleep();
        Kill(id);
        Assert.Equal(137u, Wait(id).ExitStatus);
        Delete(id);
    }

    [Fact]
    public void The_end_of_a_program_wakes_it_and_is_written_down()
    {
        string id = Run($"{UntilGo}; echo well; exit 42", Cri, Shared);
        Sleep();
        Go();
        // Nobody is connected, so that it ends as soon as there is nothing to keep.
        Until.True(() => !File.Exists(Socket), "the shim ends");
        Assert.Contains("\"exitStatus\":42", File.ReadAllText($"{Dock.Bundle}/exit.json"));
        Assert.Equal("well\n", TextOf(File.ReadAllText(Log)));
        Dock.Tool(Dock.Runtime.Path, "--root", Dock.StateRoot, "delete", id).Run().Succeeded();
    }

    [Fact]
    public void No_byte_is_lost_and_none_comes_twice_however_often_it_sleeps()
    {
        const int lines = 60;
        string id = Run($"i=0; while [ $i -lt {lines} ]; do i=$((i+1)); echo line $i; echo error $i >&2; [ $((i%3)) = 0 ] || sleep 0.0$((i%9)); [ $((i%20)) = 0 ] && sleep 0.3; done; exec sleep 1000", Cri);
        Disconnect();
        bool slept = false;
        Until.True(() =>
        {
            slept |= IsAsleep;
            return File.ReadAllText(Log).Contains($"error {lines}\n", StringComparison.Ordinal);
        }, "all is written");
        Assert.True(slept);
        string[] words = TextOf(File.ReadAllText(Log)).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(Enumerable.Range(1, lines).Select(static i => $"line {i}"), words.Where(static word => word.StartsWith("line", StringComparison.Ordinal)));
        Assert.Equal(Enumerable.Range(1, lines).Select(static i => $"error {i}"), words.Where(static word => word.StartsWith("error", StringComparison.Ordinal)));
        Until.True(() => IsAsleep, "the shim sleeps");
        // Who comes now gets the latest of it, as if it had been awake.
        Connect().Attach(id).Await($"error {lines}\n");
        Kill(id);
        Wait(id);
        Delete(id);
    }

    [Fact]
    public void Half_a_line_keeps_a_log_of_lines_awake_and_is_whole_in_the_end()
    {
        string id = Run($"printf 'one '; {UntilGo}; echo two; exec sleep 1000", request => request.Logs.Add(new() { Driver = "json-file", Path = Log }), Shared);
        Disconnect();
        Thread.Sleep(300);
        Assert.False(IsAsleep);
        Go();
        Until.True(() => File.Exists(Log) && File.ReadAllText(Log).Contains("one two\\n", StringComparison.Ordinal), "the line is whole");
        Until.True(() => IsAsleep, "the shim sleeps");
        Kill(id);
        Wait(id);
        Delete(id);
    }

    [Fact]
    public void Input_and_a_terminal_outlive_its_sleep()
    {
        string id = Run("read word; echo got $word; stty size; exec sleep 1000", static request => (request.Terminal, request.Input) = (true, true));
        Sleep();
        Client.Call<Done>(Methods.Resize, new ResizeRequest { Id = id, Rows = 33, Columns = 77 });
        Sleep();
        Attached attached = Connect().Attach(id);
        attached.Type("hello\n");
        attached.Await("got hello");
        attached.Await("33 77");
        Kill(id);
        Wait(id);
        Delete(id);
    }

    [Fact]
    public void Restarts_are_counted_on_and_a_policy_that_was_set_holds()
    {
        string count = $"{Dock.Folder}/count";
        string id = Run("echo x >> /shared/count; sleep 0.3; exit 1", static request => request.Restart = new RestartPolicy { When = Restart.Never }, Shared);
        Client.Call<Done>(Methods.SetPolicy, new PolicyRequest { Id = id, Restart = new RestartPolicy { When = Restart.OnFailure, Most = 3 } });
        Disconnect();
        Until.True(() => !File.Exists(Socket), "the shim ends");
        Assert.Equal(4, File.ReadAllLines(count).Length);
        Assert.Contains("\"restarts\":3", File.ReadAllText($"{Dock.Bundle}/exit.json"));
        Dock.Tool(Dock.Runtime.Path, "--root", Dock.StateRoot, "delete", id).Run().Succeeded();
    }

    [Fact]
    public void Probes_go_on_from_sleep_to_sleep()
    {
        string id = Run("touch /tmp/well; exec sleep 1000", static request => request.Health = new HealthCheck { Process = ProcessOf("test -e /tmp/well"), IntervalMs = 200, Retries = 2 });
        Disconnect();
        bool slept = false;
        Until.True(() =>
        {
            slept |= IsAsleep;
            return slept && HealthOf(id) is { Status: HealthStatus.Healthy, Log.Count: >= 2 };
        }, "it is healthy");
        Client.Call<ExecSyncResponse>(Methods.ExecSync, new ExecSyncRequest { Id = id, Process = ProcessOf("rm /tmp/well") });
        Disconnect();
        Until.True(() => HealthOf(id).Status == HealthStatus.Unhealthy, "it is unhealthy");
        Kill(id);
        Wait(id);
        Delete(id);
    }

    [Fact]
    public void A_longest_life_ends_in_time_though_it_sleeps()
    {
        string id = Run(Sleeping, static request => request.MostMs = 1000);
        Sleep();
        Until.True(() => !File.Exists(Socket), "the shim ends");
        Assert.Contains("\"exitStatus\":137", File.ReadAllText($"{Dock.Bundle}/exit.json"));
        Dock.Tool(Dock.Runtime.Path, "--root", Dock.StateRoot, "delete", id).Run().Succeeded();
    }

    [Fact]
    public void What_was_executed_and_has_ended_is_remembered()
    {
        string id = Run(Sleeping);
        Exec(id, "e", "exit 9", static request => request.Forget = true);
        Wait(id, "e");
        Sleep();
        Assert.Equal(9u, Wait(id, "e").ExitStatus);
        Assert.Equal(9u, Delete(id, "e").ExitStatus);
        // One that runs has streams of its own: who keeps them does not sleep.
        Exec(id, "f", Sleeping);
        Disconnect();
        Thread.Sleep(300);
        Assert.False(IsAsleep);
        Kill(id, exec: "f");
        Wait(id, "f");
        Kill(id);
        Wait(id);
        Delete(id);
    }

    [Fact]
    public void It_ends_by_a_signal_when_it_sleeps_as_when_it_is_awake()
    {
        string id = Run(Sleeping);
        Sleep();
        Dock.Tool("kill", "-9", $"{ShimPid}").Run().Succeeded();
        Until.True(() => !Directory.Exists($"/proc/{ShimPid}"), "the shim is gone");
        Dock.Tool(Dock.Runtime.Path, "--root", Dock.StateRoot, "delete", "--force", id).Run().Succeeded();
        File.Delete(Socket);
        File.Delete(Socket + ".pid");
    }

    // A new client for each look: between two of them it may sleep.
    private Health HealthOf(string id)
    {
        Health health = State(id).Health!;
        Disconnect();
        return health;
    }

    private const string UntilGo = "until [ -e /shared/go ]; do sleep 0.05; done";

    private void Shared(Config config) => config.Mount("/shared", "bind", Dock.Folder, "bind");

    private void Go() => File.WriteAllText($"{Dock.Folder}/go", "");
}
