// MON-09, SHM-05: who attaches sees what the container says, packet by packet, and may talk to it.
using Berth.Contract.Shim.Stage;

namespace Berth.Contract.Shim.Attach;

[Row("MON-09", "SHM-05")]
public sealed class StreamTests : MonitorTest
{
    private const string Echo = "echo ready; while read line; do echo \"got $line\"; done; echo end";

    [Fact]
    public void A_packet_begins_with_the_number_of_its_stream()
    {
        RunningMonitor monitor = Created(config => config.Shell("echo out; echo err >&2"));
        using AttachClient client = monitor.Attach();
        monitor.Start();
        client.ToEnd();
        monitor.AwaitEnd();
        Assert.Equal("out\n", client.Output);
        Assert.Equal("err\n", client.Errors);
        Assert.All(client.Packets, packet => Assert.True(packet.Stream is 2 or 3 && packet.Data.Length > 0));
    }

    [Fact]
    public void A_packet_is_no_larger_than_clients_expect()
    {
        RunningMonitor monitor = Created(config => config.Shell("seq 1 50000"));
        using AttachClient client = monitor.Attach();
        monitor.Start();
        Numbers.AreAll(50000, client.ToEnd());
        monitor.AwaitEnd();
        Assert.All(client.Packets, packet => Assert.True(packet.Data.Length <= 8192, $"{packet.Data.Length} bytes"));
    }

    [Fact]
    public void Every_byte_comes_through_both_ways()
    {
        string bytes = string.Concat(Enumerable.Range(0, 4096).Select(i => (char)((i * 11) & 0xff)));
        RunningMonitor monitor = Started(config => config.Args("/bin/cat"), call => call.With("--stdin"));
        using AttachClient client = monitor.Attach();
        client.Type(bytes);
        Until.True(() => { client.Listen(); return client.Output.Length >= bytes.Length; }, "all comes back");
        Assert.Equal(bytes, client.Output);
        client.EndInput();
        client.ToEnd();
        monitor.AwaitEnd();
    }

    [Fact]
    public void Everybody_sees_the_same_from_when_he_came()
    {
        RunningMonitor monitor = Started(config => config.Shell(Echo), call => call.With("--stdin").With("--leave-stdin-open"));
        monitor.AwaitLog("ready");
        using AttachClient first = monitor.Attach();
        first.Type("one\n");
        first.Await("got one\n");
        using AttachClient second = monitor.Attach(), third = monitor.Attach();
        second.Type("two\n");
        foreach (AttachClient client in (AttachClient[])[first, second, third]) client.Await("got two\n");
        third.Type("three\n");
        foreach (AttachClient client in (AttachClient[])[first, second, third]) client.Await("got three\n");
        Assert.Equal("got one\ngot two\ngot three\n", first.Output);
        Assert.Equal("got two\ngot three\n", second.Output);
        Assert.Equal(second.Output, third.Output);
        Dock.Call("kill", Id, "KILL").Succeeded();
        foreach (AttachClient client in (AttachClient[])[first, second, third]) client.ToEnd();
        monitor.AwaitEnd();
    }

    [Fact]
    public void Many_may_be_attached()
    {
        RunningMonitor monitor = Created(config => config.Shell("seq 1 2000"));
        AttachClient[] clients = [.. Enumerable.Range(0, 20).Select(_ => Hold(monitor.Attach()))];
        monitor.Start();
        foreach (AttachClient client in clients) Numbers.AreAll(2000, client.ToEnd());
        monitor.AwaitEnd();
    }

    [Fact]
    public void Who_has_connected_misses_nothing_of_what_is_said_afterwards()
    {
        RunningMonitor monitor = Played(new FakeRuntime(Dock, program: "read line < \"$(dirname \"$0\")/go\"; echo first; exec sleep 1000"), call => Kernel.MakeFifo($"{Dock.Folder}/fake/go"));
        // The connections wait in a queue, and so does the line: the queue comes first.
        Kernel.Signal(monitor.Pid, 19);
        AttachClient[] clients = [.. Enumerable.Range(0, 9).Select(_ => Hold(new AttachClient(monitor.Socket)))];
        File.WriteAllText($"{Dock.Folder}/fake/go", "on\n");
        Until.True(() => Kernel.Stat(monitor.ProgramPid) is { } fields && File.ReadAllText($"/proc/{monitor.ProgramPid}/comm") == "sleep\n", "the line is said");
        Kernel.Signal(monitor.Pid, 18);
        foreach (AttachClient client in clients) client.Await("first\n");
        Kernel.Signal(monitor.ProgramPid, 9);
        monitor.AwaitEnd();
    }

    [Fact]
    public void Who_is_attached_is_told_of_the_end_by_the_end_of_his_connection()
    {
        RunningMonitor monitor = Idle();
        using AttachClient client = monitor.Attach();
        Dock.Call("kill", Id, "TERM").Succeeded();
        client.ToEnd();
        monitor.AwaitEnd();
    }

    [Fact]
    public void Last_words_reach_who_is_attached()
    {
        RunningMonitor monitor = Created(config => config.Shell("seq 1 30000; echo last words >&2"));
        using AttachClient client = monitor.Attach();
        monitor.Start();
        Numbers.AreAll(30000, client.ToEnd());
        Assert.Equal("last words\n", client.Errors);
        monitor.AwaitEnd();
    }

