// A container as a program holds it: it looks at what is there, and does what it is told.
using Berth.Engine.Keeping;
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Shim.Contract.Protos;

namespace Berth.Engine.Containers;

/// <summary>
/// A container. Nothing of what it does is kept here: each question looks anew, and several programs may hold the same one.
/// <code>
/// Container web = await engine.Containers.CreateAsync(new ContainerSpec { Image = "nginx" });
/// await web.StartAsync();
/// int code = await web.WaitAsync();
/// </code>
/// </summary>
public sealed partial class Container
{
    private const int Kill = 9;

    private readonly ContainerParts _parts;
    private readonly Starting _starting;
    private readonly Ending _ending;
    private readonly FileRoots _roots;
    private ContainerRecord _record;

    internal Container(ContainerParts parts, Starting starting, Ending ending, FileRoots roots, ContainerRecord record) => (_parts, _starting, _ending, _roots, _record) = (parts, starting, ending, roots, record);

    /// <summary>Its id.</summary>
    public string Id => _record.Id;

    /// <summary>Its name.</summary>
    public string Name => _record.Name;

    /// <summary>The newest record that this object has seen.</summary>
    public ContainerRecord Record => _record;

    /// <summary>Where its output is kept; a file of the host.</summary>
    public string LogPath => _record.Spec.Log.Options.GetValueOrDefault("path") ?? _parts.Places.Log(Id);

    /// <summary>Reads its record anew.</summary>
    /// <exception cref="BerthException">NotFound: it was removed.</exception>
    public ContainerRecord Refresh() => _record = _parts.Folder.Read(Id) ?? throw new BerthException(Fault.NotFound, $"there is no container {Name} any more") { Code = FaultCode.ContainerUnknown };

    /// <summary>Looks what it is doing.</summary>
    public ContainerState Observe() => _parts.Facts.Observe(_record);

    /// <summary>Looks what it is doing, and asks its shim what only that knows: restarts, health.</summary>
    public async Task<ContainerState> InspectAsync(CancellationToken ct = default)
    {
        ContainerState state = Observe();
        if (!state.IsAlive) return state;
        using KeeperConnection? keeper = await _ending.ConnectAsync(_record, ct).ConfigureAwait(false);
        if (keeper is null) return state;
        StateResponse response = await keeper.CallAsync<StateResponse>(KeeperService.Methods.State, new StateRequest { Id = Id }, ct).ConfigureAwait(false);
        if (response.Containers is not [{ } kept]) return state;
        return state with
        {
            Restarts = (int)kept.Restarts,
            Started = kept.First is { StartedAt: > 0 } first ? KeeperWords.Time(first.StartedAt) : state.Started,
            Health = KeeperWords.StateOf(kept.Health),
        };
    }

    /// <summary>Starts it.</summary>
    /// <exception cref="BerthException">WrongState: it runs. CommandNotFound, CommandNotExecutable. What the network, the store or the runtime say.</exception>
    public async Task StartAsync(CancellationToken ct = default) => _record = await _starting.StartAsync(Id, null, null, ct).ConfigureAwait(false);

    /// <summary>Starts it, and gives its streams, from which nothing is missing.</summary>
    /// <param name="size">Rows and columns of its terminal.</param>
    /// <param name="ct">Ends the waiting, not the container.</param>
    public async Task<ContainerStreams> StartAttachedAsync((ushort Rows, ushort Columns)? size = null, CancellationToken ct = default)
    {
        ContainerStreams? streams = null;
        try
        {
            _record = await _starting.StartAsync(Id, async _ => streams = await AttachAsync("", replay: false, ct).ConfigureAwait(false), BoxOf(size), ct).ConfigureAwait(false);
            return streams!;
        }
        catch (Exception)
        {
            streams?.Dispose();
            throw;
        }
    }

    /// <summary>Attaches to it while it runs: the latest output comes first.</summary>
    /// <param name="replay">Whether the latest output comes first.</param>
    /// <param name="ct">Ends the waiting.</param>
    public Task<ContainerStreams> AttachAsync(bool replay = false, CancellationToken ct = default)
    {
        RequireAlive("attach to");
        return AttachAsync("", replay, ct);
    }

