// One container that is kept: its processes, and the runtime that acts on it.
using System.Text;
using System.Text.Json;
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Shim.Keeping;

/// <summary>
/// A container. Each verb is a call of the runtime that nobody waits for; what is to be done afterwards is handed in, and gets
/// the fault, or null.
/// </summary>
internal sealed partial class KeptContainer : IDisposable
{
    private const string PidFileName = "init.pid";
    private const int SIGKILL = 9;

    // A runtime that hung once may hang again while it takes away what it made.
    private const long UndoMilliseconds = 10_000;

    private readonly EventLoop _loop;
    private readonly OciRuntime _runtime;
    private readonly ContainerOptions _options;
    private readonly string _space;
    private readonly string _rootfs;
    private readonly Dictionary<string, KeptProcess> _execs = [];
    private readonly bool _sharesPids;
    private CgroupTree? _cgroups;
    private MemoryWatch? _memory;
    private int _runningExecs;
    private bool _isMaking;
    private int? _heldEnd;
    private bool _exists;

    /// <summary>A container of this bundle, which is not made yet.</summary>
    /// <exception cref="BerthException">The id or the bundle is none.</exception>
    public KeptContainer(EventLoop loop, string id, string bundle, string space, Stdio stdio, ContainerOptions options)
    {
        KeptNames.Check("container", id);
        KeptNames.CheckBundle(bundle);
        (_loop, Id, Bundle, _space, _options) = (loop, id, bundle, space, options);
        _rootfs = $"{bundle}/rootfs";
        Init = new KeptProcess(loop, "", stdio);
        _runtime = new OciRuntime(loop, options.Binary, $"{options.Root}/{space}", $"{bundle}/log.json") { SystemdCgroup = options.SystemdCgroup, OomScore = options.OomScore };
        _sharesPids = !HasPidNamespace(bundle);
    }

    /// <summary>Its id.</summary>
    public string Id { get; }

    /// <summary>Its bundle.</summary>
    public string Bundle { get; }

    /// <summary>Its first process.</summary>
    public KeptProcess Init { get; }

    /// <summary>Processes that were executed in it.</summary>
    public IReadOnlyCollection<KeptProcess> Execs => _execs.Values;

    /// <summary>Told the end of each process, the first one's last.</summary>
    public Action<KeptProcess>? Ended { get; set; }

    /// <summary>Told when a process was killed for lack of memory.</summary>
    public Action? OutOfMemory { get; set; }

    /// <summary>Begins verbs whose calls of the runtime are killed when they have not ended by then.</summary>
    /// <inheritdoc cref="OciRuntime.Before"/>
    public void Before(long? deadline, Action begin) => _runtime.Before(deadline, begin);

    /// <summary>Has the runtime create it.</summary>
    public void Create(IReadOnlyList<RootfsMount> mounts, Action<BerthException?> done)
    {
        try
        {
            if (mounts.Count > 0)
            {
                KernelPath.MakeDirectory(_rootfs, 0x1C9);
                RootfsMounts.Make(mounts, _rootfs);
            }
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            done(FaultOf(e));
            return;
        }
        if (_options.Checkpoint.Length > 0)
        {
            // A restored container runs at once: that is for start.
            done(null);
            return;
        }
        Make(streams => _runtime.Create(Words(), streams, result => Made(result, "OCI runtime create failed", done)), done);
    }

    /// <summary>Has the runtime start it, or restore it.</summary>
    public void Start(Action<BerthException?> done)
    {
        if (Init.Status != ProcessStatus.Created || Init.IsStarting || _isMaking)
        {
            done(new BerthException(Fault.WrongState, $"cannot start a {StatusWord(Init.Status)} process"));
            return;
        }
        if (_options.Checkpoint.Length > 0)
        {
            Make(streams => _runtime.Restore(Words(), _options.Checkpoint, WorkDirectory, _options.ParentCheckpoint, streams, result => Made(result, "OCI runtime restore failed", fault =>
            {
                if (fault is null) Started(Init);
                done(fault);
            })), done);
            return;
        }
        Init.IsStarting = true;
        _runtime.Start(Id, result =>
        {
            if (result.Succeeded && Init.Status == ProcessStatus.Created) Started(Init);
            done(Check(result, "OCI runtime start failed"));
        });
    }