    [Fact]
    public void Who_goes_away_hinders_nobody()
    {
        RunningMonitor monitor = Created(config => config.Shell("seq 1 30000"));
        using (AttachClient hasty = monitor.Attach())
        using (AttachClient stays = monitor.Attach())
        {
            monitor.Start();
            hasty.Await("1\n");
            hasty.Dispose();
            Numbers.AreAll(30000, stays.ToEnd());
        }
        monitor.AwaitEnd();
        Numbers.AreAll(30000, monitor.Logged());
    }

    [Fact]
    public void Standard_input_ends_when_the_client_says_no_more_and_he_hears_the_rest()
    {
        RunningMonitor monitor = Started(config => config.Shell(Echo), call => call.With("--stdin"));
        monitor.AwaitLog("ready");
        using AttachClient client = monitor.Attach();
        client.Type("one\ntwo\n");
        client.EndInput();
        Assert.Equal("got one\ngot two\nend\n", client.ToEnd());
        Assert.Equal(0, monitor.AwaitEnd());
    }

    [Fact]
    public void Standard_input_ends_when_a_client_goes_away()
    {
        RunningMonitor monitor = Started(config => config.Shell(Echo), call => call.With("--stdin"));
        monitor.AwaitLog("ready");
        using (AttachClient client = monitor.Attach()) client.Type("one\n");
        Assert.Equal(0, monitor.AwaitEnd());
        Assert.Equal("ready\ngot one\nend\n", monitor.Logged());
    }

    [Fact]
    public void Standard_input_that_is_to_stay_open_does()
    {
        RunningMonitor monitor = Started(config => config.Shell(Echo), call => call.With("--stdin").With("--leave-stdin-open"));
        monitor.AwaitLog("ready");
        using (AttachClient client = monitor.Attach()) client.Type("one\n");
        monitor.AwaitLog("got one\n");
        using (AttachClient client = monitor.Attach())
        {
            client.Type("two\n");
            client.EndInput();
            client.Await("got two\n");
        }
        using (AttachClient client = monitor.Attach())
        {
            client.Type("three\n");
            client.Await("got three\n");
        }
        Assert.DoesNotContain("end", monitor.Logged(), StringComparison.Ordinal);
        Dock.Call("kill", Id, "KILL").Succeeded();
        monitor.AwaitEnd();
    }

    [Fact]
    public void Without_standard_input_the_container_reads_nothing_and_what_is_typed_is_lost()
    {
        RunningMonitor monitor = Created(config => config.Shell("cat; echo end"));
        using AttachClient client = monitor.Attach();
        client.Type("ignored\n");
        monitor.Start();
        Assert.Equal("end\n", client.ToEnd());
        Assert.Equal(0, monitor.AwaitEnd());
    }

    [Fact]
    public void What_is_typed_before_the_start_is_read_after_it()
    {
        RunningMonitor monitor = Created(config => config.Shell(Echo), call => call.With("--stdin"));
        using AttachClient client = monitor.Attach();
        client.Type("early\n");
        client.EndInput();
        monitor.Start();
        Assert.Equal("ready\ngot early\nend\n", client.ToEnd());
        monitor.AwaitEnd();
    }

    [Fact]
    public void More_than_a_pipe_holds_may_be_typed()
    {
        RunningMonitor monitor = Started(config => config.Shell("sleep 0.3; wc -c"), call => call.With("--stdin"));
        using AttachClient client = monitor.Attach();
        for (int i = 0; i < 40; i++) client.Type(new string('x', 8000));
        client.EndInput();
        Assert.Equal("320000", client.ToEnd().Trim());
        monitor.AwaitEnd();
    }

    [Fact]
    public void A_program_that_does_not_read_hinders_nobody()
    {
        RunningMonitor monitor = Started(config => config.Shell("while [ ! -e /go ]; do sleep 0.02; done; echo heard"), call => call.With("--stdin").With("--leave-stdin-open"));
        using AttachClient typist = monitor.Attach(), listener = monitor.Attach();
        // More than the pipe holds, and less than the connection holds beside it.
        for (int i = 0; i < 12; i++) typist.Type(new string('x', 8000));
        File.WriteAllText($"{Dock.Root}/go", "");
        listener.Await("heard\n");
        listener.ToEnd();
        Assert.Equal(0, monitor.AwaitEnd());
    }

    [Fact]
    public void A_program_that_closes_its_input_hinders_nobody()
    {
        RunningMonitor monitor = Started(config => config.Shell("exec 0<&-; echo closed; while [ ! -e /go ]; do sleep 0.02; done; echo heard"), call => call.With("--stdin"));
        monitor.AwaitLog("closed");
        using AttachClient client = monitor.Attach();
        client.Type("to nobody\n");
        client.Type("to nobody\n");
        File.WriteAllText($"{Dock.Root}/go", "");
        client.Await("heard\n");
        Assert.Equal(0, monitor.AwaitEnd());
    }

    [Fact]
    public void A_user_inside_may_open_his_streams_again()
    {
        RunningMonitor monitor = Started(config => config.Set("process.user.uid", 1000).SetJson("process.capabilities", "{}").Shell("echo again > /dev/stdout; echo error > /dev/stderr"));
        Assert.Equal(0, monitor.AwaitEnd());
        Assert.Equal("again\n", monitor.Logged());
        Assert.Equal("error\n", monitor.Logged("stderr"));
    }
}
