// Where a lease's client is: an interface in a network namespace, found again by what it was, not by its path alone.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Network.Contract;

namespace Berth.Network.Ipam.Dhcp;

/// <summary>
/// An interface of a container. Nothing is held open between two visits: an open descriptor or socket would keep the namespace of a
/// container that has ended, and with it the interface.
/// </summary>
/// <param name="NetworkNamespace">Path of the namespace.</param>
/// <param name="Place">Which namespace it is.</param>
/// <param name="InterfaceName">The interface.</param>
/// <param name="HardwareAddress">Its hardware address.</param>
internal sealed record ClientSite(string NetworkNamespace, string Place, string InterfaceName, byte[] HardwareAddress)
{
    private const uint LowerUp = 0x10000;

    /// <summary>Looks at an interface and brings it up, as nobody else does before it has an address.</summary>
    /// <exception cref="CniException">It is not there.</exception>
    public static ClientSite Of(string path, string interfaceName)
    {
        using Fd space = DaemonPlaces.TryOpenNamespace(path, out string place) ?? throw CniException.Failed($"cannot open the network namespace {path}: there is none");
        using RouteNetlink links = RouteNetlink.OpenIn(space);
        NetworkLink link = links.Find(interfaceName) ?? throw CniException.Failed($"error looking up \"{interfaceName}\": Link not found in {path}");
        if (link.HardwareAddress.Length != 6) throw CniException.Failed($"cannot ask for an address of {interfaceName}: it is no Ethernet");
        if (!link.IsUp) links.SetUp(link, up: true);
        return new ClientSite(path, place, interfaceName, link.HardwareAddress);
    }

    /// <summary>Whether it is there and has a carrier.</summary>
    public bool HasCarrier => Visit(static (_, _, link) => (link.Flags & LowerUp) != 0);

    /// <summary>Whether it is still there.</summary>
    public bool IsThere => Visit(static (_, _, _) => true);

    /// <summary>A socket to ask servers; null where the namespace or the interface is gone.</summary>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    public PacketSocket? TryOpen()
    {
        PacketSocket? socket = null;
        Visit((space, _, link) =>
        {
            socket = PacketSocket.OpenIn(space, link.Index, UdpPacket.ClientPort);
            return true;
        });
        return socket;
    }

    /// <summary>Takes the interface down: its address is somebody else's from now on.</summary>
    public void SetDown() => Visit(static (_, links, link) =>
    {
        links.SetUp(link, up: false);
        return true;
    });

    private bool Visit(Func<Fd, RouteNetlink, NetworkLink, bool> work)
    {
        using Fd? space = DaemonPlaces.TryOpenNamespace(NetworkNamespace, out string place);
        if (space is null || place != Place) return false;
        using RouteNetlink links = RouteNetlink.OpenIn(space);
        return links.Find(InterfaceName) is { } link && link.HardwareAddress.AsSpan().SequenceEqual(HardwareAddress) && work(space, links, link);
    }
}
