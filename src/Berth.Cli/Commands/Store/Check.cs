// storage check, system check.
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Oci.Faults;
using Berth.Store.Garbage;

namespace Berth.Cli.Commands.Store;

/// <summary>The verb.</summary>
internal static class Check
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        About = "Reads every blob and compares it with its digest, and looks whether every image has all of its layers. Exit code 1: something is wrong, and was not mended.",
        Most = 0,
        Options =
        [
            Option.Switch("quick", "Only whether all is there, not what it contains", 'q'), Option.Switch("repair", "Mend what can be mended without a registry", 'r'),
            Option.Switch("force", "Take images away that cannot be mended", 'f'), Option.With("format", "FORMAT", "json, or a Go template for each finding"),
            Option.Ignored("max", "TIME", 'm'),
        ],
        Examples = [new("berth storage check", "Look through everything"), new("berth storage check --repair --force", "And mend it, whatever it costs")],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        bool force = invocation.Has("force");
        if (force && !invocation.Has("repair")) throw new BerthException(Fault.InvalidArgument, "--force is of no use without --repair");
        CheckReport report = await (await session.ImagesAsync().ConfigureAwait(false)).CheckAsync(new CheckOptions { Quick = invocation.Has("quick"), Repair = invocation.Has("repair"), Force = force }, session.Ending).ConfigureAwait(false);
        if (invocation.Find("format") is { } format)
        {
            Report.Write(session.Out, format, report.Findings.Select(static finding => (Value)Value.Record.Of(Member.Of("What", finding.What), Member.Of("Problem", finding.Problem), Member.Of("Repair", finding.Repair ?? ""))));
            return report.IsClean ? 0 : 1;
        }
        foreach (CheckFinding finding in report.Findings) session.Out.WriteLine($"{finding.What}: {finding.Problem}{(finding.Repair is null ? "" : $" ({finding.Repair})")}");
        session.Out.WriteLine(report.Findings.Count == 0 ? $"{report.Looked} looked at, nothing is wrong" : $"{report.Looked} looked at, {report.Findings.Count} wrong, {report.Findings.Count(static finding => finding.Repair is not null)} mended");
        return report.IsClean ? 0 : 1;
    }
}
