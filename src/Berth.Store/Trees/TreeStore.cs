// Unpacked layers. A tree that has its name is whole.
using System.Globalization;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Content;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;

namespace Berth.Store.Trees;

/// <summary>
/// The trees of a store. Most layers say all of themselves, and are shared by every image that has them, whatever lies below:
/// they are named by their digest. A few borrow from the layers below (a directory that no entry describes, a hard link to a file
/// of another layer) and are named by the chain up to them.
/// </summary>
internal sealed class TreeStore(StorePlaces places)
{
    /// <summary>What of a layer cannot be done without those below it. Its root can: a stack takes it from where it is described.</summary>
    public static IReadOnlyList<LayerNeed> Needs(UnpackedLayer layer) => [.. layer.Needs.Where(static need => need.Path.Length > 0)];

    /// <summary>Where the files of a tree are.</summary>
    public string FilesOf(string tree) => $"{places.TreePath(tree)}/fs";

    /// <summary>Whether it is there.</summary>
    public bool Has(string tree) => KernelFile.Exists(places.TreePath(tree));

    /// <summary>The tree of a layer, if it is unpacked.</summary>
    public string? Find(Digest diffId, Digest chainId)
    {
        string chain = ChainName(chainId), own = DiffName(diffId);
        return Has(chain) ? chain : Has(own) ? own : null;
    }

    /// <summary>All names by which a layer may be known.</summary>
    public static string[] NamesOf(Digest diffId, Digest chainId) => [DiffName(diffId), ChainName(chainId)];

    /// <summary>Of a layer that needs none below it.</summary>
    public static string DiffName(Digest diffId) => "diff/" + Short(diffId);

    /// <summary>Of a layer together with those below it.</summary>
    public static string ChainName(Digest chainId) => "chain/" + Short(chainId);

    /// <summary>Bytes of the files in it, as its facts have them.</summary>
    public long SizeOf(string tree) => Facts(tree) is [{ } first, ..] && long.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out long size) ? size : 0;

    /// <summary>
    /// Where the files of layers are, the topmost first, as overlayfs wants them. What lies below one whose root is opaque is not
    /// among them: overlayfs looks for that mark everywhere but there.
    /// </summary>
    public List<string> Stack(IReadOnlyList<string> trees)
    {
        List<string> stack = [];
        for (int i = trees.Count - 1; i >= 0; i--)
        {
            stack.Add(FilesOf(trees[i]));
            if (Facts(trees[i]).Contains("opaque")) break;
        }
        return stack;
    }

    /// <summary>Where the folder is whose owner, mode and attributes the root of a stack has: many layers say nothing of their root.</summary>
    public string? RootOf(IReadOnlyList<string> trees)
    {
        for (int i = trees.Count - 1; i >= 0; i--)
        {
            if (!Facts(trees[i]).Contains("rootless")) return FilesOf(trees[i]);
        }
        return null;
    }

    // Bytes, members, and words.
    private string[] Facts(string tree) => KernelFile.TryReadText($"{places.TreePath(tree)}/facts")?.Split(' ') ?? [];

    /// <summary>A place to make one.</summary>
    public MakingTree Begin(Lease lease)
    {
        string folder = $"{places.Making}/{lease.Name}.{StorePlaces.NewName()}";
        KernelPath.MakeDirectory(folder, 0x1C0);
        KernelPath.MakeDirectory($"{folder}/fs", 0x1ED);
        return new MakingTree(places, folder);
    }

    private static string Short(Digest digest) => digest.Algorithm == Digest.Sha256 ? digest.Encoded : $"{digest.Algorithm}-{digest.Encoded}";
}

/// <summary>A tree that is being made. What has no name when it is disposed is gone.</summary>
internal sealed class MakingTree(StorePlaces places, string folder) : IDisposable
{
    private bool _isPlaced;

    /// <summary>Where its files go.</summary>
    public string Files => $"{folder}/fs";

    /// <summary>It is whole: it gets its name, unless another made the same meanwhile.</summary>
    public void Place(string tree, UnpackedLayer layer)
    {
        string words = (layer.HidesLowers ? " opaque" : "") + (layer.Needs.Any(static need => need.Path.Length == 0) ? " rootless" : "");
        KernelPath.WriteAtomically($"{folder}/facts", Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{layer.Bytes} {layer.Entries}{words}\n")), 0x180);
        try
        {
            KernelPath.Rename(folder, places.TreePath(tree));
            _isPlaced = true;
        }
        catch (LinuxException e) when (e.Errno is Errno.EEXIST or Errno.ENOTEMPTY) { } // theirs is as good as ours
    }

    public void Dispose()
    {
        if (!_isPlaced) TreeEraser.Erase(folder);
    }
}
