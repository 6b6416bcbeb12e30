// The words by which a configuration says how a bridge is shut off.
namespace Berth.Network.Firewall;

/// <summary>Reads them.</summary>
public static class BridgePolicies
{
    /// <summary>What a word of <c>berth.policy</c> means; null: nothing.</summary>
    public static BridgePolicy? Of(string word) => word switch
    {
        "internal" => BridgePolicy.Internal,
        "isolated" => BridgePolicy.Isolated,
        "alone" => BridgePolicy.Alone,
        "guarded4" => BridgePolicy.Guarded4,
        "guarded6" => BridgePolicy.Guarded6,
        "routed4" => BridgePolicy.Routed4,
        "routed6" => BridgePolicy.Routed6,
        "published" => BridgePolicy.Published,
        _ => null,
    };
}
