// A pure v2 host, imitated by a recorded tree: creation, limits, members, freezer and deletion without the kernel.
using System.Text;
using System.Text.Json;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Oci.Json;

namespace Berth.Cgroups.Tests;

public class UnifiedTreeTests
{
    private static CgroupRequest Request(ResourcesSpec? resources = null, string? path = "/pod/c") =>
        new() { Id = "c", CgroupsPath = path, Resources = resources, InUserNamespace = true };

    /// <summary>A host with all controllers, where the directory of the container is there, empty and idle.</summary>
    private static RecordedTree Host(string present = "cpuset cpu io memory pids")
    {
        RecordedTree tree = new();
        tree["cgroup/cgroup.controllers"] = "cpuset cpu io memory pids\n";
        tree.WithFiles("cgroup", "cgroup.subtree_control").WithFiles("cgroup/pod", "cgroup.procs", "cgroup.subtree_control", "cgroup.type");
        tree.WithFiles("cgroup/pod/c", "cgroup.procs", "cgroup.type", "pids.max", "memory.max", "memory.low", "memory.swap.max", "cpu.max", "cpu.weight");
        tree["cgroup/pod/cgroup.type"] = tree["cgroup/pod/c/cgroup.type"] = "domain\n";
        tree["cgroup/pod/c/cgroup.controllers"] = present + "\n";
        tree["cgroup/pod/c/cgroup.freeze"] = "0\n";
        tree["cgroup/pod/c/cgroup.events"] = "populated 0\nfrozen 0\n";
        tree["proc/self/cgroup"] = "0::/me\n";
        return tree;
    }

    private static CgroupTree Create(RecordedTree tree, CgroupRequest request) => CgroupTree.Create(CgroupHost.AtUnified(tree.Mount, tree.Proc), request);

    [Fact]
    public void Missing_parents_are_made_and_deletion_takes_them_away_again()
    {
        using RecordedTree tree = new();
        tree["cgroup/cgroup.controllers"] = "\n";
        CgroupTree cgroup = Create(tree, Request(path: "/a/b/c"));
        Assert.Equal(["/a", "/a/b", "/a/b/c"], cgroup.Record.Created.Select(c => c[tree.Mount.Length..]));
        cgroup.Delete();
        Assert.False(Directory.Exists(tree.Mount + "/a"));
        Assert.True(Directory.Exists(tree.Mount));
    }

    [Fact]
    public void Deletion_leaves_what_was_there_before()
    {
        using RecordedTree tree = Host();
        CgroupTree cgroup = Create(tree, Request());
        Assert.Empty(cgroup.Record.Created);
        cgroup.Delete();
        Assert.True(Directory.Exists(tree.Mount + "/pod/c"));
    }

    [Fact]
    public void A_directory_that_has_all_controllers_is_not_walked_down_to()
    {
        using RecordedTree tree = Host();
        Create(tree, Request());
        Assert.Equal("", tree["cgroup/cgroup.subtree_control"]);
    }

    [Fact]
    public void Controllers_that_are_missing_are_enabled_on_the_way_down()
    {
        using RecordedTree tree = Host(present: "cpu");
        Create(tree, Request());
        Assert.Equal("+cpuset +cpu +io +memory +pids", tree["cgroup/cgroup.subtree_control"]);
        Assert.Equal("+cpuset +cpu +io +memory +pids", tree["cgroup/pod/cgroup.subtree_control"]);
        Assert.False(File.Exists(tree.Mount + "/pod/c/cgroup.subtree_control"));
    }

    [Fact]
    public void Below_a_threaded_cgroup_limits_of_processes_are_refused()
    {
        using RecordedTree tree = Host(present: "cpu");
        tree["cgroup/pod/cgroup.type"] = "threaded\n";
        BerthException fault = Assert.Throws<BerthException>(() => Create(tree, Request(new() { Memory = new() { Limit = 1 } })));
        Assert.EndsWith("/pod\" with domain controllers -- it is in threaded mode", fault.Message, StringComparison.Ordinal);
        Assert.NotNull(Create(tree, Request(new() { Pids = new() { Limit = 1 } })));
    }

    [Fact]
    public void An_invalid_cgroup_becomes_threaded_when_no_limit_forbids_it()
    {
        using RecordedTree tree = Host(present: "cpu");
        tree["cgroup/pod/c/cgroup.type"] = "domain invalid\n";
        Assert.Contains("it is in an invalid state", Assert.Throws<BerthException>(() => Create(tree, Request(new() { Cpu = new() { Shares = 5 } }))).Message, StringComparison.Ordinal);
        Create(tree, Request());
        Assert.StartsWith("threaded", tree["cgroup/pod/c/cgroup.type"], StringComparison.Ordinal);
    }

