// network connect, network disconnect.
using System.Net;
using Berth.Cli.Arguments;
using Berth.Cli.Verbs;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Cli.Commands.Networks;

/// <summary>The verbs.</summary>
internal static class NetworkConnect
{
    private const string Places = "CONTAINER is ns:PATH, the path of a network namespace, or container:PID, that of a process; one that is attached already also has the name and the id that 'network inspect' shows.";

    /// <summary>How connect is said.</summary>
    public static Command Connect() => new()
    {
        Usage = "NETWORK CONTAINER",
        About = Places + " Of several networks of a container, the one with the highest --gw-priority has the default route; of the same, the first by name.",
        Least = 2,
        Most = 2,
        Offers = Offer.Networks,
        Options =
        [
            Option.Many("alias", "NAME", "One more name in this network"),
            Option.Many("dns", "ADDRESS", "Servers that are asked for this container's questions"),
            Option.Many("driver-opt", "NAME=VALUE", "com.docker.network.endpoint.sysctls, com.docker.network.endpoint.ifname, ingress_rate, egress_rate"),
            Option.With("gw-priority", "N", "Who of its networks has the default route (0)"),
            Option.With("interface", "NAME", "Name of the interface in the container (eth0, eth1 ...)"),
            Option.With("ip", "ADDRESS", "Its IPv4 address"),
            Option.With("ip6", "ADDRESS", "Its IPv6 address"),
            Option.Refused("link", "CONTAINER", "containers of one network find one another by name"), Option.Refused("link-local-ip", "ADDRESS", "addresses are of the network's subnets"),
            Option.With("mac-address", "ADDRESS", "Its hardware address"),
            Option.With("name", "NAME", "The container's name (of a path, its last part)"),
            Option.Many("publish", "[ADDRESS:][HOSTPORT:]PORT[/PROTOCOL]", "Publish a port, or a range of them, on this host", 'p'),
            Option.Switch("quiet", "Do not say which address it got", 'q'),
        ],
        Examples =
        [
            new("berth network connect web ns:/run/netns/one", "The next free address, as eth0"),
            new("berth network connect -p 8080:80 -p 127.0.0.1::53/udp --alias www web container:4711", "With ports of this host that lead to it, one of them chosen"),
            new("berth network connect --ip 10.5.0.9 --mac-address 02:42:0a:05:00:09 lan ns:/run/netns/one", "At an address of its own"),
        ],
        Run = ConnectAsync,
    };

    /// <summary>How disconnect is said.</summary>
    public static Command Disconnect() => new()
    {
        Usage = "NETWORK CONTAINER",
        About = Places,
        Least = 2,
        Most = 2,
        Offers = Offer.Networks,
        Options = [Option.Switch("force", "It is no fault that it is not attached", 'f')],
        Examples = [new("berth network disconnect web ns:/run/netns/one", "Its interface, address, names and ports go")],
        Run = static async invocation =>
        {
            EngineNetworks networks = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Networks;
            networks.Disconnect(invocation.Arguments[0], ContainerPlace.Find(invocation.Arguments[1], networks).Id, invocation.Has("force"));
            return 0;
        },
    };

    private static async Task<int> ConnectAsync(Invocation invocation)
    {
        EngineNetworks networks = (await invocation.Session.EngineAsync().ConfigureAwait(false)).Networks;
        ContainerPlace place = ContainerPlace.Find(invocation.Arguments[1], networks);
        List<IPAddress> addresses = [];
        if (invocation.Find("ip") is { } ip) addresses.Add(NetworkCreate.Address(ip, "ip"));
        if (invocation.Find("ip6") is { } ip6) addresses.Add(NetworkCreate.Address(ip6, "ip6"));
        Attachment attachment = networks.Connect(invocation.Arguments[0], new AttachmentSpec
        {
            ContainerId = place.Id,
            ContainerName = invocation.Find("name") ?? place.Name,
            NetworkNamespace = place.Path,
            InterfaceName = invocation.Find("interface"),
            Addresses = addresses,
            HardwareAddress = invocation.Find("mac-address"),
            Aliases = invocation.All("alias"),
            GatewayPriority = invocation.Number("gw-priority") ?? 0,
            NameServers = [.. NetworkCreate.Split(invocation.All("dns")).Select(static text => NetworkCreate.Address(text, "dns"))],
            Ports = [.. invocation.All("publish").SelectMany(PortRequest.Parse)],
            Options = NetworkCreate.Pairs(invocation.All("driver-opt"), "driver-opt"),
        });
        if (invocation.Has("quiet")) return 0;
        invocation.Session.Out.WriteLine($"{attachment.InterfaceName} {string.Join(' ', attachment.Addresses)}");
        foreach (PortBinding port in attachment.Ports) invocation.Session.Out.WriteLine(port.ToString());
        return 0;
    }
}

/// <summary>A container that is no object of the engine: a network namespace.</summary>
/// <param name="Id">What it is called in records.</param>
/// <param name="Name">What it is called by others.</param>
/// <param name="Path">Where the namespace is.</param>
internal sealed record ContainerPlace(string Id, string Name, string Path)
{
    /// <summary>As <see cref="Parse"/>, or the name or id of one that is attached to something.</summary>
    /// <exception cref="BerthException">NotFound. InvalidArgument: several have that name.</exception>
    public static ContainerPlace Find(string text, EngineNetworks networks)
    {
        if (text.Contains(':', StringComparison.Ordinal)) return Parse(text);
        ContainerPlace[] found = [.. networks.Attachments().Where(one => one.ContainerId == text || one.Spec.ContainerName == text).Select(static one => new ContainerPlace(one.ContainerId, one.Spec.ContainerName, one.Spec.NetworkNamespace)).Distinct()];
        return found.Length switch
        {
            1 => found[0],
            0 => throw new BerthException(Fault.NotFound, $"no container {text} is attached to any network", "write ns:PATH, or container:PID"),
            _ => throw new BerthException(Fault.InvalidArgument, $"{found.Length} containers have the name {text}", $"say {string.Join(" or ", found.Select(static one => one.Id))}"),
        };
    }

    /// <summary>Reads ns:PATH or container:PID.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static ContainerPlace Parse(string text)
    {
        if (text.StartsWith("ns:", StringComparison.Ordinal) && text.Length > 3)
        {
            string path = System.IO.Path.GetFullPath(text[3..]), name = Plain(path[(path.LastIndexOf('/') + 1)..]);
            return new ContainerPlace($"{name}-{Hash(path):x16}", name, path);
        }
        if (text.StartsWith("container:", StringComparison.Ordinal) && int.TryParse(text.AsSpan(10), out int pid) && pid > 0) return new ContainerPlace($"pid-{pid}", $"pid-{pid}", $"/proc/{pid}/ns/net");
        throw new BerthException(Fault.InvalidArgument, $"'{text}' is no container", "write ns:PATH, or container:PID");
    }

    private static string Plain(string name)
    {
        string plain = new([.. name.Select(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '.' ? c : '-')]);
        plain = plain.TrimStart('-', '.').TrimEnd('-', '.');
        return plain.Length == 0 ? "ns" : plain.Length > 40 ? plain[..40] : plain;
    }

    // FNV-1a: two paths that end alike are two containers.
    private static ulong Hash(string text)
    {
        ulong hash = 14695981039346656037;
        foreach (byte b in System.Text.Encoding.UTF8.GetBytes(text)) hash = (hash ^ b) * 1099511628211;
        return hash;
    }
}
