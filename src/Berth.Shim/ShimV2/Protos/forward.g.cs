// Messages and services of containerd.services.events.ttrpc.v1, made by tools/protogen from forward.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;
using Berth.Rpc.Ttrpc;

namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.services.events.ttrpc.v1.ForwardRequest</summary>
internal sealed partial class ForwardRequest : IMessage
{
    public const string FullName = "containerd.services.events.ttrpc.v1.ForwardRequest";
    public Envelope? Envelope { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Envelope);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Envelope ??= new()); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>containerd.services.events.ttrpc.v1.Events</summary>
internal abstract partial class EventsService : TtrpcService
{
    public const string FullName = "containerd.services.events.ttrpc.v1.Events";

    protected abstract void Forward(ForwardRequest request, TtrpcReply<global::Berth.Shim.ShimV2.Protos.Google.Protobuf.Empty> reply);

    protected sealed override bool Dispatch(TtrpcCall call)
    {
        switch (call.Method)
        {
            case "Forward": Forward(call.Read(new ForwardRequest()), new(call)); return true;
            default: return false;
        }
    }

    /// <summary>For clients.</summary>
    public static class Methods
    {
        public static TtrpcMethod Forward => new(EventsService.FullName, "Forward");
    }
}
