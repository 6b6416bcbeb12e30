// A container in the care of a shim: kept, logged, restarted and probed as its engine has asked, whether the engine is there or not.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Keeping;
using Berth.Shim.Launch;
using Berth.Shim.Logs;
using Berth.Shim.Streams;

namespace Berth.Shim.Server;

/// <summary>One container over all its runs.</summary>
internal sealed partial class Ward : IDisposable
{
    /// <summary>How ids of processes begin that are executed here and not asked for by id: nobody else may have such a one.</summary>
    public const string OwnIds = "berth-";

    private const string ExitFile = "exit.json";
    private const int UsualReplay = 16 * 1024;
    // As Docker: the pause doubles from a tenth of a second to a minute, and begins anew after a run of ten seconds.
    private const long FirstPause = 100, LongestPause = 60_000, SteadyNanoseconds = 10_000_000_000;

    private readonly EventLoop _loop;
    private readonly EventBook _events;
    private readonly CreateRequest _request;
    private readonly string? _oomScore;
    private readonly List<ILogDriver> _logs = [];
    private readonly List<CallSink> _followers = [];
    private readonly Dictionary<string, ReplayBuffer> _replays = [];
    private readonly Dictionary<string, List<CallSink>> _attached = [];
    private KeptContainer _container;
    private Alarm? _restart;
    private long _pause = FirstPause;
    private bool _remaking;
    private bool _hasRun;
    private bool _restartAnyway;
    private bool _exitCommandRan;
    private Alarm? _exitCommand;
    private Alarm? _over;
    private long _overAt;
    private bool _isUnwanted;

    /// <summary>A container that is not made yet.</summary>
    /// <exception cref="BerthException">A log cannot be opened.</exception>
    public Ward(EventLoop loop, EventBook events, CreateRequest request, string? oomScore)
    {
        (_loop, _events, _request, _oomScore) = (loop, events, request, oomScore);
        Policy = request.Restart ?? new RestartPolicy();
        try
        {
            foreach (Log log in request.Logs) _logs.Add(OpenLog(log, null));
        }
        catch
        {
            foreach (ILogDriver log in _logs) log.Dispose();
            throw;
        }
        _container = NewContainer();
        Health = request.Health is { } check ? new HealthWatch(loop, this, check) : null;
    }

    /// <summary>Its id.</summary>
    public string Id => _request.Id;

    /// <summary>Its bundle.</summary>
    public string Bundle => _request.Bundle;

    /// <summary>The container as it runs now.</summary>
    public KeptContainer Container => _container;

    /// <summary>When it is started again.</summary>
    public RestartPolicy Policy { get; private set; }

    /// <summary>Whether the runtime has made it: before that, nothing can be asked of it.</summary>
    public bool IsMade { get; private set; }

    /// <summary>Whether it was ended on purpose, and is not to be started again.</summary>
    public bool IsForGood { get; private set; }

    /// <summary>How often it was started again.</summary>
    public uint Restarts { get; private set; }

    /// <summary>Whether a process was killed for lack of memory in this run.</summary>
    public bool OomKilled { get; private set; }

    /// <summary>Its probes, or null.</summary>
    public HealthWatch? Health { get; }

    /// <summary>Whether it will be started again.</summary>
    public bool IsRestarting => _restart is not null || _remaking;

    /// <summary>Whether a process of it is alive, or will be.</summary>
    public bool IsAlive => IsRestarting || _container.Init.Status != ProcessStatus.Stopped;

    /// <summary>Whether its exit command is still to be executed.</summary>
    public bool HasExitCommandAhead => _exitCommand is not null;

    /// <summary>Whether a full disk has not taken all of its log.</summary>
    public bool IsOwed => _logs.Exists(static log => log.IsOwed);

    /// <summary>Called when it has ended for good.</summary>
    public Action? EndedForGood { get; set; }

    /// <summary>Has it made.</summary>
    public void Create(Action<BerthException?> done)
    {
        // What is said there of an earlier life is not true of this one.
        KernelPath.Remove($"{Bundle}/{ExitFile}");
        _container.Create([], fault =>
        {
            if (fault is null)
            {
                IsMade = true;
                Tell("created", _container.Init);
                if (_isUnwanted) EndForGood();
            }
            done(fault);
        });
    }

