// Messages of containerd.types, made by tools/protogen from types.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.types.Mount</summary>
internal sealed partial class Mount : IMessage
{
    public const string FullName = "containerd.types.Mount";
    private List<string>? _options;
    public string Type { get; set; } = "";
    public string Source { get; set; } = "";
    public string Target { get; set; } = "";
    public List<string> Options => _options ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Type);
        to.String(2, Source);
        to.String(3, Target);
        to.Strings(4, _options);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Type = from.String(); break;
                case 18: Source = from.String(); break;
                case 26: Target = from.String(); break;
                case 34: Options.Add(from.String()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.types.Platform</summary>
internal sealed partial class Platform : IMessage
{
    public const string FullName = "containerd.types.Platform";
    private List<string>? _osFeatures;
    public string Os { get; set; } = "";
    public string Architecture { get; set; } = "";
    public string Variant { get; set; } = "";
    public string OsVersion { get; set; } = "";
    public List<string> OsFeatures => _osFeatures ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Os);
        to.String(2, Architecture);
        to.String(3, Variant);
        to.String(4, OsVersion);
        to.Strings(5, _osFeatures);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Os = from.String(); break;
                case 18: Architecture = from.String(); break;
                case 26: Variant = from.String(); break;
                case 34: OsVersion = from.String(); break;
                case 42: OsFeatures.Add(from.String()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.types.Metric</summary>
internal sealed partial class Metric : IMessage
{
    public const string FullName = "containerd.types.Metric";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? Timestamp { get; set; }
    public string Id { get; set; } = "";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Data { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Timestamp);
        to.String(2, Id);
        to.Message(3, Data);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Timestamp ??= new()); break;
                case 18: Id = from.String(); break;
                case 26: from.Message(Data ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.types.Envelope</summary>
internal sealed partial class Envelope : IMessage
{
    public const string FullName = "containerd.types.Envelope";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? Timestamp { get; set; }
    public string Namespace { get; set; } = "";
    public string Topic { get; set; } = "";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Event { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Timestamp);
        to.String(2, Namespace);
        to.String(3, Topic);
        to.Message(4, Event);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Timestamp ??= new()); break;
                case 18: Namespace = from.String(); break;
                case 26: Topic = from.String(); break;
                case 34: from.Message(Event ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.types.RuntimeRequest</summary>
internal sealed partial class RuntimeRequest : IMessage
{
    public const string FullName = "containerd.types.RuntimeRequest";
    public string RuntimePath { get; set; } = "";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Options { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, RuntimePath);
        to.Message(2, Options);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: RuntimePath = from.String(); break;
                case 18: from.Message(Options ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.types.RuntimeVersion</summary>
internal sealed partial class RuntimeVersion : IMessage
{
    public const string FullName = "containerd.types.RuntimeVersion";
    public string Version { get; set; } = "";
    public string Revision { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Version);
        to.String(2, Revision);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Version = from.String(); break;
                case 18: Revision = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.types.RuntimeInfo</summary>
internal sealed partial class RuntimeInfo : IMessage
{
    public const string FullName = "containerd.types.RuntimeInfo";
    private Dictionary<string, string>? _annotations;
    public string Name { get; set; } = "";
    public RuntimeVersion? Version { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Options { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Features { get; set; }
    public Dictionary<string, string> Annotations => _annotations ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Name);
        to.Message(2, Version);
        to.Message(3, Options);
        to.Message(4, Features);
        if (_annotations is not null)
        {
            foreach ((string key, string value) in _annotations)
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
                case 10: Name = from.String(); break;
                case 18: from.Message(Version ??= new()); break;
                case 26: from.Message(Options ??= new()); break;
                case 34: from.Message(Features ??= new()); break;
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
                    Annotations[key] = value;
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}
