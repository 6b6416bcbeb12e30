// Update: new limits for a running container, and the stored configuration that follows them.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed partial class ContainerRuntime
{
    /// <summary>Changes limits; what the change does not name stays.</summary>
    /// <exception cref="BerthException">The container does not run, or the kernel refuses a value: then the former limits are in force again.</exception>
    public void Update(string id, ResourcesSpec change)
    {
        using Fd held = _store.Lock(id);
        (ContainerRecord record, ContainerStatus status) = State(id);
        LifecycleTable.Require(Verb.Update, status);
        if (record.Cgroups is not { } c || CgroupTree.Open(c) is not { HasCgroup: true } tree)
        {
            throw new BerthException(Fault.Unsupported, $"cannot update container {id}: it has no cgroup", "a rootless container needs a delegated cgroup for that");
        }
        Spec spec = LoadSpec(id);
        spec.Linux ??= new LinuxSpec();
        ResourcesUpdate update = ResourcesUpdate.Merge(spec.Linux.Resources, change);
        tree.Update(update, spec.Linux.Resources);
        spec.Linux.Resources = update.Stored;
        KernelPath.WriteAtomically(_store.ConfigOf(id), SpecWriter.ToJson(spec, indented: false), 0x180);
    }
}
