// A network's configuration: plugins in the order in which they attach.
using System.Text;
using System.Text.Json;
using Berth.Network.Contract;
using Berth.Oci.Faults;
using Berth.Oci.Json;

namespace Berth.Network.Lists;

/// <summary>A network configuration list (specification 1.1, section 1).</summary>
public sealed record NetworkList
{
    /// <summary>name.</summary>
    public required string Name { get; init; }

    /// <summary>The newest of cniVersion and cniVersions that is spoken.</summary>
    public required string CniVersion { get; init; }

    /// <summary>disableCheck: CHECK does nothing.</summary>
    public bool DisableCheck { get; init; }

    /// <summary>disableGC: GC does nothing.</summary>
    public bool DisableCollect { get; init; }

    /// <summary>loadOnlyInlinedPlugins: files beside the list are not plugins of it.</summary>
    public bool LoadOnlyInlinedPlugins { get; init; }

    /// <summary>plugins, as they were written.</summary>
    public required IReadOnlyList<PluginConfiguration> Plugins { get; init; }

    /// <summary>The text of the list, which is kept with an attachment.</summary>
    public required ReadOnlyMemory<byte> Text { get; init; }

    /// <summary>Reads a list.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is none.</exception>
    public static NetworkList Parse(ReadOnlyMemory<byte> utf8) => Guard("a list of plugins", () => NetworkListReader.Read(utf8));

    /// <summary>Reads the configuration of one plugin as a list of one.</summary>
    /// <exception cref="BerthException">InvalidArgument: it is none.</exception>
    public static NetworkList ParseSingle(ReadOnlyMemory<byte> utf8) => Guard("a plugin's configuration", () =>
    {
        PluginConfiguration plugin = NetworkListReader.Plugin(CniJson.Configuration(utf8).Json);
        JsonWriter json = new();
        json.WriteStartObject();
        json.WriteText("cniVersion"u8, plugin.Text("cniVersion") ?? "");
        json.WriteText("name"u8, plugin.NetworkName);
        json.WriteStartArray("plugins"u8);
        json.WriteRawValue(plugin.Json.GetRawText());
        json.WriteEndArray();
        json.WriteEndObject();
        return NetworkListReader.Read(json.ToArray());
    });

    /// <inheritdoc cref="Parse(ReadOnlyMemory{byte})"/>
    public static NetworkList Parse(string json) => Parse(Encoding.UTF8.GetBytes(json));

    /// <summary>Capabilities that one of the plugins has.</summary>
    public bool HasCapability(string name)
    {
        foreach (PluginConfiguration plugin in Plugins)
        {
            if (plugin.Object("capabilities")?.Member(name) is { ValueKind: JsonValueKind.True }) return true;
        }
        return false;
    }

    internal static NetworkList Guard(string what, Func<NetworkList> read)
    {
        try
        {
            return read();
        }
        catch (CniException e)
        {
            throw new BerthException(Fault.InvalidArgument, $"cannot read {what}: {e.Message}{(e.Details is null ? "" : $" ({e.Details})")}", null, e);
        }
    }
}
