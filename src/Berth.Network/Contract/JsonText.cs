// JSON as Go reads and writes it: what is no text is replaced rather than refused, and what HTML minds is escaped.
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Berth.Oci.Json;

namespace Berth.Network.Contract;

/// <summary>Reads and writes JSON so that both sides see what the reference shows.</summary>
internal static class JsonText
{
    /// <summary>Reads one value; texts in it can be taken without a fault afterwards.</summary>
    /// <exception cref="CniException">It is no JSON: code 6.</exception>
    public static JsonElement Parse(ReadOnlyMemory<byte> utf8, string what)
    {
        if (!Utf8.IsValid(utf8.Span)) utf8 = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(utf8.Span));
        utf8 = ReplaceHalves(utf8);
        try
        {
            // The element keeps its document alive; nothing was rented that must be given back.
            Utf8JsonReader reader = new(utf8.Span, isFinalBlock: true, state: default);
            JsonElement element = JsonElement.ParseValue(ref reader);
            if (reader.Read()) throw new JsonException("more than one value");
            return element;
        }
        catch (JsonException e)
        {
            throw new CniException(CniCode.Decoding, $"cannot read {what}: it is no JSON ({e.Message})", null, e);
        }
    }

    /// <summary>Writes a member that is a text.</summary>
    public static void WriteText(this JsonWriter json, ReadOnlySpan<byte> name, string value)
    {
        json.WritePropertyName(name);
        json.WriteRawValue(Quote(value));
    }

    /// <summary>Writes a member that is a text, unless it is empty.</summary>
    public static void WriteUnlessEmpty(this JsonWriter json, ReadOnlySpan<byte> name, string value)
    {
        if (value.Length > 0) json.WriteText(name, value);
    }

    /// <summary>Writes a member that is a number, unless it is 0.</summary>
    public static void WriteUnlessZero(this JsonWriter json, ReadOnlySpan<byte> name, long value)
    {
        if (value != 0) json.WriteNumber(name, value);
    }

    /// <summary>A member's name, any text.</summary>
    public static void WriteName(this JsonWriter json, string name) => json.WritePropertyName(name);

    /// <summary>A text in quotes.</summary>
    public static string Quote(string text)
    {
        StringBuilder quoted = new(text.Length + 2);
        quoted.Append('"');
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            switch (c)
            {
                case '"' or '\\': quoted.Append('\\').Append(c); break;
                case '\n': quoted.Append("\\n"); break;
                case '\r': quoted.Append("\\r"); break;
                case '\t': quoted.Append("\\t"); break;
                case '\b': quoted.Append("\\b"); break;
                case '\f': quoted.Append("\\f"); break;
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029': quoted.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture)); break;
                default:
                    bool pair = char.IsHighSurrogate(c) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]);
                    if (pair) quoted.Append(c).Append(text[++i]);
                    else quoted.Append(char.IsSurrogate(c) ? '\ufffd' : c);
                    break;
            }
        }
        return quoted.Append('"').ToString();
    }

    /// <summary>Half of a surrogate pair, <c>\ud800</c> alone, is no text: the framework would only notice when it is asked for it.</summary>
    private static ReadOnlyMemory<byte> ReplaceHalves(ReadOnlyMemory<byte> utf8)
    {
        byte[]? copy = null;
        ReadOnlySpan<byte> text = utf8.Span;
        for (int i = 0; i + 1 < text.Length; i++)
        {
            int next = text[i..].IndexOf((byte)'\\');
            if (next < 0) break;
            i += next;
            int unit = Escaped(text, i);
            if (unit >= 0xD800 && unit < 0xDC00 && Escaped(text, i + 6) is >= 0xDC00 and < 0xE000) i += 11;
            else if (unit is >= 0xD800 and < 0xE000)
            {
                copy ??= utf8.ToArray();
                "fffd"u8.CopyTo(copy.AsSpan(i + 2));
                i += 5;
            }
            else i++;
        }
        return copy ?? utf8;
    }

    /// <summary>The code unit of <c>\uXXXX</c> at a place, or -1.</summary>
    private static int Escaped(ReadOnlySpan<byte> text, int at)
    {
        if (at + 6 > text.Length || text[at] != '\\' || text[at + 1] != 'u') return -1;
        int unit = 0;
        foreach (byte digit in text.Slice(at + 2, 4))
        {
            if (!char.IsAsciiHexDigit((char)digit)) return -1;
            unit = (unit << 4) | (digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
        }
        return unit;
    }
}
