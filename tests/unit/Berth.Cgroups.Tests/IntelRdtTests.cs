// resctrl on a recorded tree.
using System.Text;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Oci.Json;

namespace Berth.Cgroups.Tests;

public class IntelRdtTests
{
    private static RecordedTree Host()
    {
        RecordedTree tree = new();
        tree["info/L3/cbm_mask"] = "fffff\n";
        tree["info/L3/min_cbm_bits"] = "1\n";
        tree["info/L3/num_closids"] = "16\n";
        tree["info/last_cmd_status"] = "ok\n";
        tree["schemata"] = "    L3:0=fffff;1=fffff\n    MB:0=100\n";
        Directory.CreateDirectory(tree.Root + "/mon_groups");
        return tree;
    }

    /// <summary>The expected JSON is broken into lines for the reader.</summary>
    private static string Flat(string lines) => lines.Replace("\n", "", StringComparison.Ordinal);

    [Fact]
    public void A_group_made_for_a_container_goes_with_it()
    {
        using RecordedTree tree = Host();
        IntelRdt rdt = IntelRdt.Create(new() { L3CacheSchema = "L3:0=f" }, "c1", tree.Root);
        Assert.Equal(new IntelRdtRecord(tree.Root, tree.Root + "/c1", true, null), rdt.Record);
        IntelRdt.Open(rdt.Record).Delete();
        Assert.False(Directory.Exists(tree.Root + "/c1"));
    }

    [Fact]
    public void A_class_that_was_named_stays_whoever_made_it()
    {
        using RecordedTree tree = Host();
        IntelRdt rdt = IntelRdt.Create(new() { ClosId = "guaranteed", Schemata = ["L3:0=f"] }, "c1", tree.Root);
        rdt.Delete();
        Assert.True(Directory.Exists(tree.Root + "/guaranteed"));
    }

    [Fact]
    public void A_named_class_without_schemata_must_be_there()
    {
        using RecordedTree tree = Host();
        Assert.Equal(Fault.NotFound, Assert.Throws<BerthException>(() => IntelRdt.Create(new() { ClosId = "x" }, "c1", tree.Root)).Kind);
        Assert.False(IntelRdt.Create(new() { ClosId = "/" }, "c1", tree.Root).Record.IsOurs);
    }

    [Fact]
    public void Processes_and_schemata_go_into_the_group_and_its_monitor()
    {
        using RecordedTree tree = Host().WithFiles("class", "tasks", "schemata").WithFiles("class/mon_groups/c1", "tasks");
        IntelRdtSpec spec = new() { ClosId = "class", L3CacheSchema = "L3:0=f", Schemata = ["L2:0=1"], EnableMonitoring = true };
        IntelRdt rdt = IntelRdt.Create(spec, "c1", tree.Root);
        rdt.Enter(12);
        rdt.Apply(spec);
        Assert.Equal(("12", "12", "L3:0=f\nL2:0=1\n"), (tree["class/tasks"], tree["class/mon_groups/c1/tasks"], tree["class/schemata"]));
    }

    [Theory]
    [InlineData("..")]
    [InlineData("a/b")]
    public void A_class_outside_resctrl_is_refused(string name)
    {
        using RecordedTree tree = Host();
        Assert.Equal($"invalid intelRdt.ClosID \"{name}\"", Assert.Throws<BerthException>(() => IntelRdt.Create(new() { ClosId = name }, "c", tree.Root)).Message);
    }

    [Fact]
    public void What_the_host_lacks_is_named()
    {
        using RecordedTree tree = Host();
        Assert.Contains("Intel RDT is not enabled", Assert.Throws<BerthException>(() => IntelRdt.Create(new(), "c", null)).Message, StringComparison.Ordinal);
        Assert.Contains("Intel RDT/MBA is not enabled",
            Assert.Throws<BerthException>(() => IntelRdt.Create(new() { MemBwSchema = "MB:0=10" }, "c", tree.Root)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_kernels_own_reason_is_told()
    {
        using RecordedTree tree = Host();
        tree["info/last_cmd_status"] = "mask f00f has non-consecutive 1-bits\n";
        IntelRdt rdt = IntelRdt.Create(new() { L3CacheSchema = "L3:0=f00f" }, "c1", tree.Root);
        Assert.EndsWith(", last_cmd_status: mask f00f has non-consecutive 1-bits",
            Assert.Throws<BerthException>(() => rdt.Apply(new() { L3CacheSchema = "L3:0=f00f" })).Message, StringComparison.Ordinal);
        rdt.Delete();
    }

    [Fact]
    public void Statistics_tell_schemata_limits_and_counters()
    {
        using RecordedTree tree = Host();
        tree["info/L3_MON/mon_features"] = "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n";
        tree["c1/schemata"] = "    L3:0=f;1=f\n";
        tree["c1/mon_data/mon_L3_00/llc_occupancy"] = "123\n";
        tree["c1/mon_data/mon_L3_00/mbm_total_bytes"] = "9\n";
        tree["c1/mon_data/mon_L3_00/mbm_local_bytes"] = "8\n";
        IntelRdtStats stats = IntelRdt.Open(new IntelRdtRecord(tree.Root, tree.Root + "/c1", true, null)).Stats();
        JsonWriter writer = new();
        IntelRdtJson.Write(writer, stats);
        Assert.Equal(
            Flat("""
                {"l3_cache_info":{"cbm_mask":"fffff","min_cbm_bits":1,"num_closids":16},"l3_cache_schema_root":"L3:0=fffff;1=fffff","l3_cache_schema":"L3:0=f;1=f",
                "schemata":["L3:0=f;1=f"],"mbm_stats":[{"mbm_total_bytes":9,"mbm_local_bytes":8}],"cmt_stats":[{"llc_occupancy":123}]}
                """),
            Encoding.UTF8.GetString(writer.Written));
    }
}
