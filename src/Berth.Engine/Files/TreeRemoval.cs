// Removes nodes of a tree that is not trusted: by descriptors, so that a link that is put in the way leads nowhere.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;

namespace Berth.Engine.Files;

/// <summary>Removes.</summary>
internal static class TreeRemoval
{
    private const int Deepest = 1000;

    /// <summary>Removes a name with all that is below it.</summary>
    /// <returns>Why not.</returns>
    public static Errno Remove(Fd at, byte[] name, int depth = 0)
    {
        Errno errno = TreeFd.Remove(at, name);
        if (errno is not (Errno.EISDIR or Errno.EPERM)) return errno == Errno.ENOENT ? Errno.None : errno;
        if (depth > Deepest) return Errno.ENAMETOOLONG;
        using (Fd? folder = TreeFd.TryOpen(at, name, OpenFlags.ReadOnly | OpenFlags.Directory, out Errno cannot))
        {
            if (folder is null) return cannot == Errno.ENOTDIR ? errno : cannot;
            foreach (ListedName listed in TreeListing.Read(folder))
            {
                if (Remove(folder, listed.Name, depth + 1) is not Errno.None and var left) return left;
            }
        }
        return TreeFd.RemoveDirectory(at, name);
    }
}
