// Root file systems over images: made in an instant, mounted, written into, made an image of again.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Store.Garbage;
using Berth.Store.Layers;
using Berth.Store.Leases;
using Berth.Store.Places;
using Berth.Store.Records;
using Berth.Store.Trees;

namespace Berth.Store.Snapshots;

/// <summary>The snapshots of a store. Each has a folder with its own files, above the layers of an image, which it never changes.</summary>
public sealed class SnapshotStore
{
    private readonly StorePlaces _places;
    private readonly UnpackOptions _options;
    private readonly TimeProvider _clock;
    private readonly TreeStore _trees;

    private readonly bool _copies;

    internal SnapshotStore(StorePlaces places, UnpackOptions options, bool copies, TimeProvider clock) => (_places, _options, _copies, _clock, _trees) = (places, options, copies, clock, new TreeStore(places));

    /// <summary>Makes one that can be written into.</summary>
    /// <param name="name">Letters, digits and <c>_.-</c>.</param>
    /// <param name="image">What lies below; null: nothing.</param>
    /// <exception cref="BerthException">Conflict: the name is taken. InvalidArgument: it is none.</exception>
    public SnapshotRecord Prepare(string name, StoredImage? image) => Make(name, image, isReadOnly: false);

    /// <summary>Makes one that can only be read.</summary>
    /// <exception cref="BerthException">As <see cref="Prepare"/>.</exception>
    public SnapshotRecord View(string name, StoredImage image) => Make(name, image, isReadOnly: true);

    /// <summary>One by its name.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public SnapshotRecord Stat(string name) =>
        TryName(name) && SnapshotRecord.TryRead(_places, name) is { } record ? record : throw new BerthException(Fault.NotFound, $"there is no snapshot '{name}' in {_places.Root}");

    /// <summary>All of them.</summary>
    public IReadOnlyList<SnapshotRecord> Walk() => SnapshotRecord.ReadAll(_places);

    /// <summary>Bytes on the disk that were written in it.</summary>
    public long Measure(string name) => TreeMeasure.Measure(UpperOf(Stat(name).Name)).Bytes;

    /// <summary>What is to be mounted where its files are wanted.</summary>
    public RootMount Mounts(string name)
    {
        SnapshotRecord record = Stat(name);
        List<string> stack = record.IsCopy ? [] : _trees.Stack(record.Trees);
        // Over nothing there is nothing to be mounted over.
        bool isOverlay = !record.IsReadOnly && stack.Count > 0;
        // The topmost folder says how the root looks, also where nothing can be written.
        if (!isOverlay) stack.Insert(0, UpperOf(name));
        return new RootMount { Lowers = stack, Writable = isOverlay ? FolderOf(name) : null, IsReadOnly = record.IsReadOnly, UserAttributes = _options.UserAttributes };
    }

    /// <summary>Mounts it at a folder; null: at one of its own.</summary>
    /// <returns>Where.</returns>
    /// <exception cref="BerthException">NotFound; Denied; Conflict: something is mounted there. Unsupported: the kernel has no overlay that this user may mount.</exception>
    public string Mount(string name, string? target)
    {
        RootMount mount = Mounts(name);
        target = Path.GetFullPath(target ?? FolderOf(name) + "/root");
        if (!Directory.Exists(target)) throw new BerthException(Fault.NotFound, $"cannot mount {name} at {target}: there is no such folder");
        // Twice at one place would hide the first one, and be taken away twice.
        if (MountTable.Has(target)) throw new BerthException(Fault.Conflict, $"something is mounted at {target} already", "unmount it first");
        mount.Attach(target);
        return target;
    }

    /// <summary>Opens its files for this process alone: the mount is attached nowhere, and goes with the descriptor.</summary>
    /// <param name="name">Which.</param>
    /// <param name="forWriting">Whether is written; nobody else may have it mounted so meanwhile. To read, it may be mounted elsewhere.</param>
    /// <param name="userNamespace">Ids of the layers are those of this user namespace, and what is written has those outside; null: as they are.</param>
    /// <exception cref="BerthException">NotFound; Denied; Unsupported: the kernel has no overlay that this user may mount.</exception>
    public Fd OpenRoot(string name, bool forWriting, Fd? userNamespace = null)
    {
        RootMount mount = Mounts(name);
        if (mount.Writable is null && !mount.IsReadOnly)
        {
            Fd tree = Tree.Clone(mount.Lowers[0], recursive: false);
            if (userNamespace is not null) Tree.MapIds(tree, userNamespace, recursive: false);
            return tree;
        }
        return OverlayMount.Open(new OverlayRequest
        {
            // To read, what was written is one more layer that does not change.
            Lowers = forWriting || mount.Writable is null ? mount.Lowers : [UpperOf(name), .. mount.Lowers],
            Writable = forWriting ? mount.Writable : null,
            UserAttributes = mount.UserAttributes,
            UserNamespace = userNamespace,
        }, FolderOf(name) + "/root");
    }

