// system df, storage df: where the bytes are.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Images;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Images;
using Berth.Engine.Volumes;
using Berth.Store.Garbage;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Store;

/// <summary>The verb.</summary>
internal static class Usage
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        About = "Bytes on the disk, as du counts them.",
        Most = 0,
        Options = [Option.Switch("verbose", "Each image", 'v'), Option.With("format", "FORMAT", "json, or a Go template for each row")],
        Examples = [new("berth system df", "Images, containers, volumes, snapshots, downloads that broke off"), new("berth system df -v", "What each image has for itself, and what it shares")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        StoreUsage usage = await images.MeasureAsync(session.Ending).ConfigureAwait(false);
        Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
        List<(Container Container, long Bytes, bool IsActive)> containers = [.. engine.Containers.List().Select(container => (container, SizeOf(engine, container), container.Observe() is { IsAlive: true } or { Status: ContainerStatus.Restarting }))];
        HashSet<string> used = [.. containers.SelectMany(static one => one.Container.Record.Settled.Mounts).Select(static mount => mount.Volume ?? "")];
        List<(VolumeRecord Volume, long Bytes, bool IsActive)> volumes = [.. engine.Volumes.List().Select(volume => (volume, EngineVolumes.Measure(volume), used.Contains(volume.Name)))];
        // Those of containers are counted with them.
        (int Count, long Bytes) others = (usage.Snapshots - containers.Count(one => one.Container.Record.Spec.RootFolder is null), Math.Max(0, usage.SnapshotBytes - containers.Sum(static one => one.Bytes)));
        (string, int, int, long, long)[] rows =
        [
            ("Images", usage.Images, usage.ImagesInUse, usage.BlobBytes + usage.TreeBytes, usage.ReclaimableBytes),
            ("Containers", containers.Count, containers.Count(static one => one.IsActive), containers.Sum(static one => one.Bytes), containers.Where(static one => !one.IsActive).Sum(static one => one.Bytes)),
            ("Local Volumes", volumes.Count, volumes.Count(static one => one.IsActive), volumes.Sum(static one => one.Bytes), volumes.Where(static one => !one.IsActive).Sum(static one => one.Bytes)),
            ("Snapshots", Math.Max(0, others.Count), Math.Max(0, others.Count), others.Bytes, 0),
            ("Unfinished downloads", usage.Unfinished, 0, usage.UnfinishedBytes, usage.UnfinishedBytes),
        ];
        if (invocation.Find("format") is { } format)
        {
            Report.Write(session.Out, format, rows.Select(static row => Row(row.Item1, row.Item2, row.Item3, row.Item4, row.Item5)));
            return 0;
        }
        Table table = new();
        table.Add("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE");
        foreach ((string type, int total, int active, long size, long reclaimable) in rows) Add(table, type, total, active, size, reclaimable);
        table.WriteTo(session.Out);
        session.Out.WriteLine($"\n{images.Root}: {Words.Size(usage.TotalBytes, 4)} ({Words.Size(usage.BlobBytes)} as they came, {Words.Size(usage.TreeBytes)} unpacked)");
        if (!invocation.Has("verbose")) return 0;
        WriteEach(session, images, usage);
        Table each = new();
        each.Add("CONTAINER ID", "IMAGE", "SIZE", "CREATED", "STATUS", "NAMES");
        foreach ((Container container, long bytes, bool _) in containers) each.Add(container.Id[..12], container.Record.Spec.Image, Words.Size(bytes), Words.Ago(container.Record.Created, session.Clock.GetUtcNow()), ContainerWords.State(container.Observe().Status), container.Name);
        session.Out.WriteLine();
        each.WriteTo(session.Out);
        each = new Table();
        each.Add("VOLUME NAME", "LINKS", "SIZE");
        foreach ((VolumeRecord volume, long bytes, bool _) in volumes) each.Add(volume.Name, containers.Count(one => one.Container.Record.Settled.Mounts.Any(mount => mount.Volume == volume.Name)).ToString(CultureInfo.InvariantCulture), Words.Size(bytes));
        session.Out.WriteLine();
        each.WriteTo(session.Out);
        return 0;
    }

    private static long SizeOf(Engine.Engine engine, Container container)
    {
        try
        {
            return container.Record.Spec.RootFolder is null || container.Record.Spec.IsRootFolderKept ? engine.Snapshots.Measure(container.Id) : 0;
        }
        catch (Oci.Faults.BerthException)
        {
            // It was removed meanwhile.
            return 0;
        }
    }

    private static void WriteEach(Session session, EngineImages images, StoreUsage usage)
    {
        Table table = new();
        table.Add("REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SHARED SIZE", "UNIQUE SIZE");
        foreach (StoredImage image in images.List())
        {
            (string repository, string tag) = image.Names.Count > 0 ? ImageNames.Split(image.Names[0]) : (ImageNames.None, ImageNames.None);
            ImageUsage own = usage.Each.TryGetValue(image.Id, out ImageUsage found) ? found : default;
            table.Add(repository, tag, image.Id.Short, Words.Ago(image.Created, session.Clock.GetUtcNow()), Words.Size(own.Shared), Words.Size(own.Unique));
        }
        session.Out.WriteLine();
        table.WriteTo(session.Out);
    }

    private static void Add(Table table, string type, int total, int active, long size, long reclaimable) =>
        table.Add(type, total.ToString(CultureInfo.InvariantCulture), active.ToString(CultureInfo.InvariantCulture), Words.Size(size, 4), Reclaimable(size, reclaimable));

    private static string Reclaimable(long size, long reclaimable) => size == 0 ? "0B" : $"{Words.Size(reclaimable, 4)} ({reclaimable * 100 / size}%)";

    private static Value Row(string type, int total, int active, long size, long reclaimable) => Value.Record.Of(
        Member.Of("Type", type), Member.Of("TotalCount", total), Member.Of("Active", active), Member.Of("Size", Words.Size(size, 4)), Member.Of("Reclaimable", Reclaimable(size, reclaimable)), Member.Of("RawSize", size), Member.Of("RawReclaimable", reclaimable));
}
