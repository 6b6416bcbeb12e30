// What a user asked for when a pod was made: it never changes.
using Berth.Engine.Containers;

namespace Berth.Engine.Pods;

/// <summary>What the containers of a pod have in common.</summary>
[Flags]
public enum PodShares
{
    /// <summary>Nothing: they are only handled together.</summary>
    None = 0,

    /// <summary>Interfaces, addresses, ports, /etc/hosts.</summary>
    Network = 1,

    /// <summary>Queues, and /dev/shm.</summary>
    Ipc = 2,

    /// <summary>The host name.</summary>
    Uts = 4,

    /// <summary>Processes: those of the first container that runs. All of them end with that one.</summary>
    Pid = 8,
}

/// <summary>What becomes of a pod's namespaces and addresses when its last container has ended.</summary>
public enum PodExitPolicy
{
    /// <summary>They stay until the pod is stopped.</summary>
    Continue,

    /// <summary>They are let go.</summary>
    Stop,
}

/// <summary>A pod as it was asked for.</summary>
public sealed record PodSpec
{
    /// <summary>What is shared where nothing is said.</summary>
    public const PodShares UsualShares = PodShares.Network | PodShares.Ipc | PodShares.Uts;

    /// <summary>Its name; null: one is made up.</summary>
    public string? Name { get; init; }

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = Nothing.Texts;

    /// <summary>What its containers share.</summary>
    public PodShares Shares { get; init; } = UsualShares;

    /// <summary>Host name of all of them; null: the pod's name.</summary>
    public string? HostName { get; init; }

    /// <summary>Networks, ports and names, with <see cref="PodShares.Network"/>.</summary>
    public ConnectionSpec Connection { get; init; } = new();

    /// <summary>Mounts that each of its containers has.</summary>
    public IReadOnlyList<MountRequest> Mounts { get; init; } = [];

    /// <summary>Bytes of the common /dev/shm; null: 64 MiB.</summary>
    public long? ShmBytes { get; init; }

    /// <summary>Limits of all its containers together, and parameters of the kernel for what they share.</summary>
    public LimitsSpec Limits { get; init; } = new();

    /// <summary>Whether the cgroups of its containers lie below one of the pod.</summary>
    public bool SharesCgroup { get; init; } = true;

    /// <summary>When its containers are started again, where they do not say it themselves.</summary>
    public RestartRule Restart { get; init; } = RestartRule.Never;

    /// <summary>What becomes of it with the end of its last container.</summary>
    public PodExitPolicy ExitPolicy { get; init; }

    /// <summary>The command line that made it.</summary>
    public IReadOnlyList<string> CreateCommand { get; init; } = [];
}
