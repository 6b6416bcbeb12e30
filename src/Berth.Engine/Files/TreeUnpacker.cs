// A tar stream becomes files below a folder; neither the stream nor the folder is trusted.
using System.Buffers;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Files;

/// <summary>How is unpacked.</summary>
internal sealed record UnpackRules
{
    /// <summary>Owner of all that is made, as ids on the disk; null: the archive says it.</summary>
    public (uint Uid, uint Gid)? Owner { get; init; }

    /// <summary>How ids of the archive become those on the disk; null: they are the same.</summary>
    public IdShift? Ids { get; init; }

    /// <summary>Whether a folder may take the place of something else, and the other way round.</summary>
    public bool Overwrites { get; init; }

    /// <summary>Whether setuid and setgid are dropped: a file that gets another owner must not lend him to others.</summary>
    public bool DropsPrivileges { get; init; }

    /// <summary>Whether folders that are there get what the archive says of them, and attributes are set.</summary>
    public bool IsWhole { get; init; }

    /// <summary>Where a link to a folder leads that is in the way: within the tree. Null: links are not followed.</summary>
    public Func<string, Fd?>? Follow { get; init; }

    /// <summary>What was left out, and why.</summary>
    public Action<string> LeftOut { get; init; } = static _ => { };
}

/// <summary>
/// Unpacks. Folders are opened part by part below the one before, never through a link; files are made anew, never written through
/// what is there. Device nodes are left out: what they lead to is no file of the tree.
/// </summary>
internal sealed partial class TreeUnpacker(Fd top, UnpackRules rules, CancellationToken ct) : IDisposable
{
    private const int Deepest = 1000;
    private const uint OwnerOnly = 0x1C0, Usual = 0x1ED;

    private readonly List<Level> _levels = [new(top, [], null)];

    /// <summary>Unpacks all of it.</summary>
    /// <returns>Bytes of the archive.</returns>
    /// <exception cref="BerthException">InvalidArgument: the archive is damaged, or a name leads out of the folder. Conflict: a folder is in the way of a file, or the other way round.</exception>
    public long Unpack(Stream tar)
    {
        using TarReader reader = new(tar);
        while (reader.Next() is { } entry)
        {
            ct.ThrowIfCancellationRequested();
            Add(entry, reader);
        }
        while (_levels.Count > 1) Leave();
        return reader.Position;
    }

    public void Dispose()
    {
        for (int i = 1; i < _levels.Count; i++) _levels[i].Fd.Dispose();
    }

    private void Add(TarEntry entry, TarReader reader)
    {
        List<byte[]> path = Parts(entry.Path);
        if (path.Count == 0)
        {
            if (rules.IsWhole && entry.Kind == TarKind.Directory) Describe(top, entry);
            return;
        }
        byte[] name = path[^1];
        path.RemoveAt(path.Count - 1);
        Fd at = Enter(path, entry.Path);
        if (entry.Kind == TarKind.Directory)
        {
            AddFolder(at, name, entry);
            return;
        }
        if (entry.Kind is TarKind.CharacterDevice or TarKind.BlockDevice)
        {
            rules.LeftOut($"'{entry.PathText}' is a device node, and is left out");
            return;
        }
        bool isMountPoint = Clear(at, name, entry);
        switch (entry.Kind)
        {
            case TarKind.SymbolicLink:
                Check(TreeFd.MakeLink(entry.LinkTarget, at, name), "make", entry);
                (uint uid, uint gid) = OwnerOf(entry);
                CheckOwner(TreeOwnership.SetOwner(at, name, uid, gid), entry);
                TreeOwnership.SetTime(at, name, TimeOf(entry));
                break;
            case TarKind.HardLink: AddHardLink(at, name, entry); break;
            case TarKind.Fifo: AddFifo(at, name, entry); break;
            default: AddFile(at, name, entry, reader, isMountPoint); break;
        }
    }

    private void AddFolder(Fd at, byte[] name, TarEntry entry)
    {
        Errno errno = TreeFd.MakeDirectory(at, name, OwnerOnly);
        bool isNew = errno == Errno.None;
        if (errno == Errno.EEXIST && TreeFacts.Read(at, name, out NodeFacts there) == Errno.None && !there.IsDirectory)
        {
            if (there.IsLink && rules.Follow is not null && Followed(name) is { } target)
            {
                target.Dispose();
                return;
            }
            if (!rules.Overwrites) throw new BerthException(Fault.Conflict, $"cannot overwrite non-directory '{entry.PathText}' with directory", "--overwrite does it");
            Check(TreeRemoval.Remove(at, name), "replace", entry);
            errno = TreeFd.MakeDirectory(at, name, OwnerOnly);
            isNew = true;
        }
        if (errno != Errno.EEXIST) Check(errno, "make", entry);
        Fd folder = TreeFd.TryOpen(at, name, OpenFlags.ReadOnly | OpenFlags.Directory, out errno) ?? throw Failure(errno, "open", entry);
        if (_levels.Count > Deepest) throw new BerthException(Fault.Exhausted, $"cannot make '{entry.PathText}': it has more than {Deepest} folders inside each other");
        _levels.Add(new Level(folder, name, isNew || rules.IsWhole ? entry : null));
        if (isNew || rules.IsWhole) Describe(folder, entry);
    }

