// A user namespace for whoever is not root and did not ask for one: nothing else could be made without it.
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Bundles;

internal static class AutomaticUsers
{
    /// <summary>Adds the namespace and its mappings: the caller is the program's user, and ids lent to him (subuid(5)) are the others.</summary>
    /// <returns>Whether the specification was changed.</returns>
    public static bool AddTo(Spec spec)
    {
        uint uid = Self.UserId;
        if (uid == 0 || spec.Linux is not { } linux) return false;
        foreach (NamespaceSpec n in linux.Namespaces)
        {
            if (n.Type == "user") return false;
        }
        linux.Namespaces.Add(new NamespaceSpec { Type = "user" });
        uint insideUid = spec.Process?.User.Uid ?? 0, insideGid = spec.Process?.User.Gid ?? 0;
        linux.UidMappings ??= Map(insideUid, uid, HasHelper("newuidmap") ? LentIds.Of("/etc/subuid", uid) : null);
        linux.GidMappings ??= Map(insideGid, Self.GroupId, HasHelper("newgidmap") ? LentIds.Of("/etc/subgid", uid) : null);
        return true;
    }

    internal static List<IdMapping> Map(uint inside, uint own, (uint First, uint Count)? lent)
    {
        List<IdMapping> maps = [];
        (uint first, uint count) = lent ?? default;
        uint below = Math.Min(inside, count);
        if (below > 0) maps.Add(new IdMapping { ContainerId = 0, HostId = first, Size = below });
        maps.Add(new IdMapping { ContainerId = inside, HostId = own, Size = 1 });
        if (count > below) maps.Add(new IdMapping { ContainerId = inside + 1, HostId = first + below, Size = count - below });
        return maps;
    }

    private static bool HasHelper(string name)
    {
        string path = Environment.GetEnvironmentVariable("PATH") ?? "/usr/bin:/bin";
        return Finish.Candidates(name, ["PATH=" + path]).Exists(KernelFile.Exists);
    }
}
