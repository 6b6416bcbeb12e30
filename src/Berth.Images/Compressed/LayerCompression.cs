// The two ways in which layers are compressed, found out by their first bytes: media types are wrong at times.
using System.IO.Compression;
using Berth.Oci.Faults;
using OciCompression = Berth.Oci.Content.Compression;

namespace Berth.Images.Compressed;

/// <summary>Streams that compress and decompress.</summary>
public static class LayerCompression
{
    private const int BufferSize = 128 * 1024;

    /// <summary>What the first bytes say: at least four are needed to tell.</summary>
    public static OciCompression Detect(ReadOnlySpan<byte> head)
    {
        if (head is [0x1F, 0x8B, ..]) return OciCompression.Gzip;
        // A frame, or one that is to be skipped: files of zstd:chunked may begin with such a one.
        if (head is [0x28, 0xB5, 0x2F, 0xFD, ..] || head is [>= 0x50 and <= 0x5F, 0x2A, 0x4D, 0x18, ..]) return OciCompression.Zstd;
        return head is [0x42, 0x5A, 0x68, ..] or [0xFD, 0x37, 0x7A, 0x58, ..] ? OciCompression.Unknown : OciCompression.None;
    }

    /// <summary>Reads the tar in a layer, however it is compressed. The source is disposed with it.</summary>
    /// <exception cref="BerthException">Unsupported: bzip2 or xz. Unavailable: zstd is not installed.</exception>
    public static Stream Open(Stream source)
    {
        PeekStream peeked = new(source);
        return Detect(peeked.Peek(4)) switch
        {
            OciCompression.None => peeked,
            OciCompression.Gzip => new GunzipStream(peeked),
            OciCompression.Zstd => new ZstdReadStream(peeked),
            _ => throw new BerthException(Fault.Unsupported, "the layer is compressed by bzip2 or xz", "decompress it first: layers are plain, gzip or zstd"),
        };
    }

    /// <summary>Writes compressed into a target, which stays open when this is disposed.</summary>
    /// <param name="target">Where to.</param>
    /// <param name="compression">How.</param>
    /// <param name="level">Of gzip 1 to 9, of zstd 1 to 22; null: what is usual.</param>
    /// <exception cref="BerthException">InvalidArgument: no such level. Unavailable: zstd is not installed.</exception>
    public static Stream Create(Stream target, OciCompression compression, int? level = null) => compression switch
    {
        OciCompression.None => new PassStream(target),
        OciCompression.Gzip => new GZipStream(target, new ZLibCompressionOptions { CompressionLevel = level is null or (>= 1 and <= 9) ? level ?? 6 : throw new BerthException(Fault.InvalidArgument, $"gzip has no level {level}", "1 to 9") }, leaveOpen: true),
        OciCompression.Zstd => new ZstdWriteStream(target, level is null or (>= 1 and <= 22) ? level ?? 3 : throw new BerthException(Fault.InvalidArgument, $"zstd has no level {level}", "1 to 22")),
        _ => throw new BerthException(Fault.InvalidArgument, "a layer is compressed by gzip, by zstd, or not"),
    };
}
