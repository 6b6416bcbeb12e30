// Where in a JSON document something is wrong. Looked up only when it is: reading keeps no path.
using System.Text;
using System.Text.Json;

namespace Berth.Oci.Json;

/// <summary>Words for places in a JSON document: a path for a wrong value, line and column for wrong syntax.</summary>
internal static class JsonPlace
{
    private const int LongestShown = 64;

    /// <summary>A token's kind with its article.</summary>
    public static string Name(JsonTokenType type) => type switch
    {
        JsonTokenType.StartObject => "an object",
        JsonTokenType.StartArray => "an array",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "a boolean",
        JsonTokenType.Null => "null",
        _ => "something else",
    };

    /// <summary>The path of the token that starts at <paramref name="offset"/>, as <c>process.rlimits[2].soft</c>; empty for the root.</summary>
    public static string Path(ReadOnlySpan<byte> json, long offset)
    {
        Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = JsonCursor.Deepest });
        Span<Step> steps = stackalloc Step[JsonCursor.Deepest + 2];
        while (reader.Read() && reader.TokenStartIndex <= offset)
        {
            ref Step step = ref steps[reader.CurrentDepth];
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName:
                    step = new Step(IsElement: false, (int)reader.TokenStartIndex + 1, reader.ValueSpan.Length);
                    break;
                case JsonTokenType.EndObject or JsonTokenType.EndArray:
                    break;
                default:
                    if (step.IsElement) step = step with { Start = step.Start + 1 };
                    // Start is the index of the element before the first.
                    if (reader.TokenType == JsonTokenType.StartArray) steps[reader.CurrentDepth + 1] = new Step(IsElement: true, -1, 0);
                    if (reader.TokenType == JsonTokenType.StartObject) steps[reader.CurrentDepth + 1] = default;
                    break;
            }
            if (reader.TokenStartIndex == offset) break;
        }
        return Join(json, steps[1..(reader.CurrentDepth + 1)]);
    }

    /// <summary>Line, column and reason for a document that is no JSON. Both numbers count from 0.</summary>
    public static string Syntax(ReadOnlySpan<byte> json, long line, long bytesIntoLine, bool isFull)
    {
        ReadOnlySpan<byte> rest = json;
        for (long i = 0; i < line; i++) rest = rest[(rest.IndexOf((byte)'\n') + 1)..];
        int into = (int)Math.Min(bytesIntoLine, rest.Length);
        int column = 1;
        // Continuation bytes of UTF-8 are no columns of their own.
        foreach (byte b in rest[..into])
        {
            if ((b & 0xC0) != 0x80) column++;
        }
        return $"line {line + 1}, column {column}: {Reason(rest[into..], isFull)}";
    }

    /// <summary>Bytes of the document for a message: bounded, without control characters.</summary>
    public static string Shown(ReadOnlySpan<byte> bytes)
    {
        bool cut = bytes.Length > LongestShown;
        string text = Encoding.UTF8.GetString(cut ? bytes[..LongestShown] : bytes);
        StringBuilder shown = new(text.Length + 3);
        foreach (char c in text) shown.Append(char.IsControl(c) ? '?' : c);
        return cut ? shown.Append("...").ToString() : shown.ToString();
    }

    private static string Reason(ReadOnlySpan<byte> at, bool isFull) => at switch
    {
        [] => "unexpected end of the document",
        [(byte)'{' or (byte)'[', ..] when isFull => $"nested deeper than {JsonCursor.Deepest}",
        [> 0x20 and < 0x7F, ..] => $"unexpected '{(char)at[0]}'",
        _ => $"unexpected byte 0x{at[0]:x2}",
    };

    private static string Join(ReadOnlySpan<byte> json, ReadOnlySpan<Step> steps)
    {
        StringBuilder path = new();
        foreach (Step step in steps)
        {
            if (step.IsElement)
            {
                path.Append('[').Append(Math.Max(step.Start, 0)).Append(']');
                continue;
            }
            ReadOnlySpan<byte> name = json.Slice(step.Start, step.Length);
            if (name.IsEmpty) continue;
            if (!IsPlain(name)) path.Append("[\"").Append(Shown(name)).Append("\"]");
            else (path.Length == 0 ? path : path.Append('.')).Append(Shown(name));
        }
        return path.ToString();
    }

    private static bool IsPlain(ReadOnlySpan<byte> name)
    {
        foreach (byte b in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)b) && b is not ((byte)'_' or (byte)'-')) return false;
        }
        return true;
    }

    /// <summary>A step down: the element number, or where in the document the member's name is.</summary>
    private readonly record struct Step(bool IsElement, int Start, int Length);
}
