// Values and JSON: written as Go's encoder writes them, read into the same shape.
using System.Globalization;
using System.Text;
using System.Text.Json;
using Berth.Oci.Faults;

namespace Berth.Cli.Values;

/// <summary>JSON of values.</summary>
internal static class ValueJson
{
    /// <summary>How it looks.</summary>
    /// <param name="Indent">Of one level; null: all in one line.</param>
    /// <param name="EscapesHtml">Whether &lt;, &gt; and &amp; become escapes, as Go's encoder does unless it is told not to.</param>
    internal sealed record Style(string? Indent, bool EscapesHtml)
    {
        /// <summary>One line, as docker's and podman's templates print it.</summary>
        public static Style Line { get; } = new(null, false);

        /// <summary>Four blanks, as inspect prints it.</summary>
        public static Style Page { get; } = new("    ", false);
    }

    /// <summary>The text.</summary>
    public static string Write(Value value, Style style)
    {
        StringBuilder text = new();
        Write(text, value, style, 0);
        return text.ToString();
    }

    /// <summary>Reads a document; members keep their order.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static Value Read(ReadOnlyMemory<byte> json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 64 });
            return Of(document.RootElement);
        }
        catch (JsonException e)
        {
            throw new BerthException(Fault.InvalidArgument, $"it is no JSON: line {e.LineNumber + 1}, byte {e.BytePositionInLine}", inner: e);
        }
    }

    /// <summary>From a part of a document.</summary>
    public static Value Of(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => new Value.Text(element.GetString()!),
        JsonValueKind.Number => element.TryGetInt64(out long whole) ? new Value.Whole(whole) : new Value.Real(element.GetDouble()),
        JsonValueKind.True => new Value.Truth(true),
        JsonValueKind.False => new Value.Truth(false),
        JsonValueKind.Array => new Value.List([.. element.EnumerateArray().Select(Of)]),
        JsonValueKind.Object => new Value.Map([.. element.EnumerateObject().Select(static member => new Member(member.Name, Of(member.Value)))]),
        _ => Value.None,
    };

    private static void Write(StringBuilder text, Value value, Style style, int depth)
    {
        switch (value)
        {
            case Value.Text one: WriteText(text, one.Content, style); break;
            case Value.Moment time: WriteText(text, time.Rfc3339, style); break;
            case Value.Whole whole: text.Append(whole.Number.ToString(CultureInfo.InvariantCulture)); break;
            case Value.Real real: text.Append(real.Number.ToString("R", CultureInfo.InvariantCulture)); break;
            case Value.Truth truth: text.Append(truth.Is ? "true" : "false"); break;
            case Value.List { IsNull: true } or Value.Map { IsNull: true }: text.Append("null"); break;
            case Value.List list:
                WriteMany(text, '[', ']', list.Items.Count, style, depth, i => Write(text, list.Items[i], style, depth + 1));
                break;
            case Value.Map map:
                IReadOnlyList<Member> members = map.Shown;
                WriteMany(text, '{', '}', members.Count, style, depth, i =>
                {
                    WriteText(text, members[i].Name, style);
                    text.Append(style.Indent is null ? ":" : ": ");
                    Write(text, members[i].Value, style, depth + 1);
                });
                break;
            default: text.Append("null"); break;
        }
    }

    private static void WriteMany(StringBuilder text, char open, char close, int count, Style style, int depth, Action<int> one)
    {
        text.Append(open);
        for (int i = 0; i < count; i++)
        {
            if (i > 0) text.Append(',');
            NewLine(text, style, depth + 1);
            one(i);
        }
        if (count > 0) NewLine(text, style, depth);
        text.Append(close);
    }

    private static void NewLine(StringBuilder text, Style style, int depth)
    {
        if (style.Indent is null) return;
        text.Append('\n');
        for (int i = 0; i < depth; i++) text.Append(style.Indent);
    }

    private static void WriteText(StringBuilder text, string content, Style style)
    {
        text.Append('"');
        foreach (char c in content)
        {
            switch (c)
            {
                case '"': text.Append("\\\""); break;
                case '\\': text.Append("\\\\"); break;
                case '\n': text.Append("\\n"); break;
                case '\r': text.Append("\\r"); break;
                case '\t': text.Append("\\t"); break;
                case '<' or '>' or '&' when style.EscapesHtml: Escape(text, c); break;
                // JavaScript ends lines at these two, so Go never writes them.
                case < ' ' or '\u2028' or '\u2029': Escape(text, c); break;
                default: text.Append(c); break;
            }
        }
        text.Append('"');
    }

    private static void Escape(StringBuilder text, char c) => text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
}
