// The container's cgroups as a mount of type cgroup shows them.
using Berth.Cgroups;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

internal static class CgroupViews
{
    public static CgroupView Of(CgroupTree tree, CgroupHost host, string? namedSystemdAt = null) => Shown(tree, host) with
    {
        UnifiedMount = host.UnifiedMount ?? CgroupHost.UsualRoot,
        NamedSystemdAt = namedSystemdAt,
    };

    private static CgroupView Shown(CgroupTree tree, CgroupHost host)
    {
        if (tree.Mode is CgroupMode.Unified or CgroupMode.None) return new CgroupView(true, [], tree.UnifiedDirectory);
        List<CgroupHierarchy> hierarchies = [];
        foreach (MountedHierarchy mounted in host.Hierarchies)
        {
            if (tree.Directory(mounted.First) is not { } path) continue;
            List<string> links = [];
            foreach (string controller in mounted.Controllers)
            {
                if (mounted.Controllers.Count > 1 && controller != mounted.Name) links.Add(controller);
            }
            hierarchies.Add(new CgroupHierarchy(mounted.Name, mounted.MountData, path, links, mounted.IsUnified));
        }
        return new CgroupView(false, hierarchies, tree.UnifiedDirectory);
    }
}
