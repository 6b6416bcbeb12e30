// What a plugin reads: its object of the list, with what the runtime adds to it.
using System.Text.Json;
using Berth.Network.Contract;
using Berth.Network.Lists;
using Berth.Oci.Json;

namespace Berth.Network.Runtime;

/// <summary>Derives a plugin's configuration (specification 1.1, "Deriving execution configuration"); members that nobody knows are kept.</summary>
internal sealed record PluginInput
{
    public required NetworkList List { get; init; }

    public required PluginConfiguration Plugin { get; init; }

    /// <summary>Arguments by capability; the plugin gets those that it has capabilities for.</summary>
    public IReadOnlyDictionary<string, string> Capabilities { get; init; } = new Dictionary<string, string>();

    public CniResult? Previous { get; init; }

    /// <summary>For GC.</summary>
    public IReadOnlyList<AttachmentId>? Valid { get; init; }

    public byte[] ToJson()
    {
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteText("cniVersion"u8, List.CniVersion);
        json.WriteText("name"u8, List.Name);
        bool config = HasConfig();
        foreach (JsonProperty member in Plugin.Json.EnumerateObject())
        {
            if (Replaces(member.Name, config)) continue;
            json.WriteName(member.Name);
            json.WriteRawValue(member.Value.GetRawText());
        }
        if (config) WriteConfig(json);
        if (Previous is not null)
        {
            json.WritePropertyName("prevResult"u8);
            ResultWriter.Write(json, Previous, List.CniVersion);
        }
        if (Valid is not null)
        {
            // The specification's name, and the one that its library wrote at first.
            WriteValid(json, "cni.dev/valid-attachments"u8, Valid);
            WriteValid(json, "cni.dev/attachments"u8, Valid);
        }
        json.WriteEndObject();
        return json.ToArray();
    }

    private bool Replaces(string member, bool config) => member switch
    {
        "cniVersion" or "name" => true,
        "prevResult" => Previous is not null,
        "runtimeConfig" => config,
        "cni.dev/valid-attachments" or "cni.dev/attachments" => Valid is not null,
        _ => false,
    };

    private bool HasConfig()
    {
        if (Capabilities.Count == 0) return false;
        foreach (KeyValuePair<string, string> pair in Capabilities)
        {
            if (Has(pair.Key)) return true;
        }
        return false;
    }

    private bool Has(string capability) => Plugin.Object("capabilities") is { } all && all.Json.TryGetProperty(capability, out JsonElement has) && has.ValueKind == JsonValueKind.True;

    private void WriteConfig(JsonWriter json)
    {
        json.WriteStartObject("runtimeConfig"u8);
        foreach (KeyValuePair<string, string> pair in Capabilities)
        {
            if (!Has(pair.Key)) continue;
            json.WriteName(pair.Key);
            json.WriteRawValue(pair.Value);
        }
        json.WriteEndObject();
    }

    private static void WriteValid(JsonWriter json, ReadOnlySpan<byte> name, IReadOnlyList<AttachmentId> valid)
    {
        json.WriteStartArray(name);
        foreach (AttachmentId one in valid)
        {
            json.WriteStartObject();
            json.WriteText("containerID"u8, one.ContainerId);
            json.WriteText("ifname"u8, one.InterfaceName);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