    /// <summary>Says that whoever had to hear of a start has heard: an end that came before is told now.</summary>
    public void Release(KeptProcess process)
    {
        process.IsStarting = false;
        if (process.HeldStatus is not { } status) return;
        process.HeldStatus = null;
        End(process, status);
    }

    /// <summary>The process of this id; the first one for an empty one.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>.</exception>
    public KeptProcess Process(string id) =>
        id.Length == 0 ? Init
        : _execs.TryGetValue(id, out KeptProcess? process) ? process
        : throw new BerthException(Fault.NotFound, $"process does not exist {id}: not found");

    /// <summary>Prepares a process to be executed.</summary>
    /// <exception cref="BerthException">The id is taken, or the container cannot have one now.</exception>
    public KeptProcess AddExec(string id, Stdio stdio, ReadOnlySpan<byte> spec)
    {
        KeptNames.Check("exec", id);
        if (_execs.ContainsKey(id)) throw new BerthException(Fault.Conflict, $"id {id}: already exists");
        if (Init.Status is ProcessStatus.Paused or ProcessStatus.Stopped) throw new BerthException(Fault.WrongState, $"cannot exec in a {StatusWord(Init.Status)} state");
        stdio.Check();
        KernelPath.WriteAtomically(SpecFile(id), WithTerminal(spec, stdio.Terminal), 0x180);
        return _execs[id] = new KeptProcess(_loop, id, stdio);
    }

    /// <summary>Has the runtime execute it.</summary>
    public void StartExec(KeptProcess process, Action<BerthException?> done)
    {
        if (process.Status != ProcessStatus.Created || process.IsStarting)
        {
            done(new BerthException(Fault.WrongState, $"cannot start a {StatusWord(process.Status)} process"));
            return;
        }
        if (Init.Status == ProcessStatus.Stopped || _heldEnd is not null)
        {
            done(new BerthException(Fault.WrongState, $"container {Id} init process is not running"));
            return;
        }
        process.IsStarting = true;
        _runningExecs++;
        void Finish(BerthException? fault)
        {
            KernelPath.Remove(SpecFile(process.Id));
            if (fault is not null)
            {
                process.IsStarting = false;
                // Who waits for a process that never was is told so.
                process.End(255 << 8);
                ExecEnded();
            }
            done(fault);
        }
        try
        {
            Prepared(process, Execute, Finish);
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            Finish(FaultOf(e));
        }
        void Execute(RuntimeStreams streams) => _runtime.Exec(Id, SpecFile(process.Id), PidFile(process.Id), process.ConsolePath, streams, result =>
        {
            BerthException? fault = Check(result, "OCI runtime exec failed") ?? Adopt(process, PidFile(process.Id));
            if (result.TimedOut) KillUnadopted(PidFile(process.Id));
            EndCall();
            if (fault is null && process.Status == ProcessStatus.Created) process.Begin();
            Finish(fault);
        });
    }

    /// <summary>Sends a signal.</summary>
    public void Kill(KeptProcess process, int signal, bool all, Action<BerthException?> done)
    {
        if (process != Init)
        {
            // A pid whose end is held back was reaped, and may be another's.
            done(process.Pid == 0 ? new BerthException(Fault.WrongState, "process not created")
                : process.Status == ProcessStatus.Stopped || process.HeldStatus is not null ? new BerthException(Fault.NotFound, "process already finished: not found")
                : Self.TrySignal(process.Pid, signal, out Errno errno) ? null
                : errno == Errno.ESRCH ? new BerthException(Fault.NotFound, "process already finished: not found")
                : new BerthException(Fault.Failed, $"exec kill error: {errno.Sentence()}"));
            return;
        }
        _runtime.Kill(Id, signal, all, result => done(result.Succeeded || result.TimedOut ? Check(result, "OCI runtime kill failed") : KillFault(_runtime.LastError(result))));
    }

