// Who is attached sees what the program writes, and may type: many clients, replay, terminals, and one that does not read.
using Berth.Rpc;
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>Attach.</summary>
public sealed class StreamTests : KeeperTest
{
    // Twenty megabytes in lines of five hundred bytes, each with its number.
    private const int Lines = 40_000;
    private const string Flood = "awk 'BEGIN { for (i = 1; i <= 40000; i++) printf \"%0499d\\n\", i }'";

    private static string Flooded() => string.Concat(Enumerable.Range(1, Lines).Select(i => $"{i:D499}\n"));

    private long LogSize() => File.Exists(Log) ? new FileInfo(Log).Length : 0;

    /// <summary>Waits until the log has not grown for a while: the container is held.</summary>
    private void AwaitHeld()
    {
        long size = -1, since = 0;
        Until.True(() =>
        {
            long now = LogSize();
            if (now != size) (size, since) = (now, Environment.TickCount64);
            return size > 0 && Environment.TickCount64 - since > 300;
        }, "the container is held");
    }

    [Fact]
    public void Two_clients_see_the_same_and_what_was_before_them()
    {
        string id = Run("echo before; echo wrong >&2; read line; echo after $line", request => request.Input = true);
        Attached first = Connect().Attach(id);
        Assert.Contains("wrong\n", first.Await("before\n") + first.Await("wrong\n"));
        Attached second = Connect().Attach(id), late = Connect().Attach(id, noReplay: true), mute = Connect().Attach(id, noOutput: true);
        second.Await("before\n");
        second.Await("wrong\n");
        mute.Type("all\n");
        Assert.EndsWith("after all\n", first.ReadToEnd());
        Assert.Equal(first.Seen, second.ReadToEnd());
        Assert.Equal("after all\n", late.ReadToEnd());
        Wait(id);
        // One that comes when all is over gets what is still known.
        Assert.EndsWith("after all\n", Connect().Attach(id).ReadToEnd());
    }

    [Fact]
    public void Each_chunk_says_its_stream()
    {
        string id = Create("echo out; echo err >&2");
        Attached attached = Client.Attach(id);
        Start(id);
        List<(uint, string)> chunks = [];
        while (attached.Next() is { } chunk) chunks.Add((chunk.Stream, System.Text.Encoding.ASCII.GetString(chunk.Bytes)));
        Assert.Equal([(2u, "out\n"), (3u, "err\n")], chunks.Order());
    }

    [Fact]
    public void Replay_keeps_as_much_as_was_asked_for_and_its_end()
    {
        string id = Run(Flood + "; echo end; read x", request =>
        {
            request.Input = true;
            request.ReplayBytes = 100_000;
            Cri(request);
        });
        Until.True(() => LogSize() > 0 && File.ReadAllText(Log).EndsWith("F end\n", StringComparison.Ordinal), "all is written");
        string seen = Connect().Attach(id).Await("\nend\n");
        Assert.InRange(seen.Length, 90_000, 100_000);
        Assert.EndsWith(seen, Flooded() + "end\n");
    }

    [Fact]
    public void Input_ends_when_it_is_said_or_with_the_client_if_so_wanted()
    {
        string said = Run("cat; echo over", request => request.Input = true);
        Attached attached = Connect().Attach(said);
        attached.Type("one\n");
        attached.Await("one\n");
        // A client that goes is no end of input.
        attached.EndInput();
        Attached second = Connect().Attach(said);
        second.Type("two\n");
        second.Await("two\n");
        Client.Call<Done>(Methods.CloseInput, new ProcessRequest { Id = said });
        Assert.EndsWith("over\n", second.ReadToEnd());
        string once = Run("cat; exit 4", request => request.Input = request.InputOnce = true);
        using (KeeperClient short_ = new(Socket)) short_.Attach(once).Type("x\n");
        Assert.Equal(4u, Wait(once).ExitStatus);
        string none = Run("cat; exit 5");
        Assert.Equal(5u, Wait(none).ExitStatus);
    }

