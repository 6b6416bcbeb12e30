// Sockets of UDP and TCP without the framework's: no thread, no pool, nothing waits.
using System.Runtime.InteropServices;

namespace Berth.Linux.Network;

/// <summary>Makes sockets of the internet families (ip(7), ipv6(7), udp(7), tcp(7)); all are non-blocking and close-on-exec.</summary>
public static unsafe partial class InetSocket
{
    private const int AF_INET = 2, AF_INET6 = 10, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000;
    private const int SOL_SOCKET = 1, SO_REUSEADDR = 2, SO_RCVBUF = 8, SO_ERROR = 4, IPPROTO_IP = 0, IPPROTO_TCP = 6, IPPROTO_IPV6 = 41;
    private const int IP_FREEBIND = 15, IPV6_V6ONLY = 26, IPV6_FREEBIND = 78, TCP_NODELAY = 1;
    private const int EINPROGRESS = 115;

    /// <summary>A UDP socket bound to an address.</summary>
    /// <param name="local">Address and port.</param>
    /// <param name="room">Bytes that may wait to be read.</param>
    /// <param name="anywhere">The address need not be there yet (IP_FREEBIND).</param>
    /// <exception cref="LinuxException">EADDRINUSE: another program has the port; EACCES: it is a privileged one.</exception>
    public static Fd BindDatagram(InetEndpoint local, int room, bool anywhere = true)
    {
        Fd fd = New(local, SOCK_DGRAM);
        try
        {
            Set(fd, SOL_SOCKET, SO_RCVBUF, room);
            Bind(fd, local, anywhere);
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>A TCP socket that listens at an address.</summary>
    /// <param name="local">Address and port.</param>
    /// <param name="backlog">How many connections may wait to be accepted.</param>
    /// <param name="anywhere">The address need not be there yet (IP_FREEBIND).</param>
    /// <exception cref="LinuxException">As <see cref="BindDatagram"/>.</exception>
    public static Fd Listen(InetEndpoint local, int backlog, bool anywhere = true)
    {
        Fd fd = New(local, SOCK_STREAM);
        try
        {
            Set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
            Bind(fd, local, anywhere);
            Check.Result(listen(fd.Number, backlog), "listen", local.ToString());
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    /// <summary>A UDP socket with a port the kernel chooses at random, which takes only what this other end sends.</summary>
    /// <exception cref="LinuxException">There is no way there, or the limit of open files is reached.</exception>
    public static Fd ConnectDatagram(InetEndpoint remote) => Connect(remote, SOCK_DGRAM);

    /// <summary>A TCP connection that is under way: it is writable once it is there, or failed (<see cref="TakeError"/>).</summary>
    /// <exception cref="LinuxException">There is no way there, or the limit of open files is reached.</exception>
    public static Fd ConnectStream(InetEndpoint remote) => Connect(remote, SOCK_STREAM);

    /// <summary>Accepts one connection that waits; answers are sent at once (TCP_NODELAY).</summary>
    /// <returns>Null when none waits, or none can be taken.</returns>
    public static Fd? TryAccept(Fd listener, out InetEndpoint peer, out Errno errno)
    {
        byte* address = stackalloc byte[InetEndpoint.MostBytes];
        uint length = InetEndpoint.MostBytes;
        int number;
        do { number = accept4(listener.Number, address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC); }
        while (number < 0 && Check.LastErrno == Errno.EINTR);
        errno = number < 0 ? Check.LastErrno : Errno.None;
        peer = number < 0 ? default : InetEndpoint.Read(new ReadOnlySpan<byte>(address, InetEndpoint.MostBytes));
        if (number < 0) return null;
        Fd fd = new(number);
        Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        return fd;
    }

    /// <summary>The error that waits at a socket, and is taken from it (SO_ERROR).</summary>
    public static Errno TakeError(Fd socket)
    {
        int error = 0;
        uint length = sizeof(int);
        return getsockopt(socket.Number, SOL_SOCKET, SO_ERROR, &error, &length) < 0 ? Check.LastErrno : (Errno)error;
    }

    /// <summary>The number of the interface that a connection came by; 0 where its listener was not asked to say (<see cref="AddressedDatagrams.WithLocalAddress"/>).</summary>
    public static uint LinkOf(Fd connection, bool six)
    {
        const int IP_PKTOPTIONS = 9, IPV6_2292PKTOPTIONS = 6;
        byte* control = stackalloc byte[128];
        uint length = 128;
        return getsockopt(connection.Number, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_2292PKTOPTIONS : IP_PKTOPTIONS, control, &length) < 0 ? 0 : LinkOf(new ReadOnlySpan<byte>(control, (int)length));
    }

    // cmsghdr: length (8), level, type; in_pktinfo: interface, two addresses; in6_pktinfo: address, interface.
    internal static uint LinkOf(ReadOnlySpan<byte> control)
    {
        const int IP_PKTINFO = 8, IPV6_PKTINFO = 50, Head = 16;
        while (control.Length >= Head + 12)
        {
            (int level, int type) = (BitConverter.ToInt32(control[8..]), BitConverter.ToInt32(control[12..]));
            if (level == IPPROTO_IP && type == IP_PKTINFO) return BitConverter.ToUInt32(control[Head..]);
            if (level == IPPROTO_IPV6 && type == IPV6_PKTINFO && control.Length >= Head + 20) return BitConverter.ToUInt32(control[(Head + 16)..]);
            int length = (int)((BitConverter.ToInt64(control) + 7) & ~7L);
            if (length < Head || length > control.Length) break;
            control = control[length..];
        }
        return 0;
    }

    /// <summary>Where a socket is bound.</summary>
    public static InetEndpoint LocalOf(Fd socket)
    {
        byte* address = stackalloc byte[InetEndpoint.MostBytes];
        uint length = InetEndpoint.MostBytes;
        Check.Result(getsockname(socket.Number, address, &length), "getsockname");
        return InetEndpoint.Read(new ReadOnlySpan<byte>(address, InetEndpoint.MostBytes));
    }

    /// <summary>Sends once.</summary>
    /// <returns>How much; -1 with the reason.</returns>
    public static int TrySend(Fd socket, ReadOnlySpan<byte> bytes, out Errno errno)
    {
        nint n;
        fixed (byte* p = bytes)
        {
            do { n = send(socket.Number, p, (nuint)bytes.Length, 0x4040); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return (int)n;
    }

    /// <summary>Receives once.</summary>
    /// <returns>How much; 0 at the end of a connection; -1 with the reason.</returns>
    public static int TryReceive(Fd socket, Span<byte> buffer, out Errno errno)
    {
        nint n;
        fixed (byte* p = buffer)
        {
            do { n = recv(socket.Number, p, (nuint)buffer.Length, 0x40); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return (int)n;
    }

    /// <summary>Sends one datagram.</summary>
    public static bool TrySendTo(Fd socket, InetEndpoint remote, ReadOnlySpan<byte> bytes, out Errno errno)
    {
        byte* address = stackalloc byte[InetEndpoint.MostBytes];
        int length = remote.Write(new Span<byte>(address, InetEndpoint.MostBytes));
        nint n;
        fixed (byte* p = bytes)
        {
            do { n = sendto(socket.Number, p, (nuint)bytes.Length, 0x4040, address, (uint)length); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return n >= 0;
    }

    private static Fd New(InetEndpoint local, int type) =>
        new(Check.Result(socket(local.Is4 ? AF_INET : AF_INET6, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket", local.ToString()));

    private static void Bind(Fd fd, InetEndpoint local, bool anywhere)
    {
        // The address is there before the interface is up, and stays ours when the bridge is made anew.
        if (anywhere) Set(fd, IPPROTO_IP, IP_FREEBIND, 1);
        if (anywhere && !local.Is4) Set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
        if (!local.Is4) Set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
        byte* address = stackalloc byte[InetEndpoint.MostBytes];
        int length = local.Write(new Span<byte>(address, InetEndpoint.MostBytes));
        Check.Result(bind(fd.Number, address, (uint)length), "bind", local.ToString());
    }

    private static Fd Connect(InetEndpoint remote, int type)
    {
        Fd fd = New(remote, type);
        if (type == SOCK_STREAM) Set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        try
        {
            Connect(fd, remote);
            return fd;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    private static void Connect(Fd fd, InetEndpoint remote)
    {
        byte* address = stackalloc byte[InetEndpoint.MostBytes];
        int length = remote.Write(new Span<byte>(address, InetEndpoint.MostBytes));
        if (connect(fd.Number, address, (uint)length) < 0 && (int)Check.LastErrno != EINPROGRESS) throw new LinuxException("connect", remote.ToString(), Check.LastErrno);
    }

    private static void Set(Fd fd, int level, int option, int value) => setsockopt(fd.Number, level, option, &value, sizeof(int));

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockname(int fd, byte* address, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int getsockopt(int fd, int level, int option, void* value, uint* length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendto(int fd, byte* buffer, nuint length, int flags, byte* address, uint size);
}
