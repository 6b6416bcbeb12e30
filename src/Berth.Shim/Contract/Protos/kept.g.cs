// Messages of berth.shim.v1, made by tools/protogen from kept.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;
#pragma warning disable CS1591 // what members mean is said in the .proto file

namespace Berth.Shim.Contract.Protos;

/// <summary>berth.shim.v1.Status</summary>
public enum Status
{
    Created = 0,
    Running = 1,
    Paused = 2,
    Stopped = 3,
    Restarting = 4,
}

/// <summary>berth.shim.v1.HealthStatus</summary>
public enum HealthStatus
{
    None = 0,
    Starting = 1,
    Healthy = 2,
    Unhealthy = 3,
}

/// <summary>berth.shim.v1.StateRequest</summary>
public sealed partial class StateRequest : IMessage
{
    public const string FullName = "berth.shim.v1.StateRequest";
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

/// <summary>berth.shim.v1.StateResponse</summary>
public sealed partial class StateResponse : IMessage
{
    public const string FullName = "berth.shim.v1.StateResponse";
    private List<Container>? _containers;
    public List<Container> Containers => _containers ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Messages(1, _containers);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10:
                {
                    Container item = new();
                    from.Message(item);
                    Containers.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.Process</summary>
public sealed partial class Process : IMessage
{
    public const string FullName = "berth.shim.v1.Process";
    public string ExecId { get; set; } = "";
    public uint Pid { get; set; }
    public Status Status { get; set; }
    public uint ExitStatus { get; set; }
    public long StartedAt { get; set; }
    public long ExitedAt { get; set; }
    public bool OomKilled { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, ExecId);
        to.Varint(2, Pid);
        to.Varint(3, (ulong)Status);
        to.Varint(4, ExitStatus);
        to.Varint(5, (ulong)StartedAt);
        to.Varint(6, (ulong)ExitedAt);
        to.Varint(7, OomKilled ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ExecId = from.String(); break;
                case 16: Pid = (uint)from.Varint(); break;
                case 24: Status = (Status)(int)from.Varint(); break;
                case 32: ExitStatus = (uint)from.Varint(); break;
                case 40: StartedAt = (long)from.Varint(); break;
                case 48: ExitedAt = (long)from.Varint(); break;
                case 56: OomKilled = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.Container</summary>
public sealed partial class Container : IMessage
{
    public const string FullName = "berth.shim.v1.Container";
    private List<Process>? _execs;
    public string Id { get; set; } = "";
    public string Bundle { get; set; } = "";
    public Process? First { get; set; }
    public List<Process> Execs => _execs ??= [];
    public uint Restarts { get; set; }
    public Health? Health { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, Bundle);
        to.Message(3, First);
        to.Messages(4, _execs);
        to.Varint(5, Restarts);
        to.Message(6, Health);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: Bundle = from.String(); break;
                case 26: from.Message(First ??= new()); break;
                case 34:
                {
                    Process item = new();
                    from.Message(item);
                    Execs.Add(item);
                    break;
                }
                case 40: Restarts = (uint)from.Varint(); break;
                case 50: from.Message(Health ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.Health</summary>
public sealed partial class Health : IMessage
{
    public const string FullName = "berth.shim.v1.Health";
    private List<Probe>? _log;
    public HealthStatus Status { get; set; }
    public uint FailingStreak { get; set; }
    public List<Probe> Log => _log ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, (ulong)Status);
        to.Varint(2, FailingStreak);
        to.Messages(3, _log);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Status = (HealthStatus)(int)from.Varint(); break;
                case 16: FailingStreak = (uint)from.Varint(); break;
                case 26:
                {
                    Probe item = new();
                    from.Message(item);
                    Log.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.Probe</summary>
public sealed partial class Probe : IMessage
{
    public const string FullName = "berth.shim.v1.Probe";
    public long StartedAt { get; set; }
    public long EndedAt { get; set; }
    public int ExitStatus { get; set; }
    public byte[] Output { get; set; } = [];

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, (ulong)StartedAt);
        to.Varint(2, (ulong)EndedAt);
        to.Varint(3, (ulong)ExitStatus);
        to.Bytes(4, Output);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: StartedAt = (long)from.Varint(); break;
                case 16: EndedAt = (long)from.Varint(); break;
                case 24: ExitStatus = (int)from.Varint(); break;
                case 34: Output = from.Bytes(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.AttachInput</summary>
public sealed partial class AttachInput : IMessage
{
    public const string FullName = "berth.shim.v1.AttachInput";
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public byte[] Input { get; set; } = [];
    public bool NoReplay { get; set; }
    public bool NoOutput { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, ExecId);
        to.Bytes(3, Input);
        to.Varint(4, NoReplay ? 1UL : 0);
        to.Varint(5, NoOutput ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Id = from.String(); break;
                case 18: ExecId = from.String(); break;
                case 26: Input = from.Bytes(); break;
                case 32: NoReplay = from.Varint() != 0; break;
                case 40: NoOutput = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.OutputChunk</summary>
public sealed partial class OutputChunk : IMessage
{
    public const string FullName = "berth.shim.v1.OutputChunk";
    public uint Stream { get; set; }
    public byte[] Bytes { get; set; } = [];
    public long Time { get; set; }
    public string Path { get; set; } = "";
    public long Offset { get; set; }
    public ulong Inode { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Stream);
        to.Bytes(2, Bytes);
        to.Varint(3, (ulong)Time);
        to.String(4, Path);
        to.Varint(5, (ulong)Offset);
        to.Varint(6, Inode);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Stream = (uint)from.Varint(); break;
                case 18: Bytes = from.Bytes(); break;
                case 24: Time = (long)from.Varint(); break;
                case 34: Path = from.String(); break;
                case 40: Offset = (long)from.Varint(); break;
                case 48: Inode = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.EventsRequest</summary>
public sealed partial class EventsRequest : IMessage
{
    public const string FullName = "berth.shim.v1.EventsRequest";
    public ulong After { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, After);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: After = from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.Event</summary>
public sealed partial class Event : IMessage
{
    public const string FullName = "berth.shim.v1.Event";
    public ulong Number { get; set; }
    public long Time { get; set; }
    public string Id { get; set; } = "";
    public string ExecId { get; set; } = "";
    public string Kind { get; set; } = "";
    public uint Pid { get; set; }
    public uint ExitStatus { get; set; }
    public HealthStatus Health { get; set; }
    public uint Restarts { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Number);
        to.Varint(2, (ulong)Time);
        to.String(3, Id);
        to.String(4, ExecId);
        to.String(5, Kind);
        to.Varint(6, Pid);
        to.Varint(7, ExitStatus);
        to.Varint(8, (ulong)Health);
        to.Varint(9, Restarts);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Number = from.Varint(); break;
                case 16: Time = (long)from.Varint(); break;
                case 26: Id = from.String(); break;
                case 34: ExecId = from.String(); break;
                case 42: Kind = from.String(); break;
                case 48: Pid = (uint)from.Varint(); break;
                case 56: ExitStatus = (uint)from.Varint(); break;
                case 64: Health = (HealthStatus)(int)from.Varint(); break;
                case 72: Restarts = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}
