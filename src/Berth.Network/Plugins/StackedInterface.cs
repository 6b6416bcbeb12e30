// What macvlan, ipvlan and vlan have in common: an interface of the container that stands on another one.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>Finds what it stands on, makes it, and gives it its addresses.</summary>
internal static class StackedInterface
{
    /// <summary>The interface that a configuration names as master; where it names none, that of the default route.</summary>
    /// <param name="call">The call.</param>
    /// <param name="links">Where to look: in the host, or in the container with linkInContainer.</param>
    /// <param name="name">The name, or empty.</param>
    /// <exception cref="CniException">There is none.</exception>
    public static NetworkLink Master(PluginCall call, RouteNetlink links, string name)
    {
        if (name.Length > 0) return links.Find(name) ?? throw CniException.Failed($"cannot find the interface {name}, named as master");
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (NetworkRoute route in links.Routes(six))
            {
                if (route.PrefixLength == 0 && route.Link != 0 && links.Find(route.Link) is { } link) return link;
            }
        }
        throw CniException.Failed($"{call.Configuration.Type} has no master, and there is no default route whose interface it could be");
    }

    /// <summary>mtu: not larger than that of the interface below.</summary>
    /// <exception cref="CniException">It is.</exception>
    public static int Mtu(PluginCall call, NetworkLink master)
    {
        long mtu = call.Configuration.Number("mtu") ?? 0;
        return mtu >= 0 && mtu <= master.Mtu ? (int)mtu : throw CniException.Wrong($"mtu is {mtu}, and must be 0 to {master.Mtu}, which {master.Name} has");
    }

    /// <summary>The socket of the namespace in which the master is.</summary>
    /// <param name="call">The call.</param>
    /// <param name="sandbox">The container.</param>
    /// <param name="owned">To be disposed; null when it is the container's.</param>
    public static RouteNetlink LinksOfMaster(PluginCall call, Sandbox sandbox, out RouteNetlink? owned)
    {
        owned = null;
        return call.Configuration.Flag("linkInContainer") ? sandbox.Links : owned = RouteNetlink.Open();
    }

    /// <summary>Makes the interface in the container, under its name.</summary>
    /// <exception cref="CniException">The container has such an interface, or the kernel refuses it.</exception>
    public static NetworkLink Make(RouteNetlink links, Sandbox sandbox, LinkSpec link)
    {
        if (ReferenceEquals(links, sandbox.Links)) return MakeHere(links, link, sandbox.Path);
        // A name that the socket's own namespace has is refused, also where the interface is made in another one.
        string passing = $"veth{Random.Shared.Next():x8}";
        try
        {
            links.Add(link with { Name = passing, Namespace = sandbox.Namespace });
        }
        catch (LinuxException e)
        {
            throw Refused(e, link, sandbox.Path);
        }
        NetworkLink made = sandbox.Find(passing);
        try
        {
            sandbox.Links.Change(made, new LinkChange { Name = link.Name });
        }
        catch (LinuxException e)
        {
            sandbox.Links.Remove(made);
            throw Refused(e, link, sandbox.Path);
        }
        return made with { Name = link.Name };
    }

    private static CniException Refused(LinuxException e, LinkSpec link, string where)
    {
        if (e.Errno == Errno.EEXIST) return CniException.Failed($"cannot make interface {link.Name}: {where} has one of that name", e);
        if (link.Kind is LinkKind.Macvlan && e.Errno == Errno.EINVAL) return CniException.Failed($"cannot make macvlan {link.Name} in {where}: in mode passthru its parent has one macvlan, and no other", e);
        if (link.Parent != 0 && e.Errno == Errno.EBUSY) return CniException.Failed($"cannot make {link.Kind.Name} {link.Name} in {where}: its parent is in use, by a bridge or by links of another kind", e);
        if (e.Errno != Errno.EOPNOTSUPP) return CniException.Failed($"cannot make {link.Kind.Name} {link.Name} in {where}: {e.Message}", e);
        return CniException.Failed($"cannot make interface {link.Name}: the kernel has no interfaces of kind {link.Kind.Name}{Option(link.Kind)}", e);
    }

    private static string Option(LinkKind kind) => kind switch
    {
        LinkKind.Vlan => " (CONFIG_VLAN_8021Q)",
        LinkKind.Ipvlan => " (CONFIG_IPVLAN)",
        LinkKind.Macvlan => " (CONFIG_MACVLAN)",
        LinkKind.Dummy => " (CONFIG_DUMMY)",
        LinkKind.Vrf => " (CONFIG_NET_VRF)",
        LinkKind.Ifb => " (CONFIG_IFB)",
        _ => "",
    };

    /// <summary>As <see cref="Make"/>, for interfaces that stand on nothing and are made where the socket is.</summary>
    public static NetworkLink MakeHere(RouteNetlink links, LinkSpec link, string where)
    {
        try
        {
            links.Add(link);
        }
        catch (LinuxException e)
        {
            throw Refused(e, link, where);
        }
        return links.Find(link.Name) ?? throw CniException.Failed($"interface {link.Name} is gone as soon as it was made");
    }

    /// <summary>Gets addresses for an interface that was just made, and sets it up; without an address plugin it is only brought up. Where that fails the interface goes.</summary>
    /// <param name="call">The call.</param>
    /// <param name="sandbox">The container.</param>
    /// <param name="link">The interface.</param>
    /// <param name="given">Addresses that are there already, or null: then the address plugin is asked.</param>
    /// <param name="notify">Whether neighbours are told.</param>
    public static CniResult Address(PluginCall call, Sandbox sandbox, NetworkLink link, CniResult? given, bool notify)
    {
        bool leased = false;
        try
        {
            if (given is null && IpamPlugin.IsNamed(call))
            {
                given = IpamPlugin.Add(call);
                leased = true;
                if (given.Addresses.Count == 0) throw CniException.Failed("the address plugin gave no address");
            }
            CniResult result = Placed(given ?? new CniResult(), new CniInterface { Name = link.Name, Mac = link.Mac, Sandbox = sandbox.Path });
            if (notify && given is not null) sandbox.Visit(() => Notify(link.Name));
            sandbox.Configure(link, result);
            return result;
        }
        catch (Exception e)
        {
            if (leased && IpamPlugin.NeedsInterface(call)) IpamPlugin.Delete(call);
            sandbox.Links.Remove(link);
            if (leased && !IpamPlugin.NeedsInterface(call)) IpamPlugin.Delete(call);
            if (e is LinuxException linux) throw CniException.Failed($"cannot set up interface {link.Name} in {sandbox.Path}: {linux.Message}", linux);
            throw;
        }
    }

    /// <summary>A result whose addresses are those of its one interface.</summary>
    public static CniResult Placed(CniResult given, CniInterface only)
    {
        List<CniAddress> addresses = new(given.Addresses.Count);
        foreach (CniAddress address in given.Addresses) addresses.Add(address with { Interface = 0 });
        return given with { Interfaces = [only], Addresses = addresses };
    }

    private static void Notify(string name)
    {
        Sandbox.TrySysctl($"net/ipv4/conf/{name}/arp_notify", "1");
        Sandbox.TrySysctl($"net/ipv6/conf/{name}/ndisc_notify", "1");
    }

    /// <summary>A result with the name servers of the plugin's own configuration, and no others but those that a DHCP server was asked for.</summary>
    public static CniResult WithOwnDns(PluginCall call, CniResult result) => result with { Dns = HostNetwork.DnsOf(call, IpamPlugin.NeedsInterface(call) ? result.Dns : CniDns.None) };

    /// <summary>Removes the interface and gives its addresses back.</summary>
    public static void Delete(PluginCall call) => Sandbox.RemoveLinkAndAddresses(call);

    /// <summary>Compares the interface with the result.</summary>
    /// <returns>The interface.</returns>
    /// <exception cref="CniException">It is not as it was.</exception>
    public static NetworkLink Check(PluginCall call, Sandbox sandbox, string kind)
    {
        IpamPlugin.Check(call);
        CniResult result = call.PreviousResult ?? throw CniException.Wrong("prevResult is missing");
        NetworkLink link = Sandbox.Verify(sandbox.Links, sandbox.Expect(result, call.InterfaceName), kind, sandbox.Path);
        sandbox.VerifyAddresses(link, result);
        return link;
    }

    /// <summary>Whether the interface that is named as master is there, for STATUS.</summary>
    /// <exception cref="CniException">It is not: code 50.</exception>
    public static void Status(PluginCall call)
    {
        IpamPlugin.Status(call);
        if (call.Configuration.Flag("linkInContainer") || call.Configuration.Text("master") is not { Length: > 0 } name) return;
        using RouteNetlink links = RouteNetlink.Open();
        if (links.Find(name) is null) throw new CniException(CniCode.NotAvailable, $"cannot find the interface {name}, named as master");
    }
}
