// Containers: made, found, listed, removed.
using Berth.Engine.Keeping;
using Berth.Engine.Networks;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Store.Records;
using Berth.Store.Snapshots;

namespace Berth.Engine.Containers;

/// <summary>The containers of an engine. No daemon keeps them: records in files say what is to be, and the kernel what is.</summary>
public sealed class EngineContainers
{
    private static readonly System.Buffers.SearchValues<char> s_digits = System.Buffers.SearchValues.Create("0123456789abcdef");

    private const int IdLength = 64;

    private readonly ContainerParts _parts;
    private readonly Creating _creating;
    private readonly Starting _starting;
    private readonly Ending _ending;
    private readonly FileRoots _roots;

    internal EngineContainers(ContainerParts parts)
    {
        _parts = parts;
        _creating = new Creating(parts);
        _ending = new Ending(parts);
        _starting = new Starting(parts, _ending);
        _roots = new FileRoots(parts, _ending);
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

    /// <summary>
    /// Makes a container that looks into another one, or into an image, with tools of its own; it is started like any other, ends with this
    /// engine, and is removed then. Images must be here.
    /// </summary>
    /// <exception cref="BerthException">InvalidArgument. NotFound: the container, an image, or tools.</exception>
    public async Task<Container> CreateDebuggerAsync(DebugSpec spec, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        foreach (ContainerRecord record in _parts.Folder.All())
        {
            if (Debugging.IsAbandoned(record, _parts.Facts.Observe(record))) await RemoveAbandonedAsync(record, ct).ConfigureAwait(false);
        }
        return Of(_creating.Create(new Debugging(_parts).SpecOf(spec)));
    }

    /// <summary>Makes one and starts it; its image is pulled where it is not here.</summary>
    /// <exception cref="BerthException">What <see cref="Create"/>, the registry and <see cref="Container.StartAsync(CancellationToken)"/> say.</exception>
    public async Task<Container> RunAsync(ContainerSpec spec, CancellationToken ct = default)
    {
        Container container = await CreateAsync(spec, ct).ConfigureAwait(false);
        try
        {
            await container.StartAsync(ct).ConfigureAwait(false);
        }
        catch (Exception) when (spec.IsRemovedAtEnd)
        {
            await container.RemoveAsync(force: true, withVolumes: true, ct: CancellationToken.None).ConfigureAwait(false);
            throw;
        }
        return container;
    }

    /// <summary>Runs a command in a container of its own, which is removed at the end, whatever happens; the image is pulled where it is not here.</summary>
    /// <example><code>
    /// CommandResult hello = await engine.Containers.RunToEndAsync("alpine", ["echo", "hello"]);
    /// </code></example>
    public Task<CommandResult> RunToEndAsync(string image, IReadOnlyList<string> command, CancellationToken ct = default) =>
        RunToEndAsync(new ContainerSpec { Image = image, Command = command }, ct);

    /// <inheritdoc cref="RunToEndAsync(string, IReadOnlyList{string}, CancellationToken)"/>
    public async Task<CommandResult> RunToEndAsync(ContainerSpec spec, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        Container container = await CreateAsync(spec with { IsRemovedAtEnd = true, EndsWithEngine = true, Log = new LogSpec { Driver = "none" } }, ct).ConfigureAwait(false);
        try
        {
            using ContainerStreams streams = await container.StartAttachedAsync(ct: ct).ConfigureAwait(false);
            (string output, string error) = await Container.ReadAllAsync(streams, ct).ConfigureAwait(false);
            return new CommandResult(await container.WaitAsync(ct).ConfigureAwait(false), output, error);
        }
        catch (Exception)
        {
            if (TryFind(container.Id) is not null) await container.RemoveAsync(force: true, withVolumes: true, ct: CancellationToken.None).ConfigureAwait(false);
            throw;
        }
    }

    private async Task<Container> CreateAsync(ContainerSpec spec, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (spec.RootFolder is null) await _parts.Pull(spec.Image, ct).ConfigureAwait(false);
        return Create(spec);
    }

    /// <summary>One by its name, its id, or the beginning of its id.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: several ids begin so.</exception>
    public Container Find(string nameOrId) => TryFind(nameOrId) ?? throw new BerthException(Fault.NotFound, $"there is no container {nameOrId}", "berth ps -a lists them") { Code = FaultCode.ContainerUnknown, Subjects = [nameOrId] };

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

    /// <summary>All, the newest first, each with where it is in its life now: what a loop over <see cref="List"/> and <see cref="Container.Observe"/> finds, sooner where there are many.</summary>
    public IReadOnlyList<(Container Container, ContainerState State)> Observe()
    {
        List<ContainerRecord> records = _parts.Folder.All();
        (Container, ContainerState)[] all = new (Container, ContainerState)[records.Count];
        SideBySide.Do(records.Count, at => all[at] = (Of(records[at]), _parts.Facts.Observe(records[at])));
        return all;
    }

    /// <summary>
    /// Copies files into a container, out of one, or from one to another; of containers in any state. What is mounted in a container is
    /// seen as its processes see it. Device nodes and sockets are left out.
    /// </summary>
    /// <param name="from">A file, a folder with all that is in it, what is in a folder (<c>path/.</c>), or a tar stream.</param>
    /// <param name="to">A folder, the name that the copy gets, or a stream for tar.</param>
    /// <param name="options">How.</param>
    /// <param name="ct">Ends it; what is copied by then stays.</param>
    /// <exception cref="BerthException">NotFound. Conflict: a folder is in the way of a file, or the other way round. Denied. InvalidArgument: a tar that is damaged, or leads elsewhere.</exception>
    public Task<FileCopyReport> CopyAsync(CopyEnd from, CopyEnd to, FileCopyOptions? options = null, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(from);
        ArgumentNullException.ThrowIfNull(to);
        return new FileCopying(_roots).CopyAsync(from, to, options ?? new FileCopyOptions(), ct);
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
            if (Debugging.IsAbandoned(record, state)) await RemoveAbandonedAsync(record, ct).ConfigureAwait(false);
            if (state.Status == ContainerStatus.Paused && PauseMark.IsLeft(_parts.Places, record.Id)) await PauseMark.ResumeAsync(Of(record), _parts.Places, ct).ConfigureAwait(false);
            if (state.IsAlive || state.Status is ContainerStatus.Restarting) continue;
            // Whoever has the lock is at it.
            using (FileLock? free = _parts.Folder.TryLock(record.Id))
            {
                if (free is null) continue;
                if (!state.IsLeft)
                {
                    DismissShim(record.Id);
                    continue;
                }
            }
            await _ending.SettleAsync(record.Id, isStopped: false, ct).ConfigureAwait(false);
        }
        RemoveOrphans();
        RemoveLocks();
    }

