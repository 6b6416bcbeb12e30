// A pod on disk.
namespace Berth.Engine.Pods;

/// <summary>One pod. What it does is not in it: that is looked at.</summary>
public sealed record PodRecord
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Id { get; init; }

    /// <summary>Its name, that no other pod has.</summary>
    public required string Name { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>What was asked for.</summary>
    public required PodSpec Spec { get; init; }

    /// <summary>The first twelve digits of its id.</summary>
    public string ShortId => Id[..12];

    /// <summary>Host name of its containers, where they share it.</summary>
    public string HostName => Spec.HostName ?? (Name.Length < 64 ? Name : ShortId);
}
