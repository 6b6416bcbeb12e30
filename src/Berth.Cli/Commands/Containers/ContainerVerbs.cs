// container: all its verbs.
using Berth.Cli.Verbs;

namespace Berth.Cli.Commands.Containers;

/// <summary>The group.</summary>
internal static class ContainerVerbs
{
    private const string All = "Commands";

    /// <summary>The verbs.</summary>
    public static Command Make() => new()
    {
        Verbs =
        [
            new("run", "Run a command in a new container", Run.MakeRun) { Group = All },
            new("create", "Make one, and do not start it", Run.MakeCreate) { Group = All },
            new("ls", "List containers", List.Make) { Group = All, Aliases = ["list", "ps"] },
            new("inspect", "Show all that is known of containers", ContainerInspect.Make) { Group = All },
            new("exec", "Run a command in one that runs", Executing.Exec) { Group = All },
            new("debug", "A shell with tools in a container or beside an image", Debug.Make) { Group = All },
            new("logs", "Show what one has written", Logs.Make) { Group = All },
            new("init", "Have containers made by the runtime, and not started", Lifecycle.Initialize) { Group = All },
            new("start", "Start containers", Executing.Start) { Group = All },
            new("stop", "Stop containers", Lifecycle.Stop) { Group = All },
            new("restart", "Stop containers and start them again", Lifecycle.Restart) { Group = All },
            new("kill", "Send containers a signal", Lifecycle.MakeKill) { Group = All },
            new("rm", "Remove containers", Lifecycle.Remove) { Group = All, Aliases = ["remove"] },
            new("attach", "Attach to one that runs", Executing.Attach) { Group = All },
            new("wait", "Wait until containers have ended", Lifecycle.Wait) { Group = All },
            new("pause", "Let their processes stand still", Lifecycle.Pause) { Group = All },
            new("unpause", "Let them go on", Lifecycle.Unpause) { Group = All },
            new("top", "List the processes of one", Top.Make) { Group = All },
            new("stats", "Show what containers use", Stats.Make) { Group = All },
            new("port", "Show which ports of the host lead to one", Port.Make) { Group = All },
            new("update", "Change limits and restarts of containers", Update.Make) { Group = All },
            new("cp", "Copy files into containers, out of them and between them", CopyFiles.Make) { Group = All },
            new("diff", "Show what was changed in a container, or by an image", Contents.Diff) { Group = All },
            new("export", "Write all files of a container as a tar", Contents.Export) { Group = All },
            new("commit", "Make an image of a container", Contents.Commit) { Group = All },
            new("mount", "Mount the files of containers, to look into them", Mounts.Mount) { Group = All },
            new("unmount", "Take such mounts away", Mounts.Unmount) { Group = All, Aliases = ["umount"] },
            new("rename", "Give one another name", Lifecycle.Rename) { Group = All },
            new("prune", "Remove those that have ended", ContainerPrune.Make) { Group = All },
            new("exists", "Say by the exit code whether one is there", Lifecycle.Exists) { Group = All },
            new("cleanup", "Take away what containers leave that have ended", Lifecycle.Cleanup) { Group = All },
        ],
    };
}
