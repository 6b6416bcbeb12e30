// Subnets for networks: those that are free on this host, and what follows from one that was asked for.
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>Chooses subnets.</summary>
internal static class SubnetChoice
{
    /// <summary>podman's: docker's are 172.17.0.0/16 and on, so that all three can be on one host.</summary>
    private static readonly AddressPool[] s_usual = Usual();

    private static AddressPool[] Usual()
    {
        AddressPool[] pools = new AddressPool[255 - 89 + 1];
        for (int second = 89; second <= 255; second++) pools[second - 89] = new AddressPool(new IPNetwork(new IPAddress([10, (byte)second, 0, 0]), 16), 24);
        return pools;
    }

    /// <summary>What the host and other networks use already.</summary>
    public static List<IpPrefix> Used(IEnumerable<NetworkRecord> networks)
    {
        List<IpPrefix> used = [];
        foreach (NetworkRecord network in networks)
        {
            foreach (SubnetSpec subnet in network.Subnets) used.Add(Prefix(subnet.Subnet));
        }
        return used;
    }

    /// <summary>Routes and addresses of this network namespace.</summary>
    public static List<IpPrefix> OfHost()
    {
        List<IpPrefix> used = [];
        using RouteNetlink links = RouteNetlink.Open();
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (NetworkRoute route in links.Routes(six, table: 0))
            {
                // The default route, and groups, collide with nothing.
                if (route.PrefixLength > 0 && route.Type is 1 or 2) used.Add(new IpPrefix(route.Destination, route.PrefixLength));
            }
        }
        // Of an interface that is down there are no routes, and it comes up again.
        foreach (NetworkLink link in links.Links())
        {
            foreach (LinkAddress address in link.IsUp ? [] : links.Addresses(link.Index)) used.Add(new IpPrefix(address.Address, address.PrefixLength));
        }
        return used;
    }

    /// <summary>A free one of IPv4.</summary>
    /// <exception cref="BerthException">Exhausted.</exception>
    public static SubnetSpec Free4(IReadOnlyList<AddressPool> pools, List<IpPrefix> used)
    {
        foreach (AddressPool pool in pools.Count > 0 ? pools : s_usual)
        {
            if (pool.Base.BaseAddress.AddressFamily != AddressFamily.InterNetwork || pool.Length < pool.Base.PrefixLength || pool.Length > 30) continue;
            uint first = BinaryPrimitives.ReadUInt32BigEndian(pool.Base.BaseAddress.GetAddressBytes());
            byte[] bytes = new byte[4];
            for (long i = 0; i < 1L << (pool.Length - pool.Base.PrefixLength); i++)
            {
                BinaryPrimitives.WriteUInt32BigEndian(bytes, (uint)(first + (i << (32 - pool.Length))));
                IpPrefix candidate = new(new IPAddress(bytes), pool.Length);
                if (!Collides(candidate, used)) return Completed(new SubnetSpec { Subnet = new IPNetwork(candidate.Address, candidate.Length) });
            }
        }
        throw new BerthException(Fault.Exhausted, "cannot choose a subnet: those of all pools are in use", "say one with --subnet, or remove networks with berth network prune") { Code = FaultCode.SubnetsExhausted };
    }

    /// <summary>A free one of IPv6: of the site's own (RFC 4193), at random, as that wants it.</summary>
    public static SubnetSpec Free6(List<IpPrefix> used)
    {
        byte[] bytes = new byte[16];
        while (true)
        {
            KernelRandom.Fill(bytes.AsSpan(0, 8));
            bytes[0] = 0xFD;
            IpPrefix candidate = new(new IPAddress(bytes), 64);
            if (!Collides(candidate, used)) return Completed(new SubnetSpec { Subnet = new IPNetwork(candidate.Address, 64) });
        }
    }

    /// <summary>Refuses one that is in use.</summary>
    /// <exception cref="BerthException">Conflict.</exception>
    public static void RequireFree(string name, SubnetSpec subnet, List<IpPrefix> host, IEnumerable<NetworkRecord> networks)
    {
        IpPrefix wanted = Prefix(subnet.Subnet);
        foreach (NetworkRecord other in networks)
        {
            foreach (SubnetSpec its in other.Subnets)
            {
                if (Prefix(its.Subnet).Overlaps(wanted)) throw new BerthException(Fault.Conflict, $"cannot make network {name}: subnet {subnet.Subnet} overlaps with {its.Subnet} of network {other.Name}", "choose another subnet, or leave --subnet out") { Code = FaultCode.SubnetTaken };
            }
        }
        foreach (IpPrefix used in host)
        {
            if (used.Overlaps(wanted)) throw new BerthException(Fault.Conflict, $"cannot make network {name}: subnet {subnet.Subnet} overlaps with {used.Network}, which this host uses", "choose another subnet, or leave --subnet out") { Code = FaultCode.SubnetTaken };
        }
    }

    /// <summary>With its gateway and range, if they fit.</summary>
    /// <exception cref="BerthException">InvalidArgument: they do not.</exception>
    public static SubnetSpec Completed(SubnetSpec subnet)
    {
        IpPrefix prefix = Prefix(subnet.Subnet);
        if (prefix.Length > prefix.Bits - 2) throw new BerthException(Fault.InvalidArgument, $"subnet {subnet.Subnet} is too small: it has no room for a gateway and a container");
        IPAddress gateway = subnet.Gateway ?? IpPrefix.Next(prefix.Address);
        (IPAddress? first, IPAddress? last) = (subnet.First, subnet.Last);
        if (subnet.Range is { } range)
        {
            IpPrefix within = Prefix(range);
            first ??= within.Address.Equals(prefix.Address) ? IpPrefix.Next(within.Address) : within.Address;
            last ??= within.Is4 && within.Last.Equals(prefix.Last) ? Before(within.Last) : within.Last;
        }
        foreach ((string what, IPAddress? address) in (ReadOnlySpan<(string, IPAddress?)>)[("gateway", gateway), ("the range's first address", first), ("the range's last address", last)])
        {
            if (address is not null && !prefix.Contains(address)) throw new BerthException(Fault.InvalidArgument, $"{what} {address} is not in subnet {subnet.Subnet}");
        }
        foreach ((string name, IPAddress address) in subnet.Others)
        {
            if (!prefix.Contains(address)) throw new BerthException(Fault.InvalidArgument, $"the address {address} of {name} is not in subnet {subnet.Subnet}");
        }
        return subnet with { Gateway = gateway, First = first, Last = last };
    }

    /// <summary>In the words of the network floor.</summary>
    public static IpPrefix Prefix(IPNetwork network) => new(network.BaseAddress, network.PrefixLength);

    /// <summary>The address before it.</summary>
    public static IPAddress Before(IPAddress address)
    {
        byte[] bytes = address.GetAddressBytes();
        for (int i = bytes.Length - 1; i >= 0 && bytes[i]-- == 0; i--)
        {
        }
        return new IPAddress(bytes);
    }

    private static bool Collides(IpPrefix candidate, List<IpPrefix> used)
    {
        foreach (IpPrefix one in used)
        {
            if (one.Overlaps(candidate)) return true;
        }
        return false;
    }
}
