// The unit in which ttrpc speaks: ten bytes of header, then data.
using System.Buffers.Binary;

namespace Berth.Rpc.Ttrpc;

/// <summary>A header. On the wire: length (4 bytes, big endian), stream (4, big endian), kind (1), flags (1).</summary>
internal readonly struct Frame
{
    public const int HeaderLength = 10;

    /// <summary>More is refused by every implementation, so the first byte of a frame is always zero.</summary>
    public const int MaxData = 4 << 20;

    public const byte Request = 1, Response = 2, Data = 3;

    /// <summary>Flags: the sender sends no more; the sender will send more; there is no message in here, not even an empty one.</summary>
    public const byte RemoteClosed = 1, RemoteOpen = 2, NoData = 4;

    private Frame(uint length, uint stream, byte kind, byte flags) => (Length, Stream, Kind, Flags) = (length, stream, kind, flags);

    public uint Length { get; }

    public uint Stream { get; }

    public byte Kind { get; }

    public byte Flags { get; }

    public bool Is(byte flag) => (Flags & flag) != 0;

    public static Frame Read(ReadOnlySpan<byte> header) =>
        new(BinaryPrimitives.ReadUInt32BigEndian(header), BinaryPrimitives.ReadUInt32BigEndian(header[4..]), header[8], header[9]);

    public static void Write(Span<byte> header, uint stream, byte kind, byte flags, int length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(header, (uint)length);
        BinaryPrimitives.WriteUInt32BigEndian(header[4..], stream);
        header[8] = kind;
        header[9] = flags;
    }

    /// <summary>What Go's ttrpc says of a frame beyond the limit, word for word: callers match it.</summary>
    public static string TooLong(long length) => $"message length {length} exceed maximum message size of {MaxData}";
}
