// The configuration that plugin flannel makes for the plugin that does the work.
using System.Globalization;
using System.Text.Json;
using Berth.Network.Contract;
using Berth.Oci.Json;

namespace Berth.Network.Plugins;

/// <summary>Derives it; members are sorted by name, as the reference writes them into its file.</summary>
internal static class FlannelDelegate
{
    /// <summary>The field <c>delegate</c> with what flannel adds to it.</summary>
    /// <exception cref="CniException">It has fields that are flannel's to set.</exception>
    public static byte[] Of(PluginConfiguration flannel, FlannelSubnet subnet)
    {
        PluginConfiguration? given = flannel.Object("delegate");
        foreach (string reserved in (ReadOnlySpan<string>)["name", "ipam"])
        {
            if (given?.Member(reserved) is not null) throw CniException.Wrong($"delegate has the field {reserved}, which flannel sets");
        }
        SortedDictionary<string, string> members = Members(given);
        members["name"] = JsonText.Quote(flannel.NetworkName);
        members.TryAdd("type", "\"bridge\"");
        if (members["type"] is not ['"', ..]) throw CniException.Wrong("type of delegate is no text");
        // Where the daemon does not masquerade, the other plugin has to.
        members.TryAdd("ipMasq", subnet.Masquerades ? "false" : "true");
        members.TryAdd("mtu", subnet.Mtu.ToString(CultureInfo.InvariantCulture));
        if (members["type"] == "\"bridge\"") members.TryAdd("isGateway", "true");
        if (flannel.Text("cniVersion") is { Length: > 0 } version) members["cniVersion"] = JsonText.Quote(version);
        if (flannel.RuntimeConfig is { } asked) members["runtimeConfig"] = asked.Json.GetRawText();
        members["ipam"] = Ipam(flannel.Ipam, subnet);
        return ToJson(members);
    }

    private static SortedDictionary<string, string> Members(PluginConfiguration? from)
    {
        SortedDictionary<string, string> members = new(StringComparer.Ordinal);
        if (from is null) return members;
        foreach (JsonProperty member in from.Json.EnumerateObject()) members[member.Name] = member.Value.GetRawText();
        return members;
    }

    private static string Ipam(PluginConfiguration? given, FlannelSubnet subnet)
    {
        SortedDictionary<string, string> members = Members(given);
        members.TryAdd("type", "\"host-local\"");
        JsonWriter ranges = new();
        ranges.WriteStartArray();
        foreach (IpPrefix one in subnet.Subnets)
        {
            ranges.WriteStartArray();
            ranges.WriteStartObject();
            ranges.WriteText("subnet"u8, one.ToString());
            ranges.WriteEndObject();
            ranges.WriteEndArray();
        }
        ranges.WriteEndArray();
        members["ranges"] = Text(ranges);
        JsonWriter routes = new();
        routes.WriteStartArray();
        foreach (JsonElement route in given?.Elements("routes") ?? []) routes.WriteRawValue(route.GetRawText());
        foreach (IpPrefix network in subnet.Networks)
        {
            routes.WriteStartObject();
            routes.WriteText("dst"u8, network.ToString());
            routes.WriteEndObject();
        }
        routes.WriteEndArray();
        members["routes"] = Text(routes);
        return System.Text.Encoding.UTF8.GetString(ToJson(members));
    }

    /// <summary>The same with one member set.</summary>
    public static PluginConfiguration With(PluginConfiguration configuration, string name, string json)
    {
        SortedDictionary<string, string> members = Members(configuration);
        members[name] = json;
        return CniJson.Configuration(ToJson(members));
    }

    private static byte[] ToJson(SortedDictionary<string, string> members)
    {
        JsonWriter json = new();
        json.WriteStartObject();
        foreach (KeyValuePair<string, string> member in members)
        {
            json.WriteName(member.Key);
            json.WriteRawValue(member.Value);
        }
        json.WriteEndObject();
        return json.ToArray();
    }

    private static string Text(JsonWriter json) => System.Text.Encoding.UTF8.GetString(json.Written);
}
