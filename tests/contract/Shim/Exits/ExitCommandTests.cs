// MON-02: the command by which an engine that is not there any more cleans up after its container.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Exits;

[Row("MON-02")]
public sealed class ExitCommandTests : MonitorTest
{
    [Fact]
    public void It_is_called_with_its_arguments_in_the_surroundings_of_the_monitor()
    {
        string command = Recorder();
        RunningMonitor monitor = Played(new FakeRuntime(Dock), call => call.Env("ENGINE", "gone").After($"cd {Dock.NewFolder("here")}")
            .With("--exit-command", command).With("--exit-command-arg", "--root").With("--exit-command-arg", "a b").With("--exit-command-arg", "").With("--exit-command-arg", Id));
        monitor.AwaitEnd();
        Assert.Equal(["--root", "a b", "", Id], File.ReadAllLines($"{Dock.Folder}/argv"));
        string[] variables = File.ReadAllLines($"{Dock.Folder}/environment");
        Assert.Contains("ENGINE=gone", variables);
        Assert.Contains($"PWD={Dock.Folder}/here", variables);
    }

    [Fact]
    public void Without_arguments_it_has_none()
    {
        Played(new FakeRuntime(Dock), call => call.With("--exit-command", Recorder())).AwaitEnd();
        Assert.Equal([""], File.ReadAllLines($"{Dock.Folder}/argv"));
    }

    [Fact]
    public void It_comes_after_the_exit_files_and_the_log()
    {
        string command = Dock.Program("command", $"cat {Dock.Folder}/exits/{Id} {Dock.Folder}/{Id}.persist/exit {Dock.Folder}/{Id}.log > {Dock.Folder}/told");
        Played(new FakeRuntime(Dock, program: "echo last words; exit 9"), call => call.With("--exit-command", command)).AwaitEnd();
        string told = File.ReadAllText($"{Dock.Folder}/told");
        Assert.StartsWith("99", told, StringComparison.Ordinal);
        Assert.EndsWith("last words\n", told, StringComparison.Ordinal);
    }

    [Fact]
    public void It_has_no_streams_and_nothing_else_open()
    {
        string command = Dock.Program("command", $"ls -l /proc/$$/fd > {Dock.Folder}/told");
        string held = Dock.NewFile("held", "");
        Played(new FakeRuntime(Dock), call => call.After($"exec 8<'{held}'").With("--exit-command", command)).AwaitEnd();
        string[] open = [.. File.ReadAllLines($"{Dock.Folder}/told").Where(line => line.Contains(" -> ", StringComparison.Ordinal)).Select(line => line[(line.IndexOf(" -> ", StringComparison.Ordinal) + 4)..])];
        // The shell has its script open, and /dev/null in a second place while it listed.
        Assert.All(open, target => Assert.True(target == "/dev/null" || target.StartsWith(Dock.Folder, StringComparison.Ordinal), target));
        Assert.DoesNotContain(held, open);
    }

    [Fact]
    public void It_is_not_the_monitors_to_wait_for_what_it_leaves_in_the_background()
    {
        string command = Dock.Program("command", $"setsid --fork /bin/sh -c 'echo $$ > {Dock.Folder}/left.new; mv {Dock.Folder}/left.new {Dock.Folder}/left; exec sleep 1000'; until [ -s {Dock.Folder}/left ]; do sleep 0.001; done");
        RunningMonitor monitor = Played(new FakeRuntime(Dock), call => call.With("--exit-command", command));
        monitor.AwaitEnd();
        int left = int.Parse(File.ReadAllText($"{Dock.Folder}/left"));
        Assert.True(Kernel.IsAlive(left));
        Kernel.Signal(left, 9);
    }

    [Fact]
    public void It_comes_when_the_container_could_not_be_made_too()
    {
        MonitorCall call = FakeCall(new FakeRuntime(Dock, "echo no >&2; exit 1")).With("--exit-command", Recorder()).With("--exit-command-arg", "cleanup");
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        Assert.Equal(-1, (int)sync.Next()["pid"]!);
        Until.FileHas($"{Dock.Folder}/argv", "cleanup");
        RunningMonitor monitor = new(Dock, Id, Dock.Bundle, sync);
        monitor.AwaitGone();
    }

    [Theory]
    [InlineData("exit 0")]
    [InlineData("exit 33")]
    public void A_monitor_in_the_foreground_ends_like_the_container_however_it_ends(string end)
    {
        using Live live = FakeCall(new FakeRuntime(Dock, program: "exit 4")).With("--sync").With("--exit-command", Dock.Program("command", end)).Start();
        live.Wait().Exited(4);
    }

    [Fact]
    public void A_command_that_is_not_there_hinders_nothing()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "exit 4"), call => call.With("--exit-command", "/no/such/command"));
        Assert.Equal(4, monitor.AwaitEnd());
    }

    [Fact]
    public void It_waits_for_its_delay_and_the_exit_file_does_not()
    {
        string command = Dock.Program("command", $": > {Dock.Folder}/told");
        RunningMonitor monitor = Played(new FakeRuntime(Dock), call => call.With("--exit-command", command).With("--exit-delay", "1"));
        monitor.AwaitEnd();
        TimeSpan between = File.GetLastWriteTimeUtc($"{Dock.Folder}/told") - File.GetLastWriteTimeUtc(monitor.ExitFile);
        Assert.InRange(between, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void It_comes_after_an_exec_session_as_well()
    {
        FakeRuntime runtime = new(Dock, program: "exit 6");
        MonitorCall call = ExecCall("session", "true").Without("--runtime-arg").Instead("--runtime", runtime.Path).With("--exit-command", Recorder()).With("--exit-command-arg", "--exec");
        Begun(call, "session", $"{Dock.Folder}/session").AwaitGone();
        Assert.Equal(["--exec"], File.ReadAllLines($"{Dock.Folder}/argv"));
    }

    private string Recorder() => Dock.Program("command", $"printf '%s\\n' \"$@\" > {Dock.Folder}/argv; env > {Dock.Folder}/environment");
}
