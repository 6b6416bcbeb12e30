// What is mounted where a root file system is wanted.
using Berth.Linux;
using Berth.Linux.Mounts;
using Berth.Store.Layers;

namespace Berth.Store.Snapshots;

/// <summary>The parts of an overlay mount, or of a bind mount where there is one folder only.</summary>
public sealed record RootMount
{
    /// <summary>Folders that are not changed, the topmost first.</summary>
    public required IReadOnlyList<string> Lowers { get; init; }

    /// <summary>The folder with <c>upper</c> and <c>work</c>, in which is written; null: in none of them, or in the only one.</summary>
    public string? Writable { get; init; }

    /// <summary>Whether nothing can be written.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Whether overlay's marks are user attributes.</summary>
    public bool UserAttributes { get; init; }

    /// <summary>Mounts it.</summary>
    /// <param name="target">Where; a folder.</param>
    /// <param name="userNamespace">Ids on the disk are shown as those of this user namespace; null: as they are.</param>
    /// <exception cref="Oci.Faults.BerthException">Unsupported, Denied, Failed.</exception>
    public void Attach(string target, Fd? userNamespace = null)
    {
        if (Writable is null && !IsReadOnly)
        {
            using Fd tree = Tree.Clone(Lowers[0], recursive: false);
            if (userNamespace is not null) Tree.MapIds(tree, userNamespace, recursive: false);
            Tree.Attach(tree, target);
            return;
        }
        OverlayMount.Attach(new OverlayRequest { Lowers = Lowers, Writable = Writable, UserAttributes = UserAttributes, UserNamespace = userNamespace }, target);
    }
}
