// Promises that do not depend on the clock: size, memory beside crun, nothing left behind.
namespace Berth.Budget.Tests;

public sealed class BudgetTests
{
    // The numbers of docs/promises.md.
    private const long LargestBinary = 4_000_000;
    private const long LargestShim = 3_200_000;
    private const long LargestBerth = 20_000_000;

    private const long LargestPlugins = 3_600_000, LargestInit = 6_000;
    private const double MemoryBesideCrun = 1.5;

    private static string Shim { get; } = Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth-shim");

    [Fact]
    public void The_runtime_is_one_file_of_at_most_four_megabytes()
    {
        Assert.SkipUnless(RuntimeUnderTest.Current.IsOurs, "the promise is ours");
        Assert.InRange(new FileInfo(RuntimeUnderTest.Current.Path).Length, 1, LargestBinary);
    }

    [Fact]
    public void The_runtime_needs_no_library_of_the_host()
    {
        Assert.SkipUnless(RuntimeUnderTest.Current.IsOurs, "the promise is ours");
        using Dock dock = new();
        // A static program has no interpreter; `ldd` says so and fails.
        Outcome outcome = dock.Tool(Machine.NeedsProgram("ldd"), RuntimeUnderTest.Current.Path).Run();
        Assert.Contains(outcome.Output + outcome.Error, (string[])["\tnot a dynamic executable\n", "\tstatically linked\n"]);
    }

    [Fact]
    public void The_shim_is_one_file_of_little_more_than_three_megabytes_that_needs_no_library()
    {
        Machine.NeedsPath(Shim, "berth-shim is not built");
        Assert.InRange(new FileInfo(Shim).Length, 1, LargestShim);
        using Dock dock = new();
        Outcome outcome = dock.Tool(Machine.NeedsProgram("ldd"), Shim).Run();
        Assert.Contains(outcome.Output + outcome.Error, (string[])["\tnot a dynamic executable\n", "\tstatically linked\n"]);
    }

    [Fact]
    public void The_command_is_one_file_of_at_most_twenty_megabytes()
    {
        string berth = Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth");
        Machine.NeedsPath(berth, "berth is not built");
        Assert.InRange(new FileInfo(berth).Length, 1, LargestBerth);
    }

    [Fact]
    public void The_plugins_are_one_small_program()
    {
        string plugins = Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth-cni");
        Machine.NeedsPath(plugins, "berth-cni is not built");
        Assert.InRange(new FileInfo(plugins).Length, 1, LargestPlugins);
    }

    [Fact]
    public void The_init_is_five_kilobytes_and_needs_nothing()
    {
        string init = Path.Combine(RuntimeUnderTest.Checkout, "out/bin/berth-init");
        Machine.NeedsPath(init, "berth-init is not built");
        Assert.InRange(new FileInfo(init).Length, 1, LargestInit);
        using Dock dock = new();
        Outcome outcome = dock.Tool(Machine.NeedsProgram("ldd"), init).Run();
        Assert.Contains(outcome.Output + outcome.Error, (string[])["\tnot a dynamic executable\n", "\tstatically linked\n"]);
    }

    [Fact]
    public void The_peak_memory_of_a_run_is_at_most_one_and_a_half_of_cruns()
    {
        string crun = Machine.NeedsProgram("crun"), time = Machine.NeedsProgram("time");
        using Dock dock = new();
        dock.Write(config => config.Args("/bin/true"));
        int ours = Peak(dock, time, RuntimeUnderTest.Current.Path, RuntimeUnderTest.Current.Launcher);
        string[] privately = Machine.Cgroups == CgroupLayout.Hybrid ? ["unshare", "--mount", "--propagation", "slave", "sh", "-c", "umount /sys/fs/cgroup/unified && exec \"$@\"", "crun"] : [];
        int theirs = Peak(dock, time, crun, privately);
        TestContext.Current.TestOutputHelper?.WriteLine($"peak memory of a run: {ours} KiB, crun {theirs} KiB");
        Assert.True(ours <= theirs * MemoryBesideCrun, $"{ours} KiB is more than {MemoryBesideCrun} times crun's {theirs} KiB");
    }

    [Fact]
    public void Fifty_starts_leave_nothing_behind()
    {
        int mounts = File.ReadAllLines("/proc/self/mountinfo").Length;
        using (Dock dock = new())
        {
            for (int i = 0; i < 50; i++) dock.Run(config => config.Args("/bin/true")).Succeeded();
            // The dock looks for processes, mounts, cgroups and state when it goes.
        }
        Assert.Equal(mounts, File.ReadAllLines("/proc/self/mountinfo").Length);
    }

    // The smallest of five: what the kernel counts depends a little on what it faulted in.
    private static int Peak(Dock dock, string time, string runtime, IReadOnlyList<string> launcher)
    {
        int smallest = int.MaxValue;
        for (int i = 0; i < 5; i++)
        {
            string file = $"{dock.Folder}/peak";
            dock.Tool([.. launcher, time, "-f", "%M", "-o", file, runtime, "--root", dock.StateRoot, "run", "--bundle", dock.Bundle, dock.Id]).Run().Succeeded();
            smallest = Math.Min(smallest, int.Parse(File.ReadAllText(file).Trim()));
        }
        return smallest;
    }
}
