// Namespaces of a pod that are there before its containers and after them.
using Berth.Rpc;
using Berth.Shim.Contract.Protos;
using static Berth.Shim.Contract.Protos.KeeperService;

namespace Berth.SystemTests.Keeper;

/// <summary>PinNamespaces and UnpinNamespaces.</summary>
public sealed class PinTests : KeeperTest
{
    private string Pins => $"{Dock.Folder}/pins";

    [Fact]
    [Row("MRS-02")]
    public void They_outlive_the_shim_and_containers_join_them()
    {
        string[] kinds = ["ipc", "net", "uts", "cgroup", "time"];
        PinRequest request = new() { Directory = Pins, Hostname = "pod" };
        request.Kinds.AddRange(kinds);
        Assert.Equal(kinds.Select(kind => $"{Pins}/{kind}"), Client.Call<PinResponse>(Methods.PinNamespaces, request).Paths);
        foreach (string kind in kinds) Assert.NotEqual(Inode($"/proc/self/ns/{kind}"), Inode($"{Pins}/{kind}"));
        Client.Call<Done>(Methods.Shutdown, new ShutdownRequest());
        Disconnect();
        AwaitShimsEnd();
        // A container of another shim.
        Inspect(out string name, out string net);
        Assert.Equal("pod", name);
        Assert.Equal($"net:[{Inode($"{Pins}/net")}]", net);
        Client.Call<Done>(Methods.UnpinNamespaces, new UnpinRequest { Directory = Pins });
        Assert.False(Directory.Exists(Pins));
        Client.Call<Done>(Methods.UnpinNamespaces, new UnpinRequest { Directory = Pins });
    }

    [Fact]
    [Row("MRS-02")]
    public void A_user_namespace_owns_the_others_and_has_its_maps()
    {
        PinRequest request = new() { Directory = Pins, Kinds = { "user", "net" } };
        request.Uids.Add(new IdMap { Inside = 0, Outside = 100000, Count = 65536 });
        request.Gids.Add(new IdMap { Inside = 0, Outside = 200000, Count = 65536 });
        Client.Call<PinResponse>(Methods.PinNamespaces, request);
        Outcome maps = Dock.Tool("nsenter", $"--user={Pins}/user", $"--net={Pins}/net", "sh", "-c", "cat /proc/self/uid_map /proc/self/gid_map; ip link set lo up 2>&1 || echo denied").Run();
        string[] words = maps.Output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["0", "100000", "65536", "0", "200000", "65536"], words);
        Client.Call<Done>(Methods.UnpinNamespaces, new UnpinRequest { Directory = Pins });
    }

    [Fact]
    [Row("MRS-02")]
    public void What_cannot_be_pinned_is_refused_and_leaves_nothing()
    {
        Refused(StatusCode.Unimplemented, "first process", new PinRequest { Directory = Pins, Kinds = { "net", "pid" } });
        Refused(StatusCode.Unimplemented, "mount namespace", new PinRequest { Directory = Pins, Kinds = { "mnt" } });
        Refused(StatusCode.InvalidArgument, "'nett'", new PinRequest { Directory = Pins, Kinds = { "nett" } });
        Refused(StatusCode.InvalidArgument, "twice", new PinRequest { Directory = Pins, Kinds = { "net", "net" } });
        Refused(StatusCode.InvalidArgument, "no namespace", new PinRequest { Directory = Pins });
        Refused(StatusCode.InvalidArgument, "absolute", new PinRequest { Directory = "pins", Kinds = { "net" } });
        Refused(StatusCode.InvalidArgument, "maps", new PinRequest { Directory = Pins, Kinds = { "user" } });
        Refused(StatusCode.NotFound, "/no/such", new PinRequest { Directory = "/no/such", Kinds = { "net" } });
        PinRequest overlapping = new() { Directory = Pins, Kinds = { "user", "net" } };
        for (uint i = 0; i < 2; i++)
        {
            overlapping.Uids.Add(new IdMap { Outside = i, Count = 10 });
            overlapping.Gids.Add(new IdMap { Outside = i, Count = 10 });
        }
        Refused(StatusCode.InvalidArgument, "overlap", overlapping);
        Assert.False(Directory.Exists(Pins));

        Client.Call<PinResponse>(Methods.PinNamespaces, new PinRequest { Directory = Pins, Kinds = { "net" } });
        string kept = Inode($"{Pins}/net");
        Refused(StatusCode.AlreadyExists, "net", new PinRequest { Directory = Pins, Kinds = { "ipc", "net" } });
        Assert.Equal(kept, Inode($"{Pins}/net"));
        Assert.False(File.Exists($"{Pins}/ipc"));
        Client.Call<Done>(Methods.UnpinNamespaces, new UnpinRequest { Directory = Pins });
    }

    private void Refused(StatusCode code, string because, PinRequest request) => Assert.Contains(because, Client.Refused(code, Methods.PinNamespaces, request));

    private void Inspect(out string name, out string net)
    {
        string id = Run("while :; do sleep 1000; done", edit: config =>
        {
            config.Namespace("uts", $"{Pins}/uts").Namespace("network", $"{Pins}/net").Namespace("ipc", $"{Pins}/ipc");
            config.Remove("hostname");
        });
        ExecSyncResponse seen = Client.Call<ExecSyncResponse>(Methods.ExecSync, new ExecSyncRequest { Id = id, Process = ProcessOf("hostname; readlink /proc/self/ns/net") });
        string[] lines = System.Text.Encoding.UTF8.GetString(seen.Output).Split('\n');
        (name, net) = (lines[0], lines[1]);
    }

    /// <summary>The number of a namespace: nsfs has it as the inode.</summary>
    private string Inode(string path) => Dock.Tool("stat", "-L", "-c", "%i", path).Run().Output.Trim();
}