    /// <summary>Takes a process away that has ended, or never began; of the first one the container with it.</summary>
    public void Delete(KeptProcess process, Action<BerthException?> done)
    {
        if (process.Deleting is { } others)
        {
            // Only one call takes it away, and tells so: who asked too is answered with it.
            others.Add(fault => done(fault ?? new BerthException(Fault.NotFound, "cannot delete a deleted process: not found")));
            return;
        }
        if (process.Status is ProcessStatus.Running or ProcessStatus.Paused)
        {
            done(new BerthException(Fault.WrongState, $"cannot delete a {StatusWord(process.Status)} process: failed precondition"));
            return;
        }
        if (process.IsStarting || (process == Init && _isMaking))
        {
            // The runtime's call comes back to it.
            done(new BerthException(Fault.WrongState, "cannot delete a process that is being started: failed precondition"));
            return;
        }
        List<Action<BerthException?>> waiting = process.Deleting = [];
        void Done(BerthException? fault)
        {
            process.Deleting = null;
            done(fault);
            foreach (Action<BerthException?> other in waiting) other(fault);
        }
        // One that never ran holds its streams, and writes nothing.
        if (process == Init && process.Status == ProcessStatus.Created)
        {
            DeleteContainer(Done);
            return;
        }
        long? deadline = _runtime.Deadline;
        process.WhenDrained(() =>
        {
            if (process == Init)
            {
                _runtime.Before(deadline, () => DeleteContainer(Done));
                return;
            }
            KernelPath.Remove(PidFile(process.Id));
            KernelPath.Remove(SpecFile(process.Id));
            _execs.Remove(process.Id);
            process.Dispose();
            Done(null);
        });
    }

    /// <summary>Freezes all processes.</summary>
    public void Pause(Action<BerthException?> done)
    {
        if (Init.Status != ProcessStatus.Running)
        {
            done(new BerthException(Fault.WrongState, $"cannot pause a {StatusWord(Init.Status)} container"));
            return;
        }
        _runtime.Pause(Id, result =>
        {
            if (result.Succeeded && Init.Status == ProcessStatus.Running) Init.Status = ProcessStatus.Paused;
            done(Check(result, "OCI runtime pause failed"));
        });
    }

    /// <summary>Lets them go on.</summary>
    public void Resume(Action<BerthException?> done)
    {
        if (Init.Status != ProcessStatus.Paused)
        {
            done(new BerthException(Fault.WrongState, $"cannot resume a {StatusWord(Init.Status)} process"));
            return;
        }
        _runtime.Resume(Id, result =>
        {
            if (result.Succeeded && Init.Status == ProcessStatus.Paused) Init.Status = ProcessStatus.Running;
            done(Check(result, "OCI runtime resume failed"));
        });
    }

    /// <summary>Changes limits.</summary>
    public void Update(ReadOnlySpan<byte> resources, Action<BerthException?> done)
    {
        if (Init.Status == ProcessStatus.Stopped)
        {
            done(new BerthException(Fault.WrongState, "cannot update a stopped container"));
            return;
        }
        _runtime.Update(Id, resources, result => done(Check(result, "OCI runtime update failed")));
    }

