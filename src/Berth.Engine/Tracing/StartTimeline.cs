// What a shim, a runtime and a container did for a start: read from what they left, and told as activities.
using System.Diagnostics;
using System.Text.Json;
using Berth.Linux.Files;
using Berth.Linux.Processes;

namespace Berth.Engine.Tracing;

/// <summary>The part of a start that other programs do.</summary>
internal static class StartTimeline
{
    private const int Most = 1 << 20, OfContainer = 2;
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    /// <summary>A creation, as the shim and the runtime told it.</summary>
    /// <param name="call">The call of the shim.</param>
    /// <param name="began">When the shim read it: nanoseconds of CLOCK_MONOTONIC; 0: it does not say.</param>
    /// <param name="answered">When it answered.</param>
    /// <param name="file">What the runtime wrote, if it did: Chrome's trace events, in microseconds of CLOCK_MONOTONIC.</param>
    public static void AddCreation(Activity? call, ulong began, ulong answered, string file)
    {
        if (call is null || began == 0) return;
        Activity? shim = EngineActivities.Add("have the runtime create it", "shim", (long)began, (long)answered, call);
        List<Step> steps = Read(file);
        if (steps.Count == 0) return;
        long first = steps.Min(static step => step.Began);
        EngineActivities.Add("the runtime starts", "runtime", (long)began, first, shim);
        foreach (Step step in steps) EngineActivities.Add(step.Name, step.IsContainers ? "container" : "runtime", step.Began, step.Ended, shim)?.SetTag("why", step.Why.Length > 0 ? step.Why : null);
    }

    /// <summary>A call of the shim that the runtime's verb of the same name follows.</summary>
    public static void AddCall(Activity? call, string name, ulong began, ulong answered)
    {
        if (call is not null && began > 0) EngineActivities.Add(name, "shim", (long)began, (long)answered, call);
    }

    /// <summary>Looks for the moment at which a process that waits for its start executes its program. The kernel tells nobody: it is looked for all the time.</summary>
    /// <returns>Nanoseconds of CLOCK_MONOTONIC; 0: it was not seen.</returns>
    public static Task<long> SeeFirstInstructionAsync(int pid)
    {
        string waiting = NameOf(pid);
        long deadline = Self.Monotonic + ((long)s_patience.TotalMilliseconds * 1_000_000);
        return Task.Factory.StartNew(() =>
        {
            while (Self.Monotonic < deadline)
            {
                // One that is gone has been and ended.
                if (NameOf(pid) != waiting) return Self.Monotonic;
                Thread.Yield();
            }
            return 0;
        }, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    // Where the kernel lets us see it, the file that is executed; else the name, which a program's start changes too.
    private static string NameOf(int pid) => KernelPath.ReadLink($"/proc/{pid}/exe") ?? KernelFile.TryReadText($"/proc/{pid}/comm") ?? "";

    private static List<Step> Read(string file)
    {
        List<Step> steps = [];
        try
        {
            if (KernelFile.TryReadText(file) is not { Length: > 0 and < Most } text) return steps;
            using JsonDocument document = JsonDocument.Parse(text);
            foreach (JsonElement one in document.RootElement.EnumerateArray())
            {
                long began = (long)(one.GetProperty("ts").GetDouble() * 1000), length = (long)(one.GetProperty("dur").GetDouble() * 1000);
                steps.Add(new Step(one.GetProperty("name").GetString() ?? "", one.GetProperty("args").GetProperty("why").GetString() ?? "", began, began + length, one.GetProperty("tid").GetInt32() == OfContainer));
            }
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            // Of another runtime, or of a version that writes something else: a timeline without it is one still.
        }
        return steps;
    }

    private readonly record struct Step(string Name, string Why, long Began, long Ended, bool IsContainers);
}
