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
    /// <param name="id">The container.</param>
    /// <param name="change">The limits that change.</param>
    /// <param name="rdt">Schemata of caches and memory bandwidth that change, or null.</param>
    /// <exception cref="BerthException">The container does not run, or the kernel refuses a value: then the former limits are in force again.</exception>
    public void Update(string id, ResourcesSpec change, IntelRdtSpec? rdt = null)
    {
        using Fd held = _store.Lock(id);
        (ContainerRecord record, ContainerStatus status) = State(id);
        LifecycleTable.Require(Verb.Update, status);
        if (record.Cgroups is not { } c || CgroupTree.Open(c) is not { HasCgroup: true } tree)
        {
            throw new BerthException(Fault.Unsupported, $"cannot update container {id}: it has no cgroup", "a rootless container needs a delegated cgroup for that");
        }
        byte[] config = KernelFile.Read(_store.ConfigOf(id));
        Spec before = SpecReader.Read(config), spec = SpecReader.Read(config);
        spec.Linux ??= new LinuxSpec();
        using Undo undo = new();
        if (rdt is not null) spec.Linux.IntelRdt = UpdateIntelRdt(record, spec.Linux.IntelRdt, rdt, undo);
        ResourcesUpdate update = ResourcesUpdate.Merge(spec.Linux.Resources, change);
        tree.Update(update, spec.Linux.Resources);
        WarnOf(tree);
        spec.Linux.Resources = update.Stored;
        KernelPath.WriteAtomically(_store.ConfigOf(id), StoredConfig.Change(config, before, spec), 0x180);
        undo.Dismiss();
    }

    /// <summary>A container that had no group of its own gets one.</summary>
    private IntelRdtSpec UpdateIntelRdt(ContainerRecord record, IntelRdtSpec? stored, IntelRdtSpec change, Undo undo)
    {
        IntelRdtSpec merged = (stored ?? new IntelRdtSpec()) with
        {
            L3CacheSchema = change.L3CacheSchema ?? stored?.L3CacheSchema,
            MemBwSchema = change.MemBwSchema ?? stored?.MemBwSchema,
        };
        if (record.IntelRdt is { } known)
        {
            IntelRdt group = IntelRdt.Open(known);
            if (stored is not null) undo.Push(() => group.Apply(stored));
            group.Apply(change);
            return merged;
        }
        undo.Push(() => _store.Save(record));
        IntelRdt made = IntelRdt.Create(merged, record.Id, IntelRdt.FindRoot(), foreseen => _store.Save(record with { IntelRdt = foreseen }));
        undo.Push(made.Delete);
        made.Apply(merged);
        made.Enter(record.Pid);
        return merged;
    }

    private void WarnOf(CgroupTree tree)
    {
        foreach (string warning in tree.Warnings) _options.Warn(warning);
    }
}
