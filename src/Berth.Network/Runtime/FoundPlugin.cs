// A plugin of a type: ours, or a program in a folder.
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Plugins;

namespace Berth.Network.Runtime;

/// <summary>One of the two is not null.</summary>
internal readonly record struct FoundPlugin(IPlugin? Ours, string Path)
{
    /// <summary>Looks for a plugin where the options say.</summary>
    /// <exception cref="CniException">There is none.</exception>
    public static FoundPlugin Find(CniRuntimeOptions options, string type)
    {
        IPlugin? ours = BuiltIn.Find(type);
        if (ours is not null && options.Prefer == Prefer.InProcess) return new(ours, "");
        if (ExecutedPlugin.Find(type, options.PluginFolders) is { } path) return new(null, path);
        return ours is not null ? new(ours, "") : throw ExecutedPlugin.Missing(type, options.PluginFolders);
    }

    public IReadOnlyList<string> Versions(TimeSpan timeout) => Ours is null ? ExecutedPlugin.Versions(Path, timeout) : CniVersions.All;
}
