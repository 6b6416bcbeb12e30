// Pause and resume: the freezer.
using Berth.Cgroups;
using Berth.Oci.Faults;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed partial class ContainerRuntime
{
    /// <summary>Freezes all processes.</summary>
    public void Pause(string id) => Freezer(id, Verb.Pause).Freeze();

    /// <summary>Lets them go on.</summary>
    public void Resume(string id) => Freezer(id, Verb.Resume).Thaw();

    private CgroupTree Freezer(string id, Verb verb)
    {
        (ContainerRecord record, ContainerStatus status) = State(id);
        LifecycleTable.Require(verb, status);
        return record.Cgroups is { } c && CgroupTree.Open(c) is { HasCgroup: true } tree
            ? tree
            : throw new BerthException(Fault.Unsupported, $"cannot pause container {id}: it has no cgroup", "a rootless container needs a delegated cgroup for that");
    }
}
