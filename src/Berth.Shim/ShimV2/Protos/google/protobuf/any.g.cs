// Messages of google.protobuf, made by tools/protogen from any.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos.Google.Protobuf;

/// <summary>google.protobuf.Any</summary>
internal sealed partial class Any : IMessage
{
    public const string FullName = "google.protobuf.Any";
    public string TypeUrl { get; set; } = "";
    public byte[] Value { get; set; } = [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, TypeUrl);
        to.Bytes(2, Value);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: TypeUrl = from.String(); break;
                case 18: Value = from.Bytes(); break;
                default: from.Skip(); break;
            }
        }
    }
}
