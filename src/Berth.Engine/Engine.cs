// The engine: the front that a program opens, and what the command line is made of.
using Berth.Engine.Containers;
using Berth.Engine.Events;
using Berth.Engine.Images;
using Berth.Engine.Keeping;
using Berth.Engine.Networks;
using Berth.Engine.Pods;
using Berth.Engine.Secrets;
using Berth.Engine.Volumes;
using Berth.Oci.Faults;
using Berth.Oci.References;
using Berth.Store.Records;
using Berth.Store.Snapshots;

namespace Berth.Engine;

/// <summary>
/// Containers, images on this machine and in registries, networks and volumes. No daemon runs: several engines, in several processes, may work on one store at the same time.
/// <code>
/// await using Engine engine = await Engine.OpenAsync();
/// StoredImage debian = await engine.Images.PullAsync("debian:12");
/// </code>
/// </summary>
public sealed partial class Engine : IAsyncDisposable
{
    private readonly Ends _ends;
    private readonly ContainerParts _parts;
    private readonly EngineOptions _options;

    private Engine(EngineOptions options)
    {
        _options = options;
        _ends = new Ends(options.RootFolder, options.RegistriesFile);
        Images = new EngineImages(_ends);
        RunFolder = options.RunFolder;
        Networks = new EngineNetworks(options.RootFolder, options.RunFolder, options.NameServer, options.AddressPools);
        Volumes = new EngineVolumes(options.RootFolder, options.RunFolder, TimeProvider.System);
        Secrets = new EngineSecrets(options.RootFolder, options.RunFolder, TimeProvider.System);
        Events = new EngineEvents(options.RunFolder, TimeProvider.System);
        _parts = new ContainerParts
        {
            Runtime = options.Runtime,
            Places = new ContainerPlaces(options.RootFolder, options.RunFolder),
            Images = _ends,
            Networks = Networks,
            Volumes = Volumes,
            Secrets = Secrets,
            Events = Events,
            Pull = async (name, ct) =>
            {
                if (!IsHere(name)) await Images.PullAsync(name, ct: ct).ConfigureAwait(false);
            },
        };
        Containers = new EngineContainers(_parts);
        Pods = new EnginePods(_parts, Containers, options.RootFolder, options.RunFolder);
    }

    /// <summary>Folder of what does not outlive the host's start.</summary>
    public string RunFolder { get; }

    /// <summary>Containers.</summary>
    public EngineContainers Containers { get; }

    /// <summary>Pods: containers that share namespaces.</summary>
    public EnginePods Pods { get; }

    /// <summary>Volumes.</summary>
    public EngineVolumes Volumes { get; }

    /// <summary>Secrets.</summary>
    public EngineSecrets Secrets { get; }

    /// <summary>What happens.</summary>
    public EngineEvents Events { get; }

    /// <summary>Images.</summary>
    public EngineImages Images { get; }

    /// <summary>Networks, and what is attached to them.</summary>
    public EngineNetworks Networks { get; }

    /// <summary>Root file systems over images of the store.</summary>
    public SnapshotStore Snapshots => _ends.Store.Snapshots;

    /// <summary>Makes an image of what was written in a snapshot.</summary>
    /// <exception cref="BerthException">NotFound. WrongState: the image below is gone.</exception>
    public Task<StoredImage> CommitAsync(string snapshot, string? name, CommitOptions? options = null, CancellationToken ct = default) =>
        _ends.Store.CommitAsync(snapshot, name is null ? null : ImageReference.Parse(name), options ?? new CommitOptions(), ct);

    /// <summary>Opens one. The store is made, or looked at, when it is first needed.</summary>
    public static ValueTask<Engine> OpenAsync(EngineOptions? options = null) => new(new Engine(options ?? new EngineOptions()));

    private bool IsHere(string image)
    {
        try
        {
            return Images.Find(image) is not null;
        }
        catch (BerthException e) when (e.Kind == Fault.NotFound)
        {
            return false;
        }
    }

    /// <summary>Where a program is that the engine would execute: beside this one, in PATH, or where it is installed; null: nowhere.</summary>
    public static string? FindProgram(string name) => EnginePrograms.TryFind(name);

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _parts.Dispose();
        _ends.Dispose();
        return ValueTask.CompletedTask;
    }
}
