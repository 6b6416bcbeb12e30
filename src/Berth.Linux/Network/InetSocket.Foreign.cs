// Connections that come from an address of somebody else: what a forwarder needs to keep a client's address.
namespace Berth.Linux.Network;

public static unsafe partial class InetSocket
{
    private const int SO_KEEPALIVE = 9, SO_LINGER = 13, SO_MARK = 36, IP_TRANSPARENT = 19, IPV6_TRANSPARENT = 75;

    /// <summary>A connection that is under way from another's address (IP_TRANSPARENT), with a mark on its packets (SO_MARK).</summary>
    /// <param name="remote">Where to.</param>
    /// <param name="source">Whose address it has; where its port is taken, another port of the same address. Null: an address of this host.</param>
    /// <param name="mark">The mark; 0 for none.</param>
    /// <param name="datagram">UDP instead of TCP.</param>
    /// <exception cref="LinuxException">EPERM: no right to either. There is no way there, or the limit of open files is reached.</exception>
    public static Fd ConnectAs(InetEndpoint remote, InetEndpoint? source, uint mark, bool datagram)
    {
        int type = datagram ? SOCK_DGRAM : SOCK_STREAM;
        Fd fd = New(remote, type);
        try
        {
            if (mark != 0) Require(fd, SOL_SOCKET, SO_MARK, (int)mark, "SO_MARK");
            if (source is { } from) BindForeign(fd, from);
            if (!datagram) Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
            Connect(fd, remote);
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>The next close ends the connection with a reset, and what was not sent is lost (SO_LINGER of no time).</summary>
    public static void ResetAtClose(Fd socket)
    {
        long none = 1;
        setsockopt(socket.Number, SOL_SOCKET, SO_LINGER, &none, sizeof(long));
    }

    /// <summary>A silent connection is asked now and then whether its other end lives (SO_KEEPALIVE).</summary>
    public static void KeepAlive(Fd socket) => Set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);

    private static void BindForeign(Fd fd, InetEndpoint source)
    {
        if (source.Is4) Require(fd, IPPROTO_IP, IP_TRANSPARENT, 1, "IP_TRANSPARENT");
        else Require(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1, "IPV6_TRANSPARENT");
        Set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        byte* address = stackalloc byte[InetEndpoint.MostBytes];
        int length = source.Write(new Span<byte>(address, InetEndpoint.MostBytes));
        if (bind(fd.Number, address, (uint)length) == 0) return;
        length = (source with { Port = 0 }).Write(new Span<byte>(address, InetEndpoint.MostBytes));
        Check.Result(bind(fd.Number, address, (uint)length), "bind", source.ToString());
    }

    private static void Require(Fd fd, int level, int option, int value, string name) => Check.Result(setsockopt(fd.Number, level, option, &value, sizeof(int)), "setsockopt", name);
}
