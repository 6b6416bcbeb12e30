// The page that shows the map: docs/architecture.md, between two markers.
namespace Berth.Housemap;

/// <summary>Reads and writes the map in the page.</summary>
public static class MapPage
{
    private const string Begin = "<!-- housemap:begin -->\n";
    private const string End = "<!-- housemap:end -->";

    /// <summary>What stands between the markers.</summary>
    public static string Read(string checkout)
    {
        string page = File.ReadAllText(PathOf(checkout));
        (int start, int end) = Find(page);
        return page[start..end];
    }

    /// <summary>Replaces what stands between the markers.</summary>
    public static void Write(string checkout, string map)
    {
        string page = File.ReadAllText(PathOf(checkout));
        (int start, int end) = Find(page);
        File.WriteAllText(PathOf(checkout), page[..start] + map + page[end..]);
    }

    private static string PathOf(string checkout) => Path.Combine(checkout, "docs/architecture.md");

    private static (int Start, int End) Find(string page)
    {
        int begin = page.IndexOf(Begin, StringComparison.Ordinal), end = page.IndexOf(End, StringComparison.Ordinal);
        if (begin < 0 || end < begin) throw new InvalidOperationException("docs/architecture.md has lost the markers of the map");
        return (begin + Begin.Length, end);
    }
}
