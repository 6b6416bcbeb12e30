// containerd's task service: each call in a few lines, and the events that go with it.
using Berth.Linux.Polling;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;
using Berth.Shim.Keeping;
using Berth.Shim.Serving;
using Berth.Shim.ShimV2.Protos;
using Berth.Shim.ShimV2.Protos.Google.Protobuf;

namespace Berth.Shim.ShimV2;

/// <summary>The containers of one shim, as containerd sees them (task API 2 and 3, which differ in name only).</summary>
internal sealed class TaskApi(EventLoop loop, string space, Publisher publisher) : TaskService
{
    private readonly Dictionary<string, KeptContainer> _containers = [];
    private int _making;
    private bool _shutdownHeld;

    /// <summary>Told the bundle of each container before it is made.</summary>
    public Action<string>? Equip { get; set; }

    /// <summary>Asked to end, and free to.</summary>
    public Action? ShutdownAsked { get; set; }

    /// <summary>Whether containers are kept.</summary>
    public bool IsEmpty => _containers.Count == 0;

    protected override void Create(CreateTaskRequest request, TtrpcReply<CreateTaskResponse> reply)
    {
        if (_containers.ContainsKey(request.Id)) throw new BerthException(Fault.Conflict, $"container {request.Id}: already exists");
        Stdio stdio = new(request.Stdin, request.Stdout, request.Stderr, request.Terminal);
        ContainerOptions options = OptionsMessage.Read(request, out Options message);
        KeptContainer container = new(loop, request.Id, request.Bundle, space, stdio, options);
        OptionsMessage.Store(request.Bundle, message);
        Equip?.Invoke(request.Bundle);
        // Taken at once: a second request for the same id must not come in between.
        _containers[request.Id] = container;
        container.Ended = process => Exited(container, process);
        container.OutOfMemory = () => publisher.Publish(Topics.Oom, TaskOOM.FullName, new TaskOOM { ContainerId = container.Id });
        List<RootfsMount> mounts = [];
        foreach (Mount m in request.Rootfs) mounts.Add(new RootfsMount(m.Type, m.Source, m.Target, m.Options));
        _making++;
        Before(reply.Call, container, () => container.Create(mounts, fault =>
        {
            _making--;
            if (fault is not null)
            {
                _containers.Remove(request.Id);
                container.Dispose();
                Fail(reply.Call, fault);
                // Asked while what was half made was taken away: nobody asks again.
                if (_shutdownHeld && IsEmpty) ShutdownAsked?.Invoke();
                return;
            }
            _shutdownHeld = false;
            TaskCreate created = new()
            {
                ContainerId = request.Id,
                Bundle = request.Bundle,
                Io = new TaskIO { Stdin = request.Stdin, Stdout = request.Stdout, Stderr = request.Stderr, Terminal = request.Terminal },
                Checkpoint = request.Checkpoint,
                Pid = (uint)container.Init.Pid,
            };
            created.Rootfs.AddRange(request.Rootfs);
            publisher.Publish(Topics.Create, TaskCreate.FullName, created);
            reply.Send(new CreateTaskResponse { Pid = (uint)container.Init.Pid });
        }));
    }

    protected override void Start(StartRequest request, TtrpcReply<StartResponse> reply)
    {
        KeptContainer container = Find(request.Id);
        KeptProcess process = container.Process(request.ExecId);
        void Done(BerthException? fault)
        {
            if (fault is not null)
            {
                Fail(reply.Call, fault);
            }
            else
            {
                if (process == container.Init) publisher.Publish(Topics.Start, TaskStart.FullName, new TaskStart { ContainerId = container.Id, Pid = (uint)process.Pid });
                else publisher.Publish(Topics.ExecStarted, TaskExecStarted.FullName, new TaskExecStarted { ContainerId = container.Id, ExecId = process.Id, Pid = (uint)process.Pid });
                reply.Send(new StartResponse { Pid = (uint)process.Pid });
            }
            container.Release(process);
        }
        Before(reply.Call, container, () =>
        {
            if (process == container.Init) container.Start(Done);
            else container.StartExec(process, Done);
        });
    }

