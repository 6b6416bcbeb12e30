// Writes JSON into memory. The framework's writer builds tables of 64 Ki characters at its first string: a tenth of a start.
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace Berth.Oci.Json;

/// <summary>Builds one JSON document (RFC 8259) in UTF-8; commas, colons and line breaks come by themselves.</summary>
/// <remarks>The caller keeps the order: a name before each value of an object, an end for each start.</remarks>
public sealed class JsonWriter
{
    private readonly string? _indent;
    private byte[] _bytes = new byte[1024];
    private int _length;
    private int _depth;
    // Nothing yet at this level, so that neither a comma nor, at its end, a line break is due.
    private bool _first = true;
    private bool _named;

    /// <summary>A writer of one document.</summary>
    /// <param name="indent">What a level is indented by, or null for all on one line.</param>
    public JsonWriter(string? indent = null) => _indent = indent;

    /// <summary>What was written.</summary>
    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    /// <summary>A copy of what was written.</summary>
    public byte[] ToArray() => Written.ToArray();

    /// <summary>Begins an object.</summary>
    public void WriteStartObject() => Start('{');

    /// <summary>Begins an object that is a member.</summary>
    public void WriteStartObject(ReadOnlySpan<byte> name)
    {
        WritePropertyName(name);
        Start('{');
    }

    /// <inheritdoc cref="WriteStartObject(ReadOnlySpan{byte})"/>
    public void WriteStartObject(string name)
    {
        WritePropertyName(name);
        Start('{');
    }

    /// <summary>Ends an object.</summary>
    public void WriteEndObject() => End('}');

    /// <summary>Begins an array.</summary>
    public void WriteStartArray() => Start('[');

    /// <summary>Begins an array that is a member.</summary>
    public void WriteStartArray(ReadOnlySpan<byte> name)
    {
        WritePropertyName(name);
        Start('[');
    }

    /// <inheritdoc cref="WriteStartArray(ReadOnlySpan{byte})"/>
    public void WriteStartArray(string name)
    {
        WritePropertyName(name);
        Start('[');
    }

    /// <summary>Ends an array.</summary>
    public void WriteEndArray() => End(']');

    /// <summary>Writes a member's name; its value comes next.</summary>
    /// <param name="name">ASCII without quotes, backslashes and control characters: a name of a schema.</param>
    public void WritePropertyName(ReadOnlySpan<byte> name)
    {
        Separate();
        Put('"');
        name.CopyTo(Room(name.Length));
        _length += name.Length;
        Colon();
    }

    /// <summary>Writes a member's name, any text; its value comes next.</summary>
    public void WritePropertyName(string name)
    {
        Separate();
        Put('"');
        Escape(name);
        Colon();
    }

    /// <summary>Writes a member; null is written as null.</summary>
    public void WriteString(ReadOnlySpan<byte> name, string? value)
    {
        WritePropertyName(name);
        WriteStringValue(value);
    }

    /// <inheritdoc cref="WriteString(ReadOnlySpan{byte}, string)"/>
    public void WriteString(string name, string? value)
    {
        WritePropertyName(name);
        WriteStringValue(value);
    }

    /// <summary>Writes a string, or null.</summary>
    public void WriteStringValue(string? value)
    {
        if (value is null)
        {
            Literal("null"u8);
            return;
        }
        Separate();
        Put('"');
        Escape(value);
        Put('"');
    }

    /// <summary>Writes a member.</summary>
    public void WriteNumber(ReadOnlySpan<byte> name, long value)
    {
        WritePropertyName(name);
        WriteNumberValue(value);
    }

    /// <inheritdoc cref="WriteNumber(ReadOnlySpan{byte}, long)"/>
    public void WriteNumber(ReadOnlySpan<byte> name, ulong value)
    {
        WritePropertyName(name);
        WriteNumberValue(value);
    }

    /// <inheritdoc cref="WriteNumber(ReadOnlySpan{byte}, long)"/>
    public void WriteNumber(string name, long value)
    {
        WritePropertyName(name);
        WriteNumberValue(value);
    }

