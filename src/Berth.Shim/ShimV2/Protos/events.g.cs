// Messages of containerd.events, made by tools/protogen from events.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.events.TaskCreate</summary>
internal sealed partial class TaskCreate : IMessage
{
    public const string FullName = "containerd.events.TaskCreate";
    private List<Mount>? _rootfs;
    public string ContainerId { get; set; } = "";
    public string Bundle { get; set; } = "";
    public List<Mount> Rootfs => _rootfs ??= [];
    public TaskIO? Io { get; set; }
    public string Checkpoint { get; set; } = "";
    public uint Pid { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
        to.String(2, Bundle);
        to.Messages(3, _rootfs);
        to.Message(4, Io);
        to.String(5, Checkpoint);
        to.Varint(6, Pid);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                case 18: Bundle = from.String(); break;
                case 26:
                {
                    Mount item = new();
                    from.Message(item);
                    Rootfs.Add(item);
                    break;
                }
                case 34: from.Message(Io ??= new()); break;
                case 42: Checkpoint = from.String(); break;
                case 48: Pid = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskStart</summary>
internal sealed partial class TaskStart : IMessage
{
    public const string FullName = "containerd.events.TaskStart";
    public string ContainerId { get; set; } = "";
    public uint Pid { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
        to.Varint(2, Pid);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                case 16: Pid = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskDelete</summary>
internal sealed partial class TaskDelete : IMessage
{
    public const string FullName = "containerd.events.TaskDelete";
    public string ContainerId { get; set; } = "";
    public uint Pid { get; set; }
    public uint ExitStatus { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? ExitedAt { get; set; }
    public string Id { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
        to.Varint(2, Pid);
        to.Varint(3, ExitStatus);
        to.Message(4, ExitedAt);
        to.String(5, Id);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                case 16: Pid = (uint)from.Varint(); break;
                case 24: ExitStatus = (uint)from.Varint(); break;
                case 34: from.Message(ExitedAt ??= new()); break;
                case 42: Id = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskIO</summary>
internal sealed partial class TaskIO : IMessage
{
    public const string FullName = "containerd.events.TaskIO";
    public string Stdin { get; set; } = "";
    public string Stdout { get; set; } = "";
    public string Stderr { get; set; } = "";
    public bool Terminal { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, Stdin);
        to.String(2, Stdout);
        to.String(3, Stderr);
        to.Varint(4, Terminal ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Stdin = from.String(); break;
                case 18: Stdout = from.String(); break;
                case 26: Stderr = from.String(); break;
                case 32: Terminal = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskExit</summary>
internal sealed partial class TaskExit : IMessage
{
    public const string FullName = "containerd.events.TaskExit";
    public string ContainerId { get; set; } = "";
    public string Id { get; set; } = "";
    public uint Pid { get; set; }
    public uint ExitStatus { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? ExitedAt { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
        to.String(2, Id);
        to.Varint(3, Pid);
        to.Varint(4, ExitStatus);
        to.Message(5, ExitedAt);
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
                case 32: ExitStatus = (uint)from.Varint(); break;
                case 42: from.Message(ExitedAt ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskOOM</summary>
internal sealed partial class TaskOOM : IMessage
{
    public const string FullName = "containerd.events.TaskOOM";
    public string ContainerId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskExecAdded</summary>
internal sealed partial class TaskExecAdded : IMessage
{
    public const string FullName = "containerd.events.TaskExecAdded";
    public string ContainerId { get; set; } = "";
    public string ExecId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
        to.String(2, ExecId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                case 18: ExecId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskExecStarted</summary>
internal sealed partial class TaskExecStarted : IMessage
{
    public const string FullName = "containerd.events.TaskExecStarted";
    public string ContainerId { get; set; } = "";
    public string ExecId { get; set; } = "";
    public uint Pid { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
        to.String(2, ExecId);
        to.Varint(3, Pid);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                case 18: ExecId = from.String(); break;
                case 24: Pid = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskPaused</summary>
internal sealed partial class TaskPaused : IMessage
{
    public const string FullName = "containerd.events.TaskPaused";
    public string ContainerId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskResumed</summary>
internal sealed partial class TaskResumed : IMessage
{
    public const string FullName = "containerd.events.TaskResumed";
    public string ContainerId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.events.TaskCheckpointed</summary>
internal sealed partial class TaskCheckpointed : IMessage
{
    public const string FullName = "containerd.events.TaskCheckpointed";
    public string ContainerId { get; set; } = "";
    public string Checkpoint { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, ContainerId);
        to.String(2, Checkpoint);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: ContainerId = from.String(); break;
                case 18: Checkpoint = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}
