// A tree becomes a layer again: what overlayfs wrote above an image, or what differs between two trees where there is no overlayfs.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Store.Layers;

/// <summary>
/// Members are in the order of their paths, part by part, so a directory stands before what is in it; there are no names of users,
/// no times of reading, and nothing of the moment. The same tree gives the same bytes.
/// </summary>
internal static class LayerPacker
{
    /// <summary>Packs an upper directory of overlayfs, or an unpacked layer.</summary>
    /// <param name="upper">Its path.</param>
    /// <param name="to">The archive, as a plain stream.</param>
    /// <param name="options">How.</param>
    /// <param name="ct">Asked at each node and each block.</param>
    /// <exception cref="Berth.Oci.Faults.BerthException">InvalidArgument: a name that no layer can have. Unsupported: overlayfs keeps parts elsewhere.</exception>
    public static PackedLayer Pack(string upper, Stream to, PackOptions options, CancellationToken ct)
    {
        using Fd top = KernelPath.Open(upper, OpenFlags.Directory);
        using TreeWalk walk = new(top, sorted: true);
        LayerWriter writer = new(to, options, ct);
        writer.Add(top, "."u8, [], walk.HereFacts);
        while (true)
        {
            while (walk.Next(out byte[]? name, out NodeFacts facts))
            {
                writer.Add(walk.Here, name, walk.PathOf(name), facts);
                if (facts.IsDirectory) walk.Enter(name, facts);
            }
            if (walk.Depth == 0) return writer.Finish();
            walk.Leave();
        }
    }

    /// <summary>Packs what makes one whole tree out of another.</summary>
    /// <param name="lower">The tree below, whole.</param>
    /// <param name="upper">The tree as it is now, whole.</param>
    /// <param name="to">The archive, as a plain stream.</param>
    /// <param name="options">How.</param>
    /// <param name="ct">Asked at each node and each block.</param>
    public static PackedLayer PackDifference(string lower, string upper, Stream to, PackOptions options, CancellationToken ct)
    {
        using TreeDifference difference = new(lower, upper, ct);
        LayerWriter writer = new(to, options, ct);
        foreach ((byte[] path, NodeFacts? facts) in difference.Find())
        {
            if (facts is null) writer.Remove(path);
            else
            {
                using Fd at = difference.OpenUpper(LayerPath.Parent(path));
                writer.Add(at, path.Length == 0 ? "."u8 : LayerPath.Name(path), path, facts.Value);
            }
        }
        return writer.Finish();
    }
}
