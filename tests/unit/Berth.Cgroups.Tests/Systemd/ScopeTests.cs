// The systemd driver against a fake systemd: what is asked of it, and what is done beside it.
using Berth.Cgroups.Systemd;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Cgroups.Tests.Systemd;

public sealed class ScopeTests : IDisposable
{
    private readonly RecordedTree _tree = new();
    private readonly FakeSystemd _systemd;
    private readonly CgroupHost _host;

    private const string Scope = "cgroup/machine.slice/cri-c1.scope";

    public ScopeTests()
    {
        _tree["cgroup/cgroup.controllers"] = "cpu memory pids\n";
        _tree["cgroup/machine.slice/cgroup.subtree_control"] = "";
        _tree.WithFiles("cgroup", "cgroup.subtree_control");
        _systemd = new FakeSystemd(_tree);
        _host = CgroupHost.AtUnified(_tree.Mount, _tree.Proc);
        _host.Sockets = _systemd.Sockets;
    }

    private CgroupTree Create(ResourcesSpec? resources = null, CgroupOptions? options = null)
    {
        CgroupTree tree = CgroupTree.Create(_host, new CgroupRequest
        {
            Id = "c1", CgroupsPath = "machine.slice:cri:c1", Driver = CgroupDriver.Systemd, Resources = resources, Options = options ?? new(), InUserNamespace = true,
        });
        // What systemd makes when the scope starts.
        _tree.WithFiles(Scope, "memory.max", "pids.max", "cpu.max", "cpu.weight", "cgroup.procs", "cgroup.subtree_control");
        _tree[Scope + "/cgroup.controllers"] = "cpu memory pids\n";
        return tree;
    }

    [Fact]
    public void A_scope_is_started_around_the_first_process_with_its_limits()
    {
        CgroupTree tree = Create(new() { Memory = new() { Limit = 1 << 20 }, Pids = new() { Limit = 0 }, Cpu = new() { Shares = 1024, Quota = 4000, Period = 10000, Cpus = "0-1" } },
            new() { SystemdProperties = [new("TimeoutStopSec", "uint64 5"), new("CollectMode", "'inactive-or-failed'")] });
        _tree.WithFiles(Scope, "cpuset.cpus");
        tree.Apply();
        Assert.Empty(_systemd.Calls);
        tree.Enter(4711);
        Assert.Equal(["Get", "StartTransientUnit"], _systemd.Members);
        Assert.Equal(
            [
                "Description=<container c1>", "Slice=<machine.slice>", "Delegate=<1>", "PIDs=<[4711]>",
                "MemoryAccounting=<1>", "CPUAccounting=<1>", "IOAccounting=<1>", "TasksAccounting=<1>", "DefaultDependencies=<0>",
                "TimeoutStopUSec=<5000000>", "CollectMode=<inactive-or-failed>",
                "MemoryMax=<1048576>", "CPUWeight=<100>", "CPUQuotaPeriodUSec=<10000>", "CPUQuotaPerSecUSec=<400000>", "TasksMax=<1>", "AllowedCPUs=<[3]>",
            ],
            _systemd.PropertiesOf("StartTransientUnit"));
        Assert.Equal(("1048576", "1", "4000 10000", "100"), (_tree[Scope + "/memory.max"], _tree[Scope + "/pids.max"], _tree[Scope + "/cpu.max"], _tree[Scope + "/cpu.weight"]));
        Assert.Equal(new SystemdUnit("machine.slice", "cri-c1.scope"), tree.Record.Unit);
        Assert.Equal([_tree.Root + "/" + Scope], tree.Record.Created);
    }

    [Fact]
    public void Where_systemd_rounds_the_quota_the_file_gets_the_rounded_one()
    {
        CgroupTree tree = Create(new() { Cpu = new() { Quota = 1234, Period = 100000 } });
        tree.Enter(1);
        Assert.Contains("CPUQuotaPerSecUSec=<20000>", _systemd.PropertiesOf("StartTransientUnit"));
        Assert.Equal("2000 100000", _tree[Scope + "/cpu.max"]);
    }

