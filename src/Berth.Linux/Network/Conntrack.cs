// The kernel's table of connections, over netlink: those to a port that has a new owner are forgotten.
using System.Buffers.Binary;
using System.Net;

namespace Berth.Linux.Network;

/// <summary>A connection that the kernel tracks, as its first packet had it.</summary>
/// <param name="Protocol">6, 17, 132.</param>
/// <param name="Source">From where.</param>
/// <param name="Destination">To where, before it was changed.</param>
/// <param name="SourcePort">From which port.</param>
/// <param name="DestinationPort">To which port.</param>
/// <param name="ReplySource">Who answers: where it really goes.</param>
public sealed record TrackedConnection(byte Protocol, IPAddress Source, IPAddress Destination, ushort SourcePort, ushort DestinationPort, IPAddress ReplySource)
{
    /// <summary>The port that answers.</summary>
    public ushort ReplyPort { get; init; }

    /// <summary>What TCP is at, as the kernel numbers it: SYN_SENT 1, SYN_RECV 2, ESTABLISHED 3, FIN_WAIT 4, CLOSE_WAIT 5, LAST_ACK 6, TIME_WAIT 7, CLOSE 8; 0 for others.</summary>
    public byte TcpState { get; init; }

    /// <summary>Seconds until it is forgotten, if nothing comes.</summary>
    public uint SecondsLeft { get; init; }

    /// <summary>Whether an answer was seen.</summary>
    public bool IsAnswered { get; init; }

    /// <summary>Bytes of the one who began it, headers of IP included; null where the kernel does not count (net.netfilter.nf_conntrack_acct).</summary>
    public ulong? BytesSent { get; init; }

    /// <summary>Bytes of answers.</summary>
    public ulong? BytesAnswered { get; init; }

    internal byte[] Tuple { get; init; } = [];

    internal byte[] Zone { get; init; } = [];
}

/// <summary>A socket to the connection tracking, bound to the network namespace in which it was opened.</summary>
public sealed class Conntrack : IDisposable
{
    private const ushort Subsystem = 1 << 8, New = Subsystem, Get = Subsystem | 1, Delete = Subsystem | 2;
    private const ushort CTA_TUPLE_ORIG = 1, CTA_TUPLE_REPLY = 2, CTA_STATUS = 3, CTA_PROTOINFO = 4, CTA_TIMEOUT = 7, CTA_COUNTERS_ORIG = 9, CTA_COUNTERS_REPLY = 10, CTA_ZONE = 18, CTA_TUPLE_IP = 1, CTA_TUPLE_PROTO = 2, Nested = 0x8000;
    private readonly NetlinkSocket _socket;

    private Conntrack(NetlinkSocket socket) => _socket = socket;

    /// <summary>In the caller's network namespace.</summary>
    /// <exception cref="LinuxException">The kernel has no such socket.</exception>
    public static Conntrack Open() => new(NetlinkSocket.Open(12, "conntrack"));

    /// <summary>In another network namespace.</summary>
    /// <exception cref="LinuxException">It may not be entered, or the kernel has no such socket.</exception>
    public static Conntrack OpenIn(Fd networkNamespace) => new(NetlinkSocket.OpenIn(networkNamespace, 12, "conntrack"));

    private static NetlinkMessage Message(ushort type, ushort flags, bool six) => new NetlinkMessage(type, flags).Fixed([six ? (byte)10 : (byte)2, 0, 0, 0]);

    /// <summary>All connections of a version of IP.</summary>
    public List<TrackedConnection> List(bool six)
    {
        List<TrackedConnection> connections = [];
        _socket.Exchange(Message(Get, NetlinkSocket.NLM_F_REQUEST | NetlinkSocket.NLM_F_DUMP, six), "list", six ? "IPv6" : "IPv4", (type, body) =>
        {
            if (type == New && Read(body[4..]) is { } connection) connections.Add(connection);
        }, connections.Clear);
        return connections;
    }

