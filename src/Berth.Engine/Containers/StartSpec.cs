// How a container is started, beyond what it is.
namespace Berth.Engine.Containers;

/// <summary>What one start of a container is to have.</summary>
public sealed record StartSpec
{
    /// <summary>Rows and columns of its terminal.</summary>
    public (ushort Rows, ushort Columns)? Size { get; init; }

    /// <summary>Open descriptors of this process that its program gets, with the same numbers: 3 or more. Where it is started again by itself, that run gets none.</summary>
    public IReadOnlyList<int> Descriptors { get; init; } = [];
}
