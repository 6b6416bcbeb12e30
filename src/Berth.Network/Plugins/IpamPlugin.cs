// Where a plugin's addresses come from: the plugin that its configuration names under ipam.
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>The plugin that a configuration's <c>ipam</c> names: where addresses come from.</summary>
public static class IpamPlugin
{
    /// <summary>Whether one is named; without it an interface has no addresses.</summary>
    public static bool IsNamed(PluginCall call) => Type(call).Length > 0;

    /// <summary>Gets addresses.</summary>
    /// <exception cref="CniException">There are none.</exception>
    public static CniResult Add(PluginCall call) => Pass(call, CniCommand.Add)!;

    /// <summary>Gives them back; none named is nothing to do.</summary>
    /// <exception cref="CniException">It did not work.</exception>
    public static void Delete(PluginCall call) => Pass(call, CniCommand.Delete);

    /// <summary>Whether they are still the container's.</summary>
    /// <exception cref="CniException">They are not.</exception>
    public static void Check(PluginCall call) => Pass(call, CniCommand.Check);

    /// <summary>Gives back those of attachments that are not valid.</summary>
    /// <exception cref="CniException">It did not work.</exception>
    public static void Collect(PluginCall call) => Pass(call, CniCommand.Collect);

    /// <summary>Whether there are addresses to be had.</summary>
    /// <exception cref="CniException">There are not.</exception>
    public static void Status(PluginCall call) => Pass(call, CniCommand.Status);

    /// <summary>Whether giving addresses back is said through the interface that has them: before it is removed.</summary>
    public static bool NeedsInterface(PluginCall call) => Type(call) == "dhcp";

    private static string Type(PluginCall call) => call.Configuration.Ipam?.Type ?? "";

    private static CniResult? Pass(PluginCall call, CniCommand command)
    {
        ArgumentNullException.ThrowIfNull(call);
        string type = Type(call);
        // An ADD that fails takes its addresses back: DEL with the ADD's call.
        if (type.Length > 0) return OtherPlugin.Call(type, call with { Command = command });
        return command == CniCommand.Add ? throw CniException.Wrong("cannot get addresses: ipam names no type") : null;
    }
}
