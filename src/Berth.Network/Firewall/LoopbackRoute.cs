// Published ports at ::1: the way back for answers.
using System.Net;
using Berth.Linux;
using Berth.Linux.Network;

namespace Berth.Network.Firewall;

/// <summary>
/// IPv6 has no route_localnet, and needs none on the way out: a connection to ::1 whose destination is changed is routed anew, and
/// its source becomes the host's where it leaves. Its answers have ::1 as their destination again before they are routed, and for ::1 the
/// kernel looks at routes of the interface they came by alone: so that interface gets one. Whoever else sends there for ::1 is
/// dropped by the kernel before that, as RFC 4291 (2.5.3) asks. With br_netfilter (net.bridge.bridge-nf-call-ip6tables) the
/// destination is changed back before that check, and answers are dropped with the rest.
/// </summary>
public static class LoopbackRoute
{
    private const uint LocalTable = 255, BehindAllOthers = 0x1000;
    private const byte Local = 2;

    /// <summary>Makes it if it is not there.</summary>
    /// <param name="links">The host.</param>
    /// <param name="link">The interface behind which the container is; the route goes with it.</param>
    public static void Ensure(RouteNetlink links, NetworkLink link)
    {
        ArgumentNullException.ThrowIfNull(links);
        ArgumentNullException.ThrowIfNull(link);
        try
        {
            links.Add(new NetworkRoute { Destination = IPAddress.IPv6Loopback, PrefixLength = 128, Link = link.Index, Table = LocalTable, Type = Local, Priority = BehindAllOthers });
        }
        // It is there; or the host has no such address, and nobody asks for it.
        catch (LinuxException)
        {
        }
    }
}
