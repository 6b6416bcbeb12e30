// Members of a JSON object that are left out when they say nothing.

namespace Berth.Oci.Json;

/// <summary>Writes one element of an array or one value of a map.</summary>
internal delegate void WriteValue<T>(JsonWriter writer, T value);

/// <summary>Writes members as specs-go's omitempty does: absent, empty, zero and false ones are not there.</summary>
internal static class JsonMembers
{
    /// <summary>Writes a whole document into memory. Indented ones use a tab, as runc's do.</summary>
    public static byte[] Document<T>(T value, bool indented, WriteValue<T> write)
    {
        JsonWriter writer = new(indented ? "\t" : null);
        write(writer, value);
        return writer.ToArray();
    }

    public static void TextIfAny(this JsonWriter w, ReadOnlySpan<byte> name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) w.WriteString(name, value);
    }

    public static void TrueIfSo(this JsonWriter w, ReadOnlySpan<byte> name, bool value)
    {
        if (value) w.WriteBoolean(name, value);
    }

    public static void BoolIfAny(this JsonWriter w, ReadOnlySpan<byte> name, bool? value)
    {
        if (value is { } known) w.WriteBoolean(name, known);
    }

    public static void NumberIfAny(this JsonWriter w, ReadOnlySpan<byte> name, long? value)
    {
        if (value is { } known) w.WriteNumber(name, known);
    }

    public static void NumberIfAny(this JsonWriter w, ReadOnlySpan<byte> name, ulong? value)
    {
        if (value is { } known) w.WriteNumber(name, known);
    }

    public static void NumberUnlessZero(this JsonWriter w, ReadOnlySpan<byte> name, long value)
    {
        if (value != 0) w.WriteNumber(name, value);
    }

    public static void NumberUnlessZero(this JsonWriter w, ReadOnlySpan<byte> name, ulong value)
    {
        if (value != 0) w.WriteNumber(name, value);
    }

    public static void Texts(this JsonWriter w, ReadOnlySpan<byte> name, List<string> values)
    {
        w.WriteStartArray(name);
        foreach (string value in values) w.WriteStringValue(value);
        w.WriteEndArray();
    }

    public static void TextsIfAny(this JsonWriter w, ReadOnlySpan<byte> name, List<string>? values)
    {
        if (values is { Count: > 0 }) w.Texts(name, values);
    }

    public static void ListIfAny<T>(this JsonWriter w, ReadOnlySpan<byte> name, List<T>? values, WriteValue<T> write)
    {
        if (values is not { Count: > 0 }) return;
        w.WriteStartArray(name);
        foreach (T value in values) write(w, value);
        w.WriteEndArray();
    }

    public static void MapIfAny<T>(this JsonWriter w, ReadOnlySpan<byte> name, Dictionary<string, T>? values, WriteValue<T> write)
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

    public static void MapIfAny(this JsonWriter w, ReadOnlySpan<byte> name, Dictionary<string, string>? values)
    {
        if (values is not { Count: > 0 }) return;
        w.WriteStartObject(name);
        foreach ((string key, string value) in values) w.WriteString(key, value);
        w.WriteEndObject();
    }

    public static void ObjectIfAny<T>(this JsonWriter w, ReadOnlySpan<byte> name, T? value, WriteValue<T> write) where T : class
    {
        if (value is null) return;
        w.WritePropertyName(name);
        write(w, value);
    }
}
