// Unpacks one layer's archive into an empty directory, alone, as overlayfs wants a lower layer. The archive is an enemy's until proved otherwise.
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>
/// Names are cleaned by their text and looked up in a map of the directories that this made; the kernel opens them beneath the
/// root and through no link. Only where the layer itself has a link to a directory in the way it is walked, within the root.
/// </summary>
internal sealed partial class LayerUnpacker : IDisposable
{
    private readonly UnpackOptions _options;
    private readonly UnpackLimits _limits;
    private readonly CancellationToken _ct;
    private readonly Fd _root;
    private readonly DirectoryMap _directories;
    private readonly LeftOut _leftOut = new();
    private readonly List<LayerNeed> _needs = [];
    private readonly Dictionary<byte[], LinkNeed> _missing = new(PathComparer.Instance);
    private readonly uint _uid = Self.UserId, _gid = Self.GroupId, _umask = ReadUmask();
    private readonly string _opaqueMark;
    private long _entries, _nodes, _bytes, _stored, _attributeBytes;
    // Room for the cleaned names of one member; what they hold is valid until the next.
    private byte[] _path = new byte[4096], _target = new byte[4096];
    private bool _hasLinkFolder;

    private LayerUnpacker(string directory, UnpackOptions options, CancellationToken ct)
    {
        _options = options;
        _limits = options.Limits;
        _ct = ct;
        _opaqueMark = options.UserAttributes ? "user.overlay.opaque" : "trusted.overlay.opaque";
        using (Fd listed = KernelPath.Open(directory, OpenFlags.Directory))
        {
            if (TreeListing.Read(listed).Count > 0) throw new BerthException(Fault.WrongState, $"cannot unpack a layer into {directory}: it is not empty");
            // An access list that whatever is made below would inherit is the host's, not the image's.
            ExtendedAttributes.Remove(listed, "system.posix_acl_default");
            TreeOwnership.SetMode(listed, 0x1ED);
        }
        _root = KernelPath.Open(directory, OpenFlags.Path | OpenFlags.Directory);
        _directories = new DirectoryMap(_root);
    }

    /// <summary>Unpacks all of it. What stands in the directory after a failure is worth nothing.</summary>
    /// <param name="tar">The archive, decompressed. It is read to its end.</param>
    /// <param name="directory">Ours alone, and empty.</param>
    /// <param name="options">How.</param>
    /// <param name="ct">Asked at each member and each block.</param>
    /// <exception cref="BerthException">InvalidArgument: the archive is damaged, hostile, or beyond a limit. Exhausted: the disk is full.</exception>
    internal static UnpackedLayer Unpack(Stream tar, string directory, UnpackOptions options, CancellationToken ct)
    {
        using LayerUnpacker unpacker = new(directory, options, ct);
        using TarReader reader = new(tar);
        while (reader.Next() is { } entry)
        {
            ct.ThrowIfCancellationRequested();
            unpacker.Add(entry, reader);
        }
        return unpacker.Finish();
    }

    /// <summary>Does what <see cref="UnpackedLayer.Needs"/> tells, when the layers below are there.</summary>
    /// <param name="tree">The unpacked layer.</param>
    /// <param name="needs">What it needs.</param>
    /// <param name="lowers">The layers below it, the one right below first; each completed.</param>
    /// <param name="options">As it was unpacked.</param>
    internal static void Complete(string tree, IReadOnlyList<LayerNeed> needs, IReadOnlyList<string> lowers, UnpackOptions options)
    {
        if (needs.Count == 0) return;
        using LayerCompletion completion = new(tree, lowers, options);
        completion.Do(needs);
    }

    public void Dispose()
    {
        _directories.Dispose();
        _root.Dispose();
    }

