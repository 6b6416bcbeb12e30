// What somebody asks for who attaches a container to a network.
using System.Net;

namespace Berth.Engine.Networks;

/// <summary>An attachment that is to be made.</summary>
public sealed record AttachmentSpec
{
    /// <summary>The container's id.</summary>
    public required string ContainerId { get; init; }

    /// <summary>Path of its network namespace, which is there already.</summary>
    public required string NetworkNamespace { get; init; }

    /// <summary>Its name, by which other containers of the network find it; empty: its id alone.</summary>
    public string ContainerName { get; init; } = "";

    /// <summary>Name of the interface in it; null: eth0, or the next one that is free.</summary>
    public string? InterfaceName { get; init; }

    /// <summary>Addresses that it is to have; of a version of IP that has none here, one is given out.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>Its hardware address; null: one is made.</summary>
    public string? HardwareAddress { get; init; }

    /// <summary>More names in this network.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Ports that are published.</summary>
    public IReadOnlyList<PortRequest> Ports { get; init; } = [];

    /// <summary>Of several networks, that with the highest has the default route; of the same, the first by name.</summary>
    public int GatewayPriority { get; init; }

    /// <summary>Servers that are asked for what this container asks for, in place of the network's (--dns).</summary>
    public IReadOnlyList<IPAddress> NameServers { get; init; } = [];

    /// <summary>Options of the driver: com.docker.network.endpoint.sysctls, com.docker.network.endpoint.ifname, ingress_rate, egress_rate.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}
