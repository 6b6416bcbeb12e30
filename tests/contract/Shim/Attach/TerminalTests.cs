// MON-03, MON-09, SHM-05: a container with a terminal: one stream, a size that follows, clients that come and go.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Attach;

[Row("MON-03", "MON-09", "SHM-05")]
public sealed class TerminalTests : MonitorTest
{
    private const string Sizes = "trap 'stty size' WINCH; echo ready; while :; do sleep 0.02; done";

    [Fact]
    public void Whoever_types_is_read_and_everybody_sees_it()
    {
        RunningMonitor monitor = Terminal("tty; read line; echo got $line");
        using AttachClient typist = monitor.Attach(), watcher = monitor.Attach();
        monitor.Start();
        watcher.Await("/dev/");
        typist.Type("typed\n");
        watcher.Await("got typed\r\n");
        typist.Await("got typed\r\n");
        typist.ToEnd();
        Assert.Equal(0, monitor.AwaitEnd());
        Assert.All(typist.Packets, packet => Assert.Equal(2, packet.Stream));
        Assert.Contains("got typed\r\n", monitor.Logged(), StringComparison.Ordinal);
    }

    [Fact]
    public void Control_c_is_a_signal()
    {
        RunningMonitor monitor = Terminal("trap 'echo interrupted; exit 3' INT; echo ready; while :; do sleep 0.02; done").Start();
        using AttachClient client = monitor.Attach();
        monitor.AwaitLog("ready");
        client.Type("\u0003");
        client.Await("interrupted");
        Assert.Equal(3, monitor.AwaitEnd());
    }

    [Fact]
    public void Who_detaches_leaves_the_program_alone_and_may_come_back()
    {
        RunningMonitor monitor = Terminal("echo ready; while read line; do echo got $line; done").Start();
        monitor.AwaitLog("ready");
        using (AttachClient client = monitor.Attach())
        {
            client.Type("one\n");
            client.Await("got one");
        }
        using (AttachClient client = monitor.Attach())
        {
            client.Type("two\n");
            client.Await("got two");
            client.Type("\u0004");
            client.ToEnd();
        }
        Assert.Equal(0, monitor.AwaitEnd());
    }

    [Fact]
    public void The_size_follows_the_control_fifo()
    {
        RunningMonitor monitor = Terminal(Sizes).Start();
        monitor.AwaitLog("ready");
        monitor.Control("1 33 77\n");
        monitor.AwaitLog("33 77");
        monitor.Control("1 0040 0100 and more\n");
        monitor.AwaitLog("40 100");
        Dock.Call("kill", Id, "KILL").Succeeded();
        monitor.AwaitEnd();
    }

    [Theory]
    [InlineData("1 41 101\n", "1 42 102\n")]
    [InlineData("1 42", " 102\n")]
    [InlineData("1 41 101\n1 4", "2 102\n")]
    [InlineData("1 41 101\n1 42 102\n", "")]
    [InlineData("bad line\n1 42 102\n", "")]
    public void Lines_may_come_together_or_in_pieces(string first, string second)
    {
        RunningMonitor monitor = Terminal(Sizes).Start();
        monitor.AwaitLog("ready");
        monitor.Control(first);
        if (second.Length > 0) monitor.Control(second);
        monitor.AwaitLog("42 102");
        Dock.Call("kill", Id, "KILL").Succeeded();
        monitor.AwaitEnd();
    }

    [Theory]
    [InlineData("1 -1 -1")]
    [InlineData("1 2")]
    [InlineData("1")]
    [InlineData("nonsense")]
    [InlineData("999 30 30")]
    [InlineData("1 0x10 0x20")]
    [InlineData("1 10.5 20.3")]
    [InlineData("1 1001 1000")]
    [InlineData("1 1000 1001")]
    [InlineData("1 100000 100000")]
    [InlineData("1 99999999999 99999999999")]
    public void A_size_that_is_none_is_ignored(string line)
    {
        RunningMonitor monitor = Terminal(Sizes).Start();
        monitor.AwaitLog("ready");
        monitor.Control("1 33 77\n");
        monitor.AwaitLog("33 77");
        monitor.Control(line + "\n");
        // Whether the bad line takes a good one along that comes with it is another question.
        string all = "";
        Until.True(() =>
        {
            monitor.Control("1 1000 1000\n");
            return (all = monitor.Logged()).Contains("1000 1000", StringComparison.Ordinal);
        }, "the size is set");
        Assert.Equal(["33 77", "1000 1000"], all.Split("\r\n")[1..^1].Distinct());
        Dock.Call("kill", Id, "KILL").Succeeded();
        monitor.AwaitEnd();
    }

    [Fact]
    public void A_line_without_an_end_in_sight_does_not_harm()
    {
        RunningMonitor monitor = Terminal(Sizes).Start();
        monitor.AwaitLog("ready");
        monitor.Control("1 2 2 " + new string('#', 60000) + "\n");
        // Words may be lost in the noise; the fifo must come back to its senses.
        Until.True(() =>
        {
            monitor.Control("1 33 77\n");
            return monitor.Logged().Contains("33 77", StringComparison.Ordinal);
        }, "the size is set");
        Dock.Call("kill", Id, "KILL").Succeeded();
        monitor.AwaitEnd();
    }

    [Fact]
    public void A_program_may_close_the_terminal_for_a_while()
    {
        RunningMonitor monitor = Terminal("t=$(tty); echo ready; exec 0<&- 1>&- 2>&-; while [ ! -e /go ]; do sleep 0.02; done; exec >$t; echo back").Start();
        monitor.AwaitLog("ready");
        File.WriteAllText($"{Dock.Root}/go", "");
        monitor.AwaitLog("back");
        Assert.Equal(0, monitor.AwaitEnd());
    }

    [Fact]
    public void All_of_it_is_seen_at_full_speed()
    {
        RunningMonitor monitor = Terminal("seq 1 30000");
        using AttachClient client = monitor.Attach();
        monitor.Start();
        Numbers.AreAll(30000, client.ToEnd(), "\r\n");
        monitor.AwaitEnd();
        Numbers.AreAll(30000, monitor.Logged(), "\r\n");
    }

    [Fact]
    public void The_console_socket_is_gone_once_the_terminal_has_come()
    {
        RunningMonitor monitor = Terminal("exit 0");
        Assert.Empty(Directory.GetFileSystemEntries($"{Dock.Folder}/tmp"));
        monitor.Start().AwaitEnd();
    }

    [Fact]
    [Row("MON-08")]
    public void A_runtime_that_sends_no_terminal_has_failed()
    {
        MonitorCall call = FakeCall(new FakeRuntime(Dock, program: "exec sleep 1000")).With("--terminal");
        ReportPipe sync = Hold(call.Reports());
        call.Run().Succeeded();
        System.Text.Json.Nodes.JsonNode report = sync.Next();
        int program = int.Parse(File.ReadAllText($"{Dock.Folder}/{Id}.pid"));
        Kernel.Signal(program, 9);
        Assert.Equal(-1, (int)report["pid"]!);
        Assert.Equal("Runtime did not set up terminal", (string?)report["message"]);
    }

    private RunningMonitor Terminal(string script) => Created(config => config.Set("process.terminal", true).Shell(script), call => call.With("--terminal").With("--stdin").With("--leave-stdin-open"));
}
