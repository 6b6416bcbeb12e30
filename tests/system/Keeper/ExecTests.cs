// Processes that are executed in a container: their streams, terminals and codes, and nothing that stays for them.
using Berth.Rpc;
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>Exec.</summary>
public sealed class ExecTests : KeeperTest
{
    private const string Sleeping = "while :; do sleep 1000; done";

    [Fact]
    public void It_writes_reads_and_ends_with_its_code()
    {
        string id = Run(Sleeping);
        Exec(id, "one", "read x; echo got $x; echo bad >&2; exit 7", request => request.Input = true);
        Attached attached = Connect().Attach(id, "one");
        attached.Type("it\n");
        attached.ReadToEnd();
        Assert.Contains("got it\n", attached.Seen);
        Assert.Contains("bad\n", attached.Seen);
        Assert.Equal(7u, Wait(id, "one").ExitStatus);
        Process state = Assert.Single(State(id).Execs);
        Assert.Equal((Status.Stopped, 7u, "one"), (state.Status, state.ExitStatus, state.ExecId));
        Assert.True(state.StartedAt > 0);
        Client.Refused(StatusCode.AlreadyExists, Methods.Exec, new ExecRequest { Id = id, ExecId = "one", Process = ProcessOf("true") });
        Assert.Equal(7u, Delete(id, "one").ExitStatus);
        Assert.Empty(State(id).Execs);
        Exec(id, "one", "exit 8");
        Assert.Equal(8u, Wait(id, "one").ExitStatus);
        Assert.Equal("", Client.Attach(id, "one").ReadToEnd());
    }

    [Fact]
    public void One_that_cannot_start_is_gone()
    {
        string id = Run(Sleeping);
        byte[] missing = """{"args":["/no-such-program"],"cwd":"/","user":{"uid":0,"gid":0}}"""u8.ToArray();
        Assert.Contains("no-such-program", Client.Refused(StatusCode.Unknown, Methods.Exec, new ExecRequest { Id = id, ExecId = "e", Process = missing }));
        Assert.Empty(State(id).Execs);
        // Nor is its failure told as that of another.
        Assert.DoesNotContain("no-such-program", Client.Refused(StatusCode.Unknown, Methods.Update, new UpdateRequest { Id = id, Resources = "{"u8.ToArray() }));
        Exec(id, "e", "true");
        Assert.Equal(0u, Wait(id, "e").ExitStatus);
    }

    [Fact]
    public void Terminals_made_at_the_same_time_are_not_mixed_up()
    {
        string id = Run(Sleeping);
        const int many = 6;
        (KeeperClient Client, uint Call)[] calls = [.. Enumerable.Range(0, many).Select(i => Connect()).Select((client, i) => (client, client.Begin(Methods.Exec,
            new ExecRequest { Id = id, ExecId = $"t{i}", Process = ProcessOf($"stty size; read x; echo $x-{i}; exit {i}"), Terminal = true, Input = true })))];
        foreach ((KeeperClient client, uint call) in calls) client.Result<StartResponse>(call);
        for (int i = 0; i < many; i++)
        {
            Client.Call<Done>(Methods.Resize, new ResizeRequest { Id = id, ExecId = $"t{i}", Rows = 10, Columns = (uint)(50 + i) });
            Attached attached = calls[i].Client.Attach(id, $"t{i}");
            attached.Type("hi\n");
            attached.Await($"hi-{i}");
            Assert.Equal((uint)i, Wait(id, $"t{i}").ExitStatus);
        }
    }