    /// <summary>Has it started.</summary>
    public void Start(Action<BerthException?> done)
    {
        KeptContainer container = _container;
        if (container.Init.IsStarting || container.Init.Status != ProcessStatus.Created)
        {
            done(new BerthException(Fault.WrongState, $"cannot start a {KeptContainer.StatusWord(container.Init.Status)} container"));
            return;
        }
        container.Start(fault =>
        {
            if (fault is null)
            {
                _hasRun = true;
                if (_request.MostMs > 0) EndAfter((long)Math.Min(_request.MostMs, long.MaxValue / 1_000_000));
                Tell("started", container.Init);
                Health?.Start();
            }
            done(fault);
            container.Release(container.Init);
        });
    }

    /// <summary>Executes a process in it.</summary>
    public void Exec(ExecRequest request, Action<BerthException?, KeptProcess?> done)
    {
        string id = request.ExecId;
        if (id.Length == 0 || id.Contains('/') || id.StartsWith(OwnIds, StringComparison.Ordinal)) throw new BerthException(Fault.InvalidArgument, $"'{id}' is no id for a process");
        KeptProcess process = _container.AddExec(request.ExecId, new Stdio("", "", "", request.Terminal) { IsKept = true, HasInput = request.Input }, request.Process);
        process.IsForgotten = request.Forget;
        AddReplay(process, request.ReplayBytes, request.Hold);
        Run(process, fault =>
        {
            if (fault is null) Tell("started", process);
            else _replays.Remove(id);
            done(fault, process);
        });
    }

    /// <summary>Starts a process that was added, and takes it away again if that fails.</summary>
    public void Run(KeptProcess process, Action<BerthException?> done)
    {
        KeptContainer container = _container;
        container.StartExec(process, fault =>
        {
            done(fault);
            container.Release(process);
            if (fault is not null) container.Delete(process, static _ => { });
        });
    }

    /// <summary>Whether a process is executed here for an end, so that nobody needs to hear of it.</summary>
    public static bool IsOwn(KeptProcess process) => process.Id.StartsWith(OwnIds, StringComparison.Ordinal);

    /// <summary>Executes a process to its end, and takes it away.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="process">JSON of the runtime specification.</param>
    /// <param name="words">Where its output goes.</param>
    /// <param name="timeout">Milliseconds after which it is killed; 0: never.</param>
    /// <param name="done">Told once: why it could not be executed, or its exit status and whether it was killed.</param>
    public void RunBounded(string id, byte[] process, CollectedOutput words, long timeout, Action<BerthException?, int, bool> done)
    {
        KeptContainer container = _container;
        KeptProcess executed;
        try
        {
            executed = container.AddExec(id, new Stdio("", "", "", false) { IsKept = true }, process);
        }
        catch (BerthException e)
        {
            done(e, 0, false);
            return;
        }
        catch (LinuxException e)
        {
            done(new BerthException(Fault.Failed, e.Message), 0, false);
            return;
        }
        executed.Output.Add(words);
        bool late = false;
        Alarm? alarm = timeout == 0 ? null : _loop.After(timeout, () =>
        {
            late = true;
            container.Kill(executed, 9, all: false, static _ => { });
        });
        Run(executed, fault =>
        {
            if (fault is not null)
            {
                alarm?.Cancel();
                done(fault, 0, false);
                return;
            }
            // A runtime that took so long has nothing left to be waited for.
            if (late) container.Kill(executed, 9, all: false, static _ => { });
            executed.OnEnd(() =>
            {
                alarm?.Cancel();
                container.Delete(executed, static _ => { });
                done(null, executed.ExitStatus, late);
            });
        });
    }

    /// <summary>Sends a signal.</summary>
    public void Kill(KillRequest request, Action<BerthException?> done)
    {
        if (request.ForGood && request.ExecId.Length == 0)
        {
            IsForGood = true;
            if (IsRestarting)
            {
                // Nothing is there to be killed; what is under way ends itself.
                if (CancelRestart()) Finish();
                done(null);
                return;
            }
        }
        _container.Kill(_container.Process(request.ExecId), (int)request.Signal, request.All, done);
    }

    /// <summary>Ends this run by force; what follows, the policy says, or a new run in any case.</summary>
    public void KillNow(bool restart)
    {
        _restartAnyway = restart;
        _container.Kill(_container.Init, 9, all: false, static _ => { });
    }

