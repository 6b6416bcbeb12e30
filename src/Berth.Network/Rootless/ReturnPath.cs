// How answers to clients whose addresses a forwarder has borrowed find their way back to it.
using System.Net;
using Berth.Linux;
using Berth.Linux.Network;

namespace Berth.Network.Rootless;

/// <summary>
/// In a network namespace: what answers a connection with our mark is the namespace's own to receive, whomever it is for.
/// <code>
///   forwarder's socket, bound to the client's address, marked    ->  container      the connection gets a mark (chain out)
///   container, answering the client's address                    ->  the answer gets it too (out: of this namespace; in: by a bridge),
///   and by the mark's routing rule:  local 0.0.0.0/0 dev lo      ->  the forwarder's socket
/// </code>
/// </summary>
internal static class ReturnPath
{
    /// <summary>The bit by which the forwarder's sockets are known.</summary>
    public const uint Mark = 1u << 29;

    // Of connections that such a socket began, and of packets on the way back to it.
    private const uint Back = 1u << 30;

    private const uint Table = 0x4265;
    private const int Priority = 100, Mangle = -150;
    private static readonly NftTable s_table = new(NftFamily.Inet, "berth_return");

    /// <summary>Lays it; twice is once.</summary>
    /// <exception cref="LinuxException">The kernel refuses it.</exception>
    /// <exception cref="NftException">The packet filter refuses it.</exception>
    public static void Lay(Fd networkNamespace)
    {
        using (RouteNetlink links = RouteNetlink.OpenIn(networkNamespace))
        {
            NetworkLink loopback = links.Find("lo") ?? throw new LinuxException("RTM_GETLINK", "lo", Errno.ENODEV);
            if (!loopback.IsUp) links.SetUp(loopback, up: true);
            Route(links, loopback, six: false);
            // A kernel without it has no clients of it.
            try { Route(links, loopback, six: true); }
            catch (LinuxException e) when (e.Errno is Errno.EAFNOSUPPORT or Errno.EOPNOTSUPP or Errno.EACCES)
            {
            }
        }
        using Nftables filter = Nftables.OpenIn(networkNamespace);
        filter.Commit(Rules());
    }

    private static void Route(RouteNetlink links, NetworkLink loopback, bool six)
    {
        RoutingRule rule = new() { Mark = Back, Table = Table, Priority = Priority, IsVersion6 = six };
        bool there = false;
        foreach (RoutingRule one in links.Rules(six)) there |= one.Mark == Back && one.Table == Table;
        if (!there) links.Add(rule);
        links.Add(new NetworkRoute { Destination = six ? IPAddress.IPv6Any : IPAddress.Any, PrefixLength = 0, Link = loopback.Index, Type = 2, Scope = six ? null : 254, Table = Table }, replace: true);
    }

    private static NftTransaction Rules()
    {
        NftTransaction t = new();
        // Made if it is not there, so that it can be removed, and be made as it is to be.
        t.Add(s_table).Remove(s_table).Add(s_table);
        t.AddChain(s_table, "out", new NftHook("route", 3, Mangle));
        t.AddChain(s_table, "in", new NftHook("filter", 0, Mangle));
        t.AddRule(s_table, "out", new NftRule().Mark(Mark).SetConnectionMark(Back));
        foreach (string chain in (ReadOnlySpan<string>)["out", "in"]) t.AddRule(s_table, chain, new NftRule().IsReply().ConnectionMark(Back).SetMark(Back));
        return t;
    }
}