    protected override void Delete(DeleteRequest request, TtrpcReply<DeleteResponse> reply)
    {
        KeptContainer container = Find(request.Id);
        KeptProcess process = container.Process(request.ExecId);
        Before(reply.Call, container, () => container.Delete(process, fault =>
        {
            if (fault is not null)
            {
                Fail(reply.Call, fault);
                return;
            }
            if (process == container.Init)
            {
                _containers.Remove(request.Id);
                publisher.Publish(Topics.Delete, TaskDelete.FullName, new TaskDelete
                {
                    ContainerId = container.Id,
                    Pid = (uint)process.Pid,
                    ExitStatus = (uint)process.ExitStatus,
                    ExitedAt = TimeStamps.Of(process.ExitedAt),
                });
            }
            reply.Send(new DeleteResponse { Pid = (uint)process.Pid, ExitStatus = (uint)process.ExitStatus, ExitedAt = TimeStamps.Of(process.ExitedAt) });
        }));
    }

    protected override void Exec(ExecProcessRequest request, TtrpcReply<Empty> reply)
    {
        KeptContainer container = Find(request.Id);
        container.AddExec(request.ExecId, new Stdio(request.Stdin, request.Stdout, request.Stderr, request.Terminal), request.Spec?.Value ?? []);
        publisher.Publish(Topics.ExecAdded, TaskExecAdded.FullName, new TaskExecAdded { ContainerId = container.Id, ExecId = request.ExecId });
        reply.Send(new Empty());
    }

    protected override void State(StateRequest request, TtrpcReply<StateResponse> reply)
    {
        KeptContainer container = Find(request.Id);
        KeptProcess process = container.Process(request.ExecId);
        // Of a frozen container every process is frozen.
        ProcessStatus status = container.Init.Status == ProcessStatus.Paused && process.Status != ProcessStatus.Stopped ? ProcessStatus.Paused : process.Status;
        reply.Send(new StateResponse
        {
            Id = process == container.Init ? container.Id : process.Id,
            ExecId = process.Id,
            Bundle = container.Bundle,
            Pid = (uint)process.Pid,
            Status = status switch
            {
                ProcessStatus.Created => Status.Created,
                ProcessStatus.Running => Status.Running,
                ProcessStatus.Paused => Status.Paused,
                _ => Status.Stopped,
            },
            Stdin = process.Stdio.Input,
            Stdout = process.Stdio.Output,
            Stderr = process.Stdio.Error,
            Terminal = process.Stdio.Terminal,
            ExitStatus = (uint)process.ExitStatus,
            ExitedAt = TimeStamps.Of(process.ExitedAt),
        });
    }

    protected override void Wait(WaitRequest request, TtrpcReply<WaitResponse> reply)
    {
        KeptProcess process = Find(request.Id).Process(request.ExecId);
        process.OnEnd(() => reply.Send(new WaitResponse { ExitStatus = (uint)process.ExitStatus, ExitedAt = TimeStamps.Of(process.ExitedAt) }), () => reply.Call.IsOpen);
    }

    protected override void Kill(KillRequest request, TtrpcReply<Empty> reply)
    {
        KeptContainer container = Find(request.Id);
        KeptProcess process = container.Process(request.ExecId);
        Before(reply.Call, container, () => container.Kill(process, (int)request.Signal, request.All, Answer(reply)));
    }

    protected override void Pause(PauseRequest request, TtrpcReply<Empty> reply)
    {
        KeptContainer container = Find(request.Id);
        Before(reply.Call, container, () => container.Pause(Answer(reply, () =>
            publisher.Publish(Topics.Paused, TaskPaused.FullName, new TaskPaused { ContainerId = container.Id }))));
    }

    protected override void Resume(ResumeRequest request, TtrpcReply<Empty> reply)
    {
        KeptContainer container = Find(request.Id);
        Before(reply.Call, container, () => container.Resume(Answer(reply, () =>
            publisher.Publish(Topics.Resumed, TaskResumed.FullName, new TaskResumed { ContainerId = container.Id }))));
    }

