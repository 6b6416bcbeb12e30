// Messages of containerd.runtime.bootstrap.v1, made by tools/protogen from bootstrap.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.runtime.bootstrap.v1.LogLevel</summary>
internal enum LogLevel
{
    Info = 0,
    Trace = -8,
    Debug = -4,
    Warn = 4,
    Error = 8,
    Fatal = 10,
    Panic = 12,
}

/// <summary>containerd.runtime.bootstrap.v1.Capability</summary>
internal enum Capability
{
    Unspecified = 0,
}

/// <summary>containerd.runtime.bootstrap.v1.BootstrapParams</summary>
internal sealed partial class BootstrapParams : IMessage
{
    public const string FullName = "containerd.runtime.bootstrap.v1.BootstrapParams";
    private List<Extension>? _extensions;
    public string InstanceId { get; set; } = "";
    public string Namespace { get; set; } = "";
    public LogLevel LogLevel { get; set; }
    public string ContainerdVersion { get; set; } = "";
    public string ContainerdTtrpcAddress { get; set; } = "";
    public string ContainerdGrpcAddress { get; set; } = "";
    public string ContainerdBinary { get; set; } = "";
    public List<Extension> Extensions => _extensions ??= [];
    public string? SocketDir { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, InstanceId);
        to.String(2, Namespace);
        to.Varint(3, (ulong)LogLevel);
        to.String(4, ContainerdVersion);
        to.String(5, ContainerdTtrpcAddress);
        to.String(6, ContainerdGrpcAddress);
        to.String(7, ContainerdBinary);
        to.Messages(8, _extensions);
        if (SocketDir is { } value9) to.PresentString(9, value9);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: InstanceId = from.String(); break;
                case 18: Namespace = from.String(); break;
                case 24: LogLevel = (LogLevel)(int)from.Varint(); break;
                case 34: ContainerdVersion = from.String(); break;
                case 42: ContainerdTtrpcAddress = from.String(); break;
                case 50: ContainerdGrpcAddress = from.String(); break;
                case 58: ContainerdBinary = from.String(); break;
                case 66:
                {
                    Extension item = new();
                    from.Message(item);
                    Extensions.Add(item);
                    break;
                }
                case 74: SocketDir = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.bootstrap.v1.Extension</summary>
internal sealed partial class Extension : IMessage
{
    public const string FullName = "containerd.runtime.bootstrap.v1.Extension";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Value { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Value);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Value ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.bootstrap.v1.BootstrapResult</summary>
internal sealed partial class BootstrapResult : IMessage
{
    public const string FullName = "containerd.runtime.bootstrap.v1.BootstrapResult";
    private List<Capability>? _capabilities;
    private Dictionary<string, string>? _metadata;
    public int Version { get; set; }
    public string Address { get; set; } = "";
    public string Protocol { get; set; } = "";
    public List<Capability> Capabilities => _capabilities ??= [];
    public Dictionary<string, string> Metadata => _metadata ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, (ulong)Version);
        to.String(2, Address);
        to.String(3, Protocol);
        if (_capabilities is { Count: > 0 })
        {
            int start = to.Begin(4);
            foreach (Capability item in _capabilities) to.Raw((ulong)item);
            to.End(start);
        }
        if (_metadata is not null)
        {
            foreach ((string key, string value) in _metadata)
            {
                int start = to.Begin(5);
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
                case 8: Version = (int)from.Varint(); break;
                case 18: Address = from.String(); break;
                case 26: Protocol = from.String(); break;
                case 32: Capabilities.Add((Capability)(int)from.Varint()); break;
                case 34:
                {
                    int outer = from.Enter();
                    while (from.More) Capabilities.Add((Capability)(int)from.Varint());
                    from.Leave(outer);
                    break;
                }
                case 42:
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
                    Metadata[key] = value;
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}
