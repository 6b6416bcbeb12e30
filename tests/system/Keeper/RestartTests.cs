// Containers that are started again by their shim, engine or not.
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>Restart policies.</summary>
public sealed class RestartTests : KeeperTest
{
    private static Action<CreateRequest> Policy(Restart when, uint most = 0) => request => request.Restart = new() { When = when, Most = most };

    private static bool Exited(Event happened) => happened.Kind == "exited" && happened.ExecId.Length == 0;

    [Fact]
    public void On_failure_it_is_tried_as_often_as_told_with_pauses_that_grow()
    {
        string id = Create("echo try; exit 3", request =>
        {
            Policy(Restart.OnFailure, 3)(request);
            Cri(request);
            request.ExitCommand.AddRange(["/bin/sh", "-c", $"echo over >> {Dock.Folder}/over"]);
        });
        Attached follower = Connect().Follow(id);
        uint events = Client.Events();
        Start(id);
        List<Event> ends = [.. Enumerable.Range(0, 4).Select(_ => Client.Await(events, Exited))];
        Assert.Equal([0u, 1u, 2u, 3u], ends.Select(one => one.Restarts));
        // 100, 200 and 400 milliseconds, and what the containers took.
        Assert.InRange(ends[1].Time - ends[0].Time, 100_000_000, 10_000_000_000);
        Assert.InRange(ends[2].Time - ends[1].Time, 200_000_000, 10_000_000_000);
        Assert.InRange(ends[3].Time - ends[2].Time, 400_000_000, 10_000_000_000);
        Assert.Equal("try\ntry\ntry\ntry\n", follower.ReadToEnd());
        Assert.Equal("try\ntry\ntry\ntry\n", TextOf(File.ReadAllText(Log)));
        Assert.Equal("over\n", Until.FileHas($"{Dock.Folder}/over", "over"));
        Container state = State(id);
        Assert.Equal((3u, Status.Stopped, 3u), (state.Restarts, state.First!.Status, state.First.ExitStatus));
        Assert.Contains("\"restarts\":3,\"restarting\":false", File.ReadAllText($"{Dock.Bundle}/exit.json"));
        Assert.Equal(3u, Wait(id).ExitStatus);
    }

    [Fact]
    public void Success_is_no_failure_and_never_is_never()
    {
        string good = Run("exit 0", Policy(Restart.OnFailure)), bad = Run("exit 1");
        Wait(good);
        Wait(bad);
        Assert.Equal((Status.Stopped, 0u), (StatusOf(good), State(good).Restarts));
        Assert.Equal((Status.Stopped, 0u), (StatusOf(bad), State(bad).Restarts));
    }

    [Fact]
    public void Always_goes_on_without_an_engine_until_it_is_ended_for_good()
    {
        string id = Run("echo run; read x; exit 0", request =>
        {
            Policy(Restart.Always)(request);
            Cri(request);
        });
        Disconnect();
        Until.True(() => File.ReadAllText(Log).Split('\n').Length > 3, "it ran three times");
        Assert.True(Lives(ShimPid));
        Assert.True(State(id).Restarts >= 2);
        Until.True(() => StatusOf(id) == Status.Restarting, "it waits to be restarted");
        Assert.Contains("\"restarting\":true", File.ReadAllText($"{Dock.Bundle}/exit.json"));
        Kill(id, forGood: true);
        Assert.Equal(Status.Stopped, StatusOf(id));
        uint restarts = State(id).Restarts;
        Delete(id);
        Assert.Equal(File.ReadAllText(Log).Split('\n').Length - 1, (int)restarts + 1);
        Disconnect();
        AwaitShimsEnd();
    }

    [Fact]
    public void A_kill_is_a_failure_and_a_kill_for_good_is_the_end()
    {
        string id = Run("sleep 1000", Policy(Restart.OnFailure));
        uint events = Client.Events();
        Kill(id);
        Client.Await(events, one => one.Kind == "restarting");
        Client.Await(events, one => one.Kind == "started" && one.Restarts == 1);
        // While it runs, there is no end on file.
        Assert.False(File.Exists($"{Dock.Bundle}/exit.json"));
        Kill(id, forGood: true);
        Assert.Equal(137u, Wait(id).ExitStatus);
        Assert.Equal((Status.Stopped, 1u), (StatusOf(id), State(id).Restarts));
    }

    [Fact]
    public void Kill_for_good_and_delete_find_it_in_any_moment_of_a_restart()
    {
        for (int i = 0; i < 8; i++)
        {
            string id = Run("exit 1", Policy(Restart.Always));
            long until = Environment.TickCount64 + 60 + (i * 20);
            Until.True(() => Environment.TickCount64 >= until, "some time has passed");
            try { Kill(id, forGood: true); }
            catch (RefusedException e) when (e.Code == Rpc.StatusCode.NotFound) { } // it ended just before
            Until.True(() => StatusOf(id) == Status.Stopped, "it has stopped");
            Delete(id);
        }
        Assert.Empty(Client.Call<StateResponse>(Methods.State, new StateRequest()).Containers);
    }

    [Fact]
    public void A_policy_can_be_changed_while_it_runs()
    {
        string id = Run("sleep 1000", Policy(Restart.Always));
        Client.Call<Done>(Methods.SetPolicy, new PolicyRequest { Id = id });
        Kill(id);
        Wait(id);
        Assert.Equal((Status.Stopped, 0u), (StatusOf(id), State(id).Restarts));
        string loops = Run("exit 1", Policy(Restart.Always));
        Until.True(() => State(loops).Restarts >= 3 && StatusOf(loops) == Status.Restarting, "it waits");
        Client.Call<Done>(Methods.SetPolicy, new PolicyRequest { Id = loops });
        // One that is being made this moment runs once more.
        Until.True(() => StatusOf(loops) == Status.Stopped, "it has stopped");
    }

    [Fact]
    public void One_that_cannot_be_made_again_is_tried_and_given_up()
    {
        string id = Run("sleep 1000", Policy(Restart.OnFailure, 2));
        string config = File.ReadAllText($"{Dock.Bundle}/config.json");
        File.WriteAllText($"{Dock.Bundle}/config.json", "{");
        Kill(id);
        Until.True(() => StatusOf(id) == Status.Stopped, "it is given up");
        Assert.Equal(2u, State(id).Restarts);
        Disconnect();
        AwaitShimsEnd();
        File.WriteAllText($"{Dock.Bundle}/config.json", config);
    }

    [Fact]
    public void One_that_is_not_started_yet_is_not_started_by_its_policy()
    {
        string id = Create("sleep 1000", Policy(Restart.Always));
        Kill(id);
        Wait(id);
        Assert.Equal(Status.Stopped, StatusOf(id));
    }

    [Fact]
    public void Input_and_clients_belong_to_one_run()
    {
        string id = Run("echo hello; read x; echo $x", request =>
        {
            Policy(Restart.Always)(request);
            request.Input = true;
        });
        for (int run = 0; run < 2; run++)
        {
            Until.True(() => State(id) is { First.Status: Status.Running } state && state.Restarts == run, $"run {run} runs");
            Attached attached = Connect().Attach(id, noReplay: true);
            attached.Type($"run{run}\n");
            Assert.Contains($"run{run}\n", attached.ReadToEnd());
        }
    }
}