    /// <summary>Locks, and shims, of containers that were never finished.</summary>
    private void RemoveLocks()
    {
        foreach (string id in KernelPath.List(_parts.Places.Locks))
        {
            // There are others, of things that are no containers.
            if (id.Length != IdLength || id.AsSpan().ContainsAnyExcept(s_digits) || _parts.Folder.Read(id) is not null) continue;
            using FileLock? free = _parts.Folder.TryLock(id);
            if (free is null || _parts.Folder.Read(id) is not null) continue;
            DismissShim(id);
            free.RemoveFile();
        }
    }

    // A shim that keeps nothing ends with its last client: one whose client was killed on the way to it waits for a minute otherwise.
    private void DismissShim(string id)
    {
        if (KernelFile.Exists(_parts.Places.Socket(id))) KeeperConnection.TryConnect(_parts.Places.Socket(id))?.Dispose();
    }

    /// <summary>Root file systems of containers that were never finished: their ids have no record, and nobody holds their lock.</summary>
    private void RemoveOrphans()
    {
        SnapshotStore snapshots = _parts.Images.Store.Snapshots;
        foreach (SnapshotRecord snapshot in snapshots.Walk())
        {
            if (snapshot.Name.Length < IdLength || snapshot.Name.AsSpan(0, IdLength).ContainsAnyExcept(s_digits)) continue;
            string id = snapshot.Name[..IdLength];
            if (_parts.Folder.Read(id) is not null) continue;
            using FileLock? free = _parts.Folder.TryLock(id);
            // Whoever had it may have finished meanwhile.
            if (free is null || _parts.Folder.Read(id) is not null) continue;
            snapshots.Remove(snapshot.Name, force: true);
            free.RemoveFile();
        }
    }

    private async Task RemoveAbandonedAsync(ContainerRecord record, CancellationToken ct)
    {
        try
        {
            await _ending.RemoveAsync(record.Id, force: true, withVolumes: true, TimeSpan.Zero, ct).ConfigureAwait(false);
        }
        catch (BerthException e) when (e.Kind == Fault.NotFound)
        {
            // Its shim, or another program that looks, was faster.
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

    private Container Of(ContainerRecord record) => new(_parts, _starting, _ending, _roots, record);
}
