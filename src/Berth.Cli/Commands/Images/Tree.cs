// image tree: images on the layers that they share, as text or for Graphviz.
using System.Text;
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Verbs;
using Berth.Engine.Analysis;
using Berth.Engine.Images;
using Berth.Store.Records;

namespace Berth.Cli.Commands.Images;

/// <summary>The verb.</summary>
internal static class Tree
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "[IMAGE]",
        Most = 1,
        Offers = Offer.Images,
        Options =
        [
            Option.Switch("dot", "For Graphviz: pipe it into dot -Tsvg", 'd'),
            Option.Switch("incremental", "Sizes of the layers themselves, not with those below", 'i'),
            Option.Switch("no-trunc", "Do not shorten ids"),
            Option.Switch("only-labelled", "Leave out layers at which no image ends", 'l'),
            Option.Switch("short", "Repositories and their tags only", 's'),
            Option.Many("filter", "NAME=VALUE", $"Show some images only: {ImageFilter.Names}", 'f'),
        ],
        Examples =
        [
            new("berth image tree", "All images on their layers"),
            new("berth image tree debian:12", "The layers of one image, and all that stands on them"),
            new("berth image tree --dot | dot -Tsvg > images.svg", "A picture"),
        ],
        Run = RunAsync,
    };

    private sealed record Look(bool Incremental, bool Whole, bool OnlyLabelled);

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineImages images = await session.ImagesAsync().ConfigureAwait(false);
        ImageFilter filter = ImageFilter.Parse(invocation.All("filter"), images, session.Clock.GetUtcNow());
        StoredImage[] found = [.. images.List().Where(filter.Means)];
        if (invocation.Arguments.Count > 0) found = Related(found, images.Find(invocation.Arguments[0]));
        Look look = new(invocation.Has("incremental"), invocation.Has("no-trunc"), invocation.Has("only-labelled"));
        if (invocation.Has("short")) WriteShort(found, session.Out);
        else if (invocation.Has("dot")) session.Out.Write(Dot(ImageTreeNode.Of(found), look));
        else
        {
            foreach (ImageTreeNode root in ImageTreeNode.Of(found).Children) WriteNode(root, "", "", look, session.Out);
        }
        return 0;
    }

    /// <summary>Images that share the lowest layer with one.</summary>
    private static StoredImage[] Related(StoredImage[] images, StoredImage to) =>
        to.Layers.Count == 0 ? [to] : [.. images.Where(image => image.Layers.Count > 0 && image.Layers[0].DiffId == to.Layers[0].DiffId)];

    private static void WriteShort(StoredImage[] images, Lines lines)
    {
        foreach (IGrouping<string, (string Repository, string Tag)> group in images.SelectMany(static image => image.Names).Select(ImageNames.Split).GroupBy(static name => name.Repository).OrderBy(static group => group.Key, StringComparer.Ordinal))
        {
            lines.WriteLine($"{group.Key}: {string.Join(", ", group.Select(static name => name.Tag).Order(StringComparer.Ordinal))}");
        }
    }

    private static void WriteNode(ImageTreeNode node, string lead, string below, Look look, Lines lines)
    {
        // Layers on which nothing branches and at which nothing ends say little.
        while (look.OnlyLabelled && node.Images.Count == 0 && node.Children.Count == 1) node = node.Children[0];
        lines.WriteLine($"{lead}{Id(node, look)} {(look.Incremental ? "Size" : "Virtual Size")}: {Words.Size(look.Incremental ? node.Size : node.Whole)}{Names(node, look)}");
        for (int i = 0; i < node.Children.Count; i++)
        {
            bool last = i == node.Children.Count - 1;
            WriteNode(node.Children[i], below + (last ? "└─" : "├─"), below + (last ? "  " : "│ "), look, lines);
        }
    }

    private static string Id(ImageTreeNode node, Look look) => look.Whole ? node.DiffId.ToString() : node.DiffId.Short;

    private static string Names(ImageTreeNode node, Look look) =>
        node.Images.Count == 0 ? "" : $" Image: {string.Join("; ", node.Images.Select(image => $"{(look.Whole ? image.Id.ToString() : image.Id.Short)} {(image.Names.Count > 0 ? string.Join(", ", image.Names.Select(ImageNames.Familiar)) : ImageNames.None)}"))}";

    private static string Dot(ImageTreeNode root, Look look)
    {
        StringBuilder text = new("digraph images {\n  node [shape=box, fontname=\"monospace\"];\n  base [label=\"base\", style=invisible];\n");
        int next = 0;
        foreach (ImageTreeNode child in root.Children) Node(text, child, "base", look, ref next);
        return text.Append("}\n").ToString();
    }

    private static void Node(StringBuilder text, ImageTreeNode node, string parent, Look look, ref int next)
    {
        while (look.OnlyLabelled && node.Images.Count == 0 && node.Children.Count == 1) node = node.Children[0];
        // The same layer may stand on several others, so its digest is no name for a node.
        string id = $"n{next++}";
        string names = string.Concat(node.Images.Select(static image => "\\n" + (image.Names.Count > 0 ? string.Join("\\n", image.Names.Select(ImageNames.Familiar)) : image.Id.Short)));
        text.Append($"  {id} [label=\"{Id(node, look)}\\n{Words.Size(look.Incremental ? node.Size : node.Whole)}{names}\"{(node.Images.Count > 0 ? ", style=filled, fillcolor=\"paleturquoise\"" : "")}];\n  {parent} -> {id}{(parent == "base" ? " [style=invis]" : "")};\n");
        foreach (ImageTreeNode child in node.Children) Node(text, child, id, look, ref next);
    }
}
