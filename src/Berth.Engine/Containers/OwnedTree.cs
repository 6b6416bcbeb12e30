// Gives a folder and all that is in it to a container's user (the mount option U).
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Changes owners, never through a link.</summary>
internal static class OwnedTree
{
    private const int Deepest = 512;

    /// <summary>Changes the owner of a path and of what is below it. What is his already is left alone.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is a folder of the system. NotFound. Denied.</exception>
    public static void Change(OwnedPath owned)
    {
        string path = KernelPath.Resolve(owned.Path) ?? throw new BerthException(Fault.NotFound, $"cannot give {owned.Path} to the container's user: it is not there");
        if (IsOfSystem(path)) throw new BerthException(Fault.InvalidArgument, $"cannot give {path} to the container's user: it is a folder of the system", "leave out the option U, or mount a folder of your own");
        if (KernelPath.Facts(path) is { IsDirectory: false } facts)
        {
            if (facts.Uid != owned.Uid || facts.Gid != owned.Gid) KernelPath.ChangeOwner(path, owned.Uid, owned.Gid);
            return;
        }
        using Fd top = KernelPath.Open(path, OpenFlags.ReadOnly | OpenFlags.Directory | OpenFlags.NoFollow);
        Change(top, owned, path, 0);
    }

    private static void Change(Fd folder, OwnedPath owned, string path, int depth)
    {
        if (depth > Deepest) throw new BerthException(Fault.Exhausted, $"cannot give {owned.Path} to the container's user: it has more than {Deepest} folders inside each other");
        NodeFacts own = TreeFacts.Of(folder);
        if (own.Uid != owned.Uid || own.Gid != owned.Gid) Require(TreeOwnership.SetOwner(folder, owned.Uid, owned.Gid), path);
        foreach (ListedName entry in TreeListing.Read(folder))
        {
            // What goes while we look is nobody's any more.
            if (TreeFacts.Read(folder, entry.Name, out NodeFacts facts) != Errno.None) continue;
            string name = $"{path}/{System.Text.Encoding.UTF8.GetString(entry.Name)}";
            if (!facts.IsDirectory)
            {
                if (facts.Uid != owned.Uid || facts.Gid != owned.Gid) Require(TreeOwnership.SetOwner(folder, entry.Name, owned.Uid, owned.Gid), name);
                continue;
            }
            using Fd? below = TreeFd.TryOpen(folder, entry.Name, OpenFlags.ReadOnly | OpenFlags.Directory, out Errno errno);
            if (below is not null) Change(below, owned, name, depth + 1);
            else if (errno is not (Errno.ENOENT or Errno.ENOTDIR or Errno.ELOOP)) Require(errno, name);
        }
    }

    private static bool IsOfSystem(string path) => path is "/" or "/bin" or "/boot" or "/dev" or "/etc" or "/home" or "/lib" or "/lib64" or "/media" or "/mnt" or "/opt" or "/proc" or "/root" or "/run" or "/sbin" or "/srv" or "/sys" or "/tmp" or "/usr" or "/var"
        || path.StartsWith("/usr/", StringComparison.Ordinal) && !path.StartsWith("/usr/local/", StringComparison.Ordinal) || path.StartsWith("/proc/", StringComparison.Ordinal) || path.StartsWith("/sys/", StringComparison.Ordinal) || path is "/var/lib" or "/var/log" or "/var/tmp";

    private static void Require(Errno errno, string path)
    {
        if (errno is not (Errno.None or Errno.ENOENT)) throw new BerthException(Fault.Denied, $"cannot give {path} to the container's user: {ErrnoText.Sentence(errno)}");
    }
}
