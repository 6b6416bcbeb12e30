// A line of /proc/self/mountinfo, as a container sees its mounts.
namespace Berth.Contract.OciRuntime.Stage;

/// <summary>One mount.</summary>
/// <param name="Point">Where it is mounted.</param>
/// <param name="Root">Which folder of its file system is mounted.</param>
/// <param name="Options">Options of the mount.</param>
/// <param name="Propagation">shared:n, master:n, unbindable, or nothing.</param>
/// <param name="Type">File system type.</param>
/// <param name="Super">Options of the file system.</param>
public sealed record MountLine(string Point, string Root, string[] Options, string[] Propagation, string Type, string[] Super)
{
    /// <summary>All lines of a mountinfo text.</summary>
    public static IReadOnlyList<MountLine> Parse(string mountinfo) =>
        [.. mountinfo.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(ParseLine)];

    /// <summary>The topmost mount at a path.</summary>
    public static MountLine At(string mountinfo, string point) => Parse(mountinfo).Last(line => line.Point == point);

    private static MountLine ParseLine(string line)
    {
        string[] words = line.Split(' ');
        int dash = Array.IndexOf(words, "-");
        return new MountLine(words[4], words[3], words[5].Split(','), words[6..dash], words[dash + 1], words[dash + 3].Split(','));
    }
}
