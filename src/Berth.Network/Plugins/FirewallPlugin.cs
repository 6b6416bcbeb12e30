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
        using (Firewalld? firewalld = OpenFirewalld(call.Configuration))
        {
            foreach (CniAddress address in previous.Addresses) firewalld?.Add(Zone(call.Configuration), address.Address.Address);
        }
        if (policy is not { } shut) return previous;
        if (previous.Interfaces.Count == 0 || previous.Interfaces[0].Sandbox.Length > 0) throw CniException.Wrong($"ingressPolicy {call.Configuration.Text("ingressPolicy")} needs a bridge as the first interface of prevResult", "put firewall behind bridge");
        call.Rules.Isolate(call.Configuration.NetworkName, previous.Interfaces[0].Name, shut);
        return previous;
    }

    // Nobody said which: firewalld if it runs.
    private static Firewalld? OpenFirewalld(PluginConfiguration configuration) => configuration.Text("backend") switch
    {
        "firewalld" => Firewalld.Open(),
        null or "" => Firewalld.TryOpen(),
        _ => null,
    };

    private static string Zone(PluginConfiguration configuration) => configuration.Text("firewalldZone") is { Length: > 0 } zone ? zone : Firewalld.UsualZone;

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

    public void Delete(PluginCall call)
    {
        call.Rules.Release(call.Owner);
        // Which addresses it had is known from its result alone; firewalld that does not run has none of them.
        if (call.PreviousResult is not { Addresses.Count: > 0 } previous || call.Configuration.Text("backend") is { Length: > 0 } and not "firewalld") return;
        using Firewalld? firewalld = Firewalld.TryOpen();
        foreach (CniAddress address in previous.Addresses) firewalld?.Remove(Zone(call.Configuration), address.Address.Address);
    }

    public void Check(PluginCall call)
    {
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("prevResult is missing");
        Policy(call.Configuration);
        using Firewalld? firewalld = OpenFirewalld(call.Configuration);
        foreach (CniAddress address in previous.Addresses)
        {
            if (firewalld?.Has(Zone(call.Configuration), address.Address.Address) == false) throw CniException.Failed($"{address.Address.Address} is not in zone {Zone(call.Configuration)} of firewalld any more", null);
        }
    }

    public void Collect(PluginCall call) => call.Rules.Keep(call.Configuration.NetworkName, call.Valid);

    public void Status(PluginCall call)
    {
        if (call.Configuration.Text("backend") == "firewalld") Firewalld.Open().Dispose();
    }
}
