// The host's interface that macvlan and ipvlan stand on, and whether the kernel has such links at all.
using System.Diagnostics.CodeAnalysis;
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
            Probe(links, spec.Name, spec.Driver == "macvlan" ? new LinkKind.Macvlan() : new LinkKind.Ipvlan());
            if ((spec.Interface ?? NetworkSettings.Of(spec).Interface) is { Length: > 0 } parent && links.Find(parent) is null && IsVlan(links, parent, out ushort vlan, out _)) Probe(links, spec.Name, new LinkKind.Vlan { Id = vlan });
        }
        // Without privilege it is seen when somebody attaches.
        catch (LinuxException)
        {
        }
    }

    private static void Probe(RouteNetlink links, string network, LinkKind kind)
    {
        try
        {
            links.Add(new LinkSpec { Name = "berth-probe", Kind = kind });
        }
        catch (LinuxException e) when (e.Errno is Errno.EOPNOTSUPP)
        {
            throw Missing(network, kind.Name, e);
        }
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
        if (network.Spec.IsInternal && !IsNamed(network.Spec))
        {
            MakeOwn(links, network);
            return;
        }
        if (!IsVlan(links, name, out ushort vlan, out NetworkLink? lower))
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

    private static bool IsVlan(RouteNetlink links, string name, out ushort vlan, [NotNullWhen(true)] out NetworkLink? lower)
    {
        int dot = name.LastIndexOf('.');
        lower = null;
        vlan = 0;
        return dot > 0 && ushort.TryParse(name.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out vlan) && vlan is > 0 and <= 4094 && (lower = links.Find(name[..dot])) is not null;
    }

    private static bool IsNamed(NetworkSpec spec) => spec.Interface is not null || NetworkSettings.Of(spec).Interface.Length > 0;

    // A parent that leads nowhere. Where the kernel has none of kind dummy, a pair whose other end nobody uses does as well.
    private static void MakeOwn(RouteNetlink links, NetworkRecord network)
    {
        string name = network.Interface;
        try
        {
            try
            {
                links.Add(new LinkSpec { Name = name, Kind = new LinkKind.Dummy(), Up = true });
            }
            catch (LinuxException e) when (e.Errno == Errno.EOPNOTSUPP)
            {
                links.Add(new LinkSpec { Name = name, Kind = new LinkKind.Veth { Peer = new LinkSpec { Name = name + "-", Kind = new LinkKind.Dummy() } }, Up = true });
                if (links.Find(name + "-") is { } other) links.SetUp(other, up: true);
            }
            if (links.Find(name) is { } made) links.Change(made, new LinkChange { Alias = EngineNetworks.AliasOf(network.Name) });
        }
        // Another attachment was quicker.
        catch (LinuxException e) when (e.Errno == Errno.EEXIST)
        {
        }
    }

    private static BerthException Missing(string network, string kind, LinuxException e) =>
        new(Fault.Unsupported, $"cannot use network {network}: this kernel has no links of kind {kind}", $"load its module (modprobe {(kind == "vlan" ? "8021q" : kind)}), or use a kernel with CONFIG_{(kind == "vlan" ? "VLAN_8021Q" : kind.ToUpperInvariant())}", e);
}
