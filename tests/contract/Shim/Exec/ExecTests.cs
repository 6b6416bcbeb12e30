// MON-03, MON-08: commands in a running container, each with a monitor of its own: what it is told of them, and how they end.
using System.Text.Json.Nodes;
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Exec;

[Row("MON-03", "MON-08")]
public sealed class ExecTests : MonitorTest
{
    [Fact]
    public void The_pid_is_told_first_and_the_exit_code_last()
    {
        RunningMonitor container = Idle();
        RunningMonitor session = Executed("echo said; exit 42");
        Assert.Equal(session.ProgramPid, session.Reported);
        Assert.Equal(42, (int)session.Sync.Next()["data"]!);
        Assert.Empty(session.Sync.ToEnd());
        session.AwaitGone();
        Assert.Equal("said\n", session.Logged());
        Finish(container);
    }

    [Fact]
    public void The_old_kind_tells_the_exit_code_only()
    {
        RunningMonitor container = Idle();
        string name = NewSession();
        RunningMonitor session = Begun(ExecCall(name, "/bin/sh", "-c", "exit 43").Without("--api-version"), name, $"{Dock.Folder}/{name}");
        Assert.Equal(43, session.Reported);
        Assert.Empty(session.Sync.ToEnd());
        session.AwaitGone();
        Finish(container);
    }

    [Theory]
    [InlineData(false, "exit_code")]
    [InlineData(true, "data")]
    public void A_report_is_an_object_with_one_number(bool isNew, string name)
    {
        MonitorCall call = FakeExec(new FakeRuntime(Dock, program: "exit 3"));
        if (!isNew) call.Without("--api-version");
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        string[] lines = [.. sync.ToEnd()];
        Assert.Equal(isNew ? 2 : 1, lines.Length);
        Assert.All(lines, line => Assert.Equal(name, Assert.Single((JsonObject)JsonNode.Parse(line)!).Key));
        Assert.Equal(3, (int)JsonNode.Parse(lines[^1])![name]!);
        Gone();
    }

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 255", 255)]
    [InlineData("kill -9 $$", 137)]
    [InlineData("kill -15 $$", 143)]
    public void The_exit_code_is_that_of_the_command(string program, int code)
    {
        MonitorCall call = FakeExec(new FakeRuntime(Dock, program: program));
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        sync.Next();
        Assert.Equal(code, (int)sync.Next()["data"]!);
        Gone();
        Assert.Equal($"{code}", File.ReadAllText($"{Dock.Folder}/exec-exits/{Id}"));
    }

    [Fact]
    public void A_command_that_ends_at_once_is_not_missed()
    {
        for (int i = 0; i < 20; i++)
        {
            MonitorCall call = FakeExec(new FakeRuntime(Dock, program: $"exit {i}"), $"session{i}");
            ReportPipe sync = Hold(call.Reports());
            call.Run().Succeeded();
            sync.Next();
            Assert.Equal(i, (int)sync.Next()["data"]!);
            Gone($"session{i}");
        }
    }

    [Fact]
    public void Output_is_whole_when_the_exit_code_is_told()
    {
        RunningMonitor container = Idle();
        RunningMonitor session = Executed("seq 1 20000");
        Assert.Equal(0, (int)session.Sync.Next()["data"]!);
        Numbers.AreAll(20000, session.Logged());
        session.AwaitGone();
        Finish(container);
    }

    [Fact]
    public void The_command_runs_in_the_container()
    {
        RunningMonitor container = Idle();
        RunningMonitor session = Executed("hostname; cat /proc/1/cmdline | tr '\\0' ' '");
        session.AwaitGone();
        Assert.StartsWith("contract\n/bin/sh -c trap", session.Logged(), StringComparison.Ordinal);
        Finish(container);
    }

    [Fact]
    public void A_command_that_cannot_be_started_is_told_with_the_runtimes_words()
    {
        RunningMonitor container = Idle();
        MonitorCall call = ExecCall("session", "/no/such/program");
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        JsonNode report = sync.Next();
        Assert.True((int)report["data"]! < 0);
        Assert.Contains("/no/such/program", (string?)report["message"], StringComparison.Ordinal);
        Gone();
        Assert.Empty(sync.ToEnd());
        Finish(container);
    }

    [Fact]
    public void A_runtime_that_fails_at_exec_is_told_to_the_old_kind_too()
    {
        MonitorCall call = FakeExec(new FakeRuntime(Dock, "echo refused >&2; exit 1")).Without("--api-version");
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        JsonNode report = sync.Next();
        Assert.True((int)report["exit_code"]! != 0);
        Assert.Contains("refused", (string?)report["message"], StringComparison.Ordinal);
        Gone();
    }

    [Fact]
    public void A_command_of_a_container_that_is_gone_is_an_error()
    {
        RunningMonitor container = Idle();
        Finish(container);
        MonitorCall call = ExecCall("session", "/bin/true");
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        JsonNode report = sync.Next();
        Assert.True((int)report["data"]! < 0);
        Assert.NotEmpty((string)report["message"]!);
        Gone();
    }

    [Fact]
    public void Its_monitor_in_the_foreground_ends_like_it()
    {
        RunningMonitor container = Idle();
        using Live live = ExecCall("session", "/bin/sh", "-c", "exit 44").With("--sync").Start();
        live.Wait().Exited(44);
        Finish(container);
    }

    [Fact]
    public void Without_a_folder_of_its_own_it_has_no_socket()
    {
        RunningMonitor container = Idle();
        MonitorCall call = ExecCall("session", "/bin/sh", "-c", "echo said").Without("--bundle");
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        sync.Next();
        Assert.Equal(0, (int)sync.Next()["data"]!);
        Gone();
        Assert.Equal(["process.json"], Directory.GetFileSystemEntries($"{Dock.Folder}/session").Select(Path.GetFileName));
        Finish(container);
    }

    [Fact]
    public void The_container_and_its_monitor_do_not_notice()
    {
        RunningMonitor container = Idle();
        int open = Kernel.Open(container.Pid).Count;
        for (int i = 0; i < 3; i++) Executed("exit 9").AwaitGone();
        Assert.Equal(open, Kernel.Open(container.Pid).Count);
        Assert.Equal("ready\n", container.Logged());
        Finish(container);
    }

    [Fact]
    public void It_may_be_killed_alone()
    {
        RunningMonitor container = Idle();
        RunningMonitor session = Executed("echo ready; exec sleep 1000");
        session.AwaitLog("ready");
        Kernel.Signal(session.Reported, 9);
        Assert.Equal(137, (int)session.Sync.Next()["data"]!);
        session.AwaitGone();
        Assert.True(container.IsAlive);
        Finish(container);
    }

    [Fact]
    public void It_ends_with_its_container()
    {
        RunningMonitor container = Idle();
        RunningMonitor session = Executed("echo ready; exec sleep 1000");
        session.AwaitLog("ready");
        Finish(container);
        Assert.Equal(137, (int)session.Sync.Next()["data"]!);
        session.AwaitGone();
    }

    private MonitorCall FakeExec(FakeRuntime runtime, string name = "session") => ExecCall(name, "true").Without("--runtime-arg").Instead("--runtime", runtime.Path);

    private void Gone(string name = "session")
    {
        int pid = int.Parse(File.ReadAllText($"{Dock.Folder}/{name}.monitor"));
        Until.True(() => !Kernel.IsAlive(pid), "the session's monitor ends");
    }

    private void Finish(RunningMonitor container)
    {
        Dock.Call("kill", Id, "KILL").Succeeded();
        container.AwaitEnd();
    }
}
