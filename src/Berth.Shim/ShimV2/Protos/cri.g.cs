// Messages of runtime.v1, made by tools/protogen from cri.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>runtime.v1.NamespaceMode</summary>
internal enum NamespaceMode
{
    Pod = 0,
    Container = 1,
    Node = 2,
    Target = 3,
}

/// <summary>runtime.v1.PodSandboxConfig</summary>
internal sealed partial class PodSandboxConfig : IMessage
{
    public const string FullName = "runtime.v1.PodSandboxConfig";
    public string Hostname { get; set; } = "";
    public DNSConfig? DnsConfig { get; set; }
    public LinuxPodSandboxConfig? Linux { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(2, Hostname);
        to.Message(4, DnsConfig);
        to.Message(8, Linux);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 18: Hostname = from.String(); break;
                case 34: from.Message(DnsConfig ??= new()); break;
                case 66: from.Message(Linux ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>runtime.v1.DNSConfig</summary>
internal sealed partial class DNSConfig : IMessage
{
    public const string FullName = "runtime.v1.DNSConfig";
    private List<string>? _servers;
    private List<string>? _searches;
    private List<string>? _options;
    public List<string> Servers => _servers ??= [];
    public List<string> Searches => _searches ??= [];
    public List<string> Options => _options ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Strings(1, _servers);
        to.Strings(2, _searches);
        to.Strings(3, _options);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Servers.Add(from.String()); break;
                case 18: Searches.Add(from.String()); break;
                case 26: Options.Add(from.String()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>runtime.v1.LinuxPodSandboxConfig</summary>
internal sealed partial class LinuxPodSandboxConfig : IMessage
{
    public const string FullName = "runtime.v1.LinuxPodSandboxConfig";
    private Dictionary<string, string>? _sysctls;
    public string CgroupParent { get; set; } = "";
    public LinuxSandboxSecurityContext? SecurityContext { get; set; }
    public Dictionary<string, string> Sysctls => _sysctls ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, CgroupParent);
        to.Message(2, SecurityContext);
        if (_sysctls is not null)
        {
            foreach ((string key, string value) in _sysctls)
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
                case 10: CgroupParent = from.String(); break;
                case 18: from.Message(SecurityContext ??= new()); break;
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
                    Sysctls[key] = value;
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>runtime.v1.LinuxSandboxSecurityContext</summary>
internal sealed partial class LinuxSandboxSecurityContext : IMessage
{
    public const string FullName = "runtime.v1.LinuxSandboxSecurityContext";
    public NamespaceOption? NamespaceOptions { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, NamespaceOptions);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(NamespaceOptions ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>runtime.v1.NamespaceOption</summary>
internal sealed partial class NamespaceOption : IMessage
{
    public const string FullName = "runtime.v1.NamespaceOption";
    public NamespaceMode Network { get; set; }
    public NamespaceMode Pid { get; set; }
    public NamespaceMode Ipc { get; set; }
    public string TargetId { get; set; } = "";
    public UserNamespace? UsernsOptions { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, (ulong)Network);
        to.Varint(2, (ulong)Pid);
        to.Varint(3, (ulong)Ipc);
        to.String(4, TargetId);
        to.Message(5, UsernsOptions);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Network = (NamespaceMode)(int)from.Varint(); break;
                case 16: Pid = (NamespaceMode)(int)from.Varint(); break;
                case 24: Ipc = (NamespaceMode)(int)from.Varint(); break;
                case 34: TargetId = from.String(); break;
                case 42: from.Message(UsernsOptions ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>runtime.v1.UserNamespace</summary>
internal sealed partial class UserNamespace : IMessage
{
    public const string FullName = "runtime.v1.UserNamespace";
    private List<IDMapping>? _uids;
    private List<IDMapping>? _gids;
    public NamespaceMode Mode { get; set; }
    public List<IDMapping> Uids => _uids ??= [];
    public List<IDMapping> Gids => _gids ??= [];

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, (ulong)Mode);
        to.Messages(2, _uids);
        to.Messages(3, _gids);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Mode = (NamespaceMode)(int)from.Varint(); break;
                case 18:
                {
                    IDMapping item = new();
                    from.Message(item);
                    Uids.Add(item);
                    break;
                }
                case 26:
                {
                    IDMapping item = new();
                    from.Message(item);
                    Gids.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>runtime.v1.IDMapping</summary>
internal sealed partial class IDMapping : IMessage
{
    public const string FullName = "runtime.v1.IDMapping";
    public uint HostId { get; set; }
    public uint ContainerId { get; set; }
    public uint Length { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, HostId);
        to.Varint(2, ContainerId);
        to.Varint(3, Length);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: HostId = (uint)from.Varint(); break;
                case 16: ContainerId = (uint)from.Varint(); break;
                case 24: Length = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}