    /// <summary>Writes a checkpoint.</summary>
    public void Checkpoint(IReadOnlyList<string> options, string work, Action<BerthException?> done)
    {
        // containerd freezes the container before, so that what it saves besides belongs to the same moment.
        if (Init.Status is not (ProcessStatus.Running or ProcessStatus.Paused))
        {
            done(new BerthException(Fault.WrongState, $"cannot checkpoint a {StatusWord(Init.Status)} container"));
            return;
        }
        string directory = work.Length > 0 ? work : $"{WorkDirectory}/criu-work";
        _runtime.Checkpoint(Id, ["--work-path", directory, .. options], result =>
        {
            BerthException? fault = Check(result, "OCI runtime checkpoint failed");
            if (fault is not null && KernelFile.TryRead($"{directory}/dump.log", out _) is { } log)
            {
                TryWrite($"{Bundle}/criu-dump.log", log);
                fault = new BerthException(fault.Kind, $"{fault.Message.Split('\n')[0]} path= {Bundle}/criu-dump.log");
            }
            if (work.Length == 0) KernelPath.RemoveTree(directory);
            done(fault);
        });
    }

    /// <summary>The pids of all its processes.</summary>
    public void Pids(Action<BerthException?, List<int>> done) => _runtime.Ps(Id, result =>
    {
        List<int> pids = [];
        BerthException? fault = Check(result, "OCI runtime ps failed");
        if (fault is null) fault = TryReadPids(result.Output, pids) ? null : new BerthException(Fault.Failed, "the runtime's list of processes is no JSON");
        done(fault, pids);
    });

    /// <summary>What the kernel counted.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>.</exception>
    public CgroupTree Cgroups() => _cgroups ?? throw new BerthException(Fault.NotFound, "cgroup does not exist");

    /// <inheritdoc/>
    public void Dispose()
    {
        _memory?.Dispose();
        foreach (KeptProcess process in _execs.Values) process.Dispose();
        Init.Dispose();
    }

    private string WorkDirectory => _options.CriuWorkPath.Length > 0 ? _options.CriuWorkPath : $"{Bundle}/work";

    // Not after the id alone: init, shim and config would be files that are there already.
    private string SpecFile(string exec) => $"{Bundle}/exec-{exec}.process.json";

    private string PidFile(string exec) => exec.Length == 0 ? $"{Bundle}/{PidFileName}" : $"{Bundle}/exec-{exec}.pid";

    private static void TryWrite(string path, ReadOnlySpan<byte> bytes)
    {
        try
        {
            KernelPath.WriteAtomically(path, bytes, 0x180);
        }
        catch (LinuxException)
        {
            // The disk is full: the fault is told all the same.
        }
    }

    /// <summary>On the way out of a failure: a mount that stays is the lesser evil.</summary>
    private void TryDetachRootfs()
    {
        if (_options.LeavesRootfs) return;
        try
        {
            HostMount.DetachAll(_rootfs);
        }
        catch (LinuxException)
        {
            // Whoever removes the bundle will hear of it.
        }
    }

    private CreateWords Words() => new()
    {
        Id = Id,
        Bundle = Bundle,
        PidFile = PidFile(""),
        ConsoleSocket = Init.ConsolePath,
        NoPivot = _options.NoPivot,
        NoNewKeyring = _options.NoNewKeyring,
        Trace = _options.Trace,
    };

    private void Make(Action<RuntimeStreams> call, Action<BerthException?> done)
    {
        void Failed(BerthException? fault)
        {
            _isMaking = false;
            TryDetachRootfs();
            done(fault);
        }
        try
        {
            _isMaking = true;
            Prepared(Init, call, Failed);
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            Failed(FaultOf(e));
        }
    }

    /// <summary>Makes a process's streams, and calls the runtime once those are ready who are at their other ends.</summary>
    private void Prepared(KeptProcess process, Action<RuntimeStreams> call, Action<BerthException?> failed)
    {
        ProcessEnds ends = process.Prepare(Id, _space, _options.PipeOwner);
        long? deadline = _runtime.Deadline;
        process.WhenReady(fault =>
        {
            using ProcessEnds held = ends;
            if (fault is not null)
            {
                failed(fault);
                return;
            }
            try
            {
                KernelPath.Remove(PidFile(process.Id));
            }
            catch (LinuxException e)
            {
                failed(FaultOf(e));
                return;
            }
            BeginCall();
            _runtime.Before(deadline, () => call(ends.Streams));
        });
    }

