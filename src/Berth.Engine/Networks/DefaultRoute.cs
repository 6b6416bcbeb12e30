// Of several networks of a container, one has the default route of each version of IP.
using System.Net;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;

namespace Berth.Engine.Networks;

/// <summary>Brings default routes to what attachments say.</summary>
internal static class DefaultRoute
{
    /// <summary>Changes what is not as it should be.</summary>
    /// <param name="attachments">All of one container's that are complete, or about to be.</param>
    public static void Settle(IReadOnlyList<Attachment> attachments)
    {
        if (attachments.Count == 0) return;
        using Fd? space = KernelPath.TryOpen(attachments[0].Spec.NetworkNamespace, 0);
        if (space is null) return;
        using RouteNetlink links = RouteNetlink.OpenIn(space);
        foreach (bool six in (ReadOnlySpan<bool>)[false, true]) Settle(links, attachments, six);
    }

    /// <summary>The MTU of the way out of this network namespace: what is longer would be cut, or lost, there. 0 where there is none.</summary>
    public static int Mtu()
    {
        using RouteNetlink links = RouteNetlink.Open();
        NetworkRoute? best = null;
        foreach (NetworkRoute route in links.Routes(version6: false))
        {
            if (route.PrefixLength == 0 && route.Link != 0 && (best is null || route.Priority < best.Priority)) best = route;
        }
        return best is not null && links.Find(best.Link) is { } link ? link.Mtu : 0;
    }

    private static void Settle(RouteNetlink links, IReadOnlyList<Attachment> attachments, bool six)
    {
        Attachment? best = Best(attachments, six);
        // A container that has never had IPv6 is not looked at for it.
        if (best is null && !HasAny(attachments, six)) return;
        NetworkRoute? wanted = best is not null && links.Find(best.InterfaceName) is { } link
            ? new NetworkRoute { Destination = six ? IPAddress.IPv6Any : IPAddress.Any, PrefixLength = 0, Gateway = best.Gateway(six), Link = link.Index, Priority = (uint)best.Metric }
            : null;
        bool there = false;
        foreach (NetworkRoute route in links.Routes(six))
        {
            if (route.PrefixLength != 0 || route.Gateway is null) continue;
            // IPv6 has a metric where none was said.
            if (wanted is not null && route.Link == wanted.Link && route.Gateway.Equals(wanted.Gateway) && (wanted.Priority == 0 || route.Priority == wanted.Priority)) there = true;
            else if (IsOurs(attachments, route.Gateway, six)) links.Remove(route);
        }
        if (wanted is not null && !there) links.Add(wanted, replace: true);
    }

    /// <summary>Whose it is.</summary>
    public static Attachment? Best(IReadOnlyList<Attachment> attachments, bool six)
    {
        Attachment? best = null;
        foreach (Attachment one in attachments)
        {
            if (one.Gateway(six) is null) continue;
            if (best is null || one.Spec.GatewayPriority > best.Spec.GatewayPriority
                || (one.Spec.GatewayPriority == best.Spec.GatewayPriority && string.CompareOrdinal(one.NetworkName, best.NetworkName) < 0)) best = one;
        }
        return best;
    }

    private static bool HasAny(IReadOnlyList<Attachment> attachments, bool six)
    {
        foreach (Attachment one in attachments)
        {
            foreach (AttachedAddress address in one.Addresses)
            {
                if (address.Is6 == six) return true;
            }
        }
        return false;
    }

    private static bool IsOurs(IReadOnlyList<Attachment> attachments, IPAddress gateway, bool six)
    {
        foreach (Attachment one in attachments)
        {
            if (gateway.Equals(one.Gateway(six))) return true;
        }
        return false;
    }
}
