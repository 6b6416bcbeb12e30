// The shim itself: when it ends, what is true after it was killed, and who may take its place.
using System.Net.Sockets;
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>The shim's own life.</summary>
public sealed class ShimTests : KeeperTest
{
    [Fact]
    public void It_ends_when_nothing_lives_and_nobody_is_connected_and_not_before()
    {
        string id = Run("while [ ! -e /tmp/go ]; do sleep 0.02; done");
        Disconnect();
        Assert.True(Lives(ShimPid));
        KeeperClient client = Client;
        File.WriteAllText($"{Dock.Root}/tmp/go", "");
        Wait(id);
        // Its end is known as long as somebody may ask.
        Assert.True(Lives(ShimPid));
        Assert.Equal(0u, client.Call<WaitResponse>(Methods.Wait, new ProcessRequest { Id = id }).ExitStatus);
        Disconnect();
        AwaitShimsEnd();
        Assert.False(File.Exists(Socket));
        Assert.False(File.Exists(Socket + ".pid"));
        Assert.Contains("\"exitStatus\":0", File.ReadAllText($"{Dock.Bundle}/exit.json"));
        Dock.Call("delete", id).Succeeded();
    }

    [Fact]
    public void It_ends_by_itself_after_a_container_that_ends_while_nobody_is_there()
    {
        string id = Run("while [ ! -e /tmp/go ]; do sleep 0.02; done; exit 5");
        Disconnect();
        File.WriteAllText($"{Dock.Root}/tmp/go", "");
        AwaitShimsEnd();
        Assert.Contains("\"exitStatus\":5", File.ReadAllText($"{Dock.Bundle}/exit.json"));
        Dock.Call("delete", id).Succeeded();
    }

    [Fact]
    public void It_ends_when_told_if_nothing_lives()
    {
        string id = Run("exit 0");
        Wait(id);
        Client.Call<Done>(Methods.Shutdown, new ShutdownRequest());
        AwaitShimsEnd();
        Dock.Call("delete", id).Succeeded();
    }

    [Fact]
    public void A_second_one_does_not_take_a_living_ones_place()
    {
        Run("sleep 1000");
        Dock.Tool(Shim, "keep", "--socket", Socket).Run().Exited(1);
        Assert.Equal(1, Shims());
        Client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 1 });
    }

    [Fact]
    public void Wrong_words_are_refused()
    {
        Assert.Contains("--socket", Dock.Tool(Shim, "keep").Run().Exited(1).Error);
        Assert.Contains("--levitate", Dock.Tool(Shim, "keep", "--levitate").Run().Exited(1).Error);
        Assert.Contains("/no/such/place", Dock.Tool(Shim, "keep", "--socket", "/no/such/place/s").Run().Exited(1).Error);
        Assert.Contains("keep --socket PATH", Dock.Tool(Shim, "keep", "--help").Run().Succeeded().Output);
    }

    [Fact]
    public void After_a_kill_a_new_one_takes_its_place_and_files_say_what_is_known()
    {
        string lives = Run("sleep 1000"), ended = Run("exit 7");
        int pid = (int)State(lives).First!.Pid;
        Wait(ended);
        Native.Kill(ShimPid, 9);
        AwaitShimsEnd();
        Disconnect();
        Assert.Throws<SocketException>(() => new KeeperClient(Socket));
        Assert.Contains("\"exitStatus\":7", File.ReadAllText($"{Dock.Folder}/bundle1/exit.json"));
        Assert.False(File.Exists($"{Dock.Folder}/bundle/exit.json"));
        Assert.True(Lives(pid));
        StartShim();
        Assert.Empty(Client.Call<StateResponse>(Methods.State, new StateRequest()).Containers);
        // The engine's part: what nobody keeps any more is ended, and made anew.
        Dock.Call("delete", "--force", lives).Succeeded();
        Dock.Call("delete", "--force", ended).Succeeded();
        Client.Call<CreateResponse>(Methods.Create, new CreateRequest { Id = lives, Bundle = $"{Dock.Folder}/bundle", Runtime = new() { Binary = Dock.Runtime.Path, Root = Dock.StateRoot } });
        Start(lives);
        Assert.Equal(Status.Running, StatusOf(lives));
    }

    [Fact]
    public void A_bundle_that_vanishes_costs_the_shim_nothing_but_a_file()
    {
        string id = Run("sleep 1000");
        Directory.Move(Dock.Bundle, Dock.Bundle + ".gone");
        Native.Kill((int)State(id).First!.Pid, 9);
        Assert.Equal(137u, Wait(id).ExitStatus);
        Assert.Equal(Status.Stopped, StatusOf(id));
        Directory.Move(Dock.Bundle + ".gone", Dock.Bundle);
    }

    [Fact]
    public void An_idle_one_is_never_woken()
    {
        Run("sleep 1000");
        _ = State(Dock.Id);
        long Switches() => File.ReadLines($"/proc/{ShimPid}/status").Where(line => line.Contains("ctxt_switches", StringComparison.Ordinal)).Sum(line => long.Parse(line.Split('\t')[1]));
        long before = Switches(), until = Environment.TickCount64 + 1500;
        Until.True(() => Environment.TickCount64 > until, "a while has passed");
        Assert.InRange(Switches() - before, 0, 1);
    }

    [Fact]
    public void Bytes_that_are_no_call_harm_nobody()
    {
        string id = Run("sleep 1000");
        byte[][] nonsense = [[0], [0xff, 0xff, 0xff, 0xff, 0, 0, 0, 1, 1, 0], new byte[100], [.. Enumerable.Range(0, 5000).Select(i => (byte)(i * 7))]];
        foreach (byte[] bytes in nonsense)
        {
            using Socket socket = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            socket.Connect(new UnixDomainSocketEndPoint(Socket));
            socket.Send(bytes);
        }
        Assert.Equal(Status.Running, StatusOf(id));
    }
}