    /// <summary>Makes room for a name.</summary>
    /// <returns>Whether what is there cannot be removed, since something is mounted: it is to be written into.</returns>
    private bool Clear(Fd at, byte[] name, TarEntry entry)
    {
        if (TreeFacts.Read(at, name, out NodeFacts there) != Errno.None) return false;
        if (there.IsDirectory && !rules.Overwrites) throw new BerthException(Fault.Conflict, $"cannot overwrite directory '{entry.PathText}' with non-directory", "--overwrite does it");
        Errno errno = there.IsDirectory ? TreeRemoval.Remove(at, name) : TreeFd.Remove(at, name);
        if (errno == Errno.EBUSY && there.IsFile && entry.Kind == TarKind.File) return true;
        if (errno != Errno.ENOENT) Check(errno, "replace", entry);
        return false;
    }

    private void AddHardLink(Fd at, byte[] name, TarEntry entry)
    {
        List<byte[]> target = Parts(entry.LinkTarget);
        if (target.Count == 0) throw Bad(entry, "it is a link to nothing");
        byte[] old = target[^1];
        target.RemoveAt(target.Count - 1);
        // The way to it is walked beside the one to where we are, which stays open.
        List<Fd> way = [top];
        try
        {
            foreach (byte[] part in target) way.Add(TreeFd.TryOpen(way[^1], part, OpenFlags.Path | OpenFlags.Directory, out Errno errno) ?? throw Failure(errno, "link to", entry));
            Check(TreeFd.Link(way[^1], old, at, name), "link", entry);
        }
        finally
        {
            for (int i = 1; i < way.Count; i++) way[i].Dispose();
        }
    }

    private void AddFifo(Fd at, byte[] name, TarEntry entry)
    {
        Check(TreeFd.MakeNode(at, name, NodeType.Fifo | 0x180), "make", entry);
        using Fd node = TreeFd.TryOpen(at, name, OpenFlags.Path, out Errno errno) ?? throw Failure(errno, "make", entry);
        if (TreeFacts.Of(node).Type != NodeType.Fifo) throw Failure(Errno.EEXIST, "make", entry);
        (uint uid, uint gid) = OwnerOf(entry);
        CheckOwner(TreeOwnership.SetOwner(at, name, uid, gid), entry);
        // By its name it could be a link by now; the magic link leads to the node itself.
        File.SetUnixFileMode(node.ProcPath, (UnixFileMode)(entry.Mode & 0x1FF));
    }

    private void AddFile(Fd at, byte[] name, TarEntry entry, TarReader reader, bool isMountPoint)
    {
        using Fd file = isMountPoint ? OpenMounted(at, name, entry) : TreeFd.TryOpen(at, name, OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Exclusive, out Errno errno, 0x180) ?? throw Failure(errno, "make", entry);
        byte[] buffer = ArrayPool<byte>.Shared.Rent(256 * 1024);
        try
        {
            foreach (SparseRun run in entry.Sparse ?? [new SparseRun(0, entry.Size)])
            {
                long offset = run.Offset, left = run.Length;
                while (left > 0)
                {
                    ct.ThrowIfCancellationRequested();
                    int n = reader.Read(buffer.AsSpan(0, (int)Math.Min(left, buffer.Length)));
                    if (n == 0) throw Bad(entry, "its content is cut off");
                    Check(FileData.Write(file, buffer.AsSpan(0, n), offset), "write", entry);
                    offset += n;
                    left -= n;
                }
            }
        }
        finally { ArrayPool<byte>.Shared.Return(buffer); }
        Check(FileData.SetLength(file, entry.Size), "set the length of", entry);
        if (!isMountPoint) Describe(file, entry);
    }

    // What is mounted on a file (/etc/hosts) is written into.
    private static Fd OpenMounted(Fd at, byte[] name, TarEntry entry)
    {
        using Fd node = TreeFd.TryOpen(at, name, OpenFlags.Path, out Errno errno) ?? throw Failure(errno, "open", entry);
        if (!TreeFacts.Of(node).IsFile) throw Failure(Errno.EBUSY, "replace", entry);
        Fd file = KernelPath.TryOpen(node.ProcPath, OpenFlags.WriteOnly | OpenFlags.NonBlocking) ?? throw Failure(KernelPath.LastErrno, "write", entry);
        FileData.SetLength(file, 0);
        return file;
    }
}
