// Plugin firewall: the host's packet filters let the container's packets through, and bridges are shut off from one another.
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Firewall;

namespace Berth.Network.Plugins;

internal sealed class FirewallPlugin : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("firewall must follow another plugin of a list: prevResult is missing");
        RuleOwner owner = call.Owner;
        BridgePolicy? policy = Policy(call.Configuration);
        foreach (CniAddress address in previous.Addresses) call.Rules.PassForeignFilters(owner, address.Address.Address);
        if (policy is not { } shut) return previous;
        if (previous.Interfaces.Count == 0 || previous.Interfaces[0].Sandbox.Length > 0) throw CniException.Wrong($"ingressPolicy {call.Configuration.Text("ingressPolicy")} needs a bridge as the first interface of prevResult", "put firewall behind bridge");
        call.Rules.Isolate(call.Configuration.NetworkName, previous.Interfaces[0].Name, shut);
        return previous;
    }

    private static BridgePolicy? Policy(PluginConfiguration configuration)
    {
        if (configuration.Text("backend") is { Length: > 0 } and not ("iptables" or "nftables" or "firewalld") and { } other) throw CniException.Wrong($"backend {other} is not known", "iptables, nftables and firewalld are");
        return configuration.Text("ingressPolicy") switch
        {
            null or "" or "open" => null,
            "same-bridge" => BridgePolicy.Isolated,
            "isolated" => BridgePolicy.Isolated | BridgePolicy.Alone,
            { } unknown => throw CniException.Wrong($"ingressPolicy {unknown} is not known", "open, same-bridge and isolated are"),
        };
    }

    public void Delete(PluginCall call) => call.Rules.Release(call.Owner);

    public void Check(PluginCall call)
    {
        if (call.PreviousResult is null) throw CniException.Wrong("prevResult is missing");
        Policy(call.Configuration);
    }

    public void Collect(PluginCall call) => call.Rules.Keep(call.Configuration.NetworkName, call.Valid);

    public void Status(PluginCall call)
    {
    }
}
