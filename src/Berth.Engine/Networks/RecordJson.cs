// Records of networks and attachments as JSON: versioned, members that say nothing left out.
using System.Globalization;
using System.Net;
using System.Text.Json;
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Engine.Networks;

/// <summary>Reads and writes the parts that both kinds have.</summary>
internal static class RecordJson
{
    /// <summary>The form that is written; a newer one is refused.</summary>
    public const int Version = 1;

    public static void Text(JsonWriter json, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value)) json.WriteString(name, value);
    }

    public static void Flag(JsonWriter json, string name, bool value)
    {
        if (value) json.WriteBoolean(name, value);
    }

    public static void Number(JsonWriter json, string name, long value)
    {
        if (value != 0) json.WriteNumber(name, value);
    }

    public static void Texts<T>(JsonWriter json, string name, IReadOnlyCollection<T> values)
    {
        if (values.Count == 0) return;
        json.WriteStartArray(name);
        foreach (T value in values) json.WriteStringValue(value!.ToString());
        json.WriteEndArray();
    }

    public static void Map<T>(JsonWriter json, string name, IReadOnlyDictionary<string, T> values)
    {
        if (values.Count == 0) return;
        json.WriteStartObject(name);
        foreach ((string key, T value) in values) json.WriteString(key, value!.ToString());
        json.WriteEndObject();
    }

    public static string Text(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetString() ?? "" : "";

    public static bool Flag(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    public static long Number(JsonElement json, string name) => json.TryGetProperty(name, out JsonElement value) ? value.GetInt64() : 0;

    public static IPAddress? Address(JsonElement json, string name) => Text(json, name) is { Length: > 0 } text ? IPAddress.Parse(text) : null;

    public static List<T> List<T>(JsonElement json, string name, Func<JsonElement, T> read)
    {
        List<T> list = [];
        if (!json.TryGetProperty(name, out JsonElement values)) return list;
        foreach (JsonElement value in values.EnumerateArray()) list.Add(read(value));
        return list;
    }

    public static List<string> Texts(JsonElement json, string name) => List(json, name, static value => value.GetString() ?? "");

    public static List<IPAddress> Addresses(JsonElement json, string name) => List(json, name, static value => IPAddress.Parse(value.GetString()!));

    public static Dictionary<string, string> Map(JsonElement json, string name)
    {
        Dictionary<string, string> map = [];
        if (!json.TryGetProperty(name, out JsonElement values)) return map;
        foreach (JsonProperty member in values.EnumerateObject()) map[member.Name] = member.Value.GetString() ?? "";
        return map;
    }

    public static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset Time(JsonElement json, string name) => DateTimeOffset.Parse(Text(json, name), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>Reads a document.</summary>
    /// <exception cref="BerthException">Failed: it is damaged, or of a newer version.</exception>
    public static T Read<T>(byte[] bytes, string path, Func<JsonElement, T> read)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            if (Number(document.RootElement, "version") is var version && version > Version) throw new BerthException(Fault.Unsupported, $"cannot read {path}: it is of version {version}, and this program knows {Version}");
            return read(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            throw new BerthException(Fault.Failed, $"cannot read {path}: {e.Message}", "remove the file if nothing can be done for it", e);
        }
    }
}
