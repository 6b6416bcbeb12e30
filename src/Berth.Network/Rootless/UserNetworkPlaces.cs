// Where the network of an ordinary user keeps its files.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Sockets;

namespace Berth.Network.Rootless;

/// <summary>Files below <c>STATE/usernet</c>.</summary>
internal static class UserNetworkPlaces
{
    private const int ReadWrite = 2, Create = 0x40;

    public static string Directory(string state) => state.TrimEnd('/') + "/usernet";

    /// <summary>Locked (flock) by the side that stays on the host.</summary>
    public static string Lock(string directory) => directory + "/server.lock";

    /// <summary>Where it answers that it has seen everything.</summary>
    public static string Socket(string directory) => directory + "/server.socket";

    /// <summary>The process that is in the namespaces, and when it began.</summary>
    public static string Inside(string directory) => directory + "/inside";

    /// <summary>What the name server of its networks asks.</summary>
    public static string ResolvConf(string directory) => directory + "/resolv.conf";

    /// <summary>What pasta or slirp4netns said.</summary>
    public static string LinkLog(string directory) => directory + "/link.log";

    public static Fd? TryLock(string directory)
    {
        Fd file = KernelPath.Open(Lock(directory), ReadWrite | Create, 0x180);
        if (KernelPath.Lock(file, wait: false)) return file;
        file.Dispose();
        return null;
    }

    /// <summary>Binds the socket; a socket that is there is a dead one's.</summary>
    public static Fd Bind(string directory)
    {
        KernelPath.Remove(Socket(directory));
        return UnixSocket.Bind(SocketKind.Stream, Socket(directory), 0x180, backlog: 256);
    }
}
