// containerd's stock shim over our runtime, driven by ctr.
namespace Berth.SystemTests.Neighbours;

/// <summary>A private containerd over runc's shim.</summary>
public class Containerd : Neighbour
{
    /// <summary>The image's name.</summary>
    public const string Name = "test.local/busybox:latest";

    private const string Sockets = "/run/containerd/s";
    private readonly HashSet<string> _before = [.. Directory.Exists(Sockets) ? Directory.GetFiles(Sockets) : []];
    private Live? _daemon;

    private string Socket => $"{Dock.Folder}/c.sock";

    /// <summary>A call of ctr in a namespace of our own.</summary>
    public Command Command(params string[] words) => Dock.Tool(["ctr", "--address", Socket, "--namespace", Dock.Id, .. words]).Patience(TimeSpan.FromMinutes(2));

    /// <summary>A call of ctr, waited for.</summary>
    public Outcome Call(params string[] words) => Command(words).Run();

    /// <summary>The words that choose a shim, and the runtime behind it.</summary>
    protected virtual string[] Shim => ["--runtime", "io.containerd.runc.v2", "--runc-binary", Runtime];

    /// <summary>Skips where ctr has options of a checkpoint for runc's shim alone: that of containerd 1 goes by the name.</summary>
    public void NeedsCheckpointOptions() =>
        Assert.SkipUnless(Shim.Contains("io.containerd.runc.v2") || !Call("version").Succeeded().Output.Contains("Version:  1.", StringComparison.Ordinal), "this ctr knows options of a checkpoint for runc's shim alone");

    /// <summary>Whether the shim is known to lose what a process says that ends at once.</summary>
    public bool LosesShortOutput => Shim.Contains("io.containerd.runc.v2");

    /// <summary>Where the daemon looks for shims.</summary>
    protected virtual string SearchPath => Environment.GetEnvironmentVariable("PATH") ?? "";

    /// <summary>Where the shim keeps states of the runtime.</summary>
    protected virtual string States => "/run/containerd/runc";

    /// <summary>The words that run an image with our runtime.</summary>
    public string[] RunWords(string id, params string[] options) =>
        ["run", .. Shim, "--snapshotter", "native", "--cgroup", $"/{Dock.Id}-{id}", "--fifo-dir", $"{Dock.Folder}/fifo", .. options, Name, id];

    /// <summary>A container that runs in the foreground and is removed.</summary>
    public Outcome Run(string id, params string[] args) => Call([.. RunWords(id, "--rm"), .. args]);

    /// <summary>A container that stays.</summary>
    public void Start(string id, params string[] args) => Call([.. RunWords(id, "--detach"), .. args]).Succeeded();

    /// <summary>Ends and removes a container.</summary>
    public void Remove(string id)
    {
        Call("tasks", "kill", "--all", "--signal", "KILL", id);
        Until.True(() => Call("tasks", "delete", id).ExitCode == 0 || !Call("tasks", "ls").Output.Contains(id + " ", StringComparison.Ordinal), $"the task of {id} is deleted");
        Call("containers", "delete", id).Succeeded();
    }

    /// <inheritdoc/>
    protected override void SetUp()
    {
        foreach (string program in (string[])["containerd", "ctr", "containerd-shim-runc-v2", "tar"]) Machine.NeedsProgram(program);
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
        // Where there is a criu that works it comes first.
        string path = Environment.GetEnvironmentVariable("CRIU") is { Length: > 0 } criu ? $"{Path.GetDirectoryName(criu)}:{SearchPath}" : SearchPath;
        _daemon = Dock.Tool("containerd", "--config", $"{Dock.Folder}/containerd.toml").Env("PATH", path).Start();
        Until.True(() => _daemon.HasExited || (File.Exists(Socket) && Call("version").ExitCode == 0), "containerd answers");
        Assert.False(_daemon.HasExited, $"containerd ended: {_daemon.SoFar}");
        Call("images", "import", "--snapshotter", "native", Image.WriteArchive(Dock, Name)).Succeeded();
    }

    /// <inheritdoc/>
    protected override void TearDown()
    {
        End(_daemon);
        // The shim's folder for the runtime's state is the runtime's to empty; the socket of the shim that a test kills is nobody's.
        string state = $"{States}/{Dock.Id}";
        string[] left = Directory.Exists(state) ? Directory.GetFileSystemEntries(state) : [];
        if (left.Length == 0) Native.RemoveFolder(state);
        if (Directory.Exists(Sockets)) foreach (string socket in Directory.GetFiles(Sockets).Except(_before).Where(IsDead)) File.Delete(socket);
        Assert.Empty(left);
    }

