// Messages of runtimeoptions.v1, made by tools/protogen from options.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Shim.ShimV2.Protos.Runtimeoptions;

/// <summary>runtimeoptions.v1.Options</summary>
internal sealed partial class Options : IMessage
{
    public const string FullName = "runtimeoptions.v1.Options";
    public string TypeUrl { get; set; } = "";
    public string ConfigPath { get; set; } = "";
    public byte[] ConfigBody { get; set; } = [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, TypeUrl);
        to.String(2, ConfigPath);
        to.Bytes(3, ConfigBody);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: TypeUrl = from.String(); break;
                case 18: ConfigPath = from.String(); break;
                case 26: ConfigBody = from.Bytes(); break;
                default: from.Skip(); break;
            }
        }
    }
}
