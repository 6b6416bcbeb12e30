// The host's interface that macvlan and ipvlan stand on, and whether the kernel has such links at all.
using System.Globalization;
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>Looks at parents, and makes a VLAN's, as docker does for <c>eth0.10</c>.</summary>
internal static class ParentLink
{
    /// <summary>Refuses a driver whose links the kernel has not got.</summary>
    /// <exception cref="BerthException">Unsupported.</exception>
    public static void RequireKind(NetworkSpec spec)
    {
        if (spec.Driver is not ("macvlan" or "ipvlan")) return;
        try
        {
            using RouteNetlink links = RouteNetlink.Open();
            // Without a parent it is never made: a kernel that knows the kind misses the parent, another the kind.
            links.Add(new LinkSpec { Name = "berth-probe", Kind = spec.Driver == "macvlan" ? new LinkKind.Macvlan() : new LinkKind.Ipvlan() });
        }
        catch (LinuxException e) when (e.Errno is Errno.EOPNOTSUPP)
        {
            throw Missing(spec.Name, spec.Driver, e);
        }
        // Also without privilege: then it is seen when somebody attaches.
        catch (LinuxException)
        {
        }
    }

    /// <summary>Makes the parent if it is a VLAN of an interface that is there.</summary>
    /// <exception cref="BerthException">NotFound: it is not there, and is no VLAN of one that is.</exception>
    public static void Ensure(NetworkRecord network)
    {
        if (network.Driver is not ("macvlan" or "ipvlan")) return;
        using RouteNetlink links = RouteNetlink.Open();
        string name = network.Interface;
        if (links.Find(name) is { } there)
        {
            if (!there.IsUp) links.SetUp(there, up: true);
            return;
        }
        int dot = name.LastIndexOf('.');
        if (dot <= 0 || !ushort.TryParse(name.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out ushort vlan) || vlan is 0 or > 4094 || links.Find(name[..dot]) is not { } lower)
        {
            throw new BerthException(Fault.NotFound, $"cannot use network {network.Name}: its parent {name} is not there", "make it, or make the network anew with --opt parent=NAME");
        }
        try
        {
            links.Add(new LinkSpec { Name = name, Kind = new LinkKind.Vlan { Id = vlan }, Parent = lower.Index, Up = true });
            if (links.Find(name) is { } made) links.Change(made, new LinkChange { Alias = EngineNetworks.AliasOf(network.Name) });
        }
        catch (LinuxException e) when (e.Errno == Errno.EEXIST)
        {
        }
        catch (LinuxException e) when (e.Errno == Errno.EOPNOTSUPP)
        {
            throw Missing(network.Name, "vlan", e);
        }
    }

    private static BerthException Missing(string network, string kind, LinuxException e) =>
        new(Fault.Unsupported, $"cannot use network {network}: this kernel has no links of kind {kind}", $"load its module (modprobe {(kind == "vlan" ? "8021q" : kind)}), or use a kernel with CONFIG_{(kind == "vlan" ? "VLAN_8021Q" : kind.ToUpperInvariant())}", e);
}
