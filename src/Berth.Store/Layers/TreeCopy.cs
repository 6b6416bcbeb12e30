// The merged view of layers as a plain tree, for hosts where overlayfs cannot be had.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Store.Layers;

/// <summary>Copies trees; where the file system can, the copies share their blocks with what they are copies of.</summary>
internal static class TreeCopy
{
    /// <summary>Makes an empty directory what overlayfs would show of the layers.</summary>
    /// <param name="layers">Paths, top first.</param>
    /// <param name="directory">Empty.</param>
    /// <param name="userAttributes">As in <see cref="UnpackOptions.UserAttributes"/>.</param>
    /// <param name="ct">Asked at each node.</param>
    public static void Copy(IReadOnlyList<string> layers, string directory, bool userAttributes, CancellationToken ct)
    {
        List<Fd> trees = [];
        Stack<Level> levels = new();
        try
        {
            foreach (string layer in layers) trees.Add(KernelPath.Open(layer, OpenFlags.Directory));
            MergedView view = new(trees, userAttributes ? "user.overlay.opaque" : "trusted.overlay.opaque");
            Dictionary<(DeviceNumber, ulong), byte[]> linked = [];
            using Fd top = KernelPath.Open(directory, OpenFlags.Directory);
            levels.Push(new Level(view.Root(), top.Duplicate(), view));
            while (levels.TryPeek(out Level? level))
            {
                ct.ThrowIfCancellationRequested();
                if (level.Names.MoveNext()) CopyOne(view, level, top, linked, levels);
                else
                {
                    // At the end, since what is made in a directory changes its time.
                    (int _, Fd from) = level.Source.Parts[0];
                    NodeCopy.Describe(from, "."u8, TreeFacts.Of(from), level.Target, "."u8);
                    levels.Pop().Dispose();
                }
            }
        }
        finally
        {
            foreach (Level level in levels) level.Dispose();
            foreach (Fd tree in trees) tree.Dispose();
        }
    }

    private static void CopyOne(MergedView view, Level level, Fd top, Dictionary<(DeviceNumber, ulong), byte[]> linked, Stack<Level> levels)
    {
        (byte[] name, MergedNode node) = level.Names.Current;
        if (node.Facts.IsDirectory)
        {
            NodeCopy.Check(TreeFd.MakeDirectory(level.Target, name, 0x1C0), "make", name);
            Fd target = TreeFd.TryOpen(level.Target, name, OpenFlags.Directory, out Errno errno) ?? throw NodeCopy.Failure(errno, "open", name);
            levels.Push(new Level(view.Enter(level.Source, name)!, target, view));
            return;
        }
        byte[] path = LayerPath.Join(level.Source.Path, name);
        (DeviceNumber, ulong) key = (node.Facts.Device, node.Facts.Inode);
        if (node.Facts.Links > 1 && linked.TryGetValue(key, out byte[]? first)) NodeCopy.Check(TreeFd.Link(top, first, level.Target, name), "link", path);
        else
        {
            NodeCopy.Copy(node.At, name, node.Facts, level.Target, name);
            if (node.Facts.Links > 1) linked.Add(key, path);
        }
    }

    private sealed class Level(MergedDirectory source, Fd target, MergedView view) : IDisposable
    {
        public MergedDirectory Source { get; } = source;

        public Fd Target { get; } = target;

        public IEnumerator<KeyValuePair<byte[], MergedNode>> Names { get; } = view.List(source).GetEnumerator();

        public void Dispose()
        {
            Names.Dispose();
            Source.Dispose();
            Target.Dispose();
        }
    }
}
