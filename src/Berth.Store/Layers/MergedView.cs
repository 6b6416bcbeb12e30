// What overlayfs would show of trees that lie on one another, looked up without mounting anything.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Store.Layers;

/// <summary>A name of the view.</summary>
/// <param name="Tree">Which of the trees shows it, the top one being 0.</param>
/// <param name="At">The directory in that tree; it belongs to the <see cref="MergedDirectory"/> that was asked.</param>
/// <param name="Facts">What it is there.</param>
internal readonly record struct MergedNode(int Tree, Fd At, NodeFacts Facts);

/// <summary>A directory of the view: the directories that make it up, top first.</summary>
internal sealed class MergedDirectory(byte[] path, List<(int Tree, Fd Fd)> parts) : IDisposable
{
    /// <summary>Without links in it.</summary>
    public byte[] Path { get; } = path;

    public List<(int Tree, Fd Fd)> Parts { get; } = parts;

    public void Dispose()
    {
        foreach ((int _, Fd fd) in Parts) fd.Dispose();
    }
}

/// <summary>Trees, top first, with their whiteouts and opaque marks.</summary>
internal sealed class MergedView(IReadOnlyList<Fd> trees, string opaqueMark)
{
    /// <summary>The directory that all of it is in.</summary>
    public MergedDirectory Root()
    {
        List<(int, Fd)> parts = [];
        for (int i = 0; i < trees.Count; i++)
        {
            parts.Add((i, trees[i].Duplicate()));
            if (IsOpaque(trees[i], "."u8)) break;
        }
        return new MergedDirectory([], parts);
    }

    /// <summary>The topmost node of a name; null where nothing is to be seen.</summary>
    /// <param name="directory">Where.</param>
    /// <param name="name">One part of a path.</param>
    /// <param name="from">The trees above this one are not asked.</param>
    public MergedNode? Look(MergedDirectory directory, ReadOnlySpan<byte> name, int from = 0)
    {
        foreach ((int tree, Fd fd) in directory.Parts)
        {
            if (tree < from || TreeFacts.Read(fd, name, out NodeFacts facts) != Errno.None) continue;
            return facts.IsWhiteout ? null : new MergedNode(tree, fd, facts);
        }
        return null;
    }

    /// <summary>A directory in the directory; null where it is none.</summary>
    public MergedDirectory? Enter(MergedDirectory directory, ReadOnlySpan<byte> name)
    {
        List<(int Tree, Fd Fd)> parts = [];
        foreach ((int tree, Fd fd) in directory.Parts)
        {
            if (TreeFacts.Read(fd, name, out NodeFacts facts) != Errno.None) continue;
            if (!facts.IsDirectory) break;
            if (TreeFd.TryOpen(fd, name, OpenFlags.Directory, out Errno errno) is not { } part)
            {
                foreach ((int _, Fd opened) in parts) opened.Dispose();
                throw NodeCopy.Failure(errno, "open", LayerPath.Join(directory.Path, name));
            }
            parts.Add((tree, part));
            if (IsOpaque(fd, name)) break;
        }
        return parts.Count == 0 ? null : new MergedDirectory(LayerPath.Join(directory.Path, name), parts);
    }

    /// <summary>All names to be seen in a directory, in the order of their bytes.</summary>
    public SortedDictionary<byte[], MergedNode> List(MergedDirectory directory)
    {
        SortedDictionary<byte[], MergedNode> names = new(Comparer<byte[]>.Create(LayerPath.Compare));
        foreach ((int tree, Fd fd) in directory.Parts)
        {
            foreach (ListedName listed in TreeListing.Read(fd))
            {
                if (!names.ContainsKey(listed.Name) && TreeFacts.Read(fd, listed.Name, out NodeFacts facts) == Errno.None) names.Add(listed.Name, new MergedNode(tree, fd, facts));
            }
        }
        foreach (byte[] hidden in (byte[][])[.. names.Where(static pair => pair.Value.Facts.IsWhiteout).Select(static pair => pair.Key)]) names.Remove(hidden);
        return names;
    }

    /// <summary>
    /// Where a path leads, links followed as after a chroot; null where it leads to no directory. What does not exist behind the
    /// last directory found is given back.
    /// </summary>
    /// <param name="start">Directories of the path's beginning, in case it is relative.</param>
    /// <param name="path">Relative to it, or absolute.</param>
    /// <param name="missing">The parts that are not there.</param>
    public MergedDirectory? Resolve(ReadOnlySpan<byte> start, ReadOnlySpan<byte> path, out List<byte[]> missing)
    {
        missing = [];
        Stack<MergedDirectory> way = new([Root()]);
        try
        {
            Stack<byte[]> parts = new();
            Push(parts, path);
            if (path is not [(byte)'/', ..]) Push(parts, start);
            int links = 0;
            while (parts.TryPop(out byte[]? part))
            {
                if (part is [] or [(byte)'.']) continue;
                if (part is [(byte)'.', (byte)'.'])
                {
                    if (missing.Count > 0) missing.RemoveAt(missing.Count - 1);
                    else if (way.Count > 1) way.Pop().Dispose();
                    continue;
                }
                MergedNode? node = missing.Count > 0 ? null : Look(way.Peek(), part);
                if (node is null) missing.Add(part);
                else if (node.Value.Facts.IsLink)
                {
                    if (++links > 40 || TreeFd.TryReadLink(node.Value.At, part, out _) is not { } target) return null;
                    if (target is [(byte)'/', ..]) while (way.Count > 1) way.Pop().Dispose();
                    Push(parts, target);
                }
                else if (Enter(way.Peek(), part) is { } next) way.Push(next);
                else return null;
            }
            return way.Pop();
        }
        finally
        {
            foreach (MergedDirectory directory in way) directory.Dispose();
        }
    }

    private bool IsOpaque(Fd at, ReadOnlySpan<byte> name) => OverlayNames.SaysOpaque(ExtendedAttributes.TryRead(at, name, opaqueMark, out _));

    private static void Push(Stack<byte[]> parts, ReadOnlySpan<byte> path)
    {
        while (!path.IsEmpty)
        {
            int slash = path.LastIndexOf((byte)'/');
            parts.Push(path[(slash + 1)..].ToArray());
            path = slash < 0 ? default : path[..slash];
        }
    }
}
