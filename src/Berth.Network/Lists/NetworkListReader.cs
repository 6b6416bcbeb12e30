// Reads a network configuration list as libcni does.
using System.Text.Json;
using Berth.Network.Contract;

namespace Berth.Network.Lists;

/// <summary>From JSON to a list; faults are <see cref="CniException"/>s here.</summary>
internal static class NetworkListReader
{
    public static NetworkList Read(ReadOnlyMemory<byte> utf8)
    {
        PluginConfiguration list = CniJson.Configuration(utf8);
        string name = list.Text("name") ?? throw CniException.Wrong("it has no name");
        CniNames.RequireNetworkName(name);
        bool inlined = Flag(list, "loadOnlyInlinedPlugins");
        List<PluginConfiguration> plugins = [];
        if (list.Member("plugins") is not null)
        {
            foreach (JsonElement plugin in list.Elements("plugins")) plugins.Add(Plugin(plugin));
            if (plugins.Count == 0) throw CniException.Wrong("plugins is empty");
        }
        else if (inlined) throw CniException.Wrong("loadOnlyInlinedPlugins is true, and there are no plugins");
        return new NetworkList
        {
            Name = name,
            CniVersion = Version(list),
            DisableCheck = Flag(list, "disableCheck"),
            DisableCollect = Flag(list, "disableGC"),
            LoadOnlyInlinedPlugins = inlined,
            Plugins = plugins,
            Text = utf8,
        };
    }

    /// <summary>A plugin's object: it must say its type.</summary>
    public static PluginConfiguration Plugin(JsonElement json)
    {
        PluginConfiguration plugin = new(json);
        if (json.ValueKind != JsonValueKind.Object) throw CniException.Wrong("a plugin is no object");
        if (plugin.Type.Length == 0) throw CniException.Wrong("a plugin has no type");
        return plugin;
    }

    /// <summary>The newest version that both sides speak; a newer one alone is left to the plugins to refuse.</summary>
    private static string Version(PluginConfiguration list)
    {
        string said = list.Text("cniVersion") ?? "";
        string best = "";
        if (list.Member("cniVersions") is not null)
        {
            foreach (string version in list.Texts("cniVersions")) best = Newer(best, version);
            if (said.Length > 0) best = Newer(best, said);
        }
        if (best.Length > 0) return best;
        return said.Length > 0 ? said : CniVersions.Oldest;
    }

    private static string Newer(string best, string version)
    {
        if (!CniVersions.AtLeast(CniVersions.Current, version)) return best;
        return best.Length == 0 || CniVersions.AtLeast(version, best) ? version : best;
    }

    /// <summary>True and false may also come as texts.</summary>
    private static bool Flag(PluginConfiguration list, string name)
    {
        if (list.Member(name) is not { ValueKind: JsonValueKind.String } text) return list.Flag(name);
        return text.GetString()!.ToLowerInvariant() switch
        {
            "true" => true,
            "false" => false,
            _ => throw CniException.Wrong($"{name} is {text.GetRawText()}, and true or false is wanted"),
        };
    }
}
