// container prune: takes away what has ended.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class ContainerPrune
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Most = 0,
        Options = [Option.Switch("force", "Do not ask", 'f'), Option.Many("filter", "NAME=VALUE", "label, label!, until")],
        Examples = [new("berth container prune -f --filter until=24h", "What has ended, but for the latest")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
            ContainerFilter filter = ContainerFilter.Parse(invocation.All("filter"), engine.Containers, engine.Pods, session.Clock.GetUtcNow());
            (List<string> gone, long bytes) = await RemoveAsync(engine, filter).ConfigureAwait(false);
            if (gone.Count > 0) session.Out.WriteLine("Deleted Containers:");
            foreach (string id in gone) session.Out.WriteLine(id);
            session.Out.WriteLine();
            session.Out.WriteLine($"Total reclaimed space: {Words.Size(bytes)}");
            return 0;
        },
    };

    /// <summary>Removes containers that have ended, or were never started.</summary>
    /// <returns>Their ids, and the bytes that they had written.</returns>
    public static async Task<(List<string> Gone, long Bytes)> RemoveAsync(Engine.Engine engine, ContainerFilter filter)
    {
        long bytes = 0;
        List<string> gone = [];
        foreach (Container container in engine.Containers.List())
        {
            if (container.Observe().Status is not (ContainerStatus.Exited or ContainerStatus.Configured) || !filter.Means(container)) continue;
            try
            {
                long size = container.Record.Spec.RootFolder is null ? engine.Snapshots.Measure(container.Id) : 0;
                await container.RemoveAsync().ConfigureAwait(false);
                bytes += size;
                gone.Add(container.Id);
            }
            catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.WrongState)
            {
                // Somebody was faster, has started it, or looks into it.
            }
        }
        return (gone, bytes);
    }
}
