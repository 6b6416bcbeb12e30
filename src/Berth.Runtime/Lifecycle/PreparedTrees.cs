// Bind sources that the parent must clone: those to be id-mapped, and all of them for a user namespace that could not open them.
using Berth.Linux;
using Berth.Linux.Mounts;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

internal static class PreparedTrees
{
    /// <summary>By index of the mount; indices of sources inside the root go to <paramref name="late"/>.</summary>
    public static Dictionary<int, Fd> Of(Spec spec, string bundle, string rootfs, HostFacts host, HashSet<int> late)
    {
        Dictionary<int, Fd> trees = [];
        bool userNamespace = HasUserNamespace(spec);
        for (int i = 0; i < spec.Mounts.Count; i++)
        {
            MountSpec mount = spec.Mounts[i];
            MountOptions options = MountOptions.Parse(mount);
            bool mapped = mount.UidMappings is { Count: > 0 } || options.Has(MountExtra.IdMap) || options.Has(MountExtra.RecursiveIdMap);
            bool bind = mount.Type == "bind" || options.IsBind;
            if (!bind)
            {
                if (mapped) throw new BerthException(Fault.InvalidArgument, $"mount {mount.Destination}: id mappings need a bind mount", "add the option bind or rbind");
                continue;
            }
            if (!mapped && !(userNamespace && host.IsRoot)) continue;
            string source = MountList.AbsoluteSource(mount, bundle);
            if (source.StartsWith(rootfs + "/", StringComparison.Ordinal))
            {
                // An earlier mount of this very list may lie there: only the child sees it.
                if (mapped) late.Add(i);
                continue;
            }
            Fd tree = Tree.Clone(source, options.IsRecursiveBind, options.Has(MountExtra.SourceNoFollow));
            trees[i] = tree;
            if (mapped) Map(tree, mount, options, spec.Linux);
        }
        return trees;
    }

    internal static bool HasUserNamespace(Spec spec)
    {
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? [])
        {
            if (n.Type == "user") return true;
        }
        return false;
    }

    /// <summary>Maps the tree that the child has published.</summary>
    public static void MapLate(Fd tree, MountSpec mount, LinuxSpec? linux) => Map(tree, mount, MountOptions.Parse(mount), linux);

    private static void Map(Fd tree, MountSpec mount, MountOptions options, LinuxSpec? linux)
    {
        (List<IdMapping>? uids, List<IdMapping>? gids) = (mount.UidMappings, mount.GidMappings);
        if (options.IdMapText is { } text) (uids, gids) = MountOptions.ParseIdMap(text, linux);
        uids ??= linux?.UidMappings;
        gids ??= linux?.GidMappings ?? uids;
        if (uids is not { Count: > 0 } || gids is not { Count: > 0 })
        {
            throw new BerthException(Fault.InvalidArgument, $"mount {mount.Destination}: no id mapping to use", "give uidMappings and gidMappings, or use a user namespace");
        }
        using Fd users = UserNamespace.Make(child => IdMaps.WriteMaps(child, uids, gids));
        try
        {
            Tree.MapIds(tree, users, options.Has(MountExtra.RecursiveIdMap) || (options.IsRecursiveBind && !options.Has(MountExtra.IdMap)));
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Unsupported, $"failed to set MOUNT_ATTR_IDMAP on {mount.Source}: {e.Errno.Sentence()}",
                e.Errno is Errno.EINVAL ? "maybe the filesystem used doesn't support idmap mounts on this kernel?" : null, e);
        }
    }
}
