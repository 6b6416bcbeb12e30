// How each kind of member becomes a node: as few calls as the kernel allows, and what stands there already goes first.
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

internal sealed partial class LayerUnpacker
{
    private const uint DirectoryMode = 0x1ED, SpecialBits = 0xE00, PermissionBits = 0x1FF;

    private void AddDirectory(KnownDirectory parent, ReadOnlySpan<byte> name, TarEntry entry)
    {
        byte[] path = LayerPath.Join(parent.Path, name);
        KnownDirectory? directory = _directories.Find(path);
        if (directory is null)
        {
            bool wasRemoved = false;
            Errno errno = TreeFacts.Read(_directories.Open(parent), name, out NodeFacts facts);
            if (errno == Errno.None)
            {
                wasRemoved = facts.IsWhiteout;
                if (!wasRemoved) Clear(parent, name, entry.Path);
            }
            directory = MakeDirectory(parent, name, path, wasRemoved, entry.Path);
        }
        directory.Entry = entry;
    }

    /// <param name="parent">Where.</param>
    /// <param name="name">Its name.</param>
    /// <param name="path">Its path, for the map.</param>
    /// <param name="wasRemoved">A whiteout stands there: what the layers below have is gone, so the new one is opaque.</param>
    /// <param name="of">The member for which it is made.</param>
    private KnownDirectory MakeDirectory(KnownDirectory parent, ReadOnlySpan<byte> name, byte[] path, bool wasRemoved, byte[] of)
    {
        Fd at = _directories.Open(parent);
        if (wasRemoved) Check(TreeFd.Remove(at, name), "replace", of);
        Check(TreeFd.MakeDirectory(at, name, DirectoryMode), "make the directory", of);
        KnownDirectory directory = _directories.Add(path, parent);
        directory.IsOpaque = directory.IsReplaced = wasRemoved;
        return directory;
    }

    private void AddFile(KnownDirectory parent, ReadOnlySpan<byte> name, TarEntry entry, TarReader reader)
    {
        Fd at = _directories.Open(parent);
        uint mode = entry.Mode & PermissionBits;
        Fd? made = TreeFd.TryOpen(at, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out Errno errno, mode);
        if (errno == Errno.EEXIST)
        {
            Clear(parent, name, entry.Path);
            made = TreeFd.TryOpen(_directories.Open(parent), name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out errno, mode);
        }
        using Fd file = made ?? throw Failure(errno, "make", entry.Path);
        Fill(file, entry, reader);
        // Owner, mode, attributes: each drops or is checked by the one before (setuid, then capabilities).
        if (IsForeign(entry)) CheckOwner(TreeOwnership.SetOwner(file, entry.Uid, entry.Gid), entry);
        if ((entry.Mode & (SpecialBits | _umask)) != 0) Check(TreeOwnership.SetMode(file, entry.Mode), "set the mode of", entry.Path);
        foreach (TarAttribute attribute in entry.Attributes)
        {
            if (IsWanted(attribute, entry)) CheckAttribute(ExtendedAttributes.Set(file, attribute.Name, attribute.Value), attribute, entry);
        }
        Check(TreeOwnership.SetTime(file, Time(entry)), "set the time of", entry.Path);
    }

    private void Fill(Fd file, TarEntry entry, TarReader reader)
    {
        if (entry.Sparse is { } runs)
        {
            FillSparse(file, entry, runs, reader);
            return;
        }
        long left = entry.StoredSize;
        while (left > 0)
        {
            ReadOnlySpan<byte> data = reader.ReadAtHand();
            Check(FileData.Write(file, data), "write", entry.Path);
            left -= data.Length;
            if (left > 0) Pause(entry, reader);
        }
    }

    private void FillSparse(Fd file, TarEntry entry, IReadOnlyList<SparseRun> runs, TarReader reader)
    {
        ReadOnlySpan<byte> data = [];
        foreach (SparseRun run in runs)
        {
            long offset = run.Offset, left = run.Length;
            while (left > 0)
            {
                if (data.IsEmpty)
                {
                    data = reader.ReadAtHand();
                    Pause(entry, reader);
                }
                int n = (int)Math.Min(left, data.Length);
                Check(FileData.Write(file, data[..n], offset), "write", entry.Path);
                data = data[n..];
                offset += n;
                left -= n;
            }
        }
        Check(FileData.SetLength(file, entry.Size), "set the length of", entry.Path);
    }

    private void Pause(TarEntry entry, TarReader reader)
    {
        _ct.ThrowIfCancellationRequested();
        CheckRatio(entry, reader);
    }

