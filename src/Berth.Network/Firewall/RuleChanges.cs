// Changes of the packet filter that wait for the end of a chain of plugins, so that they become one transaction.
using System.Buffers.Binary;
using System.Net;
using Berth.Linux.Network;
using Berth.Network.Contract;

namespace Berth.Network.Firewall;

/// <summary>A collection of changes, and the way to make them. Adding is exclusive: what another attachment has, that is still there, is not taken from it.</summary>
public sealed class RuleChanges
{
    internal readonly record struct Addition(NftTable Table, string Set, NftElement Element, RuleOwner Owner, PublishedPort? Port)
    {
        /// <summary>The port, if it is the host's that is given.</summary>
        public PublishedPort? HostPort => Set.StartsWith("ports", StringComparison.Ordinal) ? Port : null;
    }

    internal List<Addition> Additions { get; } = [];

    /// <summary>Whose elements go.</summary>
    internal List<RuleOwner> Released { get; } = [];

    /// <summary>Networks of which only these attachments stay.</summary>
    internal List<(string Network, IReadOnlyList<AttachmentId> Valid)> Kept { get; } = [];

    /// <summary>Subnets whose chains are needed.</summary>
    internal List<IpPrefix> Subnets { get; } = [];

    /// <summary>Interfaces of bridges that get into sets, by name of the set.</summary>
    internal List<(string Set, byte[] Key, string Network)> Bridges { get; } = [];

    /// <summary>Networks whose bridges leave the sets.</summary>
    internal List<string> ForgottenNetworks { get; } = [];

    /// <summary>Chains that mark attachments for those who look for the reference plugin's.</summary>
    internal List<string> Marks { get; } = [];

    internal List<string> Unmarked { get; } = [];

    /// <summary>What may pass foreign filters.</summary>
    internal List<ForeignPass> Passes { get; } = [];

    private readonly List<Action> _afterwards = [];

    /// <summary>Whether there is nothing to do.</summary>
    public bool IsEmpty => Additions.Count == 0 && Released.Count == 0 && Kept.Count == 0 && Bridges.Count == 0 && ForgottenNetworks.Count == 0 && Marks.Count == 0 && Unmarked.Count == 0 && Passes.Count == 0;

