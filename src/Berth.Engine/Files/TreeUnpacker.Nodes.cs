// Unpacking: folders on the way, and what is said of nodes.
using System.Text;
using Berth.Images.Tar;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Programs;
using Berth.Oci.Faults;

namespace Berth.Engine.Files;

/// <content>Ways and owners.</content>
internal sealed partial class TreeUnpacker
{
    private static List<byte[]> Parts(byte[] path)
    {
        List<byte[]> parts = [];
        foreach (Range range in path.AsSpan().Split((byte)'/'))
        {
            byte[] part = path[range];
            if (part is [] or [(byte)'.']) continue;
            if (part is [(byte)'.', (byte)'.']) throw new BerthException(Fault.InvalidArgument, $"cannot unpack '{Encoding.UTF8.GetString(path)}': it leads out of the folder");
            parts.Add(part);
        }
        return parts;
    }

    /// <summary>The folder of a path; folders that are not there are made.</summary>
    private Fd Enter(List<byte[]> path, byte[] whole)
    {
        int common = 0;
        while (common < path.Count && common + 1 < _levels.Count && _levels[common + 1].Name.AsSpan().SequenceEqual(path[common])) common++;
        while (_levels.Count > common + 1) Leave();
        for (int i = common; i < path.Count; i++)
        {
            if (_levels.Count > Deepest) throw new BerthException(Fault.Exhausted, $"cannot make '{Encoding.UTF8.GetString(whole)}': it has more than {Deepest} folders inside each other");
            _levels.Add(new Level(Open(_levels[^1].Fd, path[i], whole), path[i], null));
        }
        return _levels[^1].Fd;
    }

    private Fd Open(Fd at, byte[] name, byte[] whole)
    {
        Fd? folder = TreeFd.TryOpen(at, name, OpenFlags.ReadOnly | OpenFlags.Directory, out Errno errno);
        if (folder is not null) return folder;
        if (errno == Errno.ENOENT)
        {
            TarEntry entry = new() { Path = whole };
            errno = TreeFd.MakeDirectory(at, name, Usual);
            if (errno != Errno.EEXIST) Check(errno, "make a folder for", entry);
            folder = TreeFd.TryOpen(at, name, OpenFlags.ReadOnly | OpenFlags.Directory, out errno) ?? throw Failure(errno, "open a folder of", entry);
            if (rules.Owner is { } owner) CheckOwner(TreeOwnership.SetOwner(folder, owner.Uid, owner.Gid), entry);
            return folder;
        }
        if (errno is Errno.ENOTDIR or Errno.ELOOP && rules.Follow is not null && Followed(name) is { } target) return target;
        throw new BerthException(Fault.Conflict, $"cannot unpack '{Encoding.UTF8.GetString(whole)}': {Encoding.UTF8.GetString(name)} is in the way and no folder");
    }

    /// <summary>The folder to which a link leads that is in the folder where we are.</summary>
    private Fd? Followed(byte[] name)
    {
        StringBuilder path = new();
        for (int i = 1; i < _levels.Count; i++) path.Append('/').Append(Encoding.UTF8.GetString(_levels[i].Name));
        return rules.Follow!(path.Append('/').Append(Encoding.UTF8.GetString(name)).ToString());
    }

    private void Leave()
    {
        Level level = _levels[^1];
        _levels.RemoveAt(_levels.Count - 1);
        // What was put into it has changed it.
        if (level.Entry is { } entry) TreeOwnership.SetTime(level.Fd, TimeOf(entry));
        level.Fd.Dispose();
    }

    private void Describe(Fd file, TarEntry entry)
    {
        (uint uid, uint gid) = OwnerOf(entry);
        CheckOwner(TreeOwnership.SetOwner(file, uid, gid), entry);
        if (rules.IsWhole)
        {
            foreach (TarAttribute attribute in entry.Attributes)
            {
                // Where they cannot be had, the file is still what was asked for.
                if (TreePacker.IsCarried(attribute.Name)) ExtendedAttributes.Set(file, attribute.Name, attribute.Value);
            }
        }
        Check(TreeOwnership.SetMode(file, rules.DropsPrivileges && entry.Kind != TarKind.Directory ? entry.Mode & 0x1FF : entry.Mode & 0xFFF), "set the mode of", entry);
        TreeOwnership.SetTime(file, TimeOf(entry));
    }

    private (uint Uid, uint Gid) OwnerOf(TarEntry entry) => rules.Owner ?? rules.Ids?.Outside(entry.Uid, entry.Gid) ?? (entry.Uid, entry.Gid);

    private static NodeTime TimeOf(TarEntry entry) => new(entry.Modified.Seconds, entry.Modified.Nanoseconds);

    private static void CheckOwner(Errno errno, TarEntry entry)
    {
        if (errno != Errno.None) throw new BerthException(errno is Errno.EPERM or Errno.EINVAL ? Fault.Denied : Fault.Failed, $"cannot give '{entry.PathText}' to its owner: {errno.Sentence()}", errno == Errno.EINVAL ? "there is no such id here" : null);
    }

    private static void Check(Errno errno, string what, TarEntry entry)
    {
        if (errno != Errno.None) throw Failure(errno, what, entry);
    }

    private static BerthException Failure(Errno errno, string what, TarEntry entry) => new(errno switch
    {
        Errno.EPERM or Errno.EACCES or Errno.EROFS => Fault.Denied,
        Errno.ENOSPC or Errno.EDQUOT => Fault.Exhausted,
        _ => Fault.Failed,
    }, $"cannot {what} '{entry.PathText}': {errno.Sentence()}");

    private static BerthException Bad(TarEntry entry, string why) => new(Fault.InvalidArgument, $"cannot unpack '{entry.PathText}': {why}");

    private sealed record Level(Fd Fd, byte[] Name, TarEntry? Entry);
}
