// Plugin ipvlan: an interface that shares the hardware address of an interface of the host.
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

internal sealed class Ipvlan : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        ushort mode = Mode(call.Configuration);
        // Behind another plugin it takes over that one's addresses.
        CniResult? given = !IpamPlugin.IsNamed(call) && call.PreviousResult is { Addresses.Count: > 0 } previous ? previous : null;
        if (given is null && !IpamPlugin.IsNamed(call)) throw CniException.Wrong("ipvlan needs addresses: ipam, or a plugin before it that gives some");
        string name = MasterName(call);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        RouteNetlink links = StackedInterface.LinksOfMaster(call, sandbox, out RouteNetlink? owned);
        using (owned)
        {
            NetworkLink master = StackedInterface.Master(call, links, name);
            NetworkLink link = StackedInterface.Make(links, sandbox, new LinkSpec
            {
                Name = call.InterfaceName,
                Kind = new LinkKind.Ipvlan { Mode = mode },
                Parent = master.Index,
                Mtu = StackedInterface.Mtu(call, master),
            });
            return StackedInterface.WithOwnDns(call, StackedInterface.Address(call, sandbox, link, given, notify: true));
        }
    }

    private static string MasterName(PluginCall call)
    {
        if (call.Configuration.Text("master") is { Length: > 0 } name) return name;
        if (call.PreviousResult is not { } previous) return "";
        return previous.Interfaces is [{ Name.Length: > 0 } only] ? only.Name : throw CniException.Failed("ipvlan has no master, and prevResult has not got exactly one interface that it could be");
    }

    internal static ushort Mode(PluginConfiguration configuration) => configuration.Text("mode") switch
    {
        null or "" or "l2" => 0,
        "l3" => 1,
        "l3s" => 2,
        { } unknown => throw CniException.Wrong($"mode {unknown} of an ipvlan is not known", "l2, l3 and l3s are"),
    };

    public void Delete(PluginCall call) => StackedInterface.Delete(call);

    public void Check(PluginCall call)
    {
        ushort mode = Mode(call.Configuration);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        if (call.Configuration.Text("master") is { Length: > 0 } name)
        {
            RouteNetlink links = StackedInterface.LinksOfMaster(call, sandbox, out RouteNetlink? owned);
            using (owned) StackedInterface.Master(call, links, name);
        }
        NetworkLink link = StackedInterface.Check(call, sandbox, "ipvlan");
        if (link.Detail != mode) throw CniException.Failed($"{link.Name} has the mode {link.Detail} of an ipvlan, and should have {mode}");
    }

    public void Collect(PluginCall call) => IpamPlugin.Collect(call);

    public void Status(PluginCall call) => StackedInterface.Status(call);
}
