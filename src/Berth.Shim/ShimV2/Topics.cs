// Under which topic each event goes to containerd.
namespace Berth.Shim.ShimV2;

/// <summary>Topics of a task's events.</summary>
internal static class Topics
{
    /// <summary>TaskCreate.</summary>
    public const string Create = "/tasks/create";

    /// <summary>TaskStart.</summary>
    public const string Start = "/tasks/start";

    /// <summary>TaskOOM.</summary>
    public const string Oom = "/tasks/oom";

    /// <summary>TaskExit.</summary>
    public const string Exit = "/tasks/exit";

    /// <summary>TaskDelete.</summary>
    public const string Delete = "/tasks/delete";

    /// <summary>TaskExecAdded.</summary>
    public const string ExecAdded = "/tasks/exec-added";

    /// <summary>TaskExecStarted.</summary>
    public const string ExecStarted = "/tasks/exec-started";

    /// <summary>TaskPaused.</summary>
    public const string Paused = "/tasks/paused";

    /// <summary>TaskResumed.</summary>
    public const string Resumed = "/tasks/resumed";

    /// <summary>TaskCheckpointed.</summary>
    public const string Checkpointed = "/tasks/checkpointed";
}
