// What a chain of plugins made: interfaces, addresses, routes, name servers; as of specification 1.1, older forms are converted.
using System.Net;

namespace Berth.Network.Contract;

/// <summary>The result of ADD.</summary>
public sealed record CniResult
{
    /// <summary>interfaces: in the order in which <see cref="CniAddress.Interface"/> counts them.</summary>
    public IReadOnlyList<CniInterface> Interfaces { get; init; } = [];

    /// <summary>ips.</summary>
    public IReadOnlyList<CniAddress> Addresses { get; init; } = [];

    /// <summary>routes.</summary>
    public IReadOnlyList<CniRoute> Routes { get; init; } = [];

    /// <summary>dns.</summary>
    public CniDns Dns { get; init; } = CniDns.None;
}

/// <summary>An interface that was made, or is used.</summary>
public sealed record CniInterface
{
    /// <summary>name.</summary>
    public required string Name { get; init; }

    /// <summary>mac, as <c>02:42:…</c>; or empty.</summary>
    public string Mac { get; init; } = "";

    /// <summary>mtu; 0 when it is not said.</summary>
    public int Mtu { get; init; }

    /// <summary>sandbox: path of the network namespace; empty for the host's.</summary>
    public string Sandbox { get; init; } = "";

    /// <summary>socketPath, or empty.</summary>
    public string SocketPath { get; init; } = "";

    /// <summary>pciID, or empty.</summary>
    public string PciId { get; init; } = "";
}

/// <summary>An address given to an interface.</summary>
public sealed record CniAddress
{
    /// <summary>address: with the length of its network's prefix.</summary>
    public required IpPrefix Address { get; init; }

    /// <summary>gateway, or null.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>interface: index into <see cref="CniResult.Interfaces"/>, or null.</summary>
    public int? Interface { get; init; }
}

/// <summary>A route of the container.</summary>
public sealed record CniRoute
{
    /// <summary>dst.</summary>
    public required IpPrefix Destination { get; init; }

    /// <summary>gw, or null.</summary>
    public IPAddress? Gateway { get; init; }

    /// <summary>mtu; 0 when it is not said.</summary>
    public int Mtu { get; init; }

    /// <summary>advmss; 0 when it is not said.</summary>
    public int AdvertisedMss { get; init; }

    /// <summary>priority; 0 when it is not said.</summary>
    public int Priority { get; init; }

    /// <summary>table, or null.</summary>
    public int? Table { get; init; }

    /// <summary>scope, or null.</summary>
    public int? Scope { get; init; }
}

/// <summary>Name servers as resolv.conf(5) has them.</summary>
public sealed record CniDns
{
    /// <summary>Nothing said.</summary>
    public static CniDns None { get; } = new();

    /// <summary>nameservers.</summary>
    public IReadOnlyList<string> Nameservers { get; init; } = [];

    /// <summary>domain, or empty.</summary>
    public string Domain { get; init; } = "";

    /// <summary>search.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>options.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>Whether nothing is said.</summary>
    public bool IsEmpty => Nameservers.Count == 0 && Domain.Length == 0 && Search.Count == 0 && Options.Count == 0;
}
