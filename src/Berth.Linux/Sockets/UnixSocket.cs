// Unix sockets of servers: bound in the file system, accepted without waiting, sent to without a signal.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Files;

namespace Berth.Linux.Sockets;

/// <summary>Kinds of unix(7) sockets.</summary>
public enum SocketKind
{
    /// <summary>SOCK_STREAM.</summary>
    Stream = 1,

    /// <summary>SOCK_DGRAM.</summary>
    Datagram = 2,

    /// <summary>SOCK_SEQPACKET: a connection that keeps the borders of messages.</summary>
    Packets = 5,
}

/// <summary>Server ends; all descriptors are non-blocking and close-on-exec.</summary>
public static unsafe partial class UnixSocket
{
    private const int AF_UNIX = 1, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000, MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;

    /// <summary>A socket bound to a path of any length, which must not exist.</summary>
    /// <param name="kind">Its kind; of streams and packets it listens at once.</param>
    /// <param name="path">Where.</param>
    /// <param name="mode">Permissions, set before anybody can connect.</param>
    /// <param name="backlog">How many connections may wait.</param>
    /// <exception cref="LinuxException">EADDRINUSE: the path is there; or its directory is not.</exception>
    public static Fd Bind(SocketKind kind, string path, uint mode, int backlog = 128)
    {
        Fd socket = New(kind);
        try
        {
            byte* address = stackalloc byte[110];
            using Fd? directory = Address(path, address, out uint length);
            // Bound with the mode of the socket's own inode: never for a moment more than asked for, and never set by name,
            // which in a directory that others write to may be another file's by then.
            fchmod(socket.Number, mode);
            uint mask = umask(0);
            int bound = bind(socket.Number, address, length);
            Errno errno = bound < 0 ? Check.LastErrno : Errno.None;
            umask(mask);
            if (bound < 0) throw new LinuxException("bind", path, errno);
            if (kind != SocketKind.Datagram) Check.Result(listen(socket.Number, backlog), "listen", path);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>A socket that is connected to nobody and bound nowhere.</summary>
    public static Fd New(SocketKind kind) => new(Check.Result(socket(AF_UNIX, (int)kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket"));

    /// <summary>Connects to a stream without waiting.</summary>
    /// <returns>Null with the reason: EAGAIN where more connections wait already than the other end wants.</returns>
    public static Fd? TryConnect(string path, out Errno errno)
    {
        Fd? socket = null;
        try
        {
            socket = New(SocketKind.Stream);
            byte* address = stackalloc byte[110];
            using Fd? directory = Address(path, address, out uint length);
            int done;
            do { done = connect(socket.Number, address, length); }
            while (done < 0 && Check.LastErrno == Errno.EINTR);
            errno = done < 0 ? Check.LastErrno : Errno.None;
            if (done == 0) return socket;
        }
        catch (LinuxException e)
        {
            errno = e.Errno;
        }
        socket?.Dispose();
        return null;
    }

    /// <summary>Accepts one connection that waits.</summary>
    /// <returns>Null when none waits.</returns>
    public static Fd? TryAccept(Fd listener) => TryAccept(listener, out _);

    /// <inheritdoc cref="TryAccept(Fd)"/>
    /// <param name="listener">The listening socket.</param>
    /// <param name="errno">EAGAIN: none waits. EMFILE and its like: one waits and goes on waiting, so that the socket stays readable.</param>
    public static Fd? TryAccept(Fd listener, out Errno errno)
    {
        int fd;
        do { fd = accept4(listener.Number, null, null, SOCK_NONBLOCK | SOCK_CLOEXEC); }
        while (fd < 0 && Check.LastErrno == Errno.EINTR);
        errno = fd < 0 ? Check.LastErrno : Errno.None;
        return fd < 0 ? null : new Fd(fd);
    }

    /// <summary>Sends once on a connection.</summary>
    /// <returns>How much; -1 with the reason, EAGAIN when the other end is slow.</returns>
    public static int TrySend(Fd socket, ReadOnlySpan<byte> bytes, out Errno errno)
    {
        nint n;
        fixed (byte* p = bytes)
        {
            do { n = send(socket.Number, p, (nuint)bytes.Length, MSG_NOSIGNAL | MSG_DONTWAIT); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return (int)n;
    }

    /// <summary>Sends one datagram to a path.</summary>
    public static bool TrySendTo(Fd socket, string path, ReadOnlySpan<byte> bytes, out Errno errno)
    {
        byte* address = stackalloc byte[110];
        Fd? directory;
        uint length;
        try
        {
            directory = Address(path, address, out length);
        }
        catch (LinuxException e)
        {
            errno = e.Errno;
            return false;
        }
        nint n;
        using (directory)
        fixed (byte* p = bytes)
        {
            do { n = sendto(socket.Number, p, (nuint)bytes.Length, MSG_NOSIGNAL | MSG_DONTWAIT, address, length); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return n >= 0;
    }

    /// <summary>shutdown(2): no more reading, no more writing, or neither.</summary>
    public static void Shutdown(Fd socket, bool read, bool write)
    {
        if (read || write) shutdown(socket.Number, read && write ? 2 : write ? 1 : 0);
    }

    private static Fd? Address(string path, byte* address, out uint length)
    {
        Fd? directory = null;
        string name = path;
        if (Encoding.UTF8.GetByteCount(path) > 107)
        {
            // Longer than the kernel takes: reached through its directory.
            int slash = path.LastIndexOf('/');
            directory = KernelPath.Open(slash <= 0 ? "/" : path[..slash], Programs.Interpreter.O_PATH | Programs.Interpreter.O_DIRECTORY);
            name = $"{directory.ProcPath}/{path[(slash + 1)..]}";
        }
        Span<byte> text = new(address + 2, 107);
        if (!Encoding.UTF8.TryGetBytes(name, text, out int written))
        {
            directory?.Dispose();
            throw new LinuxException("bind", path, Errno.ENAMETOOLONG);
        }
        *(ushort*)address = AF_UNIX;
        text[written..].Clear();
        length = (uint)(2 + written + 1);
        address[2 + written] = 0;
        return directory;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc")]
    private static partial uint umask(uint mask);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int listen(int fd, int backlog);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int accept4(int fd, byte* address, uint* length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendto(int fd, byte* buffer, nuint length, int flags, byte* address, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int shutdown(int fd, int how);

    [LibraryImport("libc")]
    private static partial int fchmod(int fd, uint mode);
}
