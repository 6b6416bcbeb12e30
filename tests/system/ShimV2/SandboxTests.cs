// The sandbox service: a pod's namespaces are there before any container, stay when all have ended, and go with it.
using Berth.Rpc;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;
using Berth.SystemTests.Keeper;
using static Berth.Shim.ShimV2.Protos.SandboxService;

namespace Berth.SystemTests.ShimV2;

/// <summary>Sandboxes.</summary>
public sealed class SandboxTests : ShimTest
{
    private string _pod = "";

    private KeeperClient BeginPod()
    {
        // containerd gives a sandbox a bundle without a configuration.
        Dock.NewBundle();
        _pod = Dock.Bundle;
        Directory.CreateDirectory(_pod);
        return Begin(Dock.Id);
    }

    private int Start(KeeperClient client, Action<PodSandboxConfig>? edit = null)
    {
        PodSandboxConfig config = new() { Hostname = "berth-pod", Linux = new() { SecurityContext = new() { NamespaceOptions = new() } } };
        edit?.Invoke(config);
        client.Call<CreateSandboxResponse>(Methods.CreateSandbox, new CreateSandboxRequest { SandboxId = Dock.Id, BundlePath = _pod, Options = Any.Of("runtime.v1.PodSandboxConfig", config) });
        return (int)client.Call<StartSandboxResponse>(Methods.StartSandbox, new StartSandboxRequest { SandboxId = Dock.Id }).Pid;
    }

    private static string Link(int pid, string kind) => new FileInfo($"/proc/{pid}/ns/{kind}").LinkTarget!;

    private static string Link(string kind) => new FileInfo($"/proc/self/ns/{kind}").LinkTarget!;

    private void End(KeeperClient client, int holder)
    {
        client.Call<ShutdownSandboxResponse>(Methods.ShutdownSandbox, new ShutdownSandboxRequest { SandboxId = Dock.Id });
        Until.True(() => !Lives(ShimPid), "the shim has ended");
        Assert.False(Lives(holder));
        Assert.False(Directory.Exists($"{_pod}/pod"));
    }

    [Fact]
    public void A_pod_lives_from_start_to_stop()
    {
        KeeperClient client = BeginPod();
        int holder = Start(client);
        foreach (string kind in (string[])["ipc", "uts", "pid", "net"]) Assert.NotEqual(Link(kind), Link(holder, kind));
        Assert.Equal("linux", client.Call<PlatformResponse>(Methods.Platform, new PlatformRequest { SandboxId = Dock.Id }).Platform!.Os);
        client.Call<PingResponse>(Methods.PingSandbox, new PingRequest { SandboxId = Dock.Id });
        SandboxStatusResponse status = client.Call<SandboxStatusResponse>(Methods.SandboxStatus, new SandboxStatusRequest { SandboxId = Dock.Id, Verbose = true });
        Assert.Equal(("SANDBOX_READY", (uint)holder, _pod), (status.State, status.Pid, status.Info["bundle"]));
        uint wait = client.Begin(Methods.WaitSandbox, new WaitSandboxRequest { SandboxId = Dock.Id });
        client.Call<StopSandboxResponse>(Methods.StopSandbox, new StopSandboxRequest { SandboxId = Dock.Id });
        Assert.Equal(137u, client.Result<WaitSandboxResponse>(wait).ExitStatus);
        Assert.Equal("SANDBOX_NOTREADY", client.Call<SandboxStatusResponse>(Methods.SandboxStatus, new SandboxStatusRequest { SandboxId = Dock.Id }).State);
        // Once more is no fault.
        client.Call<StopSandboxResponse>(Methods.StopSandbox, new StopSandboxRequest { SandboxId = Dock.Id });
        End(client, holder);
    }

    [Fact]
    public void Its_process_has_no_rights_and_nothing_of_the_host()
    {
        KeeperClient client = BeginPod();
        int holder = Start(client);
        string status = File.ReadAllText($"/proc/{holder}/status");
        Assert.Contains("CapEff:\t0000000000000000", status);
        Assert.Contains("CapBnd:\t0000000000000000", status);
        Assert.Contains("NoNewPrivs:\t1", status);
        Assert.Contains("Uid:\t65534", status);
        Assert.Equal(["pause"], Directory.GetFileSystemEntries($"/proc/{holder}/root/").Select(Path.GetFileName));
        Assert.Equal(3, Directory.GetFileSystemEntries($"/proc/{holder}/fd").Length);
        End(client, holder);
    }

    [Fact]
    public void What_the_pod_shares_with_the_host_is_not_made()
    {
        KeeperClient client = BeginPod();
        int holder = Start(client, config =>
        {
            NamespaceOption host = config.Linux!.SecurityContext!.NamespaceOptions!;
            (host.Network, host.Pid, host.Ipc) = (NamespaceMode.Node, NamespaceMode.Node, NamespaceMode.Node);
        });
        foreach (string kind in (string[])["ipc", "uts", "pid", "net"]) Assert.Equal(Link(kind), Link(holder, kind));
        End(client, holder);
    }

