// Messages and services of containerd.runtime.sandbox.v1, made by tools/protogen from sandbox.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.runtime.sandbox.v1.CreateSandboxRequest</summary>
internal sealed partial class CreateSandboxRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.CreateSandboxRequest";
    private List<Mount>? _rootfs;
    private Dictionary<string, string>? _annotations;
    public string SandboxId { get; set; } = "";
    public string BundlePath { get; set; } = "";
    public List<Mount> Rootfs => _rootfs ??= [];
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Options { get; set; }
    public string NetnsPath { get; set; } = "";
    public Dictionary<string, string> Annotations => _annotations ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
        to.String(2, BundlePath);
        to.Messages(3, _rootfs);
        to.Message(4, Options);
        to.String(5, NetnsPath);
        if (_annotations is not null)
        {
            foreach ((string key, string value) in _annotations)
            {
                int start = to.Begin(6);
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
                case 10: SandboxId = from.String(); break;
                case 18: BundlePath = from.String(); break;
                case 26:
                {
                    Mount item = new();
                    from.Message(item);
                    Rootfs.Add(item);
                    break;
                }
                case 34: from.Message(Options ??= new()); break;
                case 42: NetnsPath = from.String(); break;
                case 50:
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

/// <summary>containerd.runtime.sandbox.v1.CreateSandboxResponse</summary>
internal sealed partial class CreateSandboxResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.CreateSandboxResponse";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}

/// <summary>containerd.runtime.sandbox.v1.StartSandboxRequest</summary>
internal sealed partial class StartSandboxRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.StartSandboxRequest";
    public string SandboxId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.StartSandboxResponse</summary>
internal sealed partial class StartSandboxResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.StartSandboxResponse";
    public uint Pid { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? CreatedAt { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Spec { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, Pid);
        to.Message(2, CreatedAt);
        to.Message(3, Spec);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Pid = (uint)from.Varint(); break;
                case 18: from.Message(CreatedAt ??= new()); break;
                case 26: from.Message(Spec ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.PlatformRequest</summary>
internal sealed partial class PlatformRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.PlatformRequest";
    public string SandboxId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.PlatformResponse</summary>
internal sealed partial class PlatformResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.PlatformResponse";
    public Platform? Platform { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Platform);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Platform ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.StopSandboxRequest</summary>
internal sealed partial class StopSandboxRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.StopSandboxRequest";
    public string SandboxId { get; set; } = "";
    public uint TimeoutSecs { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
        to.Varint(2, TimeoutSecs);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                case 16: TimeoutSecs = (uint)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.StopSandboxResponse</summary>
internal sealed partial class StopSandboxResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.StopSandboxResponse";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}

/// <summary>containerd.runtime.sandbox.v1.UpdateSandboxRequest</summary>
internal sealed partial class UpdateSandboxRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.UpdateSandboxRequest";
    private Dictionary<string, string>? _annotations;
    public string SandboxId { get; set; } = "";
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Resources { get; set; }
    public Dictionary<string, string> Annotations => _annotations ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
        to.Message(2, Resources);
        if (_annotations is not null)
        {
            foreach ((string key, string value) in _annotations)
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
                case 10: SandboxId = from.String(); break;
                case 18: from.Message(Resources ??= new()); break;
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
                    Annotations[key] = value;
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.UpdateSandboxResponse</summary>
internal sealed partial class UpdateSandboxResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.UpdateSandboxResponse";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}

/// <summary>containerd.runtime.sandbox.v1.WaitSandboxRequest</summary>
internal sealed partial class WaitSandboxRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.WaitSandboxRequest";
    public string SandboxId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.WaitSandboxResponse</summary>
internal sealed partial class WaitSandboxResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.WaitSandboxResponse";
    public uint ExitStatus { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? ExitedAt { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, ExitStatus);
        to.Message(2, ExitedAt);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: ExitStatus = (uint)from.Varint(); break;
                case 18: from.Message(ExitedAt ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.SandboxStatusRequest</summary>
internal sealed partial class SandboxStatusRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.SandboxStatusRequest";
    public string SandboxId { get; set; } = "";
    public bool Verbose { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
        to.Varint(2, Verbose ? 1UL : 0);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                case 16: Verbose = from.Varint() != 0; break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.SandboxStatusResponse</summary>
internal sealed partial class SandboxStatusResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.SandboxStatusResponse";
    private Dictionary<string, string>? _info;
    public string SandboxId { get; set; } = "";
    public uint Pid { get; set; }
    public string State { get; set; } = "";
    public Dictionary<string, string> Info => _info ??= [];
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? CreatedAt { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Timestamp? ExitedAt { get; set; }
    public global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Any? Extra { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
        to.Varint(2, Pid);
        to.String(3, State);
        if (_info is not null)
        {
            foreach ((string key, string value) in _info)
            {
                int start = to.Begin(4);
                to.String(1, key);
                to.String(2, value);
                to.End(start);
            }
        }
        to.Message(5, CreatedAt);
        to.Message(6, ExitedAt);
        to.Message(7, Extra);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                case 16: Pid = (uint)from.Varint(); break;
                case 26: State = from.String(); break;
                case 34:
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
                    Info[key] = value;
                    break;
                }
                case 42: from.Message(CreatedAt ??= new()); break;
                case 50: from.Message(ExitedAt ??= new()); break;
                case 58: from.Message(Extra ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.PingRequest</summary>
internal sealed partial class PingRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.PingRequest";
    public string SandboxId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.PingResponse</summary>
internal sealed partial class PingResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.PingResponse";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}

/// <summary>containerd.runtime.sandbox.v1.ShutdownSandboxRequest</summary>
internal sealed partial class ShutdownSandboxRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.ShutdownSandboxRequest";
    public string SandboxId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.ShutdownSandboxResponse</summary>
internal sealed partial class ShutdownSandboxResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.ShutdownSandboxResponse";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}

/// <summary>containerd.runtime.sandbox.v1.SandboxMetricsRequest</summary>
internal sealed partial class SandboxMetricsRequest : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.SandboxMetricsRequest";
    public string SandboxId { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, SandboxId);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: SandboxId = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.SandboxMetricsResponse</summary>
internal sealed partial class SandboxMetricsResponse : IMessage
{
    public const string FullName = "containerd.runtime.sandbox.v1.SandboxMetricsResponse";
    public Metric? Metrics { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Metrics);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Metrics ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.runtime.sandbox.v1.Sandbox</summary>
internal abstract partial class SandboxService : TtrpcService
{
    public const string FullName = "containerd.runtime.sandbox.v1.Sandbox";

    protected abstract void CreateSandbox(CreateSandboxRequest request, TtrpcReply<CreateSandboxResponse> reply);
    protected abstract void StartSandbox(StartSandboxRequest request, TtrpcReply<StartSandboxResponse> reply);
    protected abstract void Platform(PlatformRequest request, TtrpcReply<PlatformResponse> reply);
    protected abstract void StopSandbox(StopSandboxRequest request, TtrpcReply<StopSandboxResponse> reply);
    protected abstract void WaitSandbox(WaitSandboxRequest request, TtrpcReply<WaitSandboxResponse> reply);
    protected abstract void SandboxStatus(SandboxStatusRequest request, TtrpcReply<SandboxStatusResponse> reply);
    protected abstract void PingSandbox(PingRequest request, TtrpcReply<PingResponse> reply);
    protected abstract void ShutdownSandbox(ShutdownSandboxRequest request, TtrpcReply<ShutdownSandboxResponse> reply);
    protected abstract void SandboxMetrics(SandboxMetricsRequest request, TtrpcReply<SandboxMetricsResponse> reply);

    protected sealed override bool Dispatch(TtrpcCall call)
    {
        switch (call.Method)
        {
            case "CreateSandbox": CreateSandbox(call.Read(new CreateSandboxRequest()), new(call)); return true;
            case "StartSandbox": StartSandbox(call.Read(new StartSandboxRequest()), new(call)); return true;
            case "Platform": Platform(call.Read(new PlatformRequest()), new(call)); return true;
            case "StopSandbox": StopSandbox(call.Read(new StopSandboxRequest()), new(call)); return true;
            case "WaitSandbox": WaitSandbox(call.Read(new WaitSandboxRequest()), new(call)); return true;
            case "SandboxStatus": SandboxStatus(call.Read(new SandboxStatusRequest()), new(call)); return true;
            case "PingSandbox": PingSandbox(call.Read(new PingRequest()), new(call)); return true;
            case "ShutdownSandbox": ShutdownSandbox(call.Read(new ShutdownSandboxRequest()), new(call)); return true;
            case "SandboxMetrics": SandboxMetrics(call.Read(new SandboxMetricsRequest()), new(call)); return true;
            default: return false;
        }
    }

    /// <summary>For clients.</summary>
    public static class Methods
    {
        public static TtrpcMethod CreateSandbox => new(SandboxService.FullName, "CreateSandbox");
        public static TtrpcMethod StartSandbox => new(SandboxService.FullName, "StartSandbox");
        public static TtrpcMethod Platform => new(SandboxService.FullName, "Platform");
        public static TtrpcMethod StopSandbox => new(SandboxService.FullName, "StopSandbox");
        public static TtrpcMethod WaitSandbox => new(SandboxService.FullName, "WaitSandbox");
        public static TtrpcMethod SandboxStatus => new(SandboxService.FullName, "SandboxStatus");
        public static TtrpcMethod PingSandbox => new(SandboxService.FullName, "PingSandbox");
        public static TtrpcMethod ShutdownSandbox => new(SandboxService.FullName, "ShutdownSandbox");
        public static TtrpcMethod SandboxMetrics => new(SandboxService.FullName, "SandboxMetrics");
    }
}
