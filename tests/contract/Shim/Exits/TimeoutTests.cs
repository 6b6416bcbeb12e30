// MON-03: a container or an exec session that may only last for a while.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Exits;

[Row("MON-03")]
public sealed class TimeoutTests : MonitorTest
{
    [Fact]
    public void A_container_is_killed_when_its_time_is_over()
    {
        RunningMonitor monitor = Started(config => config.Shell("echo ready; while :; do sleep 1000; done"), call => call.With("--timeout", "1"));
        Assert.Equal(-1, monitor.AwaitEnd());
        Assert.Equal("-1", File.ReadAllText($"{monitor.Persist}/exit"));
        Until.True(() => !Kernel.IsAlive(monitor.Reported), "the program is gone");
        Dock.Await("stopped");
    }

    [Fact]
    public void The_program_takes_its_group_along()
    {
        FakeRuntime runtime = new(Dock, program: "sleep 1000 & echo $! > \"$(dirname \"$0\")/child\"; wait");
        RunningMonitor monitor = Played(runtime, call => call.With("--timeout", "1"));
        Until.FileHas($"{Dock.Folder}/fake/child", "\n");
        int child = int.Parse(File.ReadAllText($"{Dock.Folder}/fake/child"));
        monitor.AwaitEnd();
        Until.True(() => !Kernel.IsAlive(child), "the child is gone");
    }

    [Fact]
    public void Who_ends_in_time_is_left_alone()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "exit 5"), call => call.With("--timeout", "60"));
        Assert.Equal(5, monitor.AwaitEnd());
    }

    [Fact]
    [Row("MON-08")]
    public void An_exec_session_tells_that_its_time_was_over()
    {
        FakeRuntime runtime = new(Dock, program: "exec sleep 1000");
        MonitorCall call = ExecCall("session", "true").Without("--runtime-arg").Instead("--runtime", runtime.Path).With("--timeout", "1");
        RunningMonitor monitor = Begun(call, "session", $"{Dock.Folder}/session");
        System.Text.Json.Nodes.JsonNode report = monitor.Sync.Next();
        Assert.Equal(-1, (int)report["data"]!);
        Assert.Equal("command timed out", (string?)report["message"]);
        monitor.AwaitGone();
    }

    [Fact]
    public void A_monitor_in_the_foreground_ends_with_255()
    {
        using Live live = FakeCall(new FakeRuntime(Dock, program: "exec sleep 1000")).With("--sync").With("--timeout", "1").Start();
        live.Wait().Exited(255);
    }
}
