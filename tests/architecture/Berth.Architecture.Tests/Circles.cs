// Finds what reaches itself.
using Berth.Housemap;

namespace Berth.Architecture.Tests;

internal static class Circles
{
    /// <summary>The arrows that lie on a circle.</summary>
    public static IEnumerable<NamespaceArrow> Of(IReadOnlyList<NamespaceArrow> arrows) => arrows.Where(arrow => Reaches(arrows, arrow.To, arrow.From));

    private static bool Reaches(IReadOnlyList<NamespaceArrow> arrows, string from, string to)
    {
        HashSet<string> seen = [from];
        Queue<string> open = new([from]);
        while (open.TryDequeue(out string? at))
        {
            if (at == to) return true;
            foreach (NamespaceArrow arrow in arrows) if (arrow.From == at && seen.Add(arrow.To)) open.Enqueue(arrow.To);
        }
        return false;
    }
}
