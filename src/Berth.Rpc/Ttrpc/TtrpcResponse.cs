// The message that ends a call.
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Ttrpc;

/// <summary>ttrpc.Response: status 1 (google.rpc.Status: code 1, message 2, details 3), payload 2. A call that succeeded has no status.</summary>
internal readonly struct TtrpcResponse
{
    private TtrpcResponse(StatusCode code, string message, int payloadStart, int payloadLength) =>
        (Code, Message, PayloadStart, PayloadLength) = (code, message, payloadStart, payloadLength);

    public StatusCode Code { get; }

    public string Message { get; }

    /// <summary>Where in the frame's data the payload lies.</summary>
    public int PayloadStart { get; }

    public int PayloadLength { get; }

    public static TtrpcResponse Read(ReadOnlySpan<byte> data)
    {
        ProtobufReader reader = new(data);
        StatusCode code = StatusCode.Ok;
        string message = "";
        int start = 0, length = 0;
        while (reader.Next())
        {
            switch (reader.Tag)
            {
                case 1 << 3 | 2:
                    int outer = reader.Enter();
                    while (reader.Next())
                    {
                        switch (reader.Tag)
                        {
                            case 1 << 3: code = (StatusCode)(int)reader.Varint(); break;
                            case 2 << 3 | 2: message = reader.String(); break;
                            default: reader.Skip(); break;
                        }
                    }
                    reader.Leave(outer);
                    break;
                case 2 << 3 | 2:
                    length = reader.Span().Length;
                    start = reader.Position - length;
                    break;
                default: reader.Skip(); break;
            }
        }
        return new TtrpcResponse(code, message, start, length);
    }

    public static void Write(ProtobufWriter to, StatusCode code, string message, IMessage? payload)
    {
        if (code != StatusCode.Ok)
        {
            int start = to.Begin(1);
            to.Varint(1, (ulong)code);
            to.String(2, message);
            to.End(start);
        }
        to.Message(2, payload);
    }
}
