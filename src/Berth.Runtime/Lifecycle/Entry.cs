// The namespaces of a container as another process enters them.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Plan;

namespace Berth.Runtime.Lifecycle;

internal static class Entry
{
    /// <summary>Kinds to join.</summary>
    /// <remarks>
    /// Joining one's own user namespace is an error, and one's own mount namespace moves the root; so these are left out when
    /// they are the same. For all others it changes nothing, and is not worth a look.
    /// </remarks>
    public static Namespaces Kinds(Spec spec, int pid)
    {
        Namespaces kinds = Namespaces.None;
        foreach (NamespaceSpec n in spec.Linux?.Namespaces ?? []) kinds |= NamespacePlan.KindOf(n.Type);
        if (IsOwn(Namespaces.User)) kinds &= ~Namespaces.User;
        if (IsOwn(Namespaces.Mount)) kinds &= ~Namespaces.Mount;
        return kinds;

        bool IsOwn(Namespaces kind)
        {
            if ((kinds & kind) == 0) return false;
            string name = kind.ProcName();
            return KernelPath.Facts($"/proc/{pid}/ns/{name}")?.Inode == KernelPath.Facts($"/proc/self/ns/{name}")?.Inode;
        }
    }
}
