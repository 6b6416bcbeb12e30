// Plugin vlan: a VLAN (802.1Q) of an interface of the host.
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

internal sealed class Vlan : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        string name = MasterName(call);
        ushort id = Id(call.Configuration);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        RouteNetlink links = StackedInterface.LinksOfMaster(call, sandbox, out RouteNetlink? owned);
        using (owned)
        {
            NetworkLink master = StackedInterface.Master(call, links, name);
            int mtu = StackedInterface.Mtu(call, master);
            if (!IpamPlugin.IsNamed(call)) throw CniException.Wrong("vlan needs addresses: ipam names no type");
            NetworkLink link = StackedInterface.Make(links, sandbox, new LinkSpec { Name = call.InterfaceName, Kind = new LinkKind.Vlan { Id = id }, Parent = master.Index, Mtu = mtu });
            return StackedInterface.WithOwnDns(call, StackedInterface.Address(call, sandbox, link, given: null, notify: false));
        }
    }

    private static string MasterName(PluginCall call) => call.Configuration.Text("master") is { Length: > 0 } name ? name : throw CniException.Wrong("master is missing: the interface whose VLAN it is to be");

    private static ushort Id(PluginConfiguration configuration) =>
        configuration.Number("vlanId") is not { } id ? (ushort)0 : id is >= 0 and <= 4094 ? (ushort)id : throw CniException.Wrong($"vlanId is {id}, and must be 0 to 4094");

    public void Delete(PluginCall call) => StackedInterface.Delete(call);

    public void Check(PluginCall call)
    {
        ushort id = Id(call.Configuration);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        RouteNetlink links = StackedInterface.LinksOfMaster(call, sandbox, out RouteNetlink? owned);
        using (owned) StackedInterface.Master(call, links, MasterName(call));
        NetworkLink link = StackedInterface.Check(call, sandbox, "vlan");
        if (link.Detail != id) throw CniException.Failed($"{link.Name} is VLAN {link.Detail}, and should be {id}");
        long mtu = call.Configuration.Number("mtu") ?? 0;
        if (mtu != 0 && mtu != link.Mtu) throw CniException.Failed($"{link.Name} has the mtu {link.Mtu}, and should have {mtu}");
    }

    public void Collect(PluginCall call) => IpamPlugin.Collect(call);

    public void Status(PluginCall call) => StackedInterface.Status(call);
}
