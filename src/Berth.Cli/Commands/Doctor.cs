// doctor: the host examined, with cures.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Diagnosis;

namespace Berth.Cli.Commands;

/// <summary>The verb.</summary>
internal static class Doctor
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        About = "Nothing is changed. Exit code 1: something is missing that containers need.",
        Most = 0,
        Options = [Option.Switch("quiet", "Only what is not well", 'q'), Option.With("format", "FORMAT", "json, or a Go template for each check")],
        Examples = [new("berth doctor", "All checks"), new("berth doctor -q", "What is not well, and what cures it"), new("berth doctor --format '{{.Level}} {{.Name}}'", "For programs")],
        Run = static async invocation =>
        {
            Session session = invocation.Session;
            IReadOnlyList<HostFinding> findings = await (await session.EngineAsync().ConfigureAwait(false)).ExamineAsync(session.Ending).ConfigureAwait(false);
            IEnumerable<HostFinding> shown = invocation.Has("quiet") ? findings.Where(static one => one.Level != FindingLevel.Ok) : findings;
            if (invocation.Find("format") is { } format) Report.Write(session.Out, format, shown.Select(ValueOf));
            else
            {
                foreach (HostFinding finding in shown) Print(session, finding);
            }
            return findings.Any(static one => one.Level == FindingLevel.Failure) ? 1 : 0;
        },
    };

    private static void Print(Session session, HostFinding finding)
    {
        session.Out.WriteLine($"{WordOf(finding.Level),-8} {finding.Name}: {finding.Seen}");
        if (finding.Level == FindingLevel.Ok) return;
        session.Out.WriteLine($"         why:  {finding.Why}");
        if (finding.Cure is not null) session.Out.WriteLine($"         cure: {finding.Cure}");
    }

    private static Value ValueOf(HostFinding finding) => Value.Record.Of(
        Member.Of("Name", finding.Name), Member.Of("Level", WordOf(finding.Level)), Member.Of("Seen", finding.Seen), Member.Of("Why", finding.Why), Member.Of("Cure", finding.Cure ?? ""));

    private static string WordOf(FindingLevel level) => level switch { FindingLevel.Failure => "failure", FindingLevel.Warning => "warning", _ => "ok" };
}