    /// <summary>What was changed in it of the image below.</summary>
    /// <exception cref="BerthException">NotFound.</exception>
    public IReadOnlyList<FileChange> Diff(string name, CancellationToken ct = default)
    {
        SnapshotRecord record = Stat(name);
        return record.IsCopy ? DiffOfCopy(record, ct) : OverlayChanges.Find(UpperOf(name), _trees.Stack(record.Trees), OpaqueMark, ct);
    }

    /// <summary>What the topmost layer of an image changes of those below it.</summary>
    public IReadOnlyList<FileChange> Diff(StoredImage image, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(image);
        List<string> stack = _trees.Stack([.. image.Layers.Select(static layer => layer.Tree).Where(static tree => tree.Length > 0)]);
        return stack.Count == 0 ? [] : OverlayChanges.Find(stack[0], stack[1..], OpaqueMark, ct);
    }

    // A copy does not know what was written in it: it is compared with what it was.
    private List<FileChange> DiffOfCopy(SnapshotRecord record, CancellationToken ct)
    {
        using Lease lease = Lease.Take(_places, LeaseKind.Using, new Holdings([], record.Trees));
        string room = $"{_places.Making}/{lease.Name}.{StorePlaces.NewName()}";
        try
        {
            KernelPath.MakeDirectory(room, 0x1ED);
            CopyLayers(record, room, ct);
            using TreeDifference difference = new(room, UpperOf(record.Name), ct);
            List<FileChange> changes = [];
            foreach ((byte[] path, NodeFacts? facts) in difference.Find())
            {
                if (path.Length == 0) continue;
                string text = "/" + System.Text.Encoding.UTF8.GetString(path);
                changes.Add(new FileChange(facts is null ? ChangeKind.Deleted : KernelPath.Facts(room + text, followLink: false) is null ? ChangeKind.Added : ChangeKind.Changed, text));
            }
            return changes;
        }
        finally
        {
            TreeEraser.Erase(room);
            lease.End();
        }
    }

    /// <summary>Copies the files of a folder, with all that there is to say of them, into one that is empty, which gets the attributes of the first.</summary>
    /// <param name="from">The folder; no link is followed inside it.</param>
    /// <param name="into">An empty folder.</param>
    /// <param name="ct">Asked at each file.</param>
    public static void CopyFolder(string from, string into, CancellationToken ct = default) => TreeCopy.Copy([from], into, userAttributes: false, ct);

    /// <summary>Takes its mounts away.</summary>
    /// <returns>Whether there were any.</returns>
    public bool Unmount(string name)
    {
        bool any = false;
        foreach (string target in MountTable.TargetsOf(UpperOf(Stat(name).Name))) any |= OverlayMount.Detach(target);
        return any;
    }

    /// <summary>Packs what was written in it, as a layer.</summary>
    /// <exception cref="BerthException">InvalidArgument: nothing can be written in it.</exception>
    internal void Pack(SnapshotRecord record, string room, Stream into, PackOptions options, CancellationToken ct)
    {
        if (record.IsReadOnly) throw new BerthException(Fault.InvalidArgument, $"cannot commit the snapshot {record.Name}: it can only be read");
        if (!record.IsCopy)
        {
            LayerPacker.Pack(UpperOf(record.Name), into, options, ct);
            return;
        }
        // A copy does not know what was written in it: it is compared with what it was.
        KernelPath.MakeDirectory(room, 0x1ED);
        CopyLayers(record, room, ct);
        LayerPacker.PackDifference(room, UpperOf(record.Name), into, options, ct);
    }

    /// <summary>Takes it away with all that was written in it.</summary>
    /// <returns>Bytes on the disk that are free now.</returns>
    /// <exception cref="BerthException">NotFound. Conflict: it is mounted.</exception>
    public long Remove(string name, bool force)
    {
        // One whose record is damaged can be removed as well.
        if (!TryName(name) || !KernelFile.Exists(FolderOf(name))) throw new BerthException(Fault.NotFound, $"there is no snapshot '{name}' in {_places.Root}");
        foreach (string target in MountTable.TargetsOf(UpperOf(name)))
        {
            if (!force) throw new BerthException(Fault.Conflict, $"the snapshot {name} is mounted at {target}", "unmount it first, or remove it by force");
            OverlayMount.Detach(target);
        }
        if (!force && MountTable.FindElsewhere(UpperOf(name)) is { } pid) throw new BerthException(Fault.Conflict, $"the snapshot {name} is mounted in the namespace of the process {pid}", "unmount it there first, or remove it by force");
        Holdings layers = new([], ReadTrees(name));
        Sweeper sweeper = new(_places);
        string? gone = null;
        // Layers of an image that was removed before it were there for this alone.
        long freed = sweeper.Remove(layers, _ => gone = sweeper.Throw(FolderOf(name)));
        return freed + (gone is null ? 0 : Sweeper.Erase(gone));
    }

