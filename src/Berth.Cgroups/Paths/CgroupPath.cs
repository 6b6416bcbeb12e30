// linux.cgroupsPath under the cgroupfs driver, and the directories it means on this host.
namespace Berth.Cgroups;

/// <summary>Places of a container in the cgroup trees of a host.</summary>
public static class CgroupPath
{
    /// <summary>Resolves <c>.</c>, <c>..</c> and doubled slashes by text alone; nothing climbs above the start.</summary>
    /// <returns>With a leading slash if and only if the input has one; the empty string for nothing.</returns>
    public static string Clean(string path)
    {
        List<string> kept = [];
        foreach (string part in path.Split('/'))
        {
            if (part is "" or ".") continue;
            if (part != "..") kept.Add(part);
            else if (kept.Count > 0) kept.RemoveAt(kept.Count - 1);
        }
        string joined = string.Join('/', kept);
        return path.StartsWith('/') ? "/" + joined : joined;
    }

    /// <summary>A directory below another one, or null when the relative path climbs out of it.</summary>
    public static string? Below(string directory, string relative)
    {
        int depth = 0;
        foreach (Range part in relative.AsSpan().Split('/'))
        {
            ReadOnlySpan<char> name = relative.AsSpan()[part];
            if (name is "..") { if (--depth < 0) return null; }
            else if (!name.IsEmpty && name is not ".") depth++;
        }
        string inner = Clean(relative).TrimStart('/');
        return inner.Length == 0 ? directory : $"{directory}/{inner}";
    }

    /// <summary>The container's directory in every hierarchy that is mounted, by <see cref="Controller"/>.</summary>
    /// <remarks>
    /// An absolute path starts at the root of each hierarchy. A relative one starts, on v1, at this process's own cgroup
    /// and, on v2, at the parent of that: the own one has processes in it, so it may not hand controllers to children.
    /// Without a path the container's id is used as a relative one.
    /// </remarks>
    public static string?[] Directories(CgroupHost host, string? cgroupsPath, string id)
    {
        string inner = Clean(cgroupsPath ?? "");
        if (inner.Length == 0) inner = Clean(id);
        bool absolute = inner.StartsWith('/');
        string suffix = absolute ? inner : "/" + inner;
        string?[] directories = new string?[ControllerNames.Count];
        for (int i = 0; i < directories.Length; i++)
        {
            if (host.Mount((Controller)i) is not { } mount) continue;
            if (host.Mode == CgroupMode.Unified && i != (int)Controller.Unified) continue;
            string? start = absolute ? mount : i == (int)Controller.Unified ? UnifiedStart(host, mount) : host.OwnDirectory((Controller)i);
            if (start is not null) directories[i] = suffix == "/" ? start : start + suffix;
        }
        return directories;
    }

    private static string UnifiedStart(CgroupHost host, string mount)
    {
        if (host.Mode != CgroupMode.Unified) return mount;
        string own = Clean(host.Own(Controller.Unified) ?? "/");
        int last = own.LastIndexOf('/');
        return last <= 0 ? mount : mount + own[..last];
    }
}