    /// <summary>Freezes it, or lets it go on.</summary>
    public void Freeze(bool freeze, Action<BerthException?> done)
    {
        void Frozen(BerthException? fault)
        {
            Health?.Freezes(isUnderWay: false);
            if (fault is null) Tell(freeze ? "paused" : "resumed", _container.Init);
            done(fault);
        }
        Health?.Freezes(isUnderWay: true);
        if (freeze) _container.Pause(Frozen);
        else _container.Resume(Frozen);
    }

    /// <summary>Takes a process away that has ended; without an id, the container.</summary>
    public void Delete(string exec, Action<BerthException?> done)
    {
        KeptProcess process = _container.Process(exec);
        if (exec.Length == 0)
        {
            if (_remaking) throw new BerthException(Fault.WrongState, "cannot delete a container that is being started again", "end it for good first");
            CancelRestart();
            if (process.Status is ProcessStatus.Created or ProcessStatus.Stopped) IsForGood = true;
        }
        _container.Delete(process, fault =>
        {
            if (fault is null && exec.Length > 0)
            {
                _replays.Remove(exec);
                _attached.Remove(exec);
            }
            if (fault is null)
            {
                if (exec.Length == 0) CancelExitCommand();
                Tell("deleted", process);
            }
            done(fault);
        });
    }

    /// <summary>Hands the output of a process to a client, the latest first.</summary>
    public CallSink Attach(string exec, Rpc.Ttrpc.TtrpcCall call, Serving.TtrpcPort port, bool replay)
    {
        KeptProcess process = _container.Process(exec);
        OutputHub hub = process.Output;
        CallSink sink = new(call, port);
        bool held = false;
        if (_replays.TryGetValue(exec, out ReplayBuffer? latest))
        {
            if (replay) latest.PlayTo(sink);
            held = latest.Holds;
        }
        if (held)
        {
            // It was kept for this client alone.
            _replays.Remove(exec);
            hub.Remove(latest!);
        }
        if (process.Status == ProcessStatus.Stopped)
        {
            sink.End();
            return sink;
        }
        sink.Take(hub);
        if (!_attached.TryGetValue(exec, out List<CallSink>? sinks)) _attached[exec] = sinks = [];
        sinks.RemoveAll(static other => !other.IsOpen);
        sinks.Add(sink);
        return sink;
    }

    /// <summary>A client is gone: it holds nothing up any more.</summary>
    public void Detach(string exec, CallSink sink)
    {
        if (_attached.TryGetValue(exec, out List<CallSink>? sinks)) sinks.Remove(sink);
        sink.End();
    }

    /// <summary>Whether the input ends with the first client that goes.</summary>
    public bool ClosesInput(KeptProcess process) => process.Id.Length > 0 || _request.InputOnce;

    /// <summary>Hands all that is written to the log from now on to a client, and tells where the log stands.</summary>
    public void Follow(Rpc.Ttrpc.TtrpcCall call, Serving.TtrpcPort port)
    {
        ILogDriver? file = _logs.Find(static log => log.Place is not null);
        LogPlace place = file?.Place ?? new LogPlace("", 0, 0);
        call.Send(new OutputChunk { Path = place.Path, Offset = place.Offset, Inode = place.Inode, Time = Self.RealTime });
        CallSink sink = new(call, port);
        file?.PassUnwritten(sink);
        if (!IsAlive)
        {
            sink.End();
            return;
        }
        _followers.RemoveAll(static follower => !follower.IsOpen);
        _followers.Add(sink);
        sink.Take(_container.Init.Output);
    }

    /// <summary>Says anew when it is to be started again; if that is not to be, it is not waited for either.</summary>
    public void SetPolicy(RestartPolicy policy)
    {
        Policy = policy;
        if (_restart is null || ShouldRestart(_container.Init.ExitStatus)) return;
        CancelRestart();
        Finish();
    }

    /// <summary>Begins new log files.</summary>
    public void ReopenLogs()
    {
        foreach (ILogDriver log in _logs) log.Reopen();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        IsForGood = true;
        CancelRestart();
        CancelExitCommand();
        _over?.Cancel();
        Health?.Stop();
        foreach (CallSink follower in _followers) follower.End();
        foreach (List<CallSink> sinks in (List<CallSink>[])[.. _attached.Values])
        {
            foreach (CallSink sink in (CallSink[])[.. sinks]) sink.End();
        }
        _container.Dispose();
        foreach (ILogDriver log in _logs) log.Dispose();
    }

    internal void TellHealth() => _events.Add(new Event { Id = Id, Kind = "health", Health = Health!.Status });

