// The task service where containerd itself cannot be made to ask: runtimes that hang, calls side by side, readers that are late.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Rpc;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;
using Berth.SystemTests.Keeper;
using static Berth.Shim.ShimV2.Protos.TaskService;

namespace Berth.SystemTests.ShimV2;

/// <summary>Tasks.</summary>
public sealed class TaskTests : ShimTest
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    [Theory]
    [InlineData("exec sleep 1000")]
    [InlineData("trap '' TERM; {0} \"$@\"; exec sleep 1000")]
    public void A_runtime_that_hangs_in_create_is_killed_and_leaves_nothing(string hangs)
    {
        Dock.Write(config => config.Args("sleep", "1000"));
        string runtime = Wrapper("hangs", $"[ $verb != create ] || {{ {hangs.Replace("{0}", Dock.Runtime.Path, StringComparison.Ordinal)}; }}");
        KeeperClient client = Begin(Dock.Id);
        Assert.Equal(StatusCode.DeadlineExceeded, CodeOf<CreateTaskResponse>(client, client.Begin(Methods.Create, Request(Dock.Id, runtime), patience: Short)));
        Assert.Equal(StatusCode.NotFound, CodeOf<StateResponse>(client, Methods.State, new StateRequest { Id = Dock.Id }));
        Assert.Empty(Directory.Exists(Dock.StateRoot) ? Directory.GetFileSystemEntries(Dock.StateRoot) : []);
        client.Call<CreateTaskResponse>(Methods.Create, Request(Dock.Id));
        client.Call<StartResponse>(Methods.Start, new StartRequest { Id = Dock.Id });
        Remove(client, Dock.Id);
        End(client);
    }

    [Fact]
    public void A_shutdown_that_comes_while_a_half_made_container_is_undone_is_not_forgotten()
    {
        Dock.Write(config => config.Args("sleep", "1000"));
        string go = $"{Dock.Folder}/go";
        string runtime = Wrapper("hangs", $"[ $verb != create ] || exec sleep 1000; [ $verb != delete ] || until [ -e {go} ]; do sleep 0.02; done");
        KeeperClient client = Begin(Dock.Id);
        uint create = client.Begin(Methods.Create, Request(Dock.Id, runtime), patience: Short);
        client.Call<Empty>(Methods.Shutdown, new ShutdownRequest { Id = Dock.Id });
        File.WriteAllText(go, "");
        Assert.Equal(StatusCode.DeadlineExceeded, CodeOf<CreateTaskResponse>(client, create));
        Until.True(() => !Lives(ShimPid), "the shim has ended");
    }

    [Fact]
    public void Other_verbs_of_a_runtime_that_hangs_fail_in_time_and_can_be_repeated()
    {
        Dock.Write(config => config.Args("sleep", "1000"));
        string runtime = Wrapper("hangs", $"[ -e {Dock.Folder}/well ] || case $verb in start|pause|exec|kill) exec sleep 1000 ;; esac");
        KeeperClient client = Begin(Dock.Id);
        client.Call<CreateTaskResponse>(Methods.Create, Request(Dock.Id, runtime));
        Assert.Equal(StatusCode.DeadlineExceeded, CodeOf<StartResponse>(client, client.Begin(Methods.Start, new StartRequest { Id = Dock.Id }, patience: Short)));
        File.WriteAllText($"{Dock.Folder}/well", "");
        client.Call<StartResponse>(Methods.Start, new StartRequest { Id = Dock.Id });
        File.Delete($"{Dock.Folder}/well");
        client.Call<Empty>(Methods.Exec, Exec("e", "true"));
        uint exec = client.Begin(Methods.Start, new StartRequest { Id = Dock.Id, ExecId = "e" }, patience: Short);
        uint pause = client.Begin(Methods.Pause, new PauseRequest { Id = Dock.Id }, patience: Short);
        uint kill = client.Begin(Methods.Kill, new KillRequest { Id = Dock.Id, Signal = 9 }, patience: Short);
        Assert.Equal(StatusCode.DeadlineExceeded, CodeOf<StartResponse>(client, exec));
        Assert.Equal(StatusCode.DeadlineExceeded, CodeOf<Empty>(client, pause));
        Assert.Equal(StatusCode.DeadlineExceeded, CodeOf<Empty>(client, kill));
        Assert.Equal(Status.Running, client.Call<StateResponse>(Methods.State, new StateRequest { Id = Dock.Id }).Status);
        File.WriteAllText($"{Dock.Folder}/well", "");
        Remove(client, Dock.Id);
        End(client);
    }

    [Fact]
    public void A_call_that_ends_in_time_is_left_alone_afterwards()
    {
        Dock.Write(config => config.Args("sleep", "1000"));
        KeeperClient client = Begin(Dock.Id);
        client.Result<CreateTaskResponse>(client.Begin(Methods.Create, Request(Dock.Id), patience: TimeSpan.FromSeconds(20)));
        client.Result<StartResponse>(client.Begin(Methods.Start, new StartRequest { Id = Dock.Id }, patience: TimeSpan.FromSeconds(20)));
        Remove(client, Dock.Id);
        End(client);
    }

    [Fact]
    public void Of_two_who_delete_one_does()
    {
        Dock.Write(config => config.Args("true"));
        string runtime = Wrapper("slow", $"[ $verb != delete ] || until [ -e {Dock.Folder}/go ]; do sleep 0.02; done");
        KeeperClient client = Begin(Dock.Id);
        client.Call<CreateTaskResponse>(Methods.Create, Request(Dock.Id, runtime));
        client.Call<StartResponse>(Methods.Start, new StartRequest { Id = Dock.Id });
        client.Call<WaitResponse>(Methods.Wait, new WaitRequest { Id = Dock.Id });
        uint first = client.Begin(Methods.Delete, new DeleteRequest { Id = Dock.Id }), second = client.Begin(Methods.Delete, new DeleteRequest { Id = Dock.Id });
        // What is answered later was taken later.
        client.Call<ConnectResponse>(Methods.Connect, new ConnectRequest { Id = Dock.Id });
        File.WriteAllText($"{Dock.Folder}/go", "");
        Assert.Equal(StatusCode.Ok, CodeOf<DeleteResponse>(client, first));
        Assert.Equal(StatusCode.NotFound, CodeOf<DeleteResponse>(client, second));
        End(client);
    }

    [Fact]
    public void Many_who_start_for_one_pod_get_one_shim()
    {
        Dock.Write(config => config.Args("true").Set("annotations", new System.Text.Json.Nodes.JsonObject { ["io.kubernetes.cri.sandbox-id"] = Dock.Id }));
        List<Live> starters = [];
        for (int i = 0; i < 12; i++)
        {
            string bundle = Dock.NewFolder($"pod/{i}");
            File.Copy($"{Dock.Bundle}/config.json", $"{bundle}/config.json");
            starters.Add(StartCommand($"{Dock.Id}-{i}").In(bundle).Start());
        }
        string[] addresses = [.. starters.Select(starter => starter.Wait().Succeeded().Text)];
        foreach (Live starter in starters) starter.Dispose();
        Assert.Single(addresses.Distinct());
        int[] shims = [.. Directory.GetDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), out int pid) ? pid : 0).Where(pid => pid > 0 && Words(pid).Contains($"{Dock.Folder}/containerd.sock", StringComparison.Ordinal))];
        Assert.Single(shims);
        Assert.Equal($"{shims[0]}", File.ReadAllText(Assert.Single(Directory.GetFiles($"{Dock.Folder}/pod", "shim.pid", SearchOption.AllDirectories))));
        using KeeperClient client = Connect(addresses[0][7..]);
        client.Call<Empty>(Methods.Shutdown, new ShutdownRequest { Id = Dock.Id });
        Until.True(() => !Lives(shims[0]), "the one shim has ended");
    }

    [Fact]
    public void Who_opens_a_fifo_after_the_end_reads_all_of_it()
    {
        Dock.Write(config => config.Shell("echo said"));
        string fifo = $"{Dock.Folder}/out";
        Dock.Tool("mkfifo", fifo).Run().Succeeded();
        KeeperClient client = Begin(Dock.Id);
        CreateTaskRequest request = Request(Dock.Id);
        request.Stdout = fifo;
        client.Call<CreateTaskResponse>(Methods.Create, request);
        client.Call<StartResponse>(Methods.Start, new StartRequest { Id = Dock.Id });
        client.Call<WaitResponse>(Methods.Wait, new WaitRequest { Id = Dock.Id });
        Assert.Equal("said\n", File.ReadAllText(fifo));
        client.Call<DeleteResponse>(Methods.Delete, new DeleteRequest { Id = Dock.Id });
        End(client);
    }

    [Fact]
    public void Who_has_opened_a_fifo_and_not_read_it_yet_is_waited_for_by_a_deletion()
    {
        KeeperClient client = Sleeps();
        using Fd reader = Says(client, "e");
        uint delete = client.Begin(Methods.Delete, new DeleteRequest { Id = Dock.Id, ExecId = "e" });
        // What is answered later was taken later: one that were not waited for would be gone.
        client.Call<StateResponse>(Methods.State, new StateRequest { Id = Dock.Id, ExecId = "e" });
        byte[] buffer = new byte[16];
        Assert.Equal(2, FdIo.TryRead(reader, buffer, out _));
        client.Result<DeleteResponse>(delete);
        Assert.Equal(StatusCode.NotFound, CodeOf<StateResponse>(client, Methods.State, new StateRequest { Id = Dock.Id, ExecId = "e" }));
        Assert.Equal(0, FdIo.TryRead(reader, buffer, out _));
        Remove(client, Dock.Id);
        End(client);
    }

    [Fact]
    public void A_reader_that_never_reads_holds_up_no_deletion_for_ever_and_costs_nothing_afterwards()
    {
        KeeperClient client = Sleeps();
        int before = Descriptors();
        using Fd reader = Says(client, "e");
        client.Call<DeleteResponse>(Methods.Delete, new DeleteRequest { Id = Dock.Id, ExecId = "e" });
        Assert.Equal(before, Descriptors());
        Assert.Equal(2, FdIo.TryRead(reader, new byte[16], out _));
        Remove(client, Dock.Id);
        End(client);
    }

    [Fact]
    public void A_fifo_that_is_taken_away_is_not_waited_for()
    {
        KeeperClient client = Sleeps();
        int before = Descriptors();
        string fifo = $"{Dock.Folder}/never";
        KernelPath.MakeFifo(fifo, 0x180);
        ExecProcessRequest request = Exec("e", "pwd");
        request.Stdout = fifo;
        client.Call<Empty>(Methods.Exec, request);
        client.Call<StartResponse>(Methods.Start, new StartRequest { Id = Dock.Id, ExecId = "e" });
        client.Call<WaitResponse>(Methods.Wait, new WaitRequest { Id = Dock.Id, ExecId = "e" });
        File.Delete(fifo);
        client.Result<DeleteResponse>(client.Begin(Methods.Delete, new DeleteRequest { Id = Dock.Id, ExecId = "e" }));
        Assert.Equal(before, Descriptors());
        Remove(client, Dock.Id);
        End(client);
    }

    [Fact]
    public void The_end_of_a_container_answers_deletions_of_its_processes_that_wait_for_a_reader()
    {
        KeeperClient client = Sleeps();
        using Fd reader = Says(client, "e");
        uint delete = client.Begin(Methods.Delete, new DeleteRequest { Id = Dock.Id, ExecId = "e" });
        Remove(client, Dock.Id);
        client.Result<DeleteResponse>(delete);
        Assert.Equal(2, FdIo.TryRead(reader, new byte[16], out _));
        End(client);
    }

    [Theory]
    [InlineData("overlay")]
    [InlineData("bind")]
    public void A_root_file_system_belongs_to_the_ids_it_is_mapped_to(string type)
    {
        Dock.Write(config => config.Shell("stat -c %u:%g /bin/busybox"));
        string lower = $"{Dock.Folder}/layers/1";
        Directory.CreateDirectory($"{Dock.Folder}/layers");
        Directory.Move(Dock.Root, lower);
        Directory.CreateDirectory(Dock.Root);
        KeeperClient client = Begin(Dock.Id);
        CreateTaskRequest request = Request(Dock.Id);
        request.Stdout = $"file://{Dock.Folder}/out";
        Mount mount = new() { Type = type, Source = type == "bind" ? lower : "overlay" };
        mount.Options.AddRange(["uidmap=0:1000:65536", "gidmap=0:2000:65536"]);
        if (type == "bind") mount.Options.Add("rbind");
        else mount.Options.AddRange([$"lowerdir={lower}", $"upperdir={Dock.NewFolder("layers/upper")}", $"workdir={Dock.NewFolder("layers/work")}"]);
        request.Rootfs.Add(mount);
        client.Call<CreateTaskResponse>(Methods.Create, request);
        client.Call<StartResponse>(Methods.Start, new StartRequest { Id = Dock.Id });
        client.Call<WaitResponse>(Methods.Wait, new WaitRequest { Id = Dock.Id });
        Assert.Equal("1000:2000\n", File.ReadAllText($"{Dock.Folder}/out"));
        client.Call<DeleteResponse>(Methods.Delete, new DeleteRequest { Id = Dock.Id });
        End(client);
    }

    private KeeperClient Sleeps()
    {
        Dock.Write(config => config.Args("sleep", "1000"));
        KeeperClient client = Begin(Dock.Id);
        client.Call<CreateTaskResponse>(Methods.Create, Request(Dock.Id));
        client.Call<StartResponse>(Methods.Start, new StartRequest { Id = Dock.Id });
        return client;
    }

    /// <summary>A process that has written two bytes and ended, and the reading end of where it wrote them to.</summary>
    private Fd Says(KeeperClient client, string id)
    {
        string fifo = $"{Dock.Folder}/{id}-stdout";
        KernelPath.MakeFifo(fifo, 0x180);
        Fd reader = KernelPath.Open(fifo, 0x800);
        ExecProcessRequest request = Exec(id, "pwd");
        request.Stdout = fifo;
        client.Call<Empty>(Methods.Exec, request);
        client.Call<StartResponse>(Methods.Start, new StartRequest { Id = Dock.Id, ExecId = id });
        client.Call<WaitResponse>(Methods.Wait, new WaitRequest { Id = Dock.Id, ExecId = id });
        return reader;
    }

    private int Descriptors() => Directory.GetFileSystemEntries($"/proc/{ShimPid}/fd").Length;

    private ExecProcessRequest Exec(string id, string program) => new()
    {
        Id = Dock.Id,
        ExecId = id,
        Spec = new Any { TypeUrl = "types.containerd.io/opencontainers/runtime-spec/1/Process", Value = System.Text.Encoding.UTF8.GetBytes($$$"""{"args":["{{{program}}}"],"cwd":"/","env":["PATH=/bin"],"user":{"uid":0,"gid":0}}""") },
    };

    private static string Words(int pid)
    {
        try { return File.ReadAllText($"/proc/{pid}/cmdline"); }
        catch (IOException) { return ""; }
        catch (UnauthorizedAccessException) { return ""; }
    }
}
