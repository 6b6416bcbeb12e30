// Kill: a signal for the first process, or for every process.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed partial class ContainerRuntime
{
    /// <summary>Signals the first process.</summary>
    /// <param name="id">The container.</param>
    /// <param name="signal">Number of the signal.</param>
    /// <param name="all">Every process of the container, also when the first one has ended.</param>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/>, or <see cref="Fault.WrongState"/>: it does not run.</exception>
    public void Kill(string id, int signal, bool all)
    {
        ContainerRecord record = _store.Load(id);
        ContainerStatus status = Facts.Observe(record, _store);
        if (all)
        {
            KillAll(record, signal);
            return;
        }
        // The first process may be gone while others of a shared pid namespace live on in the container's cgroup.
        if (signal == 9 && status == ContainerStatus.Stopped && !OwnsPidNamespace(record))
        {
            KillAll(record, signal);
            return;
        }
        LifecycleTable.Require(Verb.Kill, status);
        SignalFirst(record, signal);
        // Without a pid namespace the kernel does not end the others with the first: as runc, KILL means the container.
        if (signal == 9 && !OwnsPidNamespace(record)) KillAll(record, signal);
        // A signal to a frozen v1 process waits until it is thawed; KILL must not.
        if (signal == 9 && status == ContainerStatus.Paused && record.Cgroups is { } cgroups) CgroupTree.Open(cgroups).Thaw();
    }

    private static void SignalFirst(ContainerRecord record, int signal)
    {
        using Fd? process = Facts.Open(record);
        if (process is null) throw new BerthException(Fault.WrongState, "container not running");
        try
        {
            PidFd.Signal(process, signal);
        }
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
            throw new BerthException(Fault.WrongState, "container not running", null, e);
        }
        catch (LinuxException e) when (e.Errno is Errno.EPERM)
        {
            throw new BerthException(Fault.Denied, $"cannot signal container {record.Id}: {e.Errno.Sentence()}", "it belongs to another user", e);
        }
    }

    private static void KillAll(ContainerRecord record, int signal)
    {
        if (record.Cgroups is { } cgroups)
        {
            CgroupTree tree = CgroupTree.Open(cgroups);
            if (tree.HasCgroup)
            {
                if (signal == 9) tree.KillAll();
                else tree.SignalAll(signal);
            }
        }
        using Fd? process = Facts.Open(record);
        if (process is not null) PidFd.TrySignal(process, signal);
    }

    private bool OwnsPidNamespace(ContainerRecord record)
    {
        try
        {
            foreach (Oci.RuntimeSpec.NamespaceSpec n in LoadSpec(record.Id).Linux?.Namespaces ?? [])
            {
                if (n.Type == "pid") return string.IsNullOrEmpty(n.Path);
            }
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            return true;
        }
        return false;
    }
}
