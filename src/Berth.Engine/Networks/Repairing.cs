// Bringing links, leases, rules and names to what the records say.
using System.Net;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Contract;
using Berth.Network.Firewall;
using Berth.Network.Ipam.Dhcp;
using Berth.Network.Ipam.HostLocal;
using Berth.Network.Names;

namespace Berth.Engine.Networks;

/// <summary>What <c>network reload</c> does.</summary>
internal sealed class Repairing(NetworkFolder networks, AttachmentFolder attachments, Attaching attaching, NetworkPlaces places)
{
    /// <summary>Undoes what belongs to nobody: attachments that were not finished, or whose network namespace is gone.</summary>
    /// <returns>What was undone.</returns>
    public List<Attachment> Collect()
    {
        List<Attachment> undone = [];
        foreach (string container in attachments.Containers())
        {
            // Whoever is at work on a container takes care of its remains.
            using FileLock? held = attachments.TryLock(container);
            if (held is null) continue;
            List<Attachment> before = attachments.Of(container), after = attaching.WithoutRemains(container);
            undone.AddRange(before.FindAll(one => !after.Exists(stays => stays.Id == one.Id)));
            attachments.Tidy(container, held);
        }
        return undone;
    }

    /// <summary>Makes anew what is missing.</summary>
    /// <param name="only">Ids of networks; empty: all.</param>
    /// <returns>The attachments that are looked after now.</returns>
    public List<Attachment> Reload(IReadOnlyCollection<string> only)
    {
        Collect();
        DhcpDaemon.Ensure(places.DhcpSocket, places.Services);
        List<Attachment> repaired = [];
        RuleChanges rules = new();
        foreach (NetworkRecord network in networks.All())
        {
            if (only.Count > 0 && !only.Contains(network.Id)) continue;
            List<Attachment> its = attachments.On(network.Id).FindAll(static one => one.IsComplete);
            foreach (Attachment attachment in its) Repair(network, attachment);
            // Read again: an attachment that was made anew may have another link.
            its = attachments.On(network.Id).FindAll(static one => one.IsComplete);
            foreach (Attachment attachment in its) Restore(network, attachment, rules);
            rules.Keep(network.Name, its.ConvertAll(static one => new AttachmentId(one.ContainerId, one.InterfaceName)));
            repaired.AddRange(its);
        }
        rules.Commit();
        PassFirewalld(repaired);
        foreach (Attachment attachment in repaired)
        {
            attaching.Forward(attachment);
            if (networks.Named(attachment.NetworkName) is { } network) attaching.Name(network, attachment);
        }
        places.User?.Reconcile(attachments.All().ConvertAll(static one => one.Id));
        places.Names.Reconcile(attachments.All().ConvertAll(static one => new NameAttachment(one.NetworkName, one.ContainerId, one.InterfaceName)));
        return repaired;
    }

    // It forgets what it was told when it is reloaded.
    private static void PassFirewalld(List<Attachment> repaired)
    {
        using Firewalld? firewalld = repaired.Count == 0 ? null : Firewalld.TryOpen();
        if (firewalld is null) return;
        foreach (Attachment attachment in repaired)
        {
            // Of a parent's network, the host forwards nothing.
            foreach (AttachedAddress address in attachment.HostInterface.Length > 0 ? attachment.Addresses : []) firewalld.Add(Firewalld.UsualZone, address.Address);
        }
    }

    private void Repair(NetworkRecord network, Attachment attachment)
    {
        using FileLock held = attachments.Lock(attachment.ContainerId);
        List<Attachment> others = attachments.Of(attachment.ContainerId);
        // It may have been detached since.
        if (!others.Exists(one => one.Id == attachment.Id) || NamespacePlace.IsGone(attachment)) return;
        others.RemoveAll(one => one.Id == attachment.Id);
        if (network.Driver == "bridge") EnsureBridge(network);
        if (!HasLink(attachment))
        {
            MakeAnew(network, attachment, others, held);
            return;
        }
        if (network.Driver == "bridge") EnsurePort(network, attachment);
        AttachmentId owner = new(attachment.ContainerId, attachment.InterfaceName);
        foreach (AttachedAddress address in network.Subnets.Count > 0 ? attachment.Addresses : []) NetworkLeases.Restore($"{places.Leases}/{network.Name}", owner, address.Address);
        DefaultRoute.Settle([.. others, attachment]);
    }

    // The interface is gone while its namespace is not: it gets the same addresses and ports once more.
    private void MakeAnew(NetworkRecord network, Attachment attachment, List<Attachment> others, FileLock held)
    {
        attaching.Undo(network, attachment, others);
        List<IPAddress> addresses = [];
        foreach (AttachedAddress address in attachment.Addresses) addresses.Add(address.Address);
        List<PortRequest> ports = [];
        foreach (PortBinding port in attachment.Ports) ports.Add(new PortRequest(port.ContainerPort, port.Protocol, port.HostAddress, port.HostPort, port.HostPort));
        AttachmentSpec spec = attachment.Spec with { Addresses = addresses, Ports = ports, HardwareAddress = attachment.HardwareAddress.Length > 0 ? attachment.HardwareAddress : null };
        attaching.Connect(network, attachment with { Spec = spec, IsComplete = false }, others, held);
    }

