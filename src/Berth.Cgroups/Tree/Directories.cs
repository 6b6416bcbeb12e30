// Makes the directories of one container, remembers which did not exist before, and removes exactly those.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Cgroups;

/// <summary>The cgroup directories one creation made, parents before children.</summary>
internal sealed class Directories
{
    private readonly List<string> _created;

    public Directories(IReadOnlyList<string>? created = null) => _created = created is null ? [] : [.. created];

    /// <summary>What was made and is not yet removed.</summary>
    public IReadOnlyList<string> Created => _created;

    /// <summary>Whether creation made it.</summary>
    public bool Has(string path) => _created.Contains(path);

    /// <summary>Takes over a directory that somebody made on our behalf.</summary>
    public void Adopt(string path)
    {
        if (!_created.Contains(path)) _created.Add(path);
    }

    /// <summary>Lists a directory as if it had been made, with those above it up to a number of levels.</summary>
    public void Foresee(string path, int levels)
    {
        if (levels > 1) Foresee(path[..path.LastIndexOf('/')], levels - 1);
        if (levels > 0) Adopt(path);
    }

    /// <summary>How many components at the end of a path do not exist.</summary>
    public static int MissingLevels(string path)
    {
        int levels = 0;
        for (int end = path.Length; end > 0 && !KernelFile.Exists(path[..end]); end = path.LastIndexOf('/', end - 1)) levels++;
        return levels;
    }

    /// <summary>Removes what was made, last first, until one is in use.</summary>
    /// <returns>Whether all are gone.</returns>
    public bool TryRemoveIdle()
    {
        for (int i = _created.Count - 1; i >= 0; i--)
        {
            if (!KernelDirectory.TryRemove(_created[i], out Errno errno) && errno != Errno.ENOENT) return false;
            _created.RemoveAt(i);
        }
        return true;
    }

    /// <summary>Makes a directory and the missing ones above it.</summary>
    /// <param name="path">Which.</param>
    /// <param name="made">Whether the last one is new.</param>
    /// <param name="errno">Why not.</param>
    /// <param name="prepare">Called with every new directory above the last one, before anything is made below it.</param>
    public bool TryMake(string path, out bool made, out Errno errno, Action<string>? prepare = null)
    {
        made = false;
        // A concurrent deletion may take an empty parent away between two calls: a few rounds settle that.
        for (int round = 0; round < 5; round++)
        {
            if (KernelDirectory.TryMake(path, 0x1ed /* 0755 */, out errno))
            {
                _created.Add(path);
                return made = true;
            }
            if (errno == Errno.EEXIST) return true;
            int slash = path.LastIndexOf('/');
            if (errno != Errno.ENOENT || slash <= 0) return false;
            string parent = path[..slash];
            if (!TryMake(parent, out bool madeParent, out errno, prepare)) return false;
            if (madeParent) prepare?.Invoke(parent);
        }
        errno = Errno.ENOENT;
        return false;
    }

    /// <summary>Removes what was made, last first; parents that others use meanwhile stay.</summary>
    /// <param name="isOwn">Whether a directory is the container's own (its children and stragglers are waited for) or only one above it.</param>
    /// <returns>The first own directory that could not be removed and why, or null.</returns>
    public (string Path, Errno Errno)? RemoveAll(Func<string, bool> isOwn)
    {
        (string, Errno)? failed = null;
        for (int i = _created.Count - 1; i >= 0; i--)
        {
            string path = _created[i];
            if (KernelDirectory.TryRemove(path, out Errno errno) || errno == Errno.ENOENT) { _created.RemoveAt(i); continue; }
            if (!isOwn(path)) continue;
            if (TryRemoveTree(path, out errno)) _created.RemoveAt(i);
            else failed ??= (path, errno);
        }
        return failed;
    }

    /// <summary>Removes a cgroup with those below it, waiting a bounded time for processes that are about to vanish.</summary>
    public static bool TryRemoveTree(string path, out Errno errno)
    {
        if (KernelDirectory.TryRemove(path, out errno) || errno == Errno.ENOENT) return true;
        // Read first: rmdir in a read-only mount says EROFS for a path that does not exist as well.
        if (KernelDirectory.TryListDirectories(path, out Errno listing) is not { } children)
        {
            errno = listing;
            return listing == Errno.ENOENT;
        }
        foreach (string child in children)
        {
            if (!TryRemoveTree($"{path}/{child}", out errno)) return false;
        }
        long pause = 100;
        for (int i = 0; i < 14; i++, pause *= 2)
        {
            if (KernelDirectory.TryRemove(path, out errno) || errno == Errno.ENOENT) return true;
            if (errno != Errno.EBUSY) return false;
            ShortPause.Microseconds(Math.Min(pause, 200_000));
        }
        return false;
    }
}
