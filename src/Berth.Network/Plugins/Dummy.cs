// Plugin dummy: an interface that only carries addresses.
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

internal sealed class Dummy : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        RequireIpam(call);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        NetworkLink link = StackedInterface.MakeHere(sandbox.Links, new LinkSpec { Name = call.InterfaceName, Kind = new LinkKind.Dummy() }, sandbox.Path);
        return StackedInterface.Address(call, sandbox, link, given: null, notify: false);
    }

    private static void RequireIpam(PluginCall call)
    {
        if (!IpamPlugin.IsNamed(call)) throw CniException.Wrong("dummy needs addresses: ipam names no type");
    }

    public void Delete(PluginCall call) => StackedInterface.Delete(call);

    public void Check(PluginCall call)
    {
        RequireIpam(call);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        NetworkLink link = StackedInterface.Check(call, sandbox, "dummy");
        if (!link.IsUp) throw CniException.Failed($"interface {link.Name} in {sandbox.Path} is down");
    }

    public void Collect(PluginCall call) => IpamPlugin.Collect(call);

    public void Status(PluginCall call) => IpamPlugin.Status(call);
}
