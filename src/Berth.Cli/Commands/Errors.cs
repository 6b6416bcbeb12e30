// errors: what the code of a fault means, what it comes from, what helps.
using System.Text;
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Diagnosis;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands;

/// <summary>The verb; <c>berth help errors</c> says the same.</summary>
internal static class Errors
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "[CODE...]",
        About = "Without a code, all of them. A fault's code stands behind its message; with --error-format json before the command, faults are JSON and have it too.",
        Options = [Option.With("format", "FORMAT", "json, markdown, or a Go template")],
        Examples = [new("berth errors port-taken", "What that means, and what helps"), new("berth --error-format json run nosuch", "A fault for programs to read")],
        Run = static invocation => Task.FromResult(Show(invocation.Session, invocation.Arguments, invocation.Find("format"))),
    };

    /// <summary>Prints entries.</summary>
    /// <exception cref="BerthException">NotFound: there is no such code.</exception>
    public static int Show(Session session, IReadOnlyList<string> codes, string? format)
    {
        IReadOnlyList<FaultEntry> entries = codes.Count == 0 ? FaultCatalogue.All : [.. codes.Select(Find)];
        if (format == "markdown") session.Out.Write(Markdown(entries));
        else if (format is not null) Report.Write(session.Out, format, entries.Select(ValueOf));
        else if (codes.Count == 0) List(session.Out, entries);
        else
        {
            foreach (FaultEntry entry in entries) Page(session.Out, entry);
        }
        return 0;
    }

    /// <summary>docs/errors.md.</summary>
    public static string Markdown(IReadOnlyList<FaultEntry> entries)
    {
        StringBuilder text = new();
        text.Append("# Errors\n\nPrinted by `berth errors --format markdown`; a test compares. A fault that has a code of its own says so in its last line:\n\n")
            .Append("```\nberth: cannot publish 0.0.0.0:8080->80/tcp: the host's port is in use by nginx (pid 812)\nhint: choose another port, or end that program\nmore: berth help errors port-taken\n```\n\n")
            .Append("With `--error-format json` before the command, or BERTH_ERROR_FORMAT=json, it is one line of JSON on standard error, with `code`, `kind`, `message`, `hint` (where there is one) and `exitCode`.\n")
            .Append("Codes keep their meaning. The last ten are kinds: every fault has one, and it is its code where no other says more.\n");
        foreach (FaultEntry entry in entries)
        {
            text.Append("\n## ").Append(entry.Code).Append("\n\n").Append(entry.Meaning).Append("\n\n| it comes from | |\n|---|---|\n");
            foreach (string cause in entry.Causes) text.Append("| | ").Append(cause.Replace("|", "\\|", StringComparison.Ordinal)).Append(" |\n");
            text.Append("| **what helps** | |\n");
            foreach (string cure in entry.Cures) text.Append("| | ").Append(cure.Replace("|", "\\|", StringComparison.Ordinal)).Append(" |\n");
        }
        return text.ToString();
    }

    private static void List(Lines lines, IReadOnlyList<FaultEntry> entries)
    {
        Table table = new();
        table.Add("CODE", "MEANING");
        foreach (FaultEntry entry in entries) table.Add(entry.Code, entry.Meaning);
        table.WriteTo(lines);
    }

    private static void Page(Lines lines, FaultEntry entry)
    {
        lines.WriteLine($"{entry.Code}: {entry.Meaning}");
        lines.WriteLine("\nIt comes from:");
        foreach (string cause in entry.Causes) lines.WriteLine($"  {cause}");
        lines.WriteLine("\nWhat helps:");
        foreach (string cure in entry.Cures) lines.WriteLine($"  {cure}");
    }

    private static Value ValueOf(FaultEntry entry) => Value.Record.Of(
        Member.Of("Code", entry.Code), Member.Of("Meaning", entry.Meaning), Member.Of("Causes", entry.Causes), Member.Of("Cures", entry.Cures));

    private static FaultEntry Find(string code) => FaultCatalogue.Find(code)
        ?? throw new BerthException(Fault.NotFound, $"there is no fault '{code}'", Spelling.Nearest(code, FaultCatalogue.All.Select(static entry => entry.Code)) is { } nearest ? $"did you mean {nearest}?" : "berth errors lists them");
}
