// Random numbers that nobody can guess, without the framework's cryptography.
using System.Runtime.InteropServices;

namespace Berth.Linux.Processes;

/// <summary>getrandom(2).</summary>
public static unsafe partial class KernelRandom
{
    /// <summary>Fills the bytes.</summary>
    /// <exception cref="LinuxException">The kernel has none to give.</exception>
    public static void Fill(Span<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            nint n;
            fixed (byte* p = bytes) n = getrandom(p, (nuint)bytes.Length, 0);
            if (n < 0 && Check.LastErrno == Errno.EINTR) continue;
            bytes = bytes[(int)Check.Result(n, "getrandom")..];
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getrandom(byte* buffer, nuint length, uint flags);
}
