// One rule of `validate`: a row of the table, and what is found against it.
namespace Berth.Runtime.Validate;

/// <summary>How binding a rule is, in the words of RFC 2119.</summary>
internal enum RuleLevel
{
    /// <summary>Allowed, and worth knowing.</summary>
    May,

    /// <summary>Recommended.</summary>
    Should,

    /// <summary>Required.</summary>
    Must,
}

/// <summary>A rule.</summary>
/// <param name="Id">What scripts and people name it by; never changes.</param>
/// <param name="Level">How binding it is.</param>
/// <param name="Section">Where in the runtime specification it comes from.</param>
/// <param name="Check">Reports what is against it.</param>
internal sealed record Rule(string Id, RuleLevel Level, string Section, Action<Inspection> Check)
{
    /// <summary>Whether it asks this host, and is checked only on demand.</summary>
    public bool IsHostSpecific { get; init; }

    /// <summary>A rule no bundle may break.</summary>
    public static Rule Must(string id, string section, Action<Inspection> check) => new(id, RuleLevel.Must, section, check);

    /// <summary>A recommendation.</summary>
    public static Rule Should(string id, string section, Action<Inspection> check) => new(id, RuleLevel.Should, section, check);

    /// <summary>A remark.</summary>
    public static Rule May(string id, string section, Action<Inspection> check) => new(id, RuleLevel.May, section, check);

    /// <summary>The same, asked of this host.</summary>
    public Rule OnHost() => this with { IsHostSpecific = true };
}

/// <summary>Something against a rule.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Path">Where in config.json, such as <c>process.rlimits[2].soft</c>; empty for the whole.</param>
/// <param name="Message">What and why.</param>
internal sealed record Finding(Rule Rule, string Path, string Message);
