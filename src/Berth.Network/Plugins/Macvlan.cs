// Plugin macvlan: an interface with a hardware address of its own on an interface of the host.
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

internal sealed class Macvlan : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        uint mode = Mode(call.Configuration);
        byte[] mac = HostNetwork.ParseMac(WantedMac(call));
        long queue = call.Configuration.Number("bcqueuelen") ?? 0;
        if (queue is < 0 or > uint.MaxValue) throw CniException.Wrong($"bcqueuelen is {queue}, and must be 0 to {uint.MaxValue}");
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        RouteNetlink links = StackedInterface.LinksOfMaster(call, sandbox, out RouteNetlink? owned);
        using (owned)
        {
            NetworkLink master = StackedInterface.Master(call, links, call.Configuration.Text("master") ?? "");
            NetworkLink link = StackedInterface.Make(links, sandbox, new LinkSpec
            {
                Name = call.InterfaceName,
                Kind = new LinkKind.Macvlan { Mode = mode, BroadcastQueueLength = (uint)queue },
                Parent = master.Index,
                Mtu = StackedInterface.Mtu(call, master),
                HardwareAddress = mac,
            });
            return StackedInterface.WithOwnDns(call, StackedInterface.Address(call, sandbox, link, given: null, notify: true));
        }
    }

    private static string WantedMac(PluginCall call) => HostNetwork.WantedMac(call) is { Length: > 0 } asked ? asked : call.Configuration.Text("mac") ?? "";

    private static uint Mode(PluginConfiguration configuration) => configuration.Text("mode") switch
    {
        null or "" or "bridge" => 4,
        "private" => 1,
        "vepa" => 2,
        "passthru" => 8,
        { } unknown => throw CniException.Wrong($"mode {unknown} of a macvlan is not known", "bridge, private, vepa and passthru are"),
    };

    public void Delete(PluginCall call) => StackedInterface.Delete(call);

    public void Check(PluginCall call)
    {
        uint mode = Mode(call.Configuration);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        RouteNetlink links = StackedInterface.LinksOfMaster(call, sandbox, out RouteNetlink? owned);
        using (owned) StackedInterface.Mtu(call, StackedInterface.Master(call, links, call.Configuration.Text("master") ?? ""));
        NetworkLink link = StackedInterface.Check(call, sandbox, "macvlan");
        if (link.Detail != mode) throw CniException.Failed($"{link.Name} has the mode {link.Detail} of a macvlan, and should have {mode}");
    }

    public void Collect(PluginCall call) => IpamPlugin.Collect(call);

    public void Status(PluginCall call) => StackedInterface.Status(call);
}
