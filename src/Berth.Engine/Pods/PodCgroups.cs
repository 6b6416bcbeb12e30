// The cgroup of a pod: those of its containers lie below it, and its limits are those of all of them together.
using Berth.Cgroups;
using Berth.Engine.Containers;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Pods;

/// <summary>Makes and takes away; the pod's lock is held by the caller.</summary>
internal sealed class PodCgroups(ContainerParts parts)
{
    /// <summary>Its path; null: whoever runs this may make none, or the pod has none.</summary>
    public static string? PathOf(PodRecord pod) => pod.Spec.SharesCgroup ? HostCgroups.PathOf(pod.Spec.Limits, "pod-" + pod.Id) : null;

    /// <summary>Makes it, with its limits.</summary>
    /// <exception cref="BerthException">Unsupported: there are limits, and no cgroup can be made.</exception>
    public void Make(PodRecord pod)
    {
        BundleFacts facts = new() { RootPath = "/", Cgroups = HostCgroups.Facts() };
        // A number of processes that nobody has said is a container's, not a pod's.
        ResourcesSpec? limits = LimitTable.Build(pod.Spec.Limits with { Pids = pod.Spec.Limits.Pids ?? -1 }, facts);
        foreach (string warning in facts.Notes.Warnings) parts.Warnings.Enqueue(warning);
        if (limits is not { } asked || (asked.Memory is null && asked.Cpu is null && asked.BlockIo is null && pod.Spec.Limits.Pids is null)) return;
        if (PathOf(pod) is not { } path) throw new BerthException(Fault.Unsupported, $"cannot limit pod {pod.Name}: no cgroup can be made for it", "leave out its limits, or say --share-parent=true");
        // Devices are each container's: no rule of the pod's is to narrow them.
        CgroupTree tree = CgroupTree.Create(CgroupHost.Discover(), new CgroupRequest { Id = pod.Id, CgroupsPath = path, Resources = asked, InUserNamespace = true });
        tree.Apply();
    }

    /// <summary>Takes it away; it is empty.</summary>
    public void Remove(PodRecord pod)
    {
        if (PathOf(pod) is not { } path) return;
        CgroupHost host;
        try
        {
            host = CgroupHost.Discover();
        }
        catch (BerthException)
        {
            return;
        }
        foreach (Controller controller in Enum.GetValues<Controller>())
        {
            if (host.Mount(controller) is { } mount) KernelDirectory.TryRemove(mount + path, out _);
        }
    }
}