    private void AddSymbolicLink(KnownDirectory parent, ReadOnlySpan<byte> name, TarEntry entry)
    {
        if (entry.LinkTarget.Length == 0) throw LayerPath.Refusal(entry.Path, "it is a link that leads nowhere");
        if (entry.LinkTarget.Length > _limits.PathLength) throw LayerPath.Refusal(entry.Path, $"its target has {entry.LinkTarget.Length} bytes, and at most {_limits.PathLength} are allowed");
        Fd at = _directories.Open(parent);
        Errno errno = TreeFd.MakeLink(entry.LinkTarget, at, name);
        if (errno == Errno.EEXIST)
        {
            Clear(parent, name, entry.Path);
            errno = TreeFd.MakeLink(entry.LinkTarget, at = _directories.Open(parent), name);
        }
        Check(errno, "make the link", entry.Path);
        if (IsForeign(entry)) CheckOwner(TreeOwnership.SetOwner(at, name, entry.Uid, entry.Gid), entry);
        SetAttributes(at, name, entry);
        Check(TreeOwnership.SetTime(at, name, Time(entry)), "set the time of", entry.Path);
    }

    private void AddDevice(KnownDirectory parent, ReadOnlySpan<byte> name, TarEntry entry)
    {
        uint type = entry.Kind switch { TarKind.CharacterDevice => NodeType.CharacterDevice, TarKind.BlockDevice => NodeType.BlockDevice, _ => NodeType.Fifo };
        DeviceNumber number = type == NodeType.Fifo ? default : new DeviceNumber(entry.DeviceMajor, entry.DeviceMinor);
        if (!number.Fits) throw LayerPath.Refusal(entry.Path, $"there is no device {number.Major}:{number.Minor}");
        if (type == NodeType.CharacterDevice && number == default)
        {
            // overlayfs takes it for a whiteout, so it is treated as one.
            Hide(parent, name, entry);
            return;
        }
        Fd at = _directories.Open(parent);
        uint mode = type | (entry.Mode & PermissionBits);
        Errno errno = TreeFd.MakeNode(at, name, mode, number);
        if (errno == Errno.EEXIST)
        {
            Clear(parent, name, entry.Path);
            errno = TreeFd.MakeNode(at = _directories.Open(parent), name, mode, number);
        }
        if (errno == Errno.EPERM && _options.UserNamespace && type != NodeType.Fifo)
        {
            _leftOut.Device($"the device '{LayerPath.Show(entry.Path)}' cannot be made in a user namespace");
            return;
        }
        Check(errno, type == NodeType.Fifo ? "make the pipe" : "make the device", entry.Path);
        if (IsForeign(entry)) CheckOwner(TreeOwnership.SetOwner(at, name, entry.Uid, entry.Gid), entry);
        if ((entry.Mode & (SpecialBits | _umask)) != 0) Check(TreeOwnership.SetModeOfNoLink(at, name, entry.Mode), "set the mode of", entry.Path);
        SetAttributes(at, name, entry);
        Check(TreeOwnership.SetTime(at, name, Time(entry)), "set the time of", entry.Path);
    }

    private void AddHardLink(KnownDirectory parent, ReadOnlySpan<byte> name, TarEntry entry)
    {
        ReadOnlySpan<byte> target = Clean(entry.LinkTarget, ref _target, entry.Path, "the target of the hard link leads out of the layer");
        ReadOnlySpan<byte> targetName = LayerPath.Name(target);
        if (targetName.IsEmpty || targetName.StartsWith(".wh."u8)) throw LayerPath.Refusal(entry.Path, $"'{LayerPath.Show(entry.LinkTarget)}' cannot be the target of a hard link");
        ReadOnlySpan<byte> targetParent = LayerPath.Parent(target);
        KnownDirectory? from = _directories.Find(targetParent) ?? Walk(targetParent, entry, make: false);
        NodeFacts facts = default;
        bool isThere = from is not null && TreeFacts.Read(_directories.Open(from), targetName, out facts) == Errno.None && !facts.IsWhiteout;
        bool isItself = from == parent && targetName.SequenceEqual(name);
        if (isThere && isItself) return;
        if (isItself) throw LayerPath.Refusal(entry.Path, "it is a hard link to itself");
        if (isThere && facts.IsDirectory) throw LayerPath.Refusal(entry.Path, $"it is a hard link to the directory '{LayerPath.Show(entry.LinkTarget)}'");
        if (!isThere)
        {
            byte[] path = LayerPath.Join(parent.Path, name);
            if (TreeFacts.Read(_directories.Open(parent), name, out NodeFacts old) == Errno.None && !old.IsWhiteout) Clear(parent, name, entry.Path);
            // Where the parent's path is known without links it is said so; what the layers below have there is found later.
            _missing[path] = new LinkNeed(path, from is null ? target.ToArray() : LayerPath.Join(from.Path, targetName), _entries);
            return;
        }
        Errno errno = Link(from!, targetName, parent, name);
        if (errno == Errno.EEXIST)
        {
            Clear(parent, name, entry.Path);
            // What stood there may have been a directory with the target in it.
            errno = from!.IsGone ? Errno.ENOENT : Link(from, targetName, parent, name);
        }
        if (errno == Errno.ENOENT) throw LayerPath.Refusal(entry.Path, "it is a hard link into the directory that it replaces");
        Check(errno, "make the hard link", entry.Path);
    }

