// CLI-10, CLI-11: changing limits of a running container, and watching it.
using System.Text.Json.Nodes;
using Berth.Contract.OciRuntime.Stage;

namespace Berth.Contract.OciRuntime.Commands;

[Row("CLI-10")]
public sealed class UpdateAndEventsTests : ContainerTest
{
    private static bool Unified => Machine.Cgroups == CgroupLayout.Unified;

    private void Shows(string controller, string v1, string v2, string value1, string value2)
    {
        string file = $"{Dock.CgroupFolder(controller)}/{(Unified ? v2 : v1)}";
        Assert.SkipUnless(File.Exists(file), $"this kernel has no {Path.GetFileName(file)}");
        Assert.Equal(Unified ? value2 : value1, File.ReadAllText(file).Trim());
    }

    [Theory]
    [InlineData("--memory", "67108864", "memory", "memory.limit_in_bytes", "memory.max", "67108864")]
    [InlineData("--memory-reservation", "33554432", "memory", "memory.soft_limit_in_bytes", "memory.low", "33554432")]
    [InlineData("--pids-limit", "55", "pids", "pids.max", "pids.max", "55")]
    [InlineData("--cpu-share", "300", "cpu", "cpu.shares", null, "300")]
    [InlineData("--cpuset-cpus", "0", "cpuset", "cpuset.cpus", "cpuset.cpus", "0")]
    [InlineData("--cpuset-mems", "0", "cpuset", "cpuset.mems", "cpuset.mems", "0")]
    public void An_option_changes_its_file(string option, string value, string controller, string v1, string? v2, string shown)
    {
        Machine.NeedsController(controller);
        Started();
        Call("update", option, value, Id).Succeeded();
        if (!Unified || v2 is not null) Shows(controller, v1, v2 ?? "", shown, shown);
    }

    [Theory]
    [InlineData("--l3-cache-schema", "L3:0=ff")]
    [InlineData("--mem-bw-schema", "MB:0=50")]
    public void Schemata_are_refused_where_the_host_has_none(string option, string value)
    {
        Assert.SkipWhen(File.Exists("/sys/fs/resctrl/schemata"), "this host has resctrl");
        Started();
        Call("update", option, value, Id).Failed().Explains("Intel RDT");
    }

    [Fact]
    [Row("CFG-18")]
    public void What_is_not_known_of_the_configuration_survives_an_update()
    {
        Assert.SkipUnless(Runtime.IsOurs, "where it is stored is a runtime's own matter");
        Started(config => config.SetJson("windows", """{"layerFolders":["C:\\a"]}""").SetJson("linux.resources.tomorrow", """[{"a":1e3}]""").SetJson("zos", "{}"));
        Call("update", "--pids-limit", "55", Id).Succeeded();
        JsonNode stored = JsonNode.Parse(File.ReadAllText($"{Dock.StateRoot}/{Id}/config.json"))!;
        Assert.Equal("""{"layerFolders":["C:\\a"]}""", stored["windows"]!.ToJsonString());
        Assert.Equal("""[{"a":1e3}]""", stored["linux"]!["resources"]!["tomorrow"]!.ToJsonString());
        Assert.Equal("{}", stored["zos"]!.ToJsonString());
        Assert.Equal(55, (int)stored["linux"]!["resources"]!["pids"]!["limit"]!);
    }

    [Fact]
    [Row("CLI-10")]
    public void Names_of_limits_may_have_other_capitals()
    {
        Machine.NeedsController("pids");
        Started();
        Call("update", "--resources", Dock.NewFile("resources.json", """{"Pids":{"LIMIT":44}}"""), Id).Succeeded();
        Shows("pids", "pids.max", "pids.max", "44", "44");
    }

    [Fact]
    public void Quota_and_period_change_together()
    {
        Machine.NeedsController("cpu");
        Started(config => config.Set("linux.resources.cpu.quota", 500000).Set("linux.resources.cpu.period", 1000000));
        Call("update", "--cpu-quota", "30000", "--cpu-period", "60000", Id).Succeeded();
        Shows("cpu", "cpu.cfs_quota_us", "cpu.max", "30000", "30000 60000");
        if (!Unified) Shows("cpu", "cpu.cfs_period_us", "", "60000", "");
    }

    [Fact]
    public void A_quota_can_be_taken_away()
    {
        Machine.NeedsController("cpu");
        Started(config => config.Set("linux.resources.cpu.quota", 50000).Set("linux.resources.cpu.period", 100000));
        Call("update", "--cpu-quota", "-1", Id).Succeeded();
        Shows("cpu", "cpu.cfs_quota_us", "cpu.max", "-1", "max 100000");
    }

    [Fact]
    public void Burst_is_changed()
    {
        Machine.NeedsController("cpu");
        Started(config => config.Set("linux.resources.cpu.quota", 50000).Set("linux.resources.cpu.period", 100000));
        Call("update", "--cpu-burst", "20000", Id).Succeeded();
        Shows("cpu", "cpu.cfs_burst_us", "cpu.max.burst", "20000", "20000");
    }

