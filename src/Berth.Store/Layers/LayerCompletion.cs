// What an unpacked layer needs from the layers below it, done as if it had been unpacked over their merged view.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>Completes one tree. Times of directories in which something is made or moved stay what they were.</summary>
internal sealed class LayerCompletion : IDisposable
{
    private readonly List<Fd> _trees = [];
    private readonly MergedView _view;
    private readonly string _opaqueMark;
    // Directories that were led elsewhere by a link of a layer below: what was said of the first path holds for the second.
    private readonly List<(byte[] From, byte[] To)> _moves = [];

    public LayerCompletion(string tree, IReadOnlyList<string> lowers, UnpackOptions options)
    {
        _opaqueMark = options.UserAttributes ? "user.overlay.opaque" : "trusted.overlay.opaque";
        try
        {
            foreach (string path in (string[])[tree, .. lowers]) _trees.Add(KernelPath.Open(path, OpenFlags.Directory));
        }
        catch (LinuxException e)
        {
            Dispose();
            throw new BerthException(e.Errno is Errno.EACCES or Errno.EPERM ? Fault.Denied : Fault.Failed, $"cannot complete the layer in {tree}: {e.Message}", null, e);
        }
        _view = new MergedView(_trees, _opaqueMark);
    }

    private Fd Tree => _trees[0];

    public void Do(IReadOnlyList<LayerNeed> needs)
    {
        foreach (LayerNeed need in needs)
        {
            byte[] path = Moved(need.Path);
            switch (need)
            {
                case DirectoryNeed: CompleteDirectory(path); break;
                case LinkNeed link: CompleteLink(path, link); break;
                default: throw new InvalidOperationException(need.GetType().Name);
            }
        }
    }

    public void Dispose()
    {
        foreach (Fd tree in _trees) tree.Dispose();
    }

    private byte[] Moved(byte[] path)
    {
        foreach ((byte[] from, byte[] to) in _moves)
        {
            if (path.AsSpan().SequenceEqual(from)) return to;
            if (path.Length > from.Length && path[from.Length] == (byte)'/' && path.AsSpan().StartsWith(from)) path = LayerPath.Join(to, path.AsSpan(from.Length + 1));
        }
        return path;
    }

    // ---- directories ------------------------------------------------------------------------------------------------

    private void CompleteDirectory(byte[] path)
    {
        if (path.Length == 0)
        {
            // The layers below show their root only where this one's is not opaque; what it is like they say in any case.
            if (_trees.Count > 1) NodeCopy.Describe(_trees[1], "."u8, TreeFacts.Of(_trees[1]), Tree, "."u8);
            return;
        }
        using MergedDirectory? parent = _view.Resolve([], LayerPath.Parent(path), out List<byte[]> missing);
        if (parent is null || missing.Count > 0 || parent.Parts[0].Tree != 0) return;
        byte[] name = LayerPath.Name(path).ToArray();
        if (_view.Look(parent, name, from: 1) is not { } below) return;
        if (below.Facts.IsDirectory) NodeCopy.Describe(below.At, name, below.Facts, parent.Parts[0].Fd, name);
        else if (below.Facts.IsLink) Lead(path, parent, name, below);
    }

    /// <summary>Moves what the layer has in a directory to where the link leads that the layers below have in its place.</summary>
    private void Lead(byte[] path, MergedDirectory parent, byte[] name, MergedNode link)
    {
        if (TreeFd.TryReadLink(link.At, name, out _) is not { } target) return;
        using MergedDirectory? leads = _view.Resolve(parent.Path, target, out List<byte[]> missing);
        // It leads to no directory: then this directory takes the link's place, as overlayfs shows it anyway.
        if (leads is null) return;
        byte[] to = leads.Path;
        foreach (byte[] part in missing) to = LayerPath.Join(to, part);
        // Into itself, or up: then there is nothing that could be meant.
        if (to.Length == 0 || IsBelow(to, path) || IsBelow(path, to)) return;
        using Fd destination = MakeWay(to);
        NodeFacts before = TreeFacts.Of(destination), above = TreeFacts.Of(parent.Parts[0].Fd);
        using (Fd source = Opened(parent.Parts[0].Fd, name)) Move(source, destination);
        NodeCopy.Check(TreeFd.RemoveDirectory(parent.Parts[0].Fd, name), "remove", path);
        TreeOwnership.SetTime(destination, before.Modified);
        TreeOwnership.SetTime(parent.Parts[0].Fd, above.Modified);
        _moves.Add((path, to));
    }

    private static bool IsBelow(byte[] path, byte[] directory) =>
        path.AsSpan().StartsWith(directory) && (path.Length == directory.Length || path[directory.Length] == (byte)'/');

    private void Move(Fd from, Fd to)
    {
        foreach (ListedName listed in TreeListing.Read(from))
        {
            Errno errno = TreeFd.Rename(from, listed.Name, to, listed.Name, RenameHow.Keep);
            if (errno == Errno.EEXIST)
            {
                NodeCopy.Check(TreeFacts.Read(from, listed.Name, out NodeFacts mine), "look at", listed.Name);
                NodeCopy.Check(TreeFacts.Read(to, listed.Name, out NodeFacts theirs), "look at", listed.Name);
                if (mine.IsDirectory && theirs.IsDirectory)
                {
                    using (Fd a = Opened(from, listed.Name))
                    using (Fd b = Opened(to, listed.Name))
                    {
                        Move(a, b);
                        TreeOwnership.SetTime(b, theirs.Modified);
                    }
                    NodeCopy.Check(TreeFd.RemoveDirectory(from, listed.Name), "remove", listed.Name);
                    continue;
                }
                // A removal says nothing about what the layer itself has there.
                if (mine.IsWhiteout) { NodeCopy.Check(TreeFd.Remove(from, listed.Name), "remove", listed.Name); continue; }
                TreeEraser.Erase(to, listed.Name);
                errno = TreeFd.Rename(from, listed.Name, to, listed.Name);
                if (errno == Errno.None && mine.IsDirectory && theirs.IsWhiteout) errno = ExtendedAttributes.Set(to, listed.Name, _opaqueMark, "y"u8);
            }
            NodeCopy.Check(errno, "move", listed.Name);
        }
    }

