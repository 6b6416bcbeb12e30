// A network's record as JSON.
using System.Net;
using System.Text.Json;
using Berth.Oci.Json;

namespace Berth.Engine.Networks;

/// <summary>Reads and writes <see cref="NetworkRecord"/>.</summary>
internal static class NetworkJson
{
    public static byte[] Write(NetworkRecord network)
    {
        JsonWriter json = new("  ");
        NetworkSpec spec = network.Spec;
        json.WriteStartObject();
        json.WriteNumber("version", RecordJson.Version);
        json.WriteString("id", network.Id);
        json.WriteString("name", spec.Name);
        json.WriteString("driver", spec.Driver);
        json.WriteString("created", RecordJson.Time(network.Created));
        RecordJson.Text(json, "interface", network.Interface);
        RecordJson.Flag(json, "predefined", network.IsPredefined);
        RecordJson.Flag(json, "internal", spec.IsInternal);
        RecordJson.Flag(json, "attachable", spec.IsAttachable);
        RecordJson.Flag(json, "without_ipv4", !spec.HasIPv4);
        RecordJson.Flag(json, "ipv6", spec.HasIPv6);
        RecordJson.Flag(json, "without_names", !spec.HasNames);
        RecordJson.Text(json, "address_driver", spec.AddressDriver == "default" ? "" : spec.AddressDriver);
        RecordJson.Texts(json, "name_servers", spec.NameServers);
        RecordJson.Map(json, "options", spec.Options);
        RecordJson.Map(json, "address_options", spec.AddressOptions);
        RecordJson.Map(json, "labels", spec.Labels);
        RecordJson.Text(json, "asked_interface", spec.Interface);
        WriteSubnets(json, "asked_subnets", spec.Subnets);
        WriteSubnets(json, "subnets", network.Subnets);
        WriteRoutes(json, spec.Routes);
        json.WriteEndObject();
        return json.ToArray();
    }

    private static void WriteSubnets(JsonWriter json, string name, IReadOnlyList<SubnetSpec> subnets)
    {
        if (subnets.Count == 0) return;
        json.WriteStartArray(name);
        foreach (SubnetSpec subnet in subnets)
        {
            json.WriteStartObject();
            json.WriteString("subnet", subnet.Subnet.ToString());
            RecordJson.Text(json, "gateway", subnet.Gateway?.ToString());
            RecordJson.Text(json, "first", subnet.First?.ToString());
            RecordJson.Text(json, "last", subnet.Last?.ToString());
            RecordJson.Text(json, "range", subnet.Range?.ToString());
            RecordJson.Map(json, "others", subnet.Others);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteRoutes(JsonWriter json, IReadOnlyList<StaticRoute> routes)
    {
        if (routes.Count == 0) return;
        json.WriteStartArray("routes");
        foreach (StaticRoute route in routes)
        {
            json.WriteStartObject();
            json.WriteString("destination", route.Destination.ToString());
            json.WriteString("gateway", route.Gateway.ToString());
            RecordJson.Number(json, "metric", route.Metric);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    public static NetworkRecord Read(JsonElement json) => new()
    {
        Id = RecordJson.Text(json, "id"),
        Created = RecordJson.Time(json, "created"),
        Interface = RecordJson.Text(json, "interface"),
        IsPredefined = RecordJson.Flag(json, "predefined"),
        Subnets = RecordJson.List(json, "subnets", ReadSubnet),
        Spec = new NetworkSpec
        {
            Name = RecordJson.Text(json, "name"),
            Driver = RecordJson.Text(json, "driver"),
            IsInternal = RecordJson.Flag(json, "internal"),
            IsAttachable = RecordJson.Flag(json, "attachable"),
            HasIPv4 = !RecordJson.Flag(json, "without_ipv4"),
            HasIPv6 = RecordJson.Flag(json, "ipv6"),
            HasNames = !RecordJson.Flag(json, "without_names"),
            AddressDriver = RecordJson.Text(json, "address_driver") is { Length: > 0 } driver ? driver : "default",
            NameServers = RecordJson.Addresses(json, "name_servers"),
            Options = RecordJson.Map(json, "options"),
            AddressOptions = RecordJson.Map(json, "address_options"),
            Labels = RecordJson.Map(json, "labels"),
            Interface = RecordJson.Text(json, "asked_interface") is { Length: > 0 } name ? name : null,
            Subnets = RecordJson.List(json, "asked_subnets", ReadSubnet),
            Routes = RecordJson.List(json, "routes", static route => new StaticRoute(IPNetwork.Parse(RecordJson.Text(route, "destination")), IPAddress.Parse(RecordJson.Text(route, "gateway")), (int)RecordJson.Number(route, "metric"))),
        },
    };

    private static SubnetSpec ReadSubnet(JsonElement json)
    {
        Dictionary<string, IPAddress> others = [];
        foreach ((string name, string address) in RecordJson.Map(json, "others")) others[name] = IPAddress.Parse(address);
        return new SubnetSpec
        {
            Subnet = IPNetwork.Parse(RecordJson.Text(json, "subnet")),
            Gateway = RecordJson.Address(json, "gateway"),
            First = RecordJson.Address(json, "first"),
            Last = RecordJson.Address(json, "last"),
            Range = RecordJson.Text(json, "range") is { Length: > 0 } range ? IPNetwork.Parse(range) : null,
            Others = others,
        };
    }
}