    [Fact]
    public void Containers_live_in_its_namespaces_and_its_shim_and_keep_it_from_going()
    {
        KeeperClient client = BeginPod();
        int holder = Start(client, config => config.Linux!.Sysctls["net.ipv4.ip_unprivileged_port_start"] = "77");
        Dock.NewBundle().Write(config =>
        {
            config.Shell("cat /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_unprivileged_port_start; sleep 1000");
            config.SetJson("linux.namespaces", $$"""[{"type":"mount"},{"type":"pid","path":"/proc/{{holder}}/ns/pid"},{"type":"uts","path":"/proc/{{holder}}/ns/uts"},{"type":"ipc","path":"/proc/{{holder}}/ns/ipc"},{"type":"network","path":"/proc/{{holder}}/ns/net"}]""");
            config.Set("hostname", null);
        });
        string id = $"{Dock.Id}-c";
        CreateTaskRequest request = Request(id);
        request.Stdout = $"file://{Dock.Folder}/out";
        int pid = (int)client.Call<CreateTaskResponse>(TaskService.Methods.Create, request).Pid;
        client.Call<StartResponse>(TaskService.Methods.Start, new StartRequest { Id = id });
        Until.FileHas($"{Dock.Folder}/out", "berth-pod\n77\n");
        Assert.Equal(Link(holder, "pid"), Link(pid, "pid"));
        Assert.Equal(StatusCode.FailedPrecondition, CodeOf<ShutdownSandboxResponse>(client, Methods.ShutdownSandbox, new ShutdownSandboxRequest { SandboxId = Dock.Id }));
        Remove(client, id);
        // Of the tasks' service that is no word about the pod.
        client.Call<Empty>(TaskService.Methods.Shutdown, new ShutdownRequest { Id = id });
        client.Call<PingResponse>(Methods.PingSandbox, new PingRequest { SandboxId = Dock.Id });
        Assert.True(Lives(holder));
        End(client, holder);
    }

    [Fact]
    public void Containers_share_names_resolver_and_memory()
    {
        KeeperClient client = BeginPod();
        int holder = Start(client, config =>
        {
            config.DnsConfig = new();
            config.DnsConfig.Servers.Add("10.1.2.3");
        });
        for (int i = 0; i < 2; i++)
        {
            string id = $"{Dock.Id}-{i}";
            Dock.NewBundle().Write(config => config.Shell("cat /etc/hostname /etc/resolv.conf; head -c 0 /etc/hosts; cat /dev/shm/* 2>/dev/null; echo shared > /dev/shm/x"));
            CreateTaskRequest request = Request(id);
            request.Stdout = $"file://{Dock.Folder}/out{i}";
            client.Call<CreateTaskResponse>(TaskService.Methods.Create, request);
            client.Call<StartResponse>(TaskService.Methods.Start, new StartRequest { Id = id });
            client.Call<WaitResponse>(TaskService.Methods.Wait, new WaitRequest { Id = id });
            client.Call<DeleteResponse>(TaskService.Methods.Delete, new DeleteRequest { Id = id });
            Assert.Equal("berth-pod\nnameserver 10.1.2.3\n" + (i == 0 ? "" : "shared\n"), File.ReadAllText($"{Dock.Folder}/out{i}"));
        }
        End(client, holder);
        Assert.False(Directory.Exists($"{_pod}/files"));
    }

    [Fact]
    public void Nothing_is_known_of_another_pod_and_a_second_one_is_refused()
    {
        KeeperClient client = BeginPod();
        int holder = Start(client);
        Assert.Equal(StatusCode.NotFound, CodeOf<PingResponse>(client, Methods.PingSandbox, new PingRequest { SandboxId = "other" }));
        Assert.Equal(StatusCode.AlreadyExists, CodeOf<CreateSandboxResponse>(client, Methods.CreateSandbox, new CreateSandboxRequest { SandboxId = Dock.Id, BundlePath = _pod }));
        Assert.Equal(StatusCode.FailedPrecondition, CodeOf<StartSandboxResponse>(client, Methods.StartSandbox, new StartSandboxRequest { SandboxId = Dock.Id }));
        End(client, holder);
    }

    [Fact]
    public void A_pod_that_cannot_be_made_leaves_a_shim_that_goes_when_told()
    {
        KeeperClient client = BeginPod();
        PodSandboxConfig config = new() { Linux = new() };
        config.Linux.Sysctls["kernel.panic"] = "1";
        Assert.Equal(StatusCode.InvalidArgument, CodeOf<CreateSandboxResponse>(client, Methods.CreateSandbox, new CreateSandboxRequest { SandboxId = Dock.Id, BundlePath = _pod, Options = Any.Of("runtime.v1.PodSandboxConfig", config) }));
        client.Call<ShutdownSandboxResponse>(Methods.ShutdownSandbox, new ShutdownSandboxRequest { SandboxId = Dock.Id });
        Until.True(() => !Lives(ShimPid), "the shim has ended");
    }

    [Fact]
    public void After_a_shim_that_was_killed_delete_ends_the_pods_process()
    {
        KeeperClient client = BeginPod();
        int holder = Start(client);
        Native.Kill(ShimPid, 9);
        Until.True(() => !Lives(ShimPid), "the shim is dead");
        Assert.True(Lives(holder));
        Dock.Tool(Program, "-namespace", "state", "-address", "/nowhere", "-id", Dock.Id, "-bundle", _pod, "delete").In(_pod).WithoutInput().Run().Succeeded();
        Until.True(() => !Lives(holder), "the pod's process is gone");
        Assert.False(Directory.Exists($"{_pod}/pod"));
    }
}
