// network create.
using System.Net;
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Networks;

/// <summary>The verb.</summary>
internal static class NetworkCreate
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "[NAME]",
        About = "Without --subnet, one is taken that nothing on this host uses: 10.89.0.0/24 and on. --gateway, --ip-range and --aux-address belong to the subnet that they lie in. Prints the network's id.",
        Most = 1,
        Options =
        [
            Option.Switch("attachable", "Kept and shown; all networks can be attached to"),
            Option.Many("aux-address", "NAME=ADDRESS", "Addresses of others: no container gets them"),
            Option.Switch("disable-dns", "Do not serve names of its containers"),
            Option.Many("dns", "ADDRESS", "Servers that are asked for other names"),
            Option.With("driver", "DRIVER", "bridge, macvlan or ipvlan", 'd') with { Words = ["bridge", "macvlan", "ipvlan"] },
            Option.Many("gateway", "ADDRESS", "This host's address in a subnet"),
            Option.Switch("ignore", "It is no fault if there is one of that name"),
            Option.With("interface-name", "NAME", "Name of the bridge, or the parent of macvlan and ipvlan"),
            Option.Switch("internal", "Nothing goes out of it or comes in"),
            Option.Many("ip-range", "RANGE", "Where containers' addresses are taken from: a subnet, or FIRST-LAST"),
            Option.With("ipam-driver", "DRIVER", "host-local, dhcp or none") with { Words = ["host-local", "dhcp", "none"] },
            Option.Many("ipam-opt", "NAME=VALUE", "Options of the address driver; kept and shown"),
            Option.Switch("ipv4", "IPv4; false for a network of IPv6 alone"),
            Option.Switch("ipv6", "Also IPv6"),
            Option.Many("label", "NAME=VALUE", "Labels"),
            Option.Many("opt", "NAME=VALUE", "Options of the driver, docker's and podman's: mtu, isolate, parent, mode, no_default_route ...", 'o'),
            Option.Many("route", "SUBNET,GATEWAY[,METRIC]", "Routes that its containers get"),
            Option.With("scope", "SCOPE", "local; there is no other") with { Words = ["local"] },
            Option.Many("subnet", "SUBNET", "Subnets, such as 10.5.0.0/24"),
            Option.Refused("config-from", "NETWORK", "networks of swarms are docker's"), Option.Refused("config-only", null, "networks of swarms are docker's"), Option.Refused("ingress", null, "networks of swarms are docker's"),
        ],
        Examples =
        [
            new("berth network create web", "A bridge with a free subnet, whose containers find one another by name"),
            new("berth network create --subnet 10.5.0.0/24 --gateway 10.5.0.254 --ipv6 lan", "With a subnet of your choice, and IPv6"),
            new("berth network create --internal db", "Without a way out"),
            new("berth network create -d macvlan -o parent=eth0 --subnet 192.168.1.0/24 --ip-range 192.168.1.192/27 house", "Containers as hosts of the network that eth0 is in"),
            new("berth network create -o com.docker.network.bridge.enable_icc=false apart", "Containers that do not reach one another"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        EngineNetworks networks = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Networks;
        NetworkSpec spec = SpecOf(invocation, invocation.Arguments.Count > 0 ? invocation.Arguments[0] : FreeName(networks));
        NetworkRecord network;
        try
        {
            network = networks.Create(spec);
        }
        catch (BerthException e) when (e.Kind == Fault.Conflict && invocation.Has("ignore") && networks.TryFind(spec.Name) is not null)
        {
            network = networks.Find(spec.Name);
        }
        invocation.Session.Out.WriteLine(network.Id);
        return 0;
    }

    /// <summary>What was said, as the engine takes it.</summary>
    internal static NetworkSpec SpecOf(Invocation invocation, string name)
    {
        if (invocation.Find("scope") is { } scope and not ("local" or "")) throw new BerthException(Fault.Unsupported, $"--scope is local, not '{scope}': there is no swarm");
        Dictionary<string, string> options = Pairs(invocation.All("opt"), "opt");
        return new NetworkSpec
        {
            Name = name,
            Driver = invocation.Find("driver") ?? "bridge",
            IsInternal = invocation.Has("internal"),
            IsAttachable = invocation.Has("attachable"),
            HasIPv4 = invocation.Truth("ipv4") ?? true,
            HasIPv6 = invocation.Has("ipv6"),
            HasNames = !invocation.Has("disable-dns"),
            NameServers = [.. Split(invocation.All("dns")).Select(static text => Address(text, "dns"))],
            Interface = invocation.Find("interface-name"),
            AddressDriver = invocation.Find("ipam-driver") ?? "default",
            AddressOptions = Pairs(invocation.All("ipam-opt"), "ipam-opt"),
            Labels = Pairs(invocation.All("label"), "label"),
            Options = options,
            Routes = [.. invocation.All("route").Select(Route)],
            Subnets = Subnets(invocation),
        };
    }

    // podman's: podman1, podman2, …
    private static string FreeName(EngineNetworks networks)
    {
        for (int number = 1; ; number++)
        {
            if (networks.TryFind($"berth{number}") is null) return $"berth{number}";
        }
    }

    private static List<SubnetSpec> Subnets(Invocation invocation)
    {
        List<SubnetSpec> subnets = [.. Split(invocation.All("subnet")).Select(static text => new SubnetSpec { Subnet = Network(text, "subnet") })];
        foreach (string text in Split(invocation.All("gateway")))
        {
            IPAddress gateway = Address(text, "gateway");
            Change(subnets, gateway, "gateway", text, subnet => subnet.Gateway is null ? subnet with { Gateway = gateway } : throw new BerthException(Fault.InvalidArgument, $"subnet {subnet.Subnet} has two gateways: {subnet.Gateway} and {gateway}"));
        }
        foreach (string text in Split(invocation.All("ip-range")))
        {
            int dash = text.IndexOf('-', StringComparison.Ordinal);
            if (dash >= 0)
            {
                IPAddress first = Address(text[..dash], "ip-range"), last = Address(text[(dash + 1)..], "ip-range");
                Change(subnets, first, "ip-range", text, subnet => subnet with { First = first, Last = last });
                continue;
            }
            IPNetwork range = Network(text, "ip-range");
            Change(subnets, range.BaseAddress, "ip-range", text, subnet => subnet with { Range = range });
        }
        foreach ((string name, string text) in Pairs(invocation.All("aux-address"), "aux-address"))
        {
            IPAddress address = Address(text, "aux-address");
            Change(subnets, address, "aux-address", text, subnet => subnet with { Others = new Dictionary<string, IPAddress>(subnet.Others) { [name] = address } });
        }
        return subnets;
    }

    private static void Change(List<SubnetSpec> subnets, IPAddress inside, string option, string text, Func<SubnetSpec, SubnetSpec> change)
    {
        int at = subnets.FindIndex(subnet => subnet.Subnet.Contains(inside));
        if (at < 0) throw new BerthException(Fault.InvalidArgument, $"--{option} {text} is in none of the subnets", "say them with --subnet");
        subnets[at] = change(subnets[at]);
    }

    private static StaticRoute Route(string text)
    {
        string[] parts = text.Split(',');
        int metric = 0;
        if (parts.Length is not (2 or 3) || (parts.Length == 3 && !int.TryParse(parts[2], out metric))) throw new BerthException(Fault.InvalidArgument, $"--route is SUBNET,GATEWAY[,METRIC], not '{text}'");
        return new StaticRoute(Network(parts[0], "route"), Address(parts[1], "route"), metric);
    }

    /// <summary>Name and value each.</summary>
    internal static Dictionary<string, string> Pairs(IEnumerable<string> texts, string option)
    {
        Dictionary<string, string> pairs = [];
        foreach (string text in texts)
        {
            int equals = text.IndexOf('=', StringComparison.Ordinal);
            if (equals == 0) throw new BerthException(Fault.InvalidArgument, $"--{option} is NAME=VALUE, not '{text}'");
            pairs[equals < 0 ? text : text[..equals]] = equals < 0 ? "" : text[(equals + 1)..];
        }
        return pairs;
    }

    /// <summary>Values that commas part too.</summary>
    internal static IEnumerable<string> Split(IEnumerable<string> texts) => texts.SelectMany(static text => text.Split(',', StringSplitOptions.RemoveEmptyEntries));

    /// <summary>An address.</summary>
    internal static IPAddress Address(string text, string option) => IPAddress.TryParse(text, out IPAddress? address) ? address : throw new BerthException(Fault.InvalidArgument, $"--{option} is an address, not '{text}'");

    // 10.5.0.1/24 is meant as 10.5.0.0/24, as podman and docker take it.
    private static IPNetwork Network(string text, string option)
    {
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash > 0 && IPAddress.TryParse(text.AsSpan(0, slash), out IPAddress? address) && int.TryParse(text.AsSpan(slash + 1), out int length))
        {
            byte[] bytes = address.GetAddressBytes();
            if (length >= 0 && length <= bytes.Length * 8)
            {
                for (int bit = length; bit < bytes.Length * 8; bit++) bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
                return new IPNetwork(new IPAddress(bytes), length);
            }
        }
        throw new BerthException(Fault.InvalidArgument, $"--{option} is a subnet such as 10.5.0.0/24, not '{text}'");
    }
}
