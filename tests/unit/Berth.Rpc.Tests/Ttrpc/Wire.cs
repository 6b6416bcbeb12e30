// Frames as another implementation makes and reads them: by Google's classes.
using System.Buffers.Binary;
using Berth.Rpc.Ttrpc;
using Google.Protobuf;

namespace Berth.Rpc.Tests.Ttrpc;

/// <summary>A frame on the wire.</summary>
internal sealed record WireFrame(uint Stream, byte Kind, byte Flags, byte[] Data)
{
    public const byte Request = 1, Response = 2, Message = 3;

    public global::Ttrpc.Response AsResponse => global::Ttrpc.Response.Parser.ParseFrom(Data);
}

internal static class Wire
{
    public static byte[] Frame(uint stream, byte kind, byte flags, byte[] data, uint? length = null)
    {
        byte[] frame = new byte[10 + data.Length];
        BinaryPrimitives.WriteUInt32BigEndian(frame, length ?? (uint)data.Length);
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), stream);
        (frame[8], frame[9]) = (kind, flags);
        data.CopyTo(frame, 10);
        return frame;
    }

    public static byte[] Request(uint stream, string method = "Say", string service = Protos.EchoService.FullName, byte[]? payload = null, long timeout = 0, byte flags = 0, params (string Key, string Value)[] metadata)
    {
        global::Ttrpc.Request request = new() { Service = service, Method = method, Payload = ByteString.CopyFrom(payload ?? []), TimeoutNano = timeout };
        foreach ((string key, string value) in metadata) request.Metadata.Add(new global::Ttrpc.KeyValue { Key = key, Value = value });
        return Frame(stream, WireFrame.Request, flags, request.ToByteArray());
    }

    public static byte[] Response(uint stream, byte[]? payload = null, int code = 0, string message = "")
    {
        global::Ttrpc.Response response = new() { Payload = ByteString.CopyFrom(payload ?? []) };
        if (code != 0) response.Status = new global::Ttrpc.Status { Code = code, Message = message };
        return Frame(stream, WireFrame.Response, 0, response.ToByteArray());
    }

    /// <summary>All that the server has to say; everything has to be whole frames.</summary>
    public static List<WireFrame> Drain(TtrpcServerConnection server)
    {
        List<WireFrame> frames = Frames(server.Outgoing.ToArray());
        server.Sent(server.Outgoing.Length);
        return frames;
    }

    public static List<WireFrame> Frames(byte[] bytes)
    {
        List<WireFrame> frames = [];
        for (int at = 0; at < bytes.Length;)
        {
            int length = (int)BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at));
            Assert.InRange(length, 0, 4 << 20);
            frames.Add(new WireFrame(BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(at + 4)), bytes[at + 8], bytes[at + 9], bytes.AsSpan(at + 10, length).ToArray()));
            at += 10 + length;
        }
        return frames;
    }
}
