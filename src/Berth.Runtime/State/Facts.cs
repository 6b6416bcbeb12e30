// The status of a container as it is seen, never as it is remembered: a crash cannot make it lie.
using Berth.Cgroups;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Runtime.State;

/// <summary>Status of a container (runtime.md, State).</summary>
public enum ContainerStatus
{
    /// <summary>Being made.</summary>
    Creating,

    /// <summary>Waits for start.</summary>
    Created,

    /// <summary>Its program runs.</summary>
    Running,

    /// <summary>Its processes are frozen.</summary>
    Paused,

    /// <summary>Its first process has ended, or never came to be: a crash left it half-made.</summary>
    Stopped,
}

/// <summary>Looks at the kernel.</summary>
public static class Facts
{
    /// <summary>The status now.</summary>
    public static ContainerStatus Observe(ContainerRecord record, StateStore store)
    {
        if (record.Pid == 0 && store.IsBeingMade(record.Id)) return ContainerStatus.Creating;
        if (!IsAlive(record)) return ContainerStatus.Stopped;
        if (IsFrozen(record)) return ContainerStatus.Paused;
        return KernelFile.Exists(store.FifoOf(record.Id)) ? ContainerStatus.Created : ContainerStatus.Running;
    }

    /// <summary>Whether the first process is there and is the one that was recorded.</summary>
    public static bool IsAlive(ContainerRecord record) =>
        record.Pid > 0 && Self.IsAlive(record.Pid, out ulong start) && start == record.StartTime;

    /// <summary>A handle of the first process, or null where it has ended. Opened before the look: only then that tells whose it is.</summary>
    public static Fd? Open(ContainerRecord record)
    {
        Fd? process = record.Pid > 0 ? PidFd.TryOpen(record.Pid) : null;
        if (process is null || IsAlive(record)) return process;
        process.Dispose();
        return null;
    }

    private static bool IsFrozen(ContainerRecord record) =>
        record.Cgroups is { } cgroups && CgroupTree.Open(cgroups).Freezer == FreezerState.Frozen;

    /// <summary>The specification's word.</summary>
    public static string Word(this ContainerStatus status) => status switch
    {
        ContainerStatus.Creating => "creating",
        ContainerStatus.Created => "created",
        ContainerStatus.Running => "running",
        ContainerStatus.Paused => "paused",
        _ => "stopped",
    };
}
