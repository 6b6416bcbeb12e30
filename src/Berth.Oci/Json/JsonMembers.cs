// Members of a JSON object that are left out when they say nothing.
using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Berth.Oci.Json;

/// <summary>Writes one element of an array or one value of a map.</summary>
internal delegate void WriteValue<T>(Utf8JsonWriter writer, T value);

/// <summary>Writes members as specs-go's omitempty does: absent, empty, zero and false ones are not there.</summary>
internal static class JsonMembers
{
    /// <summary>Writes a whole document into memory. Indented ones use a tab, as runc's do.</summary>
    public static byte[] Document<T>(T value, bool indented, WriteValue<T> write)
    {
        ArrayBufferWriter<byte> buffer = new(4096);
        JsonWriterOptions options = new()
        {
            Indented = indented,
            IndentCharacter = '\t',
            IndentSize = 1,
            // Nothing here ends up in HTML; paths and options stay readable.
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };
        using (Utf8JsonWriter writer = new(buffer, options)) write(writer, value);
        return buffer.WrittenSpan.ToArray();
    }

    public static void TextIfAny(this Utf8JsonWriter w, ReadOnlySpan<byte> name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) w.WriteString(name, value);
    }

    public static void TrueIfSo(this Utf8JsonWriter w, ReadOnlySpan<byte> name, bool value)
    {
        if (value) w.WriteBoolean(name, value);
    }

    public static void BoolIfAny(this Utf8JsonWriter w, ReadOnlySpan<byte> name, bool? value)
    {
        if (value is { } known) w.WriteBoolean(name, known);
    }

    public static void NumberIfAny(this Utf8JsonWriter w, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } known) w.WriteNumber(name, known);
    }

    public static void NumberIfAny(this Utf8JsonWriter w, ReadOnlySpan<byte> name, ulong? value)
    {
        if (value is { } known) w.WriteNumber(name, known);
    }

    public static void NumberUnlessZero(this Utf8JsonWriter w, ReadOnlySpan<byte> name, long value)
    {
        if (value != 0) w.WriteNumber(name, value);
    }

    public static void NumberUnlessZero(this Utf8JsonWriter w, ReadOnlySpan<byte> name, ulong value)
    {
        if (value != 0) w.WriteNumber(name, value);
    }

    public static void Texts(this Utf8JsonWriter w, ReadOnlySpan<byte> name, List<string> values)
    {
        w.WriteStartArray(name);
        foreach (string value in values) w.WriteStringValue(value);
        w.WriteEndArray();
    }

    public static void TextsIfAny(this Utf8JsonWriter w, ReadOnlySpan<byte> name, List<string>? values)
    {
        if (values is { Count: > 0 }) w.Texts(name, values);
    }

    public static void ListIfAny<T>(this Utf8JsonWriter w, ReadOnlySpan<byte> name, List<T>? values, WriteValue<T> write)
    {
        if (values is not { Count: > 0 }) return;
        w.WriteStartArray(name);
        foreach (T value in values) write(w, value);
        w.WriteEndArray();
    }

    public static void MapIfAny<T>(this Utf8JsonWriter w, ReadOnlySpan<byte> name, Dictionary<string, T>? values, WriteValue<T> write)
    {
        if (values is not { Count: > 0 }) return;
        w.WriteStartObject(name);
        foreach ((string key, T value) in values)
        {
            w.WritePropertyName(key);
            write(w, value);
        }
        w.WriteEndObject();
    }

    public static void MapIfAny(this Utf8JsonWriter w, ReadOnlySpan<byte> name, Dictionary<string, string>? values)
    {
        if (values is not { Count: > 0 }) return;
        w.WriteStartObject(name);
        foreach ((string key, string value) in values) w.WriteString(key, value);
        w.WriteEndObject();
    }

    public static void ObjectIfAny<T>(this Utf8JsonWriter w, ReadOnlySpan<byte> name, T? value, WriteValue<T> write) where T : class
    {
        if (value is null) return;
        w.WritePropertyName(name);
        write(w, value);
    }
}
