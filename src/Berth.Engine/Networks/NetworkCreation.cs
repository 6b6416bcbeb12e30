// Making a network: what was asked for is checked, what was left out is chosen, under a lock that all who do so take.
using System.Globalization;
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Network.Contract;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>Makes records of networks. Nothing is made in the kernel: the first attachment does that.</summary>
internal sealed class NetworkCreation(NetworkFolder folder, IReadOnlyList<AddressPool> pools)
{
    public NetworkRecord Create(NetworkSpec spec)
    {
        Validate(spec);
        using FileLock held = folder.LockAllocation();
        if (folder.Named(spec.Name) is { } there) throw new BerthException(Fault.Conflict, $"cannot make network {spec.Name}: there is one of that name (id {there.Id[..12]})", "remove it, or choose another name") { Code = FaultCode.NetworkNameTaken };
        return Write(spec, isPredefined: false);
    }

    /// <summary>Makes those of bridge, host and none that are not there yet.</summary>
    public void EnsurePredefined()
    {
        if (folder.Exists(EngineNetworks.Default) && folder.Exists("host") && folder.Exists("none")) return;
        using FileLock held = folder.LockAllocation();
        foreach ((string name, string driver) in (ReadOnlySpan<(string, string)>)[("none", "none"), ("host", "host"), (EngineNetworks.Default, "bridge")])
        {
            if (folder.Named(name) is null) Write(new NetworkSpec { Name = name, Driver = driver, HasNames = false }, isPredefined: true);
        }
    }

    private NetworkRecord Write(NetworkSpec spec, bool isPredefined)
    {
        NetworkSettings settings = NetworkSettings.Of(spec);
        ParentLink.RequireKind(spec);
        List<NetworkRecord> others = folder.All();
        NetworkRecord network = new()
        {
            Spec = spec,
            Id = ObjectId.New(),
            Created = DateTimeOffset.UtcNow,
            IsPredefined = isPredefined,
            Interface = InterfaceFor(spec, settings, others),
            Subnets = spec.Driver is "host" or "none" ? [] : SubnetsFor(spec, others, isPredefined),
        };
        folder.Write(network);
        return network;
    }

    private static void Validate(NetworkSpec spec)
    {
        if (!NetworkFolder.IsName(spec.Name)) throw new BerthException(Fault.InvalidArgument, $"'{spec.Name}' is no name for a network", "a letter or a digit, then also _ . and -, at most 128 in all");
        if (spec.Name is "host" or "none" or EngineNetworks.Default or "container" or "default" || OwnWay.Is(spec.Name)) throw new BerthException(Fault.Conflict, $"cannot make network {spec.Name}: the name is taken by one that is always there");
        switch (spec.Driver)
        {
            case "bridge" or "macvlan" or "ipvlan": break;
            case "host" or "none": throw new BerthException(Fault.Conflict, $"cannot make network {spec.Name}: there is one of driver {spec.Driver}, which is always there");
            case "overlay": throw new BerthException(Fault.Unsupported, $"cannot make network {spec.Name}: there is no swarm for the driver overlay");
            default: throw new BerthException(Fault.InvalidArgument, $"cannot make network {spec.Name}: there is no driver {spec.Driver}", "there are bridge, macvlan and ipvlan");
        }
        if (spec.AddressDriver is not ("default" or "host-local" or "dhcp" or "none")) throw new BerthException(Fault.InvalidArgument, $"there is no address driver {spec.AddressDriver}", "there are host-local, dhcp and none");
        if (spec.AddressDriver is "dhcp" or "none" && spec.Subnets.Count > 0) throw new BerthException(Fault.InvalidArgument, $"cannot make network {spec.Name}: the address driver {spec.AddressDriver} takes no subnets");
        if (spec.AddressDriver == "dhcp" && spec.Driver == "bridge" && NetworkSettings.Of(spec).IsUnmanaged is false) throw new BerthException(Fault.Unsupported, $"cannot make network {spec.Name}: dhcp needs a bridge with a server on it", "add --opt mode=unmanaged and the bridge's name with --interface-name");
        if (!spec.HasIPv4 && !spec.HasIPv6 && spec.Subnets.Count == 0) throw new BerthException(Fault.InvalidArgument, $"cannot make network {spec.Name}: without IPv4 and IPv6 nothing is left");
        NetworkSettings.Of(spec);
        if (spec.Driver != "bridge") Attaching.RefuseRates(spec.Options, $"cannot make network {spec.Name}", spec.Driver);
    }

