// network inspect: docker's members, and behind them those of podman's whose names are not docker's in other letters.
using System.Globalization;
using Berth.Cli.Arguments;
using Berth.Cli.Templates;
using Berth.Cli.Values;
using Berth.Cli.Verbs;
using Berth.Engine.Networks;

namespace Berth.Cli.Commands.Networks;

/// <summary>The verb.</summary>
internal static class NetworkInspect
{
    /// <summary>How it is said.</summary>
    public static Command Make() => new()
    {
        Usage = "NETWORK...",
        Least = 1,
        Offers = Offer.Networks,
        Options = [Option.With("format", "FORMAT", "json, or a Go template", 'f'), Option.Ignored("verbose", null, 'v'), Option.Ignored("scope", "SCOPE")],
        Examples =
        [
            new("berth network inspect web", "All that is known of a network, and what is attached to it"),
            new("berth network inspect -f '{{range .IPAM.Config}}{{.Subnet}}{{end}}' web", "Its subnets"),
        ],
        Run = RunAsync,
    };

    private static async Task<int> RunAsync(Invocation invocation)
    {
        Session session = invocation.Session;
        EngineNetworks networks = (await session.EngineAsync().ConfigureAwait(false)).Networks;
        List<Value> values = [];
        foreach (string name in invocation.Arguments)
        {
            NetworkRecord network = networks.Find(name);
            values.Add(ValueOf(network, networks.AttachmentsOn(network)));
        }
        if (invocation.Find("format") is { } format and not "json")
        {
            foreach (Value value in values) Report.WriteOne(session.Out, format, value);
        }
        else Report.WriteOne(session.Out, invocation.Find("format"), new Value.List(values));
        return 0;
    }

    /// <summary>docker's word: what has no driver is null.</summary>
    internal static string DriverOf(NetworkRecord network) => network.Driver == "none" ? "null" : network.Driver;

    /// <summary>RFC 3339.</summary>
    internal static string Time(DateTimeOffset time) => time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    /// <summary>A network.</summary>
    internal static Value ValueOf(NetworkRecord network, IReadOnlyList<Attachment> attachments) => Value.Record.Of(
        Member.Of("Name", network.Name),
        Member.Of("Id", network.Id),
        new Member("Created", new Value.Moment(Time(network.Created))),
        Member.Of("Scope", "local"),
        Member.Of("Driver", DriverOf(network)),
        Member.Of("EnableIPv4", network.Spec.HasIPv4),
        Member.Of("EnableIPv6", network.HasIPv6),
        new Member("IPAM", Value.Record.Of(
            Member.Of("Driver", network.Spec.AddressDriver == "host-local" ? "default" : network.Spec.AddressDriver),
            Member.Of("Options", network.Spec.AddressOptions),
            new Member("Config", new Value.List([.. network.Subnets.Select(Config)])))),
        Member.Of("Internal", network.Spec.IsInternal),
        Member.Of("Attachable", network.Spec.IsAttachable),
        Member.Of("Ingress", false),
        new Member("ConfigFrom", Value.Record.Of(Member.Of("Network", ""))),
        Member.Of("ConfigOnly", false),
        new Member("Containers", new Value.Map([.. attachments.Select(static one => new Member(one.ContainerId, Container(one)))])),
        Member.Of("Options", network.Spec.Options),
        Member.Of("Labels", network.Spec.Labels),
        Member.Of("network_interface", network.Interface),
        new Member("subnets", new Value.List([.. network.Subnets.Select(Subnet)])),
        Member.Of("ipv6_enabled", network.HasIPv6),
        Member.Of("dns_enabled", network.HasNames),
        Member.Of("network_dns_servers", network.Spec.NameServers.Select(static server => server.ToString())),
        new Member("routes", new Value.List([.. network.Spec.Routes.Select(static route => (Value)Value.Record.Of(Member.Of("destination", route.Destination.ToString()), Member.Of("gateway", route.Gateway.ToString()), route.Metric == 0 ? null : Member.Of("metric", route.Metric)))])));

    private static Value Config(SubnetSpec subnet) => Value.Record.Of(
        Member.Of("Subnet", subnet.Subnet.ToString()),
        subnet.Range is { } range ? Member.Of("IPRange", range.ToString()) : null,
        Member.Of("Gateway", subnet.Gateway?.ToString() ?? ""),
        subnet.Others.Count == 0 ? null : Member.Of("AuxiliaryAddresses", subnet.Others.ToDictionary(static pair => pair.Key, static pair => pair.Value.ToString())));

    private static Value Subnet(SubnetSpec subnet) => Value.Record.Of(
        Member.Of("subnet", subnet.Subnet.ToString()),
        Member.Of("gateway", subnet.Gateway?.ToString() ?? ""),
        subnet.First is null && subnet.Last is null ? null : new Member("lease_range", Value.Record.Of(Member.Of("start_ip", subnet.First?.ToString() ?? ""), Member.Of("end_ip", subnet.Last?.ToString() ?? ""))));

    private static Value Container(Attachment one) => Value.Record.Of(
        Member.Of("Name", one.Spec.ContainerName.Length > 0 ? one.Spec.ContainerName : one.ContainerId),
        Member.Of("EndpointID", one.Id),
        Member.Of("MacAddress", one.HardwareAddress),
        Member.Of("IPv4Address", First(one, six: false)),
        Member.Of("IPv6Address", First(one, six: true)),
        Member.Of("Interface", one.InterfaceName),
        Member.Of("HostInterface", one.HostInterface),
        Member.Of("Ports", one.Ports.Select(static port => port.ToString())),
        Member.Of("Aliases", one.Spec.Aliases),
        Member.Of("GwPriority", one.Spec.GatewayPriority));

    private static string First(Attachment one, bool six) => one.Addresses.FirstOrDefault(address => address.Is6 == six)?.ToString() ?? "";
}
