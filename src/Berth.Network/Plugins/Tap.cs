// Plugin tap: an interface of the container whose other end is a program, such as a virtual machine's.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

internal sealed class Tap : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        PluginConfiguration c = call.Configuration;
        TapSpec tap = new() { Name = call.InterfaceName, MultiQueue = c.Flag("multiQueue"), Owner = Id(c, "owner"), Group = Id(c, "group") };
        byte[] mac = HostNetwork.ParseMac(WantedMac(call));
        int mtu = HostNetwork.Bounded(c, "mtu", 68, 65521);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        if (sandbox.Links.Find(call.InterfaceName) is not null) throw CniException.Failed($"cannot make interface {call.InterfaceName}: {sandbox.Path} has one of that name");
        NetworkLink? bridge = Bridge(sandbox, c.Text("bridge") ?? "");
        Make(sandbox, tap, c.Text("selinuxContext") ?? "");
        NetworkLink link = sandbox.Find(call.InterfaceName);
        try
        {
            sandbox.Links.Change(link, new LinkChange { Mtu = mtu > 0 ? mtu : null, HardwareAddress = mac.Length > 0 ? mac : null, Master = bridge?.Index, Up = true });
        }
        catch (LinuxException e)
        {
            sandbox.Links.Remove(link);
            throw CniException.Failed($"cannot set up interface {link.Name} in {sandbox.Path}: {e.Message}", e);
        }
        return StackedInterface.WithOwnDns(call, StackedInterface.Address(call, sandbox, sandbox.Find(link.Name), given: null, notify: true));
    }

    private static string WantedMac(PluginCall call) => HostNetwork.WantedMac(call) is { Length: > 0 } asked ? asked : call.Configuration.Text("mac") ?? "";

    private static uint? Id(PluginConfiguration configuration, string name) => configuration.Number(name) switch
    {
        null => null,
        >= 0 and < uint.MaxValue and { } id => (uint)id,
        { } wrong => throw CniException.Wrong($"{name} is {wrong}, and must be a number of a user or group"),
    };

    private static NetworkLink? Bridge(Sandbox sandbox, string name) =>
        name.Length == 0 ? null : sandbox.Links.Find(name) is { Kind: "bridge" } bridge ? bridge : throw CniException.Failed($"cannot find the bridge {name} in {sandbox.Path}");

    private static void Make(Sandbox sandbox, TapSpec tap, string label)
    {
        try
        {
            sandbox.Visit(() =>
            {
                if (label.Length > 0) LabelledTap.Make(tap, label);
                else TapDevice.Make(tap);
            });
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot make tap {tap.Name} in {sandbox.Path}: {e.Message}", e);
        }
    }

    public void Delete(PluginCall call) => StackedInterface.Delete(call);

    public void Check(PluginCall call)
    {
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        StackedInterface.Check(call, sandbox, "tun");
    }

    public void Collect(PluginCall call) => IpamPlugin.Collect(call);

    public void Status(PluginCall call)
    {
        IpamPlugin.Status(call);
        if (!KernelFile.Exists("/dev/net/tun")) throw new CniException(CniCode.NotAvailable, "taps cannot be made: there is no /dev/net/tun", "load the module tun");
    }
}
