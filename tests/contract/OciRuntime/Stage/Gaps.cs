// Skipping by the table of what incumbents lack. Ours has no line in the table, ever: for it every test runs.
using Xunit.v3;

namespace Berth.Contract.OciRuntime.Stage;

/// <summary>One thing some runtime does not do.</summary>
/// <param name="Kind">Which family.</param>
/// <param name="From">First version with the gap, or null for the first of all.</param>
/// <param name="Before">First version without it again, or null when the newest known has it.</param>
/// <param name="Reason">What it does instead.</param>
public sealed record Gap(RuntimeKind Kind, string? From, string? Before, string Reason)
{
    /// <summary>A gap of runc.</summary>
    public static Gap Runc(string reason, string? from = null, string? before = null) => new(RuntimeKind.Runc, from, before, reason);

    /// <summary>A gap of crun.</summary>
    public static Gap Crun(string reason, string? from = null, string? before = null) => new(RuntimeKind.Crun, from, before, reason);

    /// <summary>Whether the runtime under test has it.</summary>
    public bool IsOf(RuntimeUnderTest runtime) => Kind == runtime.Kind
        && (From is null || runtime.Version >= Version.Parse(From))
        && (Before is null || runtime.Version < Version.Parse(Before));
}

/// <summary>Skips tests that the runtime under test is known not to pass. BERTH_GAPS=ignore runs them all the same, to find stale lines.</summary>
public static class Gaps
{
    private static readonly bool Ignored = Environment.GetEnvironmentVariable("BERTH_GAPS") == "ignore";

    /// <summary>Looks the present test up, by <c>Class</c>, by <c>Class.Method</c> and by <c>Class.Method(first argument)</c>.</summary>
    public static void SkipKnown()
    {
        if (Ignored || RuntimeUnderTest.Current.IsOurs || TestContext.Current.Test is not IXunitTest test) return;
        string type = test.TestMethod.TestClass.Class.Name, name = $"{type}.{test.TestMethod.MethodName}";
        string? argument = test.TestMethodArguments.FirstOrDefault()?.ToString();
        foreach (string key in (string[])[type, name, $"{name}({argument})"])
        {
            if (KnownGaps.All.GetValueOrDefault(key)?.FirstOrDefault(gap => gap.IsOf(RuntimeUnderTest.Current)) is { } found)
            {
                Assert.Skip($"{found.Kind} {RuntimeUnderTest.Current.Version} {found.Reason}");
            }
        }
    }
}
