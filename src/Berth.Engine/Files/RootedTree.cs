// A tree of files that is not trusted, and paths in it: each part is opened alone and no link is ever followed by the kernel.
using System.Text;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Files;

/// <summary>
/// Finds paths below a root. Links are read and walked here, from the root where they are absolute; <c>..</c> goes back to a
/// descriptor that we have. So nothing outside the root can be met, whatever is renamed or replaced meanwhile, and places where
/// something is to be mounted can be looked at without mounting it.
/// </summary>
/// <param name="root">The root; it is this object's from here on.</param>
internal sealed class RootedTree(Fd root) : IDisposable
{
    private const int MostLinks = 40, MostParts = 4096;

    /// <summary>What it is called in faults, before a path: <c>web:</c>.</summary>
    public string Label { get; init; } = "";

    /// <summary>How ids on its disk are to be read; null: as they are.</summary>
    public IdShift? Ids { get; init; }

    /// <summary>The same, of what is mounted in it.</summary>
    public IdShift? MountIds { get; init; }

    /// <summary>Whether nothing may be written, whatever the disk allows.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>Paths in the tree at which something else is to be seen.</summary>
    public IReadOnlyDictionary<string, SeenMount> Mounts { get; set; } = new Dictionary<string, SeenMount>();

    /// <summary>The root itself.</summary>
    public Fd Root => root;

    /// <summary>Where a path leads.</summary>
    /// <param name="path">From the root on.</param>
    /// <param name="follow">Whether its last part is followed if that is a link.</param>
    /// <exception cref="BerthException">NotFound: a folder on the way is not there. InvalidArgument: what is on the way is none.</exception>
    public FilePlace Resolve(string path, bool follow)
    {
        List<Step> way = [new(root.Duplicate(), "", Ids, IsReadOnly)];
        try
        {
            Stack<byte[]> parts = new();
            Push(parts, Encoding.UTF8.GetBytes(path), path);
            for (int links = 0; parts.TryPop(out byte[]? part);)
            {
                if (part is [] or [(byte)'.']) continue;
                if (part is [(byte)'.', (byte)'.'])
                {
                    if (way.Count > 1) Leave(way);
                    continue;
                }
                bool isLast = IsLast(parts);
                string here = $"{way[^1].Path}/{Encoding.UTF8.GetString(part)}";
                if (Mounts.TryGetValue(here, out SeenMount? mount))
                {
                    if (Enter(way, mount, here, isLast) is { } file) return file;
                    continue;
                }
                Errno errno = TreeFacts.Read(way[^1].Fd, part, out NodeFacts facts);
                if (errno == Errno.ENOENT && isLast) return Place(way[^1], part, null, here);
                if (errno != Errno.None) throw Failure(errno, here);
                if (facts.IsLink && (follow || !isLast))
                {
                    if (++links > MostLinks) throw Failure(Errno.ELOOP, here);
                    byte[] target = TreeFd.TryReadLink(way[^1].Fd, part, out errno) ?? throw Failure(errno, here);
                    while (target is [(byte)'/', ..] && way.Count > 1) Leave(way);
                    Push(parts, target, here);
                }
                else if (facts.IsDirectory)
                {
                    Fd next = TreeFd.TryOpen(way[^1].Fd, part, OpenFlags.Path | OpenFlags.Directory, out errno) ?? throw Failure(errno, here);
                    way.Add(way[^1] with { Fd = next, Path = here });
                }
                else if (isLast) return Place(way[^1], part, facts, here);
                else throw Failure(Errno.ENOTDIR, here);
            }
            return Place(way[^1], "."u8.ToArray(), TreeFacts.Of(way[^1].Fd), way[^1].Path);
        }
        finally
        {
            foreach (Step step in way) step.Fd.Dispose();
        }
    }

    public void Dispose() => root.Dispose();

    private static FilePlace Place(Step at, byte[] name, NodeFacts? facts, string path) => new() { Folder = at.Fd.Duplicate(), Name = name, Facts = facts, Path = path, Ids = at.Ids, IsReadOnly = at.IsReadOnly };

    /// <summary>Goes to what is mounted; the answer is a place where that is no folder.</summary>
    private FilePlace? Enter(List<Step> way, SeenMount mount, string here, bool isLast)
    {
        // Paths of mounts are the host's, and are followed as the host does.
        string path = KernelPath.Resolve(mount.Source()) ?? throw Failure(Errno.ENOENT, here);
        Fd there = KernelPath.Open(path, OpenFlags.Path);
        if (TreeFacts.Of(there).IsDirectory)
        {
            way.Add(new Step(there, here, MountIds, mount.IsReadOnly));
            return null;
        }
        there.Dispose();
        if (!isLast) throw Failure(Errno.ENOTDIR, here);
        int slash = path.LastIndexOf('/');
        byte[] name = Encoding.UTF8.GetBytes(path[(slash + 1)..]);
        Fd folder = KernelPath.Open(slash == 0 ? "/" : path[..slash], OpenFlags.Path | OpenFlags.Directory);
        return TreeFacts.Read(folder, name, out NodeFacts facts) == Errno.None ? new FilePlace { Folder = folder, Name = name, Facts = facts, Path = here, Ids = MountIds, IsReadOnly = mount.IsReadOnly } : throw Failure(Errno.ENOENT, here);
    }

    private static void Leave(List<Step> way)
    {
        way[^1].Fd.Dispose();
        way.RemoveAt(way.Count - 1);
    }

    private static bool IsLast(Stack<byte[]> parts)
    {
        foreach (byte[] part in parts)
        {
            if (part is not ([] or [(byte)'.'])) return false;
        }
        return true;
    }

    private void Push(Stack<byte[]> parts, ReadOnlySpan<byte> path, string here)
    {
        while (!path.IsEmpty)
        {
            // Each link may be as long as a path may be: together they are bounded too.
            if (parts.Count > MostParts) throw Failure(Errno.ENAMETOOLONG, here);
            int slash = path.LastIndexOf((byte)'/');
            parts.Push(path[(slash + 1)..].ToArray());
            path = slash < 0 ? default : path[..slash];
        }
    }

    private BerthException Failure(Errno errno, string path) => errno switch
    {
        Errno.ENOENT => new BerthException(Fault.NotFound, $"{Label}{path} is not there"),
        Errno.ENOTDIR => new BerthException(Fault.InvalidArgument, $"{Label}{path} is no folder"),
        Errno.EPERM or Errno.EACCES => new BerthException(Fault.Denied, $"cannot look at {Label}{path}: {errno.Sentence()}"),
        _ => new BerthException(Fault.Failed, $"cannot look at {Label}{path}: {errno.Sentence()}"),
    };

    private readonly record struct Step(Fd Fd, string Path, IdShift? Ids, bool IsReadOnly);
}

/// <summary>What is seen at a place of a tree where it will be mounted.</summary>
/// <param name="Source">Gives its path on the host; asked when somebody goes there.</param>
/// <param name="IsReadOnly">Whether nothing may be written there.</param>
internal sealed record SeenMount(Func<string> Source, bool IsReadOnly);
