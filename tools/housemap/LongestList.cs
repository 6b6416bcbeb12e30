// The ten longest files: each a question ("is this still one idea?"), not a crime.
using System.Text;

namespace Berth.Housemap;

internal static class LongestList
{
    public static string Of(House house)
    {
        StringBuilder text = new("\nThe longest files:\n");
        foreach ((string path, int lines) in house.Projects.SelectMany(project => project.Sources).Select(path => (path, File.ReadLines(path).Count())).OrderByDescending(file => file.Item2).Take(10))
        {
            text.Append($"{lines,5}  {Path.GetRelativePath(house.Checkout, path)}\n");
        }
        return text.ToString();
    }
}
