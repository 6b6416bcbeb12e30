// CLI-12, CLI-13, CRN-07: a container becomes an image and a container again.
using System.Text.Json.Nodes;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Lifecycle;

[Row("CLI-12", "CLI-13")]
public sealed class CheckpointAndRestoreTests : ContainerTest
{
    /// <summary>No stream of the outside is left: what the host's files are is no matter of most tests.</summary>
    private const string Quiet = "exec </dev/null >/dev/null 2>&1; ";

    private const string Counter = Quiet + "i=0; while :; do i=$((i+1)); echo $i > /count.new; mv /count.new /count; sleep 0.02; done";

    private readonly string _path;

    public CheckpointAndRestoreTests() => _path = Criu.PathFor(Dock);

    private string Image => $"{Dock.Folder}/image";

    private int Count => int.TryParse(File.Exists($"{Dock.Root}/count") ? File.ReadAllText($"{Dock.Root}/count") : "0", out int count) ? count : 0;

    private Command Verb(string verb, params string[] words) =>
        Dock.Command([verb, "--image-path", Image, "--work-path", $"{Dock.Folder}/work", .. words]).Env("PATH", _path);

    private Outcome Checkpoint(params string[] words) => Verb("checkpoint", [.. words, Id]).Run();

    private Command Restoring(params string[] words) => Verb("restore", ["--bundle", Dock.Bundle, .. words, Id]);

    private Outcome Restore(params string[] words) => Restoring(["--detach", .. words]).Run();

    private void StartCounter(Action<Config>? edit = null)
    {
        Dock.Start(config =>
        {
            config.Shell(Counter);
            edit?.Invoke(config);
        });
        Until.True(() => Count > 2, "the container counts");
    }