    /// <inheritdoc cref="WriteNumber(ReadOnlySpan{byte}, long)"/>
    public void WriteNumber(string name, ulong value)
    {
        WritePropertyName(name);
        WriteNumberValue(value);
    }

    /// <inheritdoc cref="WriteNumber(ReadOnlySpan{byte}, long)"/>
    public void WriteNumber(string name, double value)
    {
        WritePropertyName(name);
        WriteRawValue(value.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Writes a number.</summary>
    public void WriteNumberValue(long value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, Room(20), out int length);
        _length += length;
    }

    /// <inheritdoc cref="WriteNumberValue(long)"/>
    public void WriteNumberValue(ulong value)
    {
        Separate();
        Utf8Formatter.TryFormat(value, Room(20), out int length);
        _length += length;
    }

    /// <summary>Writes a member.</summary>
    public void WriteBoolean(ReadOnlySpan<byte> name, bool value)
    {
        WritePropertyName(name);
        Literal(value ? "true"u8 : "false"u8);
    }

    /// <inheritdoc cref="WriteBoolean(ReadOnlySpan{byte}, bool)"/>
    public void WriteBoolean(string name, bool value)
    {
        WritePropertyName(name);
        Literal(value ? "true"u8 : "false"u8);
    }

    /// <summary>Writes a member that is null.</summary>
    public void WriteNull(string name)
    {
        WritePropertyName(name);
        Literal("null"u8);
    }

    /// <summary>Writes null.</summary>
    public void WriteNullValue() => Literal("null"u8);

    /// <summary>Writes a value that is JSON already.</summary>
    public void WriteRawValue(string json)
    {
        Separate();
        Encode(json);
    }

    private void Start(char bracket)
    {
        Separate();
        Put(bracket);
        _depth++;
        _first = true;
    }

    private void End(char bracket)
    {
        _depth--;
        if (!_first) BreakLine();
        _first = false;
        Put(bracket);
    }

    private void Literal(ReadOnlySpan<byte> ascii)
    {
        Separate();
        ascii.CopyTo(Room(ascii.Length));
        _length += ascii.Length;
    }

    private void Colon()
    {
        Put('"');
        Put(':');
        if (_indent is not null) Put(' ');
        _named = true;
    }

    /// <summary>Whatever stands between the last value and the one to come.</summary>
    private void Separate()
    {
        if (_named)
        {
            _named = false;
            return;
        }
        if (!_first) Put(',');
        if (_depth > 0) BreakLine();
        _first = false;
    }

    private void BreakLine()
    {
        if (_indent is null) return;
        Put('\n');
        for (int i = 0; i < _depth; i++) Encode(_indent);
    }

    private void Put(char ascii)
    {
        Room(1)[0] = (byte)ascii;
        _length++;
    }

    private void Encode(ReadOnlySpan<char> text) => _length += Encoding.UTF8.GetBytes(text, Room(text.Length * 3));

    // Nothing of ours ends up in HTML: only what RFC 8259 demands is escaped, so that paths and options stay readable.
    private void Escape(ReadOnlySpan<char> text)
    {
        while (true)
        {
            int plain = 0;
            while (plain < text.Length && text[plain] is not ('"' or '\\' or < ' ' or '\u007f')) plain++;
            Encode(text[..plain]);
            if (plain == text.Length) return;
            Put('\\');
            switch (text[plain])
            {
                case '\n': Put('n'); break;
                case '\t': Put('t'); break;
                case '\r': Put('r'); break;
                case '"' or '\\': Put(text[plain]); break;
                default:
                    Encode("u00");
                    Put((char)('0' + (text[plain] >> 4)));
                    Put("0123456789abcdef"[text[plain] & 15]);
                    break;
            }
            text = text[(plain + 1)..];
        }
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - _length < count) Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        return _bytes.AsSpan(_length);
    }
}
