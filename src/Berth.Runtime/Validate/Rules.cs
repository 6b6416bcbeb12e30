// The table of `validate`, by the parts of the specification.
namespace Berth.Runtime.Validate;

/// <summary>Every rule. A rule is a row; its check is a function beside the row.</summary>
internal static partial class Rules
{
    /// <summary>All rules in the order they are checked.</summary>
    public static Rule[] All() =>
    [
        .. BundleRules(), .. MountRules(), .. ProcessRules(), .. HookRules(), .. NamespaceRules(), .. DeviceRules(), .. LinuxRules(),
        .. ResourceRules(), .. SeccompRules(),
    ];

    private static bool IsAbsolute(string? path) => path is ['/', ..];

    /// <summary>Whether it is a list such as 0-3,7.</summary>
    private static bool IsNumberList(string text)
    {
        foreach (string range in text.Split(','))
        {
            string[] ends = range.Trim().Split('-');
            if (ends.Length > 2 || !ushort.TryParse(ends[0], out ushort first)) return false;
            if (ends.Length == 2 && (!ushort.TryParse(ends[1], out ushort last) || last < first)) return false;
        }
        return true;
    }

    private static List<string> Keys<T>(Dictionary<string, T>? map) => map is null ? [] : [.. map.Keys];

    private static bool IsOneOf(string word, params ReadOnlySpan<string> words) => words.Contains(word);

    /// <summary>Whether it is NAME=VALUE with a name.</summary>
    private static bool IsVariable(string text) => text.IndexOf('=', StringComparison.Ordinal) > 0;
}
