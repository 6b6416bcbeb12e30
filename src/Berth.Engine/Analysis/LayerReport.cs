// What each layer of an image adds, changes and removes, and how much of it the image does not show.
using Berth.Images.Copying;
using Berth.Images.Tar;
using Berth.Oci.Content;
using Berth.Oci.ImageSpec;

namespace Berth.Engine.Analysis;

/// <summary>What a layer does to a path.</summary>
public enum ChangeKind
{
    /// <summary>It was not there.</summary>
    Added,

    /// <summary>It was there, and this is another.</summary>
    Changed,

    /// <summary>It was there, and is not any more.</summary>
    Removed,
}

/// <summary>A path that a layer touches.</summary>
/// <param name="Path">Where, without a slash in front.</param>
/// <param name="Kind">What happens to it.</param>
/// <param name="Size">Bytes that the layer holds for it.</param>
/// <param name="IsDirectory">Whether it is a directory here.</param>
public readonly record struct LayerChange(string Path, ChangeKind Kind, long Size, bool IsDirectory);

/// <summary>A layer.</summary>
public sealed record LayerSummary
{
    /// <summary>From 0, the lowest.</summary>
    public required int Index { get; init; }

    /// <summary>As it comes from a registry.</summary>
    public required Descriptor Blob { get; init; }

    /// <summary>Digest of its tar.</summary>
    public Digest DiffId { get; init; }

    /// <summary>The command that made it, where that is known.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>Bytes of the files in it.</summary>
    public long Size { get; internal set; }

    /// <summary>Of these, bytes that the image does not show: a layer above has replaced or removed them.</summary>
    public long Wasted { get; internal set; }

    /// <summary>What it does, in the order of paths.</summary>
    public IReadOnlyList<LayerChange> Changes { get; internal set; } = [];

    /// <summary>How many paths have it so.</summary>
    public int Count(ChangeKind kind) => Changes.Count(change => change.Kind == kind);
}

/// <summary>All layers of an image.</summary>
public sealed record LayerReport
{
    /// <summary>The layers, the lowest first.</summary>
    public required IReadOnlyList<LayerSummary> Layers { get; init; }

    /// <summary>Paths that waste bytes, the worst first: what they waste, and in how many layers they are.</summary>
    public required IReadOnlyList<(string Path, long Bytes, int Layers)> Waste { get; init; }

    /// <summary>Bytes of all files of all layers.</summary>
    public long Size => Layers.Sum(static layer => layer.Size);

    /// <summary>Bytes that the image does not show.</summary>
    public long Wasted => Layers.Sum(static layer => layer.Wasted);

    /// <summary>The share of bytes that it does show: 1 is best.</summary>
    public double Efficiency => Size == 0 ? 1 : 1 - ((double)Wasted / Size);

    /// <summary>The share that is wasted of what the layers above the lowest bring: what the author of this image can do something about.</summary>
    public double UserWastedShare
    {
        get
        {
            long own = Layers.Skip(1).Sum(static layer => layer.Size);
            return own == 0 ? 0 : (double)Wasted / own;
        }
    }

    /// <summary>Reads the layers of an image.</summary>
    internal static async Task<LayerReport> ReadAsync(IImageSource source, ManifestDocument manifest, ImageConfig? config, CancellationToken ct)
    {
        Descriptor[] blobs = [.. (manifest.Manifest?.Layers ?? []).Where(static blob => MediaType.IsLayer(blob.MediaType))];
        string?[] commands = CommandsOf(config, blobs.Length);
        LayerSummary[] layers = [.. blobs.Select((blob, i) => new LayerSummary { Index = i, Blob = blob, DiffId = config?.RootFs?.DiffIds is { } diffs && i < diffs.Count ? diffs[i] : default, CreatedBy = commands[i] })];
        Stacking stacking = new(layers);
        await LayerFiles.ReadAsync(source, manifest, stacking.Take, ct).ConfigureAwait(false);
        return new LayerReport { Layers = layers, Waste = stacking.Finish() };
    }

    /// <summary>The steps of the history that made a layer, as many as there are layers.</summary>
    internal static string?[] CommandsOf(ImageConfig? config, int layers)
    {
        string?[] steps = [.. (config?.History ?? []).Where(static step => step.EmptyLayer != true).Select(static step => step.CreatedBy)];
        return [.. Enumerable.Range(0, layers).Select(i => steps.Length == layers ? steps[i] : null)];
    }
}

/// <summary>Puts layers on each other.</summary>
internal sealed class Stacking(LayerSummary[] layers)
{
    // What is visible now: in which layer, and how large. A node of a tree, so that a directory goes with all that is in it.
    private sealed class Node
    {
        public Dictionary<string, Node>? Children { get; set; }

