// Timelines in their three forms.
using System.Text;
using System.Text.Json;
using Berth.Cli.Tracing;

namespace Berth.Cli.Tests.Tracing;

/// <summary>What viewers read.</summary>
public sealed class TraceWriterTests
{
    private const long Millisecond = 10_000;
    private static readonly long s_zero = new DateTimeOffset(2026, 11, 23, 0, 0, 0, TimeSpan.Zero).UtcTicks;

    private static Span Of(string name, string part, string id, string parent, double from, double to, bool failed = false) =>
        new(name, part, "0af7651916cd43dd8448eb211c80319c", id.PadLeft(16, '0'), parent.PadLeft(16, '0'), s_zero + (long)(from * Millisecond), s_zero + (long)(to * Millisecond), failed, [new("why", "CONFIG \"x\"")]);

    private static readonly Span[] s_spans =
    [
        Of("berth run", "engine", "1", "0", 0, 20), Of("mount", "engine", "2", "1", 1, 5), Of("attach", "network", "3", "1", 2, 9), Of("beside", "engine", "4", "1", 3, 8), Of("step", "container", "5", "2", 3, 3.001), Of("make", "runtime", "6", "1", 10, 15, failed: true),
    ];

    [Fact]
    public void Chrome_gets_complete_events_in_microseconds_and_lines_without_overlap()
    {
        using JsonDocument document = JsonDocument.Parse(TraceWriter.Write(s_spans, TraceFormat.Chrome));
        List<JsonElement> events = [.. document.RootElement.GetProperty("traceEvents").EnumerateArray().Where(static one => one.GetProperty("ph").GetString() == "X")];
        Assert.Equal(s_spans.Length, events.Count);
        JsonElement mount = events[1];
        Assert.Equal((1000.0, 4000.0), (mount.GetProperty("ts").GetDouble(), mount.GetProperty("dur").GetDouble()));
        Assert.Equal("CONFIG \"x\"", mount.GetProperty("args").GetProperty("why").GetString());
        // What was done at the same time by the same part stands in another line; what is inside stands in the same.
        Assert.Equal([1, 1, 1, 2, 1, 1], events.Select(static one => one.GetProperty("tid").GetInt32()));
        Assert.Equal([1, 1, 2, 1, 5, 4], events.Select(static one => one.GetProperty("pid").GetInt32()));
    }

    [Fact]
    public void OpenTelemetry_gets_ids_parents_and_nanoseconds()
    {
        using JsonDocument document = JsonDocument.Parse(TraceWriter.Write(s_spans, TraceFormat.Otlp));
        List<JsonElement> spans = [.. document.RootElement.GetProperty("resourceSpans").EnumerateArray().SelectMany(static one => one.GetProperty("scopeSpans").EnumerateArray()).SelectMany(static one => one.GetProperty("spans").EnumerateArray())];
        Assert.Equal(s_spans.Length, spans.Count);
        JsonElement first = spans.Single(static one => one.GetProperty("name").GetString() == "berth run"), failed = spans.Single(static one => one.GetProperty("name").GetString() == "make");
        Assert.False(first.TryGetProperty("parentSpanId", out _));
        Assert.Equal(first.GetProperty("spanId").GetString(), failed.GetProperty("parentSpanId").GetString());
        Assert.Equal("1795392000000000000", first.GetProperty("startTimeUnixNano").GetString());
        Assert.Equal("1795392000015000000", failed.GetProperty("endTimeUnixNano").GetString());
        Assert.Equal(2, failed.GetProperty("status").GetProperty("code").GetInt32());
    }

    [Fact]
    public void A_terminal_gets_bars_and_is_spared_what_takes_no_time()
    {
        string text = Encoding.UTF8.GetString(TraceWriter.Write(s_spans, TraceFormat.Text));
        string[] lines = text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(7, lines.Length);
        Assert.StartsWith("engine    berth run", lines[1]);
        Assert.EndsWith(new string('█', 40), lines[1]);
        Assert.StartsWith("engine      mount", lines[2]);
        Assert.EndsWith(" failed", lines[5]);
        Assert.StartsWith("1 steps of less than", lines[6]);
        Assert.All(lines[1..6], static line => Assert.InRange(line.Length, 1, 120));
    }

    [Theory]
    [InlineData(null, "t.json", "Chrome")]
    [InlineData(null, "t.otlp.json", "Otlp")]
    [InlineData(null, "-", "Text")]
    [InlineData("otlp", "-", "Otlp")]
    public void The_form_is_what_was_said_or_what_the_name_says(string? word, string file, string form) => Assert.Equal(form, TraceWriter.FormatOf(word, file).ToString());
}
