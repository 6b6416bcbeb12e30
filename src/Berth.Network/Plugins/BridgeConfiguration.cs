// What plugin bridge is told.
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Firewall;

namespace Berth.Network.Plugins;

/// <summary>The fields of plugin bridge.</summary>
internal sealed record BridgeConfiguration
{
    public required string Bridge { get; init; }

    public bool IsGateway { get; init; }

    public bool IsDefaultGateway { get; init; }

    public bool ForceAddress { get; init; }

    public bool Masquerade { get; init; }

    public int Mtu { get; init; }

    public bool Hairpin { get; init; }

    public bool Promiscuous { get; init; }

    public ushort Vlan { get; init; }

    public List<ushort> Trunk { get; init; } = [];

    public bool PreserveDefaultVlan { get; init; }

    public bool CheckMac { get; init; }

    public bool DetectDuplicates { get; init; }

    public bool DisableContainerInterface { get; init; }

    public bool PortIsolation { get; init; }

    public byte[] Mac { get; init; } = [];

    public bool HasIpam { get; init; }

    /// <summary>How the bridge is shut off: a field of ours, <c>berth.policy</c>.</summary>
    public BridgePolicy? Policy { get; init; }

    /// <summary>An alias of ours for the bridge, by which its network is found again.</summary>
    public string Alias { get; init; } = "";

    /// <summary>Versions of IP whose addresses leave as they are, whatever ipMasq says: fields of ours, <c>berth.routed4</c> and <c>berth.routed6</c>.</summary>
    public bool Routed4 { get; init; }

    /// <inheritdoc cref="Routed4"/>
    public bool Routed6 { get; init; }

    public bool FiltersVlans => Vlan != 0 || Trunk.Count > 0;

    /// <exception cref="CniException">A field is wrong, or two exclude each other.</exception>
    public static BridgeConfiguration Read(PluginCall call)
    {
        PluginConfiguration c = call.Configuration;
        BridgeConfiguration read = new()
        {
            Bridge = c.Text("bridge") is { Length: > 0 } name ? name : "cni0",
            IsDefaultGateway = c.Flag("isDefaultGateway"),
            IsGateway = c.Flag("isGateway") || c.Flag("isDefaultGateway"),
            ForceAddress = c.Flag("forceAddress"),
            Masquerade = c.Flag("ipMasq"),
            Mtu = HostNetwork.Bounded(c, "mtu", 68, 65535),
            Hairpin = c.Flag("hairpinMode"),
            Promiscuous = c.Flag("promiscMode"),
            Vlan = (ushort)HostNetwork.Bounded(c, "vlan", 1, 4094),
            Trunk = ReadTrunk(c),
            PreserveDefaultVlan = c.Flag("preserveDefaultVlan"),
            CheckMac = c.Flag("macspoofchk"),
            DetectDuplicates = c.Flag("enabledad"),
            DisableContainerInterface = c.Flag("disableContainerInterface"),
            PortIsolation = c.Flag("portIsolation"),
            Mac = HostNetwork.ParseMac(HostNetwork.WantedMac(call)),
            HasIpam = c.Ipam?.Type is { Length: > 0 },
            Policy = ReadPolicy(c.Object("berth")),
            Alias = c.Object("berth")?.Text("alias") ?? "",
            Routed4 = c.Object("berth")?.Flag("routed4") == true,
            Routed6 = c.Object("berth")?.Flag("routed6") == true,
        };
        if (read.Bridge.Length > 15 || read.Bridge.AsSpan().IndexOfAny('/', ' ') >= 0) throw CniException.Wrong($"bridge {read.Bridge} is no name of an interface", "at most 15 characters, no slash, no space");
        if (read.HasIpam && read.DisableContainerInterface) throw CniException.Wrong("ipam and disableContainerInterface exclude each other");
        if (read.Hairpin && read.Promiscuous) throw CniException.Wrong("hairpinMode and promiscMode exclude each other");
        return read;
    }

    private static BridgePolicy? ReadPolicy(PluginConfiguration? own)
    {
        if (own?.Member("policy") is null) return null;
        BridgePolicy policy = BridgePolicy.Open;
        foreach (string word in own.Texts("policy"))
        {
            policy |= BridgePolicies.Of(word) ?? throw CniException.Wrong($"berth.policy has {word}, which is none of internal, isolated, alone, guarded4, guarded6, routed4, routed6 and published");
        }
        return policy;
    }

    private static List<ushort> ReadTrunk(PluginConfiguration configuration)
    {
        SortedSet<ushort> vlans = [];
        foreach (PluginConfiguration item in configuration.Objects("vlanTrunk"))
        {
            long? least = item.Number("minID"), most = item.Number("maxID"), one = item.Number("id");
            if (least is null != most is null) throw CniException.Wrong("vlanTrunk has one of minID and maxID, and needs both");
            if (least is { } from && most is { } to)
            {
                if (from < 1 || to > 4094 || to < from) throw CniException.Wrong($"vlanTrunk has {from} to {to}, and must be within 1 to 4094");
                for (long vlan = from; vlan <= to; vlan++) vlans.Add((ushort)vlan);
            }
            if (one is { } single) vlans.Add(single is >= 1 and <= 4094 ? (ushort)single : throw CniException.Wrong($"vlanTrunk has {single}, and must be within 1 to 4094"));
        }
        return [.. vlans];
    }
}
