// The settings of a container's terminal that its keeper changes.
using System.Runtime.InteropServices;

namespace Berth.Linux.Terminals;

/// <summary>Changes of termios(3) on the master's side.</summary>
public static unsafe partial class ConsoleMode
{
    private const uint ONLCR = 4;

    /// <summary>A new line in the output becomes a carriage return and a new line, as terminals of users expect.</summary>
    /// <returns>False where the descriptor is no terminal.</returns>
    public static bool TryReturnOnNewLine(Fd terminal)
    {
        // struct termios begins with four 32-bit words: input, output, control and local modes.
        uint* settings = stackalloc uint[16];
        if (tcgetattr(terminal.Number, settings) < 0) return false;
        settings[1] |= ONLCR;
        return tcsetattr(terminal.Number, 0, settings) == 0;
    }

    /// <summary>
    /// The other side of a terminal, found without a path (ioctl_tty(2), TIOCGPTPEER, Linux 4.13). A master reads as an error
    /// while nobody has the other side open, which programs may do and undo at any time; who holds it open is spared that.
    /// </summary>
    /// <returns>Null where the kernel does not hand it out.</returns>
    public static Fd? TryOpenPeer(Fd master)
    {
        int fd = ioctl(master.Number, TerminalRequests.OpenPeer, (nint)TerminalRequests.PeerFlags);
        return fd < 0 ? null : new Fd(fd);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int ioctl(int fd, ulong request, nint argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(int fd, uint* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(int fd, int when, uint* settings);
}
