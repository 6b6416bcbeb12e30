// Messages of ttrpc, made by tools/protogen from ttrpc.proto: change that, then `make protos`.
#nullable enable
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Tests.Protos;

/// <summary>ttrpc.Request</summary>
internal sealed partial class Request : IMessage
{
    public const string FullName = "ttrpc.Request";
    private List<KeyValue>? _metadata;
    public string Service { get; set; } = "";
    public string Method { get; set; } = "";
    public byte[] Payload { get; set; } = [];
    public long TimeoutNano { get; set; }
    public List<KeyValue> Metadata => _metadata ??= [];

    public void Write(ProtobufWriter to)
    {
        to.String(1, Service);
        to.String(2, Method);
        to.Bytes(3, Payload);
        to.Varint(4, (ulong)TimeoutNano);
        to.Messages(5, _metadata);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Service = from.String(); break;
                case 18: Method = from.String(); break;
                case 26: Payload = from.Bytes(); break;
                case 32: TimeoutNano = (long)from.Varint(); break;
                case 42:
                {
                    KeyValue item = new();
                    from.Message(item);
                    Metadata.Add(item);
                    break;
                }
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>ttrpc.Response</summary>
internal sealed partial class Response : IMessage
{
    public const string FullName = "ttrpc.Response";
    public Status? Status { get; set; }
    public byte[] Payload { get; set; } = [];

    public void Write(ProtobufWriter to)
    {
        to.Message(1, Status);
        to.Bytes(2, Payload);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: from.Message(Status ??= new()); break;
                case 18: Payload = from.Bytes(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>ttrpc.Status</summary>
internal sealed partial class Status : IMessage
{
    public const string FullName = "ttrpc.Status";
    public int Code { get; set; }
    public string Message { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.Varint(1, (ulong)Code);
        to.String(2, Message);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 8: Code = (int)from.Varint(); break;
                case 18: Message = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}

/// <summary>ttrpc.KeyValue</summary>
internal sealed partial class KeyValue : IMessage
{
    public const string FullName = "ttrpc.KeyValue";
    public string Key { get; set; } = "";
    public string Value { get; set; } = "";

    public void Write(ProtobufWriter to)
    {
        to.String(1, Key);
        to.String(2, Value);
    }

    public void Read(ref ProtobufReader from)
    {
        while (from.Next())
        {
            switch (from.Tag)
            {
                case 10: Key = from.String(); break;
                case 18: Value = from.String(); break;
                default: from.Skip(); break;
            }
        }
    }
}
