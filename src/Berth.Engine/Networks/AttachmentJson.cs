// An attachment's record as JSON.
using System.Globalization;
using System.Net;
using System.Text.Json;
using Berth.Oci.Json;

namespace Berth.Engine.Networks;

/// <summary>Reads and writes <see cref="Attachment"/>.</summary>
internal static class AttachmentJson
{
    public static byte[] Write(Attachment attachment)
    {
        JsonWriter json = new("  ");
        AttachmentSpec spec = attachment.Spec;
        json.WriteStartObject();
        json.WriteNumber("version", RecordJson.Version);
        json.WriteString("id", attachment.Id);
        json.WriteString("network", attachment.NetworkName);
        json.WriteString("network_id", attachment.NetworkId);
        json.WriteString("container", spec.ContainerId);
        json.WriteString("namespace", spec.NetworkNamespace);
        json.WriteString("place", attachment.Place);
        json.WriteString("interface", attachment.InterfaceName);
        RecordJson.Flag(json, "complete", attachment.IsComplete);
        RecordJson.Text(json, "name", spec.ContainerName);
        RecordJson.Text(json, "asked_interface", spec.InterfaceName);
        RecordJson.Texts(json, "asked_addresses", spec.Addresses);
        RecordJson.Text(json, "asked_mac", spec.HardwareAddress);
        RecordJson.Texts(json, "aliases", spec.Aliases);
        RecordJson.Number(json, "priority", spec.GatewayPriority);
        RecordJson.Texts(json, "asked_name_servers", spec.NameServers);
        RecordJson.Map(json, "options", spec.Options);
        RecordJson.Text(json, "mac", attachment.HardwareAddress);
        RecordJson.Text(json, "host_interface", attachment.HostInterface);
        RecordJson.Texts(json, "name_servers", attachment.NameServers);
        RecordJson.Number(json, "metric", attachment.Metric);
        WriteAddresses(json, attachment.Addresses);
        WritePorts(json, attachment);
        json.WriteEndObject();
        return json.ToArray();
    }

    private static void WriteAddresses(JsonWriter json, IReadOnlyList<AttachedAddress> addresses)
    {
        if (addresses.Count == 0) return;
        json.WriteStartArray("addresses");
        foreach (AttachedAddress address in addresses)
        {
            json.WriteStartObject();
            json.WriteString("address", address.ToString());
            RecordJson.Text(json, "gateway", address.Gateway?.ToString());
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WritePorts(JsonWriter json, Attachment attachment)
    {
        if (attachment.Spec.Ports.Count == 0) return;
        json.WriteStartArray("asked_ports");
        foreach (PortRequest port in attachment.Spec.Ports) WritePort(json, port.HostAddress, port.Protocol, (port.ContainerPort, port.HostFirst, port.HostLast));
        json.WriteEndArray();
        json.WriteStartArray("ports");
        foreach (PortBinding port in attachment.Ports) WritePort(json, port.HostAddress, port.Protocol, (port.ContainerPort, port.HostPort, 0));
        json.WriteEndArray();
    }

    private static void WritePort(JsonWriter json, IPAddress? address, string protocol, (ushort Container, ushort Host, ushort Last) numbers)
    {
        json.WriteStartObject();
        RecordJson.Text(json, "address", address?.ToString());
        json.WriteString("protocol", protocol);
        json.WriteNumber("port", (long)numbers.Container);
        RecordJson.Number(json, "host", numbers.Host);
        RecordJson.Number(json, "last", numbers.Last);
        json.WriteEndObject();
    }

    public static Attachment Read(JsonElement json) => new()
    {
        Id = RecordJson.Text(json, "id"),
        NetworkName = RecordJson.Text(json, "network"),
        NetworkId = RecordJson.Text(json, "network_id"),
        Place = RecordJson.Text(json, "place"),
        InterfaceName = RecordJson.Text(json, "interface"),
        Metric = (int)RecordJson.Number(json, "metric"),
        IsComplete = RecordJson.Flag(json, "complete"),
        HardwareAddress = RecordJson.Text(json, "mac"),
        HostInterface = RecordJson.Text(json, "host_interface"),
        NameServers = RecordJson.Addresses(json, "name_servers"),
        Addresses = RecordJson.List(json, "addresses", ReadAddress),
        Ports = RecordJson.List(json, "ports", static port => new PortBinding((ushort)RecordJson.Number(port, "host"), (ushort)RecordJson.Number(port, "port"), RecordJson.Text(port, "protocol"), RecordJson.Address(port, "address"))),
        Spec = new AttachmentSpec
        {
            ContainerId = RecordJson.Text(json, "container"),
            NetworkNamespace = RecordJson.Text(json, "namespace"),
            ContainerName = RecordJson.Text(json, "name"),
            InterfaceName = RecordJson.Text(json, "asked_interface") is { Length: > 0 } name ? name : null,
            Addresses = RecordJson.Addresses(json, "asked_addresses"),
            HardwareAddress = RecordJson.Text(json, "asked_mac") is { Length: > 0 } mac ? mac : null,
            Aliases = RecordJson.Texts(json, "aliases"),
            GatewayPriority = (int)RecordJson.Number(json, "priority"),
            NameServers = RecordJson.Addresses(json, "asked_name_servers"),
            Options = RecordJson.Map(json, "options"),
            Ports = RecordJson.List(json, "asked_ports", static port => new PortRequest((ushort)RecordJson.Number(port, "port"), RecordJson.Text(port, "protocol"), RecordJson.Address(port, "address"), (ushort)RecordJson.Number(port, "host"), (ushort)RecordJson.Number(port, "last"))),
        },
    };

    private static AttachedAddress ReadAddress(JsonElement json)
    {
        string text = RecordJson.Text(json, "address");
        int slash = text.IndexOf('/', StringComparison.Ordinal);
        return new AttachedAddress(IPAddress.Parse(text[..slash]), int.Parse(text.AsSpan(slash + 1), CultureInfo.InvariantCulture), RecordJson.Address(json, "gateway"));
    }
}
