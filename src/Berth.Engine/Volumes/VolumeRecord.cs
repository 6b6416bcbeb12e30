// A volume: files that outlive the containers that write them.
namespace Berth.Engine.Volumes;

/// <summary>A volume as it is asked for.</summary>
public sealed record VolumeSpec
{
    /// <summary>Its name; empty: one is made up, and the volume is anonymous.</summary>
    public string Name { get; init; } = "";

    /// <summary>Driver; there is <c>local</c>.</summary>
    public string Driver { get; init; } = "local";

    /// <summary>Options of the driver: <c>type</c>, <c>device</c> and <c>o</c>, as mount(8) has them; <c>copy</c> or <c>nocopy</c>.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <summary>Labels.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

/// <summary>A volume on disk.</summary>
public sealed record VolumeRecord
{
    /// <summary>What was asked for.</summary>
    public required VolumeSpec Spec { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>Whether nobody gave it a name.</summary>
    public bool IsAnonymous { get; init; }

    /// <summary>Where its files are.</summary>
    public required string Path { get; init; }

    /// <summary>Its name.</summary>
    public string Name => Spec.Name;

    /// <summary>Whether something is mounted at <see cref="Path"/> while containers use it.</summary>
    public bool IsMounted => Spec.Options.ContainsKey("type") || Spec.Options.ContainsKey("device");
}
