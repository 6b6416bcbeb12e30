// The ends of containers: stopped, killed, cleared away, removed.
using System.Text;
using Berth.Engine.Keeping;
using Berth.Engine.Networks;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Oci.References;
using Berth.Shim.Contract.Protos;
using Berth.Store.Records;

namespace Berth.Engine.Containers;

/// <summary>
/// Takes away what runs leave: the runtime's state, the attachments and the network namespace, mounts, the bundle. Whoever holds the
/// container's lock may do it at any time after the end; to do it twice, or where half of it is done, does no harm.
/// </summary>
internal sealed class Ending(ContainerParts parts)
{
    private const int Kill = 9, RuntimePatience = 30_000;

    /// <summary>Takes away what the latest run left, and writes down how it ended.</summary>
    /// <param name="record">The container, whose lock is held.</param>
    /// <param name="state">What was seen of it; it is not alive.</param>
    /// <param name="held">The lock.</param>
    /// <param name="ct">Ends the waiting for the shim.</param>
    /// <param name="isStopped">Whether somebody has ended it on purpose.</param>
    public async Task<ContainerRecord> ClearAsync(ContainerRecord record, ContainerState state, FileLock held, CancellationToken ct, bool isStopped = false)
    {
        _ = held;
        parts.Release(record.Id);
        Task network = Task.Run(() => LeaveNetworks(record.Id), CancellationToken.None);
        try
        {
            await DeleteAsync(record, ct).ConfigureAwait(false);
        }
        finally
        {
            await network.ConfigureAwait(false);
        }
        RemoveBundle(record);
        if (record.Spec.Pod is { } pod) parts.Pods?.Leave(pod);
        if (record.Run is null or { Ended: not null } && state.Status == ContainerStatus.Configured) return record;
        if (state.Status == ContainerStatus.Configured)
        {
            // It was made by the runtime, and was never started: no run has ended.
            record = record with { Run = null };
            parts.Folder.Write(record);
            return record;
        }
        record = record with
        {
            IsStopped = record.IsStopped || isStopped,
            Run = (record.Run ?? new RunRecord { Started = state.Started ?? parts.Clock.GetUtcNow(), Boot = Facts.Boot }) with
            {
                Ended = state.Ended ?? parts.Clock.GetUtcNow(),
                ExitCode = state.ExitCode,
                IsOomKilled = state.IsOomKilled,
                Restarts = state.Restarts,
                Error = state.Error,
            },
        };
        parts.Folder.Write(record);
        parts.Events.Add("container", "died", record.Id, record.Name, ("image", record.Spec.Image), ("exitCode", state.ExitCode.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        return record;
    }

    /// <summary>Looks at one that has ended, or may have: takes away what there is, and the container itself where that was asked for.</summary>
    /// <returns>The record; null: it is gone.</returns>
    public async Task<ContainerRecord?> SettleAsync(string id, bool isStopped, CancellationToken ct)
    {
        using FileLock held = parts.Folder.Lock(id);
        if (parts.Folder.Read(id) is not { } record)
        {
            held.RemoveFile();
            return null;
        }
        ContainerState state = parts.Facts.Observe(record);
        if (state.IsAlive || state.Status == ContainerStatus.Restarting) return record;
        if (state.IsLeft) record = await ClearAsync(record, state, held, ct, isStopped).ConfigureAwait(false);
        if (!record.Spec.IsRemovedAtEnd || state.Status == ContainerStatus.Configured) return record;
        Remove(record, held, withVolumes: true);
        if (record.Spec.RemovesImage) RemoveImage(record);
        return null;
    }

    // Its container is gone already, so it is told as a warning when somebody else needs the image.
    private void RemoveImage(ContainerRecord record)
    {
        try
        {
            if (parts.Folder.All().Find(other => other.Image == record.Image) is { } user) throw new BerthException(Fault.Conflict, $"image is in use by a container: {user.Id}");
            if (ImageReference.TryParse(record.Spec.Image, out ImageReference? name) && parts.Images.Looked.TryFind(name) is not null) parts.Images.Store.Remove(name);
            else if (record.Image is { } id) parts.Images.Store.Remove(parts.Images.Looked.Find(id.ToString()), force: false);
        }
        catch (BerthException e)
        {
            parts.Warnings.Enqueue($"the image {record.Spec.Image} was not removed with container {record.Name}: {e.Message}");
        }
    }

    /// <summary>Takes away one that was made by the runtime and could not be started.</summary>
    public async Task DropAsync(KeeperConnection keeper, ContainerRecord record)
    {
        try
        {
            await keeper.CallAsync<Done>(KeeperService.Methods.Kill, new KillRequest { Id = record.Id, Signal = Kill, ForGood = true, All = true }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (BerthException)
        {
            // It has ended by itself.
        }
        try
        {
            await keeper.CallAsync<WaitResponse>(KeeperService.Methods.Wait, new ProcessRequest { Id = record.Id }, CancellationToken.None).ConfigureAwait(false);
            await keeper.CallAsync<DeleteResponse>(KeeperService.Methods.Delete, new ProcessRequest { Id = record.Id }, CancellationToken.None).ConfigureAwait(false);
        }
        catch (BerthException)
        {
            // The runtime has taken it away itself.
        }
    }

    /// <summary>Removes one.</summary>
    /// <param name="id">Which.</param>
    /// <param name="force">Whether one that runs is killed.</param>
    /// <param name="withVolumes">Whether volumes without a name go with it.</param>
    /// <param name="grace">How long one that runs is given to end by itself.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="BerthException">NotFound. WrongState: it runs.</exception>
    public async Task RemoveAsync(string id, bool force, bool withVolumes, TimeSpan grace, CancellationToken ct)
    {
        for (int attempt = 0; ; attempt++)
        {
            using (FileLock held = parts.Folder.Lock(id))
            {
                if (parts.Folder.Read(id) is not { } record)
                {
                    held.RemoveFile();
                    if (attempt > 0) return;
                    throw new BerthException(Fault.NotFound, $"there is no container {id[..12]}") { Code = FaultCode.ContainerUnknown };
                }
                ContainerState state = parts.Facts.Observe(record);
                bool isAlive = state.IsAlive || state.Status == ContainerStatus.Restarting;
                if (isAlive && !force && state.Status != ContainerStatus.Initialized)
                {
                    throw new BerthException(Fault.WrongState, $"cannot remove container {record.Name}: it is {(state.Status == ContainerStatus.Paused ? "paused" : "running")}", $"stop it first, or remove it by force: berth rm -f {record.Name}") { Code = FaultCode.ContainerRunning, Subjects = [record.Id] };
                }
                if (!isAlive)
                {
                    if (!force && RootMounts.IsMounted(parts.Places, id)) throw new BerthException(Fault.WrongState, $"cannot remove container {record.Name}: its files are mounted at {parts.Places.Mounted(id)}", $"berth unmount {record.Name}, or remove it by force: berth rm -f {record.Name}");
                    RootMounts.Detach(parts.Places, id);
                    if (state.IsLeft) record = await ClearAsync(record, state, held, ct, isStopped: true).ConfigureAwait(false);
                    Remove(record, held, withVolumes);
                    return;
                }
            }
            await StopAsync(id, grace, settle: false, ct).ConfigureAwait(false);
        }
    }

    /// <summary>Ends one: its stop signal, and after a time SIGKILL.</summary>
    /// <param name="id">Which.</param>
    /// <param name="grace">How long; null: for ever.</param>
    /// <param name="settle">Whether what it leaves is taken away.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task StopAsync(string id, TimeSpan? grace, bool settle, CancellationToken ct)
    {
        ContainerRecord record = parts.Folder.Read(id) ?? throw new BerthException(Fault.NotFound, $"there is no container {id[..12]}") { Code = FaultCode.ContainerUnknown };
        ContainerState state = parts.Facts.Observe(record);
        if (state.IsAlive || state.Status == ContainerStatus.Restarting)
        {
            using KeeperConnection? keeper = await ConnectAsync(record, ct).ConfigureAwait(false);
            if (keeper is null) await EndAloneAsync(record, state, grace, ct).ConfigureAwait(false);
            else await EndAsync(keeper, record, state, grace, ct).ConfigureAwait(false);
        }
        if (settle) await SettleAsync(id, isStopped: true, ct).ConfigureAwait(false);
    }

    /// <summary>A connection to the shim of a container; null: it has none any more.</summary>
    public async Task<KeeperConnection?> ConnectAsync(ContainerRecord record, CancellationToken ct)
    {
        KeeperConnection? keeper = KeeperConnection.TryConnect(parts.Places.Socket(record.Id));
        if (keeper is null) return null;
        try
        {
            await keeper.HelloAsync(ct).ConfigureAwait(false);
            return keeper;
        }
        catch (BerthException e) when (e.Kind == Fault.Unavailable)
        {
            keeper.Dispose();
            return null;
        }
    }

    private static async Task EndAsync(KeeperConnection keeper, ContainerRecord record, ContainerState state, TimeSpan? grace, CancellationToken ct)
    {
        async Task SignalAsync(int signal)
        {
            try
            {
                await keeper.CallAsync<Done>(KeeperService.Methods.Kill, new KillRequest { Id = record.Id, Signal = (uint)signal, ForGood = true }, ct).ConfigureAwait(false);
            }
            catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.WrongState)
            {
                // It has ended meanwhile.
            }
        }
        int first = FirstSignal(record, state, grace);
        // What is frozen hears no signal but this one.
        if (state.Status == ContainerStatus.Paused)
        {
            await SignalAsync(first).ConfigureAwait(false);
            try
            {
                await keeper.CallAsync<Done>(KeeperService.Methods.Resume, new ContainerRequest { Id = record.Id }, ct).ConfigureAwait(false);
            }
            catch (BerthException) when (first == Kill)
            {
                // Of some freezers a process is let go by this signal alone: there is nothing to be resumed.
            }
        }
        else
        {
            await SignalAsync(first).ConfigureAwait(false);
        }
        Task<WaitResponse> end = WaitAsync(keeper, record.Id, ct);
        if (first != Kill && grace is { } time && await Task.WhenAny(end, Task.Delay(time, ct)).ConfigureAwait(false) != end)
        {
            await KillBesideAsync(keeper, record, ct).ConfigureAwait(false);
        }
        await end.ConfigureAwait(false);
    }

    // The connection waits for an answer; what is asked besides needs none of its reading.
    private static Task KillBesideAsync(KeeperConnection keeper, ContainerRecord record, CancellationToken ct) =>
        keeper.SendAloneAsync(KeeperService.Methods.Kill, new KillRequest { Id = record.Id, Signal = Kill, ForGood = true, All = true }, ct);

    private static async Task<WaitResponse> WaitAsync(KeeperConnection keeper, string id, CancellationToken ct)
    {
        try
        {
            return await keeper.CallAsync<WaitResponse>(KeeperService.Methods.Wait, new ProcessRequest { Id = id }, ct).ConfigureAwait(false);
        }
        catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.Unavailable)
        {
            return new WaitResponse();
        }
    }

    // What was not started yet waits in a program of the runtime's, which knows no signal of the container's.
    private static int FirstSignal(ContainerRecord record, ContainerState state, TimeSpan? grace) =>
        grace == TimeSpan.Zero || state.Status == ContainerStatus.Initialized ? Kill : record.Settled.StopSignal;

    /// <summary>Without a shim: the process is told itself.</summary>
    private async Task EndAloneAsync(ContainerRecord record, ContainerState state, TimeSpan? grace, CancellationToken ct)
    {
        using Fd? process = PidFd.TryOpen(state.Pid);
        if (process is null) return;
        int first = FirstSignal(record, state, grace);
        PidFd.TrySignal(process, first);
        long deadline = Environment.TickCount64 + (long)(grace ?? TimeSpan.FromDays(1)).TotalMilliseconds;
        bool killed = first == Kill;
        while (parts.Facts.Observe(record).IsAlive)
        {
            if (!killed && Environment.TickCount64 > deadline) killed = PidFd.TrySignal(process, Kill);
            await Task.Delay(20, ct).ConfigureAwait(false);
        }
    }

    private async Task DeleteAsync(ContainerRecord record, CancellationToken ct)
    {
        using KeeperConnection? keeper = await ConnectAsync(record, ct).ConfigureAwait(false);
        if (keeper is not null)
        {
            try
            {
                await keeper.CallAsync<DeleteResponse>(KeeperService.Methods.Delete, new ProcessRequest { Id = record.Id }, ct).ConfigureAwait(false);
                return;
            }
            catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.Unavailable)
            {
                // It does not keep it any more.
            }
        }
        else
        {
            // A shim that was killed has left its socket; one that ends by itself removes it.
            KernelPath.Remove(parts.Places.Socket(record.Id) + ".pid");
            KernelPath.Remove(parts.Places.Socket(record.Id));
        }
        if (!KernelFile.Exists($"{parts.Places.RuntimeState}/{record.Id}"))
        {
            HostCgroups.RemoveLeft(record);
            return;
        }
        ProgramAnswer answer = ProgramCaller.Run(new ProgramCall
        {
            Path = Starting.RuntimeOf(parts.Runtime, record.Spec),
            Arguments = ["--root", parts.Places.RuntimeState, "delete", "--force", record.Id],
            Environment = [$"PATH={Environment.GetEnvironmentVariable("PATH")}"],
            Timeout = TimeSpan.FromMilliseconds(RuntimePatience),
        });
        if (answer.Status != 0) throw new BerthException(Fault.Failed, $"cannot take away container {record.Name}: {Encoding.UTF8.GetString(answer.Error).Trim()}");
    }

    private void LeaveNetworks(string id)
    {
        parts.Networks.DisconnectAll(id);
        NetworkNamespaces.Remove(parts.Places.NetworkNamespace(id));
    }

    private void RemoveBundle(ContainerRecord record)
    {
        string bundle = parts.Places.Bundle(record.Id), root = parts.Places.RootFs(record.Id);
        while (HostMount.Detach(root)) { }
        foreach (SettledMount mount in record.Settled.Mounts)
        {
            if (mount.Request.Kind == MountKind.Image) RemoveImages(record, bundle);
        }
        // A folder in which something is still mounted is not to be emptied.
        if (KernelFile.Exists(root) && !KernelPath.RemoveDirectory(root)) throw new BerthException(Fault.Failed, $"cannot take away what container {record.Name} left: {root} is in use", "look who has it mounted: findmnt " + root);
        KernelPath.RemoveTree(bundle);
    }

    private void RemoveImages(ContainerRecord record, string bundle)
    {
        foreach (string name in KernelPath.List(bundle))
        {
            if (!name.StartsWith("image-", StringComparison.Ordinal)) continue;
            while (HostMount.Detach($"{bundle}/{name}")) { }
            if (!KernelPath.RemoveDirectory($"{bundle}/{name}")) throw new BerthException(Fault.Failed, $"cannot take away what container {record.Name} left: {bundle}/{name} is in use");
        }
        foreach (SnapshotRecord view in parts.Images.Store.Snapshots.Walk())
        {
            if (view.Name.StartsWith(record.Id + "-image-", StringComparison.Ordinal)) parts.Images.Store.Snapshots.Remove(view.Name, force: true);
        }
    }

    private void Remove(ContainerRecord record, FileLock held, bool withVolumes)
    {
        if (record.Spec.RootFolder is null || record.Spec.IsRootFolderKept)
        {
            try
            {
                parts.Images.Store.Snapshots.Remove(record.Id, force: true);
            }
            catch (BerthException e) when (e.Kind == Fault.NotFound)
            {
                // Half of a container that was never finished.
            }
        }
        parts.Folder.Remove(record);
        held.RemoveFile();
        if (withVolumes)
        {
            foreach (SettledMount mount in record.Settled.Mounts)
            {
                if (!mount.IsAnonymous || mount.Volume is null || parts.Volumes.TryFind(mount.Volume) is null) continue;
                try
                {
                    parts.Volumes.Remove(mount.Volume);
                }
                catch (BerthException e) when (e.Kind == Fault.Conflict)
                {
                    // Another container has it too (--volumes-from).
                }
            }
        }
        parts.Events.Add("container", "remove", record.Id, record.Name, ("image", record.Spec.Image));
    }
}
