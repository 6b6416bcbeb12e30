// Random lifecycles, with the runtime killed at random points: nothing may hang, nothing may stay, and `delete --force` always cleans.
using System.Collections.Concurrent;
using System.Globalization;

namespace Berth.SystemTests.Soak;

public sealed class SoakTests
{
    // BERTH_SOAK: how many lifecycles; BERTH_SOAK_SEED: the first seed, to repeat a failure (with BERTH_SOAK=1).
    private static int Setting(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out int value) ? value : otherwise;

    [Fact]
    public void Random_lifecycles_leave_nothing_although_the_runtime_is_killed_at_random_points()
    {
        int count = Setting("BERTH_SOAK", 150), first = Setting("BERTH_SOAK_SEED", Random.Shared.Next(1_000_000));
        ITestOutputHelper? output = TestContext.Current.TestOutputHelper;
        output?.WriteLine($"seeds {first} to {first + count - 1} on {RuntimeUnderTest.Current}");
        int next = first - 1;
        ConcurrentQueue<Exception> failures = [];
        ConcurrentDictionary<string, int> tally = [];
        Thread[] workers = [.. Enumerable.Range(0, 2).Select(_ => new Thread(Work))];
        foreach (Thread worker in workers) worker.Start();
        foreach (Thread worker in workers) worker.Join();
        output?.WriteLine(string.Join(", ", tally.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key} {entry.Value}")));
        if (!failures.IsEmpty) throw new AggregateException(failures);

        void Work()
        {
            try
            {
                using Dock dock = new();
                for (int seed = Interlocked.Increment(ref next); seed < first + count && failures.IsEmpty; seed = Interlocked.Increment(ref next))
                {
                    RandomLife life = new(dock, seed, tally);
                    try { life.Live(); }
                    catch (Exception e) { failures.Enqueue(new InvalidOperationException($"seed {seed} ({life}): {e.Message}", e)); }
                }
            }
            catch (Exception e) { failures.Enqueue(e); } // the dock found something when it went
        }
    }
}
