// inspect: whatever has the name, in docker's order: a container, an image, a volume, a network, a pod; for a place with a transport, what skopeo prints.
using Berth.Cli.Arguments;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Commands.Pods;
using Berth.Cli.Commands.Volumes;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Inspecting;

/// <summary>The verb.</summary>
internal static class AnyInspect
{
    /// <summary>How it is said.</summary>
    public static Command Make()
    {
        Command images = Images.Inspect.Make();
        return new Command
        {
            Usage = "NAME...",
            About = $"A container, an image, a volume, a network or a pod of this name. Elsewhere: {ImagePlaces.Shapes}",
            Least = 0,
            Offers = Offer.Containers,
            Options = [.. images.Options.Where(static option => option.Name is not ("type" or "size" or "format")), Option.With("format", "FORMAT", "json, or a Go template", 'f'), Option.With("type", "WORD", "container, image, volume, network or pod", 't') with { Words = ["container", "image", "volume", "network", "pod"] }, Option.Switch("size", "Bytes that were written in a container", 's'), Option.Switch("latest", "The container that was made last", 'l')],
            Examples = [new("berth inspect web", "All that is known of a container"), new("berth inspect -f '{{.NetworkSettings.IPAddress}}' web", "One thing"), .. images.Examples],
            Run = invocation => RunAsync(invocation, images),
        };
    }

    private static async Task<int> RunAsync(Invocation invocation, Command images)
    {
        Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
        string? kind = invocation.Find("type");
        if (invocation.Has("latest"))
        {
            if (engine.Containers.List() is not [{ } latest, ..]) throw new BerthException(Fault.NotFound, "there is no container");
            ContainerInspect.Print(invocation, [await ContainerInspect.ValueOfAsync(invocation.Session, engine, latest, invocation.Has("size")).ConfigureAwait(false)]);
            return 0;
        }
        if (invocation.Arguments.Count == 0) throw invocation.WrongCount(0);
        bool isImage = kind == "image" || invocation.Has("config") || invocation.Has("raw") || invocation.Has("manifest-digest") || ImagePlace.Parse(invocation.Arguments[0]).TransportName is not ("" or "berth");
        if (isImage) return await images.Run!(invocation).ConfigureAwait(false);
        List<Value> values = [];
        BerthException? missing = null;
        foreach (string name in invocation.Arguments)
        {
            if (await FindAsync(engine, invocation, name, kind).ConfigureAwait(false) is { } value) values.Add(value);
            else missing ??= invocation.Session.Role == Role.Podman ? Missing(name, kind) : new BerthException(Fault.NotFound, $"there is no {kind ?? "container, image, volume, network or pod"} {name}");
        }
        ContainerInspect.Print(invocation, values);
        return missing is null ? 0 : throw missing;
    }

    private static BerthException Missing(string name, string? kind) => new(Fault.NotFound, $"no such {kind ?? "object"}: \"{name}\"");

    private static async Task<Value?> FindAsync(Engine.Engine engine, Invocation invocation, string name, string? kind)
    {
        if (kind is null or "container" && engine.Containers.TryFind(name) is { } container) return await ContainerInspect.ValueOfAsync(invocation.Session, engine, container, invocation.Has("size")).ConfigureAwait(false);
        if (kind is null && TryImage(invocation.Session, engine.Images, name) is { } image) return image;
        if (kind is null or "volume" && engine.Volumes.TryFind(name) is { } volume) return VolumeVerbs.ValueOf(volume);
        if (kind is null or "network" && engine.Networks.TryFind(name) is { } network) return NetworkInspect.ValueOf(network, engine.Networks.AttachmentsOn(network));
        if (kind is null or "pod" && engine.Pods.TryFind(name) is { } pod) return PodInspect.ValueOf(pod);
        return null;
    }

    private static Value? TryImage(Session session, EngineImages images, string name)
    {
        try
        {
            StoredImage image = images.Find(name);
            return Images.Inspect.ValueOf(session, image, images.ReadConfig(image), images.ReadManifest(image));
        }
        catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.InvalidArgument)
        {
            return null;
        }
    }
}
