// What a pod is doing: said from what its containers do.
using Berth.Engine.Containers;

namespace Berth.Engine.Pods;

/// <summary>States of a pod.</summary>
public enum PodStatus
{
    /// <summary>Nothing of it was started.</summary>
    Created,

    /// <summary>All of it runs.</summary>
    Running,

    /// <summary>A part of it runs.</summary>
    Degraded,

    /// <summary>Its processes are frozen.</summary>
    Paused,

    /// <summary>All of it was stopped.</summary>
    Stopped,

    /// <summary>All of it has ended.</summary>
    Exited,
}

/// <summary>A container of a pod, and what it does.</summary>
/// <param name="Container">The container.</param>
/// <param name="State">What was seen of it.</param>
public sealed record PodMember(Container Container, ContainerState State);

/// <summary>What was seen of a pod.</summary>
/// <param name="Status">What it does.</param>
/// <param name="IsUp">Whether what it shares is there: namespaces, addresses, ports.</param>
/// <param name="Members">Its containers, the oldest first.</param>
public sealed record PodState(PodStatus Status, bool IsUp, IReadOnlyList<PodMember> Members)
{
    /// <summary>The word for the parts of a pod.</summary>
    /// <param name="isUp">Whether what is shared is there: it counts as a part that runs.</param>
    /// <param name="containers">What its containers do, and whether somebody has stopped them.</param>
    internal static PodStatus Of(bool isUp, IReadOnlyList<(ContainerStatus Status, bool IsStopped)> containers)
    {
        int running = 0, paused = 0, ended = 0, stopped = 0;
        foreach ((ContainerStatus status, bool isStopped) in containers)
        {
            if (status is ContainerStatus.Running or ContainerStatus.Restarting) running++;
            else if (status == ContainerStatus.Paused) paused++;
            else if (status == ContainerStatus.Exited) ended++;
            if (status == ContainerStatus.Exited && isStopped) stopped++;
        }
        if (containers.Count == 0) return isUp ? PodStatus.Running : PodStatus.Created;
        if (paused == containers.Count) return PodStatus.Paused;
        if (running == containers.Count) return PodStatus.Running;
        if (isUp || running + paused > 0) return PodStatus.Degraded;
        if (ended < containers.Count) return ended == 0 ? PodStatus.Created : PodStatus.Degraded;
        return stopped == ended ? PodStatus.Stopped : PodStatus.Exited;
    }
}
