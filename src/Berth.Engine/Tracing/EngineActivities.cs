// What the engine does, as activities: for OpenTelemetry in programs, and for `--trace` on the command line.
using System.Diagnostics;
using Berth.Linux.Processes;

namespace Berth.Engine.Tracing;

/// <summary>
/// The engine's activities. Nothing is measured while nobody listens. A program that exports traces names the source:
/// <code>
/// tracing.AddSource(EngineActivities.SourceName)
/// </code>
/// What other programs did for a start (the shim, the OCI runtime, the container up to its first instruction) is told with its own times.
/// </summary>
public static class EngineActivities
{
    /// <summary>Name of the source.</summary>
    public const string SourceName = "Berth.Engine";

    /// <summary>Tag of each activity: who did it, <c>engine</c>, <c>network</c>, <c>shim</c>, <c>runtime</c> or <c>container</c>.</summary>
    public const string PartTag = "berth.part";

    private const long NanosecondsInTick = 100;
    private static readonly ActivitySource s_source = new(SourceName);

    // Others tell their times by the monotonic clock, activities by the calendar: both are read at one moment, once.
    private static readonly long s_zero = DateTimeOffset.UtcNow.UtcTicks - (Self.Monotonic / NanosecondsInTick);

    /// <summary>Whether anybody listens.</summary>
    internal static bool IsHeard => s_source.HasListeners();

    /// <summary>Begins one, which ends when it is disposed; null while nobody listens.</summary>
    internal static Activity? Begin(string name, string part = "engine") => s_source.StartActivity(name)?.SetTag(PartTag, part);

    /// <summary>One that is over, of another program or of a part that has no word for activities.</summary>
    /// <param name="name">What was done.</param>
    /// <param name="part">By whom.</param>
    /// <param name="began">Nanoseconds of CLOCK_MONOTONIC.</param>
    /// <param name="ended">The same.</param>
    /// <param name="parent">What it belongs to; null: to what is under way on this thread.</param>
    internal static Activity? Add(string name, string part, long began, long ended, Activity? parent = null)
    {
        Activity? current = Activity.Current;
        Activity? activity = s_source.StartActivity(name, ActivityKind.Internal, (parent ?? current)?.Context ?? default, startTime: TimeOf(began));
        if (activity is null) return null;
        activity.SetTag(PartTag, part).SetEndTime(TimeOf(Math.Max(began, ended)).UtcDateTime);
        activity.Stop();
        Activity.Current = current;
        return activity;
    }

    private static DateTimeOffset TimeOf(long nanoseconds) => new(s_zero + (nanoseconds / NanosecondsInTick), TimeSpan.Zero);
}