    private void Made(RuntimeResult result, string what, Action<BerthException?> done)
    {
        _exists = result.Succeeded;
        BerthException? fault = Check(result, what) ?? Adopt(Init, PidFile(""));
        EndCall();
        _isMaking = false;
        if (fault is null)
        {
            WatchMemory();
            done(null);
            return;
        }
        void Failed()
        {
            TryDetachRootfs();
            done(fault);
        }
        // Made by the runtime, and of no use to us: a stream of it leads nowhere. It must not stay behind with nobody to know of it.
        // And a runtime that was killed, by us or by anybody, has not taken away what it had made by then.
        if (result.Succeeded || result.TimedOut || result.WasKilled) _runtime.Before(OciRuntime.Now + UndoMilliseconds, () => _runtime.Delete(Id, force: true, _ =>
        {
            _exists = false;
            Failed();
        }));
        else Failed();
    }

    private BerthException? Adopt(KeptProcess process, string pidFile)
    {
        try
        {
            string text = KernelFile.ReadText(pidFile).Trim();
            if (!int.TryParse(text, out int pid) || pid <= 0) return new BerthException(Fault.Failed, $"failed to retrieve OCI runtime container pid: {pidFile} has no number in it");
            process.Connect();
            process.Adopt(pid);
            _loop.OnExit(pid, status => Take(process, status));
            return null;
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            return FaultOf(e);
        }
    }

    /// <summary>What a runtime that was killed has begun, and nobody knows of.</summary>
    private static void KillUnadopted(string pidFile)
    {
        if (int.TryParse(KernelFile.TryReadText(pidFile), out int pid) && pid > 0) Self.TrySignal(pid, SIGKILL, out _);
    }

    /// <summary>Statuses of orphans are kept only while one of them may be a process whose number is not known yet.</summary>
    private void BeginCall() => Calls.Begin(_loop);

    private void EndCall() => Calls.End(_loop);

    private static void Started(KeptProcess process) => process.Begin();

    private void Take(KeptProcess process, int status)
    {
        if (process.IsStarting) process.HeldStatus = status;
        else End(process, status);
    }

    private void End(KeptProcess process, int status)
    {
        if (process != Init)
        {
            process.End(status);
            Ended?.Invoke(process);
            ExecEnded();
            return;
        }
        _memory?.LookOnce(SawMemory);
        // Without a pid namespace the kernel leaves the others alive.
        if (_sharesPids) _runtime.Kill(Id, 9, all: true, static _ => { });
        if (_runningExecs > 0) _heldEnd = status;
        else EndInit(status);
    }

    private void EndInit(int status)
    {
        _memory?.Dispose();
        _memory = null;
        Init.End(status);
        Ended?.Invoke(Init);
    }

    private void ExecEnded()
    {
        _runningExecs--;
        if (_runningExecs > 0 || _heldEnd is not { } status) return;
        _heldEnd = null;
        EndInit(status);
    }

    private void WatchMemory()
    {
        // Before any code of the container runs, which might move its processes.
        _cgroups = CgroupTree.TryOpenOf(Init.Pid);
        _memory = MemoryWatch.TryOpenOf(Init.Pid, out _);
        try
        {
            _memory?.LookWith(_loop, SawMemory);
        }
        catch (LinuxException)
        {
            // The kernel looks at no more descriptors for us: the container runs unwatched.
        }
    }

    private void SawMemory(MemoryEvent e)
    {
        if (e == MemoryEvent.OutOfMemory) OutOfMemory?.Invoke();
    }

    private void DeleteContainer(Action<BerthException?> done)
    {
        if (_exists || _options.Checkpoint.Length > 0) _runtime.Delete(Id, force: false, result => Deleted(result, done));
        else Deleted(default, done);
    }

