// system df, storage df: where the bytes are.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Images;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
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
        Examples = [new("berth system df", "Images, snapshots, downloads that broke off"), new("berth system df -v", "What each image has for itself, and what it shares")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        StoreUsage usage = await images.MeasureAsync(session.Ending).ConfigureAwait(false);
        if (invocation.Find("format") is { } format)
        {
            Report.Write(session.Out, format,
            [
                Row("Images", usage.Images, usage.ImagesInUse, usage.BlobBytes + usage.TreeBytes, usage.ReclaimableBytes),
                Row("Snapshots", usage.Snapshots, usage.Snapshots, usage.SnapshotBytes, 0),
                Row("Unfinished", usage.Unfinished, 0, usage.UnfinishedBytes, usage.UnfinishedBytes),
            ]);
            return 0;
        }
        Table table = new();
        table.Add("TYPE", "TOTAL", "ACTIVE", "SIZE", "RECLAIMABLE");
        Add(table, "Images", usage.Images, usage.ImagesInUse, usage.BlobBytes + usage.TreeBytes, usage.ReclaimableBytes);
        Add(table, "Snapshots", usage.Snapshots, usage.Snapshots, usage.SnapshotBytes, 0);
        Add(table, "Unfinished downloads", usage.Unfinished, 0, usage.UnfinishedBytes, usage.UnfinishedBytes);
        table.WriteTo(session.Out);
        session.Out.WriteLine($"\n{images.Root}: {Words.Size(usage.TotalBytes, 4)} ({Words.Size(usage.BlobBytes)} as they came, {Words.Size(usage.TreeBytes)} unpacked)");
        if (invocation.Has("verbose")) WriteEach(session, images, usage);
        return 0;
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
