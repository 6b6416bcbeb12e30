// The parent's part in mounts: opening bind sources that the first process may not reach, and mapping ids of its detached mounts.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Mounts;
using Berth.Linux.Programs;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

/// <param name="spec">The specification.</param>
/// <param name="bundle">Where relative sources start.</param>
/// <param name="joins">Namespaces that are joined.</param>
internal sealed class MountSources(Spec spec, string bundle, IReadOnlyList<(Namespaces Kind, Fd Fd)> joins) : IDisposable
{
    private readonly List<(List<IdMapping> Uids, List<IdMapping> Gids, Fd Users)> _made = [];

    /// <summary>Walks the path with our rights but in the child's mount namespace: there the kernel has locked what must stay locked.</summary>
    public void Open(SpawnedChild child, int index)
    {
        MountSpec mount = spec.Mounts[index];
        string source = MountList.AbsoluteSource(mount, bundle);
        int noFollow = MountOptions.Parse(mount).Has(MountExtra.SourceNoFollow) ? OpenFlags.NoFollow : 0;
        using Fd? file = RootedFile.TryOpen($"/proc/{child.Pid}/root", source, OpenFlags.Path | noFollow);
        if (file is null) throw new BerthException(Fault.NotFound, $"error mounting {source} to rootfs at {mount.Destination}: the source cannot be opened", "does it exist?");
        child.Give(file);
    }

    /// <summary>Maps the ids of the detached mount that the child has published.</summary>
    public void MapIds(SpawnedChild child, int index)
    {
        MountSpec mount = spec.Mounts[index];
        MountOptions options = MountOptions.Parse(mount);
        using Fd tree = child.TakePublished();
        try
        {
            if (UsesContainers(mount, options))
            {
                using Fd users = Containers(child);
                Tree.MapIds(tree, users, options.Has(MountExtra.RecursiveIdMap));
            }
            else
            {
                Tree.MapIds(tree, Mapped(mount, options), options.Has(MountExtra.RecursiveIdMap));
            }
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Unsupported, $"failed to set MOUNT_ATTR_IDMAP on {mount.Source}: {e.Errno.Sentence()}",
                e.Errno is Errno.EINVAL ? "maybe the filesystem used doesn't support idmap mounts on this kernel?" : null, e);
        }
    }

    private bool UsesContainers(MountSpec mount, MountOptions options) =>
        mount.UidMappings is not { Count: > 0 } && mount.GidMappings is not { Count: > 0 } && options.IdMapText is null && IdMaps.HasUserNamespace(spec);

    private Fd Containers(SpawnedChild child)
    {
        foreach ((Namespaces kind, Fd fd) in joins)
        {
            if (kind == Namespaces.User) return fd.Duplicate();
        }
        return KernelPath.Open($"/proc/{child.Pid}/ns/user", OpenFlags.ReadOnly);
    }

    /// <summary>One user namespace a mapping: it lives on in every mount that uses it.</summary>
    private Fd Mapped(MountSpec mount, MountOptions options)
    {
        (List<IdMapping>? uids, List<IdMapping>? gids) = (mount.UidMappings, mount.GidMappings);
        if (options.IdMapText is { } text) (uids, gids) = MountOptions.ParseIdMap(text, spec.Linux);
        uids ??= spec.Linux?.UidMappings;
        gids ??= spec.Linux?.GidMappings;
        if (uids is not { Count: > 0 } || gids is not { Count: > 0 })
        {
            throw new BerthException(Fault.InvalidArgument, $"mount {mount.Destination}: id-mapped mounts must have both uid and gid mappings specified", "give uidMappings and gidMappings, or use a user namespace");
        }
        foreach ((List<IdMapping> knownUids, List<IdMapping> knownGids, Fd known) in _made)
        {
            if (Same(uids, knownUids) && Same(gids, knownGids)) return known;
        }
        Fd users = UserNamespace.Make(child => IdMaps.WriteMaps(child, uids, gids));
        _made.Add((uids, gids, users));
        return users;
    }

    private static bool Same(List<IdMapping> a, List<IdMapping> b)
    {
        if (a.Count != b.Count) return false;
        for (int i = 0; i < a.Count; i++)
        {
            if (a[i].ContainerId != b[i].ContainerId || a[i].HostId != b[i].HostId || a[i].Size != b[i].Size) return false;
        }
        return true;
    }

    public void Dispose()
    {
        foreach ((_, _, Fd users) in _made) users.Dispose();
    }
}