    private void Deleted(RuntimeResult result, Action<BerthException?> done)
    {
        BerthException? fault = null;
        // A checkpoint that ends the container has deleted it already.
        if (result.TimedOut) fault = Check(result, "failed to delete task");
        else if (!result.Succeeded && _runtime.LastError(result) is { } words && !words.Contains("does not exist", StringComparison.Ordinal)) fault = new BerthException(Fault.Failed, $"failed to delete task: {words}");
        try
        {
            if (!_options.LeavesRootfs) HostMount.DetachAll(_rootfs);
        }
        catch (LinuxException e)
        {
            fault ??= new BerthException(Fault.Failed, $"failed rootfs umount: {e.Message}", null, e);
        }
        if (fault is null) _exists = false;
        foreach (KeptProcess exec in _execs.Values) KernelPath.Remove(PidFile(exec.Id));
        Dispose();
        done(fault);
    }

    private BerthException? Check(RuntimeResult result, string what) =>
        result.Succeeded ? null
        : result.TimedOut ? new BerthException(Fault.TimedOut, $"{what}: {_runtime.Binary} did not end in the time that the caller gives it, and was killed")
        : new BerthException(Fault.Failed, $"{what}: {_runtime.LastError(result)}");

    private static BerthException KillFault(string words) =>
        words.Contains("container not running", StringComparison.Ordinal) || words.Contains("process already finished", StringComparison.Ordinal) || words.Contains("no such process", StringComparison.OrdinalIgnoreCase)
            ? new BerthException(Fault.NotFound, "process already finished: not found")
            : words.Contains("does not exist", StringComparison.Ordinal)
                ? new BerthException(Fault.NotFound, "no such container: not found")
                : new BerthException(Fault.Failed, $"unknown error after kill: {words}");

    private static BerthException FaultOf(Exception e) => e as BerthException ?? new BerthException(Fault.Failed, e.Message, null, e);

    /// <summary>The word of a status, as it stands in messages.</summary>
    public static string StatusWord(ProcessStatus status) => status switch
    {
        ProcessStatus.Created => "created",
        ProcessStatus.Running => "running",
        ProcessStatus.Paused => "paused",
        _ => "stopped",
    };

    private static bool HasPidNamespace(string bundle)
    {
        try
        {
            foreach (NamespaceSpec n in SpecReader.Read(KernelFile.Read($"{bundle}/config.json")).Linux?.Namespaces ?? [])
            {
                if (n.Type == "pid") return string.IsNullOrEmpty(n.Path);
            }
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            // The runtime will say so better.
        }
        return false;
    }

    /// <summary>The process as it came, with the terminal as the request has it.</summary>
    private static byte[] WithTerminal(ReadOnlySpan<byte> spec, bool terminal)
    {
        // Another member of that name would be read as the last one: the one written here stands at the end.
        ReadOnlySpan<byte> trimmed = spec.TrimEnd(" \t\r\n"u8);
        if (trimmed.IsEmpty || trimmed[^1] != (byte)'}') throw new BerthException(Fault.InvalidArgument, "the process to execute is no JSON object");
        ReadOnlySpan<byte> body = trimmed[..^1].TrimEnd(" \t\r\n"u8);
        string comma = body.Length > 0 && body[^1] == (byte)'{' ? "" : ",";
        return [.. body, .. Encoding.ASCII.GetBytes($"{comma}\"terminal\":{(terminal ? "true" : "false")}}}")];
    }

    private static bool TryReadPids(ReadOnlySpan<byte> text, List<int> pids)
    {
        try
        {
            Utf8JsonReader json = new(text);
            while (json.Read())
            {
                if (json.TokenType == JsonTokenType.Number) pids.Add(json.GetInt32());
            }
            return true;
        }
        catch (Exception e) when (e is JsonException or FormatException)
        {
            return false;
        }
    }
}
