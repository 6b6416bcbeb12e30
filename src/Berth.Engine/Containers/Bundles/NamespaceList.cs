// Which namespaces a container has for itself, which it joins, and the maps of ids.
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Fills <c>linux.namespaces</c>.</summary>
internal static class NamespaceList
{
    /// <summary>Adds namespaces, maps and parameters of the kernel.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static void Fill(LinuxSpec linux, ContainerRecord record, BundleFacts facts)
    {
        NamespacesSpec wish = record.Spec.Namespaces;
        List<NamespaceSpec> list = linux.Namespaces;
        list.Add(new NamespaceSpec { Type = "mount" });
        Add(list, "pid", wish.Pid, facts.Joined.Pid);
        Add(list, "ipc", wish.Ipc, facts.Joined.Ipc);
        Add(list, "uts", wish.Uts, facts.Joined.Uts);
        if (facts.NetworkNamespace is { } network) list.Add(new NamespaceSpec { Type = "network", Path = network });
        else if (!SpecBuilder.HasHostNetwork(record)) list.Add(new NamespaceSpec { Type = "network" });
        AddCgroup(list, wish.Cgroup, facts);
        if (wish.Time.Length > 0) Add(list, "time", wish.Time, facts.Joined.Time);
        AddUsers(linux, record, facts);
        linux.Sysctl = Sysctls(record, facts);
    }

    private static void Add(List<NamespaceSpec> list, string type, string mode, string? joined)
    {
        if (mode == "host") return;
        if (mode.StartsWith("ns:", StringComparison.Ordinal)) joined = mode[3..];
        else if (mode is not ("" or "private" or "shareable" or "none" or "pod") && joined is null) throw new BerthException(Fault.InvalidArgument, $"'{mode}' is no {type} namespace", "private, host, pod, container:NAME or ns:PATH");
        list.Add(new NamespaceSpec { Type = type, Path = joined });
    }

    private static void AddCgroup(List<NamespaceSpec> list, string mode, BundleFacts facts)
    {
        // On version 1 the paths inside are the host's, as everywhere: programs read them there.
        if (mode.Length == 0 && facts.Joined.Cgroup is null && !facts.Cgroups.IsUnified) return;
        Add(list, "cgroup", mode, facts.Joined.Cgroup);
    }

    private static void AddUsers(LinuxSpec linux, ContainerRecord record, BundleFacts facts)
    {
        string mode = record.Spec.Namespaces.User;
        if (mode.StartsWith("ns:", StringComparison.Ordinal) || facts.Joined.User is not null)
        {
            linux.Namespaces.Add(new NamespaceSpec { Type = "user", Path = facts.Joined.User ?? mode[3..] });
            return;
        }
        if (record.Settled.Ids is not { } ids) return;
        linux.Namespaces.Add(new NamespaceSpec { Type = "user" });
        linux.UidMappings = SpecBuilder.Mappings(ids.Uids);
        linux.GidMappings = SpecBuilder.Mappings(ids.Gids);
    }

    private static Dictionary<string, string>? Sysctls(ContainerRecord record, BundleFacts facts)
    {
        Dictionary<string, string> all = [];
        bool ownsNetwork = !SpecBuilder.HasHostNetwork(record) && record.Spec.Connection.Networks is not [{ Network: ['c', 'o', 'n', 't', 'a', 'i', 'n', 'e', 'r', ':', ..] or ['n', 's', ':', ..] or "pod" }];
        // Ports below 1024 and ping without capabilities harm nobody in a network of one's own. In another user namespace the kernel does not let us say so.
        if (ownsNetwork && !SpecBuilder.HasOwnUsers(record, facts))
        {
            all["net.ipv4.ip_unprivileged_port_start"] = "0";
            all["net.ipv4.ping_group_range"] = facts.IsRootless ? "0 0" : "0 2147483647";
        }
        foreach ((string name, string value) in record.Spec.Limits.Sysctls)
        {
            SysctlRules.Check(name, record.Spec);
            all[name.Contains('/', StringComparison.Ordinal) ? name.Replace('/', '.') : name] = value;
        }
        return all.Count > 0 ? all : null;
    }
}