    private static TrackedConnection? Read(ReadOnlySpan<byte> attributes)
    {
        ReadOnlySpan<byte> tuple = NetlinkMessage.Find(attributes, CTA_TUPLE_ORIG), reply = NetlinkMessage.Find(attributes, CTA_TUPLE_REPLY);
        ReadOnlySpan<byte> ip = NetlinkMessage.Find(tuple, CTA_TUPLE_IP), proto = NetlinkMessage.Find(tuple, CTA_TUPLE_PROTO), back = NetlinkMessage.Find(reply, CTA_TUPLE_IP);
        ReadOnlySpan<byte> number = NetlinkMessage.Find(proto, 1);
        if (Address(ip, 1, 3) is not { } source || Address(ip, 2, 4) is not { } destination || Address(back, 1, 3) is not { } answers || number.IsEmpty) return null;
        return new TrackedConnection(number[0], source, destination, Port(NetlinkMessage.Find(proto, 2)), Port(NetlinkMessage.Find(proto, 3)), answers)
        {
            ReplyPort = Port(NetlinkMessage.Find(NetlinkMessage.Find(reply, CTA_TUPLE_PROTO), 2)),
            TcpState = NetlinkMessage.Find(NetlinkMessage.Find(NetlinkMessage.Find(attributes, CTA_PROTOINFO), 1), 1) is [var state, ..] ? state : (byte)0,
            SecondsLeft = NetlinkMessage.Find(attributes, CTA_TIMEOUT) is { Length: 4 } left ? BinaryPrimitives.ReadUInt32BigEndian(left) : 0,
            // IPS_SEEN_REPLY.
            IsAnswered = NetlinkMessage.Find(attributes, CTA_STATUS) is { Length: 4 } status && (status[3] & 2) != 0,
            BytesSent = Bytes(NetlinkMessage.Find(attributes, CTA_COUNTERS_ORIG)),
            BytesAnswered = Bytes(NetlinkMessage.Find(attributes, CTA_COUNTERS_REPLY)),
            Tuple = tuple.ToArray(),
            Zone = NetlinkMessage.Find(attributes, CTA_ZONE).ToArray(),
        };
    }

    // CTA_IP_V4_SRC 1, V4_DST 2, V6_SRC 3, V6_DST 4.
    private static IPAddress? Address(ReadOnlySpan<byte> ip, ushort four, ushort six) =>
        NetlinkMessage.Find(ip, four) is { Length: 4 } short4 ? new IPAddress(short4) : NetlinkMessage.Find(ip, six) is { Length: 16 } long6 ? new IPAddress(long6) : null;

    // CTA_COUNTERS_BYTES 2.
    private static ulong? Bytes(ReadOnlySpan<byte> counters) => NetlinkMessage.Find(counters, 2) is { Length: 8 } bytes ? BinaryPrimitives.ReadUInt64BigEndian(bytes) : null;

    private static ushort Port(ReadOnlySpan<byte> value) => value.Length >= 2 ? BinaryPrimitives.ReadUInt16BigEndian(value) : (ushort)0;

    /// <summary>Forgets a connection: its next packet is looked at anew.</summary>
    /// <returns>False when it was forgotten already.</returns>
    public bool Forget(TrackedConnection connection)
    {
        ArgumentNullException.ThrowIfNull(connection);
        NetlinkMessage message = Message(Delete, NetlinkSocket.NLM_F_REQUEST | NetlinkSocket.NLM_F_ACK, connection.Source.GetAddressBytes().Length == 16)
            .Attribute(CTA_TUPLE_ORIG | Nested, connection.Tuple);
        if (connection.Zone.Length > 0) message.Attribute(CTA_ZONE, connection.Zone);
        try
        {
            _socket.Exchange(message, "delete", $"{connection.Source} to {connection.Destination}");
            return true;
        }
        catch (LinuxException e) when (e.Errno == Errno.ENOENT)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
