// inspect, for an image that lies anywhere: what skopeo inspect prints.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Content;
using Berth.Oci.Faults;
using Berth.Oci.ImageSpec;
using Berth.Oci.References;

namespace Berth.Cli.Commands;

/// <summary>The verb in skopeo's shape.</summary>
internal static class RemoteInspect
{
    private static readonly ValueJson.Style s_style = new("    ", true);

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "IMAGE",
        About = $"Reads the documents of an image, and none of its layers. Places: {ImagePlaces.Shapes}",
        Least = 1,
        Most = 1,
        Options = Flags,
        Examples =
        [
            new("skopeo inspect docker://docker.io/library/debian:12", "What a registry says of an image"),
            new("skopeo inspect --format '{{.Digest}}' docker://docker.io/library/debian:12", "Its digest alone"),
            new("skopeo inspect --raw docker://docker.io/library/debian:12", "The manifest or index as it is"),
        ],
        Run = static invocation => RunAsync(invocation, ImagePlaces.Of(invocation.Session, invocation.Arguments[0])),
    };

    /// <summary>Its options.</summary>
    public static IReadOnlyList<Option> Flags =>
    [
        Option.Switch("config", "Print the configuration"),
        Option.Switch("raw", "Print the manifest or the configuration as it is"),
        Option.With("format", "TEMPLATE", "Print by a Go template", 'f'),
        Option.Switch("no-tags", "Do not list the tags of the repository", 'n'),
        Option.Switch("manifest-digest", "Print the digest of the manifest alone"),
        .. AccessFlags.Table(), AccessFlags.SharedBlobs(),
        Option.With("retry-times", "N", "Begin anew so often when it fails for a reason that may pass"), Option.With("retry-delay", "TIME", "Wait so long before that"),
        Option.Refused("daemon-host", "HOST", "no daemon is asked"),
    ];

    /// <summary>Prints one.</summary>
    public static async Task<int> RunAsync(Invocation invocation, ImagePlace place)
    {
        Session session = invocation.Session;
        AccessOptions access = AccessFlags.Read(invocation);
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        bool config = invocation.Has("config"), raw = invocation.Has("raw");
        if (raw && !config)
        {
            session.Out.WriteBytes((await Again.TryAsync(invocation, () => images.ReadManifestAsync(place, access, session.Ending)).ConfigureAwait(false)).Bytes);
            return 0;
        }
        ImageDetails details = await Again.TryAsync(invocation, () => images.InspectAsync(place, access, session.Globals.Platform, session.Ending)).ConfigureAwait(false);
        if (invocation.Has("manifest-digest")) session.Out.WriteLine(details.Named.Digest.ToString());
        else if (config && raw) session.Out.WriteBytes(details.ConfigBytes);
        else if (config) Report.WriteOne(session.Out, invocation.Find("format"), invocation.Find("format") is null ? ValueJson.Read(details.ConfigBytes) : ConfigValue.Of(Config(details)), s_style);
        else Report.WriteOne(session.Out, invocation.Find("format"), await ValueOfAsync(invocation, images, place, access, details).ConfigureAwait(false), s_style);
        return 0;
    }

    private static ImageConfig Config(ImageDetails details) => details.Config ?? throw new BerthException(Fault.Unsupported, $"{details.Place} is an artifact, no image: it has no configuration that is known", "--raw prints its manifest");

    private static async Task<Value> ValueOfAsync(Invocation invocation, EngineImages images, ImagePlace place, AccessOptions access, ImageDetails details)
    {
        ImageConfig config = Config(details);
        bool isRegistry = place.TransportName == "docker";
        IReadOnlyList<string> tags = isRegistry && !invocation.Has("no-tags") ? await TagsAsync(invocation.Session, images, place, access).ConfigureAwait(false) : [];
        IReadOnlyList<Descriptor> layers = details.Manifest?.Manifest?.Layers ?? [];
        return Value.Record.Of(
            isRegistry ? Member.Of("Name", ImageReference.Parse(place.Rest).Name) : null,
            Member.Of("Digest", details.Named.Digest.ToString()),
            Member.Of("RepoTags", tags),
            new Member("Created", config.Created is { } created ? new Value.Moment(created) : Value.None),
            new Member("DockerVersion", DockerVersion(config)),
            Member.Of("Labels", config.Config?.Labels),
            Member.Of("Architecture", config.Architecture),
            string.IsNullOrEmpty(config.Variant) ? null : Member.Of("Variant", config.Variant),
            Member.Of("Os", config.Os),
            Member.Of("Layers", layers.Select(static layer => layer.Digest.ToString())),
            new Member("LayersData", new Value.List([.. layers.Select(static layer => (Value)Value.Record.Of(
                Member.Of("MIMEType", layer.MediaType), Member.Of("Digest", layer.Digest.ToString()), Member.Of("Size", layer.Size), Member.Of("Annotations", layer.Annotations)))])),
            new Member("Env", config.Config?.Env is { } env ? Value.Of(env) : Value.NoList));
    }

    // A registry may let somebody read an image and not the list of its names.
    private static async Task<IReadOnlyList<string>> TagsAsync(Session session, EngineImages images, ImagePlace place, AccessOptions access)
    {
        try { return await images.ListTagsAsync(place, access, session.Ending).ConfigureAwait(false); }
        catch (BerthException e) when (e.Kind is Fault.Denied or Fault.NotFound or Fault.Unsupported)
        {
            session.Warn($"the tags cannot be listed: {e.Message}");
            return [];
        }
    }

    private static Value DockerVersion(ImageConfig config) =>
        config.Others is { } others && others.TryGetValue("docker_version", out System.Text.Json.JsonElement version) && version.ValueKind == System.Text.Json.JsonValueKind.String ? Value.Of(version.GetString()) : Value.Of("");
}