    /// <summary>The directory in the tree, made with those above it as the layers below have them.</summary>
    private Fd MakeWay(byte[] path)
    {
        Fd current = Tree.Duplicate();
        try
        {
            foreach (byte[] whole in Prefixes(path))
            {
                byte[] name = LayerPath.Name(whole).ToArray();
                Errno errno = TreeFacts.Read(current, name, out NodeFacts facts);
                bool isRemoved = errno == Errno.None && facts.IsWhiteout;
                if (errno == Errno.ENOENT || isRemoved) MakeLike(current, name, whole, isRemoved);
                else if (errno != Errno.None) throw NodeCopy.Failure(errno, "look at", whole);
                else if (!facts.IsDirectory) throw LayerPath.Refusal(path, $"'{LayerPath.Show(whole)}' is no directory");
                Fd next = Opened(current, name);
                current.Dispose();
                current = next;
            }
            return current;
        }
        catch (BerthException)
        {
            current.Dispose();
            throw;
        }
    }

    private static List<byte[]> Prefixes(byte[] path)
    {
        List<byte[]> prefixes = [];
        for (byte[] rest = path; rest.Length > 0; rest = LayerPath.Parent(rest).ToArray()) prefixes.Add(rest);
        prefixes.Reverse();
        return prefixes;
    }

    private void MakeLike(Fd at, byte[] name, byte[] path, bool isRemoved)
    {
        NodeFacts above = TreeFacts.Of(at);
        if (isRemoved) NodeCopy.Check(TreeFd.Remove(at, name), "replace", path);
        NodeCopy.Check(TreeFd.MakeDirectory(at, name, 0x1ED), "make", path);
        if (isRemoved) NodeCopy.Check(ExtendedAttributes.Set(at, name, _opaqueMark, "y"u8), "mark as opaque", path);
        NodeCopy.Check(TreeOwnership.SetModeOfNoLink(at, name, 0x1ED), "set the mode of", path);
        NodeCopy.Check(TreeOwnership.SetTime(at, name, default), "set the time of", path);
        TreeOwnership.SetTime(at, above.Modified);
        using MergedDirectory? parent = _view.Resolve([], LayerPath.Parent(path), out List<byte[]> missing);
        if (!isRemoved && parent is not null && missing.Count == 0 && _view.Look(parent, name, from: 1) is { Facts.IsDirectory: true } below)
        {
            NodeCopy.Describe(below.At, name, below.Facts, at, name);
        }
    }

    // ---- links ------------------------------------------------------------------------------------------------------

    private void CompleteLink(byte[] path, LinkNeed need)
    {
        byte[] target = Moved(need.Target), targetName = LayerPath.Name(target).ToArray();
        using MergedDirectory? parent = _view.Resolve([], LayerPath.Parent(target), out List<byte[]> missing);
        MergedNode? found = parent is null || missing.Count > 0 ? null : _view.Look(parent, targetName);
        // The layer may remove the target that it links to: a name was given and one taken away.
        bool isRemoved = found is null && parent is not null && missing.Count == 0;
        if (isRemoved) found = _view.Look(parent!, targetName, from: 1);
        if (found is null) throw LayerPath.Refusal(need.Path, $"it is a hard link to '{LayerPath.Show(need.Target)}', which is neither in this layer nor in those below it");
        if (found.Value.Facts.IsDirectory) throw LayerPath.Refusal(need.Path, $"it is a hard link to the directory '{LayerPath.Show(need.Target)}'");
        using Fd at = MakeWay(LayerPath.Parent(path).ToArray());
        byte[] name = LayerPath.Name(path).ToArray();
        NodeFacts above = TreeFacts.Of(at);
        if (TreeFacts.Read(at, name, out _) == Errno.None) TreeEraser.Erase(at, name);
        if (isRemoved) NodeCopy.Copy(found.Value.At, targetName, found.Value.Facts, at, name);
        else if (found.Value.Tree == 0) NodeCopy.Check(TreeFd.Link(found.Value.At, targetName, at, name), "link", path);
        else
        {
            // Both names in this layer, or writing through one would not be seen through the other.
            using Fd beside = MakeWay(parent!.Path);
            NodeFacts besideBefore = TreeFacts.Of(beside);
            NodeCopy.Copy(found.Value.At, targetName, found.Value.Facts, beside, targetName);
            NodeCopy.Check(TreeFd.Link(beside, targetName, at, name), "link", path);
            TreeOwnership.SetTime(beside, besideBefore.Modified);
        }
        TreeOwnership.SetTime(at, above.Modified);
    }

    private static Fd Opened(Fd at, byte[] name) =>
        TreeFd.TryOpen(at, name, OpenFlags.Directory, out Errno errno) ?? throw new BerthException(Fault.Failed, $"cannot open '{LayerPath.Show(name)}' of the layer: {errno.Sentence()}");
}
