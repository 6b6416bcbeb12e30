// A network as it is kept: what was asked for, and what was chosen.
using System.Net;

namespace Berth.Engine.Networks;

/// <summary>A network.</summary>
public sealed record NetworkRecord
{
    /// <summary>What was asked for.</summary>
    public required NetworkSpec Spec { get; init; }

    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Its subnets.</summary>
    public IReadOnlyList<SubnetSpec> Subnets { get; init; } = [];

    /// <summary>The host's interface: the bridge, or the parent; empty for host and none.</summary>
    public string Interface { get; init; } = "";

    /// <summary>Whether it is one of bridge, host and none, which are always there.</summary>
    public bool IsPredefined { get; init; }

    /// <summary>Its name.</summary>
    public string Name => Spec.Name;

    /// <summary>Its driver.</summary>
    public string Driver => Spec.Driver;

    /// <summary>Whether it has IPv6.</summary>
    public bool HasIPv6
    {
        get
        {
            foreach (SubnetSpec subnet in Subnets)
            {
                if (!subnet.Is4) return true;
            }
            return false;
        }
    }

    /// <summary>Whether a DHCP server on its network gives addresses: as asked for, or because nobody chose a subnet of a parent's network.</summary>
    internal bool HasDhcp => Subnets.Count == 0 && (Spec.AddressDriver == "dhcp" || (Driver is "macvlan" or "ipvlan" && Spec.AddressDriver != "none"));

    /// <summary>Whether names are served: that needs an address of the host in it.</summary>
    public bool HasNames => Spec.HasNames && Driver == "bridge" && Name != EngineNetworks.Default && NetworkSettings.Of(Spec).HasGateway && Subnets.Count > 0;

    /// <summary>The host's addresses in it.</summary>
    internal List<IPAddress> Gateways
    {
        get
        {
            List<IPAddress> gateways = [];
            foreach (SubnetSpec subnet in Subnets)
            {
                if (subnet.Gateway is { } gateway) gateways.Add(gateway);
            }
            return gateways;
        }
    }
}
