// The layout of our tables in the packet filter: a few chains and sets that are the same however many containers there are.
using System.Net;
using Berth.Linux.Network;

namespace Berth.Network.Firewall;

/// <summary>
/// Table <c>inet berth</c>. Rules are few and fixed; what belongs to a container is an element of a set, found by its hash:
/// a packet takes the same time with one container as with thousands, and so does a change.
/// <code>
/// ports4, ports6            protocol . port            : address . port   published on all addresses
/// ports4_at, ports6_at      address . protocol . port  : address . port   published on one address
/// hairpin4, hairpin6        address . interface        who is reached through which interface: their own packets, and the host's loopback, come back
/// masquerade_all4, …6       address                    whoever comes in by a published port comes as the host
/// masquerade4, masquerade6  address                    : jump to-SUBNET   containers whose packets leave as the host's
/// localnet                  interface                  through which 127.0.0.1 is published: from there nobody else may reach it
/// within                    interface . interface      bridges, twice the same: what stays on one bridge
/// open4, open6              address . protocol . port  ports of containers that are reached at their own addresses
/// internal, isolated, alone               interface    bridges: without outside; not from other isolated ones; ports apart
/// guarded4, …6, routed4, …6, published    interface    bridges: only published ports from outside; of which echo requests are answered; also from isolated ones
/// </code>
/// Table <c>bridge berth</c>, where hardware addresses are checked: <c>checked</c> interface, <c>allowed</c> interface . hardware address.
/// </summary>
internal static class BerthTable
{
    public static readonly NftTable Inet = new(NftFamily.Inet, "berth"), Bridge = new(NftFamily.Bridge, "berth");

    public const string Hairpin = "hairpin", MasqueradeAll = "masquerade_all", Masquerade = "masquerade", Localnet = "localnet", OpenPorts = "open", Checked = "checked", Allowed = "allowed";

    // The bit that the reference plugin takes by default, and for the same.
    private const uint Back = 1 << 13;

    private const uint Ip4 = 7, Ip6 = 8, EtherAddress = 9, InetProto = 12, InetService = 13, IfName = 41;

    /// <summary>The sets of table inet whose elements belong to attachments.</summary>
    public static readonly string[] Owned = ["ports4", "ports6", "ports4_at", "ports6_at", "hairpin4", "hairpin6", "masquerade_all4", "masquerade_all6", "masquerade4", "masquerade6", "open4", "open6"];

    /// <summary>The sets of table inet whose elements belong to networks.</summary>
    public static readonly string[] OfBridges = ["within", "internal", "isolated", "alone", "guarded4", "guarded6", "routed4", "routed6", "published"];

    public static string Of(string set, bool six) => set + (six ? "6" : "4");

    // An empty chain says how the table is laid out: raise the number whenever sets, chains or rules are others.
    private const int Number = 1;
    private const string Mark = "layout-";

    private static readonly string[] s_chains = ["publish", "within", "prerouting", "output", "postrouting", "input", "forward"];

    /// <summary>Whether the table is there, and what is to be done before something can be added to it.</summary>
    public static (bool IsThere, NftTransaction? Preparation) Look(Nftables nft)
    {
        if (nft.HasChain(Inet, $"{Mark}{Number}")) return (true, null);
        if (!nft.Has(Inet)) return (false, SetUp([]));
        // Of another build. What a newer one has is enough; an older one's is completed, and what containers have in it stays.
        List<string> older = [];
        foreach (NftChain chain in nft.Chains(NftFamily.Inet, Inet.Name))
        {
            if (!chain.Name.StartsWith(Mark, StringComparison.Ordinal)) continue;
            if (int.TryParse(chain.Name.AsSpan(Mark.Length), out int its) && its > Number) return (true, null);
            older.Add(chain.Name);
        }
        return (true, SetUp(older, complete: true));
    }

