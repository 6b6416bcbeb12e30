// Messages of google.protobuf, made by tools/protogen from empty.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos.Google.Protobuf;

/// <summary>google.protobuf.Empty</summary>
internal sealed partial class Empty : IMessage
{
    public const string FullName = "google.protobuf.Empty";

    public void Write(ProtobufWriter to)
    {
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next()) from.Skip();
    }
}