    private KeptContainer NewContainer()
    {
        Runtime runtime = _request.Runtime ?? new Runtime();
        KeptContainer container = new(_loop, Id, Bundle, "", new Stdio("", "", "", _request.Terminal) { IsKept = true, HasInput = _request.Input }, new ContainerOptions
        {
            Binary = runtime.Binary.Length > 0 ? runtime.Binary : "berth-runtime",
            Root = runtime.Root,
            SystemdCgroup = runtime.SystemdCgroup,
            NoPivot = runtime.NoPivot,
            NoNewKeyring = runtime.NoNewKeyring,
            // Of the first run alone: nobody reads those of restarts.
            Trace = _hasRun ? "" : runtime.Trace,
            OomScore = _oomScore,
            LeavesRootfs = true,
        });
        foreach (ILogDriver log in _logs) container.Init.Output.Add(log);
        foreach (CallSink follower in _followers)
        {
            if (follower.IsOpen) follower.Take(container.Init.Output);
        }
        AddReplay(container.Init, _request.ReplayBytes);
        container.Ended = process => Ended(container, process);
        container.OutOfMemory = () =>
        {
            OomKilled = true;
            Tell("oom", container.Init);
        };
        return container;
    }

    private void EndAfter(long milliseconds)
    {
        _overAt = Self.Monotonic + (milliseconds * 1_000_000);
        _over = _loop.After(milliseconds, EndForGood);
    }

    private void AddReplay(KeptProcess process, uint bytes, bool hold = false)
    {
        if (!_replays.TryGetValue(process.Id, out ReplayBuffer? replay)) _replays[process.Id] = replay = hold ? new ReplayBuffer(ReplayBuffer.Held) { Holds = true } : new ReplayBuffer(bytes == 0 ? UsualReplay : (int)Math.Min(bytes, 16 << 20));
        process.Output.Add(replay);
    }

    private void Ended(KeptContainer container, KeptProcess process)
    {
        if (_attached.Remove(process.Id, out List<CallSink>? sinks))
        {
            foreach (CallSink sink in (CallSink[])[.. sinks]) sink.End();
        }
        if (process.Id.Length == 0) Health?.Stop();
        if (IsOwn(process)) return;
        _events.Add(new Event { Id = Id, ExecId = process.Id, Kind = "exited", Pid = (uint)process.Pid, ExitStatus = (uint)process.ExitStatus, Restarts = Restarts });
        if (process.IsForgotten) ForgetLater(process);
        // What is taken away, or is another by now, has nothing more to be decided.
        if (process != container.Init || container != _container) return;
        if (ShouldRestart(process.ExitStatus)) RestartLater(process);
        else Finish();
    }

    private bool ShouldRestart(int exitStatus)
    {
        if (IsForGood || !_hasRun) return false;
        if (_restartAnyway) return true;
        return Policy.When switch
        {
            Restart.Always => true,
            Restart.OnFailure => exitStatus != 0 && (Policy.Most == 0 || Restarts < Policy.Most),
            _ => false,
        };
    }

    private void RestartLater(KeptProcess process)
    {
        if (process.ExitedAt - process.StartedAt >= SteadyNanoseconds) _pause = FirstPause;
        WriteExitFile(isRestarting: true);
        _events.Add(new Event { Id = Id, Kind = "restarting", ExitStatus = (uint)process.ExitStatus, Restarts = Restarts });
        Pause();
    }

    private void Pause()
    {
        _restart = _loop.After(_pause, RestartNow);
        _pause = Math.Min(_pause * 2, LongestPause);
    }

    private void RestartNow()
    {
        _restart = null;
        _remaking = true;
        Restarts++;
        _container.Delete(_container.Init, fault =>
        {
            if (fault is not null || IsForGood)
            {
                Retry();
                return;
            }
            foreach (KeptProcess exec in _container.Execs) _replays.Remove(exec.Id);
            OomKilled = false;
            _container = NewContainer();
            Create(made =>
            {
                if (made is null)
                {
                    Start(AfterRestart);
                    return;
                }
                // One that never was has ended all the same: nobody waits for it.
                _container.Init.End(255 << 8);
                Retry();
            });
        });
    }

    private void AfterRestart(BerthException? fault)
    {
        _remaking = false;
        if (fault is null) _restartAnyway = false;
        // It was made and cannot be started, or somebody has ended it for good meanwhile. What follows, its end decides.
        if (fault is not null || IsForGood) _container.Kill(_container.Init, 9, all: false, static _ => { });
    }

