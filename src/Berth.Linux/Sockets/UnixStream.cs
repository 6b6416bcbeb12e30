// A connected Unix stream socket for small synchronous protocols: bytes out, bytes in, never longer than a deadline.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Processes;

namespace Berth.Linux.Sockets;

/// <summary>A client's end of a stream socket (unix(7)).</summary>
public sealed unsafe partial class UnixStream : IDisposable
{
    private readonly Fd _fd;

    private UnixStream(Fd fd) => _fd = fd;

    /// <summary>Connects to a socket in the file system, or, if the name begins with a zero character, to an abstract one.</summary>
    /// <exception cref="LinuxException">Nobody listens there (ECONNREFUSED, ENOENT), or its queue is full (EAGAIN).</exception>
    public static UnixStream Connect(string name)
    {
        byte[] address = new byte[110];
        address[0] = AF_UNIX;
        int length = Encoding.UTF8.GetByteCount(name);
        string said = name.Replace('\0', '@');
        if (length > 107) throw new LinuxException("connect", said, Errno.ENAMETOOLONG);
        Encoding.UTF8.GetBytes(name, address.AsSpan(2));
        // The name of an abstract socket is everything up to the given length; a path ends with a zero byte.
        uint size = (uint)(2 + length + (name.StartsWith('\0') ? 0 : 1));
        Fd fd = new(Check.Result(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket", said));
        fixed (byte* p = address)
        {
            if (connect(fd.Number, p, size) == 0) return new UnixStream(fd);
        }
        Errno errno = Check.LastErrno;
        fd.Dispose();
        throw new LinuxException("connect", said, errno);
    }

    /// <summary>Sends everything.</summary>
    /// <exception cref="LinuxException">The other end is closed (EPIPE) or does not take it in time (ETIMEDOUT).</exception>
    public void Send(ReadOnlySpan<byte> bytes, int milliseconds)
    {
        while (!bytes.IsEmpty)
        {
            nint sent;
            fixed (byte* p = bytes) sent = send(_fd.Number, p, (nuint)bytes.Length, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (sent >= 0) { bytes = bytes[(int)sent..]; continue; }
            Errno errno = Check.LastErrno;
            if (errno == Errno.EINTR) continue;
            if (errno != Errno.EAGAIN) throw new LinuxException("send", null, errno);
            WaitFor(POLLOUT, milliseconds);
        }
    }

    /// <summary>Receives what is there, waiting for the first byte.</summary>
    /// <returns>How many bytes; zero when the other end has closed.</returns>
    /// <exception cref="LinuxException">The connection broke, or nothing came in time (ETIMEDOUT).</exception>
    public int Receive(Span<byte> buffer, int milliseconds)
    {
        while (true)
        {
            nint received;
            fixed (byte* p = buffer) received = recv(_fd.Number, p, (nuint)buffer.Length, MSG_DONTWAIT);
            if (received >= 0) return (int)received;
            Errno errno = Check.LastErrno;
            if (errno == Errno.EINTR) continue;
            if (errno != Errno.EAGAIN) throw new LinuxException("recv", null, errno);
            WaitFor(POLLIN, milliseconds);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _fd.Dispose();

    private void WaitFor(short what, int milliseconds)
    {
        long end = Environment.TickCount64 + milliseconds;
        PollEntry entry = new() { Fd = _fd.Number, Events = what };
        while (true)
        {
            int left = (int)Math.Max(0, end - Environment.TickCount64);
            if (Poll.Wait(new Span<PollEntry>(ref entry), left) > 0) return;
            if (left == 0) throw new LinuxException("poll", null, Errno.ETIMEDOUT);
        }
    }

    private const int AF_UNIX = 1, SOCK_STREAM = 1, SOCK_CLOEXEC = 0x80000, MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;
    private const short POLLIN = 1, POLLOUT = 4;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(int fd, byte* buffer, nuint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(int fd, byte* buffer, nuint length, int flags);
}
