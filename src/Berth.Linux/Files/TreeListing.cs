// What is in an open directory (getdents64(2)), as bytes and without a path.
using System.Runtime.InteropServices;

namespace Berth.Linux.Files;

/// <summary>A name in a directory.</summary>
/// <param name="Name">Any bytes but a zero and a slash.</param>
/// <param name="IsDirectory">Whether it is a directory; null where the file system does not tell, then it has to be asked.</param>
public readonly record struct ListedName(byte[] Name, bool? IsDirectory);

/// <summary>Lists open directories.</summary>
public static unsafe partial class TreeListing
{
    private const byte Unknown = 0, Directory = 4;

    /// <summary>All names but <c>.</c> and <c>..</c>, in no order.</summary>
    /// <exception cref="LinuxException">It is no directory, or was opened as a place only (O_PATH).</exception>
    public static List<ListedName> Read(Fd directory)
    {
        List<ListedName> names = [];
        byte* buffer = stackalloc byte[32 * 1024];
        while (true)
        {
            nint length = getdents64(directory.Number, buffer, 32 * 1024);
            if (length < 0) throw new LinuxException("getdents64", $"fd {directory.Number}", Check.LastErrno);
            if (length == 0) return names;
            // struct linux_dirent64: inode 8, offset 8, record length 2, type 1, name with a zero byte.
            for (nint at = 0; at < length; at += *(ushort*)(buffer + at + 16))
            {
                ReadOnlySpan<byte> name = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(buffer + at + 19);
                if (name is [(byte)'.'] or [(byte)'.', (byte)'.']) continue;
                byte type = buffer[at + 18];
                names.Add(new ListedName(name.ToArray(), type == Unknown ? null : type == Directory));
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint getdents64(int fd, byte* buffer, nuint size);
}
