// Makes collected changes: looks at what is there, under a lock that all our processes share, and changes it in one transaction.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Network.Contract;

namespace Berth.Network.Firewall;

/// <summary>
/// Removing an element by its key removes whosever it is: so it is looked at first, and nobody of ours may change anything in
/// between. Killed at any moment, this leaves the filter as it was or as it should be: the kernel knows no half transaction.
/// </summary>
internal sealed class RuleCommit(RuleChanges changes)
{
    private const int Attempts = 20;

    public void Run()
    {
        try
        {
            using FilterLock held = FilterLock.Take();
            Nftables nft = FilterSocket.OfThisNamespace(held);
            ForeignFilters foreign = new(nft);
            for (int attempt = 1; ; attempt++)
            {
                NftTransaction transaction = Plan(nft, foreign, look: attempt > 1);
                try
                {
                    nft.Commit(transaction);
                    return;
                }
                // Somebody who does not know our lock, or a namespace without our table: look again.
                catch (NftException e) when (e.Errno is Errno.ENOENT or Errno.EEXIST or Errno.EBUSY && attempt < Attempts)
                {
                }
            }
        }
        catch (NftException e)
        {
            throw Refusal(e.Message, e.Errno, e);
        }
        catch (LinuxException e)
        {
            throw Refusal(e.Message, e.Errno, e);
        }
    }

    private static CniException Refusal(string message, Errno errno, Exception inner) => new(CniCode.Internal, $"cannot change the packet filter: {message}", errno switch
    {
        Errno.EPERM or Errno.EACCES => "that needs root, or CAP_NET_ADMIN in the user namespace that owns the network namespace",
        Errno.EPROTONOSUPPORT or Errno.EOPNOTSUPP => "the kernel needs nf_tables with nat, fib and sets (CONFIG_NF_TABLES_INET, CONFIG_NFT_NAT, CONFIG_NFT_FIB_INET)",
        _ => null,
    }, inner);

    private NftTransaction Plan(Nftables nft, ForeignFilters foreign, bool look)
    {
        NftTransaction t = new();
        (bool inet, NftTransaction? preparation) = BerthTable.Look(nft);
        bool bridge = nft.Has(BerthTable.Bridge), additions = changes.Additions.Exists(static a => a.Table == BerthTable.Inet) || changes.Bridges.Count > 0;
        if (additions && preparation is not null) t.Append(preparation);
        if (!bridge && changes.Additions.Exists(static a => a.Table == BerthTable.Bridge)) t.Append(BerthTable.SetUpBridge());
        Dictionary<string, List<NftElement>> gone = [];
        if (inet && (changes.Released.Count > 0 || changes.Kept.Count > 0)) Remove(nft, t, gone);
        if (bridge && (changes.Released.Count > 0 || changes.Kept.Count > 0)) RemoveOf(nft, t, BerthTable.Bridge, [BerthTable.Checked, BerthTable.Allowed], gone);
        if (inet) ForgetNetworks(nft, t);
        AddChains(nft, t, inet);
        if (inet) RefuseOverlaps(nft, t);
        AddElements(nft, t, look && inet, look && bridge);
        foreach ((string set, byte[] key, string network) in changes.Bridges) t.AddElements(BerthTable.Inet, set, [new NftElement(key) { Comment = network.Length > 0 ? network : null }]);
        foreign.Plan(t, changes);
        return t;
    }

    private void Remove(Nftables nft, NftTransaction t, Dictionary<string, List<NftElement>> gone)
    {
        RemoveOf(nft, t, BerthTable.Inet, BerthTable.Owned, gone);
        RemoveUnusedChains(nft, t, gone);
        RemoveUnusedLocalnet(nft, t, gone);
    }

    private void RemoveOf(Nftables nft, NftTransaction t, NftTable table, string[] sets, Dictionary<string, List<NftElement>> gone)
    {
        foreach (string set in sets)
        {
            List<NftElement> leave = [];
            foreach (NftElement element in nft.Elements(table, set))
            {
                if (changes.Removes(RuleOwner.Parse(element.Comment))) leave.Add(element);
            }
            if (leave.Count == 0) continue;
            gone[set] = leave;
            t.RemoveElements(table, set, leave);
        }
    }

