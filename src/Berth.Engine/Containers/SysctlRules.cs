// Which parameters of the kernel belong to a container, and which to the whole host.
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>Parameters that are those of a namespace.</summary>
internal static class SysctlRules
{
    /// <summary>Refuses a parameter that is not the container's alone.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static void Check(string name, ContainerSpec spec)
    {
        NamespacesSpec spaces = spec.Namespaces;
        // Both spellings are the kernel's own.
        string dotted = name.Contains('/', StringComparison.Ordinal) ? name.Replace('/', '.') : name;
        if (dotted.StartsWith("net.", StringComparison.Ordinal))
        {
            if (spec.Connection.Networks is [{ Network: "host" }]) throw Conflict(name, "the network is the host's", "--network=host");
            return;
        }
        if (IsOfQueues(dotted))
        {
            if (spaces.Ipc == "host") throw Conflict(name, "the queues are the host's", "--ipc=host");
            return;
        }
        if (dotted == "kernel.domainname")
        {
            if (spaces.Uts == "host") throw Conflict(name, "the names are the host's", "--uts=host");
            return;
        }
        if (dotted == "kernel.hostname") throw new BerthException(Fault.InvalidArgument, $"cannot set {name}: the host name is said otherwise", "--hostname NAME");
        throw new BerthException(Fault.InvalidArgument, $"cannot set {name}: it is one of the whole host, not of a container", "set it on the host with sysctl(8)") { Code = FaultCode.SysctlOfHost };
    }

    private static bool IsOfQueues(string name) => name is "kernel.msgmax" or "kernel.msgmnb" or "kernel.msgmni" or "kernel.sem" or "kernel.shmall" or "kernel.shmmax" or "kernel.shmmni" or "kernel.shm_rmid_forced"
        || name.StartsWith("fs.mqueue.", StringComparison.Ordinal);

    private static BerthException Conflict(string name, string why, string option) => new(Fault.InvalidArgument, $"cannot set {name}: {why}", $"leave out {option}");
}