    /// <summary>Waits for the end of its present run; what it left is taken away then.</summary>
    /// <returns>Its exit status; 128 and the signal's number for one that was killed.</returns>
    public async Task<int> WaitAsync(CancellationToken ct = default)
    {
        ContainerState state = Observe();
        if (state.IsAlive || state.Status == ContainerStatus.Restarting)
        {
            using KeeperConnection? keeper = await _ending.ConnectAsync(_record, ct).ConfigureAwait(false);
            if (keeper is not null)
            {
                try
                {
                    WaitResponse end = await keeper.CallAsync<WaitResponse>(KeeperService.Methods.Wait, new ProcessRequest { Id = Id }, ct).ConfigureAwait(false);
                    await SettleAsync(ct).ConfigureAwait(false);
                    return (int)end.ExitStatus;
                }
                catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.Unavailable)
                {
                    // Somebody else has taken it away, and has written down how it ended.
                }
            }
            else
            {
                await WaitAloneAsync(state.Pid, ct).ConfigureAwait(false);
            }
        }
        // What is removed at its end can be asked for nothing afterwards.
        _record = _parts.Folder.Read(Id) ?? _record;
        int code = Observe().ExitCode;
        if (await _ending.SettleAsync(Id, isStopped: false, ct).ConfigureAwait(false) is not { } record) return code;
        _record = record;
        return Observe().ExitCode;
    }

    /// <summary>Takes away what its latest run left, if it has ended; and itself, where it was made to be removed then.</summary>
    public async Task SettleAsync(CancellationToken ct = default)
    {
        if (await _ending.SettleAsync(Id, isStopped: false, ct).ConfigureAwait(false) is { } record) _record = record;
    }

    /// <summary>Stops it: its stop signal, and after a time SIGKILL.</summary>
    /// <param name="grace">How long it is given; null: as it was made, usually 10 s; <see cref="Timeout.InfiniteTimeSpan"/>: without end.</param>
    /// <param name="ct">Ends the waiting.</param>
    public async Task StopAsync(TimeSpan? grace = null, CancellationToken ct = default)
    {
        TimeSpan given = grace ?? (_record.Spec.StopTimeout is { } seconds ? TimeSpan.FromSeconds(seconds) : TimeSpan.FromSeconds(10));
        await _ending.StopAsync(Id, given < TimeSpan.Zero ? null : given, settle: true, ct).ConfigureAwait(false);
        if (_parts.Folder.Read(Id) is { } record) _record = record;
    }

    /// <summary>Sends its first process a signal.</summary>
    /// <param name="signal">Its number.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="BerthException">WrongState: it does not run.</exception>
    public async Task KillAsync(int signal = Kill, CancellationToken ct = default)
    {
        ContainerState state = RequireAlive("kill");
        using KeeperConnection? keeper = await _ending.ConnectAsync(_record, ct).ConfigureAwait(false);
        if (keeper is null)
        {
            using Fd? process = PidFd.TryOpen(state.Pid);
            if (process is not null) PidFd.TrySignal(process, signal);
        }
        else
        {
            bool ends = signal == Kill || signal == _record.Settled.StopSignal;
            await keeper.CallAsync<Done>(KeeperService.Methods.Kill, new KillRequest { Id = Id, Signal = (uint)signal, ForGood = ends }, ct).ConfigureAwait(false);
        }
        _parts.Events.Add("container", "kill", Id, Name, ("signal", signal.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    /// <summary>Stops it, and starts it again.</summary>
    public async Task RestartAsync(TimeSpan? grace = null, CancellationToken ct = default)
    {
        if (Observe() is { IsAlive: true } or { Status: ContainerStatus.Restarting })
        {
            TimeSpan given = grace ?? TimeSpan.FromSeconds(_record.Spec.StopTimeout ?? 10);
            await _ending.StopAsync(Id, given < TimeSpan.Zero ? null : given, settle: false, ct).ConfigureAwait(false);
        }
        await StartAsync(ct).ConfigureAwait(false);
    }

    /// <summary>Freezes its processes.</summary>
    public Task PauseAsync(CancellationToken ct = default) => AskAsync("pause", KeeperService.Methods.Pause, new ContainerRequest { Id = Id }, "pause", ct);

    /// <summary>Lets them go on.</summary>
    public Task ResumeAsync(CancellationToken ct = default) => AskAsync("resume", KeeperService.Methods.Resume, new ContainerRequest { Id = Id }, "unpause", ct);

    /// <summary>Changes limits, restarts, health and variables.</summary>
    /// <exception cref="BerthException">InvalidArgument: what cannot be. Unsupported: it has no cgroup of its own. What the runtime says.</exception>
    public async Task UpdateAsync(ContainerChanges changes, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(changes);
        _record = await new Updating(_parts, _ending).UpdateAsync(Id, changes, ct).ConfigureAwait(false);
    }

    /// <summary>Says how large its terminal is.</summary>
    public Task ResizeAsync(ushort rows, ushort columns, CancellationToken ct = default) => ResizeProcessAsync("", rows, columns, ct);

    /// <summary>What it has written.</summary>
    /// <exception cref="BerthException">Unsupported: its output is kept nowhere, or in the journal.</exception>
    public IAsyncEnumerable<LogEntry> ReadLogsAsync(LogOptions? options = null, CancellationToken ct = default)
    {
        string driver = _record.Spec.Log.Driver;
        if (driver is "none" or "journald") throw new BerthException(Fault.Unsupported, $"cannot read the log of container {Name}: its log driver is {driver}", driver == "none" ? "run it with --log-driver json-file" : $"journalctl CONTAINER_NAME={Name}");
        return new LogReader(LogPath, driver == "k8s-file", () => Observe() is not ({ IsAlive: true } or { Status: ContainerStatus.Restarting })).ReadAsync(options ?? new LogOptions(), ct);
    }

    /// <summary>Gives it another name.</summary>
    /// <exception cref="BerthException">Conflict. InvalidArgument.</exception>
    public void Rename(string name)
    {
        Creating.RequireName(name);
        using Networks.FileLock held = _parts.Folder.Lock(Id);
        _record = _parts.Folder.Rename(Refresh(), name);
        _parts.Events.Add("container", "rename", Id, name);
    }

    /// <summary>Removes it.</summary>
    /// <param name="force">Whether it is killed if it runs.</param>
    /// <param name="withVolumes">Whether its volumes without names go with it.</param>
    /// <param name="grace">How long it is given to end by itself; nothing is usual.</param>
    /// <param name="ct">Ends the waiting.</param>
    /// <exception cref="BerthException">WrongState: it runs.</exception>
    public Task RemoveAsync(bool force = false, bool withVolumes = false, TimeSpan grace = default, CancellationToken ct = default) => _ending.RemoveAsync(Id, force, withVolumes, grace, ct);

    /// <summary>Executes a program in it.</summary>
    /// <exception cref="BerthException">WrongState: it does not run. CommandNotFound, CommandNotExecutable.</exception>
    public async Task<ContainerProcess> ExecAsync(ExecSpec spec, CancellationToken ct = default)
    {
        ArgumentNullException.ThrowIfNull(spec);
        if (RequireAlive("execute a program in").Status == ContainerStatus.Paused) throw new BerthException(Fault.WrongState, $"cannot execute a program in container {Name}: it is paused", $"berth unpause {Name}") { Code = FaultCode.ContainerPaused };
        ProcessSpec process = SpecBuilder.BuildExec(_record, new ExecWish
        {
            Command = spec.Command,
            Environment = spec.Environment,
            User = spec.User,
            WorkingFolder = spec.WorkingFolder,
            HasTerminal = spec.HasTerminal,
            HasInput = spec.HasInput,
            IsPrivileged = spec.IsPrivileged,
        }, Starting.FactsFor(_parts, _record) with { ConsoleSize = BoxOf(spec.Size), FurtherEnvironment = HandedSecrets.VariablesOf(_record, _parts.Places.Bundle(Id)) });
        string id = Networks.ObjectId.New()[..32];
        using KeeperConnection keeper = await RequireShimAsync(ct).ConfigureAwait(false);
        StartResponse started;
        try
        {
            started = await keeper.CallAsync<StartResponse>(KeeperService.Methods.Exec, new ExecRequest
            {
                Id = Id,
                ExecId = id,
                Process = SpecWriter.ToJson(process, indented: false),
                Terminal = spec.HasTerminal,
                Input = spec.HasInput,
                Hold = !spec.IsDetached,
                Forget = spec.IsDetached,
            }, ct).ConfigureAwait(false);
        }
        catch (BerthException e) when (e.Kind == Fault.Failed)
        {
            throw RuntimeFaults.Of(e, $"execute a program in container {Name}");
        }
        ContainerStreams? streams = spec.IsDetached ? null : await AttachAsync(id, replay: true, ct).ConfigureAwait(false);
        return new ContainerProcess(this, id, (int)started.Pid, streams);
    }

    internal async Task<int> WaitProcessAsync(string process, CancellationToken ct)
    {
        using KeeperConnection keeper = await RequireShimAsync(ct).ConfigureAwait(false);
        ProcessRequest request = new() { Id = Id, ExecId = process };
        WaitResponse end = await keeper.CallAsync<WaitResponse>(KeeperService.Methods.Wait, request, ct).ConfigureAwait(false);
        await keeper.CallAsync<DeleteResponse>(KeeperService.Methods.Delete, request, ct).ConfigureAwait(false);
        return (int)end.ExitStatus;
    }

    internal async Task SignalProcessAsync(string process, int signal, CancellationToken ct)
    {
        using KeeperConnection keeper = await RequireShimAsync(ct).ConfigureAwait(false);
        await keeper.CallAsync<Done>(KeeperService.Methods.Kill, new KillRequest { Id = Id, ExecId = process, Signal = (uint)signal }, ct).ConfigureAwait(false);
    }

    internal async Task ResizeProcessAsync(string process, ushort rows, ushort columns, CancellationToken ct)
    {
        using KeeperConnection keeper = await RequireShimAsync(ct).ConfigureAwait(false);
        await keeper.CallAsync<Done>(KeeperService.Methods.Resize, new ResizeRequest { Id = Id, ExecId = process, Rows = rows, Columns = columns }, ct).ConfigureAwait(false);
    }

    private static BoxSpec? BoxOf((ushort Rows, ushort Columns)? size) => size is { } box ? new BoxSpec { Height = box.Rows, Width = box.Columns } : null;

    private Task<ContainerStreams> AttachAsync(string process, bool replay, CancellationToken ct) =>
        ContainerStreams.OpenAsync(_parts.Places.Socket(Id), new AttachInput { Id = Id, ExecId = process, NoReplay = !replay }, ct);

    private async Task AskAsync(string what, Rpc.Ttrpc.TtrpcMethod method, Rpc.Protobuf.IMessage request, string action, CancellationToken ct)
    {
        RequireAlive(what);
        using KeeperConnection keeper = await RequireShimAsync(ct).ConfigureAwait(false);
        await keeper.CallAsync<Done>(method, request, ct).ConfigureAwait(false);
        _parts.Events.Add("container", action, Id, Name);
    }

    private ContainerState RequireAlive(string what)
    {
        ContainerState state = Observe();
        return state.IsAlive ? state : throw new BerthException(Fault.WrongState, $"cannot {what} container {Name}: it is not running", $"berth start {Name}") { Code = FaultCode.ContainerNotRunning };
    }

    private async Task<KeeperConnection> RequireShimAsync(CancellationToken ct) =>
        await _ending.ConnectAsync(_record, ct).ConfigureAwait(false)
        ?? throw new BerthException(Fault.Unavailable, $"the shim of container {Name} has ended, and its processes are alone", $"stop it and start it again: berth restart {Name}") { Code = FaultCode.ShimGone };

    private async Task WaitAloneAsync(int pid, CancellationToken ct)
    {
        while (Self.IsAlive(pid, out _) && Observe().IsAlive) await Task.Delay(50, ct).ConfigureAwait(false);
    }
}
