// Wishes and images come together: commands, environment, signals, health checks, mounts, and what is refused before anything is made.
using System.Text.Json;
using Berth.Engine.Containers;
using Berth.Engine.Networks;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Tests.Containers;

public sealed class SettlingTests
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly ContainerSpec Wish = new() { Image = "web" };

    private static string[]? Words(string? text) => text?.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    [Theory]
    [InlineData(null, null, null, "serve", "serve", 0)]
    [InlineData(null, null, "init", "serve", "init serve", 1)]
    [InlineData(null, "sh -c", "init", "serve", "init sh -c", 1)]
    [InlineData("wrap -x", null, "init", "serve", "wrap -x", 2)]
    [InlineData("wrap", "a b", "init", "serve", "wrap a b", 1)]
    [InlineData("", "a b", "init", "serve", "a b", 0)]
    [InlineData(null, "ls", null, null, "ls", 0)]
    public void Entrypoint_and_command_come_together(string? entrypoint, string? command, string? imageEntrypoint, string? imageCommand, string expected, int length)
    {
        ContainerSpec wish = Wish with { Entrypoint = Words(entrypoint), Command = Words(command) ?? [] };
        SettledSpec settled = Settling.Settle(wish, Id, new ContainerConfig { Entrypoint = Words(imageEntrypoint), Cmd = Words(imageCommand) });
        Assert.Equal((expected, length), (string.Join(' ', settled.Arguments), settled.EntrypointLength));
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", "serve")]
    public void Without_any_command_there_is_no_container(string? entrypoint, string? imageCommand)
    {
        BerthException fault = Assert.Throws<BerthException>(() => Settling.Settle(Wish with { Entrypoint = Words(entrypoint) }, Id, new ContainerConfig { Cmd = Words(imageCommand) }));
        Assert.Equal(Fault.InvalidArgument, fault.Kind);
        Assert.NotNull(fault.Hint);
    }

    [Fact]
    public void An_empty_word_as_entrypoint_takes_the_images_away() =>
        Assert.Equal(["ls"], Settling.Settle(Wish with { Entrypoint = [""], Command = ["ls"] }, Id, new ContainerConfig { Entrypoint = ["init"] }).Arguments);

    [Fact]
    public void The_environment_is_the_images_with_the_users_over_it()
    {
        ContainerConfig image = new() { Cmd = ["x"], Env = ["PATH=/bin", "A=1", "B=2", "C=3"] };
        ContainerSpec wish = Wish with { HasTerminal = true, Environment = ["B=two", "D=4", "C="], EnvironmentRemoved = ["A"] };
        Assert.Equal(["PATH=/bin", "container=berth", "TERM=xterm", "B=two", "C=", "D=4"], Settling.Settle(wish, Id, image).Environment);
        Assert.Equal(["B=two", "D=4", "C="], Settling.Settle(wish with { EnvironmentRemoved = ["*"] }, Id, image).Environment);
        Assert.Equal("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", Settling.Settle(Wish, Id, new ContainerConfig { Cmd = ["x"] }).Environment[0]);
    }

    [Theory]
    [InlineData(null, null, 15)]
    [InlineData(null, "SIGQUIT", 3)]
    [InlineData(null, "nonsense", 15)]
    [InlineData("hup", "SIGQUIT", 1)]
    [InlineData("SIGRTMIN+3", null, 37)]
    [InlineData("9", null, 9)]
    public void The_stop_signal_is_the_users_or_the_images(string? asked, string? image, int expected) =>
        Assert.Equal(expected, Settling.Settle(Wish with { StopSignal = asked }, Id, new ContainerConfig { Cmd = ["x"], StopSignal = image }).StopSignal);

    [Fact]
    public void The_rest_of_the_image_is_taken_where_the_user_says_nothing()
    {
        JsonElement empty = JsonDocument.Parse("{}").RootElement;
        ContainerConfig image = new()
        {
            Cmd = ["x"],
            User = "www",
            WorkingDir = "/srv/./web/",
            Labels = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" },
            ExposedPorts = new Dictionary<string, JsonElement> { ["80/tcp"] = empty, ["53"] = empty },
        };
        SettledSpec settled = Settling.Settle(Wish with { Labels = new Dictionary<string, string> { ["b"] = "two" }, Connection = new ConnectionSpec { Exposed = ["80/tcp", "9000/udp"], Ports = PortRequest.Parse("8080:81") } }, Id, image);
        Assert.Equal(("www", "/srv/web", "0123456789ab"), (settled.User, settled.WorkingFolder, settled.HostName));
        Assert.Equal("1,two", $"{settled.Labels["a"]},{settled.Labels["b"]}");
        Assert.Equal(["80/tcp", "53/tcp", "9000/udp", "81/tcp"], settled.Exposed);
        settled = Settling.Settle(Wish with { User = "", WorkingFolder = "/x", HostName = "me" }, Id, image);
        Assert.Equal(("", "/x", "me"), (settled.User, settled.WorkingFolder, settled.HostName));
    }

    [Fact]
    public void A_host_name_is_the_hosts_where_it_is_shared()
    {
        ContainerConfig image = new() { Cmd = ["x"] };
        Assert.Equal("", Settling.Settle(Wish with { Namespaces = new NamespacesSpec { Uts = "host" } }, Id, image).HostName);
        Assert.Equal(Environment.MachineName, Settling.Settle(Wish with { Connection = new ConnectionSpec { Networks = [new NetworkWish { Network = "host" }] } }, Id, image).HostName);
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Settling.Settle(Wish with { HostName = "me", Namespaces = new NamespacesSpec { Uts = "host" } }, Id, image)).Kind);
    }

    [Fact]
    public void A_health_check_is_the_images_with_the_users_numbers()
    {
        HealthCheckConfig probe = new() { Test = ["CMD-SHELL", "true"], Interval = 5_000_000_000, Retries = 7 };
        HealthSpec? health = HealthMerge.Of(new HealthSpec { Retries = 2, OnFailure = "kill" }, probe);
        Assert.Equal((5.0, 30.0, 2, "kill", "true"), (health!.Interval!.Value.TotalSeconds, health.Timeout!.Value.TotalSeconds, health.Retries!.Value, health.OnFailure, health.Test[1]));
        Assert.Null(HealthMerge.Of(new HealthSpec { IsOff = true }, probe));
        Assert.Null(HealthMerge.Of(null, new HealthCheckConfig { Test = ["NONE"] }));
        Assert.Null(HealthMerge.Of(new HealthSpec { Retries = 2 }, null));
        Assert.Null(HealthMerge.Of(new HealthSpec { Test = ["NONE"] }, probe));
        Assert.Equal(7, HealthMerge.Of(null, probe)!.Retries);
        Assert.Equal("x", HealthMerge.Of(new HealthSpec { Test = ["CMD", "x"] }, probe)!.Test[1]);
    }

    private static MountRequest Volume(string destination, string source = "") => new() { Kind = MountKind.Volume, Source = source, Destination = destination };

    [Fact]
    public void Mounts_are_the_users_then_those_of_others_then_the_images()
    {
        JsonElement empty = JsonDocument.Parse("{}").RootElement;
        ContainerConfig image = new() { Cmd = ["x"], Volumes = new Dictionary<string, JsonElement> { ["/data"] = empty, ["/log/"] = empty, ["relative"] = empty } };
        ContainerSpec wish = Wish with { Storage = new StorageSpec { VolumeDriver = "d", Mounts = [Volume("/data/", "named"), Volume("/b"), new MountRequest { Kind = MountKind.Tmpfs, Destination = "/t" }] } };
        List<SettledMount> mounts = MountSettling.Of(wish, image, [new SettledMount(Volume("/b", "other"), "other"), new SettledMount(Volume("/c", "other"), "other")]);
        Assert.Equal(["/data", "/b", "/t", "/c", "/log"], mounts.Select(static one => one.Request.Destination));
        Assert.Equal((false, true, true), (mounts[0].IsAnonymous, mounts[1].IsAnonymous, mounts[4].IsAnonymous));
        Assert.Equal(("named", 64, null, "other"), (mounts[0].Volume, mounts[1].Volume!.Length, mounts[2].Volume, mounts[3].Volume));
        Assert.Equal("d", mounts[1].Request.VolumeDriver);
        Assert.Equal(MountKind.Tmpfs, MountSettling.Of(Wish with { Storage = new StorageSpec { ImageVolumes = "tmpfs" } }, image, [])[0].Request.Kind);
        Assert.Empty(MountSettling.Of(Wish with { Storage = new StorageSpec { ImageVolumes = "ignore" } }, image, []));
    }

    [Theory]
    [InlineData("/a", "/a/")]
    [InlineData("/a", "/b/../a")]
    [InlineData("/", "/x")]
    [InlineData("/..", "/x")]
    [InlineData("a", "/x")]
    public void Places_are_absolute_and_used_once(string one, string other) =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => MountSettling.Of(Wish with { Storage = new StorageSpec { Mounts = [Volume(one), Volume(other)] } }, null, [])).Kind);

    public static TheoryData<string, ContainerSpec> Impossible => new()
    {
        { "memory", Wish with { Limits = new LimitsSpec { Memory = 1024 * 1024 } } },
        { "swap alone", Wish with { Limits = new LimitsSpec { MemorySwap = 8_000_000 } } },
        { "swap below", Wish with { Limits = new LimitsSpec { Memory = 8_000_000, MemorySwap = 7_000_000 } } },
        { "reservation", Wish with { Limits = new LimitsSpec { Memory = 8_000_000, MemoryReservation = 9_000_000 } } },
        { "swappiness", Wish with { Limits = new LimitsSpec { MemorySwappiness = 101 } } },
        { "cpus twice", Wish with { Limits = new LimitsSpec { NanoCpus = 1, CpuQuota = 5000 } } },
        { "period", Wish with { Limits = new LimitsSpec { CpuPeriod = 10 } } },
        { "quota", Wish with { Limits = new LimitsSpec { CpuQuota = 10 } } },
        { "cpu list", Wish with { Limits = new LimitsSpec { Cpus = "3-1" } } },
        { "weight", Wish with { Limits = new LimitsSpec { BlockWeight = 5 } } },
        { "score", Wish with { Limits = new LimitsSpec { OomScore = 2000 } } },
        { "limit", Wish with { Limits = new LimitsSpec { Rlimits = [new Rlimit("colour", 1, 1)] } } },
        { "limit above", Wish with { Limits = new LimitsSpec { Rlimits = [new Rlimit("nofile", 2, 1)] } } },
        { "sysctl of the host", Wish with { Limits = new LimitsSpec { Sysctls = new Dictionary<string, string> { ["vm.swappiness"] = "1" } } } },
        { "sysctl of a shared network", Wish with { Connection = new ConnectionSpec { Networks = [new NetworkWish { Network = "host" }] }, Limits = new LimitsSpec { Sysctls = new Dictionary<string, string> { ["net.core.somaxconn"] = "1" } } } },
        { "sysctl of shared queues", Wish with { Namespaces = new NamespacesSpec { Ipc = "host" }, Limits = new LimitsSpec { Sysctls = new Dictionary<string, string> { ["kernel.shmmax"] = "1" } } } },
        { "capability", Wish with { Security = new SecuritySpec { CapabilitiesAdded = ["FLYING"] } } },
        { "rm and restart", Wish with { IsRemovedAtEnd = true, Restart = new RestartRule(RestartKind.Always) } },
        { "privileged users", Wish with { Security = new SecuritySpec { IsPrivileged = true }, Namespaces = new NamespacesSpec { User = "auto" } } },
        { "folder", Wish with { WorkingFolder = "srv" } },
        { "signal", Wish with { StopSignal = "SIGNOTHING" } },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_cannot_be_is_refused_before_anything_is_made(string what, ContainerSpec wish)
    {
        BerthException fault = Assert.Throws<BerthException>(() => Settling.Settle(wish, Id, new ContainerConfig { Cmd = ["x"] }));
        Assert.True(fault.Kind == Fault.InvalidArgument, what);
    }

    [Theory]
    [InlineData("", "host", 0)]
    [InlineData("keep-id", "0:1:1000 1000:0:1 1001:1001:64536", 1)]
    [InlineData("keep-id:uid=5,gid=5", "0:1:5 5:0:1 6:6:65531", 1)]
    [InlineData("nomap", "0:1:65536", 1)]
    [InlineData("auto:size=2000", "0:100000:2000", 1)]
    [InlineData("auto:size=2000,uidmapping=10:5:10", "0:100000:10 20:100020:1980 10:5:10", 1)]
    public void User_namespaces_become_maps(string mode, string expected, int own)
    {
        IdMaps? maps = UserNamespaces.Settle(new NamespacesSpec { User = mode }, new IdFacts { IsRootless = true, Uid = 1000, Gid = 1000, AutoFirst = 100000 });
        Assert.Equal(own == 1, maps is not null);
        if (maps is not null) Assert.Equal(expected, string.Join(' ', maps.Uids.Select(static one => $"{one.Inside}:{one.Outside}:{one.Count}")));
    }

    [Fact]
    public void Whoever_keeps_his_id_is_the_user()
    {
        IdFacts facts = new() { IsRootless = true, Uid = 1000, Gid = 1001, AutoFirst = 5, AutoCount = 77 };
        Assert.Equal("1000:1001", UserNamespaces.KeptUser(new NamespacesSpec { User = "keep-id" }, facts));
        Assert.Equal("1000:7", UserNamespaces.KeptUser(new NamespacesSpec { User = "keep-id:gid=7" }, facts));
        Assert.Null(UserNamespaces.KeptUser(new NamespacesSpec { User = "auto" }, facts));
        Assert.Equal(77u, UserNamespaces.Settle(new NamespacesSpec { User = "auto" }, facts)!.Uids[0].Count);
        Assert.Equal((1024u, 5002u, 65536u, 9u), (UserNamespaces.AutoSize(new NamespacesSpec { User = "auto" }, 0), UserNamespaces.AutoSize(new NamespacesSpec { User = "auto" }, 5000), UserNamespaces.AutoSize(new NamespacesSpec { User = "auto" }, uint.MaxValue), UserNamespaces.AutoSize(new NamespacesSpec { User = "auto:size=9" }, 5000)));
    }

    [Fact]
    public void Ranges_are_those_that_are_lent_and_that_nobody_has()
    {
        string folder = Directory.CreateTempSubdirectory("berth-ids-").FullName;
        File.WriteAllText($"{folder}/subuid", "me:100:50\ncontainers:200000:200000\n");
        File.WriteAllText($"{folder}/subgid", "me:300:60\ncontainers:210000:200000\n");
        NamespacesSpec wish = new() { User = "auto" };
        IdFacts facts = HostIds.Facts(wish, isRootless: false, [], folder: folder);
        Assert.Equal((210000u, 65536u), (facts.AutoFirst!.Value, facts.AutoCount));
        IdMaps taken = UserNamespaces.Settle(wish, facts)!;
        facts = HostIds.Facts(wish, isRootless: false, [taken], folder: folder);
        Assert.Equal(275536u, facts.AutoFirst);
        Assert.Null(HostIds.Facts(wish with { User = "auto:size=190001" }, isRootless: false, [], folder: folder).AutoFirst);
        Assert.Equal(new IdRange(0, 300, 60), UserNamespaces.Settle(new NamespacesSpec { SubordinateUser = "me" }, HostIds.Facts(new NamespacesSpec { SubordinateUser = "me" }, isRootless: false, [], folder: folder))!.Gids[0]);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => UserNamespaces.Settle(new NamespacesSpec { SubordinateUser = "you" }, HostIds.Facts(new NamespacesSpec { SubordinateUser = "you" }, isRootless: false, [], folder: folder))).Kind);
        Directory.Delete(folder, recursive: true);
        Assert.Equal(Fault.Exhausted, Assert.Throws<BerthException>(() => UserNamespaces.Settle(wish, HostIds.Facts(wish, isRootless: false, [], folder: folder))).Kind);
        IdMaps Of(uint first, uint count) => new([new IdRange(0, first, count)], []);
        Assert.Equal(13u, HostIds.Free(10, 100, 2, [Of(15, 5), Of(10, 3)]));
        Assert.Equal(20u, HostIds.Free(10, 100, 5, [Of(15, 5), Of(10, 3)]));
        Assert.Null(HostIds.Free(10, 10, 5, [Of(12, 5)]));
    }

    [Fact]
    public void Maps_of_ids_are_read_and_one_counts_for_both()
    {
        IdMaps? maps = UserNamespaces.Settle(new NamespacesSpec { UidMaps = ["0:1000:10", "10:5"] }, new IdFacts());
        Assert.Equal(maps!.Uids, maps.Gids);
        Assert.Equal(new IdRange(10, 5, 1), maps.Uids[1]);
        foreach (string wrong in (string[])["0", "0:x:1", "0:1:0", "0:1:2:3"]) Assert.Throws<BerthException>(() => UserNamespaces.Settle(new NamespacesSpec { UidMaps = [wrong] }, new IdFacts()));
        Assert.Throws<BerthException>(() => UserNamespaces.Settle(new NamespacesSpec { UidMaps = ["0:1:10", "5:100:1"] }, new IdFacts()));
        Assert.Equal(Fault.Unsupported, Assert.Throws<BerthException>(() => UserNamespaces.Settle(new NamespacesSpec { User = "keep-id" }, new IdFacts())).Kind);
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => UserNamespaces.Settle(new NamespacesSpec { User = "colour" }, new IdFacts())).Kind);
    }
}