    [Fact]
    public void Limits_are_written_before_anybody_enters()
    {
        using RecordedTree tree = Host();
        CgroupTree cgroup = Create(tree, Request(new() { Memory = new() { Limit = 33554432, Swap = 33554432 }, Pids = new() { Limit = 20 }, Cpu = new() { Shares = 100 } }));
        cgroup.Apply();
        Assert.Equal(("33554432", "0", "20", "17"),
            (tree["cgroup/pod/c/memory.max"], tree["cgroup/pod/c/memory.swap.max"], tree["cgroup/pod/c/pids.max"], tree["cgroup/pod/c/cpu.weight"]));
        Assert.Equal("", tree["cgroup/pod/c/cgroup.procs"]);
        cgroup.Enter(4711);
        Assert.Equal("4711", tree["cgroup/pod/c/cgroup.procs"]);
    }

    [Fact]
    public void A_cgroup_with_processes_below_it_is_refused()
    {
        using RecordedTree tree = Host();
        tree["cgroup/pod/c/inner/cgroup.procs"] = "12\n0\n13\n";
        Assert.Equal("container's cgroup is not empty: 2 process(es) found", Assert.Throws<BerthException>(() => Create(tree, Request())).Message);
    }

    [Fact]
    public void A_frozen_cgroup_is_refused()
    {
        using RecordedTree tree = Host();
        tree["cgroup/pod/c/cgroup.freeze"] = "1\n";
        BerthException fault = Assert.Throws<BerthException>(() => Create(tree, Request()));
        Assert.Equal((Fault.WrongState, "container's cgroup unexpectedly frozen"), (fault.Kind, fault.Message));
    }

    [Fact]
    public void Freezing_returns_when_the_kernel_says_so()
    {
        using RecordedTree tree = Host();
        CgroupTree cgroup = Create(tree, Request());
        tree["cgroup/pod/c/cgroup.events"] = "populated 1\nfrozen 1\n";
        cgroup.Freeze();
        Assert.Equal("1\n", tree["cgroup/pod/c/cgroup.freeze"]);
        Assert.Equal(FreezerState.Frozen, cgroup.Freezer);
        cgroup.Thaw();
        Assert.Equal(FreezerState.Thawed, cgroup.Freezer);
    }

    [Fact]
    public void An_update_below_the_usage_is_rejected_when_that_is_to_be_checked()
    {
        using RecordedTree tree = Host();
        tree["cgroup/pod/c/memory.current"] = "4096\n";
        CgroupTree cgroup = Create(tree, Request());
        MemorySpec memory = new() { Limit = 1024, CheckBeforeUpdate = true };
        Assert.Equal("rejecting memory limit 1024 <= usage 4096",
            Assert.Throws<BerthException>(() => cgroup.Update(ResourcesUpdate.Merge(null, new() { Memory = memory }), null)).Message);
        Assert.Equal("rejecting memory+swap limit 2048 <= usage 4096",
            Assert.Throws<BerthException>(() => cgroup.Update(ResourcesUpdate.Merge(null, new() { Memory = memory with { Swap = 2048 } }), null)).Message);
        cgroup.Update(ResourcesUpdate.Merge(null, new() { Memory = memory with { Limit = 8192 } }), null);
        Assert.Equal("8192", tree["cgroup/pod/c/memory.max"]);
    }

    [Fact]
    public void A_refused_update_sets_the_former_limits_again()
    {
        using RecordedTree tree = Host();
        CgroupTree cgroup = Create(tree, Request());
        ResourcesSpec former = new() { Pids = new() { Limit = 20 } };
        ResourcesUpdate update = ResourcesUpdate.Merge(former, new() { Pids = new() { Limit = 30 }, HugepageLimits = [new() { PageSize = "2MB", Limit = 1 }] });
        Assert.Throws<BerthException>(() => cgroup.Update(update, former));
        Assert.Equal("20", tree["cgroup/pod/c/pids.max"]);
    }

    [Fact]
    public void The_record_survives_json()
    {
        CgroupRecord record = new()
        {
            Mode = CgroupMode.Hybrid,
            Driver = CgroupDriver.Systemd,
            Rootless = true,
            Paths = [new(Controller.Memory, "/m/c"), new(Controller.NamedSystemd, "/s/c"), new(Controller.Unified, "/u/c")],
            Created = ["/m", "/m/c"],
            Unit = new SystemdUnit("a.slice", "b.scope"),
            UnitDirectory = "/u",
        };
        JsonWriter writer = new();
        record.Write(writer);
        Utf8JsonReader reader = new(writer.Written);
        reader.Read();
        CgroupRecord again = CgroupRecord.Read(ref reader);
        Assert.Equal(JsonTokenType.EndObject, reader.TokenType);
        Assert.Equal(record with { Paths = [], Created = [] }, again with { Paths = [], Created = [] });
        Assert.Equal(record.Paths, again.Paths);
        Assert.Equal(record.Created, again.Created);
        Assert.Contains("\"name=systemd\":\"/s/c\"", Encoding.UTF8.GetString(writer.Written), StringComparison.Ordinal);
    }

    [Fact]
    public void Without_permission_a_rootless_container_goes_without_cgroup()
    {
        // Nobody, not even root, makes directories in sysfs.
        CgroupHost host = CgroupHost.AtUnified("/sys/kernel");
        CgroupRequest request = Request(path: null) with { Rootless = true };
        CgroupTree tree = CgroupTree.Create(host, request);
        Assert.False(tree.HasCgroup);
        tree.Apply();
        tree.Membership().Enter(1);
        Assert.Empty(tree.Pids(recursive: true));
        tree.Delete();
    }

