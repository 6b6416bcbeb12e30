// Many small looks at the host, shared among processors.
namespace Berth.Engine.Containers;

/// <summary>For hundreds of containers; for a few, a thread costs more than it saves.</summary>
internal static class SideBySide
{
    private const int WorthAThread = 100, MostThreads = 4;

    /// <summary>Does something for each number below a bound; in no order.</summary>
    public static void Do(int count, Action<int> one)
    {
        int threads = Math.Clamp(Math.Min(Environment.ProcessorCount, count / WorthAThread), 1, MostThreads), next = 0;
        void Work()
        {
            for (int at = Interlocked.Increment(ref next) - 1; at < count; at = Interlocked.Increment(ref next) - 1) one(at);
        }
        Task[] others = new Task[threads - 1];
        for (int i = 0; i < others.Length; i++) others[i] = Task.Run(Work);
        Work();
        Task.WaitAll(others);
    }
}
