// Traffic of one interface, as /sys/class/net/NAME/statistics counts it.
namespace Berth.Cgroups;

/// <summary>Counters of one network interface of a container.</summary>
public sealed record NetworkInterfaceStats
{
    /// <summary>Interface.</summary>
    public required string Name { get; init; }

    /// <summary>Received.</summary>
    public ulong RxBytes { get; init; }

    /// <summary>Received.</summary>
    public ulong RxPackets { get; init; }

    /// <summary>Received.</summary>
    public ulong RxErrors { get; init; }

    /// <summary>Received.</summary>
    public ulong RxDropped { get; init; }

    /// <summary>Sent.</summary>
    public ulong TxBytes { get; init; }

    /// <summary>Sent.</summary>
    public ulong TxPackets { get; init; }

    /// <summary>Sent.</summary>
    public ulong TxErrors { get; init; }

    /// <summary>Sent.</summary>
    public ulong TxDropped { get; init; }
}