    [Fact]
    public void Without_permission_a_path_that_was_asked_for_is_a_fault()
    {
        CgroupHost host = CgroupHost.AtUnified("/sys/kernel");
        BerthException fault = Assert.Throws<BerthException>(() => CgroupTree.Create(host, Request(path: "/c") with { Rootless = true }));
        Assert.Equal(Fault.Denied, fault.Kind);
        Assert.StartsWith("unable to apply cgroup configuration: mkdir /sys/kernel/c: ", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_host_without_cgroups_serves_only_rootless_containers()
    {
        CgroupHost none = CgroupHost.FromMountTable("");
        Assert.Equal(Fault.Unavailable, Assert.Throws<BerthException>(() => CgroupTree.Create(none, Request())).Kind);
        Assert.False(CgroupTree.Create(none, Request(path: null) with { Rootless = true }).HasCgroup);
    }

    [Fact]
    public void Contradicting_limits_are_refused_before_anything_is_made()
    {
        using RecordedTree tree = new();
        tree["cgroup/cgroup.controllers"] = "memory\n";
        Assert.Throws<BerthException>(() => Create(tree, Request(new() { Memory = new() { Swap = 5 } })));
        Assert.False(Directory.Exists(tree.Mount + "/pod"));
    }

    [Fact]
    public void Raw_v2_files_are_refused_on_v1()
    {
        CgroupHost host = CgroupHost.FromMountTable("36 25 0:34 / /nowhere/memory rw - cgroup cgroup rw,memory\n");
        BerthException fault = Assert.Throws<BerthException>(() => CgroupTree.Create(host, Request(new() { Unified = new() { ["memory.min"] = "1" } })));
        Assert.Equal("invalid configuration: cannot use unified on cgroup v1", fault.Message);
    }

    [Fact]
    public void Annotations_steer_subgroup_delegation_and_unit_properties()
    {
        CgroupOptions options = CgroupOptions.Of(new Dictionary<string, string>
        {
            ["run.oci.systemd.subgroup"] = "inner",
            ["run.oci.delegate-cgroup"] = "/payload/",
            ["run.oci.systemd.force_cgroup_v1"] = "/sys/fs/cgroup",
            ["org.systemd.property.CollectMode"] = "'inactive-or-failed'",
            ["other"] = "x",
        });
        Assert.Equal(("inner", "payload", "/sys/fs/cgroup"), (options.Subgroup, options.Delegate, options.ForceLegacyAt));
        Assert.Equal([new("CollectMode", "'inactive-or-failed'")], options.SystemdProperties);
        Assert.Null(CgroupOptions.Of(new Dictionary<string, string> { ["run.oci.systemd.subgroup"] = "" }).Subgroup);
        Assert.Throws<BerthException>(() => CgroupOptions.Of(new Dictionary<string, string> { ["run.oci.delegate-cgroup"] = "a/../../b" }));
    }

    [Fact]
    public void A_delegated_cgroup_is_made_below_and_gets_the_process_and_all_controllers()
    {
        using RecordedTree tree = Host();
        tree.WithFiles("cgroup/pod/c", "cgroup.subtree_control").WithFiles("cgroup/pod/c/payload", "cgroup.procs");
        CgroupTree cgroup = Create(tree, Request() with { Options = new() { Delegate = "payload" } });
        cgroup.EnterDelegate(99);
        Assert.Equal("99", tree["cgroup/pod/c/payload/cgroup.procs"]);
        Assert.Equal("+cpuset +cpu +io +memory +pids", tree["cgroup/pod/c/cgroup.subtree_control"]);
    }

    [Fact]
    public void Only_a_container_that_could_use_it_gets_its_cgroup()
    {
        Spec spec = new()
        {
            Process = new() { User = new() { Uid = 5 } },
            Mounts = [new() { Type = "cgroup", Source = "cgroup", Destination = "/sys/fs/cgroup" }],
            Linux = new() { Namespaces = [new() { Type = "user" }, new() { Type = "cgroup" }], UidMappings = [new() { ContainerId = 0, HostId = 100000, Size = 65536 }] },
        };
        Assert.Equal(new CgroupOwner(100005), CgroupOwner.Of(spec));
        Assert.Null(CgroupOwner.Of(spec with { Mounts = [spec.Mounts[0] with { Options = ["ro"] }] }));
        Assert.Null(CgroupOwner.Of(spec with { Linux = spec.Linux with { Namespaces = [new() { Type = "user" }] } }));
        Assert.Null(CgroupOwner.Of(spec with { Linux = spec.Linux with { Namespaces = [new() { Type = "user" }, new() { Type = "cgroup", Path = "/proc/1/ns/cgroup" }] } }));
        Assert.Null(CgroupOwner.Of(spec with { Linux = spec.Linux with { UidMappings = null } }));
    }
}
