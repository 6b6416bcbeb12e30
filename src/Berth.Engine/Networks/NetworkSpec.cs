// What somebody asks for who makes a network.
using System.Net;

namespace Berth.Engine.Networks;

/// <summary>A network that is to be made; what is left out is chosen.</summary>
public sealed record NetworkSpec
{
    /// <summary>Its name: a letter or a digit, then also <c>_</c>, <c>.</c> and <c>-</c>.</summary>
    public required string Name { get; init; }

    /// <summary>bridge, macvlan or ipvlan; there are one <c>host</c> and one <c>none</c>, which nobody makes.</summary>
    public string Driver { get; init; } = "bridge";

    /// <summary>Whether nothing goes out of it or comes in.</summary>
    public bool IsInternal { get; init; }

    /// <summary>Kept and shown; all networks can be attached to.</summary>
    public bool IsAttachable { get; init; }

    /// <summary>Whether it has IPv4.</summary>
    public bool HasIPv4 { get; init; } = true;

    /// <summary>Whether it has IPv6; a subnet of IPv6 says so too.</summary>
    public bool HasIPv6 { get; init; }

    /// <summary>Whether names of its containers are served in it.</summary>
    public bool HasNames { get; init; } = true;

    /// <summary>Its subnets; empty: they are chosen where nobody is.</summary>
    public IReadOnlyList<SubnetSpec> Subnets { get; init; } = [];

    /// <summary>Routes that its containers get.</summary>
    public IReadOnlyList<StaticRoute> Routes { get; init; } = [];

    /// <summary>Servers that are asked for names that are not of this network; empty: the host's.</summary>
    public IReadOnlyList<IPAddress> NameServers { get; init; } = [];

    /// <summary>The host's interface: of a bridge its own name, of macvlan and ipvlan the parent. Null: berth0 and on, or the interface of the default route.</summary>
    public string? Interface { get; init; }

    /// <summary>default (host-local), dhcp or none.</summary>
    public string AddressDriver { get; init; } = "default";

    /// <summary>Options of the driver, with docker's and podman's names.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Options of the address driver; kept and shown.</summary>
    public IReadOnlyDictionary<string, string> AddressOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>A subnet of a network.</summary>
public sealed record SubnetSpec
{
    /// <summary>The subnet.</summary>
    public required IPNetwork Subnet { get; init; }

    /// <summary>The host's address in it; null: the first one.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>The first address that containers get by themselves; null: the subnet's.</summary>
    public IPAddress? First { get; init; }

    /// <summary>The last one; null: the subnet's.</summary>
    public IPAddress? Last { get; init; }

    /// <summary>The range as it was asked for, where it is a subnet too.</summary>
    public IPNetwork? Range { get; init; }

    /// <summary>Addresses of others in this subnet, by names: no container gets them.</summary>
    public IReadOnlyDictionary<string, IPAddress> Others { get; init; } = new Dictionary<string, IPAddress>();

    /// <summary>Whether it is of IPv4.</summary>
    public bool Is4 => Subnet.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork;
}

/// <summary>A route that a container gets.</summary>
/// <param name="Destination">Where to.</param>
/// <param name="Gateway">By whom.</param>
/// <param name="Metric">The higher, the later it is taken; 0: none.</param>
public sealed record StaticRoute(IPNetwork Destination, IPAddress Gateway, int Metric = 0);

/// <summary>Where subnets are taken from.</summary>
/// <param name="Base">All of them.</param>
/// <param name="Length">Length of the prefix of one.</param>
public sealed record AddressPool(IPNetwork Base, int Length);
