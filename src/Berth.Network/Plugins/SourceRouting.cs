// Plugin sbr: packets from an address of an interface leave by that interface, whatever the other interfaces' routes say.
using System.Net;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>Each address gets a routing table of its own, with the interface's routes in it, and a rule that leads there.</summary>
internal sealed class SourceRouting : IPlugin
{
    private const uint FirstTable = 100, Main = 254;
    private const byte OnLink = 253;

    public CniResult Add(PluginCall call)
    {
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("sbr must follow another plugin of a list: prevResult is missing");
        if (previous.Addresses.Count == 0) throw CniException.Failed($"no addresses were given to interface {call.InterfaceName}");
        List<CniAddress> addresses = AddressesOf(previous, call.InterfaceName);
        IPAddress?[] gateways = Gateways(call.Configuration);
        using Sandbox sandbox = Open(call);
        try
        {
            if (Table(call.Configuration) is { } table)
            {
                foreach (CniAddress address in addresses) sandbox.Links.Add(Rule(address, table));
            }
            else Move(call, sandbox, addresses, gateways);
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot route {call.InterfaceName} in {sandbox.Path} by source: {e.Message}", e);
        }
        return previous;
    }

    // Two of these at the same time would choose the same table.
    private static Sandbox Open(PluginCall call)
    {
        Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        KernelPath.Lock(sandbox.Namespace, wait: true);
        return sandbox;
    }

    private static uint? Table(PluginConfiguration configuration) => configuration.Number("table") switch
    {
        null => null,
        >= 0 and <= uint.MaxValue and { } table => (uint)table,
        { } wrong => throw CniException.Wrong($"table is {wrong}, and must be 0 to {uint.MaxValue}"),
    };

    // gateways: one a version, before those of the addresses.
    private static IPAddress?[] Gateways(PluginConfiguration configuration)
    {
        IPAddress?[] gateways = [null, null];
        foreach (string text in configuration.Texts("gateways"))
        {
            IPAddress gateway = AddressText.TryParse(text) ?? throw CniException.Wrong($"gateways has {text}, which is no IP address");
            int version = gateway.GetAddressBytes().Length == 4 ? 0 : 1;
            if (gateways[version] is not null) throw CniException.Wrong($"gateways has both {AddressText.Of(gateways[version]!)} and {text}, and one of each version is taken");
            gateways[version] = gateway;
        }
        return gateways;
    }

    /// <summary>Those of the interface, and those of which it is not said whose they are.</summary>
    private static List<CniAddress> AddressesOf(CniResult result, string name)
    {
        List<CniAddress> addresses = [];
        foreach (CniAddress address in result.Addresses)
        {
            bool another = address.Interface is { } index && index >= 0 && index < result.Interfaces.Count && result.Interfaces[index].Name != name;
            if (!another) addresses.Add(address);
        }
        return addresses;
    }

    private static RoutingRule Rule(CniAddress address, uint table) => new() { Source = address.Address.Address, SourceLength = address.Address.Bits, Table = table };

    private static void Move(PluginCall call, Sandbox sandbox, List<CniAddress> addresses, IPAddress?[] gateways)
    {
        RouteNetlink links = sandbox.Links;
        NetworkLink link = sandbox.Find(call.InterfaceName);
        List<NetworkRoute> routes = [.. links.Routes(version6: false), .. links.Routes(version6: true)];
        routes.RemoveAll(r => r.Link != link.Index);
        HashSet<uint> taken = TakenTables(links);
        uint table = FirstTable;
        foreach (CniAddress address in addresses)
        {
            while (!taken.Add(table)) table++;
            links.Add(Rule(address, table));
            IPAddress? gateway = gateways[address.Address.Is4 ? 0 : 1] ?? address.Gateway;
            // The plugin before may have left it out, or taken it away.
            if (gateway is not null) links.Add(new NetworkRoute { Destination = address.Address.Is4 ? IPAddress.Any : IPAddress.IPv6Any, PrefixLength = 0, Gateway = gateway, Link = link.Index, Table = table, Scope = 0 });
            foreach (NetworkRoute route in routes)
            {
                bool its = route.Source is null && route.Gateway is null;
                its |= route.Source is { } source && address.Address.Contains(source);
                its |= route.Gateway is { } through && address.Address.Contains(through);
                if (its) links.Add(route with { Table = table }, replace: true);
            }
        }
        // After all copies are made: one may be reached through another.
        if (call.Configuration.Flag("addSourceHints")) AddHints(links, link, addresses);
        foreach (NetworkRoute route in routes)
        {
            if (!call.Configuration.Flag("addSourceHints") || route.Scope != OnLink) TryRemove(links, route);
        }
    }

    private static HashSet<uint> TakenTables(RouteNetlink links)
    {
        HashSet<uint> taken = [];
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (RoutingRule rule in links.Rules(six)) taken.Add(rule.Table);
            foreach (NetworkRoute route in links.Routes(six, table: 0)) taken.Add(route.Table);
        }
        return taken;
    }

    private static void AddHints(RouteNetlink links, NetworkLink link, List<CniAddress> addresses)
    {
        foreach (CniAddress address in addresses)
        {
            IpPrefix network = address.Address.Network;
            links.Add(new NetworkRoute { Destination = network.Address, PrefixLength = network.Length, Link = link.Index, Source = address.Address.Address, Table = Main, Scope = OnLink }, replace: true);
        }
    }

    private static void TryRemove(RouteNetlink links, NetworkRoute route)
    {
        try
        {
            links.Remove(route);
        }
        // The kernel took it away with another one.
        catch (LinuxException e) when (e.Errno == Errno.ESRCH)
        {
        }
    }

    public void Delete(PluginCall call)
    {
        uint? table = Table(call.Configuration);
        using Sandbox? sandbox = Sandbox.TryOpen(call.NetworkNamespace);
        if (sandbox is null) return;
        KernelPath.Lock(sandbox.Namespace, wait: true);
        List<IPAddress> addresses = [];
        if (call.PreviousResult is { } previous)
        {
            foreach (CniAddress address in AddressesOf(previous, call.InterfaceName)) addresses.Add(address.Address.Address);
        }
        if (sandbox.Links.Find(call.InterfaceName) is { } link)
        {
            foreach (LinkAddress address in sandbox.Links.Addresses(link.Index)) addresses.Add(address.Address);
        }
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (RoutingRule rule in sandbox.Links.Rules(six))
            {
                if (rule.Source is { } source && addresses.Contains(source) && (table is null || table == rule.Table)) sandbox.Links.Remove(rule);
            }
        }
    }

    public void Check(PluginCall call)
    {
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("prevResult is missing");
        uint? table = Table(call.Configuration);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        foreach (CniAddress address in AddressesOf(previous, call.InterfaceName))
        {
            List<RoutingRule> rules = sandbox.Links.Rules(!address.Address.Is4);
            if (!rules.Exists(r => address.Address.Address.Equals(r.Source) && (table is null || r.Table == table))) throw CniException.Failed($"there is no rule for packets from {AddressText.Of(address.Address.Address)}", null);
        }
    }

    public void Collect(PluginCall call)
    {
    }

    public void Status(PluginCall call)
    {
    }
}