    private SnapshotRecord Make(string name, StoredImage? image, bool isReadOnly)
    {
        if (!TryName(name)) throw new BerthException(Fault.InvalidArgument, $"'{name}' is no name of a snapshot", "letters, digits, and _ . - behind the first, 128 of them at most");
        SnapshotRecord record = new()
        {
            Name = name,
            Image = image?.Id ?? default,
            IsReadOnly = isReadOnly,
            IsCopy = _copies,
            Created = _clock.GetUtcNow(),
            Trees = image is null ? [] : [.. image.Layers.Select(static layer => layer.Tree).Where(static tree => tree.Length > 0)],
        };
        Lease lease;
        using (Fd held = _places.Lock())
        {
            // From here on nothing of it goes any more.
            if (image is not null && record.Trees.FirstOrDefault(tree => !_trees.Has(tree)) is { } gone) throw new BerthException(Fault.WrongState, $"the layer {gone} of {image.Id.Short} is not in {_places.Root}", "pull the image again, or look at berth storage check");
            lease = Lease.Take(_places, LeaseKind.Using, new Holdings([], record.Trees));
        }
        string folder = $"{_places.Making}/{lease.Name}.{StorePlaces.NewName()}";
        try
        {
            KernelPath.MakeDirectory(folder, 0x1C0);
            KernelPath.MakeDirectory(folder + "/root", 0x1C0);
            // The root of what is mounted is the topmost folder: it looks as the image's does, and the layer on top need not say how.
            KernelPath.MakeDirectory(folder + "/upper", 0x1ED);
            if (record.IsCopy) CopyLayers(record, folder + "/upper", CancellationToken.None);
            else CopyRoot(record, folder + "/upper");
            if (!isReadOnly && !record.IsCopy) KernelPath.MakeDirectory(folder + "/work", 0x1C0);
            WriteRecord(folder + "/record", record.Bytes());
            KernelPath.Rename(folder, FolderOf(name));
        }
        catch (LinuxException e) when (e.Errno is Errno.EEXIST or Errno.ENOTEMPTY)
        {
            TreeEraser.Erase(folder);
            throw new BerthException(Fault.Conflict, $"there is a snapshot '{name}' already", inner: e);
        }
        catch (Exception)
        {
            TreeEraser.Erase(folder);
            throw;
        }
        finally { lease.End(); }
        return record;
    }

    private IReadOnlyList<string> ReadTrees(string name)
    {
        try { return SnapshotRecord.TryRead(_places, name)?.Trees ?? []; }
        catch (BerthException) { return []; } // what it stood on, a check finds
    }

    private static void WriteRecord(string path, byte[] bytes)
    {
        using Fd file = KernelPath.Open(path, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, 0x180);
        KernelPath.WriteAll(file, bytes, path);
        // After a power cut nobody could say any more what it stands on.
        if (!FdIo.TrySync(file, out Errno errno)) throw new LinuxException("fsync", path, errno);
    }

    private void CopyLayers(SnapshotRecord record, string to, CancellationToken ct)
    {
        if (_trees.Stack(record.Trees) is { Count: > 0 } stack) TreeCopy.Copy(stack, to, _options.UserAttributes, ct);
        CopyRoot(record, to);
    }

    private void CopyRoot(SnapshotRecord record, string to)
    {
        if (_trees.RootOf(record.Trees) is not { } from) return;
        using Fd source = KernelPath.Open(from, OpenFlags.Directory), target = KernelPath.Open(to, OpenFlags.Directory);
        NodeCopy.Describe(source, "."u8, TreeFacts.Of(source), target, "."u8);
    }

    private string OpaqueMark => _options.UserAttributes ? "user.overlay.opaque" : "trusted.overlay.opaque";

    private string UpperOf(string name) => FolderOf(name) + "/upper";

    private string FolderOf(string name) => $"{_places.Snapshots}/{name}";

    private static bool TryName(string name)
    {
        if (name.Length is 0 or > 128 || !char.IsAsciiLetterOrDigit(name[0])) return false;
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '.' or '-')) return false;
        }
        return true;
    }
}
