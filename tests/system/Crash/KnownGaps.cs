// What incumbents lack or do otherwise, by row of the matrix, each found by running the suite on them.
using Xunit.v3;

namespace Berth.SystemTests.Crash;

/// <summary>A row in which an incumbent is not judged.</summary>
/// <param name="Reason">What it does instead.</param>
/// <param name="Before">First version without the gap, or null when the newest known has it.</param>
public sealed record KnownGap(string Reason, string? Before = null);

/// <summary>The table, and skipping by it. Ours has no line in it, ever.</summary>
public static class KnownGaps
{
    private static readonly bool Ignored = Environment.GetEnvironmentVariable("BERTH_GAPS") == "ignore";

    private static readonly Dictionary<string, KnownGap> OfConmon = new()
    {
        ["Logs_are_rotated_while_the_engine_is_killed"] = new("does not rotate", Before: "2.2"),
        ["The_disk_of_the_log_is_full_for_a_while"] = new("drops what does not fit, and tears the line before it"),
        ["A_full_disk_at_full_speed_is_confessed_and_the_container_goes_on"] = new("drops what does not fit, and says nothing of it"),
        ["The_runtime_is_killed_while_it_creates(After)"] = new("waits for ever for the words of a runtime that is dead, because its container holds their pipe"),
        ["The_runtime_is_killed_while_it_creates(Between)"] = new("waits for ever for the words of a runtime that is dead, if there is a container by then"),
    };

    private static readonly Dictionary<string, KnownGap> OfRuncsShim = new()
    {
        ["The_engine_is_killed_while_it_creates"] = new("stays for ever without a task"),
        ["The_disk_of_the_log_is_full_for_a_while"] = new("copies no more after a write that failed, and the container hangs for ever"),
    };

    /// <summary>Skips the present test if conmon is known not to pass it.</summary>
    public static void SkipOfConmon(Version version) => Skip(OfConmon, $"conmon {version}", version);

    /// <summary>Skips the present test if containerd's shim is known not to pass it.</summary>
    public static void SkipOfRuncsShim() => Skip(OfRuncsShim, "containerd-shim-runc-v2", null);

    private static void Skip(Dictionary<string, KnownGap> table, string who, Version? version)
    {
        if (Ignored || TestContext.Current.Test is not IXunitTest test) return;
        string name = test.TestMethod.MethodName;
        foreach (string key in (string[])[name, $"{name}({test.TestMethodArguments.FirstOrDefault()})"])
        {
            if (!table.TryGetValue(key, out KnownGap? gap)) continue;
            if (gap.Before is null || version is null || version < Version.Parse(gap.Before)) Assert.Skip($"{who} {gap.Reason}");
        }
    }
}
