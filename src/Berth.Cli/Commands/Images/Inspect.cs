// inspect, for images of the store: what docker and podman print; for a place with a transport, what skopeo prints.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class Inspect
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "IMAGE...",
        About = $"A plain name is an image of the local store. Elsewhere: {ImagePlaces.Shapes}",
        Least = 1,
        Offers = Offer.Images,
        Options = [.. RemoteInspect.Flags, Option.Ignored("type", "WORD", 't'), Option.Ignored("size", null, 's')],
        Examples =
        [
            new("berth inspect debian:12", "All that is known of an image"),
            new("berth inspect --format '{{.Os}}/{{.Architecture}} {{json .Config.Env}}' debian:12", "Some of it"),
            new("berth inspect --config debian:12", "The configuration as it is"),
            new("berth inspect docker://docker.io/library/debian:12", "What a registry says, without fetching layers"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        ImagePlace first = ImagePlace.Parse(invocation.Arguments[0]);
        if (first.TransportName is not ("" or "berth"))
        {
            if (invocation.Arguments.Count > 1) throw new BerthException(Fault.InvalidArgument, "of places with a transport, one is inspected at a time");
            return await RemoteInspect.RunAsync(invocation, first).ConfigureAwait(false);
        }
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        List<Value> values = [];
        foreach (string name in invocation.Arguments)
        {
            StoredImage image = images.Find(name);
            if (invocation.Has("manifest-digest")) session.Out.WriteLine(image.Manifest.Digest.ToString());
            else if (invocation.Has("config")) session.Out.WriteBytes(images.ReadConfigBytes(image));
            else if (invocation.Has("raw")) session.Out.WriteBytes(images.ReadManifest(image).Bytes);
            else values.Add(ValueOf(session, image, images.ReadConfig(image), images.ReadManifest(image)));
        }
        string? format = invocation.Find("format");
        if (format is not null)
        {
            foreach (Value value in values) Report.WriteOne(session.Out, format, value);
        }
        else if (values.Count > 0) Report.WriteOne(session.Out, null, new Value.List(values));
        return 0;
    }

    /// <summary>Docker's members, and behind them podman's.</summary>
    internal static Value ValueOf(Session session, StoredImage image, ImageConfig config, ManifestDocument manifest) => Value.Record.Of(
        Member.Of("Id", ImageNames.Id(session, image.Id)),
        Member.Of("RepoTags", image.Names.Select(name => ImageNames.Shown(session, name))),
        Member.Of("RepoDigests", image.RepoDigests.Select(name => ImageNames.Shown(session, name))),
        Member.Of("Parent", ""),
        Member.Of("Comment", config.History is { Count: > 0 } history ? history[^1].Comment ?? "" : ""),
        new Member("Created", config.Created is { } created ? new Value.Moment(created) : Value.None),
        Member.Of("Author", config.Author ?? ""),
        new Member("Config", ConfigValue.Of(config.Config ?? new ContainerConfig())),
        Member.Of("Architecture", config.Architecture),
        string.IsNullOrEmpty(config.Variant) ? null : Member.Of("Variant", config.Variant),
        Member.Of("Os", config.Os),
        Member.Of("Size", image.Size),
        new Member("GraphDriver", Value.Record.Of(Member.Of("Name", "overlay"), new Member("Data", Value.None))),
        new Member("RootFS", Value.Record.Of(Member.Of("Type", "layers"), Member.Of("Layers", config.RootFs?.DiffIds?.Select(static diff => diff.ToString())))),
        Member.Of("Digest", image.Manifest.Digest.ToString()),
        Member.Of("ManifestType", manifest.MediaType),
        Member.Of("Labels", config.Config?.Labels),
        Member.Of("Annotations", manifest.Manifest?.Annotations),
        Member.Of("User", config.Config?.User ?? ""),
        Member.Of("Pinned", image.IsPinned),
        new Member("Stored", new Value.Moment(image.Stored.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", System.Globalization.CultureInfo.InvariantCulture))),
        new Member("History", new Value.List([.. (config.History ?? []).Select(static step => (Value)Value.Record.Of(
            step.Created is { } at ? new Member("created", new Value.Moment(at)) : null, step.CreatedBy is { } by ? Member.Of("created_by", by) : null, step.Comment is { } comment ? Member.Of("comment", comment) : null, step.EmptyLayer == true ? Member.Of("empty_layer", true) : null))])));
}
