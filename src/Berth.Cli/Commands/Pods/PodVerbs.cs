// pod: all its verbs.
using Berth.Cli.Verbs;

namespace Berth.Cli.Commands.Pods;

/// <summary>The group.</summary>
internal static class PodVerbs
{
    private const string All = "Commands";

    /// <summary>The verbs.</summary>
    public static Command Make() => new()
    {
        Verbs =
        [
            new("create", "Make a pod; its containers are made with run --pod", PodCreate.Make) { Group = All },
            new("ps", "List pods", PodList.Make) { Group = All, Aliases = ["ls", "list"] },
            new("inspect", "Show all that is known of pods", PodInspect.Make) { Group = All },
            new("start", "Start pods with their containers", PodLifecycle.Start) { Group = All },
            new("stop", "Stop them", PodLifecycle.Stop) { Group = All },
            new("restart", "Stop them and start them again", PodLifecycle.Restart) { Group = All },
            new("kill", "Send their containers a signal", PodLifecycle.MakeKill) { Group = All },
            new("pause", "Let their processes stand still", PodLifecycle.Pause) { Group = All },
            new("unpause", "Let them go on", PodLifecycle.Unpause) { Group = All },
            new("rm", "Remove pods with their containers", PodLifecycle.Remove) { Group = All, Aliases = ["remove"] },
            new("prune", "Remove those that have ended", PodLifecycle.Prune) { Group = All },
            new("logs", "Show what the containers of a pod have written", PodWatching.MakeLogs) { Group = All },
            new("stats", "Show what the containers of pods use", PodWatching.MakeStats) { Group = All },
            new("top", "List the processes of a pod", PodWatching.MakeTop) { Group = All },
            new("exists", "Say by the exit code whether one is there", PodLifecycle.Exists) { Group = All },
        ],
    };
}