    protected override void Checkpoint(CheckpointTaskRequest request, TtrpcReply<Empty> reply)
    {
        KeptContainer container = Find(request.Id);
        CheckpointOptions options = request.Options is { } any ? ProtobufReader.Read(any.Value, new CheckpointOptions()) : new CheckpointOptions();
        Before(reply.Call, container, () => container.Checkpoint(OptionsMessage.Words(options, request.Path), options.WorkPath, Answer(reply, () =>
            publisher.Publish(Topics.Checkpointed, TaskCheckpointed.FullName, new TaskCheckpointed { ContainerId = container.Id, Checkpoint = request.Path }))));
    }

    protected override void Update(UpdateTaskRequest request, TtrpcReply<Empty> reply)
    {
        KeptContainer container = Find(request.Id);
        Before(reply.Call, container, () => container.Update(request.Resources?.Value ?? [], Answer(reply)));
    }

    protected override void ResizePty(ResizePtyRequest request, TtrpcReply<Empty> reply)
    {
        Find(request.Id).Process(request.ExecId).Resize((ushort)request.Height, (ushort)request.Width);
        reply.Send(new Empty());
    }

    protected override void CloseIO(CloseIORequest request, TtrpcReply<Empty> reply)
    {
        if (request.Stdin) Find(request.Id).Process(request.ExecId).CloseInput();
        reply.Send(new Empty());
    }

    protected override void Pids(PidsRequest request, TtrpcReply<PidsResponse> reply)
    {
        KeptContainer container = Find(request.Id);
        Before(reply.Call, container, () => container.Pids((fault, pids) =>
        {
            if (fault is not null)
            {
                Fail(reply.Call, fault);
                return;
            }
            PidsResponse response = new();
            foreach (int pid in pids) response.Processes.Add(new ProcessInfo { Pid = (uint)pid, Info = DetailsOf(container, pid) });
            reply.Send(response);
        }));
    }

    protected override void Stats(StatsRequest request, TtrpcReply<StatsResponse> reply) =>
        reply.Send(new StatsResponse { Stats = MetricsMessage.Of(Find(request.Id).Cgroups()) });

    protected override void Connect(ConnectRequest request, TtrpcReply<ConnectResponse> reply) => reply.Send(new ConnectResponse
    {
        ShimPid = (uint)Self.ProcessId,
        TaskPid = _containers.TryGetValue(request.Id, out KeptContainer? container) ? (uint)container.Init.Pid : 0,
        Version = ShimCommand.Version,
    });

    protected override void Shutdown(ShutdownRequest request, TtrpcReply<Empty> reply)
    {
        reply.Send(new Empty());
        // Others of the pod may still be here.
        if (IsEmpty) ShutdownAsked?.Invoke();
        else _shutdownHeld = _containers.Count == _making;
    }

    /// <summary>What the caller does not wait for any more is not done half: its runtime is killed, and what it had begun is undone.</summary>
    private static void Before(TtrpcCall call, KeptContainer container, Action verb) =>
        container.Before(call.TimeoutNano > 0 ? OciRuntime.Now + (call.TimeoutNano / 1_000_000) : null, verb);

    private KeptContainer Find(string id) =>
        _containers.TryGetValue(id, out KeptContainer? container) ? container : throw new BerthException(Fault.NotFound, "container not created");

    private void Exited(KeptContainer container, KeptProcess process) => publisher.Publish(Topics.Exit, TaskExit.FullName, new TaskExit
    {
        ContainerId = container.Id,
        Id = process == container.Init ? container.Id : process.Id,
        Pid = (uint)process.Pid,
        ExitStatus = (uint)process.ExitStatus,
        ExitedAt = TimeStamps.Of(process.ExitedAt),
    });

    private static Any? DetailsOf(KeptContainer container, int pid)
    {
        foreach (KeptProcess process in container.Execs)
        {
            if (process.Pid == pid) return new Any { TypeUrl = ProcessDetails.FullName, Value = ProtobufWriter.ToBytes(new ProcessDetails { ExecId = process.Id }) };
        }
        return null;
    }

    private static Action<BerthException?> Answer(TtrpcReply<Empty> reply, Action? done = null) => fault =>
    {
        if (fault is not null)
        {
            Fail(reply.Call, fault);
            return;
        }
        done?.Invoke();
        reply.Send(new Empty());
    };

    private static void Fail(TtrpcCall call, BerthException fault) => call.Fail(FaultCodes.Of(fault.Kind), fault.Sentence);
}
