// Which process serves a place: one has the lock, and others find it by its socket.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Linux.Sockets;

namespace Berth.Network.Serving;

/// <summary>The lock and the socket of a server that comes and goes by itself.</summary>
internal static class ServerPlace
{
    private const int ReadWrite = 2, Create = 0x40;
    // How long one that is about to end has for it, before its place is taken to be stuck.
    private const int PatienceMilliseconds = 20_000;

    /// <summary>Takes the lock (flock): the kernel lets go of it with the process.</summary>
    /// <returns>Null where another has it.</returns>
    public static Fd? TryLock(string path)
    {
        Fd file = KernelPath.Open(path, ReadWrite | Create, 0x180);
        if (KernelPath.Lock(file, wait: false)) return file;
        file.Dispose();
        return null;
    }

    /// <summary>Takes the lock, or finds that another process serves.</summary>
    /// <param name="path">The lock.</param>
    /// <param name="socket">Where a server answers.</param>
    /// <returns>Null where another serves.</returns>
    /// <exception cref="LinuxException">EAGAIN: another has the lock, and does not serve.</exception>
    public static Fd? Take(string path, string socket)
    {
        long end = Self.Monotonic + (PatienceMilliseconds * 1_000_000L);
        while (true)
        {
            if (TryLock(path) is { } held) return held;
            if (UnixSocket.TryConnect(socket, out _) is { } other)
            {
                other.Dispose();
                return null;
            }
            if (Self.Monotonic > end) throw new LinuxException("flock", path, Errno.EAGAIN);
            ShortPause.Microseconds(1000);
        }
    }

    /// <summary>Binds the socket; only for who has the lock, because a socket that is there is a dead one's.</summary>
    public static Fd Bind(string socket)
    {
        KernelPath.Remove(socket);
        return UnixSocket.Bind(SocketKind.Stream, socket, 0x180, backlog: 256);
    }
}
