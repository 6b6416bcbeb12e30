// Extended regular expressions by the C library (regex(3)): the framework's engine would be a tenth of the binary.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>A compiled POSIX extended regular expression.</summary>
public sealed unsafe partial class PosixPattern : IDisposable
{
    // regex_t is 64 bytes in the C library; more is taken to be safe.
    private readonly byte* _compiled = (byte*)NativeMemory.AllocZeroed(256);

    private PosixPattern() { }

    /// <summary>Compiles a pattern; null where it is malformed.</summary>
    public static PosixPattern? Compile(string pattern)
    {
        PosixPattern result = new();
        if (regcomp(result._compiled, pattern, 1 | 8) == 0) return result;
        NativeMemory.Free(result._compiled);
        return null;
    }

    /// <summary>Whether the pattern is found in the text.</summary>
    public bool Matches(string text) => regexec(_compiled, text, 0, null, 0) == 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        regfree(_compiled);
        NativeMemory.Free(_compiled);
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int regcomp(byte* compiled, string pattern, int flags);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int regexec(byte* compiled, string text, nuint count, void* matches, int flags);

    [LibraryImport("libc")]
    private static partial void regfree(byte* compiled);
}