    // Another's may have been made meanwhile.
    private static bool IsDead(string socket)
    {
        using System.Net.Sockets.Socket client = new(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        try
        {
            client.Connect(new System.Net.Sockets.UnixDomainSocketEndPoint(socket));
            return false;
        }
        catch (System.Net.Sockets.SocketException e)
        {
            return e.SocketErrorCode == System.Net.Sockets.SocketError.ConnectionRefused;
        }
    }
}

/// <summary>A private containerd over our shim and our runtime.</summary>
public class ContainerdOnOurShim : Containerd
{
    private static readonly string Programs = Path.Combine(RuntimeUnderTest.Checkout, "out/bin");

    /// <inheritdoc/>
    protected override string[] Shim => ["--runtime", "io.containerd.berth.v2"];

    /// <inheritdoc/>
    protected override string SearchPath => $"{Programs}:{base.SearchPath}";

    /// <inheritdoc/>
    protected override string States => "/run/containerd/berth";

    /// <inheritdoc/>
    protected override void SetUp()
    {
        Machine.NeedsPath($"{Programs}/containerd-shim-berth-v2", "berth-shim is not built");
        base.SetUp();
    }
}

/// <summary>What ctr can ask of our runtime through runc's shim.</summary>
public sealed class ContainerdTests(Containerd containerd) : ContainerdHabits(containerd), IClassFixture<Containerd>;

/// <summary>What ctr can ask of our runtime through our shim.</summary>
public sealed class ContainerdShimTests(ContainerdOnOurShim containerd) : ContainerdHabits(containerd), IClassFixture<ContainerdOnOurShim>;

/// <summary>What ctr can ask.</summary>
public abstract class ContainerdHabits
{
    private static int _number;
    private readonly Containerd _containerd;
    private readonly string _id = $"c{Interlocked.Increment(ref _number)}";

    /// <summary>Starts from a containerd that is ready.</summary>
    protected ContainerdHabits(Containerd containerd)
    {
        _containerd = containerd;
        containerd.Ready();
    }

