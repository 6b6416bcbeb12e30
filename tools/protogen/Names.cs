// From names of .proto files to names of C#.
using System.Text;

namespace Berth.Protogen;

/// <summary>Names of types in C#, and the look-up of the names that fields give.</summary>
internal sealed class Names
{
    private static readonly HashSet<string> Taken = ["Write", "Read", "FullName", "Equals", "GetHashCode", "GetType", "ToString", "Finalize", "MemberwiseClone"];

    private readonly Dictionary<string, (string Space, string Name, bool IsEnum)> _types = [];

    /// <summary>Takes in what a file declares.</summary>
    /// <param name="file">The file.</param>
    /// <param name="space">The C# namespace of its folder.</param>
    public void Add(ProtoFile file, string space)
    {
        foreach (MessageType message in file.Messages) Add(message.FullName, file.Package, space, isEnum: false);
        foreach (EnumType type in file.Enums) Add(type.FullName, file.Package, space, isEnum: true);
    }

    /// <summary>The full name that a name means inside of a scope: the innermost that exists.</summary>
    public string Resolve(string name, string scope)
    {
        if (name[0] == '.') return Known(name[1..], name);
        for (string at = scope; at.Length > 0; at = at.Contains('.', StringComparison.Ordinal) ? at[..at.LastIndexOf('.')] : "")
        {
            if (_types.ContainsKey($"{at}.{name}")) return $"{at}.{name}";
        }
        return Known(name, name);
    }

    /// <summary>Whether a full name is an enum's.</summary>
    public bool IsEnum(string fullName) => _types[fullName].IsEnum;

    /// <summary>The name of a type in C#, where it is declared: nested ones stand beside the outer one, with its name in front.</summary>
    public string Declared(string fullName) => _types[fullName].Name;

    /// <summary>The name of a type in C#, as code in <paramref name="space"/> has to say it.</summary>
    public string Said(string fullName, string space) => _types[fullName] is var type && type.Space == space ? type.Name : $"global::{type.Space}.{type.Name}";

    /// <summary>The name of the property for a field.</summary>
    public static string Property(string field, string type) => Pascal(field) is var name && (name == type || Taken.Contains(name)) ? name + "_" : Pascal(field);

    /// <summary>The name of the variable behind it.</summary>
    public static string Variable(string field) => Pascal(field) is var name ? "_" + char.ToLowerInvariant(name[0]) + name[1..] : "";

    /// <summary>The name of an enum's value: without the enum's name in front.</summary>
    public static string Value(string value, string type)
    {
        string pascal = Pascal(value.ToLowerInvariant());
        return pascal.Length > type.Length && pascal.StartsWith(type, StringComparison.OrdinalIgnoreCase) && !char.IsAsciiDigit(pascal[type.Length]) ? char.ToUpperInvariant(pascal[type.Length]) + pascal[(type.Length + 1)..] : pascal;
    }

    /// <summary>some_name as SomeName.</summary>
    public static string Pascal(string name)
    {
        StringBuilder pascal = new();
        bool upper = true;
        foreach (char c in name)
        {
            if (char.IsAsciiLetterOrDigit(c)) pascal.Append(upper ? char.ToUpperInvariant(c) : c);
            upper = !char.IsAsciiLetter(c);
        }
        return pascal.ToString();
    }

    private void Add(string fullName, string package, string space, bool isEnum)
    {
        string name = string.Concat((package.Length == 0 ? fullName : fullName[(package.Length + 1)..]).Split('.'));
        if (_types.Values.Any(other => other.Space == space && other.Name == name)) throw new FormatException($"{space} would have two types called {name}");
        if (!_types.TryAdd(fullName, (space, name, isEnum))) throw new FormatException($"{fullName} is declared twice");
    }

    private string Known(string fullName, string name) => _types.ContainsKey(fullName) ? fullName : throw new FormatException($"{name} is not declared");
}