    private static bool HasLink(Attachment attachment)
    {
        using Fd? space = KernelPath.TryOpen(attachment.Spec.NetworkNamespace, 0);
        if (space is null) return false;
        using RouteNetlink links = RouteNetlink.OpenIn(space);
        return links.Find(attachment.InterfaceName) is not null;
    }

    private void EnsureBridge(NetworkRecord network)
    {
        NetworkSettings settings = NetworkSettings.Of(network.Spec);
        if (settings.IsUnmanaged) return;
        using RouteNetlink links = RouteNetlink.Open();
        NetworkLink? bridge = links.Find(network.Interface);
        if (bridge is null)
        {
            byte[] mac = new byte[6];
            Random.Shared.NextBytes(mac);
            mac[0] = (byte)(mac[0] & 0xFC | 2);
            links.Add(new LinkSpec { Name = network.Interface, Kind = new LinkKind.Bridge { VlanFiltering = settings.Vlan != 0 }, Mtu = settings.Mtu == 0 ? places.UsualMtu() : settings.Mtu, HardwareAddress = mac });
            bridge = links.Find(network.Interface)!;
            links.Change(bridge, new LinkChange { Alias = EngineNetworks.AliasOf(network.Name) });
            // As plugin bridge makes it: routes are ours, and nobody waits for the detection of duplicates.
            foreach (string off in (ReadOnlySpan<string>)["accept_ra", "accept_dad"]) KernelFile.TryWrite($"/proc/sys/net/ipv6/conf/{network.Interface}/{off}", "0", out _);
        }
        if (!bridge.IsUp) links.SetUp(bridge, up: true);
        List<LinkAddress> there = links.Addresses(bridge.Index);
        foreach (SubnetSpec subnet in settings.HasGateway && settings.Vlan == 0 ? network.Subnets : [])
        {
            if (there.Exists(one => one.Address.Equals(subnet.Gateway))) continue;
            links.Add(bridge, LinkAddress.Of(subnet.Gateway!, subnet.Subnet.PrefixLength, noDetection: true));
        }
        foreach (SubnetSpec subnet in network.Subnets)
        {
            KernelFile.TryWrite(subnet.Is4 ? "/proc/sys/net/ipv4/ip_forward" : "/proc/sys/net/ipv6/conf/all/forwarding", "1", out _);
        }
    }

    private static void EnsurePort(NetworkRecord network, Attachment attachment)
    {
        using RouteNetlink links = RouteNetlink.Open();
        if (links.Find(network.Interface) is not { } bridge || links.Find(attachment.HostInterface) is not { } port) return;
        if (port.Master != bridge.Index) links.Change(port, new LinkChange { Master = bridge.Index });
        if (!port.IsUp) links.SetUp(port, up: true);
        if (!NetworkSettings.Of(network.Spec).Open) links.ChangePort(port, isolated: true);
        if (attachment.Ports.Count > 0 && attachment.Addresses.Any(static address => address.Is6)) LoopbackRoute.Ensure(links, bridge);
        if (attachment.Ports.Count > 0) KernelFile.TryWrite($"/proc/sys/net/ipv4/conf/{network.Interface}/route_localnet", "1", out _);
    }

    /// <summary>The same rules that plugins made.</summary>
    private void Restore(NetworkRecord network, Attachment attachment, RuleChanges rules)
    {
        NetworkSettings settings = NetworkSettings.Of(network.Spec);
        if (network.Driver != "bridge" || settings.IsUnmanaged) return;
        RuleOwner owner = new(network.Name, attachment.ContainerId, attachment.InterfaceName, attachment.Spec.NetworkNamespace);
        rules.Release(owner);
        List<PublishedPort> ports = [];
        foreach (PortBinding port in places.User is null ? attachment.Ports : []) ports.Add(new PublishedPort(port.HostPort, port.ContainerPort, port.Protocol, port.HostAddress));
        bool published4 = false, published6 = false;
        foreach (AttachedAddress address in attachment.Addresses)
        {
            if (!network.Spec.IsInternal && (address.Is6 ? settings.Masquerade6 : settings.Masquerade4)) rules.Masquerade(owner, new IpPrefix(address.Address, address.PrefixLength));
            rules.PassForeignFilters(owner, address.Address);
            // Of each version, the first address has the ports.
            if (ports.Count == 0 || (address.Is6 ? published6 : published4)) continue;
            (published4, published6) = (published4 || !address.Is6, published6 || address.Is6);
            if (address.Is6 ? settings.Routed6 : settings.Routed4)
            {
                rules.Open(owner, address.Address, ports);
                continue;
            }
            rules.Publish(owner, address.Address, ports);
            rules.AllowHairpin(owner, address.Address, network.Interface);
        }
        BridgePolicy policy = BridgePolicy.Open;
        foreach (string word in NetworkConfiguration.Policy(network, settings))
        {
            policy |= BridgePolicies.Of(word) ?? BridgePolicy.Open;
        }
        rules.Isolate(network.Name, network.Interface, policy);
    }
}
