// The verb `validate`: a bundle held against the rules of the runtime specification.
using System.Text;
using Berth.Oci.Json;
using Berth.Oci.Faults;

namespace Berth.Runtime.Validate;

/// <summary><c>validate</c>: says what in a bundle is against the specification, by rule and level.</summary>
public static class ValidateCommand
{
    private const string Usage = """
        usage: validate [--path BUNDLE] [--compliance-level must|should|may] [--host-specific] [--platform linux] [--format text|json] [--rules]
        Holds a bundle against the runtime specification. Fails where a rule of the level or above is broken.

          --path BUNDLE               the bundle's folder; the current one where it is not given
          --compliance-level LEVEL    must (the default), should or may
          --host-specific             ask this host too: hooks, mount types, interfaces
          --platform linux            what the bundle is for
          --format text|json          how findings are written
          --rules                     list the rules
        """;

    private sealed record Request(string Bundle, RuleLevel Level, bool IsHostSpecific, bool IsJson, bool ListsRules, bool IsHelp);

    /// <summary>Runs the verb.</summary>
    /// <param name="args">The flags.</param>
    /// <param name="stdout">Gets the findings.</param>
    /// <param name="stderr">Gets what is wrong with the flags.</param>
    /// <returns>0 where no rule of the level is broken, else 1.</returns>
    public static int Run(ReadOnlySpan<string> args, TextWriter stdout, TextWriter stderr)
    {
        Request request;
        try { request = Parse(args); }
        catch (BerthException fault)
        {
            stderr.WriteLine($"validate: {fault.Sentence}");
            return 1;
        }
        if (request.IsHelp)
        {
            stdout.WriteLine(Usage);
            return 0;
        }
        Rule[] rules = Rules.All();
        if (request.ListsRules)
        {
            List([.. Inspection.FirstRules, .. rules], stdout);
            return 0;
        }
        List<Finding> findings = Inspection.Of(request.Bundle, rules, request.IsHostSpecific);
        int broken = findings.FindAll(finding => finding.Rule.Level >= request.Level).Count;
        if (request.IsJson) stdout.WriteLine(ToJson(findings, broken == 0));
        else Print(findings, broken, request, stdout);
        return broken == 0 ? 0 : 1;
    }

    private static Request Parse(ReadOnlySpan<string> args)
    {
        Request request = new(".", RuleLevel.Must, IsHostSpecific: false, IsJson: false, ListsRules: false, IsHelp: false);
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i];
            string? value = null;
            int equals = name.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0) (name, value) = (name[..equals], name[(equals + 1)..]);
            bool takesValue = name is "--path" or "--compliance-level" or "--platform" or "--format";
            if (takesValue && value is null) value = ++i < args.Length ? args[i] : throw Wrong($"{name} needs a value");
            if (!takesValue && value is not null) throw Wrong($"{name} takes no value");
            request = With(request, name, value ?? "");
        }
        return request;
    }

    private static Request With(Request request, string name, string value) => (name, value) switch
    {
        ("--path", _) => request with { Bundle = value },
        ("--compliance-level", "must" or "MUST") => request with { Level = RuleLevel.Must },
        ("--compliance-level", "should" or "SHOULD") => request with { Level = RuleLevel.Should },
        ("--compliance-level", "may" or "MAY") => request with { Level = RuleLevel.May },
        ("--compliance-level", _) => throw Wrong($"{name}: '{value}' is not must, should or may"),
        ("--platform", "linux") => request,
        ("--platform", _) => throw new BerthException(Fault.Unsupported, $"{name}: '{value}' is not linux, the only platform known"),
        ("--format", "text") => request with { IsJson = false },
        ("--format", "json") => request with { IsJson = true },
        ("--format", _) => throw Wrong($"{name}: '{value}' is neither text nor json"),
        ("--host-specific", _) => request with { IsHostSpecific = true },
        ("--rules", _) => request with { ListsRules = true },
        ("--help" or "-h", _) => request with { IsHelp = true },
        _ => throw new BerthException(Fault.InvalidArgument, $"unknown argument '{name}'", "validate --help lists the flags"),
    };

    private static BerthException Wrong(string message) => new(Fault.InvalidArgument, message);

    private static void Print(List<Finding> findings, int broken, Request request, TextWriter stdout)
    {
        foreach (Finding finding in findings)
        {
            string where = finding.Path.Length == 0 ? "" : $"{finding.Path}: ";
            stdout.WriteLine($"{Word(finding.Rule.Level),-6} {finding.Rule.Id}: {where}{finding.Message} ({finding.Rule.Section})");
        }
        stdout.WriteLine(broken == 0 ? $"{request.Bundle}: valid" : $"{request.Bundle}: {broken} broken of level {Word(request.Level)} or above");
    }

    private static void List(Rule[] rules, TextWriter stdout)
    {
        foreach (Rule rule in rules) stdout.WriteLine($"{Word(rule.Level),-6} {rule.Id,-28} {(rule.IsHostSpecific ? "host" : "    ")} {rule.Section}");
    }

    private static string ToJson(List<Finding> findings, bool isValid)
    {
        JsonWriter w = new("  ");
        w.WriteStartObject();
        w.WriteBoolean("valid"u8, isValid);
        w.WriteStartArray("findings"u8);
        foreach (Finding finding in findings)
        {
            w.WriteStartObject();
            w.WriteString("rule"u8, finding.Rule.Id);
            w.WriteString("level"u8, Word(finding.Rule.Level));
            w.WriteString("path"u8, finding.Path);
            w.WriteString("message"u8, finding.Message);
            w.WriteString("section"u8, finding.Rule.Section);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
        return Encoding.UTF8.GetString(w.Written);
    }

    private static string Word(RuleLevel level) => level switch
    {
        RuleLevel.Must => "MUST",
        RuleLevel.Should => "SHOULD",
        _ => "MAY",
    };
}