    /// <summary>Makes the table, or what is missing of it.</summary>
    private static NftTransaction SetUp(List<string> marks, bool complete = false)
    {
        NftTransaction t = new();
        t.Add(Inet, exclusive: !complete);
        foreach (bool six in (ReadOnlySpan<bool>)[false, true]) AddressSets(t, six);
        t.AddSet(Inet, new NftSet(Localnet, IfName, [16]));
        t.AddSet(Inet, new NftSet("within", NftSet.Type(IfName, IfName), [16, 16]));
        foreach (string set in OfBridges.AsSpan(1)) t.AddSet(Inet, new NftSet(set, IfName, [16]));
        t.AddChain(Inet, "publish");
        t.AddChain(Inet, "within");
        // prerouting 0, output 3: dstnat; postrouting 4: srcnat; input 1 and forward 2 before other filters.
        t.AddChain(Inet, "prerouting", new NftHook("nat", 0, -100));
        t.AddChain(Inet, "output", new NftHook("nat", 3, -100));
        t.AddChain(Inet, "postrouting", new NftHook("nat", 4, 100));
        t.AddChain(Inet, "input", new NftHook("filter", 1, -10));
        t.AddChain(Inet, "forward", new NftHook("filter", 2, -10));
        t.AddChain(Inet, $"{Mark}{Number}");
        foreach (string mark in marks) t.RemoveChain(Inet, mark);
        if (complete)
        {
            foreach (string chain in s_chains) t.Flush(Inet, chain);
        }
        t.AddRule(Inet, "prerouting", new NftRule().LocalDestination().Jump("publish"));
        t.AddRule(Inet, "output", new NftRule().LocalDestination().Jump("publish"));
        t.AddRule(Inet, "postrouting", new NftRule().Mark(Back).Masquerade());
        foreach (bool six in (ReadOnlySpan<bool>)[false, true]) AddressRules(t, six);
        // Where 127.0.0.1 may cross an interface, it must not be reached from there otherwise (as CVE-2020-8558 had it).
        // Answers to the host's own connections to a published port come back that way: their destination was changed.
        t.AddRule(Inet, "input", new NftRule().LoadInput().In(Localnet).Destination(new IPAddress([127, 0, 0, 0]), 8).DestinationChanged(not: true).Drop());
        Forwarding(t);
        return t;
    }

    private static void AddressSets(NftTransaction t, bool six)
    {
        uint address = six ? Ip6 : Ip4;
        int length = six ? 16 : 4;
        t.AddSet(Inet, new NftSet(Of("ports", six), NftSet.Type(InetProto, InetService), [1, 2]) { DataType = NftSet.Type(address, InetService), DataLength = length + 4 });
        t.AddSet(Inet, new NftSet(Of("ports", six) + "_at", NftSet.Type(address, InetProto, InetService), [length, 1, 2]) { DataType = NftSet.Type(address, InetService), DataLength = length + 4 });
        t.AddSet(Inet, new NftSet(Of(OpenPorts, six), NftSet.Type(address, InetProto, InetService), [length, 1, 2]));
        t.AddSet(Inet, new NftSet(Of(Hairpin, six), NftSet.Type(address, IfName), [length, 16]));
        t.AddSet(Inet, new NftSet(Of(MasqueradeAll, six), address, [length]));
        t.AddSet(Inet, new NftSet(Of(Masquerade, six), address, [length]) { DataType = NftSet.Verdict });
    }

    private static void AddressRules(NftTransaction t, bool six)
    {
        int length = six ? 16 : 4;
        t.AddRule(Inet, "publish", new NftRule().Version(six).LoadDestination(six).LoadProtocol(length).LoadPort(length + 4).Map(Of("ports", six) + "_at").ChangeDestination(six));
        t.AddRule(Inet, "publish", new NftRule().Version(six).LoadProtocol().LoadPort(4).Map(Of("ports", six)).ChangeDestination(six));
        t.AddRule(Inet, "postrouting", new NftRule().DestinationChanged().Source(six ? IPAddress.IPv6Loopback : new IPAddress([127, 0, 0, 0]), six ? 128 : 8).LoadDestination(six).LoadOutput(length).In(Of(Hairpin, six)).Masquerade());
        t.AddRule(Inet, "postrouting", new NftRule().DestinationChanged().Version(six).LoadDestination(six).In(Of(MasqueradeAll, six)).Masquerade());
        t.AddRule(Inet, "postrouting", new NftRule().Version(six).LoadSource(six).VerdictMap(Of(Masquerade, six)));
    }

