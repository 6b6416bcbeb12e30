// Removes trees by descriptors: no path grows too long, no link is followed, and what was freed is counted as du counts it.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Store.Layers;

/// <summary>Erases from below to above.</summary>
internal static class TreeEraser
{
    /// <summary>Removes what a path names and everything below it; nothing to do where it is not there.</summary>
    /// <returns>Bytes that the disk has back: blocks of nodes whose last name went.</returns>
    /// <exception cref="BerthException">Failed, Denied: something cannot be removed.</exception>
    public static long Erase(string path)
    {
        string whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        string parent = Path.GetDirectoryName(whole) ?? throw new BerthException(Fault.InvalidArgument, "cannot erase the root");
        using Fd? at = KernelPath.TryOpen(parent, OpenFlags.Path | OpenFlags.Directory);
        return at is null ? 0 : Erase(at, Encoding.UTF8.GetBytes(Path.GetFileName(whole)));
    }

    /// <summary>As <see cref="Erase(string)"/>, of a name in an open directory.</summary>
    public static long Erase(Fd at, ReadOnlySpan<byte> name)
    {
        Errno errno = TreeFacts.Read(at, name, out NodeFacts facts);
        if (errno == Errno.ENOENT) return 0;
        Check(errno, name);
        long freed = facts.IsDirectory ? EraseBelow(at, name) : 0;
        Check(facts.IsDirectory ? TreeFd.RemoveDirectory(at, name) : TreeFd.Remove(at, name), name);
        return freed + Freed(facts);
    }

    private static long EraseBelow(Fd at, ReadOnlySpan<byte> name)
    {
        MakePassable(at, name);
        using Fd top = TreeFd.TryOpen(at, name, OpenFlags.Path | OpenFlags.Directory, out Errno errno) ?? throw Failure(errno, name);
        using TreeWalk walk = new(top);
        long freed = 0;
        while (true)
        {
            while (walk.Next(out byte[]? child, out NodeFacts facts))
            {
                if (facts.IsDirectory)
                {
                    // An empty one needs no look inside.
                    Errno removed = TreeFd.RemoveDirectory(walk.Here, child);
                    if (removed is Errno.ENOTEMPTY or Errno.EEXIST)
                    {
                        MakePassable(walk.Here, child);
                        walk.Enter(child, facts);
                        continue;
                    }
                    Check(removed, child);
                }
                else Check(TreeFd.Remove(walk.Here, child), child);
                freed += Freed(facts);
            }
            if (walk.Depth == 0) return freed;
            freed += walk.HereFacts.Blocks * 512;
            byte[] left = walk.Leave();
            Check(TreeFd.RemoveDirectory(walk.Here, left), left);
        }
    }

    /// <summary>Its owner need not be allowed to look into a directory, but may allow it to himself. Root needs none of that.</summary>
    private static void MakePassable(Fd at, ReadOnlySpan<byte> name)
    {
        if (Linux.Processes.Self.UserId != 0) TreeOwnership.SetModeOfNoLink(at, name, 0x1C0);
    }

    // Asked before the name went, so 1 is the last. Of a directory the links are others.
    private static long Freed(NodeFacts facts) => facts.IsDirectory || facts.Links <= 1 ? facts.Blocks * 512 : 0;

    private static void Check(Errno errno, ReadOnlySpan<byte> name)
    {
        if (errno is not (Errno.None or Errno.ENOENT)) throw Failure(errno, name);
    }

    private static BerthException Failure(Errno errno, ReadOnlySpan<byte> name) =>
        new(errno is Errno.EPERM or Errno.EACCES ? Fault.Denied : Fault.Failed, $"cannot erase '{LayerPath.Show(name)}': {errno.Sentence()}");
}
