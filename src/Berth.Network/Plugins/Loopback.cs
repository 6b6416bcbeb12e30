// Plugin loopback: the container's own interface lo is brought up.
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

internal sealed class Loopback : IPlugin
{
    private const string Name = "lo";

    public CniResult Add(PluginCall call)
    {
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        NetworkLink link = sandbox.Find(Name);
        if (!link.IsUp) sandbox.Links.SetUp(link, up: true);
        List<CniAddress> addresses = [];
        foreach (LinkAddress address in sandbox.Links.Addresses(link.Index))
        {
            if (!System.Net.IPAddress.IsLoopback(address.Address)) throw CniException.Failed($"{Name} in {sandbox.Path} has the address {address.Address}, which is none of a loopback");
            bool first = !addresses.Exists(a => a.Address.Is4 == (address.Local.Length == 4));
            if (first) addresses.Add(new CniAddress { Address = new IpPrefix(address.Address, address.PrefixLength), Interface = 0 });
        }
        return call.PreviousResult ?? new CniResult
        {
            Interfaces = [new CniInterface { Name = Name, Mac = "00:00:00:00:00:00", Sandbox = sandbox.Path }],
            Addresses = addresses,
        };
    }

    public void Delete(PluginCall call)
    {
        if (call.NamespaceEnds) return;
        using Sandbox? sandbox = Sandbox.TryOpen(call.NetworkNamespace);
        if (sandbox?.Links.Find(Name) is { IsUp: true } link) sandbox.Links.SetUp(link, up: false);
    }

    public void Check(PluginCall call)
    {
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        if (!sandbox.Find(Name).IsUp) throw CniException.Failed($"{Name} in {sandbox.Path} is down");
    }

    public void Collect(PluginCall call)
    {
    }

    public void Status(PluginCall call)
    {
    }
}
