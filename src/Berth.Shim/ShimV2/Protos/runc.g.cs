// Messages of containerd.runc.v1, made by tools/protogen from runc.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.runc.v1.Options</summary>
internal sealed partial class Options : IMessage
{
    public const string FullName = "containerd.runc.v1.Options";
    public bool NoPivotRoot { get; set; }
    public bool NoNewKeyring { get; set; }
    public string ShimCgroup { get; set; } = "";
    public uint IoUid { get; set; }
    public uint IoGid { get; set; }
    public string BinaryName { get; set; } = "";
    public string Root { get; set; } = "";
    public string CriuPath { get; set; } = "";
    public bool SystemdCgroup { get; set; }
    public string CriuImagePath { get; set; } = "";
    public string CriuWorkPath { get; set; } = "";
    public string TaskApiAddress { get; set; } = "";
    public uint TaskApiVersion { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, NoPivotRoot ? 1UL : 0);
        to.Varint(2, NoNewKeyring ? 1UL : 0);
        to.String(3, ShimCgroup);
        to.Varint(4, IoUid);
        to.Varint(5, IoGid);
        to.String(6, BinaryName);
        to.String(7, Root);
        to.String(8, CriuPath);
        to.Varint(9, SystemdCgroup ? 1UL : 0);
        to.String(10, CriuImagePath);
        to.String(11, CriuWorkPath);
        to.String(12, TaskApiAddress);
        to.Varint(13, TaskApiVersion);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: NoPivotRoot = from.Varint() != 0; break;
                case 16: NoNewKeyring = from.Varint() != 0; break;
                case 26: ShimCgroup = from.String(); break;
                case 32: IoUid = (uint)from.Varint(); break;
                case 40: IoGid = (uint)from.Varint(); break;
                case 50: BinaryName = from.String(); break;
                case 58: Root = from.String(); break;
                case 66: CriuPath = from.String(); break;
                case 72: SystemdCgroup = from.Varint() != 0; break;
                case 82: CriuImagePath = from.String(); break;
                case 90: CriuWorkPath = from.String(); break;
                case 98: TaskApiAddress = from.String(); break;
                case 104: TaskApiVersion = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runc.v1.CheckpointOptions</summary>
internal sealed partial class CheckpointOptions : IMessage
{
    public const string FullName = "containerd.runc.v1.CheckpointOptions";
    private List<string>? _emptyNamespaces;
    public bool Exit { get; set; }
    public bool OpenTcp { get; set; }
    public bool ExternalUnixSockets { get; set; }
    public bool Terminal { get; set; }
    public bool FileLocks { get; set; }
    public List<string> EmptyNamespaces => _emptyNamespaces ??= [];
    public string CgroupsMode { get; set; } = "";
    public string ImagePath { get; set; } = "";
    public string WorkPath { get; set; } = "";
    public string ParentPath { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Exit ? 1UL : 0);
        to.Varint(2, OpenTcp ? 1UL : 0);
        to.Varint(3, ExternalUnixSockets ? 1UL : 0);
        to.Varint(4, Terminal ? 1UL : 0);
        to.Varint(5, FileLocks ? 1UL : 0);
        to.Strings(6, _emptyNamespaces);
        to.String(7, CgroupsMode);
        to.String(8, ImagePath);
        to.String(9, WorkPath);
        to.String(10, ParentPath);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Exit = from.Varint() != 0; break;
                case 16: OpenTcp = from.Varint() != 0; break;
                case 24: ExternalUnixSockets = from.Varint() != 0; break;
                case 32: Terminal = from.Varint() != 0; break;
                case 40: FileLocks = from.Varint() != 0; break;
                case 50: EmptyNamespaces.Add(from.String()); break;
                case 58: CgroupsMode = from.String(); break;
                case 66: ImagePath = from.String(); break;
                case 74: WorkPath = from.String(); break;
                case 82: ParentPath = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runc.v1.ProcessDetails</summary>
internal sealed partial class ProcessDetails : IMessage
{
    public const string FullName = "containerd.runc.v1.ProcessDetails";
    public string ExecId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, ExecId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ExecId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}
