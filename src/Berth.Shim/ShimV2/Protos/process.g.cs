// Messages of containerd.v1.types, made by tools/protogen from process.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.v1.types.Status</summary>
internal enum Status
{
    Unknown = 0,
    Created = 1,
    Running = 2,
    Stopped = 3,
    Paused = 4,
    Pausing = 5,
}

/// <summary>containerd.v1.types.Process</summary>
internal sealed partial class Process : IMessage
{
    public const string FullName = "containerd.v1.types.Process";
    public string ContainerId { get; set; } = "";
    public string Id { get; set; } = "";
    public uint Pid { get; set; }
    public Status Status { get; set; }
    public string Stdin { get; set; } = "";
    public string Stdout { get; set; } = "";
    public string Stderr { get; set; } = "";
    public bool Terminal { get; set; }
    public uint ExitStatus { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? ExitedAt { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
        to.String(2, Id);
        to.Varint(3, Pid);
        to.Varint(4, (ulong)Status);
        to.String(5, Stdin);
        to.String(6, Stdout);
        to.String(7, Stderr);
        to.Varint(8, Terminal ? 1UL : 0);
        to.Varint(9, ExitStatus);
        to.Message(10, ExitedAt);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                case 18: Id = from.String(); break;
                case 24: Pid = (uint)from.Varint(); break;
                case 32: Status = (Status)(int)from.Varint(); break;
                case 42: Stdin = from.String(); break;
                case 50: Stdout = from.String(); break;
                case 58: Stderr = from.String(); break;
                case 64: Terminal = from.Varint() != 0; break;
                case 72: ExitStatus = (uint)from.Varint(); break;
                case 82: from.Message(ExitedAt ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.v1.types.ProcessInfo</summary>
internal sealed partial class ProcessInfo : IMessage
{
    public const string FullName = "containerd.v1.types.ProcessInfo";
    public uint Pid { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Info { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Pid);
        to.Message(2, Info);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Pid = (uint)from.Varint(); break;
                case 18: from.Message(Info ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}
