// A plugin that has another one do a part of its work.
using System.Text;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>Calls a plugin from within a plugin: ours like a function, another one as a program out of <see cref="PluginCall.Path"/>.</summary>
public static class OtherPlugin
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Passes the call on, with its command, attachment and environment.</summary>
    /// <param name="type">The plugin.</param>
    /// <param name="call">The call; its configuration is what the plugin reads.</param>
    /// <returns>The result of ADD, else null.</returns>
    /// <exception cref="CniException">What it said, or that there is none.</exception>
    public static CniResult? Call(string type, PluginCall call)
    {
        ArgumentNullException.ThrowIfNull(call);
        PluginCalls.RequireVersion(call.Command, call.Configuration.CniVersion);
        if (BuiltIn.Find(type) is { } ours) return PluginCalls.Perform(ours, call);
        string path = ExecutedPlugin.Find(type, call.Path) ?? throw ExecutedPlugin.Missing(type, call.Path);
        // It may look at the rules, or make its own.
        call.Rules.Commit();
        return ExecutedPlugin.Call(path, call, Encoding.UTF8.GetBytes(call.Configuration.Json.GetRawText()), Patience);
    }

    /// <summary>Passes ADD on with a configuration made for the other plugin, such as flannel's for bridge.</summary>
    /// <inheritdoc cref="Call(string, PluginCall)"/>
    public static CniResult? Call(PluginCall call, ReadOnlyMemory<byte> configuration)
    {
        ArgumentNullException.ThrowIfNull(call);
        PluginConfiguration other = CniJson.Configuration(configuration);
        CniResult? previous = other.Member("prevResult") is { } json ? CniJson.ReadResult(json, other.CniVersion) : null;
        return Call(other.Type, call with { Configuration = other, PreviousResult = previous });
    }
}
