// The forms of a timeline: Chrome's trace events, OpenTelemetry's JSON, and bars for a terminal.
using System.Globalization;
using System.Text;
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Cli.Tracing;

/// <summary>A form.</summary>
internal enum TraceFormat
{
    /// <summary>Trace Event Format, which chrome://tracing and ui.perfetto.dev show.</summary>
    Chrome,

    /// <summary>An ExportTraceServiceRequest of OTLP 1.x as JSON.</summary>
    Otlp,

    /// <summary>Bars.</summary>
    Text,
}

/// <summary>Writes timelines.</summary>
internal static class TraceWriter
{
    private const long NanosecondsInTick = 100;
    private const double TicksInMicrosecond = 10, TicksInMillisecond = 10_000;
    private const int Columns = 40, MostName = 44, LeastShare = 200;
    private static readonly string[] s_parts = ["engine", "network", "shim", "runtime", "container"];

    /// <summary>The form that was asked for, or what the file's name says.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static TraceFormat FormatOf(string? word, string file) => word switch
    {
        "chrome" => TraceFormat.Chrome,
        "otlp" => TraceFormat.Otlp,
        "text" => TraceFormat.Text,
        null or "" => file == "-" ? TraceFormat.Text : file.EndsWith(".otlp.json", StringComparison.Ordinal) ? TraceFormat.Otlp : TraceFormat.Chrome,
        _ => throw new BerthException(Fault.InvalidArgument, $"--trace-format is chrome, otlp or text, not '{word}'"),
    };

    /// <summary>The bytes.</summary>
    /// <param name="spans">In the order of their beginning, what contains others before them.</param>
    /// <param name="format">The form.</param>
    public static byte[] Write(IReadOnlyList<Span> spans, TraceFormat format) => format switch
    {
        TraceFormat.Chrome => Chrome(spans),
        TraceFormat.Otlp => Otlp(spans),
        _ => Encoding.UTF8.GetBytes(Text(spans)),
    };

