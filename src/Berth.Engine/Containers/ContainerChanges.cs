// What is changed of a container that is there.
namespace Berth.Engine.Containers;

/// <summary>Changes of a container. Null and empty: it stays as it is.</summary>
public sealed record ContainerChanges
{
    /// <summary>Limits; those that are null stay. One that runs has them at once.</summary>
    public LimitsSpec? Limits { get; init; }

    /// <summary>When it is started again; one that runs has it at once.</summary>
    public RestartRule? Restart { get; init; }

    /// <summary>How it is seen whether it is well; parts that are null stay. From its next start on.</summary>
    public HealthSpec? Health { get; init; }

    /// <summary>KEY=VALUE, from its next start on.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary>Keys that are taken away from its next start on.</summary>
    public IReadOnlyList<string> EnvironmentRemoved { get; init; } = [];
}
