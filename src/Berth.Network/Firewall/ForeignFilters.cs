// Filters that others made and that forwarded packets have to pass as well: docker's, ufw's, and those of iptables by hand.
using System.Net;
using Berth.Linux.Network;

namespace Berth.Network.Firewall;

/// <summary>A container whose packets may pass.</summary>
/// <param name="Owner">Whose address it is.</param>
/// <param name="Address">The container's address.</param>
internal sealed record ForeignPass(RuleOwner Owner, IPAddress Address);

/// <summary>
/// A chain that accepts does not help where another chain of the same hook drops: docker and ufw set the policy of iptables'
/// FORWARD to drop. So that their filter lets containers of ours through, their own table gets a chain <c>BERTH-FORWARD</c>
/// with a rule or two for each container, written as iptables writes them, so that iptables still understands its table.
/// What comes in anew from outside is let through unless ufw is there: with it, published ports obey the host's firewall.
/// </summary>
internal sealed class ForeignFilters(Nftables nft)
{
    private const string Ours = "BERTH-FORWARD";
    private static readonly NftTable s_nat = new(NftFamily.Ip, "nat");

    public void Plan(NftTransaction t, RuleChanges changes)
    {
        Marks(t, changes);
        foreach (NftTable table in (ReadOnlySpan<NftTable>)[new(NftFamily.Ip, "filter"), new(NftFamily.Ip6, "filter")])
        {
            bool six = table.Family == NftFamily.Ip6;
            bool wanted = changes.Passes.Exists(p => p.Address.GetAddressBytes().Length == 16 == six), leaving = changes.Released.Count > 0 || changes.Kept.Count > 0;
            if (!wanted && !leaving) continue;
            List<NftChain> chains = nft.Chains(table.Family, table.Name);
            if (!chains.Exists(static c => c.Name == "FORWARD" && c.Hook is not null)) continue;
            bool there = chains.Exists(static c => c.Name == Ours);
            if (leaving && there) RemoveRules(t, table, changes);
            if (wanted) AddRules(t, table, changes, there, byFirewall: chains.Exists(static c => c.Name is "ufw-user-forward" or "ufw6-user-forward"));
        }
    }

    private void AddRules(NftTransaction t, NftTable table, RuleChanges changes, bool there, bool byFirewall)
    {
        bool six = table.Family == NftFamily.Ip6;
        if (!there) t.AddChain(table, Ours);
        // First, because docker and ufw drop further below; not where docker keeps a place for others, which it never empties.
        if (!nft.Rules(table, "FORWARD").Exists(static r => r.Jump == Ours)) t.AddRule(table, "FORWARD", new NftRule().Jump(Ours), first: true);
        List<NftRuleFacts> rules = there ? nft.Rules(table, Ours) : [];
        foreach (ForeignPass pass in changes.Passes)
        {
            if (pass.Address.GetAddressBytes().Length == 16 != six || rules.Exists(r => RuleOwner.Parse(r.Comment) is { } o && o.IsSame(pass.Owner))) continue;
            int bits = six ? 128 : 32;
            t.AddRule(table, Ours, Plain(six, source: true, pass.Address, pass.Owner).Accept());
            NftRule back = Plain(six, source: false, pass.Address, pass.Owner);
            if (byFirewall) back.Match("conntrack", 3, EstablishedOrRelated());
            t.AddRule(table, Ours, back.Accept());
        }
    }

    // In a table of one version of IP no check of the version is written, and iptables expects none.
    private static NftRule Plain(bool six, bool source, IPAddress address, RuleOwner owner)
    {
        NftRule rule = new() { Comment = owner.Remark };
        if (source) rule.LoadSource(six);
        else rule.LoadDestination(six);
        return rule.Compare(0, NftComparison.Equal, address.GetAddressBytes());
    }

    // struct xt_conntrack_mtinfo3: its state mask and the flag that it is looked at; the rest is zero.
    private static byte[] EstablishedOrRelated()
    {
        const int Size = 168, MatchFlags = 146, StateMask = 150;
        byte[] structure = new byte[Size];
        BitConverter.TryWriteBytes(structure.AsSpan(MatchFlags), (ushort)1);
        BitConverter.TryWriteBytes(structure.AsSpan(StateMask), (ushort)(2 | 4));
        return structure;
    }

    private void RemoveRules(NftTransaction t, NftTable table, RuleChanges changes)
    {
        List<NftRuleFacts> rules = nft.Rules(table, Ours);
        int left = rules.Count;
        foreach (NftRuleFacts rule in rules)
        {
            if (!changes.Removes(RuleOwner.Parse(rule.Comment))) continue;
            t.RemoveRule(table, Ours, rule.Handle);
            left--;
        }
        bool coming = changes.Passes.Exists(p => p.Address.GetAddressBytes().Length == 16 == (table.Family == NftFamily.Ip6));
        if (left > 0 || coming) return;
        foreach (NftRuleFacts rule in nft.Rules(table, "FORWARD"))
        {
            if (rule.Jump == Ours) t.RemoveRule(table, "FORWARD", rule.Handle);
        }
        t.RemoveChain(table, Ours);
    }

    private void Marks(NftTransaction t, RuleChanges changes)
    {
        if (changes.Marks.Count > 0) t.Add(s_nat);
        foreach (string chain in changes.Marks) t.AddChain(s_nat, chain);
        if (changes.Unmarked.Count == 0) return;
        foreach (NftTable table in (ReadOnlySpan<NftTable>)[s_nat, new(NftFamily.Ip6, "nat")])
        {
            foreach (string chain in changes.Unmarked)
            {
                if (!nft.HasChain(table, chain)) continue;
                // The reference plugin jumps there from a chain of its own.
                foreach (string from in (ReadOnlySpan<string>)["CNI-HOSTPORT-DNAT", "POSTROUTING"])
                {
                    foreach (NftRuleFacts rule in nft.Rules(table, from))
                    {
                        if (rule.Jump == chain) t.RemoveRule(table, from, rule.Handle);
                    }
                }
                t.RemoveChain(table, chain);
            }
        }
    }
}