    [Fact]
    public void Memory_and_swap_grow_and_shrink_together()
    {
        Machine.NeedsController("memory");
        Machine.NeedsPath(Unified ? "/proc/swaps" : "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", "this kernel does not account swap");
        Started(config => config.Set("linux.resources.memory.limit", 64 << 20).Set("linux.resources.memory.swap", 64 << 20));
        // Growing must raise the sum first, shrinking must lower the memory first.
        foreach (int size in (int[])[128 << 20, 32 << 20])
        {
            Call("update", "--memory", $"{size}", "--memory-swap", $"{size}", Id).Succeeded();
            Shows("memory", "memory.limit_in_bytes", "memory.max", $"{size}", $"{size}");
        }
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Resources_come_from_a_file_or_standard_input(bool fromFile)
    {
        Machine.NeedsController("memory");
        Started();
        const string Json = """{"memory":{"limit":50331648},"pids":{"limit":44}}""";
        Dock.Command("update", "--resources", fromFile ? Dock.NewFile("resources", Json) : "-", Id).Input(Json).Run().Succeeded();
        Shows("memory", "memory.limit_in_bytes", "memory.max", "50331648", "50331648");
        Shows("pids", "pids.max", "pids.max", "44", "44");
    }

    [Fact]
    public void What_is_not_named_stays()
    {
        Machine.NeedsController("memory");
        Started(config => config.Set("linux.resources.memory.limit", 64 << 20).Set("linux.resources.pids.limit", 33));
        Call("update", "--memory", "83886080", Id).Succeeded();
        Shows("pids", "pids.max", "pids.max", "33", "33");
        ExecShell("head -c 1 /dev/zero | wc -c").Succeeded().Says("1");
    }

    [Fact]
    public void The_rules_of_devices_survive_an_update()
    {
        Machine.NeedsPath("/dev/fuse", "this kernel has no FUSE");
        Started(config => config.Capabilities("CAP_MKNOD").SetJson("linux.resources.devices", """[{"allow":false,"access":"rwm"},{"allow":true,"type":"c","access":"m"}]"""));
        Call("update", "--pids-limit", "77", Id).Succeeded();
        ExecShell("mknod /dev/x c 10 229; head -c 0 /dev/x").Failed();
        ExecShell("head -c 1 /dev/zero | wc -c").Succeeded().Says("1");
    }

    [Fact]
    public void A_value_the_kernel_refuses_is_an_error_and_the_container_lives()
    {
        Machine.NeedsController("cpuset");
        Started();
        Call("update", "--cpuset-cpus", "4711", Id).Failed().Explains("cpuset");
        Assert.Equal("running", Dock.Status());
    }

    [Theory]
    [InlineData("--memory", "words")]
    [InlineData("--cpu-quota", "1.5x")]
    public void A_value_that_is_no_number_is_an_error(string option, string value)
    {
        Started();
        Call("update", option, value, Id).Failed().Explains(value);
    }

    [Fact]
    public void A_stopped_container_cannot_be_updated()
    {
        Dock.Create(config => config.Shell("exit 0"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Call("update", "--pids-limit", "10", Id).Failed();
    }

    [Fact]
    [Row("CLI-11")]
    public void Statistics_tell_memory_processes_and_processor_time()
    {
        Started(config => config.Set("linux.resources.memory.limit", 64 << 20).Set("linux.resources.pids.limit", 20));
        JsonNode report = Call("events", "--stats", Id).Succeeded().Json;
        Assert.Equal("stats", (string?)report["type"]);
        Assert.Equal(Id, (string?)report["id"]);
        JsonNode data = report["data"]!;
        Assert.True((long)data["memory"]!["usage"]!["usage"]! > 0);
        Assert.Equal(64 << 20, (long?)data["memory"]!["usage"]!["limit"]);
        Assert.InRange((long)data["pids"]!["current"]!, 1, 20);
        Assert.Equal(20, (long?)data["pids"]!["limit"]);
        Assert.True((long)data["cpu"]!["usage"]!["total"]! > 0);
    }

    [Fact]
    [Row("CLI-11")]
    public void Events_come_at_their_interval_until_the_container_ends()
    {
        Started();
        using Live live = Dock.Command("events", "--interval", "50ms", Id).Start();
        Until.True(() => live.SoFar.Lines.Length >= 3, "three reports came");
        Call("delete", "--force", Id).Succeeded();
        Outcome outcome = live.Wait();
        Assert.All(outcome.Lines[..2], line => Assert.Equal("stats", (string?)JsonNode.Parse(line)!["type"]));
    }

    [Fact]
    [Row("CLI-11")]
    public void Running_out_of_memory_is_an_event()
    {
        Machine.NeedsController("memory");
        Started(config => config.Set("linux.resources.memory.limit", 24 << 20).Shell("echo ready; while [ ! -e /go ]; do sleep 0.05; done; dd if=/dev/zero of=/dev/null bs=200M count=1; sleep 1000"));
        using Live live = Dock.Command("events", "--interval", "100ms", Id).Start();
        Until.True(() => live.SoFar.Lines.Length >= 1, "the watch has begun");
        File.WriteAllText($"{Dock.Root}/go", "");
        Until.True(() => live.SoFar.Lines.Any(line => line.Contains("\"oom\"", StringComparison.Ordinal)), "the event came");
        Call("delete", "--force", Id).Succeeded();
        live.Wait();
    }

    [Fact]
    [Row("CLI-11")]
    public void Events_of_a_stopped_container_are_an_error()
    {
        Dock.Create(config => config.Shell("exit 0"));
        Call("start", Id).Succeeded();
        Dock.Await("stopped");
        Call("events", "--stats", Id).Failed().Explains("not running");
    }
}
