// All packets of an interface, as they are on the wire.
using System.Runtime.InteropServices;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Linux.Network;

/// <summary>A packet(7) socket that sees what one interface sends and receives. As long as it is open it keeps its network namespace.</summary>
public sealed unsafe partial class PacketCapture : IDisposable
{
    private const int AF_PACKET = 17, SOCK_RAW = 3, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000, SOL_SOCKET = 1, SO_RCVBUF = 8, SO_TIMESTAMPNS = 35;
    private const int MSG_DONTWAIT = 0x40, MSG_TRUNC = 0x20, AddressSize = 20, ControlSize = 64, Room = 8 << 20;

    // ETH_P_ALL in network order, at both ends of the word.
    private const int Everything = 0x0300;
    private readonly Fd _socket;

    private PacketCapture(Fd socket) => _socket = socket;

    /// <summary>To wait for packets.</summary>
    public Fd Descriptor => _socket;

    /// <summary>Opens one in another network namespace, which this thread visits for a moment.</summary>
    /// <param name="networkNamespace">The namespace.</param>
    /// <param name="index">The interface's number there.</param>
    /// <exception cref="LinuxException">The namespace may not be entered, or there is no such interface.</exception>
    public static PacketCapture OpenIn(Fd networkNamespace, int index)
    {
        using Fd own = KernelPath.Open("/proc/thread-self/ns/net", 0);
        Self.Join(networkNamespace, Namespaces.Network);
        try { return Open(index); }
        finally { Self.Join(own, Namespaces.Network); }
    }

    /// <summary>Receives one packet.</summary>
    /// <param name="buffer">Room; what is longer is cut.</param>
    /// <param name="wire">How long it was.</param>
    /// <param name="nanoseconds">When, since 1970.</param>
    /// <returns>Bytes in the buffer; -1: none waits.</returns>
    /// <exception cref="LinuxException">The interface is gone, or down.</exception>
    public int TryReceive(Span<byte> buffer, out int wire, out long nanoseconds)
    {
        byte* control = stackalloc byte[ControlSize];
        long* header = stackalloc long[7];
        long* vector = stackalloc long[2];
        new Span<byte>(control, ControlSize).Clear();
        (wire, nanoseconds) = (0, 0);
        nint n;
        fixed (byte* p = buffer)
        {
            (vector[0], vector[1]) = ((long)p, buffer.Length);
            for (int i = 0; i < 7; i++) header[i] = 0;
            (header[2], header[3], header[4], header[5]) = ((long)vector, 1, (long)control, ControlSize);
            do { n = recvmsg(_socket.Number, header, MSG_DONTWAIT | MSG_TRUNC); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        if (n < 0) return Check.LastErrno == Errno.EAGAIN ? -1 : throw new LinuxException("recvmsg", "packet socket", Check.LastErrno);
        wire = (int)n;
        nanoseconds = *(int*)(control + 8) == SOL_SOCKET && *(int*)(control + 12) == SO_TIMESTAMPNS ? (((long*)control)[2] * 1_000_000_000) + ((long*)control)[3] : Self.RealTime;
        return Math.Min(wire, buffer.Length);
    }

    /// <inheritdoc/>
    public void Dispose() => _socket.Dispose();

    private static PacketCapture Open(int index)
    {
        // Of no protocol at first: nothing comes in from other interfaces.
        Fd fd = new(Check.Result(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket", "packet"));
        try
        {
            int on = 1, room = Room;
            setsockopt(fd.Number, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(int));
            setsockopt(fd.Number, SOL_SOCKET, SO_RCVBUF, &room, sizeof(int));
            // struct sockaddr_ll: family, protocol, interface.
            byte* address = stackalloc byte[AddressSize];
            new Span<byte>(address, AddressSize).Clear();
            *(ushort*)address = AF_PACKET;
            *(ushort*)(address + 2) = Everything;
            *(int*)(address + 4) = index;
            Check.Result(bind(fd.Number, address, AddressSize), "bind", $"packet socket to interface {index}");
            return new PacketCapture(fd);
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(int fd, void* message, int flags);
}
