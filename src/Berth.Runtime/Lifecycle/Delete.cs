// Delete: everything that create made, and nothing else.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Hooks;
using Berth.Runtime.Lifecycle;
using Berth.Runtime.State;

namespace Berth.Runtime;

public sealed partial class ContainerRuntime
{
    /// <summary>Removes a stopped container; with <paramref name="force"/> one in any state, or one that a crash left half-made.</summary>
    /// <exception cref="BerthException"><see cref="Fault.NotFound"/> (not when forced), <see cref="Fault.WrongState"/>.</exception>
    public void Delete(string id, bool force)
    {
        try
        {
            DeletePresent(id, force);
        }
        catch (BerthException e) when (force && e.Kind == Fault.NotFound)
        {
            // Nothing is left of it: that is what was asked for.
        }
    }

    private void DeletePresent(string id, bool force)
    {
        using Fd? held = LockToRemove(id, force);
        ContainerRecord? record = LoadForDelete(id, force);
        if (record is null) return;
        ContainerStatus status = Facts.Observe(record, _store);
        // A container that was never started has nothing to lose: as runc, it is killed and deleted without force.
        if (status != ContainerStatus.Created) LifecycleTable.Require(Verb.Delete, status, force);
        if (status != ContainerStatus.Stopped || force) End(record);
        Remove(record, TryLoadSpec(id));
    }

    /// <summary>
    /// A create that runs and another delete are waited for: the directory and the cgroups that we remove must not be those
    /// of a container that somebody makes meanwhile. A hook may hold them up for ever, so force waits only so long.
    /// </summary>
    private Fd? LockToRemove(string id, bool force)
    {
        for (int i = 0; i < 200; i++)
        {
            if (_store.TryLock(id) is { } held) return held;
            ShortPause.Microseconds(10_000);
        }
        if (force) return null;
        throw new BerthException(Fault.Unavailable, $"container {id} is being created, started or changed by another process", "try again, or delete it with --force");
    }

    /// <summary>Removes the container that we ran, unless somebody else has, and maybe made another of its name.</summary>
    private void RemoveOwn(ContainerRecord record, Spec spec)
    {
        try
        {
            using Fd? held = LockToRemove(record.Id, force: true);
            ContainerRecord present = _store.Load(record.Id);
            if ((present.Pid, present.StartTime) == (record.Pid, record.StartTime)) Remove(record, spec);
        }
        catch (BerthException e) when (e.Kind == Fault.NotFound)
        {
            // It was removed while we waited for the lock.
        }
    }

    private ContainerRecord? LoadForDelete(string id, bool force)
    {
        try
        {
            return _store.Load(id);
        }
        catch (BerthException e) when (e.Kind is Fault.NotFound or Fault.Failed)
        {
            if (_store.HasDirectory(id))
            {
                if (_store.IsBeingMade(id)) LifecycleTable.Require(Verb.Delete, ContainerStatus.Creating, force);
                // Killed before its record was written, or damaged: there is nothing but the directory that we know of.
                if (!force && e.Kind == Fault.Failed) throw;
                _store.Remove(id);
                return null;
            }
            throw;
        }
    }

    /// <summary>Kills what lives and waits until it is gone.</summary>
    private static void End(ContainerRecord record)
    {
        using Fd? process = Facts.Open(record);
        if (record.Cgroups is { } cgroups && CgroupTree.Open(cgroups) is { Exists: true } tree)
        {
            tree.KillAll();
            if (tree.Freezer == FreezerState.Frozen) tree.Thaw();
        }
        if (process is null) return;
        PidFd.TrySignal(process, 9);
        Span<PollEntry> entries = [new PollEntry { Fd = process.Number, Events = 1 }];
        for (int i = 0; i < 100; i++)
        {
            if (Poll.Wait(entries, 100) > 0) return;
            PidFd.TrySignal(process, 9);
        }
        throw new BerthException(Fault.Unavailable, $"container init still running: {record.Pid}", "it hangs in the kernel: see /proc/PID/stack");
    }

    /// <summary>Kills the members of cgroups and removes them, as far as they were made.</summary>
    private static void End(CgroupTree cgroups)
    {
        if (!cgroups.HasCgroup || cgroups.TryDeleteIdle()) return;
        if (cgroups.Exists) cgroups.KillAll();
        cgroups.Delete();
    }

    private Spec? TryLoadSpec(string id)
    {
        try
        {
            return LoadSpec(id);
        }
        catch (Exception e) when (e is LinuxException or BerthException)
        {
            return null;
        }
    }

    private void Remove(ContainerRecord record, Spec? spec)
    {
        if (record.Cgroups is { } cgroups) End(CgroupTree.Open(cgroups));
        if (record.IntelRdt is { } rdt) IntelRdt.Open(rdt).Delete();
        KernelPath.Remove(_store.FifoOf(record.Id));
        _store.Remove(record.Id);
        if (spec?.Hooks?.Poststop is not { Count: > 0 } hooks) return;
        foreach (HookSpec hook in hooks)
        {
            try
            {
                HookRunner.Run([hook], HooksOf(spec, "poststop", StateFor(record, "stopped")));
            }
            catch (BerthException e)
            {
                // runtime.md: a failed poststop hook is logged, and the others still run.
                _options.Warn(e.Sentence);
            }
        }
    }
}
