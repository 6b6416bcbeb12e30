// The namespaces of a container as another process enters them.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

internal static class Entry
{
    private static readonly Namespaces[] All =
    [
        Namespaces.User, Namespaces.Mount, Namespaces.Pid, Namespaces.Network, Namespaces.Ipc, Namespaces.Uts, Namespaces.Cgroup, Namespaces.Time,
    ];

    /// <summary>Kinds in which the process differs from us: joining one's own user namespace is an error.</summary>
    public static Namespaces Kinds(Spec spec, int pid)
    {
        Namespaces kinds = Namespaces.None;
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? []) kinds |= NamespacePlan.KindOf(n.Type);
        foreach (Namespaces kind in All)
        {
            if ((kinds & kind) == 0) continue;
            string name = kind.ProcName();
            if (KernelPath.Facts($"/proc/{pid}/ns/{name}")?.Inode == KernelPath.Facts($"/proc/self/ns/{name}")?.Inode) kinds &= ~kind;
        }
        return kinds;
    }
}
