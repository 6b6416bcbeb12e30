// temporary
using Berth.Network.Contract;
using Berth.Network.Plugins;
namespace Berth.Network.Runtime;
internal static class AddressPlugin
{
    private static IPlugin P(PluginCall c) => BuiltIn.Find(c.Configuration.Ipam!.Type)!;
    public static CniResult Add(PluginCall c) => P(c).Add(c);
    public static void Delete(PluginCall c) => P(c).Delete(c);
    public static void Check(PluginCall c) => P(c).Check(c);
    public static void Collect(PluginCall c) => P(c).Collect(c);
    public static void Status(PluginCall c) => P(c).Status(c);
}
