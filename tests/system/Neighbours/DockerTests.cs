// dockerd with our runtime as its default, driven by the docker client.
using System.Text.Json.Nodes;

namespace Berth.SystemTests.Neighbours;

/// <summary>A private dockerd, without bridge and firewall.</summary>
public sealed class Docker : Neighbour
{
    /// <summary>The image's name.</summary>
    public const string Name = "busybox:test";

    private Live? _daemon;

    private string Socket => $"{Dock.Folder}/d.sock";

    /// <summary>A call of the client.</summary>
    public Command Command(params string[] words) => Dock.Tool(["docker", "--host", $"unix://{Socket}", .. words]).Env("HOME", Dock.Folder).Env("DOCKER_BUILDKIT", "0").Patience(TimeSpan.FromMinutes(2));

    /// <summary>A call of the client, waited for.</summary>
    public Outcome Call(params string[] words) => Command(words).Run();

    /// <summary>A container that runs in the foreground without a network.</summary>
    public Outcome Run(params string[] words) => Call(["run", "--rm", "--network", "none", .. words]);

    /// <summary>A container that stays; the result is its id.</summary>
    public string Start(params string[] words) => Call(["run", "--detach", "--network", "none", .. words]).Succeeded().Text;

    /// <inheritdoc/>
    protected override void SetUp()
    {
        foreach (string program in (string[])["dockerd", "docker", "containerd", "containerd-shim-runc-v2", "tar"]) Machine.NeedsProgram(program);
        _daemon = Dock.Tool("dockerd", "--data-root", $"{Dock.Folder}/data", "--exec-root", $"{Dock.Folder}/exec", "--pidfile", $"{Dock.Folder}/pid", "--host", $"unix://{Socket}",
            "--config-file", Dock.NewFile("daemon.json", "{}"), "--bridge", "none", "--iptables=false", "--ip-forward=false", "--ip-masq=false", "--userland-proxy=false",
            "--exec-opt", "native.cgroupdriver=cgroupfs", "--cgroup-parent", "/" + Dock.Id, "--add-runtime", $"berth={Runtime}", "--default-runtime", "berth").Start();
        Until.True(() => _daemon.HasExited || (File.Exists(Socket) && Call("version").ExitCode == 0), "dockerd answers");
        Assert.False(_daemon.HasExited, $"dockerd ended: {_daemon.SoFar}");
        Call("import", Image.WriteTar(Dock), Name).Succeeded();
    }

    /// <inheritdoc/>
    protected override void TearDown()
    {
        if (_daemon is { HasExited: false } && Call("ps", "--all", "--quiet").Lines is { Length: > 0 } left) Call(["rm", "--force", .. left]);
        End(_daemon);
        // Docker leaves the parent it was told.
        foreach (string tree in Machine.CgroupTrees) Native.RemoveFolder($"{tree}/{Dock.Id}");
    }
}

/// <summary>What docker's users do.</summary>
public sealed class DockerTests : IClassFixture<Docker>
{
    private readonly Docker _docker;

    /// <summary>Starts from a dockerd that is ready.</summary>
    public DockerTests(Docker docker)
    {
        _docker = docker;
        docker.Ready();
    }

    private JsonNode Inspect(string id) => _docker.Call("inspect", id).Succeeded().Json[0]!;

    private int Pid(string id) => (int)Inspect(id)["State"]!["Pid"]!;

    private void Remove(string id) => _docker.Call("rm", "--force", id).Succeeded();

    [Fact]
    public void Run_prints_what_the_program_prints() => _docker.Run(Docker.Name, "echo", "hello").Succeeded().Says("hello");

