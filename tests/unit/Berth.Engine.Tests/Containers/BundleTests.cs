// What a container's record becomes for a runtime: users, capabilities, mounts, masks, limits, filters, devices.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Engine.Containers;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Tests.Containers;

public sealed class BundleTests : IDisposable
{
    private const string Id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    private static readonly ContainerSpec Wish = new() { Image = "web", Command = ["serve"] };

    private readonly string _folder = Directory.CreateTempSubdirectory("berth-bundle-").FullName;
    private readonly BundleFacts _facts;

    public BundleTests()
    {
        Directory.CreateDirectory($"{_folder}/root/etc");
        Directory.CreateDirectory($"{_folder}/dev");
        File.WriteAllText($"{_folder}/hosts", "");
        _facts = new BundleFacts { RootPath = $"{_folder}/root", CgroupsPath = "/berth/x", DevFolder = $"{_folder}/dev", DeviceFolders = [$"{_folder}/cdi"], Capabilities = BundleFacts.AllCapabilities };
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ContainerRecord Record(ContainerSpec wish, IdMaps? ids = null) => new()
    {
        Id = Id,
        Name = "one",
        Created = DateTimeOffset.UnixEpoch,
        Spec = wish,
        Settled = Settling.Settle(wish, Id, new ContainerConfig()) with { Ids = ids },
    };

    private Spec Build(ContainerSpec wish, BundleFacts? facts = null) => SpecBuilder.Build(Record(wish), facts ?? _facts);

    private static MountSpec At(Spec spec, string place) => Assert.Single(spec.Mounts, mount => mount.Destination == place);

    [Fact]
    public void A_specification_is_read_back_as_it_was_written()
    {
        Spec spec = Build(Wish with { HasTerminal = true, DomainName = "lan", Annotations = new Dictionary<string, string> { ["a"] = "b" } });
        byte[] json = SpecWriter.ToJson(spec, indented: false);
        Assert.Equal(json, SpecWriter.ToJson(SpecReader.Read(json), indented: false));
        Assert.Equal(("0123456789ab", "lan", "/berth/x"), (spec.Hostname, spec.Domainname, spec.Linux!.CgroupsPath));
        Assert.Equal(["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container=berth", "TERM=xterm", "HOSTNAME=0123456789ab", "HOME=/"], spec.Process!.Env);
        Assert.Equal(["mount", "pid", "ipc", "uts", "network", "cgroup"], spec.Linux.Namespaces.Select(static one => one.Type));
    }

    [Theory]
    [InlineData("", 0, 0, "/root", "0,4,10")]
    [InlineData("www", 33, 34, "/srv", "34,10,20")]
    [InlineData("33", 33, 34, "/srv", "34,10,20")]
    [InlineData("www:audio", 33, 20, "/srv", "20")]
    [InlineData("www:77", 33, 77, "/srv", "77")]
    [InlineData("4711", 4711, 0, "/", "0")]
    [InlineData("4711:4712", 4711, 4712, "/", "4712")]
    [InlineData("1000", 1000, 0, "/", "0")]
    public void Users_are_those_of_the_image(string user, uint uid, uint gid, string home, string groups)
    {
        // Somebody called 1000 is root, a line is short, another has no number, one comes twice.
        File.WriteAllText($"{_folder}/root/etc/passwd", "root:x:0:0:r:/root:/bin/sh\n1000:x:0:0::/root:\n#www:x:1:1:::\nbad:x\nwww:x:many:1::/:\n\n+::::::\nwww:x:33:34:w:/srv:/bin/false\nwww:x:0:0::/root:\n");
        File.WriteAllText($"{_folder}/root/etc/group", "root:x:0:\nadm:x:4:root\nten:x:10:www,root,www\naudio:x:20:nobody,www\nbad:x:1x:www\nlast:x:99999999999:www");
        Account account = Accounts.Find($"{_folder}/root", user, []);
        Assert.Equal((uid, gid, home, groups), (account.Uid, account.Gid, account.Home, string.Join(',', account.Groups)));
    }

    [Theory]
    [InlineData("nobody")]
    [InlineData("0:nogroup")]
    [InlineData("4294967295")]
    [InlineData("-1")]
    public void A_user_that_the_image_does_not_have_is_refused(string user) =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Accounts.Find($"{_folder}/root", user, [])).Kind);

    [Fact]
    public void Account_files_are_looked_for_inside_the_image_alone()
    {
        File.WriteAllText($"{_folder}/passwd", "outside:x:7:7::/:\n");
        File.CreateSymbolicLink($"{_folder}/root/etc/passwd", "../../passwd");
        Assert.Throws<BerthException>(() => Accounts.Find($"{_folder}/root", "outside", []));
        File.WriteAllText($"{_folder}/root/passwd", "inside:x:8:8::/:\n");
        Assert.Equal(8u, Accounts.Find($"{_folder}/root", "inside", []).Uid);
    }

    [Fact]
    public void Groups_are_added_by_name_and_number_and_the_callers_are_kept_by_an_annotation()
    {
        File.WriteAllText($"{_folder}/root/etc/group", "audio:x:20:\n");
        Spec spec = Build(Wish with { User = "5", Groups = ["audio", "77", "keep-groups"] });
        Assert.Equal([0u, 20u, 77u], spec.Process!.User.AdditionalGids);
        Assert.Equal("1", spec.Annotations["run.oci.keep_original_groups"]);
    }

    private static readonly string[] Usual = ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SYS_CHROOT", "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_SETFCAP"];

    [Fact]
    public void Capabilities_are_added_and_dropped()
    {
        List<string> Of(string added, string dropped, bool isPrivileged = false) => CapabilitySet.Names(CapabilitySet.Bounding(new SecuritySpec { CapabilitiesAdded = Words(added), CapabilitiesDropped = Words(dropped), IsPrivileged = isPrivileged }, BundleFacts.AllCapabilities));
        Assert.Equal(Usual, Of("", ""));
        Assert.Equal(["CAP_NET_ADMIN"], Of("net_admin", "ALL"));
        Assert.Equal(41, Of("ALL", "").Count);
        Assert.Equal(40, Of("all", "CAP_SYS_ADMIN").Count);
        Assert.Equal(13, Of("", "chown").Count);
        Assert.Equal(15, Of("SYS_PTRACE CHOWN", "").Count);
        Assert.Equal(41, Of("", "ALL", isPrivileged: true).Count);
    }

    private static string[] Words(string text) => text.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    [Fact]
    public void An_ordinary_user_has_what_was_added_by_name_and_root_has_all()
    {
        SecuritySpec security = new() { CapabilitiesAdded = ["NET_ADMIN"] };
        CapabilitiesSpec root = Build(Wish with { Security = security }).Process!.Capabilities!;
        Assert.Equal((15, 15, 15, null), (root.Bounding!.Count, root.Effective!.Count, root.Permitted!.Count, root.Ambient));
        CapabilitiesSpec other = Build(Wish with { Security = security, User = "5" }).Process!.Capabilities!;
        Assert.Equal(15, other.Bounding!.Count);
        Assert.Equal(["CAP_NET_ADMIN"], other.Ambient);
        Assert.Equal(other.Ambient, other.Effective);
        Assert.Null(Build(Wish with { User = "5" }).Process!.Capabilities!.Effective);
    }

    [Fact]
    public void What_the_host_cannot_give_is_left_out_and_said()
    {
        BundleFacts facts = _facts with { Capabilities = CapabilitySet.Usual };
        Spec spec = Build(Wish with { Security = new SecuritySpec { CapabilitiesAdded = ["SYS_ADMIN"] } }, facts);
        Assert.Equal(Usual, spec.Process!.Capabilities!.Bounding);
        Assert.Contains("CAP_SYS_ADMIN", Assert.Single(facts.Notes.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Mounts_are_made_from_above_to_below_and_take_the_place_of_ours()
    {
        Directory.CreateDirectory($"{_folder}/volume");
        MountRequest Bind(string place, params string[] options) => new() { Kind = MountKind.Bind, Source = $"{_folder}/volume", Destination = place, Options = options };
        Spec spec = Build(
            Wish with { Storage = new StorageSpec { Mounts = [Bind("/a/b/c"), Bind("/a") with { IsReadOnly = true }, new MountRequest { Kind = MountKind.Tmpfs, Destination = "/dev/shm", Options = ["size=1m", "exec"] }, Bind("/etc/hosts", "rslave")] } },
            _facts with { HostsFile = $"{_folder}/hosts", ResolvConfFile = $"{_folder}/hosts" });
        List<string> places = [.. spec.Mounts.Select(static one => one.Destination)];
        Assert.True(places.IndexOf("/a") < places.IndexOf("/a/b/c"));
        Assert.Equal(["rprivate", "nosuid", "nodev", "noexec", "size=1m", "exec", "rw"], At(spec, "/dev/shm").Options);
        Assert.Equal(["rbind", "rprivate", "ro", "rro"], At(spec, "/a").Options);
        Assert.Equal(["rbind", "rslave", "rw"], At(spec, "/etc/hosts").Options);
        Assert.Equal($"{_folder}/volume", At(spec, "/etc/hosts").Source);
        Assert.Equal(["bind", "rprivate", "rw"], At(spec, "/etc/resolv.conf").Options);
        Assert.Equal("rslave", spec.Linux!.RootfsPropagation);
        spec = Build(Wish with { Storage = new StorageSpec { Mounts = [Bind("/dev")] } });
        Assert.DoesNotContain(spec.Mounts, static mount => mount.Destination.StartsWith("/dev/", StringComparison.Ordinal));
    }

    [Fact]
    public void Sources_are_made_or_must_be_there()
    {
        MountRequest missing = new() { Kind = MountKind.Bind, Source = $"{_folder}/new/deep", Destination = "/a" };
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => Build(Wish with { Storage = new StorageSpec { Mounts = [missing] } })).Kind);
        Build(Wish with { Storage = new StorageSpec { Mounts = [missing with { MakesSource = true }] } });
        Assert.True(Directory.Exists($"{_folder}/new/deep"));
    }

    [Fact]
    public void A_folder_of_a_volume_is_looked_for_inside_it()
    {
        Directory.CreateDirectory($"{_folder}/volume/data");
        File.CreateSymbolicLink($"{_folder}/volume/out", "/etc");
        MountRequest Sub(string below) => new() { Kind = MountKind.Volume, Source = "v", Destination = "/v", Subpath = below };
        Spec spec = Build(Wish with { Storage = new StorageSpec { Mounts = [Sub("data")] } }, _facts with { MountSources = [$"{_folder}/volume"] });
        Assert.Equal($"{_folder}/volume/data", At(spec, "/v").Source);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => Build(Wish with { Storage = new StorageSpec { Mounts = [Sub("out")] } }, _facts with { MountSources = [$"{_folder}/volume"] })).Kind);
    }

    [Fact]
    public void Layers_owners_and_maps_of_mounts_are_said()
    {
        Directory.CreateDirectory($"{_folder}/a:b");
        IdMaps ids = new([new IdRange(0, 100000, 65536)], [new IdRange(0, 200000, 65536)]);
        ContainerSpec wish = Wish with
        {
            User = "5:6",
            Storage = new StorageSpec
            {
                Mounts =
                [
                    new MountRequest { Kind = MountKind.Overlay, Source = $"{_folder}/a:b", Destination = "/o" },
                    new MountRequest { Kind = MountKind.Bind, Source = $"{_folder}/a:b", Destination = "/i", Options = ["idmap", "U", "z"] },
                ],
            },
        };
        BundleFacts facts = _facts with { MountSources = [$"{_folder}/layer"] };
        Spec spec = SpecBuilder.Build(Record(wish, ids), facts);
        Assert.Equal([$"lowerdir={_folder}/a\\:b", $"upperdir={_folder}/layer/upper", $"workdir={_folder}/layer/work", "private"], At(spec, "/o").Options);
        Assert.Equal(["rbind", "rprivate", "rw", "idmap"], At(spec, "/i").Options);
        Assert.Equal((100000u, 200000u), (At(spec, "/i").UidMappings![0].HostId, At(spec, "/i").GidMappings![0].HostId));
        Assert.Equal(new OwnedPath($"{_folder}/a:b", 100005, 200006), Assert.Single(facts.Notes.Owned));
        Assert.Contains(spec.Linux!.Namespaces, static one => one.Type == "user");
        Assert.Equal(200000u, spec.Linux.GidMappings![0].HostId);
    }

    [Fact]
    public void A_tree_is_given_away_with_all_that_is_in_it_and_never_through_a_link()
    {
        uint uid = Berth.Linux.Processes.Self.UserId, gid = Berth.Linux.Processes.Self.GroupId;
        // Only root gives something away; who is not gives it to himself.
        (uint newUid, uint newGid) = uid == 0 ? (4711u, 4712u) : (uid, gid);
        Directory.CreateDirectory($"{_folder}/tree/below/deep");
        File.WriteAllText($"{_folder}/tree/below/deep/file", "");
        File.CreateSymbolicLink($"{_folder}/tree/link", $"{_folder}/hosts");
        File.CreateSymbolicLink($"{_folder}/tree/below/folder", $"{_folder}/dev");
        OwnedTree.Change(new OwnedPath($"{_folder}/tree", newUid, newGid));
        foreach (string path in (string[])["tree", "tree/below", "tree/below/deep/file", "tree/link", "tree/below/folder"])
        {
            Assert.Equal((newUid, newGid), (KernelPath.Facts($"{_folder}/{path}", followLink: false)!.Value.Uid, KernelPath.Facts($"{_folder}/{path}", followLink: false)!.Value.Gid));
        }
        Assert.Equal((uid, uid), (KernelPath.Facts($"{_folder}/hosts")!.Value.Uid, KernelPath.Facts($"{_folder}/dev")!.Value.Uid));
        foreach (string path in (string[])["/", "/etc", "/usr/bin", "/proc/self"]) Assert.Throws<BerthException>(() => OwnedTree.Change(new OwnedPath(path, newUid, newGid)));
    }

    [Fact]
    public void Shared_namespaces_bring_the_hosts_files_with_them()
    {
        Spec spec = Build(Wish with { Namespaces = new NamespacesSpec { Pid = "host", Ipc = "host", Uts = "host", Cgroup = "host" }, Connection = new ConnectionSpec { Networks = [new NetworkWish { Network = "host" }] } }, _facts with { IsRootless = true });
        Assert.Equal(["mount"], spec.Linux!.Namespaces.Select(static one => one.Type));
        Assert.Equal(("bind", "bind", "bind"), (At(spec, "/proc").Type, At(spec, "/sys").Type, At(spec, "/dev/shm").Type));
        Assert.Equal(File.Exists("/dev/mqueue") || Directory.Exists("/dev/mqueue"), spec.Mounts.Exists(static mount => mount is { Destination: "/dev/mqueue", Type: "bind" }));
        Assert.Null(spec.Linux.Sysctl);
        Assert.Null(spec.Hostname);
        spec = Build(Wish with { Namespaces = new NamespacesSpec { Ipc = "container:x", Pid = "ns:/proc/1/ns/pid" } }, _facts with { Joined = new NamespacePaths { Ipc = "/proc/7/ns/ipc" }, ShmPath = "/proc/7/root/dev/shm", NetworkNamespace = "/run/netns/a" });
        Assert.Equal("/proc/7/ns/ipc,/proc/1/ns/pid,/run/netns/a", $"{Path(spec, "ipc")},{Path(spec, "pid")},{Path(spec, "network")}");
        Assert.Equal("/proc/7/root/dev/shm", At(spec, "/dev/shm").Source);
        Assert.DoesNotContain(Build(Wish with { Namespaces = new NamespacesSpec { Ipc = "none" } }).Mounts, static mount => mount.Destination == "/dev/shm");
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => Build(Wish with { Namespaces = new NamespacesSpec { Pid = "colour" } })).Kind);
    }

    private static string? Path(Spec spec, string type) => spec.Linux!.Namespaces.Single(one => one.Type == type).Path;

    [Fact]
    public void A_privileged_container_has_no_masks_and_no_filter()
    {
        Spec spec = Build(Wish with { Security = new SecuritySpec { IsPrivileged = true } });
        Assert.Null(spec.Linux!.MaskedPaths);
        Assert.Null(spec.Linux.ReadonlyPaths);
        Assert.Null(spec.Linux.Seccomp);
        Assert.True(spec.Linux.Resources!.Devices![0].Allow);
        Assert.Contains("rw", At(spec, "/sys").Options);
        Assert.Contains("rw", At(spec, "/sys/fs/cgroup").Options);
    }

    [Fact]
    public void Masks_are_added_and_taken_away()
    {
        LinuxSpec linux = Build(Wish with { Security = new SecuritySpec { Masked = ["/proc/version"], Unmasked = ["/proc/s*", "/sys/firmware"] } }).Linux!;
        Assert.Contains("/proc/version", linux.MaskedPaths!);
        Assert.DoesNotContain("/proc/scsi", linux.MaskedPaths!);
        Assert.DoesNotContain("/sys/firmware", linux.MaskedPaths!);
        Assert.DoesNotContain("/proc/sys", linux.ReadonlyPaths!);
        Assert.Contains("/proc/bus", linux.ReadonlyPaths!);
        Assert.Empty(Build(Wish with { Security = new SecuritySpec { Unmasked = ["ALL"] } }).Linux!.MaskedPaths!);
        Assert.False(Restrictions.Fits("/proc/a/b", "/proc/*"));
    }

    [Fact]
    public void A_read_only_root_has_places_to_write_in()
    {
        Spec spec = Build(Wish with { Storage = new StorageSpec { IsReadOnly = true, HasReadOnlyTmpfs = true, Mounts = [new MountRequest { Kind = MountKind.Tmpfs, Destination = "/tmp", Options = ["size=1m"] }] } });
        Assert.True(spec.Root!.ReadOnly);
        Assert.Contains("tmpcopyup", At(spec, "/run").Options);
        Assert.Contains("mode=1777", At(spec, "/var/tmp").Options);
        Assert.Contains("size=1m", At(spec, "/tmp").Options);
        Assert.DoesNotContain(Build(Wish with { Storage = new StorageSpec { IsReadOnly = true } }).Mounts, static mount => mount.Destination == "/tmp");
    }

    [Fact]
    public void The_init_is_mounted_last_and_runs_the_command()
    {
        Spec spec = Build(Wish with { HasInit = true, Storage = new StorageSpec { Mounts = [new MountRequest { Kind = MountKind.Tmpfs, Destination = "/run" }] } }, _facts with { InitProgram = "/bin/sh" });
        Assert.Equal(["/run/berth-init", "--", "serve"], spec.Process!.Args);
        Assert.Equal(("/run/berth-init", "/bin/sh"), (spec.Mounts[^1].Destination, spec.Mounts[^1].Source));
        Assert.Equal(Fault.Unavailable, Assert.Throws<BerthException>(() => Build(Wish with { HasInit = true })).Kind);
    }

    [Fact]
    public void Limits_become_those_of_the_cgroup()
    {
        ResourcesSpec resources = Build(Wish with { Limits = new LimitsSpec { Memory = 64 << 20, NanoCpus = 1_500_000_000, CpuShares = 512, Cpus = "0-1", Rlimits = [new Rlimit("nofile", 100, -1)], OomScore = 5 } }, _facts with { Cgroups = new CgroupFacts { ProcessorCount = 2, Processors = "0-3" } }).Linux!.Resources!;
        Assert.Equal((64L << 20, 128L << 20), (resources.Memory!.Limit!.Value, resources.Memory.Swap!.Value));
        Assert.Equal((150_000L, 100_000UL, 512UL, "0-1"), (resources.Cpu!.Quota!.Value, resources.Cpu.Period!.Value, resources.Cpu.Shares!.Value, resources.Cpu.Cpus));
        Assert.Equal(2048, resources.Pids!.Limit);
        Assert.Equal(-1, Build(Wish with { Limits = new LimitsSpec { Pids = 0 } }).Linux!.Resources!.Pids!.Limit);
        Assert.Null(Build(Wish with { Limits = new LimitsSpec { Cgroups = "disabled" } }).Linux!.Resources);
        RlimitSpec limit = Assert.Single(Build(Wish with { Limits = new LimitsSpec { Rlimits = [new Rlimit("nofile", 100, -1)] } }).Process!.Rlimits!);
        Assert.Equal(("RLIMIT_NOFILE", 100UL, ulong.MaxValue), (limit.Type, limit.Soft, limit.Hard));
    }

    [Fact]
    public void Limits_that_the_host_does_not_have_are_left_out_and_said_or_refused()
    {
        CgroupFacts none = new() { IsUnified = true, HasMemory = false, HasCpu = false, HasPids = false, HasCpuset = false, HasBlock = false, HasBlockWeight = false };
        BundleFacts facts = _facts with { Cgroups = none };
        ResourcesSpec resources = Build(Wish with { Limits = new LimitsSpec { Memory = 64 << 20, NanoCpus = 1, Pids = 5, Cpus = "0", BlockWeight = 10 } }, facts).Linux!.Resources!;
        Assert.Equal((null, null, null, null), (resources.Memory, resources.Cpu, resources.Pids, resources.BlockIo));
        Assert.Equal(5, facts.Notes.Warnings.Count);
        facts = _facts with { Cgroups = none, Notes = new BundleNotes() };
        Build(Wish, facts);
        Assert.Empty(facts.Notes.Warnings);
        CgroupFacts small = new() { ProcessorCount = 2, Processors = "0-1" };
        Assert.Throws<BerthException>(() => Build(Wish with { Limits = new LimitsSpec { NanoCpus = 3_000_000_000 } }, _facts with { Cgroups = small }));
        Assert.Throws<BerthException>(() => Build(Wish with { Limits = new LimitsSpec { Cpus = "1-2" } }, _facts with { Cgroups = small }));
        Assert.Equal(Fault.Unsupported, Assert.Throws<BerthException>(() => Build(Wish with { Limits = new LimitsSpec { CpuRealtimeRuntime = 10 } })).Kind);
    }

    [Fact]
    public void Controllers_of_version_2_are_those_of_its_list()
    {
        CgroupFacts facts = CgroupFacts.OfUnified("cpuset cpu io memory hugetlb pids rdma misc\n");
        Assert.Equal((true, true, true, true, true, true, true), (facts.IsUnified, facts.HasMemory, facts.HasSwap, facts.HasCpu, facts.HasCpuset, facts.HasPids, facts.HasBlock));
        facts = CgroupFacts.OfUnified("memory pids");
        Assert.Equal((true, true, false, false, true, false), (facts.HasMemory, facts.HasSwap, facts.HasCpu, facts.HasCpuset, facts.HasPids, facts.HasBlockWeight));
        Assert.False(CgroupFacts.OfUnified("").HasPids);
    }

    [Fact]
    public void Parameters_of_the_kernel_are_those_of_its_network_and_those_that_were_asked_for()
    {
        Dictionary<string, string> sysctls = Build(Wish with { Limits = new LimitsSpec { Sysctls = new Dictionary<string, string> { ["net/core/somaxconn"] = "5", ["kernel.shmmax"] = "6" } } }).Linux!.Sysctl!;
        Assert.Equal("0,5,6", $"{sysctls["net.ipv4.ip_unprivileged_port_start"]},{sysctls["net.core.somaxconn"]},{sysctls["kernel.shmmax"]}");
    }

    [Theory]
    [InlineData("SYS_ADMIN", "a,b,c", Architecture.X64)]
    [InlineData("", "a,d", Architecture.X64)]
    [InlineData("", "a,d,e", Architecture.Arm64)]
    public void A_profile_of_docker_is_read_with_its_conditions(string capability, string expected, Architecture architecture)
    {
        const string Profile = """
        { "defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1,
          "archMap": [ { "architecture": "SCMP_ARCH_X86_64", "subArchitectures": ["SCMP_ARCH_X86"] }, { "architecture": "SCMP_ARCH_AARCH64", "subArchitectures": null } ],
          "syscalls": [
            { "names": ["a"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "4.8" } },
            { "names": ["never"], "action": "SCMP_ACT_ALLOW", "includes": { "minKernel": "40.0" } },
            { "name": "b", "action": "SCMP_ACT_ALLOW", "includes": { "caps": ["CAP_SYS_ADMIN"] } },
            { "names": ["c"], "action": "SCMP_ACT_ALLOW", "args": [ { "index": 0, "value": 18446744073709551615, "op": "SCMP_CMP_EQ" } ], "includes": { "caps": ["CAP_SYS_ADMIN"], "arches": ["amd64"] } },
            { "names": ["d"], "action": "SCMP_ACT_ALLOW", "excludes": { "caps": ["CAP_SYS_ADMIN"] } },
            { "names": ["e"], "action": "SCMP_ACT_ALLOW", "excludes": { "arches": ["amd64"] }, "includes": {} } ] }
        """;
        SeccompSpec profile = SeccompProfile.Read(Encoding.UTF8.GetBytes(Profile), "p", capability.Length > 0 ? ["CAP_" + capability] : [], architecture, new Version(6, 1));
        Assert.Equal(expected, string.Join(',', profile.Syscalls!.Select(static rule => rule.Names[0])));
        Assert.Equal(architecture == Architecture.X64 ? ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"] : ["SCMP_ARCH_AARCH64"], profile.Architectures);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("no")]
    [InlineData("""{"defaultAction": 5}""")]
    [InlineData("""{"defaultAction": "x", "syscalls": [{"name": "a", "names": ["b"]}]}""")]
    [InlineData("""{"defaultAction": "x", "syscalls": [{"names": ["b"], "includes": {"minKernel": "new"}}]}""")]
    public void What_is_no_profile_is_refused(string json) =>
        Assert.Equal(Fault.InvalidArgument, Assert.Throws<BerthException>(() => SeccompProfile.Read(Encoding.UTF8.GetBytes(json), "p", [], Architecture.X64, new Version(6, 1))).Kind);

    [Fact]
    public void A_profile_is_a_file_or_none_or_ours()
    {
        Assert.NotNull(Build(Wish).Linux!.Seccomp);
        Assert.Null(Build(Wish with { Security = new SecuritySpec { Seccomp = "unconfined" } }).Linux!.Seccomp);
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => Build(Wish with { Security = new SecuritySpec { Seccomp = "/nosuch" } })).Kind);
        Assert.Equal(Fault.Unsupported, Assert.Throws<BerthException>(() => Build(Wish with { Security = new SecuritySpec { AppArmor = "mine" } })).Kind);
    }

    [Fact]
    public void Devices_of_the_host_are_given_with_a_rule()
    {
        LinuxSpec linux = Build(Wish with { Devices = ["/dev/null:/dev/nothing:r", "/dev/zero:rw"], DeviceRules = ["c 10:* rwm"] }).Linux!;
        Assert.Equal(("/dev/nothing", "c", 1L, 3L), (linux.Devices![0].Path, linux.Devices[0].Type, linux.Devices[0].Major, linux.Devices[0].Minor));
        Assert.Equal(["False:rwm", "True:r", "True:rw", "True:rwm"], linux.Resources!.Devices!.Select(static rule => $"{rule.Allow}:{rule.Access}"));
        Assert.Equal((10L, null), (linux.Resources.Devices![3].Major, linux.Resources.Devices[3].Minor));
    }

    [Theory]
    [InlineData("/dev/nosuch", Fault.NotFound)]
    [InlineData("/etc/passwd", Fault.InvalidArgument)]
    [InlineData("/dev/null:x", Fault.InvalidArgument)]
    [InlineData("/dev/null:/dev/x:rr", Fault.InvalidArgument)]
    [InlineData("null", Fault.InvalidArgument)]
    [InlineData("vendor.com/gpu=0", Fault.NotFound)]
    public void What_is_no_device_is_refused(string device, Fault kind) => Assert.Equal(kind, Assert.Throws<BerthException>(() => Build(Wish with { Devices = [device] })).Kind);

    [Theory]
    [InlineData("c 1:3")]
    [InlineData("x 1:3 r")]
    [InlineData("c 1:x r")]
    [InlineData("c 1:3 rr")]
    public void What_is_no_rule_is_refused(string rule) => Assert.Throws<BerthException>(() => DeviceList.Rule(rule));

    [Fact]
    public void A_device_of_a_vendor_brings_what_it_needs()
    {
        Directory.CreateDirectory($"{_folder}/cdi");
        File.WriteAllText($"{_folder}/cdi/broken.json", "{");
        File.WriteAllText($"{_folder}/cdi/vendor.json", """
        { "cdiVersion": "0.6.0", "kind": "vendor.com/gpu",
          "containerEdits": { "env": ["ALL=1"], "hooks": [ { "hookName": "createContainer", "path": "/bin/ldconfig", "args": ["ldconfig"] } ] },
          "devices": [
            { "name": "0", "containerEdits": { "deviceNodes": [ { "path": "/dev/gpu0", "hostPath": "/dev/null", "permissions": "rw" } ], "mounts": [ { "hostPath": "/lib/a", "containerPath": "/lib/a", "options": ["ro"] } ], "additionalGids": [44, 0] } },
            { "name": "1", "containerEdits": { "deviceNodes": [ { "path": "/dev/gpu1", "type": "c", "major": 9, "minor": 1 } ], "env": ["ONE=1"] } } ] }
        """);
        Spec spec = Build(Wish with { Devices = ["vendor.com/gpu=0", "vendor.com/gpu=1"] });
        Assert.Equal(["/dev/gpu0 1:3", "/dev/gpu1 9:1"], spec.Linux!.Devices!.Select(static one => $"{one.Path} {one.Major}:{one.Minor}"));
        Assert.Equal(["ro", "rbind"], At(spec, "/lib/a").Options);
        Assert.Contains("ONE=1", spec.Process!.Env!);
        Assert.Single(spec.Hooks!.CreateContainer!);
        Assert.Equal([0u, 44u], spec.Process.User.AdditionalGids);
        File.WriteAllText($"{_folder}/cdi/other.yaml", "");
        Assert.Contains("YAML", Assert.Throws<BerthException>(() => Build(Wish with { Devices = ["vendor.com/gpu=9"] })).Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Proxies_are_handed_on_below_what_was_asked_for()
    {
        Environment.SetEnvironmentVariable("ftp_proxy", "ours");
        Assert.Contains("ftp_proxy=ours", Build(Wish with { TakesProxyVariables = true }).Process!.Env!);
        Assert.Contains("ftp_proxy=theirs", Build(Wish with { TakesProxyVariables = true, Environment = ["ftp_proxy=theirs"] }).Process!.Env!);
        Assert.DoesNotContain("ftp_proxy=ours", Build(Wish).Process!.Env!);
        Environment.SetEnvironmentVariable("ftp_proxy", null);
    }

    [Fact]
    public void A_program_that_joins_has_the_containers_rights_and_its_own_words()
    {
        File.WriteAllText($"{_folder}/root/etc/passwd", "www:x:33:34:w:/srv:/bin/false\n");
        ContainerRecord record = Record(Wish with { Environment = ["A=1", "B=2"], WorkingFolder = "/w", Security = new SecuritySpec { NoNewPrivileges = true } });
        ProcessSpec process = SpecBuilder.BuildExec(record, new ExecWish { Command = ["sh"], User = "www", Environment = ["B=two"], HasTerminal = true }, _facts);
        Assert.Equal((33u, "/w", true, true), (process.User.Uid, process.Cwd, process.Terminal, process.NoNewPrivileges));
        Assert.Equal(["A=1", "B=two", "TERM=xterm", "HOSTNAME=0123456789ab", "HOME=/srv"], process.Env!.Skip(2));
        Assert.Null(process.Capabilities!.Effective);
        Assert.Equal(41, SpecBuilder.BuildExec(record, new ExecWish { Command = ["sh"], IsPrivileged = true }, _facts).Capabilities!.Effective!.Count);
    }

    [Fact]
    public void Labels_are_made_where_there_is_selinux_and_noted_where_there_is_not()
    {
        ContainerSpec wish = Wish with { Security = new SecuritySpec { Labels = ["type:mine_t"] } };
        Spec spec = Build(wish, _facts with { HasSelinux = true });
        Assert.Matches("^system_u:system_r:mine_t:s0:c[0-9]+,c[0-9]+$", spec.Process!.SelinuxLabel);
        Assert.Matches("^system_u:object_r:container_file_t:s0:c", spec.Linux!.MountLabel);
        BundleFacts facts = _facts with { HasSelinux = false };
        Assert.Null(Build(wish, facts).Process!.SelinuxLabel);
        Assert.Single(facts.Notes.Warnings);
    }
}