    [Fact]
    public async Task Input_that_nobody_reads_yet_waits_for_the_program()
    {
        string id = Run("while [ ! -e /tmp/go ]; do sleep 0.02; done; wc -c", request => request.Input = true);
        Attached[] attached = [Connect().Attach(id), Connect().Attach(id)];
        // More than a pipe, the shim and a socket hold together: both clients wait in the middle of it.
        string much = new('x', 1_000_000);
        Task typing = Task.WhenAll(attached.Select(one => Task.Run(() => one.Type(much), TestContext.Current.CancellationToken)));
        Assert.Equal(Status.Running, StatusOf(id));
        File.WriteAllText($"{Dock.Root}/tmp/go", "");
        await typing;
        Until.True(() => ReadSoFar(id) >= 2_000_000, "all of it is read");
        Client.Call<Done>(Methods.CloseInput, new ProcessRequest { Id = id });
        Assert.Contains("2000000", attached[0].ReadToEnd());
    }

    private long ReadSoFar(string id)
    {
        uint pid = State(id).First!.Pid;
        string children = File.ReadAllText($"/proc/{pid}/task/{pid}/children").Trim();
        return ((string[])[$"{pid}", .. children.Split(' ', StringSplitOptions.RemoveEmptyEntries)])
            .Sum(one => File.Exists($"/proc/{one}/io") ? long.Parse(File.ReadAllLines($"/proc/{one}/io")[0].Split(' ')[1]) : 0);
    }

    [Fact]
    public void A_terminal_has_a_size_and_echoes()
    {
        string id = Create("stty size; read line; stty size; exit 6", request => request.Terminal = request.Input = true);
        Client.Call<Done>(Methods.Resize, new ResizeRequest { Id = id, Rows = 30, Columns = 90 });
        Attached attached = Connect().Attach(id);
        Start(id);
        attached.Await("30 90");
        Client.Call<Done>(Methods.Resize, new ResizeRequest { Id = id, Rows = 40, Columns = 100 });
        attached.Type("typed\n");
        Assert.Contains("typed", attached.Await("40 100"));
        attached.ReadToEnd();
        Assert.Equal(6u, Wait(id).ExitStatus);
    }

    [Fact]
    public void A_client_that_does_not_read_holds_the_container_and_nobody_else_and_nothing_is_lost()
    {
        string id = Create(Flood, Cri);
        KeeperClient stuck = Connect();
        stuck.Attach(id);
        Attached reader = Connect().Attach(id);
        Start(id);
        AwaitHeld();
        Assert.True(LogSize() < 10_000_000, "the client did not hold it");
        Assert.InRange(MemoryOf(ShimPid), 0, 32 * 1024);
        Assert.Equal(Status.Running, StatusOf(id));
        Exec(id, "e", "echo works");
        Assert.Equal(0u, Wait(id, "e").ExitStatus);
        stuck.Dispose();
        Assert.Equal(Flooded(), reader.ReadToEnd());
        Wait(id);
        Assert.Equal(Flooded(), TextOf(File.ReadAllText(Log)));
    }

    [Fact]
    public void A_client_that_said_its_last_word_and_goes_without_reading_lets_the_container_go_on()
    {
        string id = Create(Flood, Cri);
        KeeperClient stuck = Connect(), other = Connect();
        stuck.Attach(id).EndInput();
        other.Follow(id);
        Start(id);
        AwaitHeld();
        stuck.Dispose();
        other.Dispose();
        Wait(id);
        Assert.Equal(Flooded(), TextOf(File.ReadAllText(Log)));
    }

    [Fact]
    public void Clients_that_come_and_go_leave_nothing_behind()
    {
        string id = Run("while :; do echo x; sleep 0.01; done");
        for (int i = 0; i < 30; i++)
        {
            using KeeperClient client = new(Socket);
            client.Attach(id).Next();
            client.Follow(id).Next();
            client.Begin(Methods.Wait, new ProcessRequest { Id = id });
            client.Events();
        }
        int Descriptors() => Directory.GetFiles($"/proc/{ShimPid}/fd").Length;
        int before = Descriptors();
        for (int i = 0; i < 30; i++)
        {
            using KeeperClient client = new(Socket);
            client.Attach(id).Next();
        }
        Until.True(() => Descriptors() <= before, "no descriptor is left");
    }

    [Fact]
    public void Who_attaches_to_nothing_is_told()
    {
        string id = Run("sleep 1000");
        foreach ((string container, string exec) in ((string, string)[])[("other", ""), (id, "none")])
        {
            Attached attached = Client.Attach(container, exec);
            Assert.Equal(StatusCode.NotFound, Assert.Throws<RefusedException>(() => attached.Next()).Code);
        }
    }

    private static long MemoryOf(int pid) => long.Parse(File.ReadLines($"/proc/{pid}/status").Single(line => line.StartsWith("VmRSS", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2]);
}
