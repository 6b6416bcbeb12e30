// Help, printed from the tables that are executed.
using System.Text;
using Berth.Cli.Arguments;

namespace Berth.Cli.Verbs;

/// <summary>Help texts.</summary>
internal static class Help
{
    private const int Column = 28;

    /// <summary>The line that says how it is typed.</summary>
    public static string UsageOf(Command command, string path)
    {
        string options = command.Options.Any(static option => !option.IsHidden) ? " [OPTIONS]" : "";
        string verb = command.Verbs.Count > 0 ? " COMMAND" : "";
        return $"{path}{options}{verb}{(command.Usage.Length > 0 ? " " + command.Usage : "")}";
    }

    /// <summary>All that there is to say of a verb.</summary>
    public static string Of(Role role, Command command, string path, string summary)
    {
        if (role == Role.Podman) return InPodmansWords(command, path, summary);
        StringBuilder text = new();
        text.Append("Usage:  ").Append(UsageOf(command, path)).Append("\n\n").Append(summary).Append('\n');
        if (command.About.Length > 0) text.Append('\n').Append(command.About).Append('\n');
        if (command.Examples.Count > 0)
        {
            text.Append("\nExamples:\n");
            foreach (Example example in command.Examples) text.Append("  # ").Append(example.Meaning).Append("\n  ").Append(example.Line).Append('\n');
        }
        foreach (IGrouping<string?, CommandEntry> group in command.Verbs.Where(static entry => entry.Group is not null).GroupBy(static entry => entry.Group))
        {
            text.Append('\n').Append(group.Key).Append(":\n");
            foreach (CommandEntry entry in group) Row(text, entry.Name, entry.Summary);
        }
        Option[] shown = [.. command.Options.Where(static option => !option.IsHidden)];
        if (shown.Length > 0) text.Append("\nOptions:\n");
        foreach (Option option in shown) Row(text, Spelled(option), option.Help);
        if (command.Verbs.Count > 0) text.Append("\nRun '").Append(path).Append(" COMMAND --help' for more of a command.\n");
        return text.ToString();
    }

    // Scripts and completions cut podman's help at these heads.
    private static string InPodmansWords(Command command, string path, string summary)
    {
        StringBuilder text = new();
        Option[] shown = [.. command.Options.Where(static option => !option.IsHidden)];
        text.Append(summary).Append("\n\n");
        if (command.About.Length > 0) text.Append("Description:\n  ").Append(command.About.Replace("\n", "\n  ", StringComparison.Ordinal)).Append("\n\n");
        text.Append("Usage:\n  ").Append(path).Append(shown.Length > 0 ? " [options]" : "").Append(command.Verbs.Count > 0 ? " [command]" : command.Usage.Length > 0 ? " " + command.Usage : "").Append('\n');
        if (command.Examples.Count > 0) text.Append("\nExamples:\n");
        foreach (Example example in command.Examples) text.Append("  ").Append(example.Line).Append('\n');
        CommandEntry[] verbs = [.. command.Verbs.Where(static entry => entry.Group is not null).OrderBy(static entry => entry.Name, StringComparer.Ordinal)];
        if (verbs.Length > 0) text.Append("\nAvailable Commands:\n");
        foreach (CommandEntry entry in verbs) Row(text, entry.Name, entry.Summary);
        if (shown.Length > 0) text.Append("\nOptions:\n");
        foreach (Option option in shown) Row(text, Spelled(option), option.Help);
        return text.ToString();
    }

    private static string Spelled(Option option) =>
        (option.Short == '\0' ? "    " : $"-{option.Short}, ") + "--" + option.Name + (option.Value is null ? "" : " " + option.Value);

    private static void Row(StringBuilder text, string name, string help)
    {
        text.Append("  ").Append(name);
        if (name.Length > Column - 3) text.Append('\n').Append(' ', Column);
        else text.Append(' ', Column - 2 - name.Length);
        text.Append(help).Append('\n');
    }
}
