// A container's life as an engine asks for it: made, started, stopped, taken away; and what is refused.
using System.Text.Json.Nodes;
using Berth.Rpc;
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>Verbs and refusals.</summary>
public sealed class LifeTests : KeeperTest
{
    private const string Sleeping = "while :; do sleep 1000; done";

    private static ContainerRequest The(string id) => new() { Id = id };

    [Fact]
    public void A_container_is_made_started_and_waited_for()
    {
        string id = Create("exit 42");
        Assert.Equal(Status.Created, StatusOf(id));
        uint wait = Client.Begin(Methods.Wait, new ProcessRequest { Id = id });
        int pid = Start(id);
        WaitResponse end = Client.Result<WaitResponse>(wait);
        Assert.Equal(42u, end.ExitStatus);
        Assert.False(end.OomKilled);
        Assert.InRange(DateTime.UnixEpoch.AddTicks(end.ExitedAt / 100), DateTime.UtcNow.AddMinutes(-5), DateTime.UtcNow);
        Container state = State(id);
        Assert.Equal((Status.Stopped, 42u, (uint)pid), (state.First!.Status, state.First.ExitStatus, state.First.Pid));
        Assert.True(state.First.StartedAt > 0 && state.First.StartedAt <= state.First.ExitedAt);
        Assert.Equal(42u, Delete(id).ExitStatus);
        Client.Refused(StatusCode.NotFound, Methods.Wait, new ProcessRequest { Id = id });
    }

    [Fact]
    public void A_program_that_ends_at_once_is_no_race()
    {
        string id = Create("exit 5");
        for (int i = 0; i < 10; i++)
        {
            Start(id);
            Assert.Equal(5u, Wait(id).ExitStatus);
            Delete(id);
            Client.Call<CreateResponse>(Methods.Create, new CreateRequest { Id = id, Bundle = Dock.Bundle, Runtime = new() { Binary = Dock.Runtime.Path, Root = Dock.StateRoot } });
        }
    }

    [Fact]
    public void A_signal_is_told_by_the_exit_code()
    {
        string id = Run(Sleeping);
        Assert.Equal(Status.Running, StatusOf(id));
        Client.Refused(StatusCode.FailedPrecondition, Methods.Delete, new ProcessRequest { Id = id });
        Kill(id);
        Assert.Equal(137u, Wait(id).ExitStatus);
        Client.Refused(StatusCode.NotFound, Methods.Kill, new KillRequest { Id = id, Signal = 9 });
    }

    [Fact]
    public void One_that_was_never_started_is_deleted_at_once()
    {
        string id = Create(Sleeping, request => request.Restart = new() { When = Restart.Always });
        KeeperClient other = Connect();
        Attached attached = other.Attach(id), follower = other.Follow(id);
        Assert.NotNull(follower.Next());
        long start = Environment.TickCount64;
        Delete(id);
        Assert.InRange(Environment.TickCount64 - start, 0, 5000);
        // Nobody waits for ever for what will not come.
        Assert.Equal("", attached.ReadToEnd() + follower.ReadToEnd());
        Client.Refused(StatusCode.NotFound, Methods.State, new StateRequest { Id = id });
    }

    [Fact]
    public void A_runtime_that_hangs_holds_up_nobody_else()
    {
        string id = Run("while :; do echo x; sleep 0.01; done", Cri), pid = $"{Dock.Folder}/hanging";
        string hangs = Dock.Program("hangs", $"case \" $* \" in *\" create \"*) echo $$ > {pid}.new; mv {pid}.new {pid}; kill -STOP $$ ;; esac\nexec {Dock.Runtime.Path} \"$@\"");
        CreateRequest request = Request(Sleeping, request => request.Runtime!.Binary = hangs);
        KeeperClient other = Connect();
        uint making = other.Begin(Methods.Create, request);
        int hanging = int.Parse(Until.FileHas(pid, "\n"));
        long size = new FileInfo(Log).Length;
        Until.True(() => new FileInfo(Log).Length > size, "the other is logged");
        Exec(id, "e", "exit 4");
        Assert.Equal(4u, Wait(id, "e").ExitStatus);
        Client.Refused(StatusCode.FailedPrecondition, Methods.Start, new ProcessRequest { Id = request.Id });
        Kill(id);
        Assert.Equal(137u, Wait(id).ExitStatus);
        Delete(id);
        Native.Kill(hanging, 9);
        Assert.Throws<RefusedException>(() => other.Result<CreateResponse>(making));
        Client.Refused(StatusCode.NotFound, Methods.State, new StateRequest { Id = request.Id });
    }

