// All verbs: each row knows how to make its table, and only those rows do it whose words were said.
using Berth.Cli.Commands;
using Berth.Cli.Commands.Containers;
using Berth.Cli.Commands.Images;
using Berth.Cli.Commands.Inspecting;
using Berth.Cli.Commands.Networks;
using Berth.Cli.Commands.Pods;
using Berth.Cli.Commands.Secrets;
using Berth.Cli.Commands.Store;
using Berth.Cli.Commands.Volumes;
using Berth.Cli.Verbs;

namespace Berth.Cli;

/// <summary>The tree.</summary>
internal static class CommandTree
{
    private const string Running = "Containers", Everyday = "Images", Connecting = "Networks", Moving = "Registries and files", Upkeep = "Upkeep", All = "Commands";

    /// <summary>What the program is.</summary>
    public static string Summary(Role role) => role switch
    {
        Role.Skopeo => "Works on images in registries, folders and files",
        Role.Podman => "Manage pods, containers and images",
        _ => "Containers, their images, networks and volumes",
    };

    /// <summary>The top of the tree.</summary>
    public static Command Root(Role role) => new() { Options = GlobalOptions.Table(role), Verbs = role == Role.Skopeo ? Skopeo() : Berth() };

    private static IReadOnlyList<CommandEntry> Berth() =>
    [
        new("run", "Run a command in a new container", Run.MakeRun) { Group = Running, IsInNetwork = true },
        new("ps", "List containers", List.Make) { Group = Running, IsInNetwork = true },
        new("exec", "Run a command in a container that runs", Executing.Exec) { Group = Running, IsInNetwork = true },
        new("debug", "A shell with tools in a container, or beside its files or an image's", Debug.Make) { Group = Running, IsInNetwork = true },
        new("logs", "Show what a container has written", Logs.Make) { Group = Running, IsInNetwork = true },
        new("init", "Have containers made by the runtime, and not started", Lifecycle.Initialize) { Group = Running, IsInNetwork = true },
        new("start", "Start containers", Executing.Start) { Group = Running, IsInNetwork = true },
        new("stop", "Stop containers", Lifecycle.Stop) { Group = Running, IsInNetwork = true },
        new("restart", "Stop containers and start them again", Lifecycle.Restart) { Group = Running, IsInNetwork = true },
        new("rm", "Remove containers", Lifecycle.Remove) { Group = Running, IsInNetwork = true },
        new("kill", "Send containers a signal", Lifecycle.MakeKill) { Group = Running, IsInNetwork = true },
        new("create", "Make a container, and do not start it", Run.MakeCreate) { Group = Running, IsInNetwork = true },
        new("attach", "Attach to a container that runs", Executing.Attach) { Group = Running, IsInNetwork = true },
        new("wait", "Wait until containers have ended", Lifecycle.Wait) { Group = Running, IsInNetwork = true },
        new("pause", "Let the processes of containers stand still", Lifecycle.Pause) { Group = Running, IsInNetwork = true },
        new("unpause", "Let them go on", Lifecycle.Unpause) { Group = Running, IsInNetwork = true },
        new("top", "List the processes of a container", Top.Make) { Group = Running, IsInNetwork = true },
        new("stats", "Show what containers use", Stats.Make) { Group = Running, IsInNetwork = true },
        new("port", "Show which ports of the host lead to a container", Port.Make) { Group = Running, IsInNetwork = true },
        new("events", "Show what has happened, and what happens", Happenings.Make) { Group = Running, IsInNetwork = true },
        new("update", "Change limits and restarts of containers", Update.Make) { Group = Running, IsInNetwork = true },
        new("cp", "Copy files into containers, out of them and between them", CopyFiles.Make) { Group = Running, IsInNetwork = true },
        new("diff", "Show what was changed in a container, or by an image", Contents.Diff) { Group = Running, IsInNetwork = true },
        new("export", "Write all files of a container as a tar", Contents.Export) { Group = Running, IsInNetwork = true },
        new("commit", "Make an image of a container", Contents.Commit) { Group = Running, IsInNetwork = true },
        new("mount", "Mount the files of containers, to look into them", Mounts.Mount) { Group = Running },
        new("unmount", "Take such mounts away", Mounts.Unmount) { Group = Running, Aliases = ["umount"] },
        new("explain", "Say what a container is to the kernel, and why", Explain.Make) { Group = Running, IsInNetwork = true },
        new("rename", "Give a container another name", Lifecycle.Rename) { Group = Running, IsInNetwork = true },
        new("inspect", "Show all that is known of a container, an image, a volume or a network", AnyInspect.Make) { Group = Running, IsInNetwork = true },
        new("pod", "Containers that share their network and are handled together", PodVerbs.Make) { Group = Running, IsInNetwork = true },
        new("volume", "Files that outlive containers", VolumeVerbs.Make) { Group = Running },
        new("secret", "Values that only containers see", SecretVerbs.Make) { Group = Running },
        new("container", "All verbs of containers", ContainerVerbs.Make) { Group = Running, IsInNetwork = true },
        new("pull", "Bring an image here", Pull.Make) { Group = Everyday },
        new("push", "Bring an image to a registry", Push.Make) { Group = Everyday },
        new("images", "List images", ImageList.Make) { Group = Everyday },
        new("rmi", "Remove images", Naming.Remove) { Group = Everyday },
        new("tag", "Give an image one more name", Naming.Tag) { Group = Everyday },
        new("untag", "Take names away", Naming.Untag) { Group = Everyday },
        new("history", "Show how an image came to be", History.Make) { Group = Everyday },
        new("image", "All verbs of images: tree, layers, blame, mount ...", ImageVerbs) { Group = Everyday },
        new("network", "Make networks, and attach containers to them", NetworkVerbs.Make) { Group = Connecting, IsOutside = true },
        new("save", "Write images into an archive", Files.Save) { Group = Moving },
        new("load", "Read images from an archive", Files.Load) { Group = Moving },
        new("import", "Make an image of a root file system", Files.Import) { Group = Moving },
        new("copy", "Copy an image from any place to any other", Copy.Make) { Group = Moving },
        new("list-tags", "List the tags of a repository", ListTags.Make) { Group = Moving, IsOutside = true },
        new("sync", "Copy many images at once", Sync.Make) { Group = Moving },
        new("delete", "Delete an image from a registry or a layout", Delete.Make) { Group = Moving },
        new("manifest-digest", "Print the digest of a manifest in a file", ManifestDigest.Make) { Group = Moving, IsOutside = true },
        new("login", "Log in to a registry", Logins.Login) { Group = Moving, IsOutside = true },
        new("logout", "Log out of a registry", Logins.Logout) { Group = Moving, IsOutside = true },
        new("system", "What is used, and what nobody needs", SystemVerbs) { Group = Upkeep },
        new("storage", "The store: check, prune, snapshots", StorageVerbs) { Group = Upkeep },
        new("unshare", "Run a program as root of a user namespace", Unshare.Make) { Group = Upkeep, IsOutside = true },
        new("info", "Where things are, and what is there", Info.Make) { Group = Upkeep },
        new("doctor", "Look whether this host has what containers need", Doctor.Make) { Group = Upkeep, IsOutside = true },
        new("errors", "Say what a fault means, and what helps", Errors.Make) { Group = Upkeep, IsOutside = true },
        new("completion", "Print completion for a shell", () => Completion.Make(Root)) { Group = Upkeep, IsOutside = true },
        new("man", "Write the pages of the manual into a folder", () => Manual.Make(Root, Summary)) { IsOutside = true },
        new("version", "Print the version", Commands.Version.Make) { Group = Upkeep, IsOutside = true },
    ];

