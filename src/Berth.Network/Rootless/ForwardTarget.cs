// Where a container is reached, and from whose address.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;

namespace Berth.Network.Rootless;

/// <summary>Addresses of a container, in this process's network namespace or in another.</summary>
/// <param name="networkNamespace">The other one; null: this process's.</param>
/// <param name="addresses">The container's.</param>
internal sealed class ForwardTarget(Fd? networkNamespace, IReadOnlyList<InetEndpoint> addresses)
{
    /// <summary>The container's addresses.</summary>
    public IReadOnlyList<InetEndpoint> Addresses { get; } = addresses;

    /// <summary>A connection that is under way; with the client's address where that is possible.</summary>
    /// <exception cref="LinuxException">There is no way there.</exception>
    public Fd Dial(InetEndpoint client, ushort port, bool datagram)
    {
        if (Addresses.Count == 0) throw new LinuxException("connect", "the container", Errno.ENETUNREACH);
        InetEndpoint target = Addresses[0];
        foreach (InetEndpoint one in Addresses)
        {
            if (one.Is4 == client.Is4)
            {
                target = one;
                break;
            }
        }
        InetEndpoint remote = target with { Port = port };
        if (networkNamespace is null) return Dial(remote, client, datagram);
        using Fd own = KernelPath.Open("/proc/thread-self/ns/net", 0);
        Self.Join(networkNamespace, Namespaces.Network);
        try { return Dial(remote, client, datagram); }
        finally { Self.Join(own, Namespaces.Network); }
    }

    private static Fd Dial(InetEndpoint remote, InetEndpoint client, bool datagram)
    {
        if (!IsForeign(client) || client.Is4 != remote.Is4) return InetSocket.ConnectAs(remote, null, 0, datagram);
        try
        {
            return InetSocket.ConnectAs(remote, client with { Scope = 0 }, ReturnPath.Mark, datagram);
        }
        // An address that cannot be borrowed is no reason to refuse the client.
        catch (LinuxException e) when (e.Errno is Errno.EADDRINUSE or Errno.EADDRNOTAVAIL or Errno.EPERM or Errno.EACCES or Errno.EINVAL)
        {
            return InetSocket.ConnectAs(remote, null, 0, datagram);
        }
    }

    // Loopback addresses lead nowhere but home, and link-local ones mean another link there.
    private static bool IsForeign(InetEndpoint client) => client.Is4
        ? (byte)(client.Address >> 24) != 127
        : client.Address != 1 && (ushort)(client.Address >> 112) >> 6 != 0xFE80 >> 6;
}
