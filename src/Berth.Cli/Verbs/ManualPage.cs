// A page of the manual in man(7)'s words, from the tables that --help is printed from.
using System.Text;
using Berth.Cli.Arguments;

namespace Berth.Cli.Verbs;

/// <summary>The page of one verb.</summary>
/// <param name="Path">The words that lead to it.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="Command">The verb.</param>
internal sealed record ManualPage(string Path, string Summary, Command Command)
{
    /// <summary>What the manual calls it.</summary>
    public string Name => Path.Replace(' ', '-');

    /// <summary>Its text.</summary>
    /// <param name="version">Of the program.</param>
    /// <param name="exits">What its exit codes mean.</param>
    /// <param name="related">Names of other pages.</param>
    public string Write(string version, IReadOnlyList<(string Code, string Meaning)> exits, IReadOnlyList<string> related)
    {
        StringBuilder text = new();
        text.Append($".TH \"{Escape(Name.ToUpperInvariant())}\" 1 \"\" \"Berth {Escape(version)}\" \"Berth\"\n");
        text.Append($".SH NAME\n{Escape(Name)} \\- {Escape(Summary)}\n");
        text.Append($".SH SYNOPSIS\n{Bold(Path)}{Escape(Help.UsageOf(Command, Path)[Path.Length..])}\n");
        text.Append(".SH DESCRIPTION\n").Append(Sentence(Summary)).Append('\n');
        foreach (string paragraph in Lines(Command.About)) text.Append(".PP\n").Append(Line(paragraph)).Append('\n');
        WriteVerbs(text);
        WriteOptions(text);
        WriteExamples(text);
        if (exits.Count > 0) text.Append(".SH \"EXIT STATUS\"\n");
        foreach ((string code, string meaning) in exits) text.Append($".TP\n{Bold(code)}\n{Line(meaning)}\n");
        if (related.Count > 0) text.Append(".SH \"SEE ALSO\"\n").AppendJoin(",\n", related.Select(static name => $"{Bold(name)}(1)")).Append('\n');
        return text.ToString();
    }

    private void WriteVerbs(StringBuilder text)
    {
        IGrouping<string?, CommandEntry>[] groups = [.. Command.Verbs.Where(static entry => entry.Group is not null).GroupBy(static entry => entry.Group)];
        if (groups.Length > 0) text.Append(".SH COMMANDS\n");
        foreach (IGrouping<string?, CommandEntry> group in groups)
        {
            if (groups.Length > 1) text.Append($".SS \"{Escape(group.Key!)}\"\n");
            foreach (CommandEntry entry in group) text.Append($".TP\n{string.Join(", ", entry.Aliases.Prepend(entry.Name).Select(Bold))}\n{Line(entry.Summary)}\n");
        }
    }

    private void WriteOptions(StringBuilder text)
    {
        Option[] shown = [.. Command.Options.Where(static option => !option.IsHidden)];
        if (shown.Length > 0) text.Append(".SH OPTIONS\n");
        foreach (Option option in shown)
        {
            string letter = option.Short == '\0' ? "" : Bold($"-{option.Short}") + ", ";
            string value = option.Value is null ? "" : $" \\fI{Escape(option.Value)}\\fR";
            text.Append($".TP\n{letter}{Bold("--" + option.Name)}{value}\n{Line(option.Help)}\n");
        }
    }

    private void WriteExamples(StringBuilder text)
    {
        if (Command.Examples.Count > 0) text.Append(".SH EXAMPLES\n");
        foreach (Example example in Command.Examples)
        {
            text.Append($".PP\n{Line(example.Meaning)}:\n.PP\n.RS 4\n.nf\n");
            foreach (string line in example.Line.Split('\n')) text.Append(Line(line)).Append('\n');
            text.Append(".fi\n.RE\n");
        }
    }

    /// <summary>Text that is printed as it is here: a page is copied from, so a hyphen is the one that can be typed, and a quote too.</summary>
    internal static string Escape(string text)
    {
        StringBuilder escaped = new(text.Length + 16);
        foreach (Rune rune in text.EnumerateRunes())
        {
            escaped.Append(rune.Value switch
            {
                '\\' => "\\e",
                '-' => "\\-",
                '\'' => "\\(aq",
                '"' => "\\(dq",
                '`' => "\\(ga",
                '^' => "\\(ha",
                '~' => "\\(ti",
                '\t' or '\n' => " ",
                > 0x7e => $"\\[u{rune.Value:X4}]",
                _ => rune.ToString(),
            });
        }
        return escaped.ToString();
    }

    /// <summary>A line of text: a dot in front would make a request of it, and a space would break the paragraph.</summary>
    internal static string Line(string text)
    {
        string escaped = Escape(text);
        return escaped.Length == 0 || escaped[0] is '.' or ' ' ? "\\&" + escaped : escaped;
    }

    private static string Bold(string text) => $"\\fB{Escape(text)}\\fR";

    private static string Sentence(string text) => Line(text) + (text.EndsWith('.') ? "" : ".");

    private static IEnumerable<string> Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
