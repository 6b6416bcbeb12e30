// What a container is in the kernel's terms, and where each thing comes from.
namespace Berth.Engine.Diagnosis;

/// <summary>Where something of a container comes from.</summary>
public enum FactOrigin
{
    /// <summary>Nothing was said of it: every container has it so.</summary>
    Default,

    /// <summary>It was asked for when the container was made.</summary>
    Flag,

    /// <summary>The image says so.</summary>
    Image,

    /// <summary>The host has it so.</summary>
    Host,
}

/// <summary>One thing that is so.</summary>
/// <param name="Name">What: a namespace, a limit, the place of a mount.</param>
/// <param name="Value">How it is: the kernel's words, where the container runs.</param>
/// <param name="Origin">Where it comes from.</param>
public sealed record ExplainedFact(string Name, string Value, FactOrigin Origin)
{
    /// <summary>More of it: the option, what was wished for, with whom it is shared.</summary>
    public string Detail { get; init; } = "";
}

/// <summary>Things of one kind.</summary>
/// <param name="Name">One of <see cref="ContainerExplanation.SectionNames"/>.</param>
/// <param name="Facts">The things.</param>
public sealed record ExplainedSection(string Name, IReadOnlyList<ExplainedFact> Facts);

/// <summary>What is asked for.</summary>
public sealed record ExplainOptions
{
    /// <summary>Sections, in the order of <see cref="ContainerExplanation.SectionNames"/>; empty: all.</summary>
    public IReadOnlyList<string> Sections { get; init; } = [];

    /// <summary>Whether values of variables are told: there may be secrets among them.</summary>
    public bool ShowsValues { get; init; }
}

/// <summary>A container explained: of one that runs, what the kernel says; of another one, what it would be.</summary>
public sealed record ContainerExplanation
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its first process; 0: it does not run.</summary>
    public int Pid { get; init; }

    /// <summary>Why it could not be started as it is, where that can be seen without trying; or null.</summary>
    public string? Obstacle { get; init; }

    /// <summary>Its sections.</summary>
    public required IReadOnlyList<ExplainedSection> Sections { get; init; }

    /// <summary>All sections that there are.</summary>
    public static IReadOnlyList<string> SectionNames { get; } =
        ["namespaces", "process", "capabilities", "security", "limits", "rlimits", "mounts", "devices", "sysctls", "environment", "network", "image", "care"];
}
