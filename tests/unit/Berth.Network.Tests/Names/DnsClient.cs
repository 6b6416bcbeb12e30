// A small client of DNS for tests: real sockets on loopback, answers read by rules of its own.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Berth.Network.Tests.Names;

/// <summary>An answer as a client sees it.</summary>
internal sealed record Reply(ushort Id, int Flags, byte[] Raw, List<string> Answers, int Authorities, int Additional)
{
    public int Code => Flags & 0xF;

    public bool IsTruncated => (Flags & 0x0200) != 0;

    public bool IsAuthoritative => (Flags & 0x0400) != 0;
}

/// <summary>Asks one server.</summary>
internal sealed class DnsClient(IPEndPoint server)
{
    public const int A = 1, Txt = 16, Ptr = 12, Aaaa = 28;
    private static int _id;

    public static byte[] Question(string name, int type, int? edns = null, ushort? id = null, bool tail = true)
    {
        List<byte> packet = [];
        ushort number = id ?? (ushort)(Interlocked.Increment(ref _id) * 7);
        packet.AddRange([(byte)(number >> 8), (byte)number, 1, 0, 0, 1, 0, 0, 0, 0, 0, (byte)(edns is null ? 0 : 1)]);
        foreach (string label in name.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            packet.Add((byte)label.Length);
            packet.AddRange(Encoding.ASCII.GetBytes(label));
        }
        packet.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        if (edns is { } size && tail) packet.AddRange([0, 0, 41, (byte)(size >> 8), (byte)size, 0, 0, 0, 0, 0, 0]);
        return [.. packet];
    }

    public Reply? Ask(string name, int type = A, int? edns = null, string from = "127.0.0.1", int milliseconds = 5000) =>
        Send(Question(name, type, edns), from, milliseconds);

    public Reply? Send(byte[] packet, string from = "127.0.0.1", int milliseconds = 5000)
    {
        using Socket socket = new(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp) { ReceiveTimeout = milliseconds };
        if (server.AddressFamily == AddressFamily.InterNetwork) socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
        socket.Connect(server);
        socket.Send(packet);
        byte[] buffer = new byte[65535];
        try
        {
            return Read(buffer.AsSpan(0, socket.Receive(buffer)));
        }
        catch (SocketException)
        {
            return null;
        }
    }

    public List<Reply> AskOverTcp(params byte[][] packets)
    {
        using TcpClient client = new();
        client.Connect(server);
        NetworkStream stream = client.GetStream();
        stream.ReadTimeout = 5000;
        List<byte> all = [];
        foreach (byte[] packet in packets) all.AddRange([(byte)(packet.Length >> 8), (byte)packet.Length, .. packet]);
        stream.Write([.. all]);
        List<Reply> replies = [];
        byte[] length = new byte[2];
        for (int i = 0; i < packets.Length; i++)
        {
            stream.ReadExactly(length);
            byte[] body = new byte[(length[0] << 8) | length[1]];
            stream.ReadExactly(body);
            replies.Add(Read(body));
        }
        return replies;
    }

    public static Reply Read(ReadOnlySpan<byte> packet)
    {
        int at = 12;
        for (int i = BinaryPrimitives.ReadUInt16BigEndian(packet[4..]); i > 0; i--)
        {
            Name(packet, ref at);
            at += 4;
        }
        List<string> answers = [];
        int authorities = BinaryPrimitives.ReadUInt16BigEndian(packet[8..]);
        int additional = BinaryPrimitives.ReadUInt16BigEndian(packet[10..]);
        int count = BinaryPrimitives.ReadUInt16BigEndian(packet[6..]);
        for (int i = 0; i < count + authorities + additional; i++)
        {
            Name(packet, ref at);
            int type = BinaryPrimitives.ReadUInt16BigEndian(packet[at..]);
            int size = BinaryPrimitives.ReadUInt16BigEndian(packet[(at + 8)..]);
            at += 10;
            int body = at;
            if (i < count) answers.Add(type is A or Aaaa ? new IPAddress(packet.Slice(at, size)).ToString() : Name(packet, ref body));
            at += size;
        }
        Assert.Equal(packet.Length, at);
        return new Reply(BinaryPrimitives.ReadUInt16BigEndian(packet), BinaryPrimitives.ReadUInt16BigEndian(packet[2..]), packet.ToArray(), answers, authorities, additional);
    }

    private static string Name(ReadOnlySpan<byte> packet, ref int at)
    {
        StringBuilder name = new();
        int? back = null;
        while (packet[at] != 0)
        {
            if (packet[at] >= 0xC0)
            {
                back ??= at + 2;
                at = ((packet[at] & 0x3F) << 8) | packet[at + 1];
                continue;
            }
            if (name.Length > 0) name.Append('.');
            name.Append(Encoding.ASCII.GetString(packet.Slice(at + 1, packet[at])));
            at += packet[at] + 1;
        }
        at = back ?? at + 1;
        return name.ToString();
    }
}
