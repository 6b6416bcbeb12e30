// Messages of google.protobuf, made by tools/protogen from timestamp.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos.Google.Protobuf;

/// <summary>google.protobuf.Timestamp</summary>
internal sealed partial class Timestamp : IMessage
{
    public const string FullName = "google.protobuf.Timestamp";
    public long Seconds { get; set; }
    public int Nanos { get; set; }

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, (ulong)Seconds);
        to.Varint(2, (ulong)Nanos);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Seconds = (long)from.Varint(); break;
                case 16: Nanos = (int)from.Varint(); break;
                default: from.Skip(); break;
            }
        }
    }
}
