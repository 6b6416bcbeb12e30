// image blame: which layer a file of an image comes from.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Analysis;
using Berth.Engine.Images;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class Blame
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "IMAGE PATH...",
        About = "The line with the star is where the present content comes from. Exit code 1: the image has no such file.",
        Least = 2,
        Offers = Offer.Images,
        Options = [Option.With("format", "FORMAT", "json, or a Go template"), Option.Switch("no-trunc", "Do not shorten commands"), Option.With("platform", "OS/ARCH[/VARIANT]", "Of an index: the image for this machine"), .. AccessFlags.Table()],
        Examples = [new("berth image blame debian:12 /etc/passwd", "Each layer that wrote it, and the command that made the layer"), new("berth image blame docker://quay.io/a/b:1 /usr/bin/x", "Of an image in a registry")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        ImagePlace place = ImagePlace.Parse(invocation.Arguments[0]);
        AccessOptions access = AccessFlags.Read(invocation);
        int missing = 0;
        foreach (string path in invocation.Arguments.Skip(1))
        {
            BlameReport report = await images.BlameAsync(place, path, access, Pull.PlatformOf(invocation), session.Ending).ConfigureAwait(false);
            if (report.Origin is null) missing++;
            if (invocation.Find("format") is { } format) Report.WriteOne(session.Out, format, ValueOf(report));
            else Write(session, report, invocation.Has("no-trunc"));
        }
        return missing == 0 ? 0 : 1;
    }

    private static void Write(Session session, BlameReport report, bool whole)
    {
        if (report.Steps.Count == 0)
        {
            session.Warn($"no layer has /{report.Path}");
            return;
        }
        Table table = new();
        table.Add("", "LAYER", "DIGEST", "CHANGE", "SIZE", "PATH", "CREATED BY");
        foreach (BlameStep step in report.Steps)
        {
            table.Add(step == report.Origin ? "*" : "", (step.Layer + 1).ToString(System.Globalization.CultureInfo.InvariantCulture), step.Blob.Digest.Short, step.Kind.ToString().ToLowerInvariant(), Words.Size(step.Size), "/" + step.Path, whole ? step.CreatedBy ?? "" : Words.Shortened(step.CreatedBy?.Replace('\n', ' ') ?? "", 60));
        }
        table.WriteTo(session.Out);
    }

    private static Value ValueOf(BlameReport report) => Value.Record.Of(
        Member.Of("Path", "/" + report.Path),
        Member.Of("Layer", report.Origin is { } origin ? origin.Layer + 1 : 0),
        Member.Of("Digest", report.Origin?.Blob.Digest.ToString() ?? ""),
        new Member("Steps", new Value.List([.. report.Steps.Select(static step => (Value)Value.Record.Of(
            Member.Of("Layer", step.Layer + 1), Member.Of("Digest", step.Blob.Digest.ToString()), Member.Of("Kind", step.Kind.ToString().ToLowerInvariant()), Member.Of("Path", "/" + step.Path), Member.Of("Size", step.Size), Member.Of("CreatedBy", step.CreatedBy ?? "")))])));
}
