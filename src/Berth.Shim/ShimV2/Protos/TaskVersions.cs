// The other name under which containerd calls the task service.
namespace Berth.Shim.ShimV2.Protos;

/// <summary>containerd.task.v3.Task, which is containerd.task.v2.Task under a new name.</summary>
internal abstract partial class TaskService
{
    /// <summary>What containerd until 1.7 calls, and later ones when the shim said version 2.</summary>
    public const string FullNameV2 = "containerd.task.v2.Task";
}
