// Messages and services of containerd.task.v3, made by tools/protogen from task.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.task.v3.CreateTaskRequest</summary>
internal sealed partial class CreateTaskRequest : IMessage
{
    public const string FullName = "containerd.task.v3.CreateTaskRequest";
    private List<Mount>? _rootfs;
    public string Id { get; set; } = "";
    public string Bundle { get; set; } = "";
    public List<Mount> Rootfs => _rootfs ??= [];
    public bool Terminal { get; set; }
    public string Stdin { get; set; } = "";
    public string Stdout { get; set; } = "";
    public string Stderr { get; set; } = "";
    public string Checkpoint { get; set; } = "";
    public string ParentCheckpoint { get; set; } = "";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Options { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, Bundle);
        to.Messages(3, _rootfs);
        to.Varint(4, Terminal ? 1UL : 0);
        to.String(5, Stdin);
        to.String(6, Stdout);
        to.String(7, Stderr);
        to.String(8, Checkpoint);
        to.String(9, ParentCheckpoint);
        to.Message(10, Options);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: Bundle = from.String(); break;
                case 26:
                {
                    Mount item = new();
                    from.Message(item);
                    Rootfs.Add(item);
                    break;
                }
                case 32: Terminal = from.Varint() != 0; break;
                case 42: Stdin = from.String(); break;
                case 50: Stdout = from.String(); break;
                case 58: Stderr = from.String(); break;
                case 66: Checkpoint = from.String(); break;
                case 74: ParentCheckpoint = from.String(); break;
                case 82: from.Message(Options ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.CreateTaskResponse</summary>
internal sealed partial class CreateTaskResponse : IMessage
{
    public const string FullName = "containerd.task.v3.CreateTaskResponse";
    public uint Pid { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Pid);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Pid = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.DeleteRequest</summary>
internal sealed partial class DeleteRequest : IMessage
{
    public const string FullName = "containerd.task.v3.DeleteRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.DeleteResponse</summary>
internal sealed partial class DeleteResponse : IMessage
{
    public const string FullName = "containerd.task.v3.DeleteResponse";
    public uint Pid { get; set; }
    public uint ExitStatus { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? ExitedAt { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Pid);
        to.Varint(2, ExitStatus);
        to.Message(3, ExitedAt);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Pid = (uint)from.Varint(); break;
                case 16: ExitStatus = (uint)from.Varint(); break;
                case 26: from.Message(ExitedAt ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.ExecProcessRequest</summary>
internal sealed partial class ExecProcessRequest : IMessage
{
    public const string FullName = "containerd.task.v3.ExecProcessRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public bool Terminal { get; set; }
    public string Stdin { get; set; } = "";
    public string Stdout { get; set; } = "";
    public string Stderr { get; set; } = "";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Spec { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
        to.Varint(3, Terminal ? 1UL : 0);
        to.String(4, Stdin);
        to.String(5, Stdout);
        to.String(6, Stderr);
        to.Message(7, Spec);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                case 24: Terminal = from.Varint() != 0; break;
                case 34: Stdin = from.String(); break;
                case 42: Stdout = from.String(); break;
                case 50: Stderr = from.String(); break;
                case 58: from.Message(Spec ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.ExecProcessResponse</summary>
internal sealed partial class ExecProcessResponse : IMessage
{
    public const string FullName = "containerd.task.v3.ExecProcessResponse";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}

/// <summary>containerd.task.v3.ResizePtyRequest</summary>
internal sealed partial class ResizePtyRequest : IMessage
{
    public const string FullName = "containerd.task.v3.ResizePtyRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public uint Width { get; set; }
    public uint Height { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
        to.Varint(3, Width);
        to.Varint(4, Height);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                case 24: Width = (uint)from.Varint(); break;
                case 32: Height = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.StateRequest</summary>
internal sealed partial class StateRequest : IMessage
{
    public const string FullName = "containerd.task.v3.StateRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.StateResponse</summary>
internal sealed partial class StateResponse : IMessage
{
    public const string FullName = "containerd.task.v3.StateResponse";
    public string Id { get; set; } = "";
    public string Bundle { get; set; } = "";
    public uint Pid { get; set; }
    public Status Status { get; set; }
    public string Stdin { get; set; } = "";
    public string Stdout { get; set; } = "";
    public string Stderr { get; set; } = "";
    public bool Terminal { get; set; }
    public uint ExitStatus { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? ExitedAt { get; set; }
    public string ExecId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, Bundle);
        to.Varint(3, Pid);
        to.Varint(4, (ulong)Status);
        to.String(5, Stdin);
        to.String(6, Stdout);
        to.String(7, Stderr);
        to.Varint(8, Terminal ? 1UL : 0);
        to.Varint(9, ExitStatus);
        to.Message(10, ExitedAt);
        to.String(11, ExecId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: Bundle = from.String(); break;
                case 24: Pid = (uint)from.Varint(); break;
                case 32: Status = (Status)(int)from.Varint(); break;
                case 42: Stdin = from.String(); break;
                case 50: Stdout = from.String(); break;
                case 58: Stderr = from.String(); break;
                case 64: Terminal = from.Varint() != 0; break;
                case 72: ExitStatus = (uint)from.Varint(); break;
                case 82: from.Message(ExitedAt ??= new()); break;
                case 90: ExecId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.KillRequest</summary>
internal sealed partial class KillRequest : IMessage
{
    public const string FullName = "containerd.task.v3.KillRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public uint Signal { get; set; }
    public bool All { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
        to.Varint(3, Signal);
        to.Varint(4, All ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                case 24: Signal = (uint)from.Varint(); break;
                case 32: All = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.CloseIORequest</summary>
internal sealed partial class CloseIORequest : IMessage
{
    public const string FullName = "containerd.task.v3.CloseIORequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public bool Stdin { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
        to.Varint(3, Stdin ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                case 24: Stdin = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.PidsRequest</summary>
internal sealed partial class PidsRequest : IMessage
{
    public const string FullName = "containerd.task.v3.PidsRequest";
    public string Id { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.PidsResponse</summary>
internal sealed partial class PidsResponse : IMessage
{
    public const string FullName = "containerd.task.v3.PidsResponse";
    private List<ProcessInfo>? _processes;
    public List<ProcessInfo> Processes => _processes ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Messages(1, _processes);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10:
                {
                    ProcessInfo item = new();
                    from.Message(item);
                    Processes.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.CheckpointTaskRequest</summary>
internal sealed partial class CheckpointTaskRequest : IMessage
{
    public const string FullName = "containerd.task.v3.CheckpointTaskRequest";
    public string Id { get; set; } = "";
    public string Path { get; set; } = "";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Options { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, Path);
        to.Message(3, Options);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: Path = from.String(); break;
                case 26: from.Message(Options ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.UpdateTaskRequest</summary>
internal sealed partial class UpdateTaskRequest : IMessage
{
    public const string FullName = "containerd.task.v3.UpdateTaskRequest";
    private Dictionary<string, string>? _annotations;
    public string Id { get; set; } = "";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Resources { get; set; }
    public Dictionary<string, string> Annotations => _annotations ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.Message(2, Resources);
        if (_annotations is not null)
        {
            foreach ((string key, string value) in _annotations)
            {
                int start = to.Begin(3);
                to.String(1, key);
                to.String(2, value);
                to.End(start);
            }
        }
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: from.Message(Resources ??= new()); break;
                case 26:
                {
                    string key = "";
                    string value = "";
                    int outer = from.Enter();
                    while (from.Next())
                    {
                        if (from.Tag == 10) key = from.String();
                        else if (from.Tag == 18) value = from.String();
                        else from.Skip();
                    }
                    from.Leave(outer);
                    Annotations[key] = value;
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.StartRequest</summary>
internal sealed partial class StartRequest : IMessage
{
    public const string FullName = "containerd.task.v3.StartRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.StartResponse</summary>
internal sealed partial class StartResponse : IMessage
{
    public const string FullName = "containerd.task.v3.StartResponse";
    public uint Pid { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Pid);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Pid = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.WaitRequest</summary>
internal sealed partial class WaitRequest : IMessage
{
    public const string FullName = "containerd.task.v3.WaitRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.WaitResponse</summary>
internal sealed partial class WaitResponse : IMessage
{
    public const string FullName = "containerd.task.v3.WaitResponse";
    public uint ExitStatus { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? ExitedAt { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, ExitStatus);
        to.Message(2, ExitedAt);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: ExitStatus = (uint)from.Varint(); break;
                case 18: from.Message(ExitedAt ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.StatsRequest</summary>
internal sealed partial class StatsRequest : IMessage
{
    public const string FullName = "containerd.task.v3.StatsRequest";
    public string Id { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.StatsResponse</summary>
internal sealed partial class StatsResponse : IMessage
{
    public const string FullName = "containerd.task.v3.StatsResponse";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Stats { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Stats);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Stats ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.ConnectRequest</summary>
internal sealed partial class ConnectRequest : IMessage
{
    public const string FullName = "containerd.task.v3.ConnectRequest";
    public string Id { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.ConnectResponse</summary>
internal sealed partial class ConnectResponse : IMessage
{
    public const string FullName = "containerd.task.v3.ConnectResponse";
    public uint ShimPid { get; set; }
    public uint TaskPid { get; set; }
    public string Version { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, ShimPid);
        to.Varint(2, TaskPid);
        to.String(3, Version);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: ShimPid = (uint)from.Varint(); break;
                case 16: TaskPid = (uint)from.Varint(); break;
                case 26: Version = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.ShutdownRequest</summary>
internal sealed partial class ShutdownRequest : IMessage
{
    public const string FullName = "containerd.task.v3.ShutdownRequest";
    public string Id { get; set; } = "";
    public bool Now { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.Varint(2, Now ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 16: Now = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.PauseRequest</summary>
internal sealed partial class PauseRequest : IMessage
{
    public const string FullName = "containerd.task.v3.PauseRequest";
    public string Id { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.ResumeRequest</summary>
internal sealed partial class ResumeRequest : IMessage
{
    public const string FullName = "containerd.task.v3.ResumeRequest";
    public string Id { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.task.v3.Task</summary>
internal abstract partial class TaskService : TtrpcService
{
    public const string FullName = "containerd.task.v3.Task";

    protected abstract void State(StateRequest request, TtrpcReply<StateResponse> reply);
    protected abstract void Create(CreateTaskRequest request, TtrpcReply<CreateTaskResponse> reply);
    protected abstract void Start(StartRequest request, TtrpcReply<StartResponse> reply);
    protected abstract void Delete(DeleteRequest request, TtrpcReply<DeleteResponse> reply);
    protected abstract void Pids(PidsRequest request, TtrpcReply<PidsResponse> reply);
    protected abstract void Pause(PauseRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);
    protected abstract void Resume(ResumeRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);
    protected abstract void Checkpoint(CheckpointTaskRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);
    protected abstract void Kill(KillRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);
    protected abstract void Exec(ExecProcessRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);
    protected abstract void ResizePty(ResizePtyRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);
    protected abstract void CloseIO(CloseIORequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);
    protected abstract void Update(UpdateTaskRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);
    protected abstract void Wait(WaitRequest request, TtrpcReply<WaitResponse> reply);
    protected abstract void Stats(StatsRequest request, TtrpcReply<StatsResponse> reply);
    protected abstract void Connect(ConnectRequest request, TtrpcReply<ConnectResponse> reply);
    protected abstract void Shutdown(ShutdownRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);

    protected sealed override bool Dispatch(TtrpcCall call)
    {
        switch (call.Method)
        {
            case "State": State(call.Read(new StateRequest()), new(call)); return true;
            case "Create": Create(call.Read(new CreateTaskRequest()), new(call)); return true;
            case "Start": Start(call.Read(new StartRequest()), new(call)); return true;
            case "Delete": Delete(call.Read(new DeleteRequest()), new(call)); return true;
            case "Pids": Pids(call.Read(new PidsRequest()), new(call)); return true;
            case "Pause": Pause(call.Read(new PauseRequest()), new(call)); return true;
            case "Resume": Resume(call.Read(new ResumeRequest()), new(call)); return true;
            case "Checkpoint": Checkpoint(call.Read(new CheckpointTaskRequest()), new(call)); return true;
            case "Kill": Kill(call.Read(new KillRequest()), new(call)); return true;
            case "Exec": Exec(call.Read(new ExecProcessRequest()), new(call)); return true;
            case "ResizePty": ResizePty(call.Read(new ResizePtyRequest()), new(call)); return true;
            case "CloseIO": CloseIO(call.Read(new CloseIORequest()), new(call)); return true;
            case "Update": Update(call.Read(new UpdateTaskRequest()), new(call)); return true;
            case "Wait": Wait(call.Read(new WaitRequest()), new(call)); return true;
            case "Stats": Stats(call.Read(new StatsRequest()), new(call)); return true;
            case "Connect": Connect(call.Read(new ConnectRequest()), new(call)); return true;
            case "Shutdown": Shutdown(call.Read(new ShutdownRequest()), new(call)); return true;
            default: return false;
        }
    }

    /// <summary>For clients.</summary>
    public static class Methods
    {
        public static TtrpcMethod State => new(TaskService.FullName, "State");
        public static TtrpcMethod Create => new(TaskService.FullName, "Create");
        public static TtrpcMethod Start => new(TaskService.FullName, "Start");
        public static TtrpcMethod Delete => new(TaskService.FullName, "Delete");
        public static TtrpcMethod Pids => new(TaskService.FullName, "Pids");
        public static TtrpcMethod Pause => new(TaskService.FullName, "Pause");
        public static TtrpcMethod Resume => new(TaskService.FullName, "Resume");
        public static TtrpcMethod Checkpoint => new(TaskService.FullName, "Checkpoint");
        public static TtrpcMethod Kill => new(TaskService.FullName, "Kill");
        public static TtrpcMethod Exec => new(TaskService.FullName, "Exec");
        public static TtrpcMethod ResizePty => new(TaskService.FullName, "ResizePty");
        public static TtrpcMethod CloseIO => new(TaskService.FullName, "CloseIO");
        public static TtrpcMethod Update => new(TaskService.FullName, "Update");
        public static TtrpcMethod Wait => new(TaskService.FullName, "Wait");
        public static TtrpcMethod Stats => new(TaskService.FullName, "Stats");
        public static TtrpcMethod Connect => new(TaskService.FullName, "Connect");
        public static TtrpcMethod Shutdown => new(TaskService.FullName, "Shutdown");
    }
}
