// All verbs: each row knows how to make its table, and only those rows do it whose words were said.
using Berth.Cli.Arguments;

namespace Berth.Cli.Commands;

/// <summary>The tree.</summary>
internal static class CommandTree
{
    private const string Everyday = "Images", Moving = "Registries and files", Upkeep = "The store", Other = "Other";

    /// <summary>What the program is.</summary>
    public static string Summary(Role role) => role == Role.Skopeo ? "Works on images in registries, folders and files" : "Images: pull them, keep them, look into them, move them";

    /// <summary>The top of the tree.</summary>
    public static Command Root(Role role) => new() { Options = GlobalOptions.Table(role), Verbs = role == Role.Skopeo ? Skopeo() : Berth() };

    private static IReadOnlyList<CommandEntry> Berth() =>
    [
        new("copy", "Copy an image from any place to any other", Copy.Make) { Group = Moving },
        new("inspect", "Show what an image says of itself", RemoteInspect.Make) { Group = Everyday },
        new("list-tags", "List the tags of a repository", ListTags.Make) { Group = Moving },
        new("sync", "Copy many images at once", Sync.Make) { Group = Moving },
        new("delete", "Delete an image from a registry or a layout", Delete.Make) { Group = Moving },
        new("manifest-digest", "Print the digest of a manifest in a file", ManifestDigest.Make) { Group = Moving },
        new("completion", "Print completion for a shell", Completion.Make) { Group = Other },
        new("version", "Print the version", Version.Make) { Group = Other },
    ];

    private static IReadOnlyList<CommandEntry> Skopeo() =>
    [
        new("copy", "Copy an image from any place to any other", Copy.Make) { Group = "Commands" },
        new("delete", "Delete an image from a registry or a layout", Delete.Make) { Group = "Commands" },
        new("inspect", "Show what an image says of itself", RemoteInspect.Make) { Group = "Commands" },
        new("list-tags", "List the tags of a repository", ListTags.Make) { Group = "Commands" },
        new("manifest-digest", "Print the digest of a manifest in a file", ManifestDigest.Make) { Group = "Commands" },
        new("sync", "Copy many images at once", Sync.Make) { Group = "Commands" },
    ];
}
