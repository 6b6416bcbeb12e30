// Containers that the runtime has made and that wait to be started: made so, and gone on with.
using Berth.Engine.Keeping;
using Berth.Engine.Networks;
using Berth.Oci.Faults;
using Berth.Shim.Contract.Protos;

namespace Berth.Engine.Containers;

internal sealed partial class Starting
{
    /// <summary>Has one made by the runtime: all of it is there, and its process waits for the start.</summary>
    /// <exception cref="BerthException">NotFound. WrongState: it is made already, or runs. What the network, the store or the runtime say.</exception>
    public async Task<ContainerRecord> InitializeAsync(string id, CancellationToken ct)
    {
        using FileLock held = parts.Folder.Lock(id);
        (ContainerRecord record, ContainerState state) = Look(id);
        if (state.IsAlive || state.Status == ContainerStatus.Restarting) throw new BerthException(Fault.WrongState, $"cannot initialize container {record.Name}: it {(state.Status == ContainerStatus.Initialized ? "is initialized" : "runs")} already") { Code = FaultCode.ContainerRunning };
        record = await BeginAsync(record, state, held, "initialize", (_, made, pid) => Task.FromResult(Written(made, new RunRecord { Started = parts.Clock.GetUtcNow(), Pid = pid, IsInitialized = true })), new StartSpec(), ct).ConfigureAwait(false);
        parts.Events.Add("container", "init", id, record.Name, ("image", record.Spec.Image));
        return record;
    }

    /// <summary>Starts one that was made by the runtime before, maybe by another program.</summary>
    private async Task<ContainerRecord> GoOnAsync(ContainerRecord record, Func<KeeperConnection, Task>? attach, StartSpec spec, FileLock held)
    {
        if (spec.Descriptors.Count > 0) throw new BerthException(Fault.WrongState, $"cannot hand descriptors to container {record.Name}: it is initialized already", $"have it made anew: berth stop {record.Name}");
        using KeeperConnection keeper = await ending.ConnectAsync(record, CancellationToken.None).ConfigureAwait(false)
            ?? throw new BerthException(Fault.Unavailable, $"cannot start container {record.Name}: its shim has ended, and its process waits alone", $"have it made anew: berth restart {record.Name}") { Code = FaultCode.ShimGone };
        try
        {
            if (Container.BoxOf(spec.Size) is { } size) await keeper.CallAsync<Done>(KeeperService.Methods.Resize, new ResizeRequest { Id = record.Id, Rows = (uint)size.Height, Columns = (uint)size.Width }, CancellationToken.None).ConfigureAwait(false);
            StateResponse there = await keeper.CallAsync<StateResponse>(KeeperService.Methods.State, new StateRequest { Id = record.Id }, CancellationToken.None).ConfigureAwait(false);
            // Who started it was killed before that was written down.
            if (there.Containers is [{ First: { Status: Status.Running } first }]) return Written(record, new RunRecord { Started = KeeperWords.Time(first.StartedAt), Pid = (int)first.Pid });
            return await RunAsync(keeper, record, record.Run!.Pid, attach).ConfigureAwait(false);
        }
        catch (BerthException e)
        {
            // As with one that could not be started at once: nothing of it stays but the container.
            await ending.DropAsync(keeper, record).ConfigureAwait(false);
            await ending.ClearAsync(record, new ContainerState { Status = ContainerStatus.Configured, IsLeft = true }, held, CancellationToken.None).ConfigureAwait(false);
            if (e.Kind == Fault.Failed && e.Message.StartsWith("OCI runtime", StringComparison.Ordinal)) throw RuntimeFaults.Of(e, $"start container {record.Name}");
            throw;
        }
    }
}
