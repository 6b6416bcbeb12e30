// Podman (and conmon) over our runtime: what its users type in their first hour.
using System.Text.Json.Nodes;

namespace Berth.SystemTests.Neighbours;

/// <summary>What podman's users do, over our runtime and conmon.</summary>
public sealed class PodmanTests(Podman podman) : PodmanHabits(podman), IClassFixture<Podman>;

/// <summary>The same over our runtime and our monitor.</summary>
public sealed class PodmanMonitorTests(PodmanOnOurMonitor podman) : PodmanHabits(podman), IClassFixture<PodmanOnOurMonitor>;

/// <summary>What podman's users do.</summary>
public abstract class PodmanHabits
{
    private readonly Podman _podman;

    /// <summary>Starts from a podman that is ready.</summary>
    protected PodmanHabits(Podman podman)
    {
        _podman = podman;
        podman.Ready();
    }

    private JsonNode Inspect(string id) => _podman.Call("inspect", id).Succeeded().Json[0]!;

    private string MemoryLimit(string id) => Neighbour.CgroupValue((int)Inspect(id)["State"]!["Pid"]!, "memory", "memory.limit_in_bytes", "memory.max");

    private void Remove(string id) => _podman.Call("rm", "--force", "--time", "0", id).Succeeded();

    [Fact]
    public void Run_prints_what_the_program_prints() => _podman.Run(Podman.Name, "echo", "hello").Succeeded().Says("hello");

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(255)]
    public void Run_exits_with_the_programs_code(int code) => _podman.Run(Podman.Name, "sh", "-c", $"exit {code}").Exited(code);

    [Fact]
    public void A_missing_program_is_127() => _podman.Run(Podman.Name, "no-such-program").Exited(127);

    [Fact]
    public void A_program_that_is_not_executable_is_126() => _podman.Run(Podman.Name, "/bin/notexec").Exited(126);

    [Fact]
    public void Standard_input_reaches_the_program() =>
        _podman.Command("run", "--rm", "-i", "--network", "none", "--cgroup-parent", "/" + _podman.Dock.Id, Podman.Name, "tr", "a-z", "A-Z").Input("words").Run().Succeeded().Says("WORDS");

    [Fact]
    public void The_default_seccomp_profile_is_in_force_and_ordinary_programs_do_not_notice() =>
        _podman.Run(Podman.Name, "sh", "-c", "grep '^Seccomp:' /proc/self/status | cut -f 2; ls / > /dev/null && date > /dev/null && sleep 0.01 && echo fine").Succeeded().Says("2\nfine");

    [Fact]
    public void A_seccomp_profile_of_the_user_is_in_force()
    {
        string profile = _podman.Dock.NewFile("profile.json", """{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO"}]}""");
        _podman.Run("--security-opt", $"seccomp={profile}", Podman.Name, "sh", "-c", "mkdir /x 2>/dev/null || echo denied").Succeeded().Says("denied");
    }

    [Fact]
    public void Options_of_run_arrive_in_the_container() =>
        _podman.Run("--hostname", "berthed", "--user", "1000:1000", "--env", "A=b", "--workdir", "/tmp", "--read-only", "--ulimit", "nofile=100:200", "--ulimit", "nproc=32768:32768", "--cap-drop", "all", "--tmpfs", "/scratch", Podman.Name,
            "sh", "-c", "hostname; id -u; echo $A; pwd; touch /x 2>/dev/null || echo read-only; ulimit -n; grep CapBnd /proc/self/status | cut -f 2; stat -f -c %T /scratch").Succeeded()
            .Says("berthed\n1000\nb\n/tmp\nread-only\n100\n0000000000000000\ntmpfs");

    [Fact]
    public void Limits_are_in_the_cgroup_of_the_container()
    {
        string id = _podman.Start("--memory", "64m", "--pids-limit", "50", "--cpus", "0.5", Podman.Name, "sleep", "1000");
        Assert.Equal($"{64 << 20}", MemoryLimit(id));
        Remove(id);
    }

    [Fact]
    public void Volumes_are_shared_with_the_host()
    {
        File.WriteAllText($"{_podman.Dock.NewFolder("volume")}/in", "from host");
        _podman.Run("--volume", $"{_podman.Dock.Folder}/volume:/v", Podman.Name, "sh", "-c", "cat /v/in; echo from container > /v/out").Succeeded().Says("from host");
        Assert.Equal("from container\n", File.ReadAllText($"{_podman.Dock.Folder}/volume/out"));
    }

    [Fact]
    public void Exec_runs_in_the_container_and_gives_its_code()
    {
        string id = _podman.Start(Podman.Name, "sleep", "1000");
        _podman.Call("exec", id, "sh", "-c", "echo inside; exit 9").Exited(9).Says("inside");
        _podman.Call("exec", "--user", "1000", "--env", "A=b", "--workdir", "/tmp", id, "sh", "-c", "id -u; echo $A; pwd").Succeeded().Says("1000\nb\n/tmp");
        _podman.Command("exec", "-i", id, "cat").Input("piped").Run().Succeeded().Says("piped");
        _podman.Call("exec", id, "no-such-program").Exited(127);
        _podman.Call("exec", id, "/bin/notexec").Exited(126);
        Remove(id);
    }

    [Fact]
    public void A_terminal_works_for_run_and_exec()
    {
        using Pty pty = Pty.Open(30, 90);
        using Live run = _podman.Command("run", "--rm", "-it", "--name", "term" + _podman.Dock.Id, "--network", "none", "--cgroup-parent", "/" + _podman.Dock.Id, Podman.Name, "sh").On(pty).Start();
        pty.Await("# ");
        pty.Type("echo $((20+3)); tty\n");
        pty.Await("23");
        pty.Await("/dev/pts/");
        using Pty second = Pty.Open();
        using Live exec = _podman.Command("exec", "-it", "term" + _podman.Dock.Id, "sh", "-c", "echo $((30+3)); exit 5").On(second).Start();
        second.Await("33");
        exec.Wait().Exited(5);
        pty.Type("exit 6\n");
        run.Wait().Exited(6);
    }

    [Fact]
    public void Stop_asks_first_and_kills_after_its_time()
    {
        string obedient = _podman.Start(Podman.Name, "sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done");
        // Before the trap is set, the first process of a pid namespace hears no TERM.
        Until.True(() => _podman.Call("logs", obedient).Output.Contains("ready", StringComparison.Ordinal), "the trap is set");
        _podman.Call("stop", obedient).Succeeded();
        Assert.Equal(3, (int)Inspect(obedient)["State"]!["ExitCode"]!);
        string stubborn = _podman.Start(Podman.Name, "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done");
        _podman.Call("stop", "--time", "1", stubborn).Succeeded();
        Assert.Equal(137, (int)Inspect(stubborn)["State"]!["ExitCode"]!);
        Remove(obedient);
        Remove(stubborn);
    }

    [Fact]
    public void Kill_sends_signals_and_wait_gives_the_code()
    {
        string id = _podman.Start(Podman.Name, "sh", "-c", "trap 'echo usr1' USR1; trap 'exit 4' USR2; echo ready; while :; do sleep 0.1; done");
        Until.True(() => _podman.Call("logs", id).Output.Contains("ready", StringComparison.Ordinal), "it is ready");
        _podman.Call("kill", "--signal", "USR1", id).Succeeded();
        Until.True(() => _podman.Call("logs", id).Output.Contains("usr1", StringComparison.Ordinal), "the signal came");
        _podman.Call("kill", "--signal", "USR2", id).Succeeded();
        _podman.Call("wait", id).Succeeded().Says("4");
        Remove(id);
    }

    [Fact]
    public void Pause_and_unpause_change_the_status()
    {
        string id = _podman.Start(Podman.Name, "sleep", "1000");
        _podman.Call("pause", id).Succeeded();
        Assert.Equal("paused", (string?)Inspect(id)["State"]!["Status"]);
        _podman.Call("unpause", id).Succeeded();
        Assert.Equal("running", (string?)Inspect(id)["State"]!["Status"]);
        Remove(id);
    }

    [Fact]
    public void Logs_keep_both_streams_after_the_end()
    {
        string id = _podman.Start(Podman.Name, "sh", "-c", "echo out; echo err >&2");
        _podman.Call("wait", id).Succeeded();
        Outcome logs = _podman.Call("logs", id).Succeeded();
        logs.Says("out");
        Assert.Equal("err", logs.Error.Trim());
        Remove(id);
    }

    [Fact]
    public void Stats_and_top_see_the_container()
    {
        string id = _podman.Start("--memory", "64m", Podman.Name, "sleep", "1000");
        string stats = _podman.Call("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", id).Succeeded().Text;
        Assert.Contains("67.11MB", stats);
        Assert.EndsWith(" 1", stats);
        Assert.Contains("sleep 1000", _podman.Call("top", id).Succeeded().Output);
        Remove(id);
    }

    [Fact]
    public void A_program_that_takes_more_memory_than_it_may_is_killed()
    {
        string id = _podman.Start("--memory", "24m", "--memory-swap", "24m", Podman.Name, "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1");
        _podman.Call("wait", id).Succeeded().Says("137");
        Remove(id);
    }

    [Fact]
    public void A_container_can_be_created_started_and_restarted()
    {
        string id = _podman.Call("create", "--network", "none", "--cgroup-parent", "/" + _podman.Dock.Id, Podman.Name, "sh", "-c", "echo once more; sleep 1000").Succeeded().Text;
        _podman.Call("start", id).Succeeded();
        _podman.Call("restart", "--time", "0", id).Succeeded();
        Until.True(() => _podman.Call("logs", id).Lines.Length == 2, "it ran twice");
        Remove(id);
    }

    [Fact]
    public void An_init_reaps_and_passes_signals()
    {
        Machine.NeedsPath("/usr/libexec/podman/catatonit", "podman's init is not installed");
        string id = _podman.Start("--init", Podman.Name, "sleep", "1000");
        _podman.Call("stop", "--time", "20", id).Succeeded();
        Assert.Equal(143, (int)Inspect(id)["State"]!["ExitCode"]!);
        Remove(id);
    }

    [Fact]
    public void Update_changes_limits_while_it_runs()
    {
        string id = _podman.Start("--memory", "64m", Podman.Name, "sleep", "1000");
        Outcome update = _podman.Call("update", "--memory", "48m", id);
        Assert.SkipWhen(update.ExitCode != 0 && update.Error.Contains("unrecognized command", StringComparison.Ordinal), "this podman has no update");
        update.Succeeded();
        Assert.Equal($"{48 << 20}", MemoryLimit(id));
        Remove(id);
    }

    [Fact]
    public void A_pid_namespace_can_be_that_of_another_container_or_of_the_host()
    {
        string id = _podman.Start(Podman.Name, "sleep", "4711");
        Assert.Contains("sleep 4711", _podman.Run("--pid", $"container:{id}", Podman.Name, "ps").Succeeded().Output);
        Assert.NotEqual("1", _podman.Run("--pid", "host", Podman.Name, "sh", "-c", "echo $$").Succeeded().Text);
        Remove(id);
    }

    [Fact]
    public void Privileged_is_nearly_the_host() =>
        _podman.Run("--privileged", Podman.Name, "sh", "-c", "mkdir /m && mount -t tmpfs tmpfs /m && echo mounted; [ -e /dev/null ] && ls /dev | grep -q loop || true").Succeeded().Says("mounted");

    [Fact]
    public void A_user_namespace_of_its_own_works() =>
        _podman.Run("--uidmap", "0:100000:1000", "--gidmap", "0:100000:1000", Podman.Name, "sh", "-c", "id -u; tr -s ' ' < /proc/self/uid_map").Succeeded().Says("0\n 0 100000 1000");

    [Fact]
    public void A_network_of_the_host_works() =>
        _podman.Call("run", "--rm", "--network", "host", "--cgroup-parent", "/" + _podman.Dock.Id, Podman.Name, "sh", "-c", "readlink /proc/self/ns/net").Succeeded().Says(new FileInfo("/proc/self/ns/net").LinkTarget!);

    [Fact]
    public void Twenty_at_once_work()
    {
        Live[] all = [.. Enumerable.Range(0, 20).Select(i => _podman.Command("run", "--rm", "--network", "none", "--cgroup-parent", "/" + _podman.Dock.Id, Podman.Name, "sh", "-c", $"exit {i}").Start())];
        for (int i = 0; i < all.Length; i++) all[i].Wait().Exited(i);
        foreach (Live live in all) live.Dispose();
    }

    [Fact]
    public void Attach_sees_what_is_written_and_writes_itself()
    {
        string id = _podman.Start("-it", Podman.Name, "sh", "-c", "while read line; do echo got $line; done; echo end of input");
        using Pty pty = Pty.Open();
        using Live attach = _podman.Command("attach", "--detach-keys", "ctrl-q", id).On(pty).Start();
        pty.Type("one\n");
        pty.Await("got one");
        pty.Type("two\n");
        pty.Await("got two");
        pty.Type("\x11");
        attach.Wait().Succeeded();
        Assert.Equal("running", (string?)Inspect(id)["State"]!["Status"]);
        Remove(id);
    }

    [Fact]
    public void Attach_passes_the_end_of_input_and_the_exit_code()
    {
        string id = _podman.Call("create", "-i", "--network", "none", "--cgroup-parent", "/" + _podman.Dock.Id, Podman.Name, "sh", "-c", "cat; exit 12").Succeeded().Text;
        _podman.Command("start", "--attach", "--interactive", id).Input("to be repeated").Run().Exited(12).Says("to be repeated");
        Remove(id);
    }

    [Fact]
    public void Logs_are_followed_to_the_end()
    {
        string id = _podman.Start(Podman.Name, "sh", "-c", "for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done");
        Assert.Equal(["line 1", "line 2", "line 3", "line 4", "line 5"], _podman.Call("logs", "--follow", id).Succeeded().Lines);
        Remove(id);
    }

    [Fact]
    public void Logs_have_a_size_and_a_format()
    {
        string id = _podman.Start("--log-driver", "json-file", "--log-opt", "max-size=20k", Podman.Name, "sh", "-c", "i=0; while [ $i -lt 2000 ]; do echo number $i; i=$((i+1)); done");
        _podman.Call("wait", id).Succeeded();
        Assert.Contains("number 1999", _podman.Call("logs", "--tail", "3", id).Succeeded().Output);
        string path = (string)Inspect(id)["HostConfig"]!["LogConfig"]!["Path"]!;
        Assert.InRange(new FileInfo(path).Length, 1, 20 * 1024);
        Remove(id);
    }

    [Fact]
    public void A_restart_policy_starts_it_again()
    {
        string id = _podman.Start("--restart", "on-failure:3", Podman.Name, "sh", "-c", "echo once; exit 8");
        Until.True(() => _podman.Call("logs", id).Lines.Length == 4, "it ran once and three times more");
        Until.True(() => (string?)Inspect(id)["State"]!["Status"] == "exited", "it has ended for good");
        Assert.Equal(8, (int)Inspect(id)["State"]!["ExitCode"]!);
        Remove(id);
    }

    [Fact]
    public void A_container_that_is_removed_at_its_end_leaves_nothing_when_nobody_waits()
    {
        string id = _podman.Start("--rm", Podman.Name, "sleep", "0.2");
        Until.True(() => _podman.Call("container", "exists", id).ExitCode == 1, "it is gone");
    }

    [Fact]
    public void Many_execs_give_their_codes_and_leave_no_process()
    {
        string id = _podman.Start(Podman.Name, "sleep", "1000");
        Live[] all = [.. Enumerable.Range(0, 10).Select(i => _podman.Command("exec", id, "sh", "-c", $"echo {i}; exit {i}").Start())];
        for (int i = 0; i < all.Length; i++) all[i].Wait().Exited(i).Says($"{i}");
        foreach (Live live in all) live.Dispose();
        _podman.Call("exec", "--detach", id, "sleep", "4712").Succeeded();
        Until.True(() => _podman.Call("top", id).Output.Contains("sleep 4712", StringComparison.Ordinal), "it runs");
        Remove(id);
    }

    [Fact]
    public void A_terminal_has_the_size_of_the_users()
    {
        using Pty pty = Pty.Open(31, 97);
        using Live run = _podman.Command("run", "--rm", "-it", "--network", "none", "--cgroup-parent", "/" + _podman.Dock.Id, Podman.Name, "sh", "-c", "sleep 0.5; stty size; read x").On(pty).Start();
        pty.Await("31 97");
        pty.Type("\n");
        run.Wait().Succeeded();
    }

    [Fact]
    public void The_console_of_the_user_can_be_passed_through() =>
        _podman.Run("--log-driver", "passthrough", Podman.Name, "echo", "straight").Succeeded().Says("straight");

    [Fact]
    public void A_container_is_checkpointed_and_goes_on_where_it_was()
    {
        string id = Counting();
        Checkpoint("checkpoint", "--keep", id).Succeeded();
        Assert.Equal("exited", (string?)Inspect(id)["State"]!["Status"]);
        Assert.True((bool)Inspect(id)["State"]!["Checkpointed"]!);
        int saved = Counted(id);
        Checkpoint("restore", "--keep", id).Succeeded();
        Until.True(() => Counted(id) > saved, "it counts on");
        Assert.Equal("running", (string?)Inspect(id)["State"]!["Status"]);
        _podman.Call("exec", id, "sh", "-c", "exit 4").Exited(4);
        End(id);
    }

    [Fact]
    public void A_checkpoint_may_leave_it_running()
    {
        string id = Counting();
        Checkpoint("checkpoint", "--leave-running", id).Succeeded();
        Assert.Equal("running", (string?)Inspect(id)["State"]!["Status"]);
        int saved = Counted(id);
        Until.True(() => Counted(id) > saved, "it counts on");
        End(id);
    }

    [Fact]
    public void A_checkpoint_is_exported_and_becomes_another_container()
    {
        string id = Counting(), archive = $"{_podman.Dock.Folder}/{id}.tar", name = $"again{id[..12]}";
        Checkpoint("checkpoint", "--export", archive, id).Succeeded();
        int saved = Counted(id);
        Remove(id);
        string again = Checkpoint("restore", "--import", archive, "--name", name).Succeeded().Text;
        Assert.NotEqual(id, again);
        Until.True(() => _podman.Call("logs", again).Lines is { Length: > 0 } lines && int.Parse(lines[^1]) > saved + 2, "it counts on");
        _podman.Call("kill", "--signal", "USR1", again).Succeeded();
        _podman.Call("wait", again).Succeeded().Says("42");
        Remove(again);
    }

    [Fact]
    public void Buildah_builds_with_our_runtime()
    {
        Machine.NeedsProgram("buildah");
        string context = _podman.Dock.NewFolder("context");
        File.WriteAllText($"{context}/Containerfile", $"FROM {Podman.Name}\nRUN echo made > /made && id -u > /who\nWORKDIR /w\nRUN pwd > where\nCMD [\"cat\", \"/made\"]\n");
        _podman.Dock.Tool("buildah", "--root", $"{_podman.Dock.Folder}/graph", "--runroot", $"{_podman.Dock.Folder}/run", "bud", "--isolation", "oci", "--runtime", _podman.Runtime, "--network", "none", "--pull-never", "--cgroup-parent", $"/{_podman.Dock.Id}-build",
            "--ulimit", "nofile=1024:1024", "-t", "localhost/built", context)
            .Env("CONTAINERS_CONF", $"{_podman.Dock.Folder}/containers.conf").Env("TMPDIR", _podman.Dock.Folder).Env("HOME", _podman.Dock.Folder).Patience(TimeSpan.FromMinutes(2)).Run().Succeeded();
        _podman.Run("localhost/built", "cat", "/made", "/who", "/w/where").Succeeded().Says("made\n0\n/w");
    }

    private string Counting()
    {
        Criu.NeedsVersion(4);
        string id = _podman.Start("--security-opt", "seccomp=unconfined", Podman.Name, "sh", "-c", "trap 'exit 42' USR1; i=0; while :; do i=$((i+1)); echo $i; sleep 0.02; done");
        Until.True(() => Counted(id) > 5, "it counts");
        return id;
    }

    /// <summary>How far it is; what it has logged must be each number once.</summary>
    private int Counted(string id)
    {
        string[] lines = _podman.Call("logs", id).Succeeded().Lines;
        Assert.Equal(Enumerable.Range(1, lines.Length).Select(i => $"{i}"), lines);
        return lines.Length;
    }

    private Outcome Checkpoint(params string[] words) => _podman.Command(["container", .. words]).Env("PATH", Criu.PathFor(_podman.Dock)).Run();

    private void End(string id)
    {
        _podman.Call("kill", "--signal", "USR1", id).Succeeded();
        _podman.Call("wait", id).Succeeded().Says("42");
        Assert.Equal(42, (int)Inspect(id)["State"]!["ExitCode"]!);
        Remove(id);
    }
}
