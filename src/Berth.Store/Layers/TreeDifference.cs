// What changed between two whole trees: everything of a node counts, its content too, since a time can be set back.
using System.Buffers;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Store.Layers;

/// <summary>Compares two trees that nobody changes meanwhile.</summary>
internal sealed class TreeDifference : IDisposable
{
    private readonly Fd _lower, _upper;
    private readonly CancellationToken _ct;

    public TreeDifference(string lower, string upper, CancellationToken ct)
    {
        _lower = KernelPath.Open(lower, OpenFlags.Directory);
        _upper = KernelPath.Open(upper, OpenFlags.Directory);
        _ct = ct;
    }

    /// <summary>Paths in a layer's order, with what they are now; null for what is gone. Directories above a change are there too.</summary>
    public SortedDictionary<byte[], NodeFacts?> Find()
    {
        SortedDictionary<byte[], Node> old = Nodes(_lower), now = Nodes(_upper);
        SortedDictionary<byte[], NodeFacts?> changes = new(PartByPart);
        HashSet<ulong> changedLinks = [];
        foreach ((byte[] path, Node node) in now)
        {
            _ct.ThrowIfCancellationRequested();
            if (old.TryGetValue(path, out Node before) && IsSame(path, before, node)) continue;
            changes[path] = node.Facts;
            if (node.FirstName is not null) changedLinks.Add(node.Facts.Inode);
        }
        // One name of a node brings all of them: a link to what lies in another layer is no link.
        foreach ((byte[] path, Node node) in now)
        {
            if (node.FirstName is not null && changedLinks.Contains(node.Facts.Inode)) changes[path] = node.Facts;
        }
        foreach (byte[] path in old.Keys)
        {
            if (!now.ContainsKey(path) && now.TryGetValue(LayerPath.Parent(path).ToArray(), out Node parent) && parent.Facts.IsDirectory) changes[path] = null;
        }
        foreach (byte[] path in (byte[][])[.. changes.Keys])
        {
            for (byte[] above = path; above.Length > 0;)
            {
                above = LayerPath.Parent(above).ToArray();
                if (!changes.TryAdd(above, now[above].Facts)) break;
            }
        }
        return changes;
    }

    /// <summary>A directory of the tree as it is now.</summary>
    public Fd OpenUpper(ReadOnlySpan<byte> path) => Open(_upper, path);

    public void Dispose()
    {
        _lower.Dispose();
        _upper.Dispose();
    }

    private SortedDictionary<byte[], Node> Nodes(Fd top)
    {
        SortedDictionary<byte[], Node> nodes = new(PartByPart) { [[]] = new Node(TreeFacts.Of(top), null) };
        Dictionary<ulong, byte[]> linked = [];
        using TreeWalk walk = new(top, sorted: true);
        while (true)
        {
            while (walk.Next(out byte[]? name, out NodeFacts facts))
            {
                _ct.ThrowIfCancellationRequested();
                byte[] path = walk.PathOf(name);
                byte[]? first = null;
                if (facts is { IsDirectory: false, Links: > 1 } && !linked.TryGetValue(facts.Inode, out first)) linked.Add(facts.Inode, first = path);
                if (facts.Type != NodeType.Socket) nodes.Add(path, new Node(facts, first));
                if (facts.IsDirectory) walk.Enter(name, facts);
            }
            if (walk.Depth == 0) return nodes;
            walk.Leave();
        }
    }

    private bool IsSame(byte[] path, Node old, Node now)
    {
        NodeFacts a = old.Facts, b = now.Facts;
        if (a.Mode != b.Mode || a.Uid != b.Uid || a.Gid != b.Gid || a.Modified != b.Modified || a.Number != b.Number) return false;
        if (!a.IsDirectory && a.Size != b.Size) return false;
        if (!old.FirstName.AsSpan().SequenceEqual(now.FirstName)) return false;
        using Fd lower = Open(_lower, LayerPath.Parent(path)), upper = Open(_upper, LayerPath.Parent(path));
        ReadOnlySpan<byte> name = path.Length == 0 ? "."u8 : LayerPath.Name(path);
        if (!HasSameAttributes(lower, upper, name)) return false;
        if (a.IsLink) return TreeFd.TryReadLink(lower, name, out _).AsSpan().SequenceEqual(TreeFd.TryReadLink(upper, name, out _));
        return !a.IsFile || a.Size == 0 || HasSameContent(lower, upper, name, a.Size);
    }

    private static bool HasSameAttributes(Fd lower, Fd upper, ReadOnlySpan<byte> name)
    {
        List<string> a = Wanted(ExtendedAttributes.List(lower, name, out _)), b = Wanted(ExtendedAttributes.List(upper, name, out _));
        if (!a.SequenceEqual(b)) return false;
        foreach (string attribute in a)
        {
            if (!ExtendedAttributes.TryRead(lower, name, attribute, out _).AsSpan().SequenceEqual(ExtendedAttributes.TryRead(upper, name, attribute, out _))) return false;
        }
        return true;
    }

    private static List<string> Wanted(IReadOnlyList<string> attributes) => [.. attributes.Where(static name => !OverlayNames.IsReserved(name)).Order(StringComparer.Ordinal)];

    private bool HasSameContent(Fd lower, Fd upper, ReadOnlySpan<byte> name, long size)
    {
        const int Block = 128 * 1024;
        using Fd a = OpenFile(lower, name), b = OpenFile(upper, name);
        byte[] left = ArrayPool<byte>.Shared.Rent(Block), right = ArrayPool<byte>.Shared.Rent(Block);
        try
        {
            for (long at = 0; at < size;)
            {
                _ct.ThrowIfCancellationRequested();
                int n = FileData.Read(a, left.AsSpan(0, Block), at), m = FileData.Read(b, right.AsSpan(0, Block), at);
                int both = Math.Min(n, m);
                if (both == 0) return n == m;
                if (!left.AsSpan(0, both).SequenceEqual(right.AsSpan(0, both))) return false;
                at += both;
            }
            return true;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(left);
            ArrayPool<byte>.Shared.Return(right);
        }
    }

    private static Fd OpenFile(Fd at, ReadOnlySpan<byte> name) =>
        TreeFd.TryOpen(at, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out Errno errno) ?? throw NodeCopy.Failure(errno, "read", name);

    private static Fd Open(Fd top, ReadOnlySpan<byte> path) =>
        TreeFd.TryOpen(top, path.IsEmpty ? "."u8 : path, OpenFlags.Path | OpenFlags.Directory, Resolve.Beneath | Resolve.NoSymlinks | Resolve.NoMagicLinks, out Errno errno) ?? throw NodeCopy.Failure(errno, "compare", path);

    private static readonly Comparer<byte[]> PartByPart = Comparer<byte[]>.Create(static (a, b) =>
    {
        int common = a.AsSpan().CommonPrefixLength(b);
        if (common == a.Length || common == b.Length) return a.Length.CompareTo(b.Length);
        // A slash ends a part, so it stands before any other byte.
        if (a[common] == (byte)'/') return -1;
        return b[common] == (byte)'/' ? 1 : a[common].CompareTo(b[common]);
    });

    /// <param name="Facts">What it is.</param>
    /// <param name="FirstName">Of a node with several names the first.</param>
    private readonly record struct Node(NodeFacts Facts, byte[]? FirstName);
}
