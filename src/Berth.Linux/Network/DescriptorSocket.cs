// Unix stream sockets that carry descriptors (SCM_RIGHTS, unix(7)): console sockets, seccomp listeners, pidfd receivers.
using System.Runtime.InteropServices;
using System.Text;
using Berth.Linux.Files;

namespace Berth.Linux.Network;

/// <summary>Connects, sends and receives descriptors.</summary>
public static unsafe partial class DescriptorSocket
{
    private const int AF_UNIX = 1, SOCK_STREAM = 1, SOCK_DGRAM = 2, SOCK_CLOEXEC = 0x80000, SOL_SOCKET = 1, SCM_RIGHTS = 1;

    /// <summary>How many descriptors one message carries at most (SCM_MAX_FD).</summary>
    public const int MostDescriptors = 253;

    /// <summary>Connects to a socket in the file system; a path longer than the kernel takes is reached through its directory.</summary>
    /// <exception cref="LinuxException">Nobody listens there, or it is no socket.</exception>
    public static Fd Connect(string path, bool datagram = false)
    {
        Fd socket = new(Check.Result(socket_(AF_UNIX, (datagram ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0), "socket", path));
        using Fd? directory = Address(path, out byte[] address);
        fixed (byte* p = address)
        {
            if (connect(socket.Number, p, (uint)address.Length) < 0)
            {
                Errno errno = Check.LastErrno;
                socket.Dispose();
                throw new LinuxException("connect", path, errno);
            }
        }
        return socket;
    }

    /// <summary>Two connected sockets.</summary>
    public static (Fd Ours, Fd Theirs) Pair()
    {
        int* fds = stackalloc int[2];
        Check.Result(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), "socketpair");
        return (new Fd(fds[0]), new Fd(fds[1]));
    }

    /// <summary>Makes a datagram socket at a path.</summary>
    public static Fd BindDatagram(string path)
    {
        Fd socket = new(Check.Result(socket_(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket", path));
        using Fd? directory = Address(path, out byte[] address);
        fixed (byte* p = address) Check.Result(bind(socket.Number, p, (uint)address.Length), "bind", path);
        return socket;
    }

    /// <summary>Sends a payload and descriptors in one message.</summary>
    public static void Send(Fd socket, ReadOnlySpan<byte> payload, params ReadOnlySpan<int> descriptors)
    {
        int size = 16 + (descriptors.Length * 4);
        byte* control = stackalloc byte[(size + 7) & ~7];
        *(long*)control = size;
        *(int*)(control + 8) = SOL_SOCKET;
        *(int*)(control + 12) = SCM_RIGHTS;
        for (int i = 0; i < descriptors.Length; i++) *(int*)(control + 16 + (i * 4)) = descriptors[i];
        long* header = stackalloc long[7];
        long* vector = stackalloc long[2];
        fixed (byte* p = payload)
        {
            vector[0] = (long)p;
            vector[1] = payload.Length;
            header[0] = 0;
            header[1] = 0;
            header[2] = (long)vector;
            header[3] = 1;
            header[4] = descriptors.IsEmpty ? 0 : (long)control;
            header[5] = descriptors.IsEmpty ? 0 : (size + 7) & ~7;
            header[6] = 0;
            Check.Result(sendmsg(socket.Number, header, 0x4000), "sendmsg");
        }
    }

    /// <summary>Receives one message with at most one descriptor.</summary>
    /// <returns>The descriptor, or null where the message carried none.</returns>
    public static Fd? Receive(Fd socket, Span<byte> payload, out int length)
    {
        byte* control = stackalloc byte[24];
        long* header = stackalloc long[7];
        long* vector = stackalloc long[2];
        fixed (byte* p = payload)
        {
            vector[0] = (long)p;
            vector[1] = payload.Length;
            for (int i = 0; i < 7; i++) header[i] = 0;
            header[2] = (long)vector;
            header[3] = 1;
            header[4] = (long)control;
            header[5] = 24;
            nint n;
            do { n = recvmsg(socket.Number, header, 0x40000000); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
            length = (int)Check.Result(n, "recvmsg");
        }
        bool carried = header[5] >= 20 && *(int*)(control + 8) == SOL_SOCKET && *(int*)(control + 12) == SCM_RIGHTS;
        return carried ? new Fd(*(int*)(control + 16)) : null;
    }

    /// <summary>Receives bytes of a stream, and whatever descriptors come with them.</summary>
    /// <param name="socket">The connection.</param>
    /// <param name="payload">Room for bytes.</param>
    /// <param name="descriptors">Where the descriptors are put, which are close-on-exec.</param>
    /// <param name="errno">Why there is nothing, EAGAIN as a rule.</param>
    /// <returns>How many bytes; 0 at the end; -1 with the reason.</returns>
    public static int TryReceive(Fd socket, Span<byte> payload, ICollection<Fd> descriptors, out Errno errno)
    {
        ArgumentNullException.ThrowIfNull(descriptors);
        // The kernel takes no more in one message, and cuts what does not fit: none is left that nobody owns.
        const int size = 16 + (MostDescriptors * 4);
        byte* control = stackalloc byte[(size + 7) & ~7];
        long* header = stackalloc long[7];
        long* vector = stackalloc long[2];
        nint n;
        fixed (byte* p = payload)
        {
            vector[0] = (long)p;
            vector[1] = payload.Length;
            for (int i = 0; i < 7; i++) header[i] = 0;
            header[2] = (long)vector;
            header[3] = 1;
            header[4] = (long)control;
            header[5] = size;
            do { n = recvmsg(socket.Number, header, 0x40000000 | 0x40); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        if (n >= 0 && header[5] >= 20 && *(int*)(control + 8) == SOL_SOCKET && *(int*)(control + 12) == SCM_RIGHTS)
        {
            long count = (*(long*)control - 16) / 4;
            for (int i = 0; i < count; i++) descriptors.Add(new Fd(*(int*)(control + 16 + (i * 4))));
        }
        return (int)n;
    }

    private static Fd? Address(string path, out byte[] address)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(path);
        Fd? directory = null;
        if (bytes.Length > 107)
        {
            int slash = path.LastIndexOf('/');
            directory = KernelPath.Open(slash <= 0 ? "/" : path[..slash], OpenPath | Programs.Interpreter.O_DIRECTORY);
            bytes = Encoding.UTF8.GetBytes($"/proc/self/fd/{directory.Number}/{path[(slash + 1)..]}");
        }
        address = new byte[bytes.Length + 3];
        address[0] = AF_UNIX;
        bytes.CopyTo(address, 2);
        return directory;
    }

    private const int OpenPath = Programs.Interpreter.O_PATH;

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int socket_(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* fds);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int connect(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int fd, void* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(int fd, void* message, int flags);
}
