// tag, untag, rmi, pin, unpin, exists: names of images, and images by their names.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Containers;
using Berth.Engine.Images;
using Berth.Oci.Faults;
using Berth.Oci.References;
using Berth.Store.Garbage;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Images;

/// <summary>The verbs.</summary>
internal static class Naming
{
    /// <summary>tag.</summary>
    public static Command Tag() => new()
    {
        Usage = "IMAGE NAME[:TAG]...",
        Least = 2,
        Offers = Offer.Images,
        Examples = [new("berth tag debian:12 registry.example/base:1", "One more name for an image")],
        Run = static async invocation =>
        {
            EngineImages images = await invocation.Session.ImagesAsync().ConfigureAwait(false);
            foreach (string name in invocation.Arguments.Skip(1)) await images.TagAsync(invocation.Arguments[0], ImageNames.ForLocal(invocation.Session, name)).ConfigureAwait(false);
            return 0;
        },
    };

    /// <summary>untag.</summary>
    public static Command Untag() => new()
    {
        Usage = "IMAGE [NAME[:TAG]...]",
        About = "The image stays, even without any name. Without NAME, all its names go.",
        Least = 1,
        Offers = Offer.Images,
        Examples = [new("berth untag debian:12 registry.example/base:1", "Take one name away"), new("berth untag 1a2b3c", "Take all names away")],
        Run = static async invocation =>
        {
            EngineImages images = await invocation.Session.ImagesAsync().ConfigureAwait(false);
            StoredImage image = images.Find(invocation.Arguments[0]);
            foreach (string name in invocation.Arguments.Count > 1 ? invocation.Arguments.Skip(1) : image.Names) await UntagAsync(invocation.Session, images, name).ConfigureAwait(false);
            return 0;
        },
    };

    private static async Task UntagAsync(Session session, EngineImages images, string name)
    {
        try
        {
            await images.UntagAsync(name).ConfigureAwait(false);
        }
        catch (BerthException e) when (e.Kind == Fault.NotFound && session.Role == Role.Podman)
        {
            // Short names are looked for as they are, and then as what was made here.
            string local = ImageNames.ForLocal(session, name);
            if (local == name) throw new BerthException(Fault.NotFound, $"{name}: tag not known", inner: e);
            await UntagAsync(session, images, local).ConfigureAwait(false);
        }
    }

    /// <summary>rmi, image rm.</summary>
    public static Command Remove() => new()
    {
        Usage = "IMAGE...",
        About = "By a name, the name goes, and with the last one the image. By an id, the image goes; with several names by force only.\nExit code 1: there is no such image; 2: it is in use; 125: anything else.",
        Offers = Offer.Images,
        Options =
        [
            Option.Switch("all", "Remove all images", 'a'),
            Option.Switch("force", "Also an image with several names; of one that containers have been made of, the names alone; one that is not there is no fault", 'f'),
            Option.Switch("ignore", "One that is not there is no fault", 'i'),
            Option.Ignored("no-prune"),
        ],
        Examples = [new("berth rmi debian:12", "Remove an image"), new("berth rmi -f $(berth images -q --filter dangling=true)", "Those without names")],
        Run = RemoveAsync,
    };

    /// <summary>exists.</summary>
    public static Command Exists() => new()
    {
        Usage = "IMAGE",
        About = "Exit code 0: it is there; 1: it is not.",
        Least = 1,
        Most = 1,
        Offers = Offer.Images,
        Examples = [new("berth image exists debian:12 || berth pull debian:12", "Pull what is not there")],
        Run = static async invocation =>
        {
            try
            {
                (await invocation.Session.ImagesAsync().ConfigureAwait(false)).Find(invocation.Arguments[0]);
                return 0;
            }
            catch (BerthException e) when (e.Kind == Fault.NotFound) { return 1; }
        },
    };

    /// <summary>pin.</summary>
    public static Command Pin() => Pinning(true, new("berth image pin debian:12", "prune leaves it alone, whatever else is said"));

    /// <summary>unpin.</summary>
    public static Command Unpin() => Pinning(false, new("berth image unpin debian:12", "prune may take it again"));

    private static Command Pinning(bool pinned, Example example) => new()
    {
        Usage = "IMAGE...",
        Least = 1,
        Offers = Offer.Images,
        Examples = [example],
        Run = async invocation =>
        {
            EngineImages images = await invocation.Session.ImagesAsync().ConfigureAwait(false);
            foreach (string name in invocation.Arguments) images.Pin(name, pinned);
            return 0;
        },
    };

    private static async Task<int> RemoveAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        Engine.Engine engine = await session.EngineAsync().ConfigureAwait(false);
        EngineImages images = engine.Images;
        bool all = invocation.Has("all"), force = invocation.Has("force");
        if (all == invocation.Arguments.Count > 0) throw new BerthException(Fault.InvalidArgument, all ? "--all and names of images cannot both be meant" : "no image was named", "name images, or write --all");
        int worst = 0;
        foreach (string name in all ? images.List().Select(static image => image.Id.ToString()) : invocation.Arguments)
        {
            try
            {
                RemovalReport report = await RemoveOneAsync(engine, name, force || all, force).ConfigureAwait(false);
                foreach (string gone in report.Untagged) session.Out.WriteLine($"Untagged: {ImageNames.Shown(session, gone)}");
                foreach (Oci.Content.Digest id in report.Deleted) session.Out.WriteLine($"Deleted: {ImageNames.Id(session, id)}");
            }
            catch (BerthException e) when (e.Kind == Fault.NotFound && (force || invocation.Has("ignore"))) { }
            catch (BerthException e)
            {
                // The others go all the same; the worst code is the answer.
                int code = Failure.Say(session, invocation.Path, e);
                worst = worst == 0 || code == Failure.Own ? code : Math.Max(worst, code);
            }
        }
        return worst;
    }

    // docker's: by force the names go, but an image on which containers stand stays for them, and one that runs is not to be forced.
    private static async Task<RemovalReport> RemoveOneAsync(Engine.Engine engine, string name, bool takesAll, bool force)
    {
        StoredImage image = engine.Images.Find(name);
        List<Container> users = [.. engine.Containers.List().Where(container => container.Record.Image == image.Id)];
        bool isOneOfSeveral = image.Names.Count > 1 && ImageReference.TryParse(name, out ImageReference? reference) && image.IsNamed(reference);
        if (users.Count == 0 || isOneOfSeveral) return await engine.Images.RemoveAsync(name, takesAll).ConfigureAwait(false);
        Container? running = users.Find(static container => container.Observe() is { IsAlive: true } or { Status: ContainerStatus.Restarting });
        if (running is not null || !force) throw InUse(image, running ?? users[0], running is not null);
        List<string> gone = [];
        foreach (string one in image.Names) gone.AddRange((await engine.Images.UntagAsync(one).ConfigureAwait(false)).Untagged);
        return new RemovalReport { Untagged = gone };
    }

    private static BerthException InUse(StoredImage image, Container user, bool isRunning) =>
        new(Fault.Conflict, $"cannot remove the image {image.Id.Short}: container {user.Name} ({user.Id[..12]}) {(isRunning ? "runs on it" : "has been made of it")}", isRunning ? $"stop and remove it first: berth rm -f {user.Name}" : $"remove it first: berth rm {user.Name}; or take the image's names away: berth rmi -f") { Code = FaultCode.ImageInUse, Subjects = [image.Id.Encoded, user.Id] };
}
