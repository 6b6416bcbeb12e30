// What everything that is done to containers needs.
using Berth.Engine.Events;
using Berth.Engine.Images;
using Berth.Engine.Networks;
using Berth.Engine.Secrets;
using Berth.Engine.Volumes;

namespace Berth.Engine.Containers;

/// <summary>The parts of an engine, as containers see them.</summary>
internal sealed record ContainerParts
{
    /// <summary>OCI runtime of containers that name none; null: ours.</summary>
    public string? Runtime { get; init; }

    public required ContainerPlaces Places { get; init; }

    public required Ends Images { get; init; }

    public required EngineNetworks Networks { get; init; }

    public required EngineVolumes Volumes { get; init; }

    public required EngineSecrets Secrets { get; init; }

    public required EngineEvents Events { get; init; }

    public ContainerFolder Folder => field ??= new ContainerFolder(Places);

    public Facts Facts => field ??= new Facts(Places);

    /// <summary>What was left out of what was asked for, and why.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Warnings { get; } = new();

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
