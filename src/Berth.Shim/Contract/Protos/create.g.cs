// Messages of berth.shim.v1, made by tools/protogen from create.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;
#pragma warning disable CS1591 // what members mean is said in the .proto file

namespace Berth.Shim.Contract.Protos;

/// <summary>berth.shim.v1.Restart</summary>
public enum Restart
{
    Never = 0,
    OnFailure = 1,
    Always = 2,
}

/// <summary>berth.shim.v1.OnUnhealthy</summary>
public enum OnUnhealthy
{
    Tell = 0,
    Kill = 1,
    Restart = 2,
}

/// <summary>berth.shim.v1.CreateRequest</summary>
public sealed partial class CreateRequest : IMessage
{
    public const string FullName = "berth.shim.v1.CreateRequest";
    private List<Log>? _logs;
    private List<string>? _exitCommand;
    private List<uint>? _descriptors;
    public string Id { get; set; } = "";
    public string Bundle { get; set; } = "";
    public Runtime? Runtime { get; set; }
    public bool Terminal { get; set; }
    public bool Input { get; set; }
    public bool InputOnce { get; set; }
    public List<Log> Logs => _logs ??= [];
    public uint ReplayBytes { get; set; }
    public RestartPolicy? Restart { get; set; }
    public HealthCheck? Health { get; set; }
    public List<string> ExitCommand => _exitCommand ??= [];
    public uint ExitGraceMs { get; set; }
    public bool EndsWithClient { get; set; }
    public ulong MostMs { get; set; }
    public List<uint> Descriptors => _descriptors ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Id);
        to.String(2, Bundle);
        to.Message(3, Runtime);
        to.Varint(4, Terminal ? 1UL : 0);
        to.Varint(5, Input ? 1UL : 0);
        to.Varint(6, InputOnce ? 1UL : 0);
        to.Messages(7, _logs);
        to.Varint(8, ReplayBytes);
        to.Message(9, Restart);
        to.Message(10, Health);
        to.Strings(11, _exitCommand);
        to.Varint(12, ExitGraceMs);
        to.Varint(13, EndsWithClient ? 1UL : 0);
        to.Varint(14, MostMs);
        if (_descriptors is { Count: > 0 })
        {
            int start = to.Begin(15);
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
                case 18: Bundle = from.String(); break;
                case 26: from.Message(Runtime ??= new()); break;
                case 32: Terminal = from.Varint() != 0; break;
                case 40: Input = from.Varint() != 0; break;
                case 48: InputOnce = from.Varint() != 0; break;
                case 58:
                {
                    Log item = new();
                    from.Message(item);
                    Logs.Add(item);
                    break;
                }
                case 64: ReplayBytes = (uint)from.Varint(); break;
                case 74: from.Message(Restart ??= new()); break;
                case 82: from.Message(Health ??= new()); break;
                case 90: ExitCommand.Add(from.String()); break;
                case 96: ExitGraceMs = (uint)from.Varint(); break;
                case 104: EndsWithClient = from.Varint() != 0; break;
                case 112: MostMs = from.Varint(); break;
                case 120: Descriptors.Add((uint)from.Varint()); break;
                case 122:
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

/// <summary>berth.shim.v1.Runtime</summary>
public sealed partial class Runtime : IMessage
{
    public const string FullName = "berth.shim.v1.Runtime";
    public string Binary { get; set; } = "";
    public string Root { get; set; } = "";
    public bool SystemdCgroup { get; set; }
    public bool NoPivot { get; set; }
    public bool NoNewKeyring { get; set; }
    public string Trace { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Binary);
        to.String(2, Root);
        to.Varint(3, SystemdCgroup ? 1UL : 0);
        to.Varint(4, NoPivot ? 1UL : 0);
        to.Varint(5, NoNewKeyring ? 1UL : 0);
        to.String(6, Trace);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Binary = from.String(); break;
                case 18: Root = from.String(); break;
                case 24: SystemdCgroup = from.Varint() != 0; break;
                case 32: NoPivot = from.Varint() != 0; break;
                case 40: NoNewKeyring = from.Varint() != 0; break;
                case 50: Trace = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.Log</summary>
public sealed partial class Log : IMessage
{
    public const string FullName = "berth.shim.v1.Log";
    private List<string>? _labels;
    public string Driver { get; set; } = "";
    public string Path { get; set; } = "";
    public long MostBytes { get; set; }
    public uint Backups { get; set; }
    public string Name { get; set; } = "";
    public string Tag { get; set; } = "";
    public List<string> Labels => _labels ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Driver);
        to.String(2, Path);
        to.Varint(3, (ulong)MostBytes);
        to.Varint(4, Backups);
        to.String(5, Name);
        to.String(6, Tag);
        to.Strings(7, _labels);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Driver = from.String(); break;
                case 18: Path = from.String(); break;
                case 24: MostBytes = (long)from.Varint(); break;
                case 32: Backups = (uint)from.Varint(); break;
                case 42: Name = from.String(); break;
                case 50: Tag = from.String(); break;
                case 58: Labels.Add(from.String()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.RestartPolicy</summary>
public sealed partial class RestartPolicy : IMessage
{
    public const string FullName = "berth.shim.v1.RestartPolicy";
    public Restart When { get; set; }
    public uint Most { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, (ulong)When);
        to.Varint(2, Most);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: When = (Restart)(int)from.Varint(); break;
                case 16: Most = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.HealthCheck</summary>
public sealed partial class HealthCheck : IMessage
{
    public const string FullName = "berth.shim.v1.HealthCheck";
    public byte[] Process { get; set; } = [];
    public ulong IntervalMs { get; set; }
    public ulong TimeoutMs { get; set; }
    public uint Retries { get; set; }
    public ulong StartPeriodMs { get; set; }
    public ulong StartIntervalMs { get; set; }
    public OnUnhealthy OnUnhealthy { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Bytes(1, Process);
        to.Varint(2, IntervalMs);
        to.Varint(3, TimeoutMs);
        to.Varint(4, Retries);
        to.Varint(5, StartPeriodMs);
        to.Varint(6, StartIntervalMs);
        to.Varint(7, (ulong)OnUnhealthy);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Process = from.Bytes(); break;
                case 16: IntervalMs = from.Varint(); break;
                case 24: TimeoutMs = from.Varint(); break;
                case 32: Retries = (uint)from.Varint(); break;
                case 40: StartPeriodMs = from.Varint(); break;
                case 48: StartIntervalMs = from.Varint(); break;
                case 56: OnUnhealthy = (OnUnhealthy)(int)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.CreateResponse</summary>
public sealed partial class CreateResponse : IMessage
{
    public const string FullName = "berth.shim.v1.CreateResponse";
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