    [Fact]
    public void Many_need_no_process_besides_the_one_shim()
    {
        string id = Run(Sleeping);
        const int many = 20;
        uint[] calls = [.. Enumerable.Range(0, many).Select(i => Client.Begin(Methods.Exec, new ExecRequest { Id = id, ExecId = $"e{i}", Process = ProcessOf($"read x; exit {i}"), Input = true }))];
        foreach (uint call in calls) Client.Result<StartResponse>(call);
        Assert.Equal(many, State(id).Execs.Count(exec => exec.Status == Status.Running));
        Assert.Equal(1, Shims());
        string[] children = File.ReadAllText($"/proc/{ShimPid}/task/{ShimPid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(many + 1, children.Length);
        for (int i = 0; i < many; i++) Client.Call<Done>(Methods.CloseInput, new ProcessRequest { Id = id, ExecId = $"e{i}" });
        for (int i = 0; i < many; i++)
        {
            Assert.Equal((uint)i, Wait(id, $"e{i}").ExitStatus);
            Delete(id, $"e{i}");
        }
        Assert.Single(File.ReadAllText($"/proc/{ShimPid}/task/{ShimPid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(Directory.GetFiles(Dock.Bundle, "e*.p*"));
    }

    [Fact]
    public void It_is_killed_alone_and_goes_with_its_container()
    {
        string id = Run(Sleeping);
        Exec(id, "a", Sleeping);
        Exec(id, "b", Sleeping);
        Kill(id, 15, "a");
        Assert.Equal(143u, Wait(id, "a").ExitStatus);
        uint wait = Client.Begin(Methods.Wait, new ProcessRequest { Id = id, ExecId = "b" });
        Kill(id);
        Assert.Equal(137u, Client.Result<WaitResponse>(wait).ExitStatus);
        Assert.Equal(137u, Wait(id).ExitStatus);
    }

    [Fact]
    public void What_it_leaves_behind_holds_nobody_up()
    {
        string id = Run(Sleeping);
        Exec(id, "e", "yes & exit 3");
        Assert.Equal(3u, Wait(id, "e").ExitStatus);
        Attached attached = Client.Attach(id, "e");
        attached.ReadToEnd();
        Delete(id, "e");
        Assert.Equal(Status.Running, StatusOf(id));
    }

    [Fact]
    [Row("MRS-03")]
    public void One_call_executes_waits_and_brings_both_streams()
    {
        string id = Run(Sleeping);
        ExecSyncResponse done = Sync(id, "cat; echo out; echo err >&2; exit 9");
        Assert.Equal((9u, "out\n", "err\n", false, false), (done.ExitStatus, Text(done.Output), Text(done.Error), done.TimedOut, done.Cut));
        // Nobody else hears of it.
        Assert.Empty(State(id).Execs);
        Assert.Contains("no-such-program", Client.Refused(StatusCode.Unknown, Methods.ExecSync,
            new ExecSyncRequest { Id = id, Process = """{"args":["/no-such-program"],"cwd":"/","user":{"uid":0,"gid":0}}"""u8.ToArray() }));
        Client.Refused(StatusCode.NotFound, Methods.ExecSync, new ExecSyncRequest { Id = "nobody", Process = ProcessOf("true") });
    }

    [Fact]
    [Row("MRS-03")]
    public void One_that_takes_too_long_is_killed_and_that_is_said()
    {
        string id = Run(Sleeping);
        ExecSyncResponse done = Sync(id, "echo begun; exec sleep 1000", request => request.TimeoutMs = 300);
        Assert.Equal((true, 137u, "begun\n"), (done.TimedOut, done.ExitStatus, Text(done.Output)));
        Assert.Empty(State(id).Execs);
    }

    [Fact]
    [Row("MRS-03")]
    public void Output_beyond_the_limit_is_cut_and_the_process_goes_on()
    {
        string id = Run(Sleeping);
        ExecSyncResponse done = Sync(id, "seq 1 100000; echo err >&2; exit 3", request => request.MostBytes = 10);
        Assert.Equal((3u, "1\n2\n3\n4\n5\n", "err\n", true), (done.ExitStatus, Text(done.Output), Text(done.Error), done.Cut));
        // Without a limit as much as fits into an answer.
        Assert.Equal(3 << 19, Sync(id, "seq 1 1000000").Output.Length);
    }

    [Fact]
    [Row("MRS-03")]
    public void Many_such_calls_at_once_leave_nothing()
    {
        string id = Run(Sleeping);
        int before = Directory.GetFiles($"/proc/{ShimPid}/fd").Length;
        for (int round = 0; round < 5; round++)
        {
            uint[] calls = [.. Enumerable.Range(0, 20).Select(i => Client.Begin(Methods.ExecSync, new ExecSyncRequest { Id = id, Process = ProcessOf($"echo {i}; exit {i}") }))];
            for (int i = 0; i < calls.Length; i++)
            {
                ExecSyncResponse done = Client.Result<ExecSyncResponse>(calls[i]);
                Assert.Equal(((uint)i, $"{i}\n"), (done.ExitStatus, Text(done.Output)));
            }
        }
        Until.True(() => Directory.GetFiles($"/proc/{ShimPid}/fd").Length == before, "the descriptors are closed");
        Assert.DoesNotContain(Directory.GetFiles(Dock.Bundle), file => file.Contains("sync", StringComparison.Ordinal));
    }

    private ExecSyncResponse Sync(string id, string script, Action<ExecSyncRequest>? more = null)
    {
        ExecSyncRequest request = new() { Id = id, Process = ProcessOf(script) };
        more?.Invoke(request);
        return Client.Call<ExecSyncResponse>(Methods.ExecSync, request);
    }

    private static string Text(byte[] bytes) => System.Text.Encoding.UTF8.GetString(bytes);
}
