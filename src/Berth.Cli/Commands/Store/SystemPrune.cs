// system prune: containers that have ended, networks, images and volumes that nobody needs.
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Images;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Output;
using Berth.Cli.Verbs;
using Berth.Engine.Networks;
using Berth.Engine.Volumes;
using Berth.Oci.Faults;
using Berth.Store.Garbage;

namespace Berth.Cli.Commands.Store;

/// <summary>The verb.</summary>
internal static class SystemPrune
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        About = "Containers that have ended, networks that nothing is attached to, and images without names; with -a all images that no container stands on, with --volumes volumes without names that no container uses. Those that are made while it works stay.",
        Most = 0,
        Options =
        [
            Option.Switch("all", "Also images with names", 'a'), Option.Switch("volumes", "Volumes too"), Option.Switch("force", "Do not ask", 'f'),
            Option.Many("filter", "NAME=VALUE", "label, label!, until"), Option.Ignored("external"), Option.Ignored("build"),
        ],
        Examples = [new("berth system prune", "It asks first"), new("berth system prune -af --filter until=24h", "What is older than a day")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
        List<string> filters = invocation.All("filter");
        if (filters.Find(static filter => !(filter.StartsWith("label", StringComparison.Ordinal) || filter.StartsWith("until=", StringComparison.Ordinal))) is { } unknown) throw new BerthException(Fault.InvalidArgument, $"'{unknown}' is no filter of prune", "label=, label!= or until=");
        bool all = invocation.Has("all"), volumes = invocation.Has("volumes");
        if (!invocation.Has("force") && !SecretInput.Confirm(session, $"Remove all containers that have ended, networks that nothing is attached to, {(all ? "images that no container stands on" : "images without names")}{(volumes ? ", and volumes that no container uses" : "")}?"))
        {
            throw new BerthException(Fault.InvalidArgument, "nothing was removed: it was not confirmed", "write --force where nobody can be asked");
        }
        await engine.Containers.SettleAsync(session.Ending).ConfigureAwait(false);
        long bytes = await ContainersAsync(session, engine, filters).ConfigureAwait(false);
        Networks(session, engine, filters);
        if (volumes) bytes += Volumes(session, engine, filters);
        bytes += await ImagesAsync(session, engine, filters, all).ConfigureAwait(false);
        session.Out.WriteLine($"Total reclaimed space: {Words.Size(bytes)}");
        return 0;
    }

    private static async Task<long> ContainersAsync(Session session, Engine.Engine engine, List<string> filters)
    {
        ContainerFilter filter = ContainerFilter.Parse(filters, engine.Containers, engine.Pods, session.Clock.GetUtcNow());
        (List<string> gone, long bytes) = await ContainerPrune.RemoveAsync(engine, filter).ConfigureAwait(false);
        Say(session, "Deleted Containers:", gone);
        return bytes;
    }

    private static void Networks(Session session, Engine.Engine engine, List<string> filters)
    {
        NetworkFilter filter = NetworkFilter.Parse(filters, engine.Networks, session.Clock.GetUtcNow());
        // A container that has ended may be told to be in one when it is started again.
        HashSet<string> wanted = [.. engine.Containers.List().SelectMany(static container => container.Record.Spec.Connection.Networks).Select(static wish => wish.Network)];
        IReadOnlyList<NetworkRecord> removed = engine.Networks.Prune(network => filter.Means(network) && !wanted.Contains(network.Name));
        Say(session, "Deleted Networks:", removed.Select(static network => network.Name));
    }

    private static long Volumes(Session session, Engine.Engine engine, List<string> filters)
    {
        long bytes = 0;
        bool IsMeant(VolumeRecord volume)
        {
            foreach (string filter in filters)
            {
                string value = filter[(filter.IndexOf('=', StringComparison.Ordinal) + 1)..];
                int equals = value.IndexOf('=', StringComparison.Ordinal);
                string key = equals < 0 ? value : value[..equals];
                bool has = volume.Spec.Labels.TryGetValue(key, out string? label) && (equals < 0 || label == value[(equals + 1)..]);
                if (filter.StartsWith("until=", StringComparison.Ordinal) ? volume.Created >= ImageFilter.Time(value, session.Clock.GetUtcNow()) : has == filter.StartsWith("label!", StringComparison.Ordinal)) return false;
            }
            return true;
        }
        IReadOnlyList<VolumeRecord> gone = engine.Volumes.Prune(volume =>
        {
            if (!volume.IsAnonymous || !IsMeant(volume)) return false;
            bytes += EngineVolumes.Measure(volume);
            return true;
        });
        Say(session, "Deleted Volumes:", gone.Select(static volume => volume.Name));
        return bytes;
    }

    private static async Task<long> ImagesAsync(Session session, Engine.Engine engine, List<string> filters, bool all)
    {
        ImageFilter filter = ImageFilter.Parse(filters, engine.Images, session.Clock.GetUtcNow());
        PruneReport report = await engine.Images.PruneAsync(new PrunePolicy { All = all, Filter = filter.IsEmpty ? null : filter.Means }, ct: session.Ending).ConfigureAwait(false);
        Say(session, "Deleted Images:", report.Items.Select(static item => item.Image.IsEmpty ? item.Name : $"{item.Image}{(item.Name.StartsWith("sha256:", StringComparison.Ordinal) ? "" : " " + ImageNames.Familiar(item.Name))}"));
        return report.Bytes;
    }

    private static void Say(Session session, string title, IEnumerable<string> gone)
    {
        List<string> names = [.. gone];
        if (names.Count == 0) return;
        session.Out.WriteLine(title);
        foreach (string name in names) session.Out.WriteLine(name);
        session.Out.WriteLine();
    }
}
