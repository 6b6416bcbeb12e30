// What everything that is done to containers needs.
using Berth.Engine.Events;
using Berth.Engine.Images;
using Berth.Engine.Keeping;
using Berth.Engine.Networks;
using Berth.Engine.Secrets;
using Berth.Engine.Volumes;

namespace Berth.Engine.Containers;

/// <summary>The parts of an engine, as containers see them.</summary>
internal sealed record ContainerParts : IDisposable
{
    private readonly Dictionary<string, KeeperConnection> _held = [];

    /// <summary>OCI runtime of containers that name none; null: ours.</summary>
    public string? Runtime { get; init; }

    public required ContainerPlaces Places { get; init; }

    public required Ends Images { get; init; }

    public required EngineNetworks Networks { get; init; }

    public required EngineVolumes Volumes { get; init; }

    public required EngineSecrets Secrets { get; init; }

    public required EngineEvents Events { get; init; }

    /// <summary>What pods do for containers; set by the pods of the engine.</summary>
    public IPodSharing? Pods { get; set; }

    public ContainerFolder Folder => field ??= new ContainerFolder(Places);

    public Facts Facts => field ??= new Facts(Places);

    /// <summary>What was left out of what was asked for, and why.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<string> Warnings { get; } = new();

    /// <summary>Pulls an image that is not here.</summary>
    public Func<string, CancellationToken, Task> Pull { get; init; } = static (_, _) => Task.CompletedTask;

    /// <summary>Keeps a connection as long as the engine: containers that are to end with it end with that.</summary>
    public void Hold(string id, KeeperConnection keeper)
    {
        Release(id);
        lock (_held) _held[id] = keeper;
    }

    /// <summary>Lets the connection of one go.</summary>
    public void Release(string id)
    {
        lock (_held)
        {
            if (_held.Remove(id, out KeeperConnection? keeper)) keeper.Dispose();
        }
    }

    /// <summary>Lets them go.</summary>
    public void Dispose()
    {
        lock (_held)
        {
            foreach (KeeperConnection keeper in _held.Values) keeper.Dispose();
            _held.Clear();
        }
    }

    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
