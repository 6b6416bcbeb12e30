// The length of a file that is already open, by number: standard streams are not ours to own.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>ftruncate(2).</summary>
public static partial class FileLength
{
    /// <summary>Makes the file this long: what is missing reads as zeroes and takes no room.</summary>
    /// <exception cref="LinuxException">It is not open for writing, or no regular file.</exception>
    public static void Set(int fd, long length) => Check.Result(ftruncate(fd, (nint)length), "ftruncate", $"fd {fd}");

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ftruncate(int fd, nint length);
}
