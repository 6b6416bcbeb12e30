// history: the steps by which an image came to be.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.ImageSpec;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class History
{
    private const int Shown = 45;

    private static readonly Dictionary<string, string> s_heads = new() { ["ID"] = "IMAGE", ["CreatedSince"] = "CREATED", ["CreatedBy"] = "CREATED BY", ["CreatedAt"] = "CREATED AT" };

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "IMAGE",
        Least = 1,
        Most = 1,
        Offers = Offer.Images,
        Options =
        [
            Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"), Option.Switch("human", "Sizes and times for people (true)", 'H'),
            Option.Switch("no-trunc", "Do not shorten ids and commands"), Option.Switch("quiet", "Ids only", 'q'),
        ],
        Examples = [new("berth history debian:12", "The newest step first"), new("berth history --no-trunc --format '{{.Size}}\\t{{.CreatedBy}}' debian:12", "Whole commands")],
        Run = RunAsync,
    };

    private sealed record Step(string Id, DateTimeOffset? Created, string CreatedBy, long Size, string Comment);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        StoredImage image = images.Find(invocation.Arguments[0]);
        bool whole = invocation.Has("no-trunc"), human = invocation.Truth("human") ?? true;
        DateTimeOffset now = session.Clock.GetUtcNow();
        List<Step> steps = Steps(image, images.ReadConfig(image), whole);
        if (invocation.Has("quiet"))
        {
            foreach (Step step in steps) session.Out.WriteLine(step.Id);
            return 0;
        }
        string? format = invocation.Find("format");
        if (format is not (null or "" or "table"))
        {
            Report.Write(session.Out, format, steps.Select(step => ValueOf(step, now, whole, human)), s_heads);
            return 0;
        }
        Table table = new();
        table.Add("IMAGE", human ? "CREATED" : "CREATED AT", "CREATED BY", "SIZE", "COMMENT");
        foreach (Step step in steps) table.Add(step.Id, human ? Words.Ago(step.Created, now) : At(step), By(step, whole), Size(step, human), step.Comment);
        table.WriteTo(session.Out);
        return 0;
    }

    /// <summary>The newest first; each layer's bytes go with the step that made it.</summary>
    private static List<Step> Steps(StoredImage image, ImageConfig config, bool whole)
    {
        List<Step> steps = [];
        int layer = 0;
        foreach (HistoryEntry entry in config.History ?? [])
        {
            long size = entry.EmptyLayer != true && layer < image.Layers.Count ? image.Layers[layer++].Size : 0;
            DateTimeOffset? created = DateTimeOffset.TryParse(entry.Created, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : null;
            steps.Add(new Step("<missing>", created, entry.CreatedBy ?? "", size, entry.Comment ?? ""));
        }
        for (; layer < image.Layers.Count; layer++) steps.Add(new Step("<missing>", image.Created, "", image.Layers[layer].Size, ""));
        if (steps.Count > 0) steps[^1] = steps[^1] with { Id = whole ? image.Id.ToString() : image.Id.Short };
        steps.Reverse();
        return steps;
    }

    private static string At(Step step) => step.Created?.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture) ?? "N/A";

    private static string By(Step step, bool whole) => step.CreatedBy.Replace('\t', ' ').Replace('\n', ' ') is { } by && whole ? by : Words.Shortened(step.CreatedBy.Replace('\t', ' ').Replace('\n', ' '), Shown);

    private static string Size(Step step, bool human) => human ? Words.Size(step.Size) : step.Size.ToString(CultureInfo.InvariantCulture);

    private static Value ValueOf(Step step, DateTimeOffset now, bool whole, bool human) => Value.Record.Of(
        Member.Of("Comment", step.Comment), Member.Of("CreatedAt", At(step)), Member.Of("CreatedBy", By(step, whole)), Member.Of("CreatedSince", Words.Ago(step.Created, now)), Member.Of("ID", step.Id), Member.Of("Size", Size(step, human)));
}