        public int Layer { get; set; } = -1;

        public long Size { get; set; }

        public bool IsDirectory { get; set; }

        /// <summary>Whether something is there: a directory may be known only by what is in it.</summary>
        public bool IsThere => Layer >= 0;
    }

    private readonly Node _root = new() { IsDirectory = true };
    private readonly List<LayerChange>[] _changes = [.. layers.Select(static _ => new List<LayerChange>())];
    private readonly Dictionary<string, (long Bytes, HashSet<int> Layers)> _waste = [];

    public void Take(int layer, LayerMember member)
    {
        switch (member.Removal)
        {
            case Removal.Whiteout: Remove(layer, member.Path); break;
            case Removal.Opaque: Clear(layer, member.Path); break;
            default: Put(layer, member); break;
        }
    }

    public IReadOnlyList<(string Path, long Bytes, int Layers)> Finish()
    {
        foreach (LayerSummary layer in layers)
        {
            _changes[layer.Index].Sort(static (left, right) => string.CompareOrdinal(left.Path, right.Path));
            layer.Changes = _changes[layer.Index];
        }
        return [.. _waste.Select(static pair => (pair.Key, pair.Value.Bytes, pair.Value.Layers.Count)).OrderByDescending(static one => one.Bytes).ThenBy(static one => one.Key, StringComparer.Ordinal)];
    }

    private void Put(int layer, LayerMember member)
    {
        Node node = _root;
        foreach (string part in member.Path.Split('/'))
        {
            node.Children ??= [];
            if (!node.Children.TryGetValue(part, out Node? child)) node.Children.Add(part, child = new Node());
            node = child;
        }
        bool isDirectory = member.Kind == TarKind.Directory;
        bool wasThere = node.IsThere && node.Layer != layer;
        if (node.IsThere) Waste(node, member.Path, layer);
        // What is no directory any more hides what was in it.
        if (!isDirectory && node.Children is not null) Forget(node, member.Path, layer);
        // A directory that comes again with the same content is no change worth a line, but a change of its attributes may be.
        _changes[layer].Add(new LayerChange(member.Path, wasThere ? ChangeKind.Changed : ChangeKind.Added, member.Size, isDirectory));
        (node.Layer, node.Size, node.IsDirectory) = (layer, member.Size, isDirectory);
        layers[layer].Size += member.Size;
    }

    private void Remove(int layer, string path)
    {
        int slash = path.LastIndexOf('/');
        if (Find(slash < 0 ? "" : path[..slash]) is not { Children: { } siblings } || !siblings.TryGetValue(path[(slash + 1)..], out Node? node)) return;
        // A layer removes what is below it, not what itself brings, wherever the two stand in its tar.
        if (node.Layer == layer) return;
        _changes[layer].Add(new LayerChange(path, ChangeKind.Removed, 0, node.IsDirectory));
        Waste(node, path, layer);
        Forget(node, path, layer);
        if (node.Children is { Count: > 0 }) node.Layer = -1;
        else siblings.Remove(path[(slash + 1)..]);
    }

    private void Clear(int layer, string path)
    {
        if (Find(path) is not { } node) return;
        foreach ((string name, Node child) in node.Children ?? [])
        {
            if (child.IsThere && child.Layer != layer) _changes[layer].Add(new LayerChange(path.Length == 0 ? name : $"{path}/{name}", ChangeKind.Removed, 0, child.IsDirectory));
        }
        Forget(node, path, layer);
    }

    /// <summary>All below a node that lower layers brought is hidden.</summary>
    private void Forget(Node node, string path, int layer)
    {
        foreach ((string name, Node child) in node.Children?.ToArray() ?? [])
        {
            string inside = path.Length == 0 ? name : $"{path}/{name}";
            Forget(child, inside, layer);
            if (child.Layer == layer) continue;
            if (child.IsThere) Waste(child, inside, layer);
            if (child.Children is { Count: > 0 }) child.Layer = -1;
            else node.Children!.Remove(name);
        }
    }

    private void Waste(Node node, string path, int by)
    {
        if (!node.IsThere || node.Size == 0) return;
        layers[node.Layer].Wasted += node.Size;
        (long bytes, HashSet<int> seen) = _waste.TryGetValue(path, out (long, HashSet<int>) before) ? before : (0, []);
        seen.Add(node.Layer);
        seen.Add(by);
        _waste[path] = (bytes + node.Size, seen);
        node.Size = 0;
    }

    private Node? Find(string path)
    {
        Node? node = _root;
        if (path.Length == 0) return node;
        foreach (string part in path.Split('/'))
        {
            if (node.Children is null || !node.Children.TryGetValue(part, out node)) return null;
        }
        return node;
    }
}