    private Errno Link(KnownDirectory from, ReadOnlySpan<byte> old, KnownDirectory parent, ReadOnlySpan<byte> name)
    {
        _directories.Open(from);
        Fd to = _directories.Open(parent);
        // Opening the second may have closed the first; the third call cannot close the second.
        return TreeFd.Link(_directories.Open(from), old, to, name);
    }

    /// <summary>Takes away what an earlier member of the same name made: the later one counts.</summary>
    private void Clear(KnownDirectory parent, ReadOnlySpan<byte> name, byte[] of)
    {
        Fd at = _directories.Open(parent);
        Errno errno = TreeFd.Remove(at, name);
        if (errno is Errno.EISDIR or Errno.EPERM)
        {
            TreeEraser.Erase(at, name);
            if (_directories.Find(LayerPath.Join(parent.Path, name)) is { } gone) _directories.Forget(gone);
            return;
        }
        Check(errno == Errno.ENOENT ? Errno.None : errno, "replace", of);
    }

    // ---- attributes -------------------------------------------------------------------------------------------------

    /// <summary>Gives a directory what its member says; one that no member describes gets what everything unknown gets.</summary>
    private void Describe(KnownDirectory directory)
    {
        ReadOnlySpan<byte> name = directory.Parent is null ? "."u8 : LayerPath.Name(directory.Path);
        Fd at = _directories.Open(directory.Parent ?? directory);
        TarEntry entry = directory.Entry ?? new TarEntry { Path = directory.Path, Kind = TarKind.Directory, Mode = DirectoryMode, Uid = _options.UserNamespace ? _uid : 0, Gid = _options.UserNamespace ? _gid : 0 };
        if (IsForeign(entry)) CheckOwner(TreeOwnership.SetOwner(at, name, entry.Uid, entry.Gid), entry);
        SetAttributes(at, name, entry);
        if (directory.IsOpaque) Check(ExtendedAttributes.Set(at, name, _opaqueMark, "y"u8), "mark as opaque", entry.Path);
        Check(TreeOwnership.SetTime(at, name, Time(entry)), "set the time of", entry.Path);
        // Last: it may shut out whoever is not root. The root's was set when it was found.
        uint made = directory.Parent is null ? DirectoryMode : DirectoryMode & ~_umask;
        if (entry.Mode != made) Check(TreeOwnership.SetModeOfNoLink(at, name, entry.Mode), "set the mode of", entry.Path);
    }

    private void SetAttributes(Fd at, ReadOnlySpan<byte> name, TarEntry entry)
    {
        foreach (TarAttribute attribute in entry.Attributes)
        {
            if (IsWanted(attribute, entry)) CheckAttribute(ExtendedAttributes.Set(at, name, attribute.Name, attribute.Value), attribute, entry);
        }
    }

    private bool IsForeign(TarEntry entry) => (entry.Uid != _uid || entry.Gid != _gid) && _options.KeepOwners;

    /// <summary>What overlayfs believes must not come from an image; labels and signatures of another host say nothing here.</summary>
    private bool IsWanted(TarAttribute attribute, TarEntry entry)
    {
        if (!OverlayNames.IsReserved(attribute.Name)) return true;
        _leftOut.Attribute($"{LayerPath.Show(System.Text.Encoding.UTF8.GetBytes(attribute.Name))} of '{LayerPath.Show(entry.Path)}' is not for images to set");
        return false;
    }

    private void CheckAttribute(Errno errno, TarAttribute attribute, TarEntry entry)
    {
        if (errno == Errno.None) return;
        // A program that has lost its capabilities is another program.
        bool isNeeded = attribute.Name == "security.capability" && _uid == 0 && !_options.UserNamespace;
        bool isRefused = errno is Errno.EPERM or Errno.EACCES or Errno.EOPNOTSUPP or Errno.EINVAL or Errno.ERANGE or Errno.E2BIG;
        if (isNeeded || !isRefused) throw Failure(errno, $"set {LayerPath.Show(System.Text.Encoding.UTF8.GetBytes(attribute.Name))} of", entry.Path);
        _leftOut.Attribute($"{LayerPath.Show(System.Text.Encoding.UTF8.GetBytes(attribute.Name))} of '{LayerPath.Show(entry.Path)}' is refused: {errno.Sentence()}");
    }

    private static void CheckOwner(Errno errno, TarEntry entry)
    {
        if (errno == Errno.None) return;
        string? hint = errno == Errno.EINVAL ? "the user namespace does not map this id: give the user more subordinate ids"
            : errno == Errno.EPERM ? "only root, or root of a user namespace, gives files to others" : null;
        throw new BerthException(errno is Errno.EPERM or Errno.EINVAL ? Fault.Denied : Fault.Failed, $"cannot give '{LayerPath.Show(entry.Path)}' of the layer to {entry.Uid}:{entry.Gid}: {errno.Sentence()}", hint);
    }

    private static NodeTime Time(TarEntry entry) => new(entry.Modified.Seconds, entry.Modified.Nanoseconds);

    private static void Check(Errno errno, string what, ReadOnlySpan<byte> path)
    {
        if (errno != Errno.None) throw Failure(errno, what, path);
    }
}
