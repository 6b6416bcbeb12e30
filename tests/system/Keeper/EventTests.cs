// What happened, with numbers: an engine that was away asks for what it missed.
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>Events, and an engine that dies.</summary>
public sealed class EventTests : KeeperTest
{
    [Fact]
    public void A_life_is_told_in_order_and_with_numbers()
    {
        string id = Create("read x; exit 3", request => request.Input = true);
        uint events = Client.Events();
        Start(id);
        Exec(id, "e", "exit 4");
        Wait(id, "e");
        Delete(id, "e");
        Client.Call<Done>(Methods.Pause, new ContainerRequest { Id = id });
        Client.Call<Done>(Methods.Resume, new ContainerRequest { Id = id });
        Client.Call<Done>(Methods.CloseInput, new ProcessRequest { Id = id });
        Wait(id);
        Delete(id);
        List<Event> told = [.. Enumerable.Range(0, 9).Select(_ => Client.Message<Event>(events)!)];
        Assert.Equal(
            ["created:", "started:", "started:e", "exited:e", "deleted:e", "paused:", "resumed:", "exited:", "deleted:"],
            told.Select(one => $"{one.Kind}:{one.ExecId}"));
        Assert.Equal(Enumerable.Range(1, 9).Select(i => (ulong)i), told.Select(one => one.Number));
        Assert.All(told, one => Assert.Equal(id, one.Id));
        Assert.All(told, one => Assert.True(one.Time > 0 && one.Pid > 0));
        Assert.Equal((4u, 3u), (told[3].ExitStatus, told[7].ExitStatus));
        Assert.Equal(9u, Client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 }).LastEvent);
    }

    [Fact]
    public void An_engine_that_was_killed_finds_everything_as_it_is()
    {
        string stays = Run("echo out; while :; do sleep 0.05; echo x; done", Cri), ends = Run("read x; exit 42", request => request.Input = true);
        uint events = Client.Events();
        Event last = Client.Await(events, one => one.Kind == "started" && one.Id == ends);
        Exec(stays, "e", "while [ ! -e /tmp/go ]; do sleep 0.02; done; exit 9");
        Attached attached = Connect().Attach(stays);
        attached.Await("out\n");
        // A connection stays until the end of input was said: both are gone at once with the process otherwise.
        Client.Call<Done>(Methods.CloseInput, new ProcessRequest { Id = ends });
        Disconnect();
        File.WriteAllText($"{Dock.Folder}/bundle/rootfs/tmp/go", "");
        Until.FileHas($"{Dock.Folder}/bundle1/exit.json", "\"exitStatus\":42");
        long size = new FileInfo(Log).Length;
        Until.True(() => new FileInfo(Log).Length > size, "the container goes on, and its log");
        Assert.True(Lives(ShimPid));
        HelloResponse hello = Client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 });
        Assert.Equal((uint)ShimPid, hello.Pid);
        Assert.Equal(42u, Wait(ends).ExitStatus);
        Assert.Equal(9u, Wait(stays, "e").ExitStatus);
        Assert.Equal(Status.Running, StatusOf(stays));
        uint missed = Client.Events(last.Number);
        List<string> told = [.. Enumerable.Range(0, 3).Select(_ => Client.Message<Event>(missed)!).Select(one => $"{one.Kind}:{one.ExecId}:{one.ExitStatus}").Order(StringComparer.Ordinal)];
        Assert.Equal(["exited::42", "exited:e:9", "started:e:0"], told);
        Connect().Attach(stays).Await("x\n");
    }

    [Fact]
    public void What_is_known_no_more_is_said_to_be_lost()
    {
        string id = Run("sleep 1000");
        // Two events each.
        for (int i = 0; i < 150; i++)
        {
            Client.Call<Done>(Methods.Pause, new ContainerRequest { Id = id });
            Client.Call<Done>(Methods.Resume, new ContainerRequest { Id = id });
        }
        uint events = Client.Events();
        Event lost = Client.Message<Event>(events)!, next = Client.Message<Event>(events)!;
        Assert.Equal("lost", lost.Kind);
        Assert.Equal(lost.Number + 1, next.Number);
        Assert.Equal(302u - 256u, lost.Number);
        uint later = Client.Events(lost.Number);
        Assert.Equal(next.Number, Client.Message<Event>(later)!.Number);
        // More than was ever told: nothing, and nothing twice.
        uint future = Client.Events(1000);
        Kill(id);
        Wait(id);
        Assert.Equal(303u, Client.Await(events, one => one.Kind == "exited").Number);
        Assert.Equal("lost", Client.Message<Event>(future)!.Kind);
    }
}
