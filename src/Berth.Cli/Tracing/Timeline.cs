// --trace: collects what the engine tells of its work, and writes it as one timeline, from the program's start on.
using System.Diagnostics;
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Tracing;
using Berth.Linux.Files;

namespace Berth.Cli.Tracing;

/// <summary>The timeline of one verb. While there is none, nothing is measured.</summary>
internal sealed class Timeline : IDisposable
{
    private const uint Readable = 0x1A4;
    private const string Own = "Berth.Cli";

    private readonly ActivitySource _source = new(Own);
    private readonly ActivityListener _listener;
    private readonly List<Span> _spans = [];
    private readonly Activity _whole;
    private readonly Session _session;
    private readonly string _file;
    private readonly TraceFormat _format;
    private bool _isWritten;

    private Timeline(Invocation invocation, string file)
    {
        (_session, _file) = (invocation.Session, file);
        _format = TraceWriter.FormatOf(invocation.Find("trace-format"), file);
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name is Own or EngineActivities.SourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = Take,
        };
        ActivitySource.AddActivityListener(_listener);
        // The kernel tells the start of a process to a hundredth of a second only. Up to here one thread has done all, and hardly waited.
        DateTimeOffset now = DateTimeOffset.UtcNow, began = now - Environment.CpuUsage.TotalTime;
        ActivityContext.TryParse(invocation.Session.Variable("TRACEPARENT"), invocation.Session.Variable("TRACESTATE"), out ActivityContext parent);
        _whole = _source.StartActivity(invocation.Path, ActivityKind.Internal, parent, startTime: began)!;
        _whole.SetTag(EngineActivities.PartTag, "engine");
        Activity? start = _source.StartActivity("start the program, and read its words", ActivityKind.Internal, _whole.Context, startTime: began);
        start!.SetTag(EngineActivities.PartTag, "engine").SetEndTime(now.UtcDateTime).Stop();
        Activity.Current = _whole;
    }

    /// <summary>The options of verbs that have one.</summary>
    public static Option[] Options =>
    [
        Option.File("trace", "FILE", "Write there how long each step took; -: show it"),
        Option.With("trace-format", "FORMAT", "chrome (for ui.perfetto.dev), otlp (OpenTelemetry's JSON) or text") with { Words = ["chrome", "otlp", "text"] },
    ];

    /// <summary>Begins one, if it was asked for.</summary>
    public static Timeline? Begin(Invocation invocation) => invocation.Find("trace") is { Length: > 0 } file ? new Timeline(invocation, file) : null;

    /// <summary>Ends and writes it; what comes afterwards is not in it.</summary>
    public void Write()
    {
        if (_isWritten) return;
        _isWritten = true;
        _whole.Stop();
        List<Span> spans;
        lock (_spans) spans = [.. _spans];
        // A span that another program did may end after the one that we wait in.
        spans.Sort(static (a, b) => a.Began != b.Began ? a.Began.CompareTo(b.Began) : b.Ended.CompareTo(a.Ended));
        byte[] bytes = TraceWriter.Write(spans, _format);
        if (_file != "-")
        {
            KernelPath.WriteAtomically(Path.GetFullPath(_file), bytes, Readable);
            return;
        }
        _session.Error.WriteBytes(bytes);
        _session.Error.Flush();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // One that fails is of all the most interesting.
        if (!_isWritten) _whole.SetStatus(ActivityStatusCode.Error);
        Write();
        _listener.Dispose();
        _source.Dispose();
    }

    private void Take(Activity activity)
    {
        List<KeyValuePair<string, string>> tags = [];
        foreach (KeyValuePair<string, string?> tag in activity.Tags)
        {
            if (tag.Key != EngineActivities.PartTag && tag.Value is { } value) tags.Add(new(tag.Key, value));
        }
        long began = new DateTimeOffset(activity.StartTimeUtc).UtcTicks;
        Span span = new(activity.DisplayName, activity.GetTagItem(EngineActivities.PartTag) as string ?? "engine", activity.TraceId.ToHexString(), activity.SpanId.ToHexString(), activity.ParentSpanId.ToHexString(),
            began, began + activity.Duration.Ticks, activity.Status == ActivityStatusCode.Error, tags);
        lock (_spans) _spans.Add(span);
    }
}

/// <summary>A step.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Part">By whom.</param>
/// <param name="Trace">Id of the trace, in hexadecimal digits.</param>
/// <param name="Id">Id of the step.</param>
/// <param name="Parent">Id of what it is a part of; zeros: of nothing.</param>
/// <param name="Began">Ticks of 100 ns, of the calendar.</param>
/// <param name="Ended">The same.</param>
/// <param name="Failed">Whether it failed.</param>
/// <param name="Tags">More of it.</param>
internal sealed record Span(string Name, string Part, string Trace, string Id, string Parent, long Began, long Ended, bool Failed, IReadOnlyList<KeyValuePair<string, string>> Tags);