    private static IReadOnlyList<CommandEntry> Skopeo() =>
    [
        new("copy", "Copy an image from any place to any other", Copy.Make) { Group = All },
        new("delete", "Delete an image from a registry or a layout", Delete.Make) { Group = All },
        new("inspect", "Show what an image says of itself", RemoteInspect.Make) { Group = All, IsOutside = true },
        new("list-tags", "List the tags of a repository", ListTags.Make) { Group = All, IsOutside = true },
        new("login", "Log in to a registry", Logins.Login) { Group = All, IsOutside = true },
        new("logout", "Log out of a registry", Logins.Logout) { Group = All, IsOutside = true },
        new("manifest-digest", "Print the digest of a manifest in a file", ManifestDigest.Make) { Group = All, IsOutside = true },
        new("sync", "Copy many images at once", Sync.Make) { Group = All },
    ];

    private static Command ImageVerbs() => new()
    {
        Verbs =
        [
            new("ls", "List images", ImageList.Make) { Group = All, Aliases = ["list"] },
            new("pull", "Bring an image here", Pull.Make) { Group = All },
            new("push", "Bring an image to a registry", Push.Make) { Group = All },
            new("rm", "Remove images", Naming.Remove) { Group = All, Aliases = ["remove"] },
            new("tag", "Give an image one more name", Naming.Tag) { Group = All },
            new("untag", "Take names away", Naming.Untag) { Group = All },
            new("save", "Write images into an archive", Files.Save) { Group = All },
            new("load", "Read images from an archive", Files.Load) { Group = All },
            new("import", "Make an image of a root file system", Files.Import) { Group = All },
            new("history", "Show how an image came to be", History.Make) { Group = All },
            new("inspect", "Show what an image says of itself", Inspect.Make) { Group = All },
            new("diff", "Show what the topmost layer of an image changes", ImageDiff.Make) { Group = All },
            new("prune", "Remove images that nobody needs", Prune.Make) { Group = All },
            new("tree", "Show images on the layers that they share", Tree.Make) { Group = All },
            new("layers", "Show what each layer brings and wastes", Layers.Make) { Group = All },
            new("blame", "Show which layer a file comes from", Blame.Make) { Group = All },
            new("mount", "Mount the files of an image", Mounting.Mount) { Group = All },
            new("unmount", "Take the mounts of an image away", Mounting.Unmount) { Group = All, Aliases = ["umount"] },
            new("exists", "Say by the exit code whether an image is there", Naming.Exists) { Group = All },
            new("pin", "Keep an image from being pruned", Naming.Pin) { Group = All },
            new("unpin", "Let an image be pruned again", Naming.Unpin) { Group = All },
            new("referrers", "List what says something of an image", Referrers.Make) { Group = All },
            new("copy", "Copy an image from any place to any other", Copy.Make) { Group = All },
            new("manifest-digest", "Print the digest of a manifest in a file", ManifestDigest.Make) { Group = All },
        ],
    };

    private static Command SystemVerbs() => new()
    {
        Verbs =
        [
            new("df", "Show where the bytes are", Usage.Make) { Group = All },
            new("prune", "Remove what nobody needs", SystemPrune.Make) { Group = All, IsInNetwork = true },
            new("check", "Look whether the store is whole", Check.Make) { Group = All },
            new("info", "Where things are, and what is there", Info.Make) { Group = All },
            new("events", "Show what has happened, and what happens", Happenings.Make) { Group = All, IsInNetwork = true },
        ],
    };

    private static Command StorageVerbs() => new()
    {
        Verbs =
        [
            new("check", "Look whether the store is whole", Check.Make) { Group = All },
            new("prune", "Remove what nobody needs", Prune.Make) { Group = All },
            new("policy", "Say what goes by itself when an image comes", Policy.Make) { Group = All },
            new("df", "Show where the bytes are", Usage.Make) { Group = All },
            new("snapshots", "Root file systems over images", SnapshotVerbs.Make) { Group = All, Aliases = ["snapshot"] },
        ],
    };
}
