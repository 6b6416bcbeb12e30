// What a container is doing now.
namespace Berth.Engine.Containers;

/// <summary>States of a container.</summary>
public enum ContainerStatus
{
    /// <summary>It is there, and was not started since it was made.</summary>
    Configured,

    /// <summary>The runtime has made it: its namespaces, mounts and network are there, and its process waits to be started.</summary>
    Initialized,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>Its processes are frozen.</summary>
    Paused,

    /// <summary>It has ended, and is started again in a moment.</summary>
    Restarting,

    /// <summary>It has ended.</summary>
    Exited,
}

/// <summary>What was seen of a container: nothing of it is kept, it is looked at each time.</summary>
public sealed record ContainerState
{
    /// <summary>What it is doing.</summary>
    public required ContainerStatus Status { get; init; }

    /// <summary>Its first process; 0: there is none.</summary>
    public int Pid { get; init; }

    /// <summary>When its latest run began; null: it was never started.</summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>When that ended.</summary>
    public DateTimeOffset? Ended { get; init; }

    /// <summary>How; 255 where nobody was there to see it.</summary>
    public int ExitCode { get; init; }

    /// <summary>Whether it was killed for lack of memory.</summary>
    public bool IsOomKilled { get; init; }

    /// <summary>How often it was started again by itself.</summary>
    public int Restarts { get; init; }

    /// <summary>Why it could not be started, or what is not known of its end.</summary>
    public string? Error { get; init; }

    /// <summary>What its health check says; null: it has none, or nobody was asked.</summary>
    public HealthState? Health { get; init; }

    /// <summary>Whether its processes are alive.</summary>
    public bool IsAlive => Status is ContainerStatus.Running or ContainerStatus.Paused or ContainerStatus.Initialized;

    /// <summary>Whether its own program was started, and has not ended.</summary>
    public bool IsStarted => Status is ContainerStatus.Running or ContainerStatus.Paused;

    /// <summary>Whether something of the latest run is still to be taken away.</summary>
    internal bool IsLeft { get; init; }
}

/// <summary>What a health check has said.</summary>
public sealed record HealthState
{
    /// <summary><c>starting</c>, <c>healthy</c> or <c>unhealthy</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Failures in a row.</summary>
    public int FailingStreak { get; init; }

    /// <summary>The latest probes.</summary>
    public IReadOnlyList<HealthProbe> Log { get; init; } = [];
}

/// <summary>One probe.</summary>
/// <param name="Started">When it began.</param>
/// <param name="Ended">When it ended.</param>
/// <param name="ExitCode">How.</param>
/// <param name="Output">What it wrote.</param>
public sealed record HealthProbe(DateTimeOffset Started, DateTimeOffset Ended, int ExitCode, string Output);
