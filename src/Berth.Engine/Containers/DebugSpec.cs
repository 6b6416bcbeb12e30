// What somebody who looks for a fault in a container or an image asks for.
namespace Berth.Engine.Containers;

/// <summary>
/// A program with tools of its own, in the namespaces of a container that runs, or beside the files of one that does not, or of an image.
/// Its files are at <c>/target</c>; nothing in it, in its image or in its root file system is changed by being looked at.
/// </summary>
public sealed record DebugSpec
{
    /// <summary>Name or id of the container; null: an image is looked at.</summary>
    public string? Container { get; init; }

    /// <summary>Name or id of the image that is looked at, where it is no container.</summary>
    public string? Image { get; init; }

    /// <summary>Image with the tools, which is here; null: the host's busybox.</summary>
    public string? ToolsImage { get; init; }

    /// <summary>What is executed; empty: a shell.</summary>
    public IReadOnlyList<string> Command { get; init; } = [];

    /// <summary>The shell; null: bash where the tools have it, else sh.</summary>
    public string? Shell { get; init; }

    /// <summary>KEY=VALUE.</summary>
    public IReadOnlyList<string> Environment { get; init; } = [];

    /// <summary><c>user[:group]</c>; null: root.</summary>
    public string? User { get; init; }

    /// <summary>Working folder; null: <c>/</c>.</summary>
    public string? WorkingFolder { get; init; }

    /// <summary>Whether nothing is kept from it but what namespaces do.</summary>
    public bool IsPrivileged { get; init; }

    /// <summary>Capabilities besides those of the container and SYS_PTRACE.</summary>
    public IReadOnlyList<string> CapabilitiesAdded { get; init; } = [];

    /// <summary>Whether it has a terminal.</summary>
    public bool HasTerminal { get; init; }

    /// <summary>Whether it has an input.</summary>
    public bool HasInput { get; init; }
}
