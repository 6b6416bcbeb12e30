// The diagram: one graph of projects, then one graph of namespaces for each project that has several.
using System.Text;

namespace Berth.Housemap;

/// <summary>Writes a house as Mermaid.</summary>
public static class MermaidMap
{
    /// <summary>The text between the markers of docs/architecture.md.</summary>
    public static string Of(House house)
    {
        StringBuilder text = new("```mermaid\ngraph TD\n");
        foreach (HouseProject project in house.Projects)
        {
            string label = project.IsApp ? $"apps/{project.Name}" : project.Name;
            text.Append($"  {Id(project.Name)}[{label}]\n");
            foreach (string reference in project.References) text.Append($"  {Id(project.Name)} --> {Id(reference)}\n");
        }
        text.Append("```\n");
        foreach (HouseProject project in house.Projects.Where(project => project.Arrows.Count > 0))
        {
            text.Append($"\nInside `{project.Name}`:\n\n```mermaid\ngraph TD\n");
            foreach (NamespaceArrow arrow in project.Arrows) text.Append($"  {Node(arrow.From, project.Name)} --> {Node(arrow.To, project.Name)}\n");
            text.Append("```\n");
        }
        return text.ToString();
    }

    private static string Id(string name) => name.Replace("Berth.", "", StringComparison.Ordinal).Replace('-', '_').Replace('.', '_');

    private static string Node(string space, string project) => space == project ? $"root([{project}])" : space[(project.Length + 1)..].Replace('.', '_');
}