    private static void Forwarding(NftTransaction t)
    {
        const uint EstablishedOrRelated = 2 | 4;
        t.AddRule(Inet, "forward", new NftRule().ConnectionState(EstablishedOrRelated).Accept());
        // Whoever asks a published port from behind the same interface would get the answer past the host, from a stranger.
        // Where a packet came in is not known any more when its source is chosen: so it is marked here.
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            t.AddRule(Inet, "forward", new NftRule().DestinationChanged().Version(six).LoadDestination(six).LoadInput(six ? 16 : 4).In(Of(Hairpin, six)).SetMark(Back));
        }
        t.AddRule(Inet, "forward", new NftRule().LoadInput().LoadOutput(16).In("within").Jump("within"));
        t.AddRule(Inet, "forward", new NftRule().LoadInput().In("internal").Drop());
        t.AddRule(Inet, "forward", new NftRule().LoadOutput().In("internal").Drop());
        // What is published is so for other networks as well: at the host's address, or at the container's own.
        t.AddRule(Inet, "forward", new NftRule().DestinationChanged().LoadOutput().In("published").Accept());
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            int length = six ? 16 : 4;
            t.AddRule(Inet, "forward", new NftRule().Version(six).LoadDestination(six).LoadProtocol(length).LoadPort(length + 4).In(Of(OpenPorts, six)).Accept());
            t.AddRule(Inet, "forward", new NftRule().Version(six).Protocol(six ? (byte)58 : (byte)1).LoadOutput().In(Of("routed", six)).Accept());
        }
        t.AddRule(Inet, "forward", new NftRule().LoadInput().In("isolated").LoadOutput().In("isolated").Drop());
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            t.AddRule(Inet, "forward", new NftRule().Version(six).LoadOutput().In(Of("guarded", six)).DestinationChanged(not: true).Drop());
        }
        t.AddRule(Inet, "within", new NftRule().LoadInput().In("alone").Drop());
        t.AddRule(Inet, "within", new NftRule().Accept());
    }

    public static NftTransaction SetUpBridge() => new NftTransaction()
        .Add(Bridge, exclusive: true)
        .AddSet(Bridge, new NftSet(Checked, IfName, [16]))
        .AddSet(Bridge, new NftSet(Allowed, NftSet.Type(IfName, EtherAddress), [16, 6]))
        .AddChain(Bridge, "prerouting", new NftHook("filter", 0, -300))
        .AddRule(Bridge, "prerouting", new NftRule().LoadInput().In(Checked).LoadInput().LoadSourceMac(16).In(Allowed, not: true).Drop());

    /// <summary>Chain for the containers of a subnet: what stays in it, and what goes to groups, leaves as it is.</summary>
    public static string SubnetChain(Contract.IpPrefix subnet) => $"to-{subnet.Network.Address}-{subnet.Length}";

    public static void AddSubnetChain(NftTransaction t, Contract.IpPrefix subnet)
    {
        string name = SubnetChain(subnet);
        Contract.IpPrefix network = subnet.Network;
        t.AddChain(Inet, name, exclusive: true);
        t.AddRule(Inet, name, new NftRule().Destination(network.Address, network.Length).Return());
        t.AddRule(Inet, name, subnet.Is4 ? new NftRule().Destination(new IPAddress([224, 0, 0, 0]), 4).Return() : new NftRule().Destination(IPAddress.Parse("ff00::"), 8).Return());
        t.AddRule(Inet, name, new NftRule().Masquerade());
    }
}
