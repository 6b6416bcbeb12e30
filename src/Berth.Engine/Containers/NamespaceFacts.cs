// Namespaces: the inode by which the kernel tells them apart, and who else is in them.
using Berth.Engine.Diagnosis;
using Berth.Linux.Files;

namespace Berth.Engine.Containers;

/// <summary>The section <c>namespaces</c>.</summary>
internal static class NamespaceFacts
{
    private static readonly string[] s_kinds = ["cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts"];

    /// <summary>A fact for each kind that the kernel has.</summary>
    public static List<ExplainedFact> Of(Explained all)
    {
        List<ExplainedFact> facts = [];
        Dictionary<string, string> others = all.Pid == 0 ? [] : Others(all);
        foreach (string kind in s_kinds)
        {
            string wish = WishOf(all, kind);
            if (all.Pid == 0)
            {
                facts.Add(Explained.Chosen(wish.Length > 0, kind, Would(all, kind), wish));
                continue;
            }
            if (Inode(all.Pid, kind) is not { } inode) continue;
            string who = inode == Inode(Environment.ProcessId, kind) ? "the host's" : others.TryGetValue(kind + inode, out string? name) ? $"shared with container {name}" : "its own";
            facts.Add(new ExplainedFact(kind, inode, wish.Length > 0 ? FactOrigin.Flag : FactOrigin.Default) { Detail = wish.Length > 0 ? $"{who}: {wish}" : who });
        }
        return facts;
    }

    // pid:[4026531836] is its name to readlink(2).
    private static string? Inode(int pid, string kind) =>
        KernelPath.ReadLink($"/proc/{pid}/ns/{kind}") is { } link && link.IndexOf('[', StringComparison.Ordinal) is > 0 and int at ? link[(at + 1)..^1] : null;

    private static Dictionary<string, string> Others(Explained all)
    {
        Dictionary<string, string> others = [];
        foreach (ContainerRecord other in all.Parts.Folder.All())
        {
            if (other.Id == all.Record.Id || all.Parts.Facts.Observe(other) is not { IsAlive: true, Pid: var pid }) continue;
            foreach (string kind in s_kinds)
            {
                if (Inode(pid, kind) is { } inode) others.TryAdd(kind + inode, other.Name);
            }
        }
        return others;
    }

    private static string Would(Explained all, string kind)
    {
        string type = kind switch { "mnt" => "mount", "net" => "network", _ => kind };
        foreach (Berth.Oci.RuntimeSpec.NamespaceSpec one in all.Spec.Linux?.Namespaces ?? [])
        {
            if (one.Type == type) return one.Path ?? "a new one";
        }
        return "the host's";
    }

    private static string WishOf(Explained all, string kind)
    {
        NamespacesSpec spaces = all.Wish.Namespaces;
        (string option, string wish) = kind switch
        {
            "cgroup" => ("--cgroupns", spaces.Cgroup),
            "ipc" => ("--ipc", spaces.Ipc),
            "net" => ("--network", string.Join(',', all.Wish.Connection.Networks.Select(static one => one.Network))),
            "pid" => ("--pid", spaces.Pid),
            "user" => spaces.UidMaps.Count > 0 ? ("--uidmap", string.Join(',', spaces.UidMaps)) : ("--userns", spaces.User),
            "uts" => ("--uts", spaces.Uts),
            _ => ("", ""),
        };
        return wish.Length > 0 ? $"{option}={wish}" : "";
    }
}
