// The house as it is: projects with their references, and their namespaces with the arrows that the compiled code has.
using System.Xml.Linq;

namespace Berth.Housemap;

/// <summary>A project: its file, its direct references, and what its code says.</summary>
/// <param name="Name">Name of the project.</param>
/// <param name="File">Path of the project file.</param>
/// <param name="IsApp">Whether it is a program, below apps.</param>
/// <param name="References">Names of the projects it references.</param>
/// <param name="Arrows">From namespace to namespace inside the project, with the types of one example; empty for programs.</param>
public sealed record HouseProject(string Name, string File, bool IsApp, IReadOnlyList<string> References, IReadOnlyList<NamespaceArrow> Arrows)
{
    /// <summary>Its folder.</summary>
    public string Folder => Path.GetDirectoryName(File)!;

    /// <summary>Its C# files that were written by hand.</summary>
    public IEnumerable<string> Sources => Directory.EnumerateFiles(Folder, "*.cs", SearchOption.AllDirectories)
        .Where(path => !path.Contains("/obj/", StringComparison.Ordinal) && !path.Contains("/bin/", StringComparison.Ordinal));
}

/// <summary>All projects of src and apps.</summary>
/// <param name="Checkout">Root of the checkout.</param>
/// <param name="Projects">By name.</param>
public sealed record House(string Checkout, IReadOnlyList<HouseProject> Projects)
{
    /// <summary>Reads the checkout above <paramref name="assemblies"/>, the folder in which the compiled libraries lie.</summary>
    public static House Read(string assemblies)
    {
        string checkout = FindCheckout(assemblies);
        List<HouseProject> projects = [];
        foreach (string kind in (string[])["apps", "src"])
        {
            foreach (string file in Directory.GetFiles(Path.Combine(checkout, kind), "*.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
            {
                string name = Path.GetFileNameWithoutExtension(file), library = Path.Combine(assemblies, name + ".dll");
                string[] references = [.. XDocument.Load(file).Descendants("ProjectReference").Select(node => Path.GetFileNameWithoutExtension(node.Attribute("Include")!.Value.Replace('\\', '/'))).Order(StringComparer.Ordinal)];
                projects.Add(new HouseProject(name, file, kind == "apps", references, System.IO.File.Exists(library) ? CodeArrows.Read(library, name) : []));
            }
        }
        return new House(checkout, projects);
    }

    private static string FindCheckout(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            if (System.IO.File.Exists(Path.Combine(folder.FullName, "Berth.slnx"))) return folder.FullName;
        }
        throw new InvalidOperationException($"no Berth.slnx above {start}");
    }
}

/// <summary>Code of one namespace uses code of another.</summary>
/// <param name="From">The user.</param>
/// <param name="To">The used.</param>
/// <param name="Example">Two types between which the arrow goes.</param>
public sealed record NamespaceArrow(string From, string To, string Example);
