// Nodes of a tree as members of a layer's archive: the same node has the same bytes, whenever and by whomever it is packed.
using System.Buffers;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>How a layer is packed.</summary>
internal sealed record PackOptions
{
    /// <summary>As in <see cref="UnpackOptions.UserAttributes"/>.</summary>
    public bool UserAttributes { get; init; }

    /// <summary>No time is later than this (SOURCE_DATE_EPOCH); null: times are what they are.</summary>
    public TarTime? Latest { get; init; }

    /// <summary>What is packed was written with the ids outside of these; a layer has those inside.</summary>
    public IdMapping? Ids { get; init; }

    public string OpaqueMark => UserAttributes ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

/// <summary>What was packed.</summary>
/// <param name="Entries">Members of the archive.</param>
/// <param name="Bytes">Bytes of its files; holes count.</param>
/// <param name="Sockets">Sockets that were left out: an archive has none, and without their listener they are nothing.</param>
internal sealed record PackedLayer(long Entries, long Bytes, int Sockets);

/// <summary>Writes one archive, in the order in which it is given nodes.</summary>
internal sealed class LayerWriter(Stream to, PackOptions options, CancellationToken ct)
{
    private const int BlockSize = 256 * 1024;
    // A hole costs a header of its own and some lines of a map.
    private const long LeastHole = 64 * 1024;

    private readonly TarWriter _archive = new(to);
    private readonly Dictionary<(DeviceNumber, ulong), byte[]> _linked = [];
    private long _entries, _bytes;
    private int _sockets;

    /// <summary>Adds a node, with a mark behind a directory that is opaque.</summary>
    /// <param name="at">The directory in which it is.</param>
    /// <param name="name">Its name there.</param>
    /// <param name="path">From the layer's root; empty for the root.</param>
    /// <param name="facts">What it is.</param>
    public void Add(Fd at, ReadOnlySpan<byte> name, byte[] path, NodeFacts facts)
    {
        ct.ThrowIfCancellationRequested();
        if (facts.IsWhiteout)
        {
            Remove(path);
            return;
        }
        if (path.Length > 0 && LayerPath.Name(path).StartsWith(".wh."u8)) throw new BerthException(Fault.InvalidArgument, $"cannot pack '{LayerPath.Show(path)}': in a layer, names that begin with .wh. mean a removal", "rename it");
        if (facts.Type == NodeType.Socket)
        {
            _sockets++;
            return;
        }
        // The root of what is written was made before anybody's ids were mapped.
        if (options.Ids is { } ids && (path.Length > 0 || ids.Inside(facts) is not null))
        {
            (uint uid, uint gid) = ids.Inside(facts) ?? throw new BerthException(Fault.InvalidArgument, $"cannot pack '{LayerPath.Show(path)}': its owner {facts.Uid}:{facts.Gid} is not in the user namespace's maps");
            facts = facts with { Uid = uid, Gid = gid };
        }
        TarEntry entry = new() { Path = path.Length == 0 ? "."u8.ToArray() : path, Mode = facts.Permissions, Uid = facts.Uid, Gid = facts.Gid, Modified = Clamped(facts.Modified), Kind = KindOf(facts.Type) };
        if (facts is { IsDirectory: false, Links: > 1 } && !_linked.TryAdd((facts.Device, facts.Inode), path))
        {
            entry.Kind = TarKind.HardLink;
            entry.LinkTarget = _linked[(facts.Device, facts.Inode)];
            Put(entry);
            return;
        }
        bool isOpaque = ReadAttributes(at, name, path, entry);
        switch (entry.Kind)
        {
            case TarKind.File: AddFile(at, name, path, facts, entry); return;
            case TarKind.SymbolicLink: entry.LinkTarget = TreeFd.TryReadLink(at, name, out Errno errno) ?? throw Failure(errno, path); break;
            case TarKind.CharacterDevice or TarKind.BlockDevice: (entry.DeviceMajor, entry.DeviceMinor) = (facts.Number.Major, facts.Number.Minor); break;
        }
        Put(entry);
        if (isOpaque) Put(new TarEntry { Path = LayerPath.Join(path, OverlayNames.OpaqueEntry) });
    }