    private void RemoveUnusedChains(Nftables nft, NftTransaction t, Dictionary<string, List<NftElement>> gone)
    {
        foreach (string set in (ReadOnlySpan<string>)["masquerade4", "masquerade6"])
        {
            if (!gone.TryGetValue(set, out List<NftElement>? leave)) continue;
            HashSet<string> unused = [];
            foreach (NftElement element in leave) unused.Add(element.Jump ?? "");
            foreach (NftElement element in nft.Elements(BerthTable.Inet, set))
            {
                if (!changes.Removes(RuleOwner.Parse(element.Comment))) unused.Remove(element.Jump ?? "");
            }
            foreach (IpPrefix subnet in changes.Subnets) unused.Remove(BerthTable.SubnetChain(subnet));
            foreach (string chain in unused)
            {
                if (chain.Length > 0) t.RemoveChain(BerthTable.Inet, chain);
            }
        }
    }

    // The interface of the last published container is no longer watched; it may be gone.
    private void RemoveUnusedLocalnet(Nftables nft, NftTransaction t, Dictionary<string, List<NftElement>> gone)
    {
        if (!gone.TryGetValue("hairpin4", out List<NftElement>? leave)) return;
        List<byte[]> used = [];
        foreach (NftElement element in nft.Elements(BerthTable.Inet, "hairpin4"))
        {
            if (!changes.Removes(RuleOwner.Parse(element.Comment))) used.Add(element.Key[4..]);
        }
        foreach ((string set, byte[] key, _) in changes.Bridges)
        {
            if (set == BerthTable.Localnet) used.Add(key);
        }
        List<NftElement> unwatched = [];
        foreach (NftElement watched in nft.Elements(BerthTable.Inet, BerthTable.Localnet))
        {
            bool was = leave.Exists(e => e.Key.AsSpan(4).SequenceEqual(watched.Key));
            if (was && !used.Exists(k => k.AsSpan().SequenceEqual(watched.Key))) unwatched.Add(watched);
        }
        t.RemoveElements(BerthTable.Inet, BerthTable.Localnet, unwatched);
    }

    private void ForgetNetworks(Nftables nft, NftTransaction t)
    {
        if (changes.ForgottenNetworks.Count == 0) return;
        foreach (string set in BerthTable.OfBridges)
        {
            List<NftElement> leave = nft.Elements(BerthTable.Inet, set).FindAll(e => e.Comment is { } network && changes.ForgottenNetworks.Contains(network));
            t.RemoveElements(BerthTable.Inet, set, leave);
        }
    }

    private void AddChains(Nftables nft, NftTransaction t, bool inet)
    {
        HashSet<string> done = [];
        foreach (IpPrefix subnet in changes.Subnets)
        {
            string name = BerthTable.SubnetChain(subnet);
            if (done.Add(name) && (!inet || !nft.HasChain(BerthTable.Inet, name))) BerthTable.AddSubnetChain(t, subnet);
        }
    }

