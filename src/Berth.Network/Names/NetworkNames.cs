// What the DNS server is told about a network, and about a container in it.
using System.Net;

namespace Berth.Network.Names;

/// <summary>A network whose names are served.</summary>
public sealed record NetworkNames
{
    /// <summary>Its name; <c>container.network</c> is answered too, as Docker does.</summary>
    public required string Name { get; init; }

    /// <summary>Addresses at which its containers ask: the bridge's own. They need not be there yet.</summary>
    public required IReadOnlyList<IPAddress> Listen { get; init; }

    /// <summary>The port of UDP and TCP.</summary>
    public ushort Port { get; init; } = 53;

    /// <summary>The domain of names: <c>web.berth</c> is what <c>web</c> is, and nothing below it is ever asked for elsewhere. Empty for none.</summary>
    public string Domain { get; init; } = "berth";

    /// <summary>Nothing is asked for elsewhere: what is not known here does not exist (NXDOMAIN).</summary>
    public bool Internal { get; init; }

    /// <summary>
    /// Whether names of one label that are not known here are asked for elsewhere, as Docker and podman do: in many networks the
    /// router knows <c>nas</c> or <c>printer</c>. False answers NXDOMAIN, and keeps names of containers that are gone to ourselves.
    /// </summary>
    public bool ForwardsSingleLabels { get; init; } = true;

    /// <summary>Servers that are asked for all else; none: those of the host's resolv.conf, as it is at the time.</summary>
    public IReadOnlyList<IPEndPoint> Upstreams { get; init; } = [];

    /// <summary>How long one of them has for its answer; 0: as the host's resolv.conf says, else two seconds.</summary>
    public int TimeoutMilliseconds { get; init; }

    /// <summary>How often all of them are asked; 0: as the host's resolv.conf says, else twice.</summary>
    public int Attempts { get; init; }

    /// <summary>Seconds that an answer may be remembered, a "no" too. Containers come and go: five, as in clusters.</summary>
    public int TimeToLive { get; init; } = 5;

    /// <summary>Names of the host.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = ["host.containers.internal", "host.docker.internal"];

    /// <summary>The host's addresses; none: those of <see cref="Listen"/>.</summary>
    public IReadOnlyList<IPAddress> HostAddresses { get; init; } = [];
}

/// <summary>A container in a network.</summary>
public sealed record ContainerNames
{
    /// <summary>Its id; the first twelve characters are a name of it.</summary>
    public required string ContainerId { get; init; }

    /// <summary>The interface by which it is in this network.</summary>
    public string InterfaceName { get; init; } = "eth0";

    /// <summary>Its addresses in this network.</summary>
    public required IReadOnlyList<IPAddress> Addresses { get; init; }

    /// <summary>Its name: what its address is called in answers to PTR. Empty for none but the id.</summary>
    public string Name { get; init; } = "";

    /// <summary>Other names; several containers may have one, and are answered in turns.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>Servers that are asked in place of the network's for what this container asks (<c>--dns</c>).</summary>
    public IReadOnlyList<IPEndPoint> Upstreams { get; init; } = [];
}
