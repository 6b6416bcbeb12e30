// From folders of .proto files to the C# files beside them.
using System.Text;

namespace Berth.Protogen;

/// <summary>
/// Every folder called Protos, below src and tests, is a root for imports; the C# file stands beside the .proto file.
/// The namespace is that of the folder: project, folders, and in capitals whatever is below Protos.
/// </summary>
internal static class Generator
{
    /// <summary>What has to stand in which file, by path.</summary>
    /// <exception cref="FormatException">A file is not understood.</exception>
    public static IReadOnlyDictionary<string, string> Run(string checkout)
    {
        SortedDictionary<string, string> made = new(StringComparer.Ordinal);
        foreach (string root in Roots(checkout))
        {
            List<ProtoFile> files = [.. Directory.EnumerateFiles(root, "*.proto", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(path => Parser.Parse(Path.GetRelativePath(root, path), File.ReadAllText(path)))];
            Names names = new();
            foreach (ProtoFile file in files) names.Add(file, Space(root, file.Path));
            foreach (ProtoFile file in files)
            {
                if (file.Imports.FirstOrDefault(import => files.All(other => other.Path != import)) is { } missing) throw new FormatException($"{file.Path}: {missing} is not below {root}");
                made[Path.Combine(root, Path.ChangeExtension(file.Path, ".g.cs"))] = Write(file, names, Space(root, file.Path));
            }
        }
        return made;
    }

    /// <summary>Generated files that are there, by path.</summary>
    public static IEnumerable<string> Existing(string checkout) => Roots(checkout).SelectMany(root => Directory.EnumerateFiles(root, "*.g.cs", SearchOption.AllDirectories));

    private static IEnumerable<string> Roots(string checkout) => ((string[])["src", "tests"])
        .SelectMany(kind => Directory.EnumerateDirectories(Path.Combine(checkout, kind), "Protos", SearchOption.AllDirectories)).Order(StringComparer.Ordinal);

    private static string Write(ProtoFile file, Names names, string space)
    {
        StringBuilder text = new();
        text.Append($"// {Title(file)}, made by tools/protogen from {Path.GetFileName(file.Path)}: change that, then `make protos`.\n#nullable enable\nusing Berth.Rpc.Protobuf;\n");
        if (file.Services.Count > 0) text.Append("using Berth.Rpc.Ttrpc;\n");
        // A contract of our own is for others to use; what its members mean is said in the .proto file.
        string access = space.Contains(".Contract.", StringComparison.Ordinal) ? "public" : "internal";
        if (access == "public") text.Append("#pragma warning disable CS1591 // what members mean is said in the .proto file\n");
        text.Append($"\nnamespace {space};\n");
        MessageText messages = new(text, names, space, access);
        foreach (EnumType type in file.Enums) WriteEnum(text, type, names.Declared(type.FullName), access);
        foreach (MessageType message in file.Messages) messages.Write(message);
        ServiceText services = new(text, names, space, access);
        foreach (ServiceType service in file.Services) services.Write(service);
        return text.ToString();
    }

    private static void WriteEnum(StringBuilder text, EnumType type, string name, string access)
    {
        text.Append($"\n/// <summary>{type.FullName}</summary>\n{access} enum {name}\n{{\n");
        foreach ((string value, int number) in type.Values) text.Append($"    {Names.Value(value, name)} = {number},\n");
        text.Append("}\n");
    }

    private static string Title(ProtoFile file) => $"{(file.Services.Count > 0 ? "Messages and services" : "Messages")} of {(file.Package.Length > 0 ? file.Package : "no package")}";

    private static string Space(string root, string path)
    {
        // The project's folder has its name.
        string project = root;
        while (Directory.GetFiles(project, "*.csproj").Length == 0) project = Path.GetDirectoryName(project) ?? throw new FormatException($"{root} is in no project");
        string name = Path.GetFileNameWithoutExtension(Directory.GetFiles(project, "*.csproj")[0]);
        IEnumerable<string> folders = Path.GetRelativePath(project, root).Split('/').Concat((Path.GetDirectoryName(path) ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries).Select(Names.Pascal));
        return string.Join('.', folders.Prepend(name));
    }
}
