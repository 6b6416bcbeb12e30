// image referrers: what a registry has that says something of an image.
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Images;
using Berth.Oci.Content;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class Referrers
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "NAME[:TAG|@DIGEST]",
        About = "Signatures, bills of materials and the like, which name the image as their subject.",
        Least = 1,
        Most = 1,
        Options = [Option.With("artifact-type", "TYPE", "Only of this type"), Option.With("format", "FORMAT", "table, json, or a Go template"), .. AccessFlags.Table()],
        Examples = [new("berth image referrers registry.example/a/b:1", "All"), new("berth image referrers --artifact-type application/spdx+json registry.example/a/b:1", "Of one type")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        string name = invocation.Arguments[0];
        ImagePlace place = ImagePlace.Parse(name.StartsWith("docker://", StringComparison.Ordinal) ? name : $"docker://{name}");
        IReadOnlyList<Descriptor> found = await (await session.ImagesAsync().ConfigureAwait(false)).ReferrersAsync(place, invocation.Find("artifact-type"), AccessFlags.Read(invocation), session.Ending).ConfigureAwait(false);
        if (invocation.Find("format") is { } format and not ("" or "table"))
        {
            Report.Write(session.Out, format, found.Select(static one => (Value)Value.Record.Of(Member.Of("Digest", one.Digest.ToString()), Member.Of("ArtifactType", one.ArtifactType ?? ""), Member.Of("MediaType", one.MediaType), Member.Of("Size", one.Size), Member.Of("Annotations", one.Annotations))));
            return 0;
        }
        Table table = new();
        table.Add("DIGEST", "TYPE", "SIZE");
        foreach (Descriptor one in found) table.Add(one.Digest.ToString(), one.ArtifactType ?? one.MediaType, Words.Size(one.Size));
        table.WriteTo(session.Out);
        return 0;
    }
}
