// Files of a tree as a tar stream, while somebody else may be changing them.
using System.Buffers;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Files;

/// <summary>What is packed besides names and content.</summary>
internal sealed record PackRules
{
    /// <summary>Whether attributes are packed: capabilities, access lists, those of users.</summary>
    public bool HasAttributes { get; init; }

    /// <summary>Whether sockets and devices are passed over without a word.</summary>
    public Action<string>? LeftOut { get; init; }
}

/// <summary>
/// Packs. A file is opened twice: first only as a name for it, and for reading when that has turned out to be a file; who puts a
/// device or a fifo there meanwhile gets nothing opened.
/// </summary>
internal sealed class TreePacker(Stream to, PackRules rules, CancellationToken ct)
{
    private const int BlockSize = 256 * 1024, Deepest = 1000;
    private const long LeastHole = 64 * 1024;

    private readonly TarWriter _archive = new(to);
    private readonly Dictionary<(DeviceNumber, ulong), byte[]> _linked = [];

    /// <summary>Packs a node, and all below it.</summary>
    /// <param name="place">The node; it is there.</param>
    /// <param name="name">Its name in the archive; <c>.</c>: what is in it stands at the top.</param>
    public void Add(FilePlace place, byte[] name) => Add(place.Folder, place.Name, name, place.Ids, 0);

    /// <summary>Ends the archive.</summary>
    public void Finish() => _archive.Finish();

    /// <summary>Whether an attribute is one that goes with a file to another place.</summary>
    internal static bool IsCarried(string attribute) => attribute is "security.capability" or "system.posix_acl_access" or "system.posix_acl_default"
        || attribute.StartsWith("user.", StringComparison.Ordinal) && !attribute.StartsWith("user.overlay.", StringComparison.Ordinal);

    private void Add(Fd at, byte[] name, byte[] path, IdShift? ids, int depth)
    {
        ct.ThrowIfCancellationRequested();
        if (depth > Deepest) throw new BerthException(Fault.Exhausted, $"cannot read '{Show(path)}': it has more than {Deepest} folders inside each other");
        using Fd? node = TreeFd.TryOpen(at, name, OpenFlags.Path, out Errno errno);
        // What goes while we look is not there.
        if (errno == Errno.ENOENT && depth > 0) return;
        if (node is null) throw Failure(errno, path);
        NodeFacts facts = TreeFacts.Of(node);
        if (facts.Type == NodeType.Socket)
        {
            rules.LeftOut?.Invoke($"'{Show(path)}' is a socket, and is left out");
            return;
        }
        TarEntry entry = EntryOf(at, name, path, facts, ids);
        if (facts is { IsDirectory: false, Links: > 1 } && !_linked.TryAdd((facts.Device, facts.Inode), path))
        {
            entry.Kind = TarKind.HardLink;
            entry.LinkTarget = _linked[(facts.Device, facts.Inode)];
            _archive.Add(entry);
        }
        else if (facts.IsFile) AddFile(node, facts, entry);
        else if (facts.IsDirectory) AddFolder(node, path, entry, ids, depth);
        else if (!facts.IsLink) _archive.Add(entry);
        else if (TreeFd.TryReadLink(node, default, out _) is { } target)
        {
            entry.LinkTarget = target;
            _archive.Add(entry);
        }
    }

    private void AddFolder(Fd node, byte[] path, TarEntry entry, IdShift? ids, int depth)
    {
        using Fd? folder = TreeFd.TryOpen(node, "."u8, OpenFlags.Directory, out Errno errno);
        if (folder is null) throw Failure(errno, path);
        _archive.Add(entry);
        List<ListedName> names = TreeListing.Read(folder);
        names.Sort(static (a, b) => a.Name.AsSpan().SequenceCompareTo(b.Name));
        foreach (ListedName listed in names) Add(folder, listed.Name, path is [(byte)'.'] ? listed.Name : [.. path, (byte)'/', .. listed.Name], ids, depth + 1);
    }

    private TarEntry EntryOf(Fd at, byte[] name, byte[] path, NodeFacts facts, IdShift? ids)
    {
        (uint uid, uint gid) = ids?.Inside(facts.Uid, facts.Gid) ?? (facts.Uid, facts.Gid);
        TarEntry entry = new()
        {
            Path = path,
            Mode = facts.Permissions,
            Uid = uid,
            Gid = gid,
            Modified = new TarTime(facts.Modified.Seconds, facts.Modified.Nanoseconds),
            DeviceMajor = facts.Number.Major,
            DeviceMinor = facts.Number.Minor,
            Kind = facts.Type switch
            {
                NodeType.Directory => TarKind.Directory,
                NodeType.Link => TarKind.SymbolicLink,
                NodeType.CharacterDevice => TarKind.CharacterDevice,
                NodeType.BlockDevice => TarKind.BlockDevice,
                NodeType.Fifo => TarKind.Fifo,
                _ => TarKind.File,
            },
        };
        if (!rules.HasAttributes || !(facts.IsFile || facts.IsDirectory)) return entry;
        List<TarAttribute> attributes = [];
        foreach (string attribute in ExtendedAttributes.List(at, name, out _))
        {
            if (IsCarried(attribute) && ExtendedAttributes.TryRead(at, name, attribute, out _) is { } value) attributes.Add(new TarAttribute(attribute, value));
        }
        entry.Attributes = attributes;
        return entry;
    }

    private void AddFile(Fd node, NodeFacts facts, TarEntry entry)
    {
        // The magic link leads to the very node that was looked at.
        using Fd file = KernelPath.TryOpen(node.ProcPath, OpenFlags.ReadOnly | OpenFlags.NonBlocking) ?? throw Failure(KernelPath.LastErrno, entry.Path);
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

    private static string Show(byte[] path) => System.Text.Encoding.UTF8.GetString(path);

    private static BerthException Failure(Errno errno, byte[] path) =>
        new(errno is Errno.EPERM or Errno.EACCES ? Fault.Denied : errno == Errno.ENOENT ? Fault.NotFound : Fault.Failed, $"cannot read '{Show(path)}': {errno.Sentence()}");
}
