// Records of containers: what is written is read, names are taken by one, and what is half done is nobody's.
using System.Net;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using DeviceNumber = Berth.Engine.Containers.DeviceNumber;

namespace Berth.Engine.Tests.Containers;

public sealed class RecordTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("berth-records-").FullName;

    private ContainerPlaces Places => new(_folder + "/root", _folder + "/run");

    private ContainerFolder Folder => new(Places);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void What_is_written_is_read_again_word_for_word()
    {
        ContainerRecord record = Full();
        byte[] bytes = ContainerJson.Write(record);
        ContainerRecord again = RecordJson.Read(bytes, "record", ContainerJson.Read);
        Assert.Equal(System.Text.Encoding.UTF8.GetString(bytes), System.Text.Encoding.UTF8.GetString(ContainerJson.Write(again)));
        Assert.Equal(record.Spec.Connection.Ports, again.Spec.Connection.Ports);
        Assert.Equal(record.Spec.Health, again.Spec.Health! with { Test = record.Spec.Health!.Test });
        Assert.Equal(record.Run, again.Run);
        Assert.Equal(record.Settled.Ids!.Uids, again.Settled.Ids!.Uids);
    }

    [Fact]
    public void An_empty_entrypoint_is_not_none()
    {
        Assert.Empty(Again(Record("a") with { Spec = new ContainerSpec { Entrypoint = [] } }).Spec.Entrypoint!);
        Assert.Null(Again(Record("a")).Spec.Entrypoint);
    }

    [Fact]
    public void A_name_is_of_one_container()
    {
        Folder.Insert(Record("web"));
        Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => Folder.Insert(Record("web"))).Kind);
        Assert.Single(Folder.All());
        Folder.Remove(Folder.Find("web")!);
        Folder.Insert(Record("web"));
    }

    [Fact]
    public void It_is_found_by_name_by_id_and_by_the_beginning_of_its_id()
    {
        ContainerRecord one = Record("web", new string('a', 64)), other = Record("db", "ab" + new string('c', 62));
        Folder.Insert(one);
        Folder.Insert(other);
        Assert.Equal(one.Id, Folder.Find("web")!.Id);
        Assert.Equal(one.Id, Folder.Find(one.Id)!.Id);
        Assert.Equal(other.Id, Folder.Find("abc")!.Id);
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Folder.Find("a")).Kind);
        Assert.Null(Folder.Find("nobody"));
        Assert.Null(Folder.Find("../containers"));
        Assert.Null(Folder.Find(""));
    }

    [Fact]
    public void A_name_whose_container_was_never_finished_is_free()
    {
        KernelPath.MakeDirectories(Places.Names, 0x1C0);
        KernelPath.MakeLink(new string('d', 64), Places.Names + "/web");
        Folder.Insert(Record("web"));
        Assert.Equal("web", Assert.Single(Folder.All()).Name);
    }

    [Fact]
    public void A_name_whose_container_is_being_made_is_taken()
    {
        string id = new('d', 64);
        KernelPath.MakeDirectories(Places.Names, 0x1C0);
        using FileLock held = Folder.Lock(id);
        KernelPath.MakeLink(id, Places.Names + "/web");
        Assert.Equal(Fault.Conflict, Assert.Throws<BerthException>(() => Folder.Insert(Record("web"))).Kind);
    }

    [Fact]
    public void Another_name_frees_the_former_one()
    {
        Folder.Insert(Record("web"));
        ContainerRecord renamed = Folder.Rename(Folder.Find("web")!, "old");
        Assert.Equal(renamed.Id, Folder.Find("old")!.Id);
        Assert.Null(Folder.Find("web"));
        Folder.Insert(Record("web"));
    }

    [Fact]
    public void A_damaged_record_does_not_hide_the_others()
    {
        ContainerRecord broken = Record("broken");
        Folder.Insert(broken);
        Folder.Insert(Record("web"));
        File.WriteAllText(Places.Record(broken.Id), "{\"version\":1,");
        Assert.Equal("web", Assert.Single(Folder.All()).Name);
        Assert.Contains("cannot read", Assert.Throws<BerthException>(() => Folder.Find("broken")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_bundle_the_record_says_what_it_is()
    {
        Facts facts = new(Places);
        Assert.Equal(ContainerStatus.Configured, facts.Observe(Record("a")).Status);
        ContainerState ended = facts.Observe(Record("a") with { Run = new RunRecord { Started = DateTimeOffset.UnixEpoch, Ended = DateTimeOffset.UnixEpoch, ExitCode = 3 } });
        Assert.Equal((ContainerStatus.Exited, 3, false), (ended.Status, ended.ExitCode, ended.IsLeft));
        ContainerState unknown = facts.Observe(Record("a") with { Run = new RunRecord { Started = DateTimeOffset.UnixEpoch, Boot = "another" } });
        Assert.Equal((ContainerStatus.Exited, 255, true), (unknown.Status, unknown.ExitCode, unknown.IsLeft));
        Assert.Contains("started anew", unknown.Error!, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_shim_wrote_down_wins()
    {
        ContainerRecord record = Record("a") with { Run = new RunRecord { Started = DateTimeOffset.UnixEpoch, Boot = Facts.Boot } };
        Directory.CreateDirectory(Places.Bundle(record.Id));
        File.WriteAllText(Places.PidFile(record.Id), "1");
        File.WriteAllText(Places.ExitFile(record.Id), """{"version":1,"pid":7,"exitStatus":137,"exitedAt":1000000000,"oomKilled":true,"restarts":2,"restarting":false}""");
        ContainerState state = new Facts(Places).Observe(record);
        Assert.Equal((ContainerStatus.Exited, 137, true, 2), (state.Status, state.ExitCode, state.IsOomKilled, state.Restarts));
        File.WriteAllText(Places.ExitFile(record.Id), File.ReadAllText(Places.ExitFile(record.Id)).Replace("\"restarting\":false", "\"restarting\":true", StringComparison.Ordinal));
        Assert.Equal(ContainerStatus.Restarting, new Facts(Places).Observe(record).Status);
    }

    [Theory]
    [InlineData("10m", 10L << 20)]
    [InlineData("1.5g", 3L << 29)]
    [InlineData("512", 512)]
    [InlineData("4KiB", 4096)]
    [InlineData("1tb", 1L << 40)]
    public void Sizes_are_read_as_docker_does(string text, long bytes) => Assert.Equal(bytes, ByteCount.Parse(text, "x"));

    [Theory]
    [InlineData("")]
    [InlineData("m")]
    [InlineData("-1")]
    [InlineData("1x")]
    [InlineData("99999999999999999999g")]
    public void What_is_no_size_is_refused(string text) => Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => ByteCount.Parse(text, "x")).Kind);

    private static ContainerRecord Again(ContainerRecord record) => RecordJson.Read(ContainerJson.Write(record), "record", ContainerJson.Read);

    private static ContainerRecord Record(string name, string? id = null) => new() { Id = id ?? ObjectId.New(), Name = name, Created = DateTimeOffset.UnixEpoch, Spec = new ContainerSpec(), Settled = new SettledSpec() };

    private static ContainerRecord Full() => Record("web") with
    {
        Image = Digest.Of("x"u8),
        IsStopped = true,
        Run = new RunRecord { Started = DateTimeOffset.UnixEpoch, Ended = DateTimeOffset.UnixEpoch.AddSeconds(1), ExitCode = 3, IsOomKilled = true, Restarts = 2, Error = "e", Pid = 7, StartTicks = 9, Boot = "b" },
        Settled = new SettledSpec
        {
            Arguments = ["sh", "-c", "x\n\"ü"],
            EntrypointLength = 1,
            Environment = ["A=1"],
            User = "web",
            Labels = new Dictionary<string, string> { ["a"] = "b" },
            StopSignal = 2,
            Health = new HealthSpec { Test = ["CMD", "true"], Interval = TimeSpan.FromSeconds(1) },
            Exposed = ["80/tcp"],
            HostName = "h",
            Mounts = [new SettledMount(new MountRequest { Kind = MountKind.Volume, Destination = "/data", Options = ["nosuid"] }, "v", IsAnonymous: true)],
            Ids = new IdMaps([new IdRange(0, 100000, 65536)], [new IdRange(0, 100000, 65536)]),
        },
        Spec = new ContainerSpec
        {
            Name = "web",
            Image = "nginx",
            Entrypoint = [],
            Command = ["x"],
            Umask = 18,
            HasTerminal = true,
            HasInput = true,
            StopTimeout = -1,
            Restart = new RestartRule(RestartKind.OnFailure, 3),
            Health = new HealthSpec { Test = ["CMD-SHELL", "x"], Retries = 2, StartPeriod = TimeSpan.FromMinutes(1), OnFailure = "kill" },
            Log = new LogSpec { Driver = "k8s-file", Options = new Dictionary<string, string> { ["max-size"] = "1m" } },
            Limits = new LimitsSpec { Memory = 1, Pids = -1, NanoCpus = 2, CpuShares = 3, ReadBytes = [new DeviceNumber("/dev/sda", 5)], Rlimits = [new Rlimit("nofile", 1, -1)], Sysctls = new Dictionary<string, string> { ["net.x"] = "1" }, CgroupParent = "/p" },
            Security = new SecuritySpec { IsPrivileged = true, CapabilitiesAdded = ["NET_ADMIN"], Unmasked = ["ALL"] },
            Namespaces = new NamespacesSpec { Pid = "host", User = "auto", UidMaps = ["0:1:2"] },
            Storage = new StorageSpec { IsReadOnly = true, ShmBytes = 5, Mounts = [new MountRequest { Kind = MountKind.Bind, Source = "/a", Destination = "/b", IsReadOnly = true }], VolumesFrom = ["x:ro"] },
            Connection = new ConnectionSpec { Networks = [new NetworkWish { Network = "n", Addresses = ["10.0.0.2"], Aliases = ["a"], GatewayPriority = 5 }], Ports = [new PortRequest(80, "tcp", IPAddress.Loopback, 8080, 8080), new PortRequest(53, "udp", null, 0, 0)], Hosts = ["a:1.2.3.4"] },
            Devices = ["/dev/fuse"],
            Secrets = [new SecretWish("s") { Target = "t", Mode = 0x100 }],
        },
    };
}
