// Datagrams with both of their addresses: an answer leaves from where its question came to (IP_PKTINFO, ipv6(7)).
using System.Buffers.Binary;
using System.Net;
using System.Runtime.InteropServices;

namespace Berth.Linux.Network;

/// <summary>Room for datagrams that are received together. Its memory is the kernel's to write to: it is not moved, and lives as long as this.</summary>
public sealed unsafe partial class AddressedDatagrams : IDisposable
{
    private const int IPPROTO_IP = 0, IP_PKTINFO = 8, IPPROTO_IPV6 = 41, IPV6_RECVPKTINFO = 49, IPV6_PKTINFO = 50, MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;

    // struct mmsghdr on 64 bits: msghdr of 56 bytes, length, padding; cmsghdr: length (8), level, type.
    private const int HeaderSize = 64, VectorSize = 16, AddressSize = 32, ControlSize = 64, ControlHead = 16;
    private readonly int _count;
    private readonly int _size;
    private readonly byte* _headers;
    private readonly byte* _vectors;
    private readonly byte* _addresses;
    private readonly byte* _controls;
    private readonly byte* _bytes;

    /// <summary>Room for so many datagrams of such a size.</summary>
    /// <param name="count">How many at most.</param>
    /// <param name="size">Bytes of each; what is longer is cut.</param>
    public AddressedDatagrams(int count, int size)
    {
        (_count, _size) = (count, size);
        _headers = (byte*)NativeMemory.AllocZeroed((nuint)(count * (HeaderSize + VectorSize + AddressSize + ControlSize + size)));
        _vectors = _headers + (count * HeaderSize);
        _addresses = _vectors + (count * VectorSize);
        _controls = _addresses + (count * AddressSize);
        _bytes = _controls + (count * ControlSize);
    }

    /// <summary>Asks the kernel to say where datagrams came to.</summary>
    public static void WithLocalAddress(Fd socket, bool six)
    {
        int on = 1;
        Check.Result(setsockopt(socket.Number, six ? IPPROTO_IPV6 : IPPROTO_IP, six ? IPV6_RECVPKTINFO : IP_PKTINFO, &on, sizeof(int)), "setsockopt", "IP_PKTINFO");
    }

    /// <summary>Receives what waits.</summary>
    /// <returns>How many; 0 when none waits.</returns>
    public int Receive(Fd socket)
    {
        for (int i = 0; i < _count; i++)
        {
            byte* header = _headers + (i * HeaderSize), vector = _vectors + (i * VectorSize);
            new Span<byte>(header, HeaderSize).Clear();
            ((long*)vector)[0] = (long)(_bytes + (i * (long)_size));
            ((long*)vector)[1] = _size;
            *(long*)header = (long)(_addresses + (i * AddressSize));
            *(uint*)(header + 8) = InetEndpoint.MostBytes;
            *(long*)(header + 16) = (long)vector;
            *(long*)(header + 24) = 1;
            *(long*)(header + 32) = (long)(_controls + (i * ControlSize));
            *(long*)(header + 40) = ControlSize;
        }
        int n;
        do { n = recvmmsg(socket.Number, _headers, (uint)_count, MSG_DONTWAIT, null); }
        while (n < 0 && Check.LastErrno == Errno.EINTR);
        // An error is an earlier datagram's, which nobody took; the next call finds the next one.
        return Math.Max(0, n);
    }

    /// <summary>A datagram.</summary>
    public ReadOnlySpan<byte> this[int index] => new(_bytes + (index * (long)_size), Math.Min(_size, *(int*)(_headers + (index * HeaderSize) + 56)));

    /// <summary>Who sent it.</summary>
    public InetEndpoint From(int index) => InetEndpoint.Read(new ReadOnlySpan<byte>(_addresses + (index * AddressSize), AddressSize));

    /// <summary>Which of this host's addresses it came to, without a port; null where the kernel did not say.</summary>
    public InetEndpoint? To(int index)
    {
        byte* control = _controls + (index * ControlSize);
        if (*(long*)(_headers + (index * HeaderSize) + 40) < ControlHead) return null;
        (int level, int type) = (*(int*)(control + 8), *(int*)(control + 12));
        // in_pktinfo: interface, address of this host, address of the header; in6_pktinfo: address, interface.
        if (level == IPPROTO_IP && type == IP_PKTINFO) return new InetEndpoint(new IPAddress(new ReadOnlySpan<byte>(control + ControlHead + 4, 4)), 0);
        if (level != IPPROTO_IPV6 || type != IPV6_PKTINFO) return null;
        ReadOnlySpan<byte> address = new(control + ControlHead, 16);
        return new InetEndpoint(BinaryPrimitives.ReadUInt128BigEndian(address), 0, *(uint*)(control + ControlHead + 16));
    }

    /// <summary>Sends one; one that cannot be sent is lost, as datagrams are.</summary>
    /// <param name="socket">Where it leaves.</param>
    /// <param name="bytes">What.</param>
    /// <param name="to">For whom.</param>
    /// <param name="from">The address of this host that it has; null: the kernel's choice.</param>
    public static void Send(Fd socket, ReadOnlySpan<byte> bytes, InetEndpoint to, InetEndpoint? from)
    {
        byte* header = stackalloc byte[HeaderSize];
        byte* control = stackalloc byte[ControlSize];
        byte* address = stackalloc byte[AddressSize];
        long* vector = stackalloc long[2];
        new Span<byte>(header, HeaderSize).Clear();
        new Span<byte>(control, ControlSize).Clear();
        *(long*)header = (long)address;
        *(uint*)(header + 8) = (uint)to.Write(new Span<byte>(address, AddressSize));
        *(long*)(header + 16) = (long)vector;
        *(long*)(header + 24) = 1;
        if (from is { } local)
        {
            *(long*)(header + 32) = (long)control;
            *(long*)(header + 40) = WriteSource(control, local);
        }
        fixed (byte* p = bytes)
        {
            vector[0] = (long)p;
            vector[1] = bytes.Length;
            while (sendmsg(socket.Number, header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && Check.LastErrno == Errno.EINTR)
            {
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.Free(_headers);

    private static long WriteSource(byte* control, InetEndpoint local)
    {
        int size = local.Is4 ? 12 : 20;
        *(long*)control = ControlHead + size;
        *(int*)(control + 8) = local.Is4 ? IPPROTO_IP : IPPROTO_IPV6;
        *(int*)(control + 12) = local.Is4 ? IP_PKTINFO : IPV6_PKTINFO;
        if (local.Is4)
        {
            BinaryPrimitives.WriteUInt32BigEndian(new Span<byte>(control + ControlHead + 4, 4), (uint)local.Address);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(new Span<byte>(control + ControlHead, 16), local.Address);
            *(uint*)(control + ControlHead + 16) = local.Scope;
        }
        return ControlHead + ((size + 7) & ~7);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setsockopt(int fd, int level, int option, void* value, uint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int recvmmsg(int fd, byte* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint sendmsg(int fd, byte* message, int flags);
}
