// images, image ls.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class ImageList
{
    private static readonly Dictionary<string, string> s_heads = new() { ["ID"] = "IMAGE ID", ["CreatedSince"] = "CREATED", ["CreatedAt"] = "CREATED AT", ["Size"] = "SIZE", ["VirtualSize"] = "SIZE" };

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "[NAME]",
        Most = 1,
        Offers = Offer.Images,
        Options =
        [
            Option.Switch("all", "Show all images (there are no hidden ones)", 'a'),
            Option.Switch("digests", "Show digests"),
            Option.Many("filter", "NAME=VALUE", $"Show some only: {ImageFilter.Names}", 'f'),
            Option.With("format", "FORMAT", "table, json, a Go template, or table and a template"),
            Option.Switch("no-trunc", "Do not shorten ids"),
            Option.Switch("noheading", "No heads of columns", 'n'),
            Option.Switch("quiet", "Ids only", 'q'),
            Option.With("sort", "WORD", "By created, id, repository, size or tag") with { Words = ["created", "id", "repository", "size", "tag"] },
            Option.Ignored("tree"), Option.Ignored("history"),
        ],
        Examples =
        [
            new("berth images", "All images, the newest first"),
            new("berth images 'deb*' --filter dangling=false", "Those whose names begin so"),
            new("berth images --format '{{.Repository}}:{{.Tag}} {{.Size}}'", "Names and sizes"),
            new("berth images -q --filter label=stage=test --filter until=240h", "Ids of old images with a label, for berth rmi"),
        ],
        Run = RunAsync,
    };

    private sealed record Row(StoredImage Image, string Repository, string Tag, string Digest);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        DateTimeOffset now = session.Clock.GetUtcNow();
        List<string> filters = invocation.All("filter");
        if (invocation.Arguments.Count > 0) filters.Add("reference=" + invocation.Arguments[0]);
        ImageFilter filter = ImageFilter.Parse(filters, images, now);
        List<StoredImage> found = [.. images.List()];
        if (!filter.IsEmpty) found.RemoveAll(image => !filter.Means(image));
        // The newest first; those of one moment as they came.
        found.Sort(static (left, right) => Nullable.Compare(right.Created, left.Created) is not 0 and var order ? order : right.Stored.CompareTo(left.Stored));
        if (invocation.Has("quiet")) return Ids(invocation, found);

        List<Row> rows = Rows(session, found, filter, invocation.Has("digests"));
        Sort(rows, invocation.Find("sort"));
        string? format = invocation.Find("format");
        if (format is null or "" or "table") WriteTable(invocation, rows, now);
        else if (format == "json" && session.Role == Role.Podman) Report.WriteOne(session.Out, null, new Value.List([.. found.Select(image => PodmanImage(image, images))]));
        else Report.Write(session.Out, format, rows.Select(row => ValueOf(row, invocation.Has("no-trunc"), now, () => images.ReadConfig(row.Image).Config?.Labels)), s_heads);
        return 0;
    }

    private static int Ids(Invocation invocation, List<StoredImage> found)
    {
        foreach (StoredImage image in found) invocation.Session.Out.WriteLine(Id(image, invocation.Has("no-trunc")));
        return 0;
    }

    private static string Id(StoredImage image, bool whole) => whole ? image.Id.ToString() : image.Id.Short;

    /// <summary>A row for each name; with digests, a row for each of a name's digests.</summary>
    private static List<Row> Rows(Session session, List<StoredImage> found, ImageFilter filter, bool digests)
    {
        List<Row> rows = [];
        Func<string, (string Repository, string Tag)> split = session.Role == Role.Podman ? ImageNames.SplitWhole : ImageNames.Split;
        foreach (StoredImage image in found)
        {
            foreach (string name in image.Names)
            {
                if (!filter.MeansName(name)) continue;
                (string repository, string tag) = split(name);
                string digest = digests && image.RepoDigests.FirstOrDefault(other => split(other).Repository == repository) is { } known ? split(known).Tag : ImageNames.None;
                rows.Add(new Row(image, repository, tag, digest));
            }
            if (image.Names.Count > 0) continue;
            // Pulled by a digest, it is in a repository and has no tag there.
            (string bare, string by) = image.RepoDigests.Count > 0 ? split(image.RepoDigests[0]) : (ImageNames.None, ImageNames.None);
            rows.Add(new Row(image, bare, ImageNames.None, by));
        }
        return rows;
    }

    private static void Sort(List<Row> rows, string? by)
    {
        Comparison<Row>? order = by switch
        {
            null or "created" => null,
            "id" => static (left, right) => string.CompareOrdinal(left.Image.Id.ToString(), right.Image.Id.ToString()),
            "repository" => static (left, right) => string.CompareOrdinal(left.Repository, right.Repository) is not 0 and var order ? order : string.CompareOrdinal(left.Tag, right.Tag),
            "tag" => static (left, right) => string.CompareOrdinal(left.Tag, right.Tag),
            "size" => static (left, right) => left.Image.Size.CompareTo(right.Image.Size),
            _ => throw new BerthException(Fault.InvalidArgument, $"--sort is created, id, repository, size or tag, not '{by}'"),
        };
        if (order is null) return;
        Row[] sorted = [.. rows.Order(Comparer<Row>.Create(order))];
        rows.Clear();
        rows.AddRange(sorted);
    }

    private static void WriteTable(Invocation invocation, List<Row> rows, DateTimeOffset now)
    {
        bool digests = invocation.Has("digests"), whole = invocation.Has("no-trunc");
        Table table = new();
        if (!invocation.Has("noheading")) table.Add(digests ? ["REPOSITORY", "TAG", "DIGEST", "IMAGE ID", "CREATED", "SIZE"] : ["REPOSITORY", "TAG", "IMAGE ID", "CREATED", "SIZE"]);
        foreach (Row row in rows)
        {
            string created = Words.Ago(row.Image.Created, now), size = Words.Size(row.Image.Size);
            table.Add(digests ? [row.Repository, row.Tag, row.Digest, Id(row.Image, whole), created, size] : [row.Repository, row.Tag, Id(row.Image, whole), created, size]);
        }
        table.WriteTo(invocation.Session.Out);
    }

    // podman's JSON has a row for each image, with lists and seconds.
    private static Value PodmanImage(StoredImage image, EngineImages images) => Value.Record.Of(
        Member.Of("Id", image.Id.Encoded),
        Member.Of("ParentId", ""),
        image.Names.Count == 0 ? new Member("RepoTags", Value.NoList) : Member.Of("RepoTags", image.Names),
        Member.Of("RepoDigests", image.RepoDigests),
        Member.Of("Size", image.Size),
        Member.Of("SharedSize", 0),
        Member.Of("VirtualSize", image.Size),
        Member.Of("Labels", images.ReadConfig(image).Config?.Labels),
        Member.Of("Containers", 0),
        image.Names.Count == 0 ? Member.Of("Dangling", true) : null,
        Member.Of("Arch", image.Platform.Architecture),
        Member.Of("Digest", image.Manifest.Digest.ToString()),
        Member.Of("History", image.Names),
        Member.Of("IsManifestList", false),
        image.Names.Count == 0 ? null : Member.Of("Names", image.Names),
        Member.Of("Os", image.Platform.Os),
        Member.Of("Created", image.Created?.ToUnixTimeSeconds() ?? 0),
        Member.Of("CreatedAt", image.Created?.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)));

    private static Value ValueOf(Row row, bool whole, DateTimeOffset now, Func<IReadOnlyDictionary<string, string>?> labels)
    {
        StoredImage image = row.Image;
        return Value.Record.Of(
            Member.Of("Containers", "N/A"),
            Member.Of("CreatedAt", image.Created is { } created ? created.ToUniversalTime().ToString("yyyy-MM-dd HH:mm:ss '+0000 UTC'", CultureInfo.InvariantCulture) : "N/A"),
            Member.Of("CreatedSince", Words.Ago(image.Created, now)),
            Member.Of("Digest", row.Digest == ImageNames.None && image.RepoDigests.Count > 0 ? ImageNames.Split(image.RepoDigests[0]).Tag : row.Digest),
            Member.Of("ID", Id(image, whole)),
            Member.Of("Pinned", image.IsPinned),
            Member.Of("Platform", image.Platform.ToString()),
            Member.Of("Repository", row.Repository),
            Member.Of("SharedSize", "N/A"),
            Member.Of("Size", Words.Size(image.Size)),
            Member.Of("Tag", row.Tag),
            Member.Of("UniqueSize", "N/A"),
            Member.Of("VirtualSize", Words.Size(image.Size)),
            Member.Hidden("Created", Value.Of(Words.Ago(image.Created, now))),
            Member.Hidden("History", Value.Of(string.Join(", ", image.Names))),
            Member.Hidden("Labels", Value.Of(labels())));
    }
}
