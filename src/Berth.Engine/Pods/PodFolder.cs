// Pods on disk: a record for each, names as links; a pod is locked by a file of its own.
using Berth.Engine.Networks;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;

namespace Berth.Engine.Pods;

/// <summary>
/// Paths:
/// <code>
///   ROOT/pods/ID/record.json   the record, written once
///   ROOT/pods/.names/NAME      a link whose target is the id: the name is taken by it
///   RUN/locks/pod-ID           held (flock) by whoever makes or takes away what is shared, adds a container, or removes the pod;
///                              a container's lock is taken before it, never behind it
///   RUN/pods/ID/               what is shared, while it is there (see <see cref="PodNamespaces"/>)
/// </code>
/// </summary>
internal sealed class PodFolder(string root, string run)
{
    private const uint Private = 0x180, PrivateFolder = 0x1C0;
    private const int IdLength = 64;

    private string Names => $"{root}/pods/.names";

    /// <summary>Folder of what is shared.</summary>
    public string Shared(string id) => $"{run}/pods/{id}";

    public FileLock Lock(string id) => FileLock.Take($"{run}/locks/pod-{id}");

    /// <summary>Writes a new one; its lock is held by the caller.</summary>
    /// <exception cref="BerthException">Conflict: another pod has the name.</exception>
    public void Insert(PodRecord record)
    {
        KernelPath.MakeDirectories(Names, PrivateFolder);
        ClaimName(record.Name, record.Id);
        try
        {
            KernelPath.MakeDirectory($"{root}/pods/{record.Id}", PrivateFolder);
            KernelPath.WriteAtomically(PathOf(record.Id), PodJson.Write(record), Private);
        }
        catch (Exception)
        {
            Remove(record);
            throw;
        }
    }

    /// <summary>Takes one away; its lock is held by the caller.</summary>
    public void Remove(PodRecord record)
    {
        KernelPath.Remove(PathOf(record.Id));
        if (IdOf(record.Name) == record.Id) KernelPath.Remove($"{Names}/{record.Name}");
        KernelPath.RemoveTree($"{root}/pods/{record.Id}");
    }

    /// <summary>One by its whole id; null: there is none.</summary>
    public PodRecord? Read(string id) =>
        KernelFile.TryRead(PathOf(id), out _) is { Length: > 0 } bytes ? RecordJson.Read(bytes, PathOf(id), PodJson.Read) : null;

    /// <summary>One by its name, its id, or the beginning of its id.</summary>
    /// <exception cref="BerthException">InvalidArgument: several ids begin so.</exception>
    public PodRecord? Find(string nameOrId)
    {
        if (nameOrId.Length == 0 || nameOrId.Contains('/') || nameOrId[0] == '.') return null;
        if (nameOrId.Length == IdLength && Read(nameOrId) is { } whole) return whole;
        if (IdOf(nameOrId) is { } named && Read(named) is { } record) return record;
        List<string> found = Ids().FindAll(id => id.StartsWith(nameOrId, StringComparison.Ordinal));
        if (found.Count > 1) throw new BerthException(Fault.InvalidArgument, $"pod {nameOrId} is ambiguous: {found[0][..12]} and {found[1][..12]} begin so");
        return found.Count == 0 ? null : Read(found[0]);
    }

    /// <summary>All, the newest first. One that cannot be read does not hide the others.</summary>
    public List<PodRecord> All()
    {
        List<PodRecord> all = [];
        foreach (string id in Ids())
        {
            try
            {
                if (Read(id) is { } record) all.Add(record);
            }
            catch (BerthException)
            {
                // Damaged: whoever names it is told.
            }
        }
        all.Sort(static (one, other) => other.Created.CompareTo(one.Created));
        return all;
    }

    private List<string> Ids() => KernelPath.List($"{root}/pods").FindAll(static name => name.Length == IdLength);

    private string PathOf(string id) => $"{root}/pods/{id}/record.json";

    private string? IdOf(string name) => KernelPath.ReadLink($"{Names}/{name}");

    private void ClaimName(string name, string id)
    {
        while (true)
        {
            try
            {
                KernelPath.MakeLink(id, $"{Names}/{name}");
                return;
            }
            catch (LinuxException e) when (e.Errno == Errno.EEXIST)
            {
                if (IdOf(name) is { } other && !TryClear(name, other)) throw new BerthException(Fault.Conflict, $"cannot name a pod {name}: pod {other[..Math.Min(12, other.Length)]} has that name", $"remove that one, or use --replace: berth pod rm {name}");
            }
        }
    }

    // The name of one that was never finished, because whoever made it was killed.
    private bool TryClear(string name, string id)
    {
        if (id.Length != IdLength) return KernelPath.Remove($"{Names}/{name}");
        using FileLock? held = FileLock.Take($"{run}/locks/pod-{id}", wait: false);
        if (held is null || Read(id) is not null) return false;
        KernelPath.Remove($"{Names}/{name}");
        KernelPath.RemoveTree($"{root}/pods/{id}");
        held.RemoveFile();
        return true;
    }
}
