// Containers: made, found, listed, removed.
using Berth.Engine.Networks;
using Berth.Oci.Faults;
using Berth.Store.Records;
using Berth.Store.Snapshots;

namespace Berth.Engine.Containers;

/// <summary>The containers of an engine. No daemon keeps them: records in files say what is to be, and the kernel what is.</summary>
public sealed class EngineContainers
{
    private static readonly System.Buffers.SearchValues<char> s_digits = System.Buffers.SearchValues.Create("0123456789abcdef");

    private readonly ContainerParts _parts;
    private readonly Creating _creating;
    private readonly Starting _starting;
    private readonly Ending _ending;

    internal EngineContainers(ContainerParts parts)
    {
        _parts = parts;
        _creating = new Creating(parts);
        _ending = new Ending(parts);
        _starting = new Starting(parts, _ending);
        parts.Volumes.UsersOf = UsersOf;
    }

    /// <summary>What was left out of what was asked for, because this host has not what it needs; each is told once.</summary>
    public IReadOnlyList<string> TakeWarnings()
    {
        List<string> warnings = [];
        while (_parts.Warnings.TryDequeue(out string? warning)) warnings.Add(warning);
        return warnings;
    }

    /// <summary>Makes one of an image that is in the store.</summary>
    /// <exception cref="BerthException">InvalidArgument. NotFound: the image is not here. Conflict: another container has the name.</exception>
    public Container Create(ContainerSpec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        return Of(_creating.Create(spec));
    }

    /// <summary>One by its name, its id, or the beginning of its id.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: several ids begin so.</exception>
    public Container Find(string nameOrId) => TryFind(nameOrId) ?? throw new BerthException(Fault.NotFound, $"there is no container {nameOrId}", "berth ps -a lists them") { Code = FaultCode.ContainerUnknown };

    /// <summary>The same; null: there is none.</summary>
    public Container? TryFind(string nameOrId)
    {
        ArgumentNullException.ThrowIfNull(nameOrId);
        return _parts.Folder.Find(nameOrId) is { } record ? Of(record) : null;
    }

    /// <summary>All, the newest first.</summary>
    public IReadOnlyList<Container> List()
    {
        List<ContainerRecord> records = _parts.Folder.All();
        List<Container> all = new(records.Count);
        foreach (ContainerRecord record in records) all.Add(Of(record));
        return all;
    }

    /// <summary>The folder of a container's bundle while it runs; a path of the host.</summary>
    public string BundleOf(ContainerRecord record)
    {
        ArgumentNullException.ThrowIfNull(record);
        return _parts.Places.Bundle(record.Id);
    }

    /// <summary>Takes away what containers left that nobody waited for: of a host that was started anew, of programs that were killed.</summary>
    public async Task SettleAsync(CancellationToken ct = default)
    {
        foreach (ContainerRecord record in _parts.Folder.All())
        {
            ContainerState state = _parts.Facts.Observe(record);
            if (state.IsAlive || state.Status is ContainerStatus.Restarting || !state.IsLeft) continue;
            // Whoever has the lock is at it.
            using (FileLock? free = _parts.Folder.TryLock(record.Id))
            {
                if (free is null) continue;
            }
            await _ending.SettleAsync(record.Id, isStopped: false, ct).ConfigureAwait(false);
        }
        RemoveOrphans();
    }

    /// <summary>Root file systems of containers that were never finished: their ids have no record, and nobody holds their lock.</summary>
    private void RemoveOrphans()
    {
        const int idLength = 64;
        SnapshotStore snapshots = _parts.Images.Store.Snapshots;
        foreach (SnapshotRecord snapshot in snapshots.Walk())
        {
            if (snapshot.Name.Length < idLength || snapshot.Name.AsSpan(0, idLength).ContainsAnyExcept(s_digits)) continue;
            string id = snapshot.Name[..idLength];
            if (_parts.Folder.Read(id) is not null) continue;
            using FileLock? free = _parts.Folder.TryLock(id);
            // Whoever had it may have finished meanwhile.
            if (free is null || _parts.Folder.Read(id) is not null) continue;
            snapshots.Remove(snapshot.Name, force: true);
            free.RemoveFile();
        }
    }

    private List<string> UsersOf(string volume)
    {
        List<string> users = [];
        foreach (ContainerRecord record in _parts.Folder.All())
        {
            foreach (SettledMount mount in record.Settled.Mounts)
            {
                if (mount.Volume != volume) continue;
                users.Add(record.Id);
                break;
            }
        }
        return users;
    }

    private Container Of(ContainerRecord record) => new(_parts, _starting, _ending, record);
}