    /// <summary>Adds the removal of a path.</summary>
    public void Remove(byte[] path) =>
        Put(new TarEntry { Path = LayerPath.Join(LayerPath.Parent(path), [.. ".wh."u8, .. LayerPath.Name(path)]) });

    public PackedLayer Finish()
    {
        _archive.Finish();
        return new PackedLayer(_entries, _bytes, _sockets);
    }

    private void Put(TarEntry entry)
    {
        _entries++;
        _archive.Add(entry);
    }

    private void AddFile(Fd at, ReadOnlySpan<byte> name, byte[] path, NodeFacts facts, TarEntry entry)
    {
        using Fd file = TreeFd.TryOpen(at, name, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out Errno errno) ?? throw Failure(errno, path);
        _entries++;
        _bytes += facts.Size;
        entry.Size = entry.StoredSize = facts.Size;
        List<(long Offset, long Length)> runs = facts.Blocks * 512 + LeastHole <= facts.Size ? FileData.Runs(file, facts.Size) : [(0, facts.Size)];
        long stored = 0;
        foreach ((long _, long length) in runs) stored += length;
        if (facts.Size - stored < LeastHole || runs.Count > TarReader.MostRuns) runs = [(0, facts.Size)];
        else
        {
            entry.StoredSize = stored;
            entry.Sparse = [.. runs.Select(static run => new SparseRun(run.Offset, run.Length))];
        }
        _archive.Begin(entry);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(BlockSize);
        try
        {
            foreach ((long offset, long length) in runs) Write(file, buffer, offset, length);
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
    }

    private void Write(Fd file, byte[] buffer, long offset, long length)
    {
        while (length > 0)
        {
            ct.ThrowIfCancellationRequested();
            int wanted = (int)Math.Min(length, BlockSize), n = FileData.Read(file, buffer.AsSpan(0, wanted), offset);
            // It became shorter meanwhile: the header has been written, so the rest is zeroes.
            if (n == 0) buffer.AsSpan(0, n = wanted).Clear();
            _archive.Write(buffer.AsSpan(0, n));
            offset += n;
            length -= n;
        }
    }

    /// <returns>Whether the node is opaque.</returns>
    private bool ReadAttributes(Fd at, ReadOnlySpan<byte> name, byte[] path, TarEntry entry)
    {
        IReadOnlyList<string> names = ExtendedAttributes.List(at, name, out Errno errno);
        if (errno != Errno.None) throw Failure(errno, path);
        if (names.Count == 0) return false;
        bool isOpaque = false;
        List<TarAttribute> attributes = [];
        foreach (string attribute in names)
        {
            if (OverlayNames.IsElsewhere(attribute, options.UserAttributes)) throw new BerthException(Fault.Unsupported, $"cannot pack '{LayerPath.Show(path)}': overlayfs keeps a part of it in a layer below ({attribute})");
            if (attribute == options.OpaqueMark && entry.Kind == TarKind.Directory) isOpaque = OverlayNames.SaysOpaque(ExtendedAttributes.TryRead(at, name, attribute, out _));
            if (OverlayNames.IsReserved(attribute)) continue;
            if (ExtendedAttributes.TryRead(at, name, attribute, out _) is { } value) attributes.Add(new TarAttribute(attribute, value));
        }
        entry.Attributes = attributes;
        return isOpaque;
    }

    private TarTime Clamped(NodeTime time)
    {
        TarTime own = new(time.Seconds, time.Nanoseconds);
        return options.Latest is { } latest && (own.Seconds, own.Nanoseconds).CompareTo((latest.Seconds, latest.Nanoseconds)) > 0 ? latest : own;
    }

    private static TarKind KindOf(uint type) => type switch
    {
        NodeType.Directory => TarKind.Directory,
        NodeType.Link => TarKind.SymbolicLink,
        NodeType.CharacterDevice => TarKind.CharacterDevice,
        NodeType.BlockDevice => TarKind.BlockDevice,
        NodeType.Fifo => TarKind.Fifo,
        _ => TarKind.File,
    };

    private static BerthException Failure(Errno errno, byte[] path) =>
        new(errno is Errno.EPERM or Errno.EACCES ? Fault.Denied : Fault.Failed, $"cannot pack '{LayerPath.Show(path)}': {errno.Sentence()}");
}
