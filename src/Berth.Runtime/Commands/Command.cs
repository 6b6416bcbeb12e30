// One command of the command line as data: its words, its flags, and what runs.
using System.Text;
using Berth.Linux.Files;

namespace Berth.Runtime.Commands;

/// <summary>A call of a command.</summary>
internal sealed class Invocation
{
    public required string Program { get; init; }

    public required ParsedFlags Flags { get; init; }

    public required RuntimeOptions Options { get; init; }

    public required RuntimeLog Log { get; init; }

    public List<string> Arguments => Flags.Arguments;

    public string Id => Flags.Arguments[0];

    /// <summary>Made when asked for: `spec` and `features` need none.</summary>
    public ContainerRuntime Runtime => _runtime ??= new ContainerRuntime(Options);

    private ContainerRuntime? _runtime;

    public static void Complain(string text) => RawIo.WriteAll(2, Encoding.UTF8.GetBytes(text));

    public static void Print(string text) => RawIo.WriteAll(1, Encoding.UTF8.GetBytes(text));

    public static void Print(ReadOnlySpan<byte> text) => RawIo.WriteAll(1, text);
}

/// <summary>A command.</summary>
internal sealed record CommandInfo(string Name, string Summary, string Usage, Func<Invocation, int> Run)
{
    public Flag[] Flags { get; init; } = [];

    public string? Description { get; init; }

    public int Least { get; init; } = 1;

    public int Most { get; init; } = 1;

    /// <summary>Flags behind the first argument belong to somebody else.</summary>
    public bool StopsAtArgument { get; init; }

    /// <summary>Parses its own words: generate and validate have tables of their own.</summary>
    public bool OwnWords { get; init; }

    /// <summary>What stands before its errors, with the program's name where runc puts it there.</summary>
    public string ErrorPrefix { get; init; } = "";

    /// <summary>Exit code of its failure.</summary>
    public int FailureCode { get; init; } = 1;

    public string Help(string program)
    {
        StringBuilder text = new();
        text.Append("NAME:\n   ").Append(program).Append(' ').Append(Name).Append(" - ").Append(Summary).Append("\n\n");
        text.Append("USAGE:\n   ").Append(program).Append(' ').Append(Name);
        if (Flags.Length > 0) text.Append(" [command options]");
        text.Append(' ').Append(Usage).Append('\n');
        if (Description is not null) text.Append("\nDESCRIPTION:\n").Append(Indent(Description)).Append('\n');
        if (Flags.Length > 0)
        {
            text.Append("\nOPTIONS:\n");
            AppendFlags(text, Flags);
        }
        return text.ToString();
    }

    public static void AppendFlags(StringBuilder text, ReadOnlySpan<Flag> flags)
    {
        int width = 0;
        foreach (Flag flag in flags) width = Math.Max(width, flag.Usage.Length);
        foreach (Flag flag in flags)
        {
            text.Append("   ").Append(flag.Usage.PadRight(width)).Append("  ").Append(flag.Help);
            if (flag.Default is not null) text.Append(" (default: ").Append(flag.Default).Append(')');
            text.Append('\n');
        }
    }

    private static string Indent(string text) => "   " + text.Replace("\n", "\n   ", StringComparison.Ordinal);
}