    [Fact]
    public void The_runtime_can_be_named() => _docker.Run("--runtime", "berth", Docker.Name, "echo", "named").Succeeded().Says("named");

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(255)]
    public void Run_exits_with_the_programs_code(int code) => _docker.Run(Docker.Name, "sh", "-c", $"exit {code}").Exited(code);

    [Fact]
    public void A_missing_program_is_127() => _docker.Run(Docker.Name, "no-such-program").Exited(127);

    [Fact]
    public void A_program_that_is_not_executable_is_126() => _docker.Run(Docker.Name, "/bin/notexec").Exited(126);

    [Fact]
    public void Standard_input_reaches_the_program() =>
        _docker.Command("run", "--rm", "-i", "--network", "none", Docker.Name, "tr", "a-z", "A-Z").Input("words").Run().Succeeded().Says("WORDS");

    [Fact]
    public void Options_of_run_arrive_in_the_container() =>
        _docker.Run("--hostname", "berthed", "--user", "1000:1000", "--env", "A=b", "--workdir", "/tmp", "--read-only", "--ulimit", "nofile=100:200", "--cap-drop", "all", "--tmpfs", "/scratch",
            "--security-opt", "no-new-privileges", "--sysctl", "kernel.msgmax=4096", "--oom-score-adj", "300", Docker.Name,
            "sh", "-c", "hostname; id -u; echo $A; pwd; touch /x 2>/dev/null || echo read-only; ulimit -n; grep -E 'CapBnd|NoNewPrivs' /proc/self/status | cut -f 2; stat -f -c %T /scratch; cat /proc/sys/kernel/msgmax /proc/self/oom_score_adj").Succeeded()
            .Says("berthed\n1000\nb\n/tmp\nread-only\n100\n0000000000000000\n1\ntmpfs\n4096\n300");

    [Fact]
    public void The_default_seccomp_profile_is_in_force_and_ordinary_programs_do_not_notice() =>
        _docker.Run(Docker.Name, "sh", "-c", "grep '^Seccomp:' /proc/self/status | cut -f 2; ls / > /dev/null && date > /dev/null && sleep 0.01 && echo fine; unshare -U true 2>/dev/null || echo denied").Succeeded().Says("2\nfine\ndenied");

    [Fact]
    public void Limits_are_set_and_updated()
    {
        string id = _docker.Start("--memory", "64m", "--pids-limit", "50", "--cpus", "0.5", Docker.Name, "sleep", "1000");
        Assert.Equal($"{64 << 20}", Neighbour.CgroupValue(Pid(id), "memory", "memory.limit_in_bytes", "memory.max"));
        Assert.Equal("50", Neighbour.CgroupValue(Pid(id), "pids", "pids.max", "pids.max"));
        _docker.Call("update", "--memory", "80m", "--memory-swap", "160m", "--pids-limit", "60", "--cpus", "0.25", id).Succeeded();
        Assert.Equal($"{80 << 20}", Neighbour.CgroupValue(Pid(id), "memory", "memory.limit_in_bytes", "memory.max"));
        Assert.Equal("60", Neighbour.CgroupValue(Pid(id), "pids", "pids.max", "pids.max"));
        Remove(id);
    }

    [Fact]
    public void Exec_runs_in_the_container_and_gives_its_code()
    {
        string id = _docker.Start(Docker.Name, "sleep", "1000");
        _docker.Call("exec", id, "sh", "-c", "echo inside; exit 9").Exited(9).Says("inside");
        _docker.Call("exec", "--user", "1000", "--env", "A=b", "--workdir", "/tmp", id, "sh", "-c", "id -u; echo $A; pwd").Succeeded().Says("1000\nb\n/tmp");
        _docker.Command("exec", "-i", id, "cat").Input("piped").Run().Succeeded().Says("piped");
        Assert.Contains(_docker.Call("exec", id, "no-such-program").Failed().ExitCode, (int[])[126, 127]);
        Remove(id);
    }

    [Fact]
    public void A_terminal_works_for_run_and_exec()
    {
        using Pty pty = Pty.Open(30, 90);
        using Live run = _docker.Command("run", "--rm", "-it", "--name", "term", "--network", "none", Docker.Name, "sh").On(pty).Start();
        pty.Await("# ");
        pty.Type("echo $((20+3)); tty\n");
        pty.Await("23");
        pty.Await("/dev/pts/");
        using Pty second = Pty.Open();
        using Live exec = _docker.Command("exec", "-it", "term", "sh", "-c", "echo $((30+3)); exit 5").On(second).Start();
        second.Await("33");
        exec.Wait().Exited(5);
        pty.Type("exit 6\n");
        run.Wait().Exited(6);
    }

    [Fact]
    public void Stop_asks_first_and_kills_after_its_time()
    {
        string obedient = _docker.Start(Docker.Name, "sh", "-c", "trap 'exit 3' TERM; echo ready; while :; do sleep 0.1; done");
        Until.True(() => _docker.Call("logs", obedient).Output.Contains("ready", StringComparison.Ordinal), "it is ready");
        _docker.Call("stop", obedient).Succeeded();
        Assert.Equal(3, (int)Inspect(obedient)["State"]!["ExitCode"]!);
        string stubborn = _docker.Start(Docker.Name, "sh", "-c", "trap '' TERM; while :; do sleep 0.1; done");
        _docker.Call("stop", "--time", "1", stubborn).Succeeded();
        Assert.Equal(137, (int)Inspect(stubborn)["State"]!["ExitCode"]!);
        Remove(obedient);
        Remove(stubborn);
    }

    [Fact]
    public void Kill_wait_and_restart_work()
    {
        string id = _docker.Start(Docker.Name, "sh", "-c", "trap 'exit 4' USR2; echo ready; while :; do sleep 0.1; done");
        Until.True(() => _docker.Call("logs", id).Output.Contains("ready", StringComparison.Ordinal), "it is ready");
        _docker.Call("kill", "--signal", "USR2", id).Succeeded();
        _docker.Call("wait", id).Succeeded().Says("4");
        _docker.Call("start", id).Succeeded();
        _docker.Call("restart", "--time", "0", id).Succeeded();
        Until.True(() => _docker.Call("logs", id).Lines.Length == 3, "it ran three times");
        Remove(id);
    }

    [Fact]
    public void Pause_and_unpause_change_the_status()
    {
        string id = _docker.Start(Docker.Name, "sleep", "1000");
        _docker.Call("pause", id).Succeeded();
        Assert.Equal("paused", (string?)Inspect(id)["State"]!["Status"]);
        _docker.Call("unpause", id).Succeeded();
        Assert.Equal("running", (string?)Inspect(id)["State"]!["Status"]);
        Remove(id);
    }

    [Fact]
    public void Stats_and_top_see_the_container()
    {
        string id = _docker.Start("--memory", "64m", Docker.Name, "sleep", "1000");
        string stats = _docker.Call("stats", "--no-stream", "--format", "{{.MemUsage}} {{.PIDs}}", id).Succeeded().Text;
        Assert.Contains("64MiB", stats);
        Assert.EndsWith(" 1", stats);
        Assert.Contains("sleep 1000", _docker.Call("top", id).Succeeded().Output);
        Remove(id);
    }

    [Fact]
    public void A_program_killed_for_its_memory_is_reported_so()
    {
        string id = _docker.Start("--memory", "24m", "--memory-swap", "24m", Docker.Name, "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1");
        _docker.Call("wait", id).Succeeded().Says("137");
        Remove(id);
    }

    [Fact]
    public void Volumes_are_shared_with_the_host()
    {
        File.WriteAllText($"{_docker.Dock.NewFolder("volume")}/in", "from host");
        _docker.Run("--volume", $"{_docker.Dock.Folder}/volume:/v", "--volume", $"{_docker.Dock.Folder}/volume:/ro:ro", Docker.Name, "sh", "-c", "cat /v/in; echo from container > /v/out; touch /ro/x 2>/dev/null || echo ' refused'").Succeeded().Says("from host refused");
        Assert.Equal("from container\n", File.ReadAllText($"{_docker.Dock.Folder}/volume/out"));
    }

    [Fact]
    public void An_init_reaps_and_passes_signals()
    {
        string id = _docker.Start("--init", Docker.Name, "sleep", "1000");
        _docker.Call("stop", "--time", "20", id).Succeeded();
        Assert.Equal(143, (int)Inspect(id)["State"]!["ExitCode"]!);
        Remove(id);
    }

    [Fact]
    public void Privileged_is_nearly_the_host()
    {
        Machine.NeedsEveryCapability();
        _docker.Run("--privileged", Docker.Name, "sh", "-c", "mkdir /m && mount -t tmpfs tmpfs /m && echo mounted").Succeeded().Says("mounted");
        string id = _docker.Start(Docker.Name, "sleep", "1000");
        _docker.Call("exec", "--privileged", id, "sh", "-c", "mkdir -p /m && mount -t tmpfs tmpfs /m && echo mounted").Succeeded().Says("mounted");
        Remove(id);
    }

    [Fact]
    public void A_device_of_the_host_is_handed_over()
    {
        Machine.NeedsPath("/dev/fuse", "this kernel has no FUSE");
        _docker.Run("--device", "/dev/fuse", Docker.Name, "sh", "-c", "head -c 0 /dev/fuse && echo opened").Succeeded().Says("opened");
    }

    [Fact]
    public void Build_runs_its_steps_in_our_runtime()
    {
        string context = _docker.Dock.NewFolder("context");
        File.WriteAllText($"{context}/Dockerfile", $"FROM {Docker.Name}\nRUN echo made > /made && id -u > /who\nCMD [\"cat\", \"/made\", \"/who\"]\n");
        _docker.Call("build", "--network", "none", "--tag", "built:test", context).Succeeded();
        _docker.Run("built:test").Succeeded().Says("made\n0");
    }

    [Fact]
    public void A_health_check_runs_by_exec()
    {
        string id = _docker.Start("--health-cmd", "test -e /proc/1", "--health-interval", "200ms", Docker.Name, "sleep", "1000");
        Until.True(() => (string?)Inspect(id)["State"]!["Health"]!["Status"] == "healthy", "it is healthy");
        Remove(id);
    }

    [Fact]
    public void A_container_that_fails_is_restarted_as_told()
    {
        string id = _docker.Start("--restart", "on-failure:2", Docker.Name, "sh", "-c", "echo try; exit 1");
        Until.True(() => (int)Inspect(id)["RestartCount"]! == 2 && (string?)Inspect(id)["State"]!["Status"] == "exited", "it was restarted twice");
        Assert.Equal(3, _docker.Call("logs", id).Succeeded().Lines.Length);
        Remove(id);
    }
}