    /// <summary>What could not be made now may be possible later: an image store that is away, memory that is short.</summary>
    private void Retry()
    {
        _remaking = false;
        if (ShouldRestart(exitStatus: 255)) Pause();
        else Finish();
    }

    /// <returns>Whether it was waited for.</returns>
    private bool CancelRestart()
    {
        if (_restart is null) return false;
        _restart.Cancel();
        _restart = null;
        return true;
    }

    private void Finish()
    {
        WriteExitFile(isRestarting: false);
        foreach (CallSink follower in _followers) follower.End();
        _followers.Clear();
        foreach (ILogDriver log in _logs) log.Sync();
        if (_request.ExitGraceMs == 0) RunExitCommand();
        else _exitCommand = _loop.After(_request.ExitGraceMs, HurryExitCommand);
        EndedForGood?.Invoke();
    }

    /// <summary>Nobody is there who could do it: the exit command is not waited for any longer.</summary>
    public void HurryExitCommand()
    {
        if (_exitCommand is null) return;
        CancelExitCommand();
        RunExitCommand();
        EndedForGood?.Invoke();
    }

    private void CancelExitCommand()
    {
        _exitCommand?.Cancel();
        _exitCommand = null;
    }

    /// <summary>Nobody wants it any more: it is killed with all that is in it, or ends as soon as it is made.</summary>
    public void EndForGood()
    {
        _isUnwanted = true;
        if (!IsMade || !IsAlive) return;
        Kill(new KillRequest { Id = Id, Signal = 9, ForGood = true, All = true }, static _ => { });
    }

    /// <summary>For an engine that finds no shim any more.</summary>
    private void WriteExitFile(bool isRestarting)
    {
        KeptProcess process = _container.Init;
        try
        {
            KernelPath.WriteAtomically($"{Bundle}/{ExitFile}", Encoding.ASCII.GetBytes(
                $$"""{"version":1,"pid":{{process.Pid}},"exitStatus":{{process.ExitStatus}},"exitedAt":{{process.ExitedAt}},"oomKilled":{{(OomKilled ? "true" : "false")}},"restarts":{{Restarts}},"restarting":{{(isRestarting ? "true" : "false")}}}""" + "\n"), 0x180);
        }
        catch (LinuxException e)
        {
            // A bundle that is gone, a disk that is full: the others in this shim must not pay for it.
            _events.Add(new Event { Id = Id, Kind = $"exit file failed: {e.Message}" });
        }
    }

    private void RunExitCommand()
    {
        if (_request.ExitCommand.Count == 0 || _exitCommandRan) return;
        _exitCommandRan = true;
        try
        {
            int pid = new RuntimeStart
            {
                Program = OciRuntime.Found(_request.ExitCommand[0]),
                Arguments = _request.ExitCommand.GetRange(1, _request.ExitCommand.Count - 1),
                Environment = RuntimeStart.Inherited(),
                OomScore = _oomScore,
                ClosesOthers = true,
            }.Start();
            _loop.OnExit(pid, static _ => { });
        }
        catch (Exception e) when (e is LinuxException or StepFailedException)
        {
            _events.Add(new Event { Id = Id, Kind = "exit command failed" });
        }
    }

    private void Tell(string kind, KeptProcess process) => _events.Add(new Event { Id = Id, ExecId = process.Id, Kind = kind, Pid = (uint)process.Pid, Restarts = Restarts });

    private ILogDriver OpenLog(Log log, Fd? open)
    {
        LogLimits limits = new() { MostBytes = log.MostBytes, Backups = (int)log.Backups };
        void Drained() => _container?.Init.Output.Resume();
        LogFile File() => open is null ? new LogFile(_loop, log.Path, limits, static _ => { }) : new LogFile(_loop, open, log.Path, limits, static _ => { });
        return log.Driver switch
        {
            "cri" => new CriLog(File()),
            "json-file" => new JsonLog(File()),
            "journald" => new JournalLog(_loop, new JournalMarks { Id = Id, Name = log.Name.Length > 0 ? log.Name : null, Tag = log.Tag.Length > 0 ? log.Tag : null, Labels = log.Labels }, static _ => { }) { Drained = Drained },
            _ => throw new BerthException(Fault.InvalidArgument, $"no such log driver {log.Driver}", "cri, json-file or journald"),
        };
    }
}
