// Goes through a tree by descriptors, however deep it is, with few of them open; no part of any path is resolved twice.
using System.Diagnostics.CodeAnalysis;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>
/// The directories from where the walk began down to where it is. The one who walks asks <see cref="Next"/> for names, enters
/// directories when it wants to, and leaves when there are no more. Nobody else may move directories of the tree meanwhile.
/// </summary>
internal sealed class TreeWalk : IDisposable
{
    private const int MostOpen = 64;

    private readonly List<Level> _levels = [];
    private readonly bool _sorted;

    /// <summary>Begins in a directory.</summary>
    /// <param name="top">Stays the caller's.</param>
    /// <param name="sorted">Names come in the order of their bytes.</param>
    public TreeWalk(Fd top, bool sorted = false)
    {
        _sorted = sorted;
        Fd fd = TreeFd.TryOpen(top, "."u8, OpenFlags.Directory, out Errno errno) ?? throw Failure(errno, ".");
        _levels.Add(new Level(fd, [], TreeFacts.Of(fd), Listed(fd)));
    }

    /// <summary>Directories below the top.</summary>
    public int Depth => _levels.Count - 1;

    /// <summary>Where it is.</summary>
    public Fd Here => Top.Fd!;

    /// <summary>What the directory is where it is.</summary>
    public NodeFacts HereFacts => Top.Facts;

    private Level Top => _levels[^1];

    /// <summary>The path of a name in here, from the top.</summary>
    public byte[] PathOf(ReadOnlySpan<byte> name)
    {
        int length = name.Length;
        for (int i = 1; i < _levels.Count; i++) length += _levels[i].Name.Length + 1;
        byte[] path = new byte[length];
        int at = 0;
        for (int i = 1; i < _levels.Count; i++)
        {
            _levels[i].Name.CopyTo(path, at);
            at += _levels[i].Name.Length;
            path[at++] = (byte)'/';
        }
        name.CopyTo(path.AsSpan(at));
        return path;
    }

    /// <summary>The next name in here; false when there are no more. What vanished meanwhile is left out.</summary>
    public bool Next([NotNullWhen(true)] out byte[]? name, out NodeFacts facts)
    {
        Level level = Top;
        while (level.At < level.Names.Count)
        {
            name = level.Names[level.At++].Name;
            Errno errno = TreeFacts.Read(Here, name, out facts);
            if (errno == Errno.None) return true;
            if (errno != Errno.ENOENT) throw Failure(errno, LayerPath.Show(PathOf(name)));
        }
        name = null;
        facts = default;
        return false;
    }

    /// <summary>Goes into a directory in here, unless it vanished meanwhile.</summary>
    public void Enter(byte[] name, NodeFacts facts)
    {
        Fd? fd = TreeFd.TryOpen(Here, name, OpenFlags.Directory, out Errno errno);
        if (fd is null && errno == Errno.ENOENT) return;
        if (fd is null) throw Failure(errno, LayerPath.Show(PathOf(name)));
        _levels.Add(new Level(fd, name, facts, Listed(fd)));
        if (_levels.Count <= MostOpen) return;
        Level far = _levels[^(MostOpen + 1)];
        far.Fd?.Dispose();
        far.Fd = null;
    }

    /// <summary>Goes back to the directory above; it returns the name of the one it left.</summary>
    public byte[] Leave()
    {
        Level left = Top;
        _levels.RemoveAt(_levels.Count - 1);
        Level above = Top;
        if (above.Fd is null)
        {
            Fd fd = TreeFd.TryOpen(left.Fd!, ".."u8, OpenFlags.Directory, out Errno errno) ?? throw Failure(errno, "..");
            NodeFacts facts = TreeFacts.Of(fd);
            if (facts.Inode != above.Facts.Inode || facts.Device != above.Facts.Device)
            {
                fd.Dispose();
                left.Fd!.Dispose();
                throw new BerthException(Fault.Failed, $"cannot go through the tree: somebody moved '{LayerPath.Show(left.Name)}' meanwhile");
            }
            above.Fd = fd;
        }
        left.Fd!.Dispose();
        return left.Name;
    }

    public void Dispose()
    {
        foreach (Level level in _levels) level.Fd?.Dispose();
    }

    private List<ListedName> Listed(Fd fd)
    {
        List<ListedName> names = TreeListing.Read(fd);
        if (_sorted) names.Sort(static (a, b) => LayerPath.Compare(a.Name, b.Name));
        return names;
    }

    private static BerthException Failure(Errno errno, string path) =>
        new(errno is Errno.EPERM or Errno.EACCES ? Fault.Denied : Fault.Failed, $"cannot go through the tree at '{path}': {errno.Sentence()}");

    private sealed class Level(Fd fd, byte[] name, NodeFacts facts, List<ListedName> names)
    {
        public Fd? Fd { get; set; } = fd;

        public byte[] Name { get; } = name;

        public NodeFacts Facts { get; } = facts;

        public List<ListedName> Names { get; } = names;

        public int At { get; set; }
    }
}