    private void Add(TarEntry entry, TarReader reader)
    {
        _entries++;
        Count(entry.Path);
        ReadOnlySpan<byte> path = Clean(entry.Path, ref _path, entry.Path, "it leads out of the layer");
        CheckBounds(entry, reader);
        if (path.IsEmpty)
        {
            if (entry.Kind != TarKind.Directory) throw LayerPath.Refusal(entry.Path, "it would replace the root");
            _directories.Root.Entry = entry;
            return;
        }
        if (IsAufs(path, entry.Kind)) return;
        ReadOnlySpan<byte> name = LayerPath.Name(path);
        if (name.StartsWith(".wh."u8))
        {
            Whiteout(ParentOf(path, entry), name, entry);
            return;
        }
        KnownDirectory parent = ParentOf(path, entry);
        // A later member of the same name takes the place of a link that waits for its target.
        if (_missing.Count > 0) _missing.Remove(LayerPath.Join(parent.Path, name));
        switch (entry.Kind)
        {
            case TarKind.Directory: AddDirectory(parent, name, entry); break;
            case TarKind.File: AddFile(parent, name, entry, reader); break;
            case TarKind.SymbolicLink: AddSymbolicLink(parent, name, entry); break;
            case TarKind.HardLink: AddHardLink(parent, name, entry); break;
            default: AddDevice(parent, name, entry); break;
        }
    }

    // ---- names ------------------------------------------------------------------------------------------------------

    private ReadOnlySpan<byte> Clean(byte[] raw, ref byte[] into, ReadOnlySpan<byte> of, string why)
    {
        if (raw.Length > into.Length) into = new byte[raw.Length];
        int length = LayerPath.Clean(raw, into);
        if (length < 0) throw LayerPath.Refusal(of, why);
        if (length > _limits.PathLength) throw LayerPath.Refusal(of, $"its path has {length} bytes, and at most {_limits.PathLength} are allowed");
        return into.AsSpan(0, length);
    }

    /// <summary>The directory in which a member stands, made where it is missing.</summary>
    private KnownDirectory ParentOf(ReadOnlySpan<byte> path, TarEntry entry)
    {
        ReadOnlySpan<byte> parent = LayerPath.Parent(path);
        return _directories.Find(parent) ?? Walk(parent, entry, make: true)!;
    }

    /// <summary>
    /// Part by part, with the links of this layer followed as after a chroot. Everything that is a real directory is in the map,
    /// so what is not there is a link, something else, or missing.
    /// </summary>
    private KnownDirectory? Walk(ReadOnlySpan<byte> path, TarEntry entry, bool make)
    {
        KnownDirectory current = _directories.Root;
        Stack<byte[]> parts = new();
        Push(parts, path);
        int links = 0;
        while (parts.TryPop(out byte[]? part))
        {
            if (part is [] or [(byte)'.']) continue;
            if (part is [(byte)'.', (byte)'.']) { current = current.Parent ?? current; continue; }
            byte[] here = LayerPath.Join(current.Path, part);
            if (_directories.Find(here) is { } known) { current = known; continue; }
            if (here.Length > _limits.PathLength) throw LayerPath.Refusal(entry.Path, "its path is too long behind its links");
            Errno errno = TreeFacts.Read(_directories.Open(current), part, out NodeFacts facts);
            if (errno == Errno.None && facts.IsLink)
            {
                if (++links > 40) throw LayerPath.Refusal(entry.Path, "there are too many links in its path");
                byte[] target = TreeFd.TryReadLink(_directories.Open(current), part, out errno) ?? throw Failure(errno, "read the link in the path of", entry.Path);
                if (target is [(byte)'/', ..]) current = _directories.Root;
                Push(parts, target);
                continue;
            }
            if (errno is not (Errno.None or Errno.ENOENT)) throw Failure(errno, "look for the directory of", entry.Path);
            bool isRemoved = errno == Errno.None && facts.IsWhiteout;
            if (errno == Errno.None && !isRemoved) return make ? throw LayerPath.Refusal(entry.Path, $"'{LayerPath.Show(here)}' is no directory") : null;
            if (!make) return null;
            if (part.AsSpan().StartsWith(".wh."u8) && !here.AsSpan().SequenceEqual(LinkFolder)) throw LayerPath.Refusal(entry.Path, "directories with names that begin with .wh. are reserved");
            Count(entry.Path);
            if (_missing.Count > 0) _missing.Remove(here);
            current = MakeDirectory(current, part, here, isRemoved, entry.Path);
        }
        return current;
    }

    private static void Push(Stack<byte[]> parts, ReadOnlySpan<byte> path)
    {
        while (!path.IsEmpty)
        {
            int slash = path.LastIndexOf((byte)'/');
            parts.Push(path[(slash + 1)..].ToArray());
            path = slash < 0 ? default : path[..slash];
        }
    }

