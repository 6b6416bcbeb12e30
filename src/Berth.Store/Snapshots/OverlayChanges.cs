// What an upper directory of overlayfs changes of the layers below it, told by its marks and by what lies below.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Store.Layers;

namespace Berth.Store.Snapshots;

/// <summary>Compares.</summary>
internal sealed class OverlayChanges(MergedView lower, string opaqueMark, CancellationToken ct)
{
    private const int Deepest = 1000;
    private readonly List<FileChange> _changes = [];

    /// <summary>All changes, in the order of their paths.</summary>
    /// <param name="upper">The directory.</param>
    /// <param name="lowers">The layers below, the topmost first; none: all is new.</param>
    /// <param name="opaqueMark">Attribute of directories that hide those below.</param>
    /// <param name="ct">Asked at each directory.</param>
    public static IReadOnlyList<FileChange> Find(string upper, IReadOnlyList<string> lowers, string opaqueMark, CancellationToken ct)
    {
        List<Fd> trees = [];
        try
        {
            foreach (string path in lowers) trees.Add(KernelPath.Open(path, OpenFlags.Directory));
            using Fd top = KernelPath.Open(upper, OpenFlags.Directory);
            MergedView view = new(trees, opaqueMark);
            OverlayChanges changes = new(view, opaqueMark, ct);
            using MergedDirectory? root = trees.Count == 0 ? null : view.Root();
            changes.Walk(top, root, "", 0);
            return changes._changes;
        }
        finally
        {
            foreach (Fd tree in trees) tree.Dispose();
        }
    }

    private void Walk(Fd upper, MergedDirectory? below, string path, int depth)
    {
        ct.ThrowIfCancellationRequested();
        if (depth > Deepest) return;
        List<ListedName> names = TreeListing.Read(upper);
        names.Sort(static (a, b) => LayerPath.Compare(a.Name, b.Name));
        foreach (ListedName listed in names)
        {
            if (TreeFacts.Read(upper, listed.Name, out NodeFacts facts) != Errno.None) continue;
            string here = $"{path}/{Encoding.UTF8.GetString(listed.Name)}";
            MergedNode? node = below is null ? null : lower.Look(below, listed.Name);
            if (facts.IsWhiteout)
            {
                if (node is not null) _changes.Add(new FileChange(ChangeKind.Deleted, here));
                continue;
            }
            _changes.Add(new FileChange(node is null ? ChangeKind.Added : ChangeKind.Changed, here));
            if (!facts.IsDirectory) continue;
            using Fd? folder = TreeFd.TryOpen(upper, listed.Name, OpenFlags.Directory, out _);
            if (folder is null) continue;
            using MergedDirectory? under = node is { Facts.IsDirectory: true } ? lower.Enter(below!, listed.Name) : null;
            if (under is not null && OverlayNames.SaysOpaque(ExtendedAttributes.TryRead(upper, listed.Name, opaqueMark, out _))) AddHidden(folder, under, here);
            Walk(folder, under, here, depth + 1);
        }
    }

    private void AddHidden(Fd folder, MergedDirectory under, string path)
    {
        foreach (byte[] name in lower.List(under).Keys)
        {
            if (TreeFacts.Read(folder, name, out _) == Errno.ENOENT) _changes.Add(new FileChange(ChangeKind.Deleted, $"{path}/{Encoding.UTF8.GetString(name)}"));
        }
    }
}
