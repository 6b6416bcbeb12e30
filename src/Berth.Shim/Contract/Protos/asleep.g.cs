// Messages of berth.shim.v1, made by tools/protogen from asleep.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;
#pragma warning disable CS1591 // what members mean is said in the .proto file

namespace Berth.Shim.Contract.Protos;

/// <summary>berth.shim.v1.Asleep</summary>
public sealed partial class Asleep : IMessage
{
    public const string FullName = "berth.shim.v1.Asleep";
    private List<Event>? _events;
    private List<AsleepWard>? _wards;
    public uint Listener { get; set; }
    public string OomScore { get; set; } = "";
    public bool HasOomScore { get; set; }
    public ulong Syncs { get; set; }
    public ulong LastEvent { get; set; }
    public List<Event> Events => _events ??= [];
    public List<AsleepWard> Wards => _wards ??= [];
    public ulong IdleMs { get; set; }
    public ulong SinceNs { get; set; }
    public bool IsIdleFixed { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Listener);
        to.String(2, OomScore);
        to.Varint(3, HasOomScore ? 1UL : 0);
        to.Varint(4, Syncs);
        to.Varint(5, LastEvent);
        to.Messages(6, _events);
        to.Messages(7, _wards);
        to.Varint(8, IdleMs);
        to.Varint(9, SinceNs);
        to.Varint(10, IsIdleFixed ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Listener = (uint)from.Varint(); break;
                case 18: OomScore = from.String(); break;
                case 24: HasOomScore = from.Varint() != 0; break;
                case 32: Syncs = from.Varint(); break;
                case 40: LastEvent = from.Varint(); break;
                case 50:
                {
                    Event item = new();
                    from.Message(item);
                    Events.Add(item);
                    break;
                }
                case 58:
                {
                    AsleepWard item = new();
                    from.Message(item);
                    Wards.Add(item);
                    break;
                }
                case 64: IdleMs = from.Varint(); break;
                case 72: SinceNs = from.Varint(); break;
                case 80: IsIdleFixed = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.AsleepWard</summary>
public sealed partial class AsleepWard : IMessage
{
    public const string FullName = "berth.shim.v1.AsleepWard";
    private List<uint>? _logs;
    private List<OutputChunk>? _replay;
    private List<string>? _cgroups;
    private List<uint>? _memoryWatched;
    private List<Process>? _execs;
    private List<string>? _forgotten;
    public CreateRequest? Request { get; set; }
    public RestartPolicy? Policy { get; set; }
    public uint Restarts { get; set; }
    public bool OomKilled { get; set; }
    public bool IsForGood { get; set; }
    public ulong PauseMs { get; set; }
    public ulong OverNs { get; set; }
    public Process? First { get; set; }
    public uint Output { get; set; }
    public uint Error { get; set; }
    public uint Input { get; set; }
    public bool IsInputClosed { get; set; }
    public uint Terminal { get; set; }
    public List<uint> Logs => _logs ??= [];
    public List<OutputChunk> Replay => _replay ??= [];
    public AsleepHealth? Health { get; set; }
    public string CgroupOfMemory { get; set; } = "";
    public ulong MemoryKills { get; set; }
    public uint MemoryCounter { get; set; }
    public uint MemoryControl { get; set; }
    public uint CgroupMode { get; set; }
    public List<string> Cgroups => _cgroups ??= [];
    public List<uint> MemoryWatched => _memoryWatched ??= [];
    public List<Process> Execs => _execs ??= [];
    public List<string> Forgotten => _forgotten ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Request);
        to.Message(2, Policy);
        to.Varint(3, Restarts);
        to.Varint(4, OomKilled ? 1UL : 0);
        to.Varint(5, IsForGood ? 1UL : 0);
        to.Varint(6, PauseMs);
        to.Varint(7, OverNs);
        to.Message(8, First);
        to.Varint(9, Output);
        to.Varint(10, Error);
        to.Varint(11, Input);
        to.Varint(12, IsInputClosed ? 1UL : 0);
        to.Varint(13, Terminal);
        if (_logs is { Count: > 0 })
        {
            int start = to.Begin(14);
            foreach (uint item in _logs) to.Raw(item);
            to.End(start);
        }
        to.Messages(15, _replay);
        to.Message(16, Health);
        to.String(17, CgroupOfMemory);
        to.Varint(18, MemoryKills);
        to.Varint(19, MemoryCounter);
        to.Varint(20, MemoryControl);
        to.Varint(21, CgroupMode);
        to.Strings(22, _cgroups);
        if (_memoryWatched is { Count: > 0 })
        {
            int start = to.Begin(23);
            foreach (uint item in _memoryWatched) to.Raw(item);
            to.End(start);
        }
        to.Messages(24, _execs);
        to.Strings(25, _forgotten);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Request ??= new()); break;
                case 18: from.Message(Policy ??= new()); break;
                case 24: Restarts = (uint)from.Varint(); break;
                case 32: OomKilled = from.Varint() != 0; break;
                case 40: IsForGood = from.Varint() != 0; break;
                case 48: PauseMs = from.Varint(); break;
                case 56: OverNs = from.Varint(); break;
                case 66: from.Message(First ??= new()); break;
                case 72: Output = (uint)from.Varint(); break;
                case 80: Error = (uint)from.Varint(); break;
                case 88: Input = (uint)from.Varint(); break;
                case 96: IsInputClosed = from.Varint() != 0; break;
                case 104: Terminal = (uint)from.Varint(); break;
                case 112: Logs.Add((uint)from.Varint()); break;
                case 114:
                {
                    int outer = from.Enter();
                    while (from.More) Logs.Add((uint)from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 122:
                {
                    OutputChunk item = new();
                    from.Message(item);
                    Replay.Add(item);
                    break;
                }
                case 130: from.Message(Health ??= new()); break;
                case 138: CgroupOfMemory = from.String(); break;
                case 144: MemoryKills = from.Varint(); break;
                case 152: MemoryCounter = (uint)from.Varint(); break;
                case 160: MemoryControl = (uint)from.Varint(); break;
                case 168: CgroupMode = (uint)from.Varint(); break;
                case 178: Cgroups.Add(from.String()); break;
                case 184: MemoryWatched.Add((uint)from.Varint()); break;
                case 186:
                {
                    int outer = from.Enter();
                    while (from.More) MemoryWatched.Add((uint)from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 194:
                {
                    Process item = new();
                    from.Message(item);
                    Execs.Add(item);
                    break;
                }
                case 202: Forgotten.Add(from.String()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>berth.shim.v1.AsleepHealth</summary>
public sealed partial class AsleepHealth : IMessage
{
    public const string FullName = "berth.shim.v1.AsleepHealth";
    public Health? State { get; set; }
    public long StartedAtNs { get; set; }
    public uint Number { get; set; }
    public long NextNs { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, State);
        to.Varint(2, (ulong)StartedAtNs);
        to.Varint(3, Number);
        to.Varint(4, (ulong)NextNs);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(State ??= new()); break;
                case 16: StartedAtNs = (long)from.Varint(); break;
                case 24: Number = (uint)from.Varint(); break;
                case 32: NextNs = (long)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}
