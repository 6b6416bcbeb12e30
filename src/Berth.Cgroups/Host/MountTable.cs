// The cgroup lines of mountinfo (proc(5)): which hierarchy is mounted where, and which part of it.
using System.Text;

namespace Berth.Cgroups;

/// <summary>One mounted cgroup hierarchy.</summary>
/// <param name="Point">Where.</param>
/// <param name="Root">The directory of the hierarchy that the mount shows.</param>
/// <param name="Controllers">What lives in it.</param>
/// <param name="Options">Options of the file system, such as <c>rw,nsdelegate</c>.</param>
public sealed record CgroupMount(string Point, string Root, IReadOnlyList<Controller> Controllers, string Options);

/// <summary>The cgroup mounts of one mount namespace.</summary>
public sealed class MountTable
{
    private MountTable(List<CgroupMount> mounts) => Mounts = mounts;

    /// <summary>In mounting order.</summary>
    public IReadOnlyList<CgroupMount> Mounts { get; }

    /// <summary>Picks the cgroup lines of a mountinfo text.</summary>
    public static MountTable Parse(string mountInfo)
    {
        List<CgroupMount> mounts = [];
        foreach (ReadOnlySpan<char> line in mountInfo.AsSpan().EnumerateLines())
        {
            // 32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu
            int dash = line.IndexOf(" - cgroup");
            if (dash < 0) continue;
            ReadOnlySpan<char> tail = line[(dash + 3)..];
            string type = Field(tail, 0).ToString(), options = Field(tail, 2).ToString();
            if (type is not ("cgroup" or "cgroup2")) continue;
            List<Controller> controllers = type == "cgroup2" ? [Controller.Unified] : Legacy(options);
            mounts.Add(new CgroupMount(Unescape(Field(line, 4)), Unescape(Field(line, 3)), controllers, options));
        }
        return new MountTable(mounts);
    }

    internal string?[] Roots()
    {
        string?[] roots = new string?[ControllerNames.Count];
        foreach (CgroupMount mount in Mounts)
        {
            foreach (Controller controller in mount.Controllers) roots[(int)controller] ??= mount.Root;
        }
        return roots;
    }

    private static List<Controller> Legacy(ReadOnlySpan<char> options)
    {
        List<Controller> controllers = [];
        foreach (Range part in options.Split(','))
        {
            if (!options[part].IsEmpty && ControllerNames.Parse(options[part]) is { } controller) controllers.Add(controller);
        }
        return controllers;
    }

    private static ReadOnlySpan<char> Field(ReadOnlySpan<char> line, int index)
    {
        foreach (Range part in line.Split(' '))
        {
            if (index-- == 0) return line[part];
        }
        return default;
    }

    /// <summary>Undoes the octal escapes of blanks in mountinfo.</summary>
    private static string Unescape(ReadOnlySpan<char> text)
    {
        if (!text.Contains('\\')) return text.ToString();
        StringBuilder plain = new();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 3 >= text.Length) { plain.Append(text[i]); continue; }
            plain.Append((char)(((text[i + 1] - '0') << 6) | ((text[i + 2] - '0') << 3) | (text[i + 3] - '0')));
            i += 3;
        }
        return plain.ToString();
    }
}
