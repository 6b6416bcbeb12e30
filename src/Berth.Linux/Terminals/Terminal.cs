// Terminals as the foreground of a container sees them: raw mode, size, and restoring what was.
using System.Runtime.InteropServices;

namespace Berth.Linux.Terminals;

/// <summary>Requests of ioctl_tty(2) that a child program needs.</summary>
public static class TerminalRequests
{
    /// <summary>TIOCSCTTY: becomes the controlling terminal.</summary>
    public const ulong SetControlling = 0x540E;

    /// <summary>TIOCSWINSZ.</summary>
    public const ulong SetSize = 0x5414;

    /// <summary>TIOCSPTLCK.</summary>
    public const ulong Lock = 0x40045431;

    /// <summary>TIOCGPTPEER: opens the other end without a path.</summary>
    public const ulong OpenPeer = 0x5441;

    /// <summary>O_RDWR | O_NOCTTY | O_CLOEXEC for <see cref="OpenPeer"/>.</summary>
    public const long PeerFlags = 0x2 | 0x100 | 0x80000;
}

/// <summary>A terminal put into raw mode, restored when disposed.</summary>
public sealed unsafe partial class Terminal : IDisposable
{
    private readonly int _fd;
    private readonly byte[] _saved = new byte[64];

    private Terminal(int fd) => _fd = fd;

    /// <summary>Whether the descriptor is a terminal.</summary>
    public static bool Is(int fd) => isatty(fd) == 1;

    /// <summary>Raw mode on a terminal; null where the descriptor is none.</summary>
    public static Terminal? MakeRaw(int fd)
    {
        Terminal terminal = new(fd);
        byte* raw = stackalloc byte[64];
        fixed (byte* saved = terminal._saved)
        {
            if (tcgetattr(fd, saved) < 0) return null;
            Buffer.MemoryCopy(saved, raw, 64, 64);
        }
        cfmakeraw(raw);
        tcsetattr(fd, 0, raw);
        return terminal;
    }

    /// <summary>Copies the size of one terminal to another.</summary>
    public static void CopySize(int from, Fd to)
    {
        ushort* size = stackalloc ushort[4];
        if (ioctl(from, 0x5413, size) == 0) ioctl(to.Number, TerminalRequests.SetSize, size);
    }

    /// <summary>Rows and columns of a terminal; null where the descriptor is none, or nobody has told it its size.</summary>
    public static (ushort Rows, ushort Columns)? SizeOf(int fd)
    {
        ushort* size = stackalloc ushort[4];
        return ioctl(fd, 0x5413, size) == 0 && (size[0] | size[1]) != 0 ? (size[0], size[1]) : null;
    }

    /// <summary>Sets rows and columns.</summary>
    public static void SetSize(Fd fd, ushort rows, ushort columns)
    {
        ushort* size = stackalloc ushort[4];
        size[0] = rows;
        size[1] = columns;
        size[2] = size[3] = 0;
        ioctl(fd.Number, TerminalRequests.SetSize, size);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        fixed (byte* saved = _saved) tcsetattr(_fd, 0, saved);
    }

    [LibraryImport("libc")]
    private static partial int isatty(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int fd, byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int fd, int when, byte* settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, ulong request, void* argument);
}