    private string Status() => _containerd.Call("tasks", "ls").Succeeded().Lines.Single(line => line.StartsWith(_id + " ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];

    private int Pid() => int.Parse(_containerd.Call("tasks", "ls").Succeeded().Lines.Single(line => line.StartsWith(_id + " ", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    [Fact]
    public void Run_prints_and_gives_the_code()
    {
        _containerd.Run(_id, "sh", "-c", "echo hello; exit 7").Exited(7).Says("hello");
    }

    [Fact]
    public void A_program_that_ends_at_once_is_no_race()
    {
        for (int i = 0; i < 10; i++) _containerd.Run($"{_id}-{i}", "true").Succeeded();
    }

    [Fact]
    public void A_missing_program_is_an_error_that_names_it() =>
        Assert.Contains("no-such-program", _containerd.Run(_id, "no-such-program").Failed().Error);

    [Fact]
    public void Exec_runs_in_the_container_and_gives_its_code()
    {
        _containerd.Start(_id, "sleep", "1000");
        _containerd.Call("tasks", "exec", "--fifo-dir", $"{_containerd.Dock.Folder}/fifo", "--exec-id", "e1", _id, "sh", "-c", "echo inside; exit 9").Exited(9).Says("inside");
        _containerd.Call("tasks", "exec", "--fifo-dir", $"{_containerd.Dock.Folder}/fifo", "--exec-id", "e2", "--user", "1000", "--cwd", "/tmp", _id, "sh", "-c", "id -u; pwd").Succeeded().Says("1000\n/tmp");
        _containerd.Call("tasks", "exec", "--fifo-dir", $"{_containerd.Dock.Folder}/fifo", "--exec-id", "e3", _id, "no-such-program").Failed();
        Assert.Equal("RUNNING", Status());
        _containerd.Remove(_id);
    }

    [Fact]
    public void Pause_and_resume_change_the_status()
    {
        _containerd.Start(_id, "sleep", "1000");
        _containerd.Call("tasks", "pause", _id).Succeeded();
        Assert.Equal("PAUSED", Status());
        _containerd.Call("tasks", "resume", _id).Succeeded();
        Assert.Equal("RUNNING", Status());
        _containerd.Remove(_id);
    }

    [Fact]
    public void Kill_sends_signals()
    {
        _containerd.Start(_id, "sh", "-c", "trap 'exit 5' TERM; while :; do sleep 0.05; done");
        Until.True(() => _containerd.Call("tasks", "ps", _id).Lines.Length >= 3, "the loop runs");
        _containerd.Call("tasks", "kill", "--signal", "TERM", _id).Succeeded();
        Until.True(() => Status() == "STOPPED", "it stopped");
        Outcome delete = _containerd.Call("tasks", "delete", _id);
        if (delete.ExitCode != 5) Assert.Contains("exit code 5", delete.Error);
        _containerd.Call("containers", "delete", _id).Succeeded();
    }

    [Fact]
    public void Metrics_tell_memory_and_processes()
    {
        _containerd.Start(_id, "sleep", "1000");
        string metrics = _containerd.Call("tasks", "metrics", _id).Succeeded().Output;
        Assert.Contains("memory.usage", metrics);
        Assert.Matches(@"pids.current\s+1", metrics);
        _containerd.Remove(_id);
    }

    [Fact]
    public void Processes_are_listed()
    {
        _containerd.Start(_id, "sleep", "1000");
        Assert.Contains($"{Pid()}", _containerd.Call("tasks", "ps", _id).Succeeded().Output);
        _containerd.Remove(_id);
    }

    [Fact]
    public void Limits_are_set()
    {
        _containerd.Call([.. _containerd.RunWords(_id, "--detach", "--memory-limit", $"{64 << 20}"), "sleep", "1000"]).Succeeded();
        Assert.Equal($"{64 << 20}", Neighbour.CgroupValue(Pid(), "memory", "memory.limit_in_bytes", "memory.max"));
        _containerd.Remove(_id);
    }

    [Fact]
    public void A_privileged_read_only_container_runs()
    {
        _containerd.Call([.. _containerd.RunWords(_id, "--detach", "--privileged", "--read-only"), "sh", "-c", "touch /x 2>/dev/null || sleep 1000"]).Succeeded();
        Assert.Equal("RUNNING", Status());
        _containerd.Remove(_id);
    }

    [Fact]
    public void A_terminal_works()
    {
        using Pty pty = Pty.Open(30, 90);
        // ctr tells the size after the start, and this stty succeeds without a word while there is none.
        using Live live = _containerd.Command([.. _containerd.RunWords(_id, "--rm", "--tty"), "sh", "-c", "tty; until size=$(stty size 2>/dev/null); [ -n \"$size\" ]; do :; done; echo $size; read line; echo got $line; exit 6"]).On(pty).Start();
        pty.Await("30 90");
        pty.Type("typed\n");
        pty.Await("got typed");
        live.Wait().Exited(6);
    }

    [Fact]
    public void The_default_seccomp_profile_of_containerd_is_in_force() =>
        _containerd.Call([.. _containerd.RunWords(_id, "--rm", "--seccomp"), "sh", "-c", "grep '^Seccomp:' /proc/self/status | cut -f 2; ls / > /dev/null && echo fine"]).Succeeded().Says("2\nfine");

    [Fact]
    public void A_network_of_the_host_works() =>
        _containerd.Call([.. _containerd.RunWords(_id, "--rm", "--net-host"), "readlink", "/proc/self/ns/net"]).Succeeded().Says(new FileInfo("/proc/self/ns/net").LinkTarget!);

    [Fact]
    public void A_volume_is_shared_with_the_host()
    {
        File.WriteAllText($"{_containerd.Dock.NewFolder("volume")}/in", "from host");
        _containerd.Call([.. _containerd.RunWords(_id, "--rm", "--mount", $"type=bind,src={_containerd.Dock.Folder}/volume,dst=/v,options=rbind:ro"), "cat", "/v/in"]).Succeeded().Says("from host");
    }

    [Fact]
    public void A_process_that_ends_at_once_says_everything_before()
    {
        _containerd.Start(_id, "sleep", "1000");
        try
        {
            for (int i = 0; i < 10; i++)
            {
                Outcome outcome = _containerd.Call("tasks", "exec", "--fifo-dir", $"{_containerd.Dock.Folder}/fifo", "--exec-id", $"e{i}", _id, "echo", "short").Succeeded();
                Assert.SkipWhen(_containerd.LosesShortOutput && outcome.Output.Length == 0, "runc's shim lost the output of a process that ended at once, as it does on a busy machine");
                outcome.Says("short");
            }
        }
        finally
        {
            _containerd.Remove(_id);
        }
    }

    [Fact]
    public void Without_a_word_about_it_a_container_has_the_oom_score_of_its_shim()
    {
        _containerd.Start(_id, "sleep", "1000");
        int pid = Pid(), shim = int.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ')[1]);
        Assert.Contains("containerd-shim", File.ReadAllText($"/proc/{shim}/cmdline"));
        Assert.Equal(File.ReadAllText($"/proc/{shim}/oom_score_adj"), File.ReadAllText($"/proc/{pid}/oom_score_adj"));
        // One more than containerd's: that one has to be the last.
        Assert.Equal(int.Parse(File.ReadAllText("/proc/self/oom_score_adj")) + 1, int.Parse(File.ReadAllText($"/proc/{shim}/oom_score_adj")));
        _containerd.Remove(_id);
    }

    [Fact]
    public void A_checkpoint_is_written_of_a_container_that_containerd_has_frozen()
    {
        Criu.Need();
        _containerd.NeedsCheckpointOptions();
        _containerd.Start(_id, "sleep", "1000");
        string images = $"{_containerd.Dock.Folder}/{_id}-images";
        _containerd.Call("tasks", "checkpoint", "--image-path", images, _id).Succeeded();
        Assert.NotEmpty(Directory.GetFiles(images, "core-*.img"));
        Assert.Equal("RUNNING", Status());
        _containerd.Remove(_id);
    }

    [Fact]
    public void A_checkpoint_may_end_its_container()
    {
        Criu.Need();
        _containerd.NeedsCheckpointOptions();
        _containerd.Start(_id, "sleep", "1000");
        _containerd.Call("tasks", "checkpoint", "--exit", "--image-path", $"{_containerd.Dock.Folder}/{_id}-images", _id).Succeeded();
        Until.True(() => Status() == "STOPPED", "it stopped");
        _containerd.Call("tasks", "delete", _id);
        _containerd.Call("containers", "delete", _id).Succeeded();
    }

    [Fact]
    public void What_was_saved_goes_on_under_another_name()
    {
        Criu.Need();
        _containerd.Start(_id, "sh", "-c", "i=0; while :; do i=$((i+1)); echo $i > /count; sleep 0.05; done");
        string Count(string id, string exec) => _containerd.Call("tasks", "exec", "--fifo-dir", $"{_containerd.Dock.Folder}/fifo", "--exec-id", exec, id, "cat", "/count").Output.Trim();
        Until.True(() => int.TryParse(Count(_id, $"a{Random.Shared.Next()}"), out int n) && n > 5, "it counts");
        _containerd.Call("containers", "checkpoint", "--image", "--rw", "--task", _id, $"test.local/{_id}:saved").Succeeded();
        // The file may just be empty.
        int saved = 0;
        Until.True(() => int.TryParse(Count(_id, $"b{Random.Shared.Next()}"), out saved), "it counts still");
        _containerd.Remove(_id);
        _containerd.Call("containers", "restore", "--rw", "--live", $"{_id}r", $"test.local/{_id}:saved").Succeeded();
        Until.True(() => int.TryParse(Count($"{_id}r", $"c{Random.Shared.Next()}"), out int n) && n > saved - 5, "it counts on");
        _containerd.Remove($"{_id}r");
    }

    [Fact]
    public void A_shim_that_is_killed_can_be_cleaned_up_after()
    {
        _containerd.Start(_id, "sleep", "1000");
        int pid = Pid();
        int shim = int.Parse(File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].Split(' ')[1]);
        Assert.Contains("containerd-shim", File.ReadAllText($"/proc/{shim}/cmdline"));
        Native.Kill(shim, 9);
        // containerd notices and calls the shim's delete, which calls ours.
        Until.True(() => !File.Exists($"/proc/{pid}/cmdline") || File.ReadAllText($"/proc/{pid}/cmdline").Length == 0, "the container's process is gone");
        Until.True(() => _containerd.Call("containers", "delete", _id).ExitCode == 0, "the container can be removed");
    }
}
