// MON-04: where the output goes: a file by several spellings, nowhere, straight through, or to several places.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Logs;

[Row("MON-04")]
public sealed class DriverTests : MonitorTest
{
    [Theory]
    [InlineData("", "log-path must not be empty")]
    [InlineData(":", "log-path must not be empty")]
    [InlineData("k8s-file", "k8s-file requires a filename")]
    [InlineData("k8s-file:", "k8s-file requires a filename")]
    [InlineData("gelf:/log", "No such log driver gelf")]
    [InlineData("gelf:", "No such log driver gelf")]
    [InlineData("k8s-file:/no/such/folder/log", "Failed to open log file")]
    [InlineData("/no/such/folder/log", "Failed to open log file")]
    public void A_driver_that_is_none_is_refused(string driver, string because)
    {
        Outcome outcome = FakeCall(new FakeRuntime(Dock)).Instead("--log-path", driver).Run().Exited(1);
        Assert.Contains(because, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Some_driver_must_be_named()
    {
        Outcome outcome = FakeCall(new FakeRuntime(Dock)).Without("--log-path").Run().Exited(1);
        Assert.Contains("Log driver not provided. Use --log-path", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void One_bad_driver_among_good_ones_is_refused()
    {
        Outcome outcome = FakeCall(new FakeRuntime(Dock)).With("--log-path", "gelf:x").Run().Exited(1);
        Assert.Contains("No such log driver gelf", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("k8s-file:@")]
    [InlineData("@")]
    [InlineData(":@")]
    public void A_file_may_be_named_with_and_without_its_driver(string spelling)
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo said"), call => call.Instead("--log-path", spelling.Replace("@", $"{Dock.Folder}/{Id}.log", StringComparison.Ordinal)));
        monitor.AwaitEnd();
        Assert.Equal("said\n", monitor.Logged());
    }

    [Theory]
    [InlineData("file", "file")]
    [InlineData(":journald", "journald")]
    [InlineData(":none", "none")]
    public void A_file_is_looked_for_where_the_monitor_was_called(string spelling, string name)
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo said"), call => call.Instead("--log-path", spelling).After($"cd {Dock.NewFolder("here")}"));
        monitor.AwaitEnd();
        Assert.Equal("said\n", LogLine.Joined(LogLine.Read($"{Dock.Folder}/here/{name}"), "stdout"));
    }

    [Theory]
    [InlineData("none")]
    [InlineData("none:")]
    [InlineData("off")]
    [InlineData("off:")]
    [InlineData("null")]
    [InlineData("null:/anything")]
    public void Output_may_be_dropped(string driver)
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "seq 1 50000; exit 3"), call => call.Instead("--log-path", driver).After($"cd {Dock.NewFolder("here")}"));
        Assert.Equal(3, monitor.AwaitEnd());
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/here"));
    }

    [Fact]
    [Row("MON-09")]
    public void What_is_dropped_is_still_seen_by_who_is_attached()
    {
        RunningMonitor monitor = Created(config => config.Shell("echo said"), call => call.Instead("--log-path", "none"));
        using AttachClient client = monitor.Attach();
        monitor.Start();
        Assert.Equal("said\n", client.ToEnd());
        monitor.AwaitEnd();
    }

    [Fact]
    public void A_dropper_beside_a_file_drops_nothing()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "echo said"), call => call.With("--log-path", "none"));
        monitor.AwaitEnd();
        Assert.Equal("said\n", monitor.Logged());
    }

    [Fact]
    public void Streams_may_be_passed_through()
    {
        Dock.Write(config => config.Shell("read line; echo got $line; echo err >&2; exit 5"));
        string input = Dock.NewFile("input", "typed\n");
        MonitorCall call = CreateCall().Instead("--log-path", "passthrough").After($"exec 8<'{input}' 9>'{Dock.Folder}/output'").Through("/bin/sh", "-c", "exec \"$@\" <&8 >&9 2>&9 8<&- 9>&-", "sh");
        RunningMonitor monitor = Begun(call, Id, Dock.Bundle).Start();
        Assert.Equal(5, monitor.AwaitEnd());
        Assert.Equal("got typed\nerr\n", File.ReadAllText($"{Dock.Folder}/output"));
    }

    [Fact]
    [Row("MON-09")]
    public void Streams_that_are_passed_through_cannot_be_attached_to()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "exec sleep 1000"), call => call.Instead("--log-path", "passthrough"));
        Assert.False(File.Exists(monitor.Socket));
        Assert.False(File.Exists($"{Dock.Bundle}/ctl"));
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/sockets"));
        // The container has the engine's streams, the monitor none.
        Assert.Equal("/dev/null", Kernel.Open(monitor.Pid)[1]);
        Assert.StartsWith(Dock.Folder, Kernel.Open(monitor.ProgramPid)[1], StringComparison.Ordinal);
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
    }

    [Fact]
    [Row("MON-07")]
    public void A_file_takes_no_tag()
    {
        Outcome outcome = FakeCall(new FakeRuntime(Dock)).With("--log-tag", "tag").Run().Exited(1);
        Assert.Contains("k8s-file doesn't support --log-tag", outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Row("MON-07")]
    public void A_file_takes_no_label()
    {
        Outcome outcome = FakeCall(new FakeRuntime(Dock)).With("--log-label", "LABEL=value").Run().Exited(1);
        Assert.Contains("k8s-file doesn't support --log-label", outcome.Error, StringComparison.Ordinal);
    }

    [Theory]
    [Row("MON-07")]
    [InlineData("LABEL", "Container labels must be in format LABEL=VALUE")]
    [InlineData("=value", "Container labels must be in format LABEL=VALUE")]
    [InlineData("LABEL=a=b", "Container labels must be in format LABEL=VALUE")]
    [InlineData("label=value", "Container label names must contain only uppercase letters, numbers and underscore")]
    [InlineData("LA%BEL=value", "Container label names must contain only uppercase letters, numbers and underscore")]
    public void A_label_has_a_name_and_a_value(string label, string because)
    {
        Outcome outcome = FakeCall(new FakeRuntime(Dock)).Instead("--log-path", "journald").With("--log-label", label).Run().Exited(1);
        Assert.Contains(because, outcome.Error, StringComparison.Ordinal);
    }

    [Fact]
    [Row("MON-07")]
    public void The_journal_wants_an_id_longer_than_the_short_form()
    {
        Outcome outcome = FakeCall(new FakeRuntime(Dock)).Instead("--log-path", "journald:").Instead("--cid", "abcdefghijkl").Instead("--cuuid", "abcdefghijkl").Run().Exited(1);
        Assert.Contains("Container ID must be longer than 12 characters", outcome.Error, StringComparison.Ordinal);
    }
}