    /// <summary>Publishes ports of a container.</summary>
    /// <param name="owner">Whose they are.</param>
    /// <param name="address">The container's address.</param>
    /// <param name="ports">The ports; those for a host's address of the other version of IP are left out.</param>
    public void Publish(RuleOwner owner, IPAddress address, IReadOnlyList<PublishedPort> ports)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(ports);
        byte[] target = address.GetAddressBytes();
        bool six = target.Length == 16;
        foreach (PublishedPort port in ports)
        {
            if (port.HostAddress is { } only && !IsAny(only) && only.AddressFamily != address.AddressFamily) continue;
            if (port.HostAddress is { } any && IsAny(any) && any.AddressFamily != address.AddressFamily) continue;
            byte[] at = port.HostAddress is { } host && !IsAny(host) ? host.GetAddressBytes() : [];
            byte[] key = new byte[at.Length + 8], data = new byte[target.Length + 4];
            at.CopyTo(key, 0);
            key[at.Length] = port.ProtocolNumber;
            BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(at.Length + 4), port.HostPort);
            target.CopyTo(data, 0);
            BinaryPrimitives.WriteUInt16BigEndian(data.AsSpan(target.Length), port.ContainerPort);
            string set = BerthTable.Of("ports", six) + (at.Length > 0 ? "_at" : "");
            Additions.Add(new Addition(BerthTable.Inet, set, new NftElement(key) { Data = data, Comment = owner.Remark }, owner, port));
        }
    }

    /// <summary>Lets ports of a container be reached at its own address, where otherwise only published ones are; the host's ports are not looked at.</summary>
    /// <param name="owner">Whose they are.</param>
    /// <param name="address">The container's address.</param>
    /// <param name="ports">The ports; those for a host's address of the other version of IP are left out.</param>
    public void Open(RuleOwner owner, IPAddress address, IReadOnlyList<PublishedPort> ports)
    {
        ArgumentNullException.ThrowIfNull(address);
        ArgumentNullException.ThrowIfNull(ports);
        byte[] target = address.GetAddressBytes();
        string set = BerthTable.Of(BerthTable.OpenPorts, target.Length == 16);
        HashSet<(byte, ushort)> done = [];
        foreach (PublishedPort port in ports)
        {
            // Two ports of the host may be meant for one of the container's.
            if ((port.HostAddress is { } only && only.AddressFamily != address.AddressFamily) || !done.Add((port.ProtocolNumber, port.ContainerPort))) continue;
            byte[] key = new byte[target.Length + 8];
            target.CopyTo(key, 0);
            key[target.Length] = port.ProtocolNumber;
            BinaryPrimitives.WriteUInt16BigEndian(key.AsSpan(target.Length + 4), port.ContainerPort);
            Additions.Add(new Addition(BerthTable.Inet, set, new NftElement(key) { Comment = owner.Remark }, owner, port));
        }
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    /// <summary>Lets a container's own interface, and the host's loopback, reach its published ports.</summary>
    /// <param name="owner">Whose address it is.</param>
    /// <param name="address">The container's address.</param>
    /// <param name="hostInterface">The host's interface behind which the container is.</param>
    public void AllowHairpin(RuleOwner owner, IPAddress address, string hostInterface)
    {
        ArgumentNullException.ThrowIfNull(address);
        byte[] bytes = address.GetAddressBytes();
        Additions.Add(new Addition(BerthTable.Inet, BerthTable.Of(BerthTable.Hairpin, bytes.Length == 16),
            new NftElement([.. bytes, .. NftRule.InterfaceName(hostInterface)]) { Comment = owner.Remark }, owner, null));
        if (bytes.Length == 4) Bridges.Add((BerthTable.Localnet, NftRule.InterfaceName(hostInterface), ""));
    }

    /// <summary>Whoever comes in by a published port comes as the host.</summary>
    public void MasqueradePublished(RuleOwner owner, IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        byte[] bytes = address.GetAddressBytes();
        Additions.Add(new Addition(BerthTable.Inet, BerthTable.Of(BerthTable.MasqueradeAll, bytes.Length == 16), new NftElement(bytes) { Comment = owner.Remark }, owner, null));
    }

    /// <summary>Packets of a container to outside of its network leave as the host's.</summary>
    /// <param name="owner">Whose address it is.</param>
    /// <param name="address">The container's address, with its network.</param>
    public void Masquerade(RuleOwner owner, IpPrefix address)
    {
        Subnets.Add(address.Network);
        Additions.Add(new Addition(BerthTable.Inet, BerthTable.Of(BerthTable.Masquerade, !address.Is4),
            new NftElement(address.Address.GetAddressBytes()) { Jump = BerthTable.SubnetChain(address), Comment = owner.Remark }, owner, null));
    }

    /// <summary>An interface of a bridge may send with one hardware address only.</summary>
    public void CheckHardwareAddress(RuleOwner owner, string hostInterface, byte[] hardwareAddress)
    {
        byte[] name = NftRule.InterfaceName(hostInterface);
        Additions.Add(new Addition(BerthTable.Bridge, BerthTable.Checked, new NftElement(name) { Comment = owner.Remark }, owner, null));
        Additions.Add(new Addition(BerthTable.Bridge, BerthTable.Allowed, new NftElement([.. name, .. hardwareAddress, 0, 0]) { Comment = owner.Remark }, owner, null));
    }

    /// <summary>How the bridge of a network is shut off; what is not said is open.</summary>
    /// <param name="network">Name of the network.</param>
    /// <param name="bridge">Its bridge.</param>
    /// <param name="policy">How.</param>
    public void Isolate(string network, string bridge, BridgePolicy policy)
    {
        byte[] name = NftRule.InterfaceName(bridge);
        Bridges.Add(("within", [.. name, .. name], network));
        if (policy.HasFlag(BridgePolicy.Internal)) Bridges.Add(("internal", name, network));
        if (policy.HasFlag(BridgePolicy.Isolated)) Bridges.Add(("isolated", name, network));
        if (policy.HasFlag(BridgePolicy.Alone)) Bridges.Add(("alone", name, network));
        if (policy.HasFlag(BridgePolicy.Guarded4)) Bridges.Add(("guarded4", name, network));
        if (policy.HasFlag(BridgePolicy.Guarded6)) Bridges.Add(("guarded6", name, network));
        if (policy.HasFlag(BridgePolicy.Routed4)) Bridges.Add(("routed4", name, network));
        if (policy.HasFlag(BridgePolicy.Routed6)) Bridges.Add(("routed6", name, network));
        if (policy.HasFlag(BridgePolicy.Published)) Bridges.Add(("published", name, network));
    }

    /// <summary>Lets packets of a container pass the filters of others that would drop them.</summary>
    /// <param name="owner">Whose address it is.</param>
    /// <param name="address">The container's address.</param>
    public void PassForeignFilters(RuleOwner owner, IPAddress address) => Passes.Add(new ForeignPass(owner, address));

    /// <summary>Leaves a chain in the nat table of iptables by which others find that an attachment has published ports.</summary>
    public void Mark(string chain) => Marks.Add(chain);

    /// <summary>Takes such a chain away, and what the reference plugin left in it.</summary>
    public void Unmark(string chain) => Unmarked.Add(chain);

    /// <summary>Whether these changes remove what belongs to an attachment; of what belongs to nobody, no.</summary>
    internal bool Removes(RuleOwner? owner)
    {
        if (owner is null) return false;
        foreach (RuleOwner released in Released)
        {
            if (released.IsSame(owner)) return true;
        }
        foreach ((string network, IReadOnlyList<AttachmentId> valid) in Kept)
        {
            if (network != owner.Network) continue;
            bool stays = false;
            foreach (AttachmentId id in valid) stays |= id.ContainerId == owner.ContainerId && id.InterfaceName == owner.InterfaceName;
            return !stays;
        }
        return false;
    }

    /// <summary>Removes all that belongs to an attachment.</summary>
    public void Release(RuleOwner owner)
    {
        foreach (RuleOwner there in Released)
        {
            if (there.IsSame(owner)) return;
        }
        Released.Add(owner);
    }

    /// <summary>Removes all that belongs to a network and to none of these attachments.</summary>
    public void Keep(string network, IReadOnlyList<AttachmentId> valid) => Kept.Add((network, valid));

    /// <summary>Forgets the bridge of a network.</summary>
    public void Forget(string network) => ForgottenNetworks.Add(network);

    /// <summary>Makes the changes, in one transaction, and empties the collection.</summary>
    /// <exception cref="CniException">The kernel refuses them, or a port is published already: nothing was changed.</exception>
    public void Commit()
    {
        if (IsEmpty) return;
        new RuleCommit(this).Run();
        List<Action> afterwards = [.. _afterwards];
        Clear();
        foreach (Action action in afterwards) action();
    }

    /// <summary>Does something once the changes are made, if they are.</summary>
    internal void WhenDone(Action action) => _afterwards.Add(action);

    /// <summary>The first port of these changes that the packet filter has not got, as it should be; or null.</summary>
    internal PublishedPort? FirstMissing()
    {
        using Nftables nft = Nftables.Open();
        Dictionary<string, List<NftElement>> sets = [];
        foreach (Addition addition in Additions)
        {
            if (!sets.TryGetValue(addition.Set, out List<NftElement>? there)) sets[addition.Set] = there = nft.Elements(addition.Table, addition.Set);
            bool found = there.Exists(e => e.Key.AsSpan().SequenceEqual(addition.Element.Key) && e.Data.AsSpan().SequenceEqual(addition.Element.Data) && RuleOwner.Parse(e.Comment)?.IsSame(addition.Owner) == true);
            if (!found && addition.Port is { } port) return port;
        }
        return null;
    }

    /// <summary>Forgets the changes.</summary>
    public void Clear()
    {
        Additions.Clear();
        Released.Clear();
        Kept.Clear();
        Subnets.Clear();
        Bridges.Clear();
        ForgottenNetworks.Clear();
        Marks.Clear();
        Unmarked.Clear();
        Passes.Clear();
        _afterwards.Clear();
    }
}

/// <summary>How the bridge of a network is shut off.</summary>
[Flags]
public enum BridgePolicy
{
    /// <summary>It is not.</summary>
    Open = 0,

    /// <summary>Nothing goes out of it or comes in.</summary>
    Internal = 1,

    /// <summary>Nothing goes to or comes from other isolated bridges.</summary>
    Isolated = 2,

    /// <summary>Its containers do not reach one another.</summary>
    Alone = 4,

    /// <summary>With IPv4, from outside only published ports are reached.</summary>
    Guarded4 = 8,

    /// <summary>With IPv6, from outside only published ports are reached.</summary>
    Guarded6 = 16,

    /// <summary>With IPv4, containers are reached at their own addresses: they answer echo requests.</summary>
    Routed4 = 32,

    /// <summary>With IPv6, containers are reached at their own addresses: they answer echo requests.</summary>
    Routed6 = 64,

    /// <summary>Published ports are reached from other isolated bridges too.</summary>
    Published = 128,
}
