// The message that begins a call, read without copying what it carries.
using Berth.Rpc.Protobuf;

namespace Berth.Rpc.Ttrpc;

/// <summary>ttrpc.Request: service 1, method 2, payload 3, timeout_nano 4, metadata 5 (repeated key 1, value 2).</summary>
internal readonly struct TtrpcRequest
{
    private TtrpcRequest(string service, string method, long timeoutNano, int payloadStart, int payloadLength) =>
        (Service, Method, TimeoutNano, PayloadStart, PayloadLength) = (service, method, timeoutNano, payloadStart, payloadLength);

    public string Service { get; }

    public string Method { get; }

    public long TimeoutNano { get; }

    /// <summary>Where in the frame's data the payload lies.</summary>
    public int PayloadStart { get; }

    public int PayloadLength { get; }

    public static TtrpcRequest Read(ReadOnlySpan<byte> data)
    {
        ProtobufReader reader = new(data);
        string service = "", method = "";
        long timeout = 0;
        int start = 0, length = 0;
        while (reader.Next())
        {
            switch (reader.Tag)
            {
                case 1 << 3 | 2: service = reader.String(); break;
                case 2 << 3 | 2: method = reader.String(); break;
                case 3 << 3 | 2:
                    length = reader.Span().Length;
                    start = reader.Position - length;
                    break;
                case 4 << 3: timeout = (long)reader.Varint(); break;
                case 5 << 3 | 2: Pair(ref reader, out _, out _); break;
                default: reader.Skip(); break;
            }
        }
        return new TtrpcRequest(service, method, timeout, start, length);
    }

    /// <summary>The first value under a key.</summary>
    public static string? Metadata(ReadOnlySpan<byte> data, string key)
    {
        ProtobufReader reader = new(data);
        while (reader.Next())
        {
            if (reader.Tag != (5 << 3 | 2))
            {
                reader.Skip();
                continue;
            }
            Pair(ref reader, out string name, out string value);
            if (name == key) return value;
        }
        return null;
    }

    public static void Write(ProtobufWriter to, TtrpcMethod method, IMessage message, in TtrpcOptions options)
    {
        to.String(1, method.Service);
        to.String(2, method.Name);
        to.Message(3, message);
        to.Varint(4, (ulong)options.TimeoutNano);
        foreach ((string key, string value) in options.Metadata ?? [])
        {
            int start = to.Begin(5);
            to.String(1, key);
            to.String(2, value);
            to.End(start);
        }
    }

    private static void Pair(ref ProtobufReader reader, out string key, out string value)
    {
        key = value = "";
        int outer = reader.Enter();
        while (reader.Next())
        {
            switch (reader.Tag)
            {
                case 1 << 3 | 2: key = reader.String(); break;
                case 2 << 3 | 2: value = reader.String(); break;
                default: reader.Skip(); break;
            }
        }
        reader.Leave(outer);
    }
}
