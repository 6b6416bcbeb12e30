// Networks of one container alone: its namespace is connected with the host by pasta or slirp4netns, without a bridge.
using System.Net;
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Rootless;
using Berth.Oci.Content;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>What <c>pasta</c> and <c>slirp4netns</c> mean where a network is named. They are in no list, and there is nothing to make or remove.</summary>
internal static class OwnWay
{
    /// <summary>Whether a network is one of them.</summary>
    public static bool Is(string driver) => driver is "pasta" or "slirp4netns";

    /// <summary>Its record; null: this is no name of one, or none is needed, because this is root.</summary>
    public static NetworkRecord? Named(string name) => !Is(name) || !Rootless.UserSession.HasNetwork ? null : new NetworkRecord
    {
        Spec = new NetworkSpec { Name = name, Driver = name, HasNames = false },
        Id = ShortHash.Hex(Encoding.ASCII.GetBytes(name)),
        Created = DateTimeOffset.UnixEpoch,
        IsPredefined = true,
    };

    /// <summary>Connects.</summary>
    /// <exception cref="BerthException">As <see cref="UserNetwork.Attach"/>.</exception>
    public static Attachment Connect(UserNetwork user, Attachment attachment, IReadOnlyList<ForwardedPort> ports)
    {
        UserLinkKind kind = attachment.NetworkName == "pasta" ? UserLinkKind.Pasta : UserLinkKind.Slirp4netns;
        user.Attach(attachment.Id, new ForwardRecord { ContainerId = attachment.ContainerId, Namespace = attachment.Spec.NetworkNamespace, Link = kind, InterfaceName = attachment.InterfaceName, Ports = ports });
        using Fd space = KernelPath.Open(attachment.Spec.NetworkNamespace, 0);
        using RouteNetlink links = RouteNetlink.OpenIn(space);
        NetworkLink link = links.Find(attachment.InterfaceName) ?? throw new BerthException(Fault.Failed, $"cannot attach container {attachment.ContainerId}: {attachment.NetworkName} made no interface {attachment.InterfaceName}");
        List<AttachedAddress> addresses = [];
        foreach (LinkAddress address in links.Addresses(link.Index))
        {
            IPAddress one = address.Address;
            if (!one.IsIPv6LinkLocal) addresses.Add(new AttachedAddress(one, address.PrefixLength, GatewayOf(links, link, one.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6)));
        }
        return attachment with { Addresses = addresses, HardwareAddress = link.Mac, NameServers = [UserNetwork.NameServerOf(kind)] };
    }

    private static IPAddress? GatewayOf(RouteNetlink links, NetworkLink link, bool six)
    {
        foreach (NetworkRoute route in links.Routes(six))
        {
            if (route.PrefixLength == 0 && route.Link == link.Index) return route.Gateway;
        }
        return null;
    }
}
