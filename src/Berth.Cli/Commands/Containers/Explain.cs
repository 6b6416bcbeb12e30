// explain: a container in the kernel's terms, and where each thing comes from.
using System.Globalization;
using System.Text;
using Berth.Cli.Arguments;
using Berth.Cli.Output;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Diagnosis;

namespace Berth.Cli.Commands.Containers;

/// <summary>The verb.</summary>
internal static class Explain
{
    private const int Width = 80, NameWidth = 24, Indent = 2;

    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "CONTAINER [SECTION...]",
        About = $"Of a container that runs, the kernel is asked; of another one, what it would be. Behind each thing stands where it comes from: the flag, the image, the host, or nothing where it is usual.\nSections: {string.Join(", ", ContainerExplanation.SectionNames)}.",
        Least = 1,
        Offers = Offer.Containers,
        Options =
        [
            Option.With("format", "FORMAT", "json, or a Go template", 'f'),
            Option.Switch("show-values", "Values of variables too: there may be secrets among them"),
        ],
        Examples = [new("berth explain web", "Everything"), new("berth explain web limits mounts", "Two sections"), new("berth explain --format json web namespaces", "For programs")],
        Run = static async invocation =>
        {
            Engine.Engine engine = await invocation.Session.EngineAsync().ConfigureAwait(false);
            ContainerExplanation explanation = engine.Containers.Find(invocation.Arguments[0]).Explain(new ExplainOptions { Sections = [.. invocation.Arguments.Skip(1)], ShowsValues = invocation.Has("show-values") });
            if (invocation.Find("format") is { } format) Report.WriteOne(invocation.Session.Out, format, ValueOf(explanation));
            else Print(invocation.Session.Out, explanation);
            return 0;
        },
    };

    private static void Print(Lines lines, ContainerExplanation explanation)
    {
        lines.WriteLine($"{explanation.Name} {explanation.Id[..12]}, {(explanation.Pid > 0 ? $"process {explanation.Pid.ToString(CultureInfo.InvariantCulture)}" : "which does not run: what it would be")}");
        if (explanation.Obstacle is { } obstacle) lines.WriteLine($"it cannot be started now: {obstacle}");
        foreach (ExplainedSection section in explanation.Sections)
        {
            lines.WriteLine();
            lines.WriteLine(section.Name);
            if (section.Facts.Count == 0) lines.WriteLine("  none");
            foreach (ExplainedFact fact in section.Facts) Print(lines, fact);
        }
    }

    private static void Print(Lines lines, ExplainedFact fact)
    {
        string origin = (fact.Origin, fact.Detail) switch
        {
            (FactOrigin.Default, "") => "",
            (FactOrigin.Default, _) => $"({fact.Detail})",
            (FactOrigin.Flag, "") => "(flag)",
            (FactOrigin.Flag, _) => $"(flag: {fact.Detail})",
            (FactOrigin.Image, "") => "(image)",
            (FactOrigin.Image, _) => $"(image: {fact.Detail})",
            _ => fact.Detail.Length > 0 ? $"(host: {fact.Detail})" : "(host)",
        };
        StringBuilder line = new();
        line.Append(' ', Indent).Append(fact.Name);
        bool isLong = fact.Name.Length >= NameWidth;
        if (isLong)
        {
            lines.WriteLine(line.ToString());
            line.Clear();
        }
        Wrap(lines, line, origin.Length > 0 ? $"{fact.Value} {origin}" : fact.Value);
    }

    // Words are not broken: who copies a path copies it whole.
    private static void Wrap(Lines lines, StringBuilder line, string text)
    {
        line.Append(' ', NameWidth + Indent - line.Length);
        bool isFirst = true;
        foreach (string word in text.Split(' '))
        {
            if (!isFirst && line.Length + 1 + word.Length > Width)
            {
                lines.WriteLine(line.ToString());
                line.Clear().Append(' ', NameWidth + Indent);
                isFirst = true;
            }
            if (!isFirst) line.Append(' ');
            line.Append(word);
            isFirst = false;
        }
        lines.WriteLine(line.ToString());
    }

    private static Value ValueOf(ContainerExplanation explanation) => Value.Record.Of(
        Member.Of("Id", explanation.Id),
        Member.Of("Name", explanation.Name),
        Member.Of("Pid", explanation.Pid),
        explanation.Obstacle is null ? null : Member.Of("Obstacle", explanation.Obstacle),
        new Member("Sections", new Value.Map([.. explanation.Sections.Select(static section => new Member(section.Name, new Value.List([.. section.Facts.Select(ValueOf)])))])));

    private static Value ValueOf(ExplainedFact fact) => Value.Record.Of(
        Member.Of("Name", fact.Name), Member.Of("Value", fact.Value), Member.Of("Origin", WordOf(fact.Origin)), Member.Of("Detail", fact.Detail));

    private static string WordOf(FactOrigin origin) => origin switch { FactOrigin.Flag => "flag", FactOrigin.Image => "image", FactOrigin.Host => "host", _ => "default" };
}