    [Fact]
    public void Old_versions_of_systemd_are_not_told_what_they_do_not_know()
    {
        _systemd.Version = "239";
        CgroupTree tree = Create(new() { Cpu = new() { Quota = 4000, Period = 10000, Idle = 0 } });
        _tree.WithFiles(Scope, "cpu.idle");
        tree.Enter(1);
        Assert.DoesNotContain(_systemd.PropertiesOf("StartTransientUnit"), p => p.StartsWith("CPUQuotaPeriodUSec", StringComparison.Ordinal));
    }

    [Fact]
    public void A_failed_unit_of_the_same_name_is_reset_and_tried_once_more()
    {
        _systemd.Errors["StartTransientUnit"] = "org.freedesktop.systemd1.UnitExists";
        Create().Enter(1);
        Assert.Equal(["Get", "StartTransientUnit", "ResetFailedUnit", "StartTransientUnit"], _systemd.Members);
    }

    [Fact]
    public void A_refusal_is_told_with_the_unit_and_its_properties()
    {
        _systemd.Errors["StartTransientUnit"] = "org.freedesktop.DBus.Error.AccessDenied";
        BerthException fault = Assert.Throws<BerthException>(() => Create().Enter(1));
        Assert.Equal(Fault.Denied, fault.Kind);
        Assert.StartsWith("unable to start unit \"cri-c1.scope\" (properties Description=container c1 Slice=machine.slice", fault.Message, StringComparison.Ordinal);
        Assert.EndsWith("org.freedesktop.DBus.Error.AccessDenied: no, said the test", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_job_that_fails_is_a_fault()
    {
        _systemd.JobResult = "failed";
        BerthException fault = Assert.Throws<BerthException>(() => Create().Enter(1));
        Assert.Equal("unable to start unit \"cri-c1.scope\": systemd says `failed`", fault.Message);
        Assert.Equal("ResetFailedUnit", _systemd.Members.Last());
    }

    [Fact]
    public void An_update_goes_to_systemd_and_into_the_files()
    {
        CgroupTree tree = Create();
        _tree.WithFiles(Scope, "cpu.idle");
        tree.Enter(1);
        tree.Update(ResourcesUpdate.Merge(null, new() { Cpu = new() { Shares = 200, Idle = 1 }, Unified = new() { ["pids.max"] = "10" } }), null);
        Assert.Equal(["CPUWeight=<0>", "TasksMax=<10>"], _systemd.PropertiesOf("SetUnitProperties"));
        Assert.Equal(("1", "10"), (_tree[Scope + "/cpu.idle"], _tree[Scope + "/pids.max"]));
        Assert.Equal(["unable to apply both CPUWeight and CpuIdle to systemd, ignoring CPUWeight"], tree.Warnings);
    }

    [Fact]
    public void Raw_files_with_a_property_are_told_to_systemd()
    {
        ResourcesSpec resources = new()
        {
            Unified = new() { ["memory.high"] = "max", ["cpu.max"] = "5000 50000", ["cpu.weight"] = "42", ["cpuset.cpus"] = "5-8", ["hugetlb.2MB.max"] = "1" },
        };
        List<UnitProperty> list = new ScopeProperties(252, []).AddUnified(ref resources).List;
        Assert.Equal(
            ["MemoryHigh=18446744073709551615", "CPUQuotaPeriodUSec=50000", "CPUQuotaPerSecUSec=100000", "CPUWeight=42", "AllowedCPUs=[224, 1]"],
            list.Select(p => p.ToString()));
    }

    [Fact]
    public void Device_rules_are_told_in_the_forms_systemd_knows()
    {
        List<string> warnings = [];
        DevicePolicy policy = DevicePolicy.FromList("c *:* m\nb *:* m\nc 1:3 rwm\nc 136:* rwm\nb *:7 r\n");
        List<UnitProperty> list = new ScopeProperties(252, warnings).AddDevices(policy).List;
        Assert.Equal(
            ["DeviceAllow=[]", "DevicePolicy=strict", "DeviceAllow=[(char-*, m), (block-*, m), (/dev/char/1:3, rwm), (char-136, rwm)]"], list.Select(p => p.ToString()));
        Assert.Equal(["systemd doesn't support '*:n' device rules -- temporarily ignoring rule: b *:7 r"], warnings);
        Assert.Equal(["DeviceAllow=[]", "DevicePolicy=auto"], new ScopeProperties(252, []).AddDevices(DevicePolicy.FromList("a *:* rwm\n")).List.Select(p => p.ToString()));
    }

    [Fact]
    public void Limits_of_v1_have_the_names_that_systemd_gave_them_then()
    {
        ResourcesSpec resources = new() { Memory = new() { Limit = -1 }, Cpu = new() { Shares = 5 }, BlockIo = new() { Weight = 500 }, Pids = new() { Limit = -1 } };
        Assert.Equal(["MemoryLimit=18446744073709551615", "CPUShares=5", "BlockIOWeight=500", "TasksMax=18446744073709551615"],
            new ScopeProperties(252, []).AddLegacy(ref resources).List.Select(p => p.ToString()));
    }

    [Fact]
    public void The_container_lives_in_a_cgroup_below_the_scope_when_asked_to()
    {
        CgroupTree tree = Create(new() { Pids = new() { Limit = 5 } }, new() { Subgroup = "inner" });
        _tree.WithFiles(Scope + "/inner", "cgroup.procs", "pids.max");
        _tree[Scope + "/inner/cgroup.controllers"] = "\n";
        tree.Enter(12);
        Assert.Equal("12", _tree[Scope + "/inner/cgroup.procs"]);
        Assert.Equal("5", _tree[Scope + "/inner/pids.max"]);
        Assert.Equal("+cpu +memory +pids", _tree[Scope + "/cgroup.subtree_control"]);
        Assert.Equal(_tree.Root + "/" + Scope, tree.Record.UnitDirectory);
    }

    [Fact]
    public void Deletion_stops_the_unit_and_bears_that_it_is_gone()
    {
        CgroupTree tree = Create();
        _systemd.Errors["StopUnit"] = "org.freedesktop.systemd1.NoSuchUnit";
        tree.Delete();
        Assert.Equal(["StopUnit", "ResetFailedUnit"], _systemd.Members);
    }

    [Fact]
    public void A_scope_of_a_user_lies_below_the_users_manager()
    {
        _host.Sockets = _systemd.Sockets with { Variable = n => n == "XDG_RUNTIME_DIR" ? _tree.Root + "/run" : null };
        CgroupTree tree = CgroupTree.Create(_host, new CgroupRequest { Id = "c1", Driver = CgroupDriver.Systemd, Rootless = true });
        Assert.Equal(_tree.Mount + "/user.slice/user-1000.slice/user@1000.service/user.slice/berth-c1.scope", tree.UnifiedDirectory);
    }

    [Fact]
    public void Without_systemd_the_driver_is_refused_with_a_way_out()
    {
        _host.Sockets = new SystemdSockets { Run = _tree.Root + "/nowhere" };
        BerthException fault = Assert.Throws<BerthException>(() => Create());
        Assert.Equal((Fault.Unavailable, "systemd not running on this host, cannot use systemd cgroups manager"), (fault.Kind, fault.Message));
        Assert.NotNull(fault.Hint);
    }

    [Theory]
    [InlineData("Xy", "uint64 1", "too short")]
    [InlineData("Memory.Max", "uint64 1", "non-alphabetic")]
    [InlineData("TimeoutStopSec", "'five'", "not a number")]
    public void Malformed_properties_of_annotations_are_refused(string name, string value, string why) =>
        Assert.Contains(why, Assert.Throws<BerthException>(() => new ScopeProperties(252, []).AddAnnotated([new(name, value)])).Message, StringComparison.Ordinal);

    public void Dispose()
    {
        _systemd.Dispose();
        _tree.Dispose();
    }
}