    [Fact]
    public void Pause_and_resume_hold_the_program()
    {
        string id = Run("while :; do echo x; sleep 0.01; done", Cri);
        Client.Call<Done>(Methods.Pause, The(id));
        Assert.Equal(Status.Paused, StatusOf(id));
        Client.Refused(StatusCode.FailedPrecondition, Methods.Pause, The(id));
        Client.Refused(StatusCode.FailedPrecondition, Methods.Exec, new ExecRequest { Id = id, ExecId = "e", Process = ProcessOf("true") });
        Client.Call<Done>(Methods.Resume, The(id));
        Assert.Equal(Status.Running, StatusOf(id));
        long size = new FileInfo(Log).Length;
        Until.True(() => new FileInfo(Log).Length > size, "it writes again");
        Client.Refused(StatusCode.FailedPrecondition, Methods.Resume, The(id));
    }

    [Fact]
    public void Update_and_stats_speak_of_its_cgroup()
    {
        Machine.NeedsController("memory");
        string id = Run(Sleeping);
        Client.Call<Done>(Methods.Update, new UpdateRequest { Id = id, Resources = """{"memory":{"limit":67108864}}"""u8.ToArray() });
        Assert.Equal("67108864", Dock.CgroupValue("memory", "memory.limit_in_bytes", "memory.max"));
        StatsResponse stats = Client.Call<StatsResponse>(Methods.Stats, The(id));
        Assert.StartsWith("io.containerd.cgroups.v", stats.Type);
        Assert.EndsWith(".Metrics", stats.Type);
        Assert.NotEmpty(stats.Metrics);
        Client.Refused(StatusCode.Unknown, Methods.Update, new UpdateRequest { Id = id, Resources = "{"u8.ToArray() });
    }

    [Fact]
    public void What_cannot_be_is_refused_in_kind()
    {
        string id = Run(Sleeping);
        foreach ((Rpc.Ttrpc.TtrpcMethod method, Rpc.Protobuf.IMessage request) in ((Rpc.Ttrpc.TtrpcMethod, Rpc.Protobuf.IMessage)[])
        [
            (Methods.Start, new ProcessRequest { Id = "other" }),
            (Methods.Kill, new KillRequest { Id = "other", Signal = 9 }),
            (Methods.Kill, new KillRequest { Id = id, ExecId = "none", Signal = 9 }),
            (Methods.Wait, new ProcessRequest { Id = id, ExecId = "none" }),
            (Methods.Exec, new ExecRequest { Id = "other", ExecId = "e", Process = ProcessOf("true") }),
            (Methods.State, new StateRequest { Id = "other" }),
            (Methods.Stats, The("other")),
            (Methods.Delete, new ProcessRequest { Id = "other" }),
            (Methods.ReopenLogs, The("other")),
            (Methods.SetPolicy, new PolicyRequest { Id = "other" }),
        ]) Client.Refused(StatusCode.NotFound, method, request);
        CreateRequest again = Request("true");
        again.Id = id;
        Client.Refused(StatusCode.AlreadyExists, Methods.Create, again);
        Client.Refused(StatusCode.FailedPrecondition, Methods.Start, new ProcessRequest { Id = id });
        Client.Refused(StatusCode.InvalidArgument, Methods.Exec, new ExecRequest { Id = id, Process = ProcessOf("true") });
        Client.Refused(StatusCode.InvalidArgument, Methods.Exec, new ExecRequest { Id = id, ExecId = "../../e", Process = ProcessOf("true") });
        Client.Refused(StatusCode.InvalidArgument, Methods.Exec, new ExecRequest { Id = id, ExecId = "e", Process = "no object"u8.ToArray() });
        Assert.Contains("no such log driver punch-cards", Client.Refused(StatusCode.InvalidArgument, Methods.Create, Request("true", request =>
        {
            Cri(request);
            request.Logs.Add(new() { Driver = "punch-cards" });
        })));
        Client.Refused(StatusCode.InvalidArgument, Methods.Create, Request("true", request => request.Runtime!.Root = ""));
        Client.Refused(StatusCode.InvalidArgument, Methods.Create, new CreateRequest { Id = "x" });
        Client.Refused(StatusCode.InvalidArgument, Methods.Hello, new HelloRequest());
        Client.Refused(StatusCode.FailedPrecondition, Methods.Shutdown, new ShutdownRequest());
        Client.Refused(StatusCode.Unimplemented, new Rpc.Ttrpc.TtrpcMethod(FullName, "Levitate"), new Done());
        Assert.Equal(1u, Client.Call<HelloResponse>(Methods.Hello, new HelloRequest { Version = 7 }).Version);
        Kill(id);
        Wait(id);
        Client.Refused(StatusCode.FailedPrecondition, Methods.Exec, new ExecRequest { Id = id, ExecId = "e", Process = ProcessOf("true") });
    }

