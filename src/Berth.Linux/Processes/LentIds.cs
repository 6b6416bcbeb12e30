// Ids that a host lends to its users (subuid(5), subgid(5)).
using System.Globalization;
using System.Text;
using Berth.Linux.Files;

namespace Berth.Linux.Processes;

/// <summary>Reads who has which.</summary>
public static class LentIds
{
    /// <summary>The first range that is lent to a user; null: none is.</summary>
    /// <param name="path"><c>/etc/subuid</c> or <c>/etc/subgid</c>.</param>
    /// <param name="uid">The user.</param>
    public static (uint First, uint Count)? Of(string path, uint uid) =>
        Range(KernelFile.TryReadText(path) ?? "", NameOf(uid), uid.ToString(CultureInfo.InvariantCulture));

    /// <summary>The first range of a file whose lines are NAME-OR-ID:FIRST:COUNT.</summary>
    public static (uint First, uint Count)? Range(string file, string? name, string id)
    {
        foreach (string line in file.Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length != 3 || (fields[0] != id && fields[0] != name)) continue;
            if (uint.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out uint first)
                && uint.TryParse(fields[2], NumberStyles.None, CultureInfo.InvariantCulture, out uint count) && count > 0)
            {
                return (first, count);
            }
        }
        return null;
    }

    private static string? NameOf(uint uid)
    {
        string id = uid.ToString(CultureInfo.InvariantCulture);
        if (KernelFile.TryRead("/etc/passwd", out _) is not { } bytes) return null;
        foreach (string line in Encoding.UTF8.GetString(bytes).Split('\n'))
        {
            string[] fields = line.Split(':');
            if (fields.Length > 2 && fields[2] == id) return fields[0];
        }
        return null;
    }
}
