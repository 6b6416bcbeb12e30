// The engine's contract, call by call (docs/protocols/keeper.md).
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Contract.Protos;
using Berth.Shim.Keeping;
using Berth.Shim.Serving;
using Berth.Shim.ShimV2;
using Berth.Shim.Streams;

namespace Berth.Shim.Server;

/// <summary>The containers of one shim, as our engine sees them.</summary>
/// <param name="loop">The loop.</param>
/// <param name="oomScore">What containers begin with, where the shim's own oom_score_adj was changed.</param>
internal sealed partial class KeeperApi(EventLoop loop, string? oomScore) : KeeperService
{
    /// <summary>Version of the contract.</summary>
    public const uint Version = 1;

    private readonly Dictionary<string, Ward> _wards = [];
    private readonly EventBook _events = new();
    private ulong _syncs;

    /// <summary>Asked to end.</summary>
    public Action? ShutdownAsked { get; set; }

    /// <summary>Called when a container has ended for good or is gone.</summary>
    public Action? Changed { get; set; }

    /// <summary>Whether a container is alive, or will be.</summary>
    public bool IsNeeded
    {
        get
        {
            foreach (Ward ward in _wards.Values)
            {
                if (ward.IsAlive || ward.HasExitCommandAhead) return true;
            }
            return false;
        }
    }

    /// <summary>Whether a full disk has not taken all of a log.</summary>
    public bool IsOwed
    {
        get
        {
            foreach (Ward ward in _wards.Values)
            {
                if (ward.IsOwed) return true;
            }
            return false;
        }
    }

    /// <summary>No client is left: what waits for one is done now.</summary>
    public void BeAlone()
    {
        foreach (Ward ward in (Ward[])[.. _wards.Values]) ward.HurryExitCommand();
    }

    protected override void Hello(HelloRequest request, TtrpcReply<HelloResponse> reply)
    {
        if (request.Version == 0) throw new BerthException(Fault.InvalidArgument, "there is no version 0 of the contract");
        reply.Send(new HelloResponse
        {
            Version = Math.Min(request.Version, Version),
            ShimVersion = ShimCommand.Version,
            Pid = (uint)Self.ProcessId,
            LastEvent = _events.Last,
        });
    }

    protected override void Create(CreateRequest request, TtrpcReply<CreateResponse> reply)
    {
        if (request.Id.Length == 0 || request.Bundle.Length == 0) throw new BerthException(Fault.InvalidArgument, "a container needs an id and a bundle");
        if (request.Runtime is not { Root.Length: > 0 }) throw new BerthException(Fault.InvalidArgument, "a runtime needs its state directory");
        if (_wards.ContainsKey(request.Id)) throw new BerthException(Fault.Conflict, $"container {request.Id} is kept already");
        ulong began = (ulong)Self.Monotonic;
        Ward ward = new(loop, _events, request, oomScore) { EndedForGood = () => Changed?.Invoke() };
        _wards[request.Id] = ward;
        if (request.EndsWithClient) EndWith(TtrpcPort.Serving!, ward);
        ward.Create(fault =>
        {
            if (fault is not null)
            {
                _wards.Remove(request.Id);
                ward.Dispose();
                Fail(reply.Call, fault);
                Changed?.Invoke();
                return;
            }
            reply.Send(new CreateResponse { Pid = (uint)ward.Container.Init.Pid, BeganNs = began, AnsweredNs = (ulong)Self.Monotonic });
        });
    }

    protected override void Start(ProcessRequest request, TtrpcReply<StartResponse> reply)
    {
        Ward ward = Find(request.Id);
        ulong began = (ulong)Self.Monotonic;
        ward.Start(fault =>
        {
            if (fault is not null) Fail(reply.Call, fault);
            else reply.Send(new StartResponse { Pid = (uint)ward.Container.Init.Pid, BeganNs = began, AnsweredNs = (ulong)Self.Monotonic });
        });
    }

    protected override void Exec(ExecRequest request, TtrpcReply<StartResponse> reply) => Find(request.Id).Exec(request, (fault, process) =>
    {
        if (fault is not null) Fail(reply.Call, fault);
        else reply.Send(new StartResponse { Pid = (uint)process!.Pid });
    });

