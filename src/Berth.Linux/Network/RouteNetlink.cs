// A connection to the kernel's routing family, rtnetlink(7): links, addresses, routes, rules and queueing, each in a part of its own.
using System.Net;
using System.Net.Sockets;

namespace Berth.Linux.Network;

/// <summary>A socket to the kernel's routing family, bound to the network namespace in which it was opened. Not thread-safe.</summary>
public sealed partial class RouteNetlink : IDisposable
{
    private const ushort Request = NetlinkSocket.NLM_F_REQUEST, Acknowledged = Request | NetlinkSocket.NLM_F_ACK, Dump = Request | NetlinkSocket.NLM_F_DUMP;
    private const ushort Create = Acknowledged | NetlinkSocket.NLM_F_CREATE | NetlinkSocket.NLM_F_EXCL;

    private readonly NetlinkSocket _socket;

    private RouteNetlink(NetlinkSocket socket) => _socket = socket;

    /// <summary>In the caller's network namespace.</summary>
    /// <exception cref="LinuxException">The kernel has no such socket.</exception>
    public static RouteNetlink Open() => new(NetlinkSocket.Open(0, "rtnetlink"));

    /// <summary>In another network namespace, which this thread visits for a moment.</summary>
    /// <exception cref="LinuxException">It may not be entered.</exception>
    public static RouteNetlink OpenIn(Fd networkNamespace) => new(NetlinkSocket.OpenIn(networkNamespace, 0, "rtnetlink"));

    private static byte FamilyOf(IPAddress address) => address.AddressFamily == AddressFamily.InterNetwork ? AF_INET : AF_INET6;

    private const byte AF_INET = 2, AF_INET6 = 10;

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();
}
