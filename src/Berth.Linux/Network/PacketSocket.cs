// Packets of IPv4 below the kernel's own IP: for a client that has no address yet, and must not wait for one.
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Linux.Network;

/// <summary>
/// A packet(7) socket on one Ethernet interface that takes packets of IPv4 with UDP to one port. It is non-blocking, and as long as
/// it is open it keeps its network namespace.
/// </summary>
public sealed unsafe partial class PacketSocket : IDisposable
{
    private const int AF_PACKET = 17, SOCK_DGRAM = 2, SOCK_NONBLOCK = 0x800, SOCK_CLOEXEC = 0x80000, SOL_SOCKET = 1, SO_ATTACH_FILTER = 26;
    private const int MSG_DONTWAIT = 0x40, MSG_TRUNC = 0x20, AddressSize = 20, HardwareSize = 6;
    private const ushort ETH_P_IP = 0x0800, ARPHRD_ETHER = 1;

    private readonly int _index;

    private PacketSocket(Fd descriptor, int index) => (Descriptor, _index) = (descriptor, index);

    /// <summary>To wait for packets.</summary>
    public Fd Descriptor { get; }

    /// <summary>Opens one in another network namespace, which this thread visits for a moment.</summary>
    /// <param name="networkNamespace">The namespace.</param>
    /// <param name="index">The interface's number there.</param>
    /// <param name="port">The port; packets to others do not wake anybody.</param>
    /// <exception cref="LinuxException">The namespace may not be entered, or there is no such interface.</exception>
    public static PacketSocket OpenIn(Fd networkNamespace, int index, ushort port)
    {
        using Fd own = KernelPath.Open("/proc/thread-self/ns/net", 0);
        Self.Join(networkNamespace, Namespaces.Network);
        try { return Open(index, port); }
        finally { Self.Join(own, Namespaces.Network); }
    }

    /// <summary>Sends one packet, beginning with its header of IP.</summary>
    /// <param name="packet">The packet.</param>
    /// <param name="to">The hardware address; empty: everybody's.</param>
    /// <param name="errno">Why not.</param>
    public bool TrySend(ReadOnlySpan<byte> packet, ReadOnlySpan<byte> to, out Errno errno)
    {
        byte* address = stackalloc byte[AddressSize];
        WriteAddress(new Span<byte>(address, AddressSize), to);
        nint n;
        fixed (byte* p = packet)
        {
            do { n = sendto(Descriptor.Number, p, (nuint)packet.Length, MSG_DONTWAIT, address, AddressSize); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        return n >= 0;
    }

    /// <summary>Receives one packet.</summary>
    /// <param name="buffer">Room; one that is longer is not taken for one.</param>
    /// <param name="from">Six bytes: the sender's hardware address.</param>
    /// <param name="errno">EAGAIN: there is none.</param>
    /// <returns>Its length; 0 for one that is too long; -1 with the reason.</returns>
    public int TryReceive(Span<byte> buffer, Span<byte> from, out Errno errno)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(from.Length, HardwareSize);
        byte* address = stackalloc byte[AddressSize];
        uint size = AddressSize;
        nint n;
        fixed (byte* p = buffer)
        {
            do { n = recvfrom(Descriptor.Number, p, (nuint)buffer.Length, MSG_DONTWAIT | MSG_TRUNC, address, &size); }
            while (n < 0 && Check.LastErrno == Errno.EINTR);
        }
        errno = n < 0 ? Check.LastErrno : Errno.None;
        if (n < 0) return -1;
        new ReadOnlySpan<byte>(address + 12, HardwareSize).CopyTo(from);
        // With MSG_TRUNC it is the packet's own length.
        return n > buffer.Length ? 0 : (int)n;
    }

    /// <inheritdoc/>
    public void Dispose() => Descriptor.Dispose();

    private static PacketSocket Open(int index, ushort port)
    {
        // Of no protocol at first: nothing comes in before the filter is there.
        Fd fd = new(Check.Result(socket(AF_PACKET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), "socket", "packet"));
        try
        {
            Attach(fd, port);
            PacketSocket made = new(fd, index);
            byte* address = stackalloc byte[AddressSize];
            made.WriteAddress(new Span<byte>(address, AddressSize), []);
            Check.Result(bind(fd.Number, address, AddressSize), "bind", $"packet socket to interface {index}");
            return made;
        }
        catch
        {
            fd.Dispose();
            throw;
        }
    }

    // struct sockaddr_ll.
    private void WriteAddress(Span<byte> address, ReadOnlySpan<byte> to)
    {
        address.Clear();
        BitConverter.TryWriteBytes(address, (ushort)AF_PACKET);
        BinaryPrimitives.WriteUInt16BigEndian(address[2..], ETH_P_IP);
        BitConverter.TryWriteBytes(address[4..], _index);
        BitConverter.TryWriteBytes(address[8..], ARPHRD_ETHER);
        address[11] = HardwareSize;
        if (to.Length == HardwareSize) to.CopyTo(address[12..]);
        else address.Slice(12, HardwareSize).Fill(0xFF);
    }

    // Classic BPF over the packet without its Ethernet header: UDP, no later fragment, and the port behind a header of any length.
    private static void Attach(Fd fd, ushort port)
    {
        ulong* program = stackalloc ulong[]
        {
            Instruction(0x30, 9),
            Instruction(0x15, 17, yes: 0, no: 6),
            Instruction(0x28, 6),
            Instruction(0x45, 0x1FFF, yes: 4, no: 0),
            Instruction(0xB1, 0),
            Instruction(0x48, 2),
            Instruction(0x15, port, yes: 0, no: 1),
            Instruction(0x06, 0x40000),
            Instruction(0x06, 0),
        };
        // struct sock_fprog: a count, and behind the gap a pointer.
        nint* filter = stackalloc nint[2];
        filter[0] = 9;
        filter[1] = (nint)program;
        Check.Result(setsockopt(fd.Number, SOL_SOCKET, SO_ATTACH_FILTER, filter, (uint)(2 * sizeof(nint))), "setsockopt", "SO_ATTACH_FILTER");
    }

    private static ulong Instruction(ushort code, uint value, byte yes = 0, byte no = 0) => code | ((ulong)yes << 16) | ((ulong)no << 24) | ((ulong)value << 32);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int bind(int fd, byte* address, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendto(int fd, byte* buffer, nuint length, int flags, byte* address, uint size);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvfrom(int fd, byte* buffer, nuint length, int flags, byte* address, uint* size);
}