    [Fact]
    public void A_create_that_fails_leaves_nothing_and_can_be_tried_again()
    {
        CreateRequest request = Request("true", null, config => config.Args("/no-such-program"));
        Assert.Contains("no-such-program", Client.Refused(StatusCode.Unknown, Methods.Create, request));
        Dock.Write(config => config.Remove("root"));
        Client.Refused(StatusCode.Unknown, Methods.Create, request);
        request.Runtime!.Binary = "/no/such/runtime";
        Assert.Contains("/no/such/runtime", Client.Refused(StatusCode.Unknown, Methods.Create, request));
        Assert.Empty(Client.Call<StateResponse>(Methods.State, new StateRequest()).Containers);
        Assert.Empty(Directory.Exists(Dock.StateRoot) ? Directory.GetDirectories(Dock.StateRoot).Where(folder => Path.GetFileName(folder)[0] != '.') : []);
        Assert.DoesNotContain(Dock.Root, File.ReadAllText("/proc/self/mountinfo"));
        request.Runtime.Binary = Dock.Runtime.Path;
        // A terminal that the configuration does not have: the runtime makes the container, and no terminal comes.
        Dock.Write(config => config.Shell("sleep 1000"));
        request.Terminal = true;
        Client.Refused(StatusCode.Unknown, Methods.Create, request);
        request.Terminal = false;
        Client.Call<CreateResponse>(Methods.Create, request);
        Start(request.Id);
    }

    [Fact]
    public void Two_containers_of_a_pod_share_one_shim()
    {
        string first = Run(Sleeping), second = Run("exit 3");
        Assert.Equal(3u, Wait(second).ExitStatus);
        Assert.Equal(1, Shims());
        Assert.Equal([first, second], Client.Call<StateResponse>(Methods.State, new StateRequest()).Containers.Select(container => container.Id).Order());
        Delete(second);
        Assert.Equal(Status.Running, StatusOf(first));
    }

    [Fact]
    public void The_sockets_are_the_owners_alone()
    {
        string id = Run(Sleeping);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket));
        Assert.Equal($"{ShimPid}\n", File.ReadAllText(Socket + ".pid"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Socket + ".pid"));
        Kill(id);
        Wait(id);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode($"{Dock.Bundle}/exit.json"));
    }

    [Fact]
    public void The_end_is_in_a_file_and_told_to_a_program()
    {
        string id = Create("exit 9", request => request.ExitCommand.AddRange(["/bin/sh", "-c", $"cat {Dock.Bundle}/exit.json > {Dock.Folder}/told"]));
        Assert.False(File.Exists($"{Dock.Bundle}/exit.json"));
        int pid = Start(id);
        WaitResponse end = Wait(id);
        JsonNode file = JsonNode.Parse(Until.FileHas($"{Dock.Folder}/told", "}"))!;
        Assert.Equal(
            (1, pid, 9, end.ExitedAt, false, 0, false),
            ((int)file["version"]!, (int)file["pid"]!, (int)file["exitStatus"]!, (long)file["exitedAt"]!, (bool)file["oomKilled"]!, (int)file["restarts"]!, (bool)file["restarting"]!));
        Delete(id);
        // A new life in the same bundle: what was said of the old one is not true of it.
        Client.Call<CreateResponse>(Methods.Create, new CreateRequest { Id = id, Bundle = Dock.Bundle, Runtime = new() { Binary = Dock.Runtime.Path, Root = Dock.StateRoot } });
        Assert.False(File.Exists($"{Dock.Bundle}/exit.json"));
    }

    [Fact]
    public void A_container_that_ran_out_of_memory_says_so()
    {
        Machine.NeedsController("memory");
        string id = Run("dd if=/dev/zero of=/dev/null bs=200M count=1; exit 1", null, config => config.SetJson("linux.resources", """{"memory":{"limit":25165824,"swap":25165824}}"""));
        Assert.True(Wait(id).OomKilled);
        Assert.True(State(id).First!.OomKilled);
        Assert.Contains("\"oomKilled\":true", File.ReadAllText($"{Dock.Bundle}/exit.json"));
    }

    [Fact]
    public void A_container_is_not_spared_when_memory_runs_out_because_its_shim_is()
    {
        string mine = File.ReadAllText("/proc/self/oom_score_adj");
        int pid = 0;
        string id = Create(Sleeping);
        pid = Start(id);
        Assert.Equal(mine, File.ReadAllText($"/proc/{pid}/oom_score_adj"));
    }
}
