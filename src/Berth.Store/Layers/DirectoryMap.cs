// The directories of the layer that is being unpacked: what is in here is a real directory, reached through no link.
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>A directory that was made.</summary>
internal sealed class KnownDirectory(byte[] path, KnownDirectory? parent)
{
    public byte[] Path { get; } = path;

    /// <summary>Null of the root.</summary>
    public KnownDirectory? Parent { get; } = parent;

    public List<KnownDirectory> Children { get; } = [];

    /// <summary>What describes it; null while nothing did. It is applied at the end: what is made in a directory changes its time.</summary>
    public TarEntry? Entry { get; set; }

    /// <summary>Nothing of the layers below shows through.</summary>
    public bool IsOpaque { get; set; }

    /// <summary>The one of this name in the layers below is gone, so this one has nothing of it.</summary>
    public bool IsReplaced { get; set; }

    internal bool IsGone { get; set; }

    internal Fd? Fd { get; set; }

    internal bool IsRecent { get; set; }
}

/// <summary>Finds directories by their path, and holds some of them open.</summary>
internal sealed class DirectoryMap : IDisposable
{
    private const int MostOpen = 64;

    private readonly Dictionary<byte[], KnownDirectory> _all = new(PathComparer.Instance);
    private readonly Dictionary<byte[], KnownDirectory>.AlternateLookup<ReadOnlySpan<byte>> _byPath;
    private readonly KnownDirectory?[] _open = new KnownDirectory?[MostOpen];
    private readonly Fd _root;
    private int _hand;

    public DirectoryMap(Fd root)
    {
        _root = root;
        _byPath = _all.GetAlternateLookup<ReadOnlySpan<byte>>();
        Root = new KnownDirectory([], null);
        _all.Add(Root.Path, Root);
    }

    public KnownDirectory Root { get; }

    public KnownDirectory? Find(ReadOnlySpan<byte> path) => _byPath.TryGetValue(path, out KnownDirectory? directory) ? directory : null;

    public KnownDirectory Add(byte[] path, KnownDirectory parent)
    {
        KnownDirectory directory = new(path, parent);
        _all.Add(path, directory);
        parent.Children.Add(directory);
        return directory;
    }

    /// <summary>It and what is below it are gone.</summary>
    public void Forget(KnownDirectory directory)
    {
        // It stays among its parent's children, marked: to look for it there would cost an archive's author nothing and us everything.
        Stack<KnownDirectory> gone = new([directory]);
        while (gone.TryPop(out KnownDirectory? next))
        {
            if (next.IsGone) continue;
            next.IsGone = true;
            _all.Remove(next.Path);
            Close(next);
            foreach (KnownDirectory child in next.Children) gone.Push(child);
        }
    }

    /// <summary>All of them, what is below before what is above.</summary>
    public List<KnownDirectory> DeepestFirst()
    {
        List<KnownDirectory> all = [.. _all.Values];
        all.Sort(static (a, b) => LayerPath.Compare(b.Path, a.Path));
        return all;
    }

    /// <summary>The directory as a place, open until the next call or longer.</summary>
    public Fd Open(KnownDirectory directory)
    {
        directory.IsRecent = true;
        if (directory.Parent is null) return _root;
        if (directory.Fd is { } open) return open;
        // Nobody but us writes here, and the map knows that no part of the path is a link. The kernel checks that it is so.
        // Below an open parent one part is enough, and that is never followed: deep trees are not walked from the top each time.
        Errno errno;
        Fd fd = (directory.Parent.Fd is { } parent
            ? TreeFd.TryOpen(parent, LayerPath.Name(directory.Path), OpenFlags.Path | OpenFlags.Directory, out errno)
            : TreeFd.TryOpen(_root, directory.Path, OpenFlags.Path | OpenFlags.Directory, Resolve.Beneath | Resolve.NoSymlinks | Resolve.NoMagicLinks, out errno))
            ?? throw new BerthException(Fault.Failed, $"cannot open the directory '{LayerPath.Show(directory.Path)}' that was just made in the layer: {errno.Sentence()}");
        // The clock: whatever was not used since the hand came by is closed.
        while (_open[_hand] is { IsRecent: true } spared)
        {
            spared.IsRecent = false;
            _hand = (_hand + 1) % MostOpen;
        }
        if (_open[_hand] is { } old) Close(old);
        _open[_hand] = directory;
        _hand = (_hand + 1) % MostOpen;
        return directory.Fd = fd;
    }

    public void Dispose()
    {
        foreach (KnownDirectory? directory in _open) directory?.Fd?.Dispose();
    }

    private void Close(KnownDirectory directory)
    {
        if (directory.Fd is null) return;
        directory.Fd.Dispose();
        directory.Fd = null;
        int slot = Array.IndexOf(_open, directory);
        if (slot >= 0) _open[slot] = null;
    }
}
