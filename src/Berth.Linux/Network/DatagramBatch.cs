// Many datagrams with one call: recvmmsg(2), and sendmmsg(2) back to where they came from.
using System.Runtime.InteropServices;

namespace Berth.Linux.Network;

/// <summary>Datagrams that were received together, and their answers. Its memory is the kernel's to write to: it is not moved, and lives as long as this.</summary>
public sealed unsafe partial class DatagramBatch : IDisposable
{
    // struct mmsghdr on 64 bits: msghdr of 56 bytes, length, padding.
    private const int HeaderSize = 64, VectorSize = 16, AddressSize = 32, ControlSize = 64;
    private readonly int _count;
    private readonly int _size;
    private readonly byte* _headers;
    private readonly byte* _vectors;
    private readonly byte* _addresses;
    private readonly byte* _controls;
    private readonly byte* _incoming;
    private readonly byte* _outgoing;
    private readonly byte* _answers;
    private readonly byte* _answerVectors;
    private int _pending;

    /// <summary>Room for so many datagrams of such a size.</summary>
    /// <param name="count">How many at most.</param>
    /// <param name="size">Bytes of each; what is longer is cut.</param>
    public DatagramBatch(int count, int size)
    {
        (_count, _size) = (count, size);
        nuint total = (nuint)(count * ((2 * HeaderSize) + (2 * VectorSize) + AddressSize + ControlSize + (2 * size)));
        _headers = (byte*)NativeMemory.AllocZeroed(total);
        _answers = _headers + (count * HeaderSize);
        _vectors = _answers + (count * HeaderSize);
        _answerVectors = _vectors + (count * VectorSize);
        _addresses = _answerVectors + (count * VectorSize);
        _controls = _addresses + (count * AddressSize);
        _incoming = _controls + (count * ControlSize);
        _outgoing = _incoming + (count * size);
    }

    /// <summary>Receives what waits.</summary>
    /// <returns>How many; 0 when none waits.</returns>
    public int Receive(Fd socket)
    {
        _pending = 0;
        for (int i = 0; i < _count; i++)
        {
            Fill(_headers + (i * HeaderSize), _vectors + (i * VectorSize), _addresses + (i * AddressSize), InetEndpoint.MostBytes);
            ((long*)(_vectors + (i * VectorSize)))[0] = (long)(_incoming + (i * _size));
            ((long*)(_vectors + (i * VectorSize)))[1] = _size;
            *(long*)(_headers + (i * HeaderSize) + 32) = (long)(_controls + (i * ControlSize));
            *(long*)(_headers + (i * HeaderSize) + 40) = ControlSize;
        }
        int n;
        do { n = recvmmsg(socket.Number, _headers, (uint)_count, MSG_DONTWAIT, null); }
        while (n < 0 && Check.LastErrno == Errno.EINTR);
        // An error is an earlier answer's, which nobody took; the next call finds the next datagram.
        return Math.Max(0, n);
    }

    /// <summary>A datagram.</summary>
    public ReadOnlySpan<byte> this[int index] =>
        new(_incoming + (index * _size), Math.Min(_size, *(int*)(_headers + (index * HeaderSize) + 56)));

    /// <summary>Who sent it.</summary>
    public InetEndpoint From(int index) => InetEndpoint.Read(new ReadOnlySpan<byte>(_addresses + (index * AddressSize), AddressSize));

    /// <summary>The number of the interface that it came by; 0 where the socket was not asked to say (<see cref="AddressedDatagrams.WithLocalAddress"/>).</summary>
    public uint Link(int index) => InetSocket.LinkOf(new ReadOnlySpan<byte>(_controls + (index * ControlSize), (int)Math.Min(ControlSize, *(long*)(_headers + (index * HeaderSize) + 40))));

    /// <summary>Where its answer is written.</summary>
    public Span<byte> Answer(int index) => new(_outgoing + (index * _size), _size);

    /// <summary>Its answer is written; it is sent with the next <see cref="Send"/>.</summary>
    public void Answered(int index, int length)
    {
        byte* vector = _answerVectors + (_pending * VectorSize);
        ((long*)vector)[0] = (long)(_outgoing + (index * _size));
        ((long*)vector)[1] = length;
        byte* address = _addresses + (index * AddressSize);
        Fill(_answers + (_pending++ * HeaderSize), vector, address, *(ushort*)address == 2 ? 16u : InetEndpoint.MostBytes);
    }

    /// <summary>Sends all answers; one that cannot be sent is lost, as datagrams are.</summary>
    public void Send(Fd socket)
    {
        int sent = 0;
        while (sent < _pending)
        {
            int n = sendmmsg(socket.Number, _answers + (sent * HeaderSize), (uint)(_pending - sent), MSG_DONTWAIT | MSG_NOSIGNAL);
            if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
            // The first of the rest is the one that failed.
            sent += n > 0 ? n : 1;
        }
        _pending = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => NativeMemory.Free(_headers);

    private static void Fill(byte* header, byte* vector, byte* address, uint length)
    {
        new Span<byte>(header, HeaderSize).Clear();
        *(long*)header = (long)address;
        *(uint*)(header + 8) = length;
        *(long*)(header + 16) = (long)vector;
        *(long*)(header + 24) = 1;
    }

    private const int MSG_DONTWAIT = 0x40, MSG_NOSIGNAL = 0x4000;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int recvmmsg(int fd, byte* messages, uint count, int flags, void* timeout);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int sendmmsg(int fd, byte* messages, uint count, int flags);
}
