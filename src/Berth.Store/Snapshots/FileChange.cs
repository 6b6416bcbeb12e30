// What was changed in a root file system.
namespace Berth.Store.Snapshots;

/// <summary>Kinds of changes.</summary>
public enum ChangeKind
{
    /// <summary>It is there, and something of it is another.</summary>
    Changed,

    /// <summary>It is new.</summary>
    Added,

    /// <summary>It is gone.</summary>
    Deleted,
}

/// <summary>A change.</summary>
/// <param name="Kind">Which.</param>
/// <param name="Path">Where, from / on.</param>
public readonly record struct FileChange(ChangeKind Kind, string Path);