    protected override void ExecSync(ExecSyncRequest request, TtrpcReply<ExecSyncResponse> reply)
    {
        // Both streams together stay below what a frame takes.
        const int most = 3 << 19;
        CollectedOutput words = new(request.MostBytes is 0 or > most ? most : (int)request.MostBytes, joined: false);
        long timeout = (long)Math.Min(request.TimeoutMs, int.MaxValue);
        Find(request.Id).RunBounded($"{Ward.OwnIds}sync-{++_syncs}", request.Process, words, timeout, (fault, exitStatus, late) =>
        {
            if (fault is not null) Fail(reply.Call, fault);
            else reply.Send(new ExecSyncResponse { ExitStatus = (uint)exitStatus, Output = words.Output, Error = words.Error, TimedOut = late, Cut = words.IsCut });
        });
    }

    protected override void Kill(KillRequest request, TtrpcReply<Done> reply) => Find(request.Id).Kill(request, Answer(reply));

    protected override void Pause(ContainerRequest request, TtrpcReply<Done> reply) => Find(request.Id).Freeze(freeze: true, Answer(reply));

    protected override void Resume(ContainerRequest request, TtrpcReply<Done> reply) => Find(request.Id).Freeze(freeze: false, Answer(reply));

    protected override void Update(UpdateRequest request, TtrpcReply<Done> reply) => Find(request.Id).Container.Update(request.Resources, Answer(reply));

    protected override void Resize(ResizeRequest request, TtrpcReply<Done> reply)
    {
        Find(request.Id).Container.Process(request.ExecId).Resize((ushort)request.Rows, (ushort)request.Columns);
        reply.Send(new Done());
    }

    protected override void CloseInput(ProcessRequest request, TtrpcReply<Done> reply)
    {
        Find(request.Id).Container.Process(request.ExecId).CloseInput();
        reply.Send(new Done());
    }

    protected override void State(StateRequest request, TtrpcReply<StateResponse> reply)
    {
        StateResponse response = new();
        if (request.Id.Length > 0) response.Containers.Add(StateOf(Find(request.Id)));
        else foreach (Ward ward in _wards.Values) response.Containers.Add(StateOf(ward));
        reply.Send(response);
    }

    protected override void Wait(ProcessRequest request, TtrpcReply<WaitResponse> reply)
    {
        Ward ward = Find(request.Id);
        KeptProcess process = ward.Container.Process(request.ExecId);
        process.OnEnd(() => reply.Send(new WaitResponse { ExitStatus = (uint)process.ExitStatus, ExitedAt = process.ExitedAt, OomKilled = ward.OomKilled }), () => reply.Call.IsOpen);
    }

    protected override void Delete(ProcessRequest request, TtrpcReply<DeleteResponse> reply)
    {
        Ward ward = Find(request.Id);
        KeptProcess process = ward.Container.Process(request.ExecId);
        ward.Delete(request.ExecId, fault =>
        {
            if (fault is not null)
            {
                Fail(reply.Call, fault);
                return;
            }
            reply.Send(new DeleteResponse { ExitStatus = (uint)process.ExitStatus, ExitedAt = process.ExitedAt });
            if (request.ExecId.Length > 0) return;
            // Two that asked for the same are both answered; the name may be another's by then.
            if (_wards.TryGetValue(request.Id, out Ward? named) && named == ward) _wards.Remove(request.Id);
            ward.Dispose();
            Changed?.Invoke();
        });
    }

    protected override void Attach(TtrpcCall call) => call.Stream = new Attachment(this, TtrpcPort.Serving!);

    protected override void FollowLog(ContainerRequest request, TtrpcCall call) => Find(request.Id).Follow(call, TtrpcPort.Serving!);

    protected override void Events(EventsRequest request, TtrpcCall call) => _events.Listen(call, TtrpcPort.Serving!, request.After);

    protected override void Stats(ContainerRequest request, TtrpcReply<StatsResponse> reply)
    {
        ShimV2.Protos.Google.Protobuf.Any metrics = MetricsMessage.Of(Find(request.Id).Container.Cgroups());
        reply.Send(new StatsResponse { Type = metrics.TypeUrl, Metrics = metrics.Value });
    }

    protected override void SetPolicy(PolicyRequest request, TtrpcReply<Done> reply)
    {
        Find(request.Id).SetPolicy(request.Restart ?? new RestartPolicy());
        reply.Send(new Done());
    }

    protected override void ReopenLogs(ContainerRequest request, TtrpcReply<Done> reply)
    {
        Find(request.Id).ReopenLogs();
        reply.Send(new Done());
    }

    protected override void PinNamespaces(PinRequest request, TtrpcReply<PinResponse> reply)
    {
        PinResponse response = new();
        response.Paths.AddRange(NamespacePins.Pin(request));
        reply.Send(response);
    }

