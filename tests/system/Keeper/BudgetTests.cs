// Promises of a shim that do not depend on the clock: what a pod costs, and that nothing wakes it.
namespace Berth.SystemTests.Keeper;

/// <summary>The numbers of docs/promises.md.</summary>
public sealed class BudgetTests : KeeperTest
{
    private const string Sleeping = "while :; do sleep 1000; done";
    private const int Containers = 5, ExecsOfEach = 2;
    private const long MostOfEach = 1024;

    [Fact]
    [Row("SHM-07", "SHM-08")]
    public void A_pod_of_five_with_ten_executed_processes_has_one_shim_of_less_than_a_megabyte_each()
    {
        for (int i = 0; i < Containers; i++)
        {
            string id = Run(Sleeping, Cri);
            for (int j = 0; j < ExecsOfEach; j++) Exec(id, $"e{j}", Sleeping);
        }
        Assert.Equal(1, Shims());
        long pss = Kilobytes("Pss"), dirty = Kilobytes("Private_Dirty");
        TestContext.Current.TestOutputHelper?.WriteLine($"PSS {pss} KiB, private dirty {dirty} KiB");
        Assert.InRange(pss, 1, Containers * MostOfEach);
        Assert.InRange(dirty, 1, Containers * MostOfEach / 2);
    }

    [Fact]
    public void Nothing_wakes_a_shim_whose_containers_are_still()
    {
        string id = Run(Sleeping, Cri);
        Exec(id, "e", Sleeping);
        Create("true");
        // Whatever it still had to do after the last call is done when it sleeps, and has slept for a while.
        long before = -1;
        Until.True(() => before == (before = Switches()), "the shim sleeps");
        Thread.Sleep(2000);
        Assert.Equal(before, Switches());
        Assert.Single(Directory.GetDirectories($"/proc/{ShimPid}/task"));
    }

    private long Kilobytes(string name) => long.Parse(File.ReadLines($"/proc/{ShimPid}/smaps_rollup")
        .Single(line => line.StartsWith(name + ":", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]);

    private long Switches() => File.ReadLines($"/proc/{ShimPid}/status")
        .Where(line => line.StartsWith("voluntary_ctxt_switches", StringComparison.Ordinal)).Sum(line => long.Parse(line.Split('\t')[1]));
}
