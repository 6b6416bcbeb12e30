// image layers: what each layer brings, what it wastes, and a gate for builds.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Analysis;
using Berth.Engine.Images;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class Layers
{
    private const int Worst = 10;

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "IMAGE",
        About = "Wasted are bytes that a layer holds and the image does not show, because a layer above replaces or removes them.\nEfficiency is the share of bytes that the image does show. With --ci, exit code 1 means that a bound is not kept.",
        Least = 1,
        Most = 1,
        Offers = Offer.Images,
        Options =
        [
            Option.Switch("files", "List what each layer adds (+), changes (~) and removes (-)"),
            Option.With("layer", "N", "Only this one, from 1"),
            Option.Switch("ci", "Judge it by bounds"),
            Option.With("lowest-efficiency", "SHARE", "Bound for --ci (0.9)"),
            Option.With("highest-wasted-bytes", "SIZE", "Bound for --ci (none)"),
            Option.With("highest-wasted-percent", "PERCENT", "Bound for --ci, of what the layers above the lowest bring (10)"),
            Option.With("format", "FORMAT", "json, or a Go template"),
            Option.With("platform", "OS/ARCH[/VARIANT]", "Of an index: the image for this machine"),
            .. AccessFlags.Table(),
        ],
        Examples =
        [
            new("berth image layers debian:12", "A line for each layer, and what wastes most"),
            new("berth image layers --files --layer 3 mine:1", "What the third layer does"),
            new("berth image layers --ci --lowest-efficiency 0.95 oci:build:latest", "A gate for a build"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        LayerReport report = await images.ReadLayersAsync(ImagePlace.Parse(invocation.Arguments[0]), AccessFlags.Read(invocation), Pull.PlatformOf(invocation), session.Ending).ConfigureAwait(false);
        IEnumerable<LayerSummary> shown = report.Layers;
        if (invocation.Number("layer") is { } one) shown = one >= 1 && one <= report.Layers.Count ? [report.Layers[one - 1]] : throw new BerthException(Fault.InvalidArgument, $"there is no layer {one}; there are {report.Layers.Count}");
        if (invocation.Find("format") is { } format) Report.WriteOne(session.Out, format, ValueOf(report, invocation.Has("files")));
        else Write(session.Out, report, [.. shown], invocation.Has("files"));
        return invocation.Has("ci") ? Judge(invocation, report) : 0;
    }

    private static void Write(Lines lines, LayerReport report, LayerSummary[] shown, bool files)
    {
        Table table = new();
        table.Add("LAYER", "DIGEST", "SIZE", "WASTED", "ADDED", "CHANGED", "REMOVED", "CREATED BY");
        foreach (LayerSummary layer in shown)
        {
            table.Add(Text(layer.Index + 1), layer.Blob.Digest.Short, Words.Size(layer.Size), Words.Size(layer.Wasted), Text(layer.Count(ChangeKind.Added)), Text(layer.Count(ChangeKind.Changed)), Text(layer.Count(ChangeKind.Removed)), Words.Shortened(layer.CreatedBy?.Replace('\n', ' ') ?? "", 60));
        }
        table.WriteTo(lines);
        if (files)
        {
            foreach (LayerSummary layer in shown)
            {
                lines.WriteLine($"\nLayer {layer.Index + 1}  {layer.Blob.Digest.Short}");
                foreach (LayerChange change in layer.Changes)
                {
                    char sign = change.Kind switch { ChangeKind.Added => '+', ChangeKind.Changed => '~', _ => '-' };
                    lines.WriteLine($"{sign} {Words.Size(change.Size),8}  /{change.Path}{(change.IsDirectory ? "/" : "")}");
                }
            }
        }
        lines.WriteLine($"\nSize: {Words.Size(report.Size)}  Wasted: {Words.Size(report.Wasted)}  Efficiency: {Percent(report.Efficiency)}");
        foreach ((string path, long bytes, int count) in report.Waste.Take(Worst)) lines.WriteLine($"  {Words.Size(bytes),8}  in {count} layers  /{path}");
    }

    private static int Judge(Invocation invocation, LayerReport report)
    {
        double least = Share(invocation, "lowest-efficiency", 0.9), percent = Share(invocation, "highest-wasted-percent", 10);
        long? most = invocation.Find("highest-wasted-bytes") is { } text ? Words.ParseSize(text) : null;
        (string Name, bool Kept, string Found)[] bounds =
        [
            ("lowest-efficiency", report.Efficiency >= least, $"{Percent(report.Efficiency)}, at least {Percent(least)}"),
            ("highest-wasted-percent", report.UserWastedShare * 100 <= percent, $"{Percent(report.UserWastedShare)}, at most {Percent(percent / 100)}"),
            ("highest-wasted-bytes", most is null || report.Wasted <= most, most is null ? "no bound" : $"{Words.Size(report.Wasted)}, at most {Words.Size(most.Value)}"),
        ];
        foreach ((string name, bool kept, string found) in bounds) invocation.Session.Out.WriteLine($"{(kept ? "PASS" : "FAIL")}  {name}: {found}");
        return bounds.All(static bound => bound.Kept) ? 0 : 1;
    }

    private static double Share(Invocation invocation, string option, double usual) => invocation.Find(option) is not { } text ? usual
        : double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double number) ? number
        : throw new BerthException(Fault.InvalidArgument, $"--{option} wants a number, not '{text}'");

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.##}%");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    private static Value ValueOf(LayerReport report, bool files) => Value.Record.Of(
        Member.Of("Size", report.Size), Member.Of("Wasted", report.Wasted), new Member("Efficiency", new Value.Real(report.Efficiency)), new Member("UserWastedShare", new Value.Real(report.UserWastedShare)),
        new Member("Layers", new Value.List([.. report.Layers.Select(layer => (Value)Value.Record.Of(
            Member.Of("Digest", layer.Blob.Digest.ToString()), Member.Of("DiffID", layer.DiffId.ToString()), Member.Of("CreatedBy", layer.CreatedBy ?? ""), Member.Of("Packed", layer.Blob.Size), Member.Of("Size", layer.Size), Member.Of("Wasted", layer.Wasted),
            Member.Of("Added", layer.Count(ChangeKind.Added)), Member.Of("Changed", layer.Count(ChangeKind.Changed)), Member.Of("Removed", layer.Count(ChangeKind.Removed)),
            files ? new Member("Files", new Value.List([.. layer.Changes.Select(static change => (Value)Value.Record.Of(Member.Of("Path", "/" + change.Path), Member.Of("Kind", change.Kind.ToString().ToLowerInvariant()), Member.Of("Size", change.Size)))])) : null))])),
        new Member("Waste", new Value.List([.. report.Waste.Select(static one => (Value)Value.Record.Of(Member.Of("Path", "/" + one.Path), Member.Of("Bytes", one.Bytes), Member.Of("Layers", one.Layers)))])));
}
