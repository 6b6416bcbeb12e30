// MON-08, SHM-04: what the monitor tells the engine about the making of a container, and when.
using System.Text.Json.Nodes;
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Handshake;

[Row("MON-08", "SHM-04")]
public sealed class SyncPipeTests : MonitorTest
{
    [Fact]
    public void The_pid_of_the_container_is_told_once_and_is_in_the_pid_file()
    {
        RunningMonitor monitor = Created(config => config.Shell("exit 0"));
        Assert.Equal(Dock.Pid(), monitor.Reported);
        Assert.Equal(monitor.Reported, monitor.ProgramPid);
        monitor.Start().AwaitEnd();
        Assert.Empty(monitor.Sync.ToEnd());
    }

    [Theory]
    [InlineData(false, "pid")]
    [InlineData(true, "data")]
    public void The_report_of_create_is_an_object_with_one_number(bool isNew, string name)
    {
        JsonObject report = Report(new FakeRuntime(Dock), call => _ = isNew ? call.With("--api-version") : call);
        Assert.Equal(name, Assert.Single(report).Key);
        Assert.True((int)report[name]! > 1);
    }

    [Fact]
    public void Nobody_need_listen()
    {
        FakeRuntime runtime = new(Dock, program: "exit 5");
        FakeCall(runtime).Run().Succeeded();
        Until.True(() => File.Exists($"{Dock.Folder}/exits/{Id}"), "the end is recorded");
        Assert.Equal("5", File.ReadAllText($"{Dock.Folder}/exits/{Id}"));
    }

    [Fact]
    public void What_the_runtime_says_when_it_fails_comes_with_minus_one()
    {
        Dock.Write(config => config.Args("/no/such/program"));
        MonitorCall call = CreateCall();
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        // Some runtimes look for the program only at the start.
        JsonObject report = (JsonObject)sync.Next();
        if ((int)report["pid"]! > 0) Assert.Skip("this runtime finds that out when the container is started");
        Assert.Equal(-1, (int)report["pid"]!);
        Assert.Contains("/no/such/program", (string?)report["message"], StringComparison.Ordinal);
        Assert.Empty(sync.ToEnd());
    }

    [Fact]
    public void A_broken_bundle_is_told_by_the_runtimes_own_words()
    {
        Dock.Write();
        File.WriteAllText($"{Dock.Bundle}/config.json", "{");
        string said = Dock.Command("create", "--bundle", Dock.Bundle, $"{Id}-other").Run().Failed().Error;
        MonitorCall call = CreateCall();
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        string message = (string)sync.Next()["message"]!;
        // A runtime may put the time into its words.
        string last = said.Trim()[^12..];
        Assert.Contains(last, message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failure_under_a_terminal_is_told_too()
    {
        Dock.Write(config => config.Set("process.terminal", true));
        File.WriteAllText($"{Dock.Bundle}/config.json", "{");
        MonitorCall call = CreateCall().With("--terminal");
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        JsonNode report = sync.Next();
        Assert.Equal(-1, (int)report["pid"]!);
        Assert.NotEmpty((string)report["message"]!);
    }

    [Fact]
    public void Any_byte_the_runtime_says_comes_through_as_json()
    {
        JsonObject report = Report(new FakeRuntime(Dock, """printf 'a "quoted" \\ path/with\ttab\nand a line\r\f\b\001\033[31mred \303\251' >&2; exit 3"""));
        Assert.Equal(-1, (int)report["pid"]!);
        Assert.Equal("a \"quoted\" \\ path/with\ttab\nand a line\r\f\b\u0001\u001b[31mred Ã©", (string?)report["message"]);
    }

    [Fact]
    public void A_failure_without_a_word_is_told_as_well()
    {
        JsonObject report = Report(new FakeRuntime(Dock, "exit 1"));
        Assert.Equal(-1, (int)report["pid"]!);
        Assert.Null(report["message"]);
    }

    [Fact]
    public void A_runtime_that_is_killed_has_failed()
    {
        JsonObject report = Report(new FakeRuntime(Dock, "echo killed >&2; kill -9 $$"));
        Assert.Equal(-1, (int)report["pid"]!);
    }

    [Fact]
    [Row("SHM-09")]
    public void What_a_runtime_that_is_killed_has_made_is_deleted()
    {
        FakeRuntime runtime = new(Dock, "case \" $* \" in *\" delete \"*) exit 0 ;; esac\nkill -9 $$");
        Assert.Equal(-1, (int)Report(runtime)["pid"]!);
        Assert.Equal(["delete", "--force", Id], runtime.Arguments);
    }

    [Fact]
    public void A_runtime_that_cannot_be_executed_has_failed()
    {
        FakeRuntime runtime = new(Dock);
        File.WriteAllText(runtime.Path, "#!/no/such/interpreter\n");
        Assert.Equal(-1, (int)Report(runtime)["pid"]!);
    }

    [Fact]
    public void A_long_complaint_is_cut_and_still_json()
    {
        JsonObject report = Report(new FakeRuntime(Dock, "head -c 20000 /dev/zero | tr '\\0' 'x' >&2; exit 1"));
        Assert.True(((string)report["message"]!).Length is > 4000 and <= 20000);
    }

    [Fact]
    public void A_runtime_that_writes_no_pid_file_has_failed()
    {
        JsonObject report = Report(new FakeRuntime(Dock, "exit 0"));
        Assert.Equal(-1, (int)report["pid"]!);
    }

    [Fact]
    public void A_failed_create_ends_the_monitor_and_leaves_no_exit_file()
    {
        FakeRuntime runtime = new(Dock, "echo no >&2; exit 1");
        MonitorCall call = FakeCall(runtime);
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        sync.Next();
        sync.ToEnd();
        Assert.Empty(Directory.GetFiles($"{Dock.Folder}/exits"));
    }

    [Fact]
    public void A_number_that_is_none_is_refused()
    {
        FakeRuntime runtime = new(Dock);
        Outcome outcome = FakeCall(runtime).Env("_OCI_STARTPIPE", "five").Run().Exited(1);
        Assert.Contains("unable to parse _OCI_STARTPIPE", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_container_does_not_inherit_the_pipes()
    {
        RunningMonitor monitor = Started(config => config.Shell("echo $(ls /proc/self/fd); echo ready; read never"), call => call.With("--stdin"));
        monitor.AwaitLog("ready");
        // ls has the folder open as 3.
        Assert.Equal("0 1 2 3", monitor.Log[0].Text.TrimEnd());
    }

    private JsonObject Report(FakeRuntime runtime, Action<MonitorCall>? change = null)
    {
        MonitorCall call = FakeCall(runtime);
        change?.Invoke(call);
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        return (JsonObject)sync.Next();
    }
}
