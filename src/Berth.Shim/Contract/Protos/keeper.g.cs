// Messages and services of berth.shim.v1, made by tools/protogen from keeper.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;
#pragma warning disable CS1591 // what members mean is said in the .proto file

namespace Berth.Shim.Contract.Protos;

/// <summary>berth.shim.v1.Done</summary>
public sealed partial class Done : IMessage
{
    public const string FullName = "berth.shim.v1.Done";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}

/// <summary>berth.shim.v1.HelloRequest</summary>
public sealed partial class HelloRequest : IMessage
{
    public const string FullName = "berth.shim.v1.HelloRequest";
    public uint Version { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Version);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Version = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.HelloResponse</summary>
public sealed partial class HelloResponse : IMessage
{
    public const string FullName = "berth.shim.v1.HelloResponse";
    public uint Version { get; set; }
    public string ShimVersion { get; set; } = "";
    public uint Pid { get; set; }
    public ulong LastEvent { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Version);
        to.String(2, ShimVersion);
        to.Varint(3, Pid);
        to.Varint(4, LastEvent);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Version = (uint)from.Varint(); break;
                case 18: ShimVersion = from.String(); break;
                case 24: Pid = (uint)from.Varint(); break;
                case 32: LastEvent = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.ContainerRequest</summary>
public sealed partial class ContainerRequest : IMessage
{
    public const string FullName = "berth.shim.v1.ContainerRequest";
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

/// <summary>berth.shim.v1.ProcessRequest</summary>
public sealed partial class ProcessRequest : IMessage
{
    public const string FullName = "berth.shim.v1.ProcessRequest";
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

/// <summary>berth.shim.v1.StartResponse</summary>
public sealed partial class StartResponse : IMessage
{
    public const string FullName = "berth.shim.v1.StartResponse";
    public uint Pid { get; set; }
    public ulong BeganNs { get; set; }
    public ulong AnsweredNs { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Pid);
        to.Varint(2, BeganNs);
        to.Varint(3, AnsweredNs);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Pid = (uint)from.Varint(); break;
                case 16: BeganNs = from.Varint(); break;
                case 24: AnsweredNs = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.ExecRequest</summary>
public sealed partial class ExecRequest : IMessage
{
    public const string FullName = "berth.shim.v1.ExecRequest";
    private List<uint>? _descriptors;
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public byte[] Process { get; set; } = [];
    public bool Terminal { get; set; }
    public bool Input { get; set; }
    public uint ReplayBytes { get; set; }
    public bool Hold { get; set; }
    public bool Forget { get; set; }
    public List<uint> Descriptors => _descriptors ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
        to.Bytes(3, Process);
        to.Varint(4, Terminal ? 1UL : 0);
        to.Varint(5, Input ? 1UL : 0);
        to.Varint(6, ReplayBytes);
        to.Varint(7, Hold ? 1UL : 0);
        to.Varint(8, Forget ? 1UL : 0);
        if (_descriptors is { Count: > 0 })
        {
            int start = to.Begin(9);
            foreach (uint item in _descriptors) to.Raw(item);
            to.End(start);
        }
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                case 26: Process = from.Bytes(); break;
                case 32: Terminal = from.Varint() != 0; break;
                case 40: Input = from.Varint() != 0; break;
                case 48: ReplayBytes = (uint)from.Varint(); break;
                case 56: Hold = from.Varint() != 0; break;
                case 64: Forget = from.Varint() != 0; break;
                case 72: Descriptors.Add((uint)from.Varint()); break;
                case 74:
                {
                    int outer = from.Enter();
                    while (from.More) Descriptors.Add((uint)from.Varint());
                    from.Leave(outer);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.ExecSyncRequest</summary>
public sealed partial class ExecSyncRequest : IMessage
{
    public const string FullName = "berth.shim.v1.ExecSyncRequest";
    public string Id { get; set; } = "";
    public byte[] Process { get; set; } = [];
    public ulong TimeoutMs { get; set; }
    public uint MostBytes { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.Bytes(2, Process);
        to.Varint(3, TimeoutMs);
        to.Varint(4, MostBytes);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: Process = from.Bytes(); break;
                case 24: TimeoutMs = from.Varint(); break;
                case 32: MostBytes = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.ExecSyncResponse</summary>
public sealed partial class ExecSyncResponse : IMessage
{
    public const string FullName = "berth.shim.v1.ExecSyncResponse";
    public uint ExitStatus { get; set; }
    public byte[] Output { get; set; } = [];
    public byte[] Error { get; set; } = [];
    public bool TimedOut { get; set; }
    public bool Cut { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, ExitStatus);
        to.Bytes(2, Output);
        to.Bytes(3, Error);
        to.Varint(4, TimedOut ? 1UL : 0);
        to.Varint(5, Cut ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: ExitStatus = (uint)from.Varint(); break;
                case 18: Output = from.Bytes(); break;
                case 26: Error = from.Bytes(); break;
                case 32: TimedOut = from.Varint() != 0; break;
                case 40: Cut = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.KillRequest</summary>
public sealed partial class KillRequest : IMessage
{
    public const string FullName = "berth.shim.v1.KillRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public uint Signal { get; set; }
    public bool All { get; set; }
    public bool ForGood { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
        to.Varint(3, Signal);
        to.Varint(4, All ? 1UL : 0);
        to.Varint(5, ForGood ? 1UL : 0);
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
                case 40: ForGood = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.UpdateRequest</summary>
public sealed partial class UpdateRequest : IMessage
{
    public const string FullName = "berth.shim.v1.UpdateRequest";
    public string Id { get; set; } = "";
    public byte[] Resources { get; set; } = [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.Bytes(2, Resources);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: Resources = from.Bytes(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.ResizeRequest</summary>
public sealed partial class ResizeRequest : IMessage
{
    public const string FullName = "berth.shim.v1.ResizeRequest";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public uint Rows { get; set; }
    public uint Columns { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
        to.Varint(3, Rows);
        to.Varint(4, Columns);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                case 24: Rows = (uint)from.Varint(); break;
                case 32: Columns = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.WaitResponse</summary>
public sealed partial class WaitResponse : IMessage
{
    public const string FullName = "berth.shim.v1.WaitResponse";
    public uint ExitStatus { get; set; }
    public long ExitedAt { get; set; }
    public bool OomKilled { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, ExitStatus);
        to.Varint(2, (ulong)ExitedAt);
        to.Varint(3, OomKilled ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: ExitStatus = (uint)from.Varint(); break;
                case 16: ExitedAt = (long)from.Varint(); break;
                case 24: OomKilled = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.DeleteResponse</summary>
public sealed partial class DeleteResponse : IMessage
{
    public const string FullName = "berth.shim.v1.DeleteResponse";
    public uint ExitStatus { get; set; }
    public long ExitedAt { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, ExitStatus);
        to.Varint(2, (ulong)ExitedAt);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: ExitStatus = (uint)from.Varint(); break;
                case 16: ExitedAt = (long)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.StatsResponse</summary>
public sealed partial class StatsResponse : IMessage
{
    public const string FullName = "berth.shim.v1.StatsResponse";
    public string Type { get; set; } = "";
    public byte[] Metrics { get; set; } = [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Type);
        to.Bytes(2, Metrics);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Type = from.String(); break;
                case 18: Metrics = from.Bytes(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.PolicyRequest</summary>
public sealed partial class PolicyRequest : IMessage
{
    public const string FullName = "berth.shim.v1.PolicyRequest";
    public string Id { get; set; } = "";
    public RestartPolicy? Restart { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.Message(2, Restart);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: from.Message(Restart ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.ShutdownRequest</summary>
public sealed partial class ShutdownRequest : IMessage
{
    public const string FullName = "berth.shim.v1.ShutdownRequest";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}

/// <summary>berth.shim.v1.PinRequest</summary>
public sealed partial class PinRequest : IMessage
{
    public const string FullName = "berth.shim.v1.PinRequest";
    private List<string>? _kinds;
    private List<IdMap>? _uids;
    private List<IdMap>? _gids;
    public string Directory { get; set; } = "";
    public List<string> Kinds => _kinds ??= [];
    public List<IdMap> Uids => _uids ??= [];
    public List<IdMap> Gids => _gids ??= [];
    public string Hostname { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Directory);
        to.Strings(2, _kinds);
        to.Messages(3, _uids);
        to.Messages(4, _gids);
        to.String(5, Hostname);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Directory = from.String(); break;
                case 18: Kinds.Add(from.String()); break;
                case 26:
                {
                    IdMap item = new();
                    from.Message(item);
                    Uids.Add(item);
                    break;
                }
                case 34:
                {
                    IdMap item = new();
                    from.Message(item);
                    Gids.Add(item);
                    break;
                }
                case 42: Hostname = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.IdMap</summary>
public sealed partial class IdMap : IMessage
{
    public const string FullName = "berth.shim.v1.IdMap";
    public uint Inside { get; set; }
    public uint Outside { get; set; }
    public uint Count { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Inside);
        to.Varint(2, Outside);
        to.Varint(3, Count);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Inside = (uint)from.Varint(); break;
                case 16: Outside = (uint)from.Varint(); break;
                case 24: Count = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.PinResponse</summary>
public sealed partial class PinResponse : IMessage
{
    public const string FullName = "berth.shim.v1.PinResponse";
    private List<string>? _paths;
    public List<string> Paths => _paths ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Strings(1, _paths);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Paths.Add(from.String()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.UnpinRequest</summary>
public sealed partial class UnpinRequest : IMessage
{
    public const string FullName = "berth.shim.v1.UnpinRequest";
    public string Directory { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Directory);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Directory = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.Keeper</summary>
public abstract partial class KeeperService : TtrpcService
{
    public const string FullName = "berth.shim.v1.Keeper";

    protected abstract void Hello(HelloRequest request, TtrpcReply<HelloResponse> reply);
    protected abstract void Create(CreateRequest request, TtrpcReply<CreateResponse> reply);
    protected abstract void Start(ProcessRequest request, TtrpcReply<StartResponse> reply);
    protected abstract void Exec(ExecRequest request, TtrpcReply<StartResponse> reply);
    protected abstract void ExecSync(ExecSyncRequest request, TtrpcReply<ExecSyncResponse> reply);
    protected abstract void Kill(KillRequest request, TtrpcReply<Done> reply);
    protected abstract void Pause(ContainerRequest request, TtrpcReply<Done> reply);
    protected abstract void Resume(ContainerRequest request, TtrpcReply<Done> reply);
    protected abstract void Update(UpdateRequest request, TtrpcReply<Done> reply);
    protected abstract void Resize(ResizeRequest request, TtrpcReply<Done> reply);
    protected abstract void CloseInput(ProcessRequest request, TtrpcReply<Done> reply);
    protected abstract void State(StateRequest request, TtrpcReply<StateResponse> reply);
    protected abstract void Wait(ProcessRequest request, TtrpcReply<WaitResponse> reply);
    protected abstract void Delete(ProcessRequest request, TtrpcReply<DeleteResponse> reply);
    protected abstract void Attach(TtrpcCall call);
    protected abstract void FollowLog(ContainerRequest request, TtrpcCall call);
    protected abstract void Events(EventsRequest request, TtrpcCall call);
    protected abstract void Stats(ContainerRequest request, TtrpcReply<StatsResponse> reply);
    protected abstract void SetPolicy(PolicyRequest request, TtrpcReply<Done> reply);
    protected abstract void ReopenLogs(ContainerRequest request, TtrpcReply<Done> reply);
    protected abstract void PinNamespaces(PinRequest request, TtrpcReply<PinResponse> reply);
    protected abstract void UnpinNamespaces(UnpinRequest request, TtrpcReply<Done> reply);
    protected abstract void Shutdown(ShutdownRequest request, TtrpcReply<Done> reply);

    protected sealed override bool Dispatch(TtrpcCall call)
    {
        switch (call.Method)
        {
            case "Hello": Hello(call.Read(new HelloRequest()), new(call)); return true;
            case "Create": Create(call.Read(new CreateRequest()), new(call)); return true;
            case "Start": Start(call.Read(new ProcessRequest()), new(call)); return true;
            case "Exec": Exec(call.Read(new ExecRequest()), new(call)); return true;
            case "ExecSync": ExecSync(call.Read(new ExecSyncRequest()), new(call)); return true;
            case "Kill": Kill(call.Read(new KillRequest()), new(call)); return true;
            case "Pause": Pause(call.Read(new ContainerRequest()), new(call)); return true;
            case "Resume": Resume(call.Read(new ContainerRequest()), new(call)); return true;
            case "Update": Update(call.Read(new UpdateRequest()), new(call)); return true;
            case "Resize": Resize(call.Read(new ResizeRequest()), new(call)); return true;
            case "CloseInput": CloseInput(call.Read(new ProcessRequest()), new(call)); return true;
            case "State": State(call.Read(new StateRequest()), new(call)); return true;
            case "Wait": Wait(call.Read(new ProcessRequest()), new(call)); return true;
            case "Delete": Delete(call.Read(new ProcessRequest()), new(call)); return true;
            case "Attach": if (BringsStream(call)) Attach(call); return true;
            case "FollowLog": if (ExpectsStream(call)) FollowLog(call.Read(new ContainerRequest()), call); return true;
            case "Events": if (ExpectsStream(call)) Events(call.Read(new EventsRequest()), call); return true;
            case "Stats": Stats(call.Read(new ContainerRequest()), new(call)); return true;
            case "SetPolicy": SetPolicy(call.Read(new PolicyRequest()), new(call)); return true;
            case "ReopenLogs": ReopenLogs(call.Read(new ContainerRequest()), new(call)); return true;
            case "PinNamespaces": PinNamespaces(call.Read(new PinRequest()), new(call)); return true;
            case "UnpinNamespaces": UnpinNamespaces(call.Read(new UnpinRequest()), new(call)); return true;
            case "Shutdown": Shutdown(call.Read(new ShutdownRequest()), new(call)); return true;
            default: return false;
        }
    }

    /// <summary>For clients.</summary>
    public static class Methods
    {
        public static TtrpcMethod Hello => new(KeeperService.FullName, "Hello");
        public static TtrpcMethod Create => new(KeeperService.FullName, "Create");
        public static TtrpcMethod Start => new(KeeperService.FullName, "Start");
        public static TtrpcMethod Exec => new(KeeperService.FullName, "Exec");
        public static TtrpcMethod ExecSync => new(KeeperService.FullName, "ExecSync");
        public static TtrpcMethod Kill => new(KeeperService.FullName, "Kill");
        public static TtrpcMethod Pause => new(KeeperService.FullName, "Pause");
        public static TtrpcMethod Resume => new(KeeperService.FullName, "Resume");
        public static TtrpcMethod Update => new(KeeperService.FullName, "Update");
        public static TtrpcMethod Resize => new(KeeperService.FullName, "Resize");
        public static TtrpcMethod CloseInput => new(KeeperService.FullName, "CloseInput");
        public static TtrpcMethod State => new(KeeperService.FullName, "State");
        public static TtrpcMethod Wait => new(KeeperService.FullName, "Wait");
        public static TtrpcMethod Delete => new(KeeperService.FullName, "Delete");
        public static TtrpcMethod Attach => new(KeeperService.FullName, "Attach");
        public static TtrpcMethod FollowLog => new(KeeperService.FullName, "FollowLog");
        public static TtrpcMethod Events => new(KeeperService.FullName, "Events");
        public static TtrpcMethod Stats => new(KeeperService.FullName, "Stats");
        public static TtrpcMethod SetPolicy => new(KeeperService.FullName, "SetPolicy");
        public static TtrpcMethod ReopenLogs => new(KeeperService.FullName, "ReopenLogs");
        public static TtrpcMethod PinNamespaces => new(KeeperService.FullName, "PinNamespaces");
        public static TtrpcMethod UnpinNamespaces => new(KeeperService.FullName, "UnpinNamespaces");
        public static TtrpcMethod Shutdown => new(KeeperService.FullName, "Shutdown");
    }
}
