// Two connected sockets that keep the borders of messages (SOCK_SEQPACKET, unix(7)).
using System.Runtime.InteropServices;

namespace Berth.Linux.Sockets;

/// <summary>Makes pairs; the other end of one sees this process as its peer, whoever inherits it (SO_PEERCRED).</summary>
public static unsafe partial class PacketPair
{
    /// <summary>Two ends, close-on-exec.</summary>
    /// <exception cref="LinuxException">The limit of open files is reached.</exception>
    public static (Fd Ours, Fd Theirs) Open()
    {
        int* fds = stackalloc int[2];
        Check.Result(socketpair(1, 5 | 0x80000, 0, fds), "socketpair");
        return (new Fd(fds[0]), new Fd(fds[1]));
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socketpair(int domain, int type, int protocol, int* fds);
}
