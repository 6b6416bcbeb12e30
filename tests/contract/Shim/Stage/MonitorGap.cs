// Skipping by the table of what incumbents lack. Ours has no line in the table, ever: for it every test runs.
using Xunit.v3;

namespace Berth.Contract.Shim.Stage;

/// <summary>One thing some versions of conmon do not do.</summary>
/// <param name="From">First version with the gap, or null for the first of all.</param>
/// <param name="Before">First version without it again, or null when the newest known has it.</param>
/// <param name="Reason">What it does instead.</param>
public sealed record MonitorGap(string? From, string? Before, string Reason)
{
    private static readonly bool Ignored = Environment.GetEnvironmentVariable("BERTH_GAPS") == "ignore";

    /// <summary>A gap of conmon.</summary>
    public static MonitorGap Conmon(string reason, string? from = null, string? before = null) => new(from, before, reason);

    /// <summary>Whether the monitor has it.</summary>
    public bool IsOf(MonitorUnderTest monitor) => monitor.Kind == MonitorKind.Conmon
        && (From is null || monitor.Version >= Version.Parse(From))
        && (Before is null || monitor.Version < Version.Parse(Before));

    /// <summary>
    /// Skips the present test if the monitor under test is known not to pass it, by <c>Class</c>, <c>Class.Method</c> or
    /// <c>Class.Method(first argument)</c>. BERTH_GAPS=ignore runs them all the same, to find stale lines.
    /// </summary>
    public static void SkipKnown(MonitorUnderTest monitor)
    {
        if (Ignored || monitor.IsOurs || TestContext.Current.Test is not IXunitTest test) return;
        string type = test.TestMethod.TestClass.Class.Name, name = $"{type}.{test.TestMethod.MethodName}";
        string? argument = test.TestMethodArguments.FirstOrDefault()?.ToString();
        foreach (string key in (string[])[type, name, $"{name}({argument})"])
        {
            if (KnownGaps.All.GetValueOrDefault(key)?.FirstOrDefault(gap => gap.IsOf(monitor)) is { } found)
            {
                Assert.Skip($"{monitor.Kind} {monitor.Version} {found.Reason}");
            }
        }
    }
}
