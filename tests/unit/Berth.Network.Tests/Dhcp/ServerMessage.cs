// A server's message for tests: valid, plus what a test changes.
using System.Buffers.Binary;
using Berth.Network.Ipam.Dhcp;

namespace Berth.Network.Tests.Dhcp;

internal static class ServerMessage
{
    public const uint Address = 0x0A4D000A, Server = 0x0A4D0001;

    public static readonly byte[] Mac = [2, 0, 0, 0, 0, 1];

    /// <summary>The bytes of a message with these options behind its kind and server.</summary>
    public static byte[] Bytes(DhcpKind kind, uint transaction = 7, params (byte Code, byte[] Value)[] options)
    {
        List<byte> field = [];
        DhcpOption.Append(field, DhcpOption.MessageType, [(byte)kind]);
        if (!options.Any(static o => o.Code == DhcpOption.ServerIdentifier)) DhcpOption.Append(field, DhcpOption.ServerIdentifier, Four(Server));
        foreach ((byte code, byte[] value) in options) DhcpOption.Append(field, code, value);
        field.Add(255);
        return Raw([.. field], transaction);
    }

    public static byte[] Raw(byte[] options, uint transaction = 7)
    {
        byte[] bytes = new byte[240 + options.Length];
        (bytes[0], bytes[1], bytes[2]) = (2, 1, 6);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(4), transaction);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(16), Address);
        Mac.CopyTo(bytes, 28);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(236), 0x63825363);
        options.CopyTo(bytes, 240);
        return bytes;
    }

    public static DhcpMessage Of(DhcpKind kind, uint transaction = 7, params (byte Code, byte[] Value)[] options) => DhcpMessage.Read(Bytes(kind, transaction, options))!;

    /// <summary>A whole lease: mask, router, an hour.</summary>
    public static (byte, byte[])[] Lease(uint seconds = 3600) =>
        [(DhcpOption.SubnetMask, [255, 255, 255, 0]), (DhcpOption.Router, Four(Server)), (DhcpOption.LeaseTime, Four(seconds))];

    public static byte[] Four(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}
