// zstd by the system's library (zstd.h, "Streaming"): no package has it, and a decoder of our own would be slower and newer.
using System.Runtime.InteropServices;

namespace Berth.Linux.Compression;

/// <summary>libzstd refused, or is not there.</summary>
/// <param name="message">Why, in the library's words.</param>
/// <param name="isMissing">The library is not installed.</param>
public sealed class ZstdException(string message, bool isMissing = false) : Exception(message)
{
    /// <summary>Whether it is the library that is missing, not the data that is damaged.</summary>
    public bool IsMissing { get; } = isMissing;
}

/// <summary>How much a step took in and gave out.</summary>
/// <param name="Consumed">Bytes of the input.</param>
/// <param name="Produced">Bytes of the output.</param>
/// <param name="IsComplete">A frame has ended and nothing of it is held back.</param>
public readonly record struct ZstdStep(int Consumed, int Produced, bool IsComplete);

/// <summary>Decompresses one frame after the other. Not for two threads.</summary>
public sealed unsafe partial class ZstdDecoder : IDisposable
{
    private const int WindowLogMax = 100;

    private nint _context;

    /// <summary>A decoder that needs at most so much memory for its window.</summary>
    /// <param name="windowLog">Logarithm of its bytes: 27 is what every decoder has to have (RFC 8878 asks for 23).</param>
    /// <exception cref="ZstdException">The library is missing.</exception>
    public ZstdDecoder(int windowLog = 27)
    {
        _context = Zstd.Loaded(ZSTD_createDCtx);
        Zstd.Check(ZSTD_DCtx_setParameter(_context, WindowLogMax, windowLog));
    }

    /// <summary>Goes on as far as both spans allow.</summary>
    /// <exception cref="ZstdException">The data is damaged, or wants a larger window.</exception>
    public ZstdStep Step(ReadOnlySpan<byte> input, Span<byte> output)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        fixed (byte* source = input, target = output)
        {
            Zstd.Buffer from = new() { Start = source, Size = (nuint)input.Length }, to = new() { Start = target, Size = (nuint)output.Length };
            nuint hint = Zstd.Check(ZSTD_decompressStream(_context, &to, &from));
            return new ZstdStep((int)from.Position, (int)to.Position, hint == 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_context != 0) ZSTD_freeDCtx(_context);
        _context = 0;
    }

    [LibraryImport(Zstd.Library)]
    private static partial nint ZSTD_createDCtx();

    [LibraryImport(Zstd.Library)]
    private static partial nuint ZSTD_freeDCtx(nint context);

    [LibraryImport(Zstd.Library)]
    private static partial nuint ZSTD_DCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport(Zstd.Library)]
    private static partial nuint ZSTD_decompressStream(nint context, Zstd.Buffer* output, Zstd.Buffer* input);
}

/// <summary>Compresses. Not for two threads.</summary>
public sealed unsafe partial class ZstdEncoder : IDisposable
{
    private const int CompressionLevel = 100, ChecksumFlag = 201, Workers = 400;
    private const int Continue = 0, End = 2;

    private nint _context;

    /// <summary>An encoder.</summary>
    /// <param name="level">1 to 22; 3 is usual.</param>
    /// <param name="workers">Threads that the library may use besides; 0: none.</param>
    /// <exception cref="ZstdException">The library is missing, or knows no such level.</exception>
    public ZstdEncoder(int level = 3, int workers = 0)
    {
        _context = Zstd.Loaded(ZSTD_createCCtx);
        Zstd.Check(ZSTD_CCtx_setParameter(_context, CompressionLevel, level));
        Zstd.Check(ZSTD_CCtx_setParameter(_context, ChecksumFlag, 1));
        // A library without threads refuses this; it is slower and no less right.
        if (workers > 0) ZSTD_CCtx_setParameter(_context, Workers, workers);
    }

    /// <summary>Goes on as far as both spans allow.</summary>
    /// <param name="input">What is to be compressed.</param>
    /// <param name="output">Where to.</param>
    /// <param name="last">Nothing follows: it is to be called until the step is complete.</param>
    /// <exception cref="ZstdException">The library refused.</exception>
    public ZstdStep Step(ReadOnlySpan<byte> input, Span<byte> output, bool last)
    {
        ObjectDisposedException.ThrowIf(_context == 0, this);
        fixed (byte* source = input, target = output)
        {
            Zstd.Buffer from = new() { Start = source, Size = (nuint)input.Length }, to = new() { Start = target, Size = (nuint)output.Length };
            nuint left = Zstd.Check(ZSTD_compressStream2(_context, &to, &from, last ? End : Continue));
            return new ZstdStep((int)from.Position, (int)to.Position, last && left == 0);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_context != 0) ZSTD_freeCCtx(_context);
        _context = 0;
    }

    [LibraryImport(Zstd.Library)]
    private static partial nint ZSTD_createCCtx();

    [LibraryImport(Zstd.Library)]
    private static partial nuint ZSTD_freeCCtx(nint context);

    [LibraryImport(Zstd.Library)]
    private static partial nuint ZSTD_CCtx_setParameter(nint context, int parameter, int value);

    [LibraryImport(Zstd.Library)]
    private static partial nuint ZSTD_compressStream2(nint context, Zstd.Buffer* output, Zstd.Buffer* input, int operation);
}

/// <summary>What both need.</summary>
internal static unsafe partial class Zstd
{
    public const string Library = "libzstd.so.1";

    /// <summary>ZSTD_inBuffer and ZSTD_outBuffer have the same fields.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct Buffer
    {
        public byte* Start;
        public nuint Size;
        public nuint Position;
    }

    public static nint Loaded(Func<nint> create)
    {
        try
        {
            nint context = create();
            return context != 0 ? context : throw new ZstdException("there is no memory for it");
        }
        catch (Exception e) when (e is DllNotFoundException or EntryPointNotFoundException)
        {
            throw new ZstdException($"{Library} is not installed, or older than 1.4", isMissing: true);
        }
    }

    public static nuint Check(nuint result) =>
        ZSTD_isError(result) == 0 ? result : throw new ZstdException(Marshal.PtrToStringUTF8(ZSTD_getErrorName(result)) ?? "unknown error");

    [LibraryImport(Library)]
    private static partial uint ZSTD_isError(nuint code);

    [LibraryImport(Library)]
    private static partial nint ZSTD_getErrorName(nuint code);
}
