// A row of a command's table of options.

namespace Berth.Cli.Arguments;

/// <summary>An option: with a metavariable it takes a value, without one it is a switch.</summary>
internal sealed record Option(string Name, string Help)
{
    /// <summary>Its letter; '\0' where it has none.</summary>
    public char Short { get; init; }

    /// <summary>What its value is called in the help; null for a switch.</summary>
    public string? Value { get; init; }

    /// <summary>Whether it may be given several times.</summary>
    public bool IsMany { get; init; }

    /// <summary>Whether commas part its values.</summary>
    public bool SplitsAtCommas { get; init; }

    /// <summary>Why it is known and not supported.</summary>
    public string? Refusal { get; init; }

    /// <summary>Whether the help leaves it out: other programs have it, and here it changes nothing.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Words that its value may be, for completion.</summary>
    public IReadOnlyList<string> Words { get; init; } = [];

    /// <summary>Whether its value is a path.</summary>
    public bool IsPath { get; init; }

    /// <summary>A switch.</summary>
    public static Option Switch(string name, string help, char letter = '\0') => new(name, help) { Short = letter };

    /// <summary>With a value.</summary>
    public static Option With(string name, string value, string help, char letter = '\0') => new(name, help) { Value = value, Short = letter };

    /// <summary>With a path.</summary>
    public static Option File(string name, string value, string help, char letter = '\0') => new(name, help) { Value = value, Short = letter, IsPath = true };

    /// <summary>With a value, several times.</summary>
    public static Option Many(string name, string value, string help, char letter = '\0') => new(name, help) { Value = value, Short = letter, IsMany = true };

    /// <summary>Known elsewhere, and refused here.</summary>
    public static Option Refused(string name, string? value, string refusal) => new(name, refusal) { Value = value, Refusal = refusal, IsMany = true, IsHidden = true };

    /// <summary>Known elsewhere, and without a meaning here.</summary>
    public static Option Ignored(string name, string? value = null, char letter = '\0') => new(name, "") { Value = value, Short = letter, IsMany = true, IsHidden = true };
}