    private static byte[] Chrome(IReadOnlyList<Span> spans)
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteString("displayTimeUnit"u8, "ms");
        json.WriteStartArray("traceEvents"u8);
        foreach (string part in s_parts)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, "process_name");
            json.WriteString("ph"u8, "M");
            json.WriteNumber("pid"u8, Array.IndexOf(s_parts, part) + 1);
            json.WriteStartObject("args"u8);
            json.WriteString("name"u8, part);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        long zero = spans.Count == 0 ? 0 : spans[0].Began;
        Dictionary<(int, int), Stack<long>> lanes = [];
        foreach (Span span in spans)
        {
            int process = Math.Max(0, Array.IndexOf(s_parts, span.Part)) + 1;
            json.WriteStartObject();
            json.WriteString("name"u8, span.Name);
            json.WriteString("cat"u8, span.Part);
            json.WriteString("ph"u8, "X");
            json.WritePropertyName("ts"u8);
            json.WriteRawValue(Number((span.Began - zero) / TicksInMicrosecond));
            json.WritePropertyName("dur"u8);
            json.WriteRawValue(Number((span.Ended - span.Began) / TicksInMicrosecond));
            json.WriteNumber("pid"u8, process);
            json.WriteNumber("tid"u8, LaneOf(lanes, process, span));
            json.WriteStartObject("args"u8);
            foreach ((string name, string value) in span.Tags) json.WriteString(name, value);
            if (span.Failed) json.WriteBoolean("failed"u8, true);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        return json.ToArray();
    }

    // What is drawn in one line must lie beside or inside of one another: what was done at the same time by others gets a line of its own.
    private static int LaneOf(Dictionary<(int Process, int Lane), Stack<long>> lanes, int process, Span span)
    {
        for (int lane = 1; ; lane++)
        {
            if (!lanes.TryGetValue((process, lane), out Stack<long>? ends)) lanes[(process, lane)] = ends = new Stack<long>();
            while (ends.TryPeek(out long end) && end <= span.Began) ends.Pop();
            if (ends.TryPeek(out long around) && around < span.Ended) continue;
            ends.Push(span.Ended);
            return lane;
        }
    }

    private static byte[] Otlp(IReadOnlyList<Span> spans)
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteStartArray("resourceSpans"u8);
        foreach (IGrouping<string, Span> part in spans.GroupBy(static span => span.Part))
        {
            json.WriteStartObject();
            json.WriteStartObject("resource"u8);
            json.WriteStartArray("attributes"u8);
            Attribute(json, "service.namespace", "berth");
            Attribute(json, "service.name", part.Key);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteStartArray("scopeSpans"u8);
            json.WriteStartObject();
            json.WriteStartObject("scope"u8);
            json.WriteString("name"u8, "berth");
            json.WriteEndObject();
            json.WriteStartArray("spans"u8);
            foreach (Span span in part) Otlp(json, span);
            json.WriteEndArray();
            json.WriteEndObject();
            json.WriteEndArray();
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
        return json.ToArray();
    }

    private static void Otlp(JsonWriter json, Span span)
    {
        const int spanKindInternal = 1, statusError = 2;
        json.WriteStartObject();
        json.WriteString("traceId"u8, span.Trace);
        json.WriteString("spanId"u8, span.Id);
        if (span.Parent.AsSpan().ContainsAnyExcept('0')) json.WriteString("parentSpanId"u8, span.Parent);
        json.WriteString("name"u8, span.Name);
        json.WriteNumber("kind"u8, spanKindInternal);
        // 64 bits are text in the JSON of protobuf.
        json.WriteString("startTimeUnixNano"u8, Nanoseconds(span.Began));
        json.WriteString("endTimeUnixNano"u8, Nanoseconds(span.Ended));
        json.WriteStartArray("attributes"u8);
        foreach ((string name, string value) in span.Tags) Attribute(json, name, value);
        json.WriteEndArray();
        json.WriteStartObject("status"u8);
        if (span.Failed) json.WriteNumber("code"u8, statusError);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Attribute(JsonWriter json, string name, string value)
    {
        json.WriteStartObject();
        json.WriteString("key"u8, name);
        json.WriteStartObject("value"u8);
        json.WriteString("stringValue"u8, value);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static string Nanoseconds(long ticks) => ((ticks - DateTimeOffset.UnixEpoch.Ticks) * NanosecondsInTick).ToString(CultureInfo.InvariantCulture);

    private static string Number(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Text(IReadOnlyList<Span> spans)
    {
        StringBuilder text = new();
        if (spans.Count == 0) return "";
        long zero = spans[0].Began, all = Math.Max(1, spans.Max(static span => span.Ended) - zero);
        Dictionary<string, Span> known = spans.ToDictionary(static span => span.Id);
        // A start has more than a hundred steps that take some microseconds each.
        long least = all / LeastShare;
        int left = 0;
        text.Append(CultureInfo.InvariantCulture, $"{"PART",-10}{"STEP",-MostName}  {"AT ms",7} {"TOOK ms",7}\n");
        foreach (Span span in InOrder(spans))
        {
            if (span.Ended - span.Began < least && !span.Failed)
            {
                left++;
                continue;
            }
            string name = new string(' ', 2 * DepthOf(span, known)) + span.Name;
            if (name.Length > MostName) name = string.Concat(name.AsSpan(0, MostName - 1), "…");
            int from = (int)Math.Min((span.Began - zero) * Columns / all, Columns - 1), to = (int)((((span.Ended - zero) * Columns) + all - 1) / all);
            string bar = new string(' ', from) + new string('█', Math.Max(1, to - from));
            text.Append(CultureInfo.InvariantCulture, $"{span.Part,-10}{name,-MostName}  {(span.Began - zero) / TicksInMillisecond,7:0.00} {(span.Ended - span.Began) / TicksInMillisecond,7:0.00}  {bar}{(span.Failed ? " failed" : "")}\n");
        }
        if (left > 0) text.Append(CultureInfo.InvariantCulture, $"{left} steps of less than {least / TicksInMillisecond:0.00} ms are not shown; --trace FILE has them\n");
        return text.ToString();
    }

    // Each behind what it is a part of.
    private static List<Span> InOrder(IReadOnlyList<Span> spans)
    {
        HashSet<string> ids = [.. spans.Select(static span => span.Id)];
        ILookup<string, Span> parts = spans.ToLookup(span => ids.Contains(span.Parent) ? span.Parent : "");
        List<Span> order = [];
        void Add(string parent)
        {
            foreach (Span span in parts[parent])
            {
                order.Add(span);
                Add(span.Id);
            }
        }
        Add("");
        return order;
    }

    private static int DepthOf(Span span, Dictionary<string, Span> known)
    {
        int depth = 0;
        while (known.TryGetValue(span.Parent, out Span? parent)) (span, depth) = (parent, depth + 1);
        return depth;
    }
}
