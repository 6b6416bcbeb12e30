// image mount, image unmount: the files of an image, to be read.
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Oci.Faults;
using Berth.Store.Records;
using Berth.Store.Snapshots;

namespace Berth.Cli.Commands.Images;

/// <summary>The verbs: a view of an image with a name that is made of its id.</summary>
internal static class Mounting
{
    private const string Prefix = "image-";

    /// <summary>mount.</summary>
    public static Command Mount() => new()
    {
        Usage = "IMAGE [FOLDER]",
        About = "Prints where the files are. They can only be read.",
        Least = 1,
        Most = 2,
        Offers = Offer.Images,
        Examples = [new("ls $(berth image mount debian:12)", "Look into an image")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            invocation.RefuseBriefMounts();
            StoredImage image = engine.Images.Find(invocation.Arguments[0]);
            string name = Prefix + image.Id.Short;
            SnapshotStore snapshots = engine.Snapshots;
            try { snapshots.View(name, image); }
            catch (BerthException e) when (e.Kind == Fault.Conflict) { } // it was mounted before
            invocation.Session.Out.WriteLine(snapshots.Mount(name, invocation.Arguments.Count > 1 ? invocation.Arguments[1] : null));
            return 0;
        },
    };

    /// <summary>unmount.</summary>
    public static Command Unmount() => new()
    {
        Usage = "[IMAGE...]",
        Offers = Offer.Images,
        Options = [Option.Switch("all", "All images", 'a')],
        Examples = [new("berth image unmount debian:12", "Take its mounts away")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            SnapshotStore snapshots = engine.Snapshots;
            IEnumerable<string> names = invocation.Has("all") ? snapshots.Walk().Select(static snapshot => snapshot.Name).Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)) : invocation.Arguments.Select(argument => Prefix + engine.Images.Find(argument).Id.Short);
            foreach (string name in names.ToArray())
            {
                snapshots.Unmount(name);
                snapshots.Remove(name, force: false);
                invocation.Session.Out.WriteLine(name.AsSpan(Prefix.Length));
            }
            return 0;
        },
    };
}
