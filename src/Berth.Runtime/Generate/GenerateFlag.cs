// One flag of `generate`: a row of the table that the command line, the help and the tests read.
namespace Berth.Runtime.Generate;

/// <summary>A flag and what it does to a configuration.</summary>
/// <param name="Name">Without the dashes.</param>
/// <param name="Value">Name of its value in the help; null makes it a switch.</param>
/// <param name="Help">One line.</param>
/// <param name="Apply">The effect of one value; a switch gets <c>true</c> or <c>false</c>.</param>
internal sealed record GenerateFlag(string Name, string? Value, string Help, Action<Draft, string> Apply)
{
    /// <summary>Whether it may be given more than once, every value counting.</summary>
    public bool IsRepeatable { get; init; }

    /// <summary>Sets a string.</summary>
    public static GenerateFlag Text(string name, string path, string value, string help) =>
        new(name, value, help, (draft, text) => draft.Set(path, JsonTree.Of(text)));

    /// <summary>Sets a whole number within a range.</summary>
    public static GenerateFlag Whole(string name, string path, string help, long min = 0, long max = long.MaxValue) =>
        new(name, "N", help, (draft, text) => draft.Set(path, JsonTree.Of(FlagValue.Whole(text, min, max))));

    /// <summary>Sets a boolean.</summary>
    public static GenerateFlag Switch(string name, string path, string help) =>
        new(name, null, help, (draft, text) => draft.Set(path, JsonTree.Of(FlagValue.Switch(text))));

    /// <summary>Does something when the switch is on.</summary>
    public static GenerateFlag When(string name, string help, Action<Draft> apply) =>
        new(name, null, help, (draft, text) =>
        {
            if (FlagValue.Switch(text)) apply(draft);
        });

    /// <summary>May be given more than once.</summary>
    public static GenerateFlag Many(string name, string value, string help, Action<Draft, string> apply) =>
        new(name, value, help, apply) { IsRepeatable = true };
}

/// <summary>Flags that belong together in the help.</summary>
/// <param name="Title">Heading.</param>
/// <param name="Flags">In the order they are applied, whatever their order on the command line.</param>
internal sealed record FlagGroup(string Title, GenerateFlag[] Flags);
