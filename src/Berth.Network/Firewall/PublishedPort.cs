// A port of a container that is published on the host.
using System.Net;

namespace Berth.Network.Firewall;

/// <summary>One port, as capability portMappings has it.</summary>
/// <param name="HostPort">Port of the host.</param>
/// <param name="ContainerPort">Port of the container.</param>
/// <param name="Protocol">tcp, udp or sctp.</param>
/// <param name="HostAddress">Address of the host; null for all of them.</param>
public sealed record PublishedPort(ushort HostPort, ushort ContainerPort, string Protocol, IPAddress? HostAddress)
{
    /// <summary>Number of the protocol; 0 for one that has no ports.</summary>
    public byte ProtocolNumber => Protocol switch
    {
        "tcp" => 6,
        "udp" => 17,
        "sctp" => 132,
        "dccp" => 33,
        "udplite" => 136,
        _ => 0,
    };

    /// <inheritdoc/>
    public override string ToString() => HostAddress is null ? $"{HostPort}/{Protocol}" : $"{HostAddress}:{HostPort}/{Protocol}";
}
