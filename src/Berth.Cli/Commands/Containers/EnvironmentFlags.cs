// -e and --env-file, as exec has them.
using Berth.Cli.Verbs;

namespace Berth.Cli.Commands.Containers;

/// <summary>Reads them.</summary>
internal static class EnvironmentFlags
{
    /// <summary>KEY=VALUE each: files first, what was said wins. A key alone has its value from here, and is left out where it has none.</summary>
    public static List<string> Read(Invocation invocation)
    {
        List<string> variables = [];
        foreach (string file in invocation.All("env-file"))
        {
            foreach (string line in File.ReadAllLines(file))
            {
                string text = line.TrimStart();
                if (text.Length > 0 && text[0] != '#') Add(invocation, variables, text);
            }
        }
        foreach (string said in invocation.All("env")) Add(invocation, variables, said);
        return variables;
    }

    private static void Add(Invocation invocation, List<string> variables, string text)
    {
        if (text.Contains('=')) variables.Add(text);
        else if (invocation.Session.Variable(text) is { } value) variables.Add($"{text}={value}");
    }
}