    /// <summary>Dumps and restores, and expects the counter to go on where it was.</summary>
    private void Around(params string[] words)
    {
        Checkpoint(words).Succeeded();
        IsGone();
        int dumped = Count;
        Assert.Equal(dumped, Count);
        Restore(words).Succeeded();
        Until.True(() => Count > dumped + 2, "the container goes on counting");
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    public void A_restored_container_goes_on_where_it_was()
    {
        StartCounter();
        Around();
        Around();
    }

    [Fact]
    public void Processes_keep_their_ids_and_their_memory()
    {
        Dock.Start(config => config.Shell(Quiet + "secret=kept; sleep 1000 & child=$!; until [ -e /go ]; do sleep 0.02; done; echo $secret > /said; kill -0 $child && echo $child >> /said; while :; do sleep 0.05; done"));
        Until.True(() => ExecShell("pidof sleep").Text.Length > 0, "the child runs");
        Checkpoint().Succeeded();
        Restore().Succeeded();
        File.WriteAllText($"{Dock.Root}/go", "");
        Until.True(() => File.Exists($"{Dock.Root}/said") && File.ReadAllLines($"{Dock.Root}/said").Length == 2, "it remembers");
        Assert.Equal("kept", File.ReadAllLines($"{Dock.Root}/said")[0]);
    }

    [Fact]
    [Row("CLI-14")]
    public void A_mount_that_was_added_later_is_restored_and_can_be_removed()
    {
        StartCounter();
        Dock.NewFile("source/file", "late");
        string list = Dock.NewFile("mounts.json", $$"""[{"destination":"/late","type":"bind","source":"{{Dock.Folder}}/source","options":["bind"]}]""");
        Call("mounts", "add", Id, list).Succeeded();
        Around();
        ExecShell("cat /late/file").Succeeded().Says("late");
        Around();
        Call("mounts", "remove", Id, list).Succeeded();
        ExecShell("ls /late").Succeeded().Says("");
        Around();
    }

    [Fact]
    public void Leave_running_leaves_it_running()
    {
        StartCounter();
        int pid = Dock.Pid();
        Checkpoint("--leave-running").Succeeded();
        int dumped = Count;
        Until.True(() => Count > dumped + 2, "the container goes on counting");
        Assert.Equal(pid, Dock.Pid());
    }

    [Fact]
    public void A_first_dump_of_memory_leaves_it_running()
    {
        Assert.SkipUnless(Criu.Has("mem_dirty_track"), "this kernel does not track dirty memory");
        StartCounter();
        Dock.Command("checkpoint", "--pre-dump", "--image-path", $"{Dock.Folder}/parent", Id).Env("PATH", _path).Run().Succeeded();
        Assert.Equal("running", Dock.Status());
        Checkpoint("--parent-path", "../parent").Succeeded();
        Assert.True(Path.Exists($"{Image}/parent"));
        Restore().Succeeded();
    }

    [Fact]
    public void A_first_dump_of_memory_needs_a_kernel_that_can()
    {
        Assert.SkipWhen(Criu.Has("mem_dirty_track"), "this kernel tracks dirty memory");
        StartCounter();
        Checkpoint("--pre-dump").Failed().Explains("MemTrack");
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    public void In_the_foreground_restore_brings_the_exit_code()
    {
        Dock.Start(config => config.Shell(Quiet + "echo > /up; until [ -e /end ]; do sleep 0.02; done; exit 7"));
        Until.True(() => File.Exists($"{Dock.Root}/up"), "it is up");
        Checkpoint().Succeeded();
        using Live live = Restoring().Start();
        Until.True(() => Call("state", Id) is { ExitCode: 0 } state && (string?)state.Json["status"] == "running", "it is restored");
        File.WriteAllText($"{Dock.Root}/end", "");
        live.Wait().Exited(7);
        IsGone();
    }

    [Fact]
    public void In_the_foreground_restore_forwards_signals()
    {
        Dock.Start(config => config.Shell(Quiet + "trap 'exit 5' TERM; echo > /up; while :; do sleep 0.02; done"));
        Until.True(() => File.Exists($"{Dock.Root}/up"), "it is up");
        Checkpoint().Succeeded();
        using Live live = Restoring().Start();
        Until.True(() => Call("state", Id) is { ExitCode: 0 } state && (string?)state.Json["status"] == "running", "it is restored");
        Native.Kill(live.Pid, 15);
        live.Wait().Exited(5);
    }

    [Fact]
    public void Pipes_are_connected_to_those_of_the_restorer()
    {
        string script = Dock.Program("piped", """out=$1; shift; ("$@" </dev/null 2>/dev/null | cat >> "$out") </dev/null >/dev/null 2>&1 &""");
        Dock.Write(config => config.Shell("i=0; while :; do i=$((i+1)); echo $i; echo $i > /count.new; mv /count.new /count; sleep 0.02; done"));
        Dock.Tool([script, $"{Dock.Folder}/first", .. Runtime.Launcher, Runtime.Path, "--root", Dock.StateRoot, "run", "--detach", "--bundle", Dock.Bundle, Id]).Run().Succeeded();
        Until.True(() => Count > 2, "it counts");
        Checkpoint().Succeeded();
        int dumped = Count;
        Dock.Tool([script, $"{Dock.Folder}/second", .. Runtime.Launcher, Runtime.Path, "--root", Dock.StateRoot, "restore", "--detach", "--image-path", Image, "--bundle", Dock.Bundle, Id]).Env("PATH", _path).Run().Succeeded();
        Until.True(() => Count > dumped + 5, "it goes on counting");
        Until.FileHas($"{Dock.Folder}/second", $"\n{dumped + 3}\n");
        Call("delete", "--force", Id).Succeeded();
    }

    [Fact]
    public void Files_of_the_host_as_streams_are_connected_to_those_of_the_restorer()
    {
        Outcome run = Dock.Start(config => config.Shell("i=0; while :; do i=$((i+1)); echo line $i.; echo $i > /count.new; mv /count.new /count; sleep 0.02; done"));
        Until.FileHas(run.OutputFile, "line 3.");
        Checkpoint().Succeeded();
        int dumped = Count;
        Outcome restored = Restore().Succeeded();
        Until.FileHas(restored.OutputFile, $"line {dumped + 3}.");
    }

    [Fact]
    public void A_terminal_is_sent_again()
    {
        using DescriptorSocket first = new($"{Dock.Folder}/first"), second = new($"{Dock.Folder}/second");
        Dock.Write(config => config.Shell("echo up; while read line; do echo heard $line; done").Set("process.terminal", true));
        Call("run", "--detach", "--console-socket", first.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using (Pty before = first.ReceivePty())
        {
            before.Await("up");
            Checkpoint().Succeeded();
        }
        Restore("--console-socket", second.Path).Succeeded();
        using Pty after = second.ReceivePty();
        after.Type("hello\n");
        after.Await("heard hello");
    }

    [Fact]
    public void A_terminal_becomes_the_restorers_in_the_foreground()
    {
        using DescriptorSocket first = new($"{Dock.Folder}/first");
        Dock.Write(config => config.Shell("echo up; while read line; do echo heard $line; [ $line = end ] && exit 3; done").Set("process.terminal", true));
        Call("run", "--detach", "--console-socket", first.Path, "--bundle", Dock.Bundle, Id).Succeeded();
        using (Pty before = first.ReceivePty())
        {
            before.Await("up");
            Checkpoint().Succeeded();
        }
        using Pty terminal = Pty.Open();
        using Live live = Restoring().On(terminal).Start();
        Until.True(() => Call("state", Id) is { ExitCode: 0 } state && (string?)state.Json["status"] == "running", "it is restored");
        terminal.Type("hello\r");
        terminal.Await("heard hello");
        terminal.Type("end\r");
        live.Wait().Exited(3);
    }

    [Fact]
    public void Exec_enters_a_restored_container()
    {
        StartCounter();
        Around();
        ExecShell("echo $(cat /proc/1/comm) $(hostname)").Succeeded().Says("sh contract");
    }

    [Fact]
    public void Mounts_are_what_they_were()
    {
        const string list = "cut -d ' ' -f 5,6 /proc/1/mountinfo | grep -v -e '^/ ' -e '^/proc/[a-z_]* rw' | sort";
        Dock.NewFile("bound/file", "seen");
        StartCounter(config => config.Mount("/m", "bind", $"{Dock.Folder}/bound", "bind", "ro").Mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro", "nosuid", "noexec", "nodev"));
        string before = ExecShell(list).Succeeded().Text;
        Around();
        Assert.Equal(before, ExecShell(list).Succeeded().Text);
        ExecShell("cat /m/file").Says("seen");
        ExecShell("cat /proc/kcore | wc -c; ls /sys/firmware | wc -l").Says("0\n0");
    }

    [Fact]
    public void Cgroups_of_version_1_are_bound_without_a_namespace()
    {
        StartCounter(config => config.NoNamespace("cgroup").Mount("/sys/fs/cgroup", "cgroup", "cgroup", "ro", "nosuid", "noexec", "nodev"));
        Around();
    }

    [Fact]
    public void A_mount_whose_place_is_a_link_comes_back()
    {
        Dock.NewFile("bound/file", "seen");
        StartCounter(config =>
        {
            Directory.CreateDirectory($"{Dock.Root}/real/conf");
            File.CreateSymbolicLink($"{Dock.Root}/conf", "/real/conf");
            config.Mount("/conf", "bind", $"{Dock.Folder}/bound", "bind");
        });
        Around();
        ExecShell("cat /real/conf/file").Says("seen");
    }

    [Fact]
    public void Mount_points_inside_binds_are_made_again()
    {
        Dock.NewFile("outer/file", "outer");
        Dock.NewFile("inner/file", "inner");
        StartCounter(config => config.Mount("/m", "bind", $"{Dock.Folder}/outer", "bind").Mount("/m/a/b", "bind", $"{Dock.Folder}/inner", "bind"));
        Checkpoint().Succeeded();
        Directory.Delete($"{Dock.Folder}/outer/a", recursive: true);
        Restore().Succeeded();
        ExecShell("cat /m/a/b/file").Says("inner");
    }

    [Fact]
    public void It_is_restored_into_the_cgroup_of_its_configuration()
    {
        StartCounter();
        Checkpoint("--manage-cgroups-mode", "ignore").Succeeded();
        string other = $"{Id}-other";
        Dock.Write(config => config.Shell(Counter).Set("linux.cgroupsPath", $"/{other}"));
        Restore("--manage-cgroups-mode", "ignore").Succeeded();
        Assert.Contains($"/{other}\n", File.ReadAllText($"/proc/{Dock.Pid()}/cgroup"));
        Assert.NotNull(Dock.CgroupFolder("pids", other));
        Assert.Null(Dock.CgroupFolder("pids"));
    }

    [Theory]
    [InlineData("soft")]
    [InlineData("full")]
    public void Cgroups_are_managed_as_it_is_said(string mode)
    {
        StartCounter(config => config.SetJson("linux.resources.pids", """{ "limit": 1234 }"""));
        Checkpoint("--manage-cgroups-mode", mode).Succeeded();
        int dumped = Count;
        Restore("--manage-cgroups-mode", mode).Succeeded();
        Until.True(() => Count > dumped, "the container goes on counting");
        Assert.Equal("1234", Dock.CgroupValue("pids", "pids.max", "pids.max"));
    }

    [Fact]
    public void A_network_namespace_that_the_configuration_names_is_found_again()
    {
        string ip = Machine.NeedsProgram("ip"), name = Id;
        Dock.Tool(ip, "netns", "add", name).Run().Succeeded();
        try
        {
            StartCounter(config => config.Namespace("network", $"/run/netns/{name}"));
            string inode = Dock.Tool("stat", "-L", "-c", "%i", $"/run/netns/{name}").Run().Text;
            Around();
            Assert.Equal(inode, Dock.Tool("stat", "-L", "-c", "%i", $"/proc/{Dock.Pid()}/ns/net").Run().Text);
        }
        finally
        {
            Call("delete", "--force", Id);
            Dock.Tool(ip, "netns", "del", name).Run();
        }
    }

    [Fact]
    public void A_paused_container_can_be_dumped()
    {
        StartCounter();
        Call("pause", Id).Succeeded();
        Checkpoint().Succeeded();
        IsGone();
        int dumped = Count;
        Restore().Succeeded();
        Until.True(() => Count > dumped + 2, "the container goes on counting");
    }

    [Fact]
    public void Hooks_of_a_new_network_namespace_run_again()
    {
        string hook = Dock.Program("hook", $"cat >> {Dock.Folder}/states; echo >> {Dock.Folder}/states");
        StartCounter(config => config.Append("hooks.prestart", $$"""{ "path": "{{hook}}" }""").Append("hooks.createRuntime", $$"""{ "path": "{{hook}}" }"""));
        Around();
        JsonNode[] states = [.. File.ReadAllLines($"{Dock.Folder}/states").Where(line => line.Length > 0).Select(line => JsonNode.Parse(line)!)];
        Assert.Equal(4, states.Length);
        Assert.Equal(Dock.Pid(), (int)states[3]["pid"]!);
    }

    [Fact]
    [Row("CRN-07")]
    public void A_configuration_of_criu_is_named_by_an_annotation()
    {
        string own = Dock.NewFile("own.conf", "log-file=own.log\n");
        StartCounter(config => config.Annotate("org.criu.config", own));
        Checkpoint().Succeeded();
        Assert.True(File.Exists($"{Dock.Folder}/work/own.log"));
        Assert.False(File.Exists($"{Dock.Folder}/work/dump.log"));
    }

    [Fact]
    public void A_pid_file_is_written()
    {
        StartCounter();
        Checkpoint().Succeeded();
        Restore("--pid-file", $"{Dock.Folder}/pid").Succeeded();
        Assert.Equal($"{Dock.Pid()}", File.ReadAllText($"{Dock.Folder}/pid").Trim());
    }

    [Fact]
    public void A_container_that_was_not_started_is_refused()
    {
        Dock.Create(config => config.Shell(Counter));
        Checkpoint().Failed().Explains("created");
        Assert.Equal("created", Dock.Status());
    }

    [Theory]
    [InlineData("/absolute")]
    [InlineData("../nosuch")]
    public void A_parent_that_is_none_is_refused(string parent)
    {
        StartCounter();
        Checkpoint("--parent-path", parent).Failed().Explains("--parent-path");
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    public void An_unknown_cgroups_mode_is_refused()
    {
        StartCounter();
        Checkpoint("--manage-cgroups-mode", "nonsense").Failed().Explains("manage-cgroups-mode");
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    public void What_is_no_image_leaves_nothing_behind()
    {
        Dock.Write(config => config.Shell(Counter));
        Dock.NewFolder("image");
        Restore().Failed();
        IsGone();
    }

    [Fact]
    public void A_damaged_image_leaves_nothing_behind_and_its_log_is_quoted()
    {
        StartCounter();
        Checkpoint().Succeeded();
        File.WriteAllText($"{Image}/inventory.img", "nonsense");
        Restore().Failed().Explains("restore.log");
        IsGone();
    }

    [Fact]
    public void Without_criu_the_container_runs_on()
    {
        StartCounter();
        Dock.Command("checkpoint", "--image-path", Image, Id).Env("PATH", Dock.NewFolder("nothing")).Run().Failed().Explains("criu", "install");
        Assert.Equal("running", Dock.Status());
    }

    [Fact]
    public void Criu_can_be_named()
    {
        StartCounter();
        Dock.Bare("--root", Dock.StateRoot, "--criu", Criu.Need(), "checkpoint", "--image-path", Image, Id).Run().Succeeded();
        IsGone();
    }

    [Fact]
    public void A_user_namespace_is_restored()
    {
        StartCounter(config =>
        {
            Dock.Tool("chown", "-R", "100000:100000", Dock.Root).Run().Succeeded();
            config.UserNamespace();
        });
        Around();
        ExecShell("id -u").Says("0");
    }

    [Fact]
    public void A_socket_for_readiness_is_there_again()
    {
        using ServiceManager manager = new(Dock);
        Dock.Write(config => config.Shell(Counter));
        Dock.Command("create", "--bundle", Dock.Bundle, Id).Env("NOTIFY_SOCKET", manager.Address).Run().Succeeded();
        Call("start", Id).Succeeded();
        Until.True(() => Count > 2, "the container counts");
        Around();
    }
}
