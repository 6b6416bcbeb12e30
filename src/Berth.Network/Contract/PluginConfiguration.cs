// A plugin's part of a network's configuration: the fields all plugins have, and readers for their own.
using System.Text.Json;

namespace Berth.Network.Contract;

/// <summary>One object of <c>plugins</c>, made ready for its plugin. Names are matched as Go matches them: exactly, else without regard to case.</summary>
/// <param name="json">The object.</param>
public sealed class PluginConfiguration(JsonElement json)
{
    /// <summary>The object as it was written.</summary>
    public JsonElement Json { get; } = json;

    /// <summary>cniVersion; without it 0.1.0.</summary>
    public string CniVersion => Text("cniVersion") is { Length: > 0 } version ? version : "0.1.0";

    /// <summary>name: of the network.</summary>
    public string NetworkName => Text("name") ?? "";

    /// <summary>type: of the plugin.</summary>
    public string Type => Text("type") ?? "";

    /// <summary>runtimeConfig: what the capabilities of the plugin were answered with.</summary>
    public PluginConfiguration? RuntimeConfig => Object("runtimeConfig");

    /// <summary>args.cni: what a user asked for by the way of labels and the like.</summary>
    public PluginConfiguration? Args => Object("args")?.Object("cni");

    /// <summary>ipam, or null.</summary>
    public PluginConfiguration? Ipam => Object("ipam");

    /// <summary>A member, or null; JSON's null is none.</summary>
    public JsonElement? Member(string name)
    {
        if (Json.ValueKind != JsonValueKind.Object) return null;
        if (Json.TryGetProperty(name, out JsonElement exact)) return exact.ValueKind == JsonValueKind.Null ? null : exact;
        foreach (JsonProperty property in Json.EnumerateObject())
        {
            if (property.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) return property.Value.ValueKind == JsonValueKind.Null ? null : property.Value;
        }
        return null;
    }

    /// <summary>A text, or null.</summary>
    /// <exception cref="CniException">It is something else.</exception>
    public string? Text(string name) => Of(name, JsonValueKind.String)?.GetString();

    /// <summary>A flag; false when it is not there.</summary>
    /// <exception cref="CniException">It is something else.</exception>
    public bool Flag(string name) => OptionalFlag(name) ?? false;

    /// <summary>A flag, or null when it is not there.</summary>
    /// <exception cref="CniException">It is something else.</exception>
    public bool? OptionalFlag(string name) => Member(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Not(name, other, "true or false"),
    };

    /// <summary>A whole number, or null.</summary>
    /// <exception cref="CniException">It is something else.</exception>
    public long? Number(string name)
    {
        if (Of(name, JsonValueKind.Number) is not { } value) return null;
        return value.TryGetInt64(out long number) ? number : throw Not(name, value, "a whole number");
    }

    /// <summary>A list of texts; empty when it is not there.</summary>
    /// <exception cref="CniException">It is something else.</exception>
    public List<string> Texts(string name)
    {
        List<string> texts = [];
        foreach (JsonElement element in Elements(name))
        {
            if (element.ValueKind != JsonValueKind.String) throw Not(name, element, "a list of texts");
            texts.Add(element.GetString()!);
        }
        return texts;
    }

    /// <summary>An object, or null.</summary>
    /// <exception cref="CniException">It is something else.</exception>
    public PluginConfiguration? Object(string name) => Of(name, JsonValueKind.Object) is { } value ? new PluginConfiguration(value) : null;

    /// <summary>A list of objects; empty when it is not there.</summary>
    /// <exception cref="CniException">It is something else.</exception>
    public List<PluginConfiguration> Objects(string name)
    {
        List<PluginConfiguration> objects = [];
        foreach (JsonElement element in Elements(name))
        {
            if (element.ValueKind != JsonValueKind.Object) throw Not(name, element, "a list of objects");
            objects.Add(new PluginConfiguration(element));
        }
        return objects;
    }

    /// <summary>The elements of a list; empty when it is not there.</summary>
    /// <exception cref="CniException">It is something else.</exception>
    public IReadOnlyList<JsonElement> Elements(string name)
    {
        if (Of(name, JsonValueKind.Array) is not { } value) return [];
        List<JsonElement> elements = new(value.GetArrayLength());
        foreach (JsonElement element in value.EnumerateArray()) elements.Add(element);
        return elements;
    }

    private JsonElement? Of(string name, JsonValueKind kind)
    {
        if (Member(name) is not { } value) return null;
        return value.ValueKind == kind ? value : throw Not(name, value, kind switch
        {
            JsonValueKind.String => "a text",
            JsonValueKind.Number => "a number",
            JsonValueKind.Array => "a list",
            _ => "an object",
        });
    }

    private static CniException Not(string name, JsonElement value, string wanted)
    {
        string text = value.GetRawText();
        return new CniException(CniCode.Decoding, $"cannot read the network's configuration: {name} is {(text.Length > 40 ? text[..40] + "…" : text)}, and {wanted} is wanted");
    }
}
