// A container on a network, as it is kept while it lasts.
using System.Net;

namespace Berth.Engine.Networks;

/// <summary>An interface of a container.</summary>
public sealed record Attachment
{
    /// <summary>What was asked for.</summary>
    public required AttachmentSpec Spec { get; init; }

    /// <summary>64 hexadecimal digits: docker's EndpointID.</summary>
    public required string Id { get; init; }

    /// <summary>The network's id.</summary>
    public required string NetworkId { get; init; }

    /// <summary>The network's name.</summary>
    public required string NetworkName { get; init; }

    /// <summary>The interface's name in the container.</summary>
    public required string InterfaceName { get; init; }

    /// <summary>Its addresses.</summary>
    public IReadOnlyList<AttachedAddress> Addresses { get; init; } = [];

    /// <summary>Its hardware address.</summary>
    public string HardwareAddress { get; init; } = "";

    /// <summary>The host's end of it; empty where there is none.</summary>
    public string HostInterface { get; init; } = "";

    /// <summary>Published ports, those that were chosen too.</summary>
    public IReadOnlyList<PortBinding> Ports { get; init; } = [];

    /// <summary>Where the container asks for names of this network; empty: it has none.</summary>
    public IReadOnlyList<IPAddress> NameServers { get; init; } = [];

    /// <summary>False while it is made: who finds such a one whose maker is gone undoes it.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Which start of the host it belongs to, and which network namespace: a path alone may be another's later.</summary>
    internal string Place { get; init; } = "";

    /// <summary>Metric of its default route.</summary>
    internal int Metric { get; init; }

    /// <summary>The container.</summary>
    public string ContainerId => Spec.ContainerId;

    /// <summary>The gateway of IPv4 or IPv6; null where there is none.</summary>
    public IPAddress? Gateway(bool six)
    {
        foreach (AttachedAddress address in Addresses)
        {
            if (address.Is6 == six && address.Gateway is not null) return address.Gateway;
        }
        return null;
    }
}

/// <summary>An address of an interface.</summary>
/// <param name="Address">The address.</param>
/// <param name="PrefixLength">Length of its network's prefix.</param>
/// <param name="Gateway">By whom other networks are reached; or null.</param>
public sealed record AttachedAddress(IPAddress Address, int PrefixLength, IPAddress? Gateway)
{
    /// <summary>Whether it is of IPv6.</summary>
    public bool Is6 => Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;

    /// <inheritdoc/>
    public override string ToString() => $"{Address}/{PrefixLength}";
}
