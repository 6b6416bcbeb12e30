// MON-03, MON-08, MON-09: an exec session that somebody watches from its first byte on, with and without a terminal.
using System.Text.Json;
using System.Text.Json.Nodes;
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Exec;

[Row("MON-03", "MON-08", "MON-09")]
public sealed class AttachedExecTests : MonitorTest
{
    private readonly string _name;
    private RunningMonitor? _container;

    public AttachedExecTests() => _name = NewSession();

    [Fact]
    public void The_pipe_for_attach_must_be_there()
    {
        MonitorCall call = ExecCall(_name, "/bin/true").With("--exec-attach").With("--sync");
        Assert.Contains("_OCI_ATTACHPIPE", call.Run().Exited(1).Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_socket_is_told_of_before_the_runtime_is_called_and_the_command_waits_for_the_client()
    {
        (ReportPipe sync, StartPipe start) = Begin(new FakeRuntime(Dock, program: "echo first; exit 7"));
        Assert.False(File.Exists($"{Dock.Folder}/fake/argv"));
        Assert.True(sync.IsSilent);
        using AttachClient client = new($"{Dock.Folder}/{_name}/attach");
        start.Go();
        Assert.Equal("first\n", client.ToEnd());
        Assert.True((int)sync.Next()["data"]! > 0);
        Assert.Equal(7, (int)sync.Next()["data"]!);
        Gone();
    }

    [Fact]
    public void A_real_command_is_seen_from_its_first_byte_on()
    {
        _container = Idle();
        (ReportPipe sync, StartPipe start) = Begin(null, "echo first; echo error >&2; seq 1 20000; exit 7");
        using AttachClient client = new($"{Dock.Folder}/{_name}/attach");
        start.Go();
        string all = client.ToEnd();
        Assert.StartsWith("first\n", all, StringComparison.Ordinal);
        Numbers.AreAll(20000, all[6..]);
        Assert.Equal("error\n", client.Errors);
        sync.Next();
        Assert.Equal(7, (int)sync.Next()["data"]!);
        Gone();
    }

    [Fact]
    public void It_may_be_talked_to()
    {
        _container = Idle();
        (_, StartPipe start) = Begin(null, "while read line; do echo got $line; done; echo end", "--stdin");
        using AttachClient client = new($"{Dock.Folder}/{_name}/attach");
        start.Go();
        client.Type("one\n");
        client.Await("got one\n");
        client.EndInput();
        Assert.Equal("got one\nend\n", client.ToEnd());
        Gone();
    }

    [Fact]
    public void A_client_that_types_before_the_command_runs_is_read()
    {
        _container = Idle();
        (_, StartPipe start) = Begin(null, "cat", "--stdin");
        using AttachClient client = new($"{Dock.Folder}/{_name}/attach");
        client.Type("early\n");
        client.EndInput();
        start.Go();
        Assert.Equal("early\n", client.ToEnd());
        Gone();
    }

    [Fact]
    public void A_terminal_is_one_stream_and_has_a_size()
    {
        _container = Idle();
        (ReportPipe sync, StartPipe start) = Begin(null, "trap 'stty size' WINCH; tty; echo error >&2; while [ ! -e /go ]; do sleep 0.02; done; exit 8", "--terminal", "--stdin");
        using AttachClient client = new($"{Dock.Folder}/{_name}/attach");
        start.Go();
        client.Await("/dev/pts/");
        // Whether a line that is said at once ends as terminals end them is a race with the monitor, who sees the terminal only then.
        client.Await("error");
        RunningMonitor session = new(Dock, _name, $"{Dock.Folder}/{_name}", sync);
        session.Control("1 35 79\n");
        client.Await("35 79\r\n");
        File.WriteAllText($"{Dock.Root}/go", "");
        client.ToEnd();
        Assert.Empty(client.Errors);
        sync.Next();
        Assert.Equal(8, (int)sync.Next()["data"]!);
        Gone();
    }

    [Fact]
    public void A_terminal_whose_command_ends_at_once_is_not_missed()
    {
        _container = Idle();
        (ReportPipe sync, StartPipe start) = Begin(null, "exit 9", "--terminal");
        using AttachClient client = new($"{Dock.Folder}/{_name}/attach");
        start.Go();
        client.ToEnd();
        Assert.True((int)sync.Next()["data"]! > 0);
        Assert.Equal(9, (int)sync.Next()["data"]!);
        Gone();
    }

    [Fact]
    public void A_command_that_cannot_be_started_is_told_to_the_engine_and_the_client_hears_the_end()
    {
        _container = Idle();
        (ReportPipe sync, StartPipe start) = Begin(null, null);
        using AttachClient client = new($"{Dock.Folder}/{_name}/attach");
        start.Go();
        client.ToEnd();
        JsonNode report = sync.Next();
        Assert.True((int)report["data"]! < 0);
        Assert.Contains("/no/such/program", (string?)report["message"], StringComparison.Ordinal);
        Gone();
    }

    [Fact]
    public void A_terminal_that_cannot_be_started_is_told_too()
    {
        _container = Idle();
        (ReportPipe sync, StartPipe start) = Begin(null, null, "--terminal");
        start.Go();
        JsonNode report = sync.Next();
        Assert.True((int)report["data"]! < 0);
        Assert.Contains("/no/such/program", (string?)report["message"], StringComparison.Ordinal);
        Gone();
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing && _container is { IsAlive: true } container)
        {
            Dock.Call("kill", Id, "KILL");
            container.AwaitGone();
        }
        base.Dispose(disposing);
    }

    // The hand-shake of an engine that attaches: go, the socket is there, (attach,) go.
    private (ReportPipe Sync, StartPipe Start) Begin(FakeRuntime? runtime, string? script = null, params string[] options)
    {
        MonitorCall call = script is null && runtime is null ? ExecCall(_name, "/no/such/program") : ExecCall(_name, "/bin/sh", "-c", script ?? "");
        if (runtime is not null) call.Without("--runtime-arg").Instead("--runtime", runtime.Path);
        call.With("--exec-attach").With(options);
        if (options.Contains("--terminal")) Terminal();
        ReportPipe sync = Hold(call.Reports()), attach = Hold(call.ReportsAttach());
        StartPipe start = Hold(call.Waits());
        using Live live = call.Start();
        start.Go();
        live.Wait().Succeeded();
        JsonObject ready = (JsonObject)attach.Next();
        Assert.Equal(("data", 0), (Assert.Single(ready).Key, (int)ready["data"]!));
        return (sync, start);
    }

    private void Terminal()
    {
        string path = $"{Dock.Folder}/{_name}/process.json";
        JsonNode spec = JsonNode.Parse(File.ReadAllText(path))!;
        spec["terminal"] = true;
        File.WriteAllText(path, spec.ToJsonString(JsonSerializerOptions.Default));
    }

    private void Gone()
    {
        int pid = int.Parse(File.ReadAllText($"{Dock.Folder}/{_name}.monitor"));
        Until.True(() => !Kernel.IsAlive(pid), "the session's monitor ends");
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/tmp"));
    }
}
