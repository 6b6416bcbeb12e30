// Where files are copied from, and where to.
namespace Berth.Engine.Containers;

/// <summary>An end of a copy: a path of the host, one in a container, or a tar stream.</summary>
public abstract record CopyEnd
{
    private CopyEnd() { }

    /// <summary>A path of the host.</summary>
    /// <param name="Path">Absolute, or from the working folder on.</param>
    public sealed record Host(string Path) : CopyEnd;

    /// <summary>A path in a container.</summary>
    /// <param name="Container">The container.</param>
    /// <param name="Path">From the container's root on.</param>
    public sealed record Inside(Container Container, string Path) : CopyEnd;

    /// <summary>A tar stream; it is left open.</summary>
    /// <param name="Stream">The stream.</param>
    public sealed record Archive(Stream Stream) : CopyEnd;
}

/// <summary>How files are copied.</summary>
public sealed record FileCopyOptions
{
    /// <summary>
    /// Whether files keep the owners that they have where they come from, as numbers inside the container, with their attributes.
    /// Otherwise what comes into a container is root's there, and what comes out belongs to whoever copies.
    /// </summary>
    public bool KeepsOwners { get; init; }

    /// <summary>Whether a link that is named as source is followed.</summary>
    public bool FollowsLink { get; init; }

    /// <summary>Whether a folder may take the place of something else, and the other way round.</summary>
    public bool Overwrites { get; init; }
}

/// <summary>What was copied.</summary>
/// <param name="Bytes">Bytes of the tar stream that it was.</param>
/// <param name="LeftOut">What was left out, and why: devices and sockets.</param>
public sealed record FileCopyReport(long Bytes, IReadOnlyList<string> LeftOut);