    // ---- bounds -----------------------------------------------------------------------------------------------------

    private void Count(byte[] path)
    {
        if (++_nodes > _limits.Entries) throw LayerPath.Refusal(path, $"the layer has more than {_limits.Entries} entries", "raise the limit of entries if this layer is wanted");
    }

    private void CheckBounds(TarEntry entry, TarReader reader)
    {
        if (entry.Kind == TarKind.File)
        {
            if (entry.Size > _limits.FileBytes) throw LayerPath.Refusal(entry.Path, $"it has {entry.Size} bytes, and at most {_limits.FileBytes} are allowed", "raise the limit of bytes of one file if this layer is wanted");
            if (entry.StoredSize > _limits.Bytes - _stored) throw LayerPath.Refusal(entry.Path, $"the layer has more than {_limits.Bytes} bytes", "raise the limit of bytes if this layer is wanted");
            _stored += entry.StoredSize;
            // Names that do not cost anything must not overflow the sum: many sparse files of the largest size are no layer.
            if (entry.Size > long.MaxValue - _bytes) throw LayerPath.Refusal(entry.Path, "its size and those before it make no number");
            _bytes += entry.Size;
        }
        foreach (TarAttribute attribute in entry.Attributes) _attributeBytes += attribute.Name.Length + attribute.Value.Length;
        if (_attributeBytes > _limits.AttributeBytes) throw LayerPath.Refusal(entry.Path, $"the layer has more than {_limits.AttributeBytes} bytes of extended attributes", "raise the limit of attribute bytes if this layer is wanted");
        CheckRatio(entry, reader);
    }

    private void CheckRatio(TarEntry entry, TarReader reader)
    {
        if (reader.Position <= _limits.RatioFreeBytes || _options.PackedBytes is not { } packed) return;
        long least = reader.Position / Math.Max(_limits.Ratio, 1);
        if (packed() < least) throw LayerPath.Refusal(entry.Path, $"the layer is more than {_limits.Ratio} times as large as its blob", "raise the limit of the ratio if this layer is wanted");
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    private UnpackedLayer Finish()
    {
        if (_hasLinkFolder && _directories.Find(LinkFolder) is { } folder)
        {
            TreeEraser.Erase(_root, LinkFolder);
            _directories.Forget(folder);
        }
        bool hides = _directories.Root.IsOpaque;
        foreach (KnownDirectory directory in _directories.DeepestFirst())
        {
            _ct.ThrowIfCancellationRequested();
            if (directory is { Entry: null, IsReplaced: false }) _needs.Add(new DirectoryNeed(directory.Path));
            Describe(directory);
        }
        // Directories from above to below, then links in the archive's order, since one may be the target of the next.
        _needs.Reverse();
        _needs.AddRange(_missing.Values.OrderBy(static need => need.Order));
        return new UnpackedLayer { Entries = _entries, Bytes = _bytes, Needs = _needs, LeftOut = _leftOut, HidesLowers = hides };
    }

    private static uint ReadUmask()
    {
        // There is no call that reads it without changing it for every thread.
        ReadOnlySpan<byte> status = KernelFile.TryRead("/proc/thread-self/status", out _);
        int at = status.IndexOf("Umask:\t"u8);
        if (at < 0) return 0x1FF;
        uint umask = 0;
        for (at += 7; at < status.Length && status[at] is >= (byte)'0' and <= (byte)'7'; at++) umask = (umask << 3) | (uint)(status[at] - '0');
        return umask;
    }

    private static BerthException Failure(Errno errno, string what, ReadOnlySpan<byte> path) => errno switch
    {
        Errno.ENOSPC or Errno.EDQUOT => new BerthException(Fault.Exhausted, $"cannot {what} '{LayerPath.Show(path)}' of the layer: {errno.Sentence()}", "free space with prune, or give the store a larger disk") { Code = FaultCode.DiskFull },
        Errno.ENAMETOOLONG or Errno.EILSEQ => LayerPath.Refusal(path, $"the file system takes no such name: {errno.Sentence()}"),
        _ => new BerthException(errno is Errno.EPERM or Errno.EACCES ? Fault.Denied : Fault.Failed, $"cannot {what} '{LayerPath.Show(path)}' of the layer: {errno.Sentence()}"),
    };
}
