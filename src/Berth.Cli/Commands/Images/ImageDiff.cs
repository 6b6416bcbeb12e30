// diff: what was changed, as docker and podman print it.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Oci.Faults;
using Berth.Store.Snapshots;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb of images, and how changes are printed.</summary>
internal static class ImageDiff
{
    /// <summary>The option.</summary>
    public static Option Format { get; } = Option.With("format", "FORMAT", "json") with { Words = ["json"] };

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "IMAGE",
        About = "A: added; C: changed; D: deleted, by the topmost layer of the image.",
        Least = 1,
        Most = 1,
        Offers = Offer.Images,
        Options = [Format],
        Examples = [new("berth image diff mine:2", "What its last layer does")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            Write(invocation, engine.Snapshots.Diff(engine.Images.Find(invocation.Arguments[0]), invocation.Session.Ending));
            return 0;
        },
    };

    /// <summary>Prints changes.</summary>
    /// <exception cref="BerthException">InvalidArgument: a format that there is not.</exception>
    public static void Write(Invocation invocation, IReadOnlyList<FileChange> changes)
    {
        Session session = invocation.Session;
        switch (invocation.Find("format"))
        {
            case null or "":
                foreach (FileChange change in changes) session.Out.WriteLine($"{(change.Kind switch { ChangeKind.Added => 'A', ChangeKind.Deleted => 'D', _ => 'C' })} {change.Path}");
                break;
            case "json":
                string[] Paths(ChangeKind kind) => [.. changes.Where(change => change.Kind == kind).Select(static change => change.Path)];
                Report.WriteOne(session.Out, "json", Value.Record.Of(Member.Of("changed", Paths(ChangeKind.Changed)), Member.Of("added", Paths(ChangeKind.Added)), Member.Of("deleted", Paths(ChangeKind.Deleted))));
                break;
            default: throw new BerthException(Fault.InvalidArgument, "--format is json");
        }
    }
}
