// Plugin vrf: the container's interface gets into a routing domain of its own.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

internal sealed class Vrf : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        string name = Name(call);
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("vrf must follow another plugin of a list: prevResult is missing");
        long table = call.Configuration.Number("table") ?? 0;
        if (table is < 0 or > uint.MaxValue) throw CniException.Wrong($"table is {table}, and must be 0 to {uint.MaxValue}");
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        NetworkLink link = sandbox.Find(call.InterfaceName);
        if (link.Master != 0) throw CniException.Failed($"cannot put {link.Name} into vrf {name}: it belongs to {sandbox.Links.Find(link.Master)?.Name ?? $"interface {link.Master}"}");
        NetworkLink vrf = Ensure(sandbox, name, (uint)table, out bool made);
        try
        {
            Join(sandbox, vrf, link);
        }
        catch (Exception e)
        {
            if (made) sandbox.Links.Remove(vrf);
            if (e is LinuxException linux) throw CniException.Failed($"cannot put {link.Name} into vrf {name}: {linux.Message}", linux);
            throw;
        }
        return previous;
    }

    private static string Name(PluginCall call) => call.Configuration.Text("vrfname") is { Length: > 0 } name ? name : throw CniException.Wrong("vrfname is missing");

    private static NetworkLink Ensure(Sandbox sandbox, string name, uint table, out bool made)
    {
        made = false;
        if (sandbox.Links.Find(name) is { } there)
        {
            if (there.Kind != "vrf") throw CniException.Failed($"{name} in {sandbox.Path} is there and is no vrf");
            if (table != 0 && there.Detail != table) throw CniException.Failed($"vrf {name} has the routing table {there.Detail}, and should have {table}");
            return there;
        }
        made = true;
        return StackedInterface.MakeHere(sandbox.Links, new LinkSpec { Name = name, Kind = new LinkKind.Vrf { Table = table != 0 ? table : FreeTable(sandbox) }, Up = true }, sandbox.Path);
    }

    private static uint FreeTable(Sandbox sandbox)
    {
        List<NetworkLink> links = sandbox.Links.Links();
        uint table = 1;
        while (links.Exists(l => l.Kind == "vrf" && l.Detail == table)) table++;
        return table;
    }

    // With the domain an interface changes its routing table: the kernel drops its routes, and its addresses of IPv6.
    private static void Join(Sandbox sandbox, NetworkLink vrf, NetworkLink link)
    {
        const byte Everywhere = 0, Kernel = 2;
        RouteNetlink links = sandbox.Links;
        List<LinkAddress> before = links.Addresses(link.Index);
        List<NetworkRoute> routes = [.. links.Routes(version6: false), .. links.Routes(version6: true)];
        links.Change(link, new LinkChange { Master = vrf.Index });
        List<LinkAddress> after = links.Addresses(link.Index);
        foreach (LinkAddress address in before)
        {
            if (address.Local.Length != 16 || address.Scope != Everywhere || after.Exists(a => a.Address.Equals(address.Address))) continue;
            links.Add(link, address);
            AwaitLocal(links, address, vrf.Detail);
        }
        foreach (NetworkRoute route in routes)
        {
            if (route.Link == link.Index && route.Scope == Everywhere && route.Protocol != Kernel) links.Add(route with { Table = vrf.Detail }, replace: true);
        }
    }

    // Routes through an address need its own one, which the kernel makes a moment later.
    private static void AwaitLocal(RouteNetlink links, LinkAddress address, uint table)
    {
        for (int waited = 0; waited < 2500; waited += 10)
        {
            if (links.Routes(version6: true, table).Exists(r => r.PrefixLength == 128 && r.Destination.Equals(address.Address))) return;
            ShortPause.Microseconds(10_000);
        }
        throw CniException.Failed($"the address {address.Address} does not get into routing table {table}");
    }

    public void Delete(PluginCall call)
    {
        string name = Name(call);
        using Sandbox? sandbox = Sandbox.TryOpen(call.NetworkNamespace);
        if (sandbox?.Links.Find(name) is not { Kind: "vrf" } vrf) return;
        if (sandbox.Links.Find(call.InterfaceName) is { } link && link.Master == vrf.Index) sandbox.Links.Change(link, new LinkChange { Master = 0 });
        if (!sandbox.Links.Links().Exists(l => l.Master == vrf.Index)) sandbox.Links.Remove(vrf);
    }

    public void Check(PluginCall call)
    {
        string name = Name(call);
        if (call.PreviousResult is null) throw CniException.Wrong("prevResult is missing");
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        if (sandbox.Links.Find(name) is not { Kind: "vrf" } vrf) throw CniException.Failed($"there is no vrf {name} in {sandbox.Path}");
        if (sandbox.Find(call.InterfaceName).Master != vrf.Index) throw CniException.Failed($"{call.InterfaceName} does not belong to vrf {name}");
    }

    public void Collect(PluginCall call)
    {
    }

    public void Status(PluginCall call)
    {
    }
}
