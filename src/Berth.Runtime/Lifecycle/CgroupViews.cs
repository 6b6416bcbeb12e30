// The container's cgroups as a mount of type cgroup shows them.
using Berth.Cgroups;
using Berth.Linux.Files;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

internal static class CgroupViews
{
    public static CgroupView? Of(CgroupTree tree)
    {
        if (tree.Mode is CgroupMode.Unified or CgroupMode.None) return new CgroupView(true, [], tree.UnifiedDirectory);
        MountTable mounts = MountTable.Parse(KernelFile.ReadText("/proc/self/mountinfo"));
        List<CgroupHierarchy> hierarchies = [];
        foreach (CgroupMount mount in mounts.Mounts)
        {
            if (mount.Controllers.Count == 0 || tree.Directory(mount.Controllers[0]) is not { } path) continue;
            string name = mount.Point[(mount.Point.LastIndexOf('/') + 1)..];
            bool unified = mount.Controllers[0] == Controller.Unified;
            List<string> words = [];
            foreach (Controller c in mount.Controllers) words.Add(c.Name());
            List<string> links = [];
            if (words.Count > 1) links.AddRange(words.FindAll(w => w != name));
            string data = unified ? "" : string.Join(',', words);
            hierarchies.Add(new CgroupHierarchy(name, data, path, links, unified));
        }
        return new CgroupView(false, hierarchies, tree.UnifiedDirectory);
    }
}
