// The state directory: one directory a container, below a root that only its owner may enter.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Runtime.State;

/// <summary>
/// Directories of containers. Files in one: <c>state.json</c> (the record), <c>config.json</c> (the specification as it was
/// at create), <c>exec.fifo</c> (there while the container waits for start).
/// </summary>
public sealed class StateStore(string root)
{
    /// <summary>The directory that holds all containers.</summary>
    public string Root { get; } = root;

    /// <summary>Directory of one container.</summary>
    public string DirectoryOf(string id) => $"{Root}/{id}";

    /// <summary>The start fifo.</summary>
    public string FifoOf(string id) => $"{Root}/{id}/exec.fifo";

    /// <summary>The specification as it was at create.</summary>
    public string ConfigOf(string id) => $"{Root}/{id}/config.json";

    /// <summary>The record's file.</summary>
    public string RecordOf(string id) => $"{Root}/{id}/state.json";

    /// <summary>Makes the directory of a new container and locks it: whoever has the lock of a new directory wins the id.</summary>
    /// <exception cref="BerthException"><see cref="Fault.Conflict"/>: the id is in use; <see cref="Fault.InvalidArgument"/>: it is no id.</exception>
    public Fd Claim(string id)
    {
        CheckId(id);
        string directory = DirectoryOf(id);
        try
        {
            if (KernelPath.MakeDirectory(directory, 0x1C9) && LockNew(id) is { } held) return held;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            KernelPath.MakeDirectories(Root, 0x1C0);
            if (KernelPath.MakeDirectory(directory, 0x1C9) && LockNew(id) is { } held) return held;
        }
        catch (LinuxException e) when (e.Errno is Errno.EACCES or Errno.EROFS or Errno.EPERM)
        {
            throw new BerthException(Fault.Denied, $"cannot make the state directory {directory}: {e.Errno.Sentence()}",
                "give a directory of your own with --root, or set XDG_RUNTIME_DIR", e);
        }
        throw new BerthException(Fault.Conflict, $"container with given ID already exists: {id}", $"delete it first, or choose another id; its state is in {directory}");
    }

    private Fd? LockNew(string id)
    {
        try
        {
            return TryLock(id);
        }
        catch (LinuxException)
        {
            KernelPath.RemoveDirectory(DirectoryOf(id));
            throw;
        }
    }

    /// <summary>Reads a container's record.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>: there is no such container.</exception>
    public ContainerRecord Load(string id)
    {
        CheckId(id);
        if (KernelFile.TryRead(RecordOf(id), out Errno errno) is { } json) return ContainerRecord.Read(json, RecordOf(id));
        throw errno is Errno.ENOENT or Errno.ENOTDIR
            ? new BerthException(Fault.NotFound, $"container does not exist: {id}", $"looked in {Root}; was it created with another --root?")
            : new BerthException(Fault.Denied, $"cannot read {RecordOf(id)}: {errno.Sentence()}");
    }

    /// <summary>Whether a directory is there, be it whole or not.</summary>
    public bool HasDirectory(string id) => KernelFile.Exists(DirectoryOf(id));

    /// <summary>Replaces the record.</summary>
    public void Save(ContainerRecord record) => KernelPath.WriteAtomically(RecordOf(record.Id), record.ToJson(), 0x180);

    /// <summary>Removes all that is stored of a container.</summary>
    public void Remove(string id) => KernelPath.RemoveTree(DirectoryOf(id));

    /// <summary>Takes the container's lock; closing the descriptor, or death, releases it.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>: there is no such container.</exception>
    public Fd Lock(string id) => Lock(id, wait: true)!;

    /// <summary>As <see cref="Lock(string)"/>, with null where somebody else has it.</summary>
    public Fd? TryLock(string id) => Lock(id, wait: false);

    private Fd? Lock(string id, bool wait)
    {
        CheckId(id);
        while (true)
        {
            Fd? directory = KernelPath.TryOpen(DirectoryOf(id), Linux.Programs.OpenFlags.Directory);
            if (directory is null)
            {
                throw KernelPath.LastErrno is Errno.ENOENT or Errno.ENOTDIR
                    ? new BerthException(Fault.NotFound, $"container does not exist: {id}")
                    : new LinuxException("open", DirectoryOf(id), KernelPath.LastErrno);
            }
            bool held = KernelPath.Lock(directory, wait);
            // Whoever had it before us may have removed the container, and another of that id may have been made.
            if (held && KernelPath.Facts(DirectoryOf(id))?.Inode == KernelPath.Facts(directory).Inode) return directory;
            directory.Dispose();
            if (!held) return null;
        }
    }

    /// <summary>Marks the container as being made, until the descriptor is closed or its owner dies.</summary>
    /// <param name="config">Its specification in the state directory, open.</param>
    public static void MarkBeingMade(Fd config) => KernelPath.Lock(config, wait: true);

    /// <summary>Whether somebody makes it just now: what is not recorded yet is no sign that it has ended.</summary>
    public bool IsBeingMade(string id)
    {
        using Fd? config = KernelPath.TryOpen(ConfigOf(id), Linux.Programs.OpenFlags.ReadOnly);
        return config is not null && !KernelPath.TryShareLock(config);
    }

    /// <summary>Ids that have a directory, sorted.</summary>
    public List<string> Ids()
    {
        List<string> ids = KernelPath.List(Root);
        ids.RemoveAll(static id => !IsId(id));
        ids.Sort(StringComparer.Ordinal);
        return ids;
    }

    /// <summary>Refuses what cannot be a directory's name or would lead out of the root.</summary>
    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>.</exception>
    public static void CheckId(string id)
    {
        if (id.Length == 0) throw new BerthException(Fault.InvalidArgument, "container id cannot be empty");
        if (!IsId(id))
        {
            throw new BerthException(Fault.InvalidArgument, $"invalid container ID format: {id}", "use letters, digits and _ + - . (1 to 1024 of them), and no . in front");
        }
    }

    private static bool IsId(string id)
    {
        // Hidden entries are the runtime's own.
        if (id.Length is 0 or > 1024 || id[0] == '.') return false;
        foreach (char c in id)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '+' or '-' or '.')) return false;
        }
        return true;
    }
}