    private List<SubnetSpec> SubnetsFor(NetworkSpec spec, List<NetworkRecord> others, bool isPredefined)
    {
        List<SubnetSpec> subnets = [];
        bool taken = spec.AddressDriver is "default" or "host-local";
        // podman's habit: what nobody chose is the business of the DHCP server on the parent's network.
        if (!taken || (spec.Driver != "bridge" && spec.Subnets.Count == 0)) return subnets;
        List<IpPrefix> host = SubnetChoice.OfHost();
        bool four = false, six = false;
        foreach (SubnetSpec asked in spec.Subnets)
        {
            SubnetSpec subnet = SubnetChoice.Completed(asked);
            // On a parent's network, the host is there too.
            if (spec.Driver == "bridge" && NetworkSettings.Of(spec).IsUnmanaged is false) SubnetChoice.RequireFree(spec.Name, subnet, host, others);
            foreach (SubnetSpec own in subnets)
            {
                if (SubnetChoice.Prefix(own.Subnet).Overlaps(SubnetChoice.Prefix(subnet.Subnet))) throw new BerthException(Fault.InvalidArgument, $"the subnets {own.Subnet} and {subnet.Subnet} overlap");
            }
            four |= subnet.Is4;
            six |= !subnet.Is4;
            subnets.Add(subnet);
        }
        if (spec.Driver != "bridge") return subnets;
        List<IpPrefix> used = [.. host, .. SubnetChoice.Used(others)];
        // One of IPv6 alone is meant so, unless IPv4 was asked for by a subnet of its own.
        if (!four && spec.HasIPv4 && (!six || spec.HasIPv6)) subnets.Insert(0, isPredefined ? OfDefault(used) : SubnetChoice.Free4(pools, used));
        if (!six && spec.HasIPv6) subnets.Add(SubnetChoice.Free6(used));
        return subnets;
    }

    // podman's 10.88.0.0/16, where it is free.
    private SubnetSpec OfDefault(List<IpPrefix> used)
    {
        IpPrefix wanted = new(new System.Net.IPAddress([10, 88, 0, 0]), 16);
        return pools.Count == 0 && !used.Exists(one => one.Overlaps(wanted))
            ? SubnetChoice.Completed(new SubnetSpec { Subnet = new System.Net.IPNetwork(wanted.Address, wanted.Length) })
            : SubnetChoice.Free4(pools, used);
    }

    private static string InterfaceFor(NetworkSpec spec, NetworkSettings settings, List<NetworkRecord> others)
    {
        if (spec.Driver is "host" or "none") return "";
        string? asked = spec.Interface ?? (settings.Interface.Length > 0 ? settings.Interface : null);
        if (asked is not null) RequireInterface(spec, asked, others);
        if (asked is not null) return asked;
        // Without a way out it needs nobody's interface: one of its own is made, as docker does.
        if (spec.Driver != "bridge" && !spec.IsInternal) return ParentByDefault(spec);
        using RouteNetlink links = RouteNetlink.Open();
        for (int number = 0; ; number++)
        {
            string name = "berth" + number.ToString(CultureInfo.InvariantCulture);
            if (!others.Exists(other => other.Interface == name) && links.Find(name) is null) return name;
        }
    }

    private static void RequireInterface(NetworkSpec spec, string name, List<NetworkRecord> others)
    {
        try
        {
            CniNames.RequireInterfaceName(name);
        }
        catch (CniException e)
        {
            throw new BerthException(Fault.InvalidArgument, $"cannot make network {spec.Name}: '{name}' is no name of an interface", "at most 15 characters, no slash, no space", e);
        }
        foreach (NetworkRecord other in others)
        {
            if (other.Interface == name && other.Driver == "bridge" && NetworkSettings.Of(other.Spec).IsUnmanaged is false) throw new BerthException(Fault.Conflict, $"cannot make network {spec.Name}: {name} is the bridge of network {other.Name}");
        }
    }

    private static string ParentByDefault(NetworkSpec spec)
    {
        try
        {
            using RouteNetlink links = RouteNetlink.Open();
            foreach (NetworkRoute route in links.Routes(version6: false))
            {
                if (route.PrefixLength == 0 && route.Link != 0 && links.Find(route.Link) is { } link) return link.Name;
            }
        }
        catch (LinuxException e)
        {
            throw new BerthException(Fault.Failed, $"cannot look for a parent of network {spec.Name}: {e.Message}", null, e);
        }
        throw new BerthException(Fault.InvalidArgument, $"cannot make network {spec.Name}: driver {spec.Driver} needs a parent, and the host has no default route", "say one with --opt parent=NAME");
    }
}
