// How a container stands to networks: it has one of its own, shares another one, or is on networks.
using Berth.Engine.Networks;

namespace Berth.Engine.Containers;

/// <summary>Kinds.</summary>
internal enum NetworkKind
{
    /// <summary>On networks of the engine.</summary>
    Networks,

    /// <summary>A network namespace with nothing but loopback.</summary>
    None,

    /// <summary>The host's.</summary>
    Host,

    /// <summary>Another container's.</summary>
    Container,

    /// <summary>One at a path.</summary>
    Path,

    /// <summary>Its pod's.</summary>
    Pod,
}

/// <summary>Reads it out of what was asked.</summary>
/// <param name="Kind">Kind.</param>
/// <param name="Argument">The container, or the path.</param>
/// <param name="Wishes">The networks.</param>
internal sealed record NetworkMode(NetworkKind Kind, string Argument, IReadOnlyList<NetworkWish> Wishes)
{
    public static NetworkMode Of(ConnectionSpec connection)
    {
        if (connection.Networks.Count == 0) return new NetworkMode(NetworkKind.Networks, "", [new NetworkWish { Network = EngineNetworks.Default }]);
        string first = connection.Networks[0].Network;
        return first switch
        {
            "none" => new NetworkMode(NetworkKind.None, "", []),
            "host" => new NetworkMode(NetworkKind.Host, "", []),
            "pod" => new NetworkMode(NetworkKind.Pod, "", []),
            _ when first.StartsWith("container:", StringComparison.Ordinal) => new NetworkMode(NetworkKind.Container, first[10..], []),
            _ when first.StartsWith("ns:", StringComparison.Ordinal) => new NetworkMode(NetworkKind.Path, first[3..], []),
            _ => new NetworkMode(NetworkKind.Networks, "", connection.Networks),
        };
    }
}