    protected override void UnpinNamespaces(UnpinRequest request, TtrpcReply<Done> reply)
    {
        NamespacePins.Unpin(request.Directory);
        reply.Send(new Done());
    }

    protected override void Shutdown(ShutdownRequest request, TtrpcReply<Done> reply)
    {
        if (IsNeeded) throw new BerthException(Fault.WrongState, "containers are still kept here", "delete them first");
        reply.Send(new Done());
        ShutdownAsked?.Invoke();
    }

    private static void EndWith(TtrpcPort port, Ward ward)
    {
        Action<TtrpcPort>? before = port.Closed;
        port.Closed = closed =>
        {
            ward.EndForGood();
            before?.Invoke(closed);
        };
    }

    private Ward Find(string id)
    {
        if (!_wards.TryGetValue(id, out Ward? ward)) throw new BerthException(Fault.NotFound, $"no container {id} is kept here");
        return ward.IsMade ? ward : throw new BerthException(Fault.WrongState, $"container {id} is still being made");
    }

    private static Container StateOf(Ward ward)
    {
        KeptProcess first = ward.Container.Init;
        Container state = new() { Id = ward.Id, Bundle = ward.Bundle, First = StateOf(first), Restarts = ward.Restarts };
        state.First.OomKilled = ward.OomKilled;
        if (ward.IsRestarting) state.First.Status = Status.Restarting;
        foreach (KeptProcess exec in ward.Container.Execs)
        {
            if (!Ward.IsOwn(exec)) state.Execs.Add(StateOf(exec));
        }
        if (ward.Health is not { } health) return state;
        state.Health = new Health { Status = health.Status, FailingStreak = health.FailingStreak };
        state.Health.Log.AddRange(health.Log);
        return state;
    }

    private static Process StateOf(KeptProcess process) => new()
    {
        ExecId = process.Id,
        Pid = (uint)process.Pid,
        Status = process.Status switch
        {
            ProcessStatus.Created => Status.Created,
            ProcessStatus.Running => Status.Running,
            ProcessStatus.Paused => Status.Paused,
            _ => Status.Stopped,
        },
        ExitStatus = (uint)process.ExitStatus,
        StartedAt = process.StartedAt,
        ExitedAt = process.ExitedAt,
    };

    private static Action<BerthException?> Answer(TtrpcReply<Done> reply) => fault =>
    {
        if (fault is null) reply.Send(new Done());
        else Fail(reply.Call, fault);
    };

    private static void Fail(TtrpcCall call, BerthException fault) => call.Fail(FaultCodes.Of(fault.Kind), fault.Sentence);

    /// <summary>One client of Attach: its first message says to what, the others are input.</summary>
    private sealed class Attachment(KeeperApi api, TtrpcPort port) : ITtrpcStream
    {
        private Ward? _ward;
        private KeptProcess? _process;
        private CallSink? _sink;

        public void Receive(TtrpcCall call, ReadOnlySpan<byte> message)
        {
            try
            {
                AttachInput input = ProtobufReader.Read(message, new AttachInput());
                if (_process is null) Begin(call, input);
                if (input.Input.Length == 0) return;
                _process!.Input.Write(input.Input);
                if (_process.Input.IsFull && !port.IsHeld) Hold(_process.Input);
            }
            catch (BerthException e)
            {
                Fail(call, e);
            }
            catch (ProtobufException e)
            {
                call.Fail(Rpc.StatusCode.InvalidArgument, e.Message);
            }
        }

        public void End(TtrpcCall call)
        {
            // One that has only ended its input goes on listening.
            if (!call.IsOpen && _sink is not null && _ward is not null && _process is not null) _ward.Detach(_process.Id, _sink);
            if (_process is not null && _ward is not null && _ward.ClosesInput(_process)) _process.CloseInput();
        }

        /// <summary>Nothing is read from this client until the program has read; there may be others who wait too.</summary>
        private void Hold(InputPipe input)
        {
            port.IsHeld = true;
            Action? before = input.Drained;
            input.Drained = () =>
            {
                input.Drained = before;
                port.IsHeld = false;
                before?.Invoke();
            };
        }

        private void Begin(TtrpcCall call, AttachInput first)
        {
            _ward = api.Find(first.Id);
            _process = _ward.Container.Process(first.ExecId);
            if (!first.NoOutput) _sink = _ward.Attach(first.ExecId, call, port, !first.NoReplay);
        }
    }
}
