// Where the name server of a state directory is found, and how it is known to live.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Sockets;

namespace Berth.Network.Names;

/// <summary>Files below <c>STATE/dns</c>: records, the server's lock, its socket.</summary>
internal static class NamePlaces
{
    private const int ReadWrite = 2, Create = 0x40;

    /// <summary>The directory of a state directory.</summary>
    public static string Directory(string state) => state.TrimEnd('/') + "/dns";

    /// <summary>Locked (flock) by the server for as long as it lives.</summary>
    public static string Lock(string directory) => directory + "/server.lock";

    /// <summary>Where it answers that it has seen everything.</summary>
    public static string Socket(string directory) => directory + "/server.socket";

    /// <summary>Its pid, for people.</summary>
    public static string Pid(string directory) => directory + "/server.pid";

    /// <summary>Takes the lock.</summary>
    /// <returns>Null where another has it.</returns>
    public static Fd? TryLock(string directory)
    {
        Fd file = KernelPath.Open(Lock(directory), ReadWrite | Create, 0x180);
        if (KernelPath.Lock(file, wait: false)) return file;
        file.Dispose();
        return null;
    }

    /// <summary>Binds the socket; only for who has the lock, because a socket that is there is a dead one's.</summary>
    public static Fd Bind(string path)
    {
        KernelPath.Remove(path);
        return UnixSocket.Bind(SocketKind.Stream, path, 0x180, backlog: 256);
    }
}