    // As the kernel has it for sockets: who has a port on all addresses has it on each of them. Two keys that differ, so the kernel does not see it here.
    private void RefuseOverlaps(Nftables nft, NftTransaction t)
    {
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            string everywhere = BerthTable.Of("ports", six), somewhere = everywhere + "_at";
            RefuseOverlaps(nft, t, everywhere, somewhere);
            RefuseOverlaps(nft, t, somewhere, everywhere);
        }
    }

    private void RefuseOverlaps(Nftables nft, NftTransaction t, string set, string other)
    {
        List<NftElement>? there = null;
        foreach (RuleChanges.Addition addition in changes.Additions)
        {
            if (addition.Set != set || addition.HostPort is not { } port) continue;
            there ??= nft.Elements(BerthTable.Inet, other);
            foreach (NftElement element in there)
            {
                // Protocol and port are the end of both keys.
                if (!element.Key.AsSpan(element.Key.Length - 8).SequenceEqual(addition.Element.Key.AsSpan(addition.Element.Key.Length - 8))) continue;
                RuleOwner? owner = RuleOwner.Parse(element.Comment);
                if (owner is null || owner.IsSame(addition.Owner) || changes.Removes(owner)) continue;
                if (!owner.IsGone) throw Taken(port, addition.Owner, owner);
                t.RemoveElements(BerthTable.Inet, other, [element]);
            }
        }
    }

    private static CniException Taken(PublishedPort port, RuleOwner wanting, RuleOwner owner) =>
        new(CniCode.PortTaken, $"cannot publish port {port} for container {wanting.ContainerId}: it is published by {owner}", "choose another port of the host, or remove that container");

    // What is there already is looked at when the kernel has said so: an attachment costs the same with a thousand others.
    private void AddElements(Nftables nft, NftTransaction t, bool lookInet, bool lookBridge)
    {
        for (int at = 0; at < changes.Additions.Count;)
        {
            RuleChanges.Addition first = changes.Additions[at];
            List<RuleChanges.Addition> run = [];
            while (at < changes.Additions.Count && changes.Additions[at].Table == first.Table && changes.Additions[at].Set == first.Set) run.Add(changes.Additions[at++]);
            List<NftElement> there = (first.Table == BerthTable.Inet ? lookInet : lookBridge) ? nft.Elements(first.Table, first.Set) : [];
            List<NftElement> elements = [];
            if (there.Count > 0) TakeOver(t, first, run, there);
            foreach (RuleChanges.Addition addition in run) elements.Add(addition.Element);
            t.AddElements(first.Table, first.Set, elements, exclusive: true);
        }
    }

    // What has the key of something new belonged to somebody who is gone, or to ourselves before; or the port is taken.
    private void TakeOver(NftTransaction t, RuleChanges.Addition first, List<RuleChanges.Addition> run, List<NftElement> there)
    {
        Dictionary<string, NftElement> byKey = new(there.Count);
        foreach (NftElement element in there) byKey[Convert.ToHexString(element.Key)] = element;
        List<NftElement> replaced = [];
        foreach (RuleChanges.Addition addition in run)
        {
            if (!byKey.TryGetValue(Convert.ToHexString(addition.Element.Key), out NftElement? old)) continue;
            RuleOwner? owner = RuleOwner.Parse(old.Comment);
            if (changes.Removes(owner)) continue;
            // An address is leased to one container at a time: an element that names another is of one that is gone.
            if (addition.HostPort is { } port && owner is not null && !owner.IsSame(addition.Owner) && !owner.IsGone) throw Taken(port, addition.Owner, owner);
            replaced.Add(old);
        }
        t.RemoveElements(first.Table, first.Set, replaced);
    }
}

/// <summary>The lock under which the packet filter is looked at and changed; the kernel releases it with the process.</summary>
internal sealed class FilterLock : IDisposable
{
    private const int O_RDWR = 2, O_CREAT = 0x40;
    private readonly Fd? _file;

    private FilterLock(Fd? file) => _file = file;

    public static FilterLock Take()
    {
        string? own = Environment.GetEnvironmentVariable("XDG_RUNTIME_DIR");
        foreach (string folder in (ReadOnlySpan<string>)["/run/berth", string.IsNullOrEmpty(own) ? $"/run/user/{Self.UserId}/berth" : $"{own}/berth"])
        {
            try
            {
                KernelPath.MakeDirectories(folder, 0x1C0);
                Fd file = KernelPath.Open($"{folder}/filter.lock", O_RDWR | O_CREAT, 0x180);
                KernelPath.Lock(file, wait: true);
                return new FilterLock(file);
            }
            // Root of a user namespace is not root of /run.
            catch (LinuxException e) when (e.Errno is Errno.EACCES or Errno.EPERM or Errno.EROFS or Errno.EOVERFLOW)
            {
            }
        }
        // Nowhere to write: exclusive additions are still the kernel's to judge.
        return new FilterLock(null);
    }

    public void Dispose() => _file?.Dispose();
}
