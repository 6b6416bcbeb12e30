// What was found out of the host.
namespace Berth.Engine.Diagnosis;

/// <summary>How well something is.</summary>
public enum FindingLevel
{
    /// <summary>Well.</summary>
    Ok,

    /// <summary>Something will not work, or not for long.</summary>
    Warning,

    /// <summary>Containers cannot be run as they are meant to be.</summary>
    Failure,
}

/// <summary>One check of the host.</summary>
/// <param name="Name">The check: <c>disk-space</c>.</param>
/// <param name="Level">How well it is.</param>
/// <param name="Seen">What was seen.</param>
public sealed record HostFinding(string Name, FindingLevel Level, string Seen)
{
    /// <summary>Why it matters.</summary>
    public string Why { get; init; } = "";

    /// <summary>What cures it, as a command where there is one; null: nothing is to be cured, or nothing is known to.</summary>
    public string? Cure { get; init; }
}
