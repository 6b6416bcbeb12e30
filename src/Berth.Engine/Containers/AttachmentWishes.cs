// What a container asks of a network when it is attached.
using System.Globalization;
using System.Net;
using Berth.Engine.Networks;
using Berth.Oci.Faults;

namespace Berth.Engine.Containers;

/// <summary>From a container's wish to the network's words.</summary>
internal static class AttachmentWishes
{
    /// <summary>The words.</summary>
    /// <param name="record">The container.</param>
    /// <param name="wish">One of its networks.</param>
    /// <param name="space">Its network namespace.</param>
    /// <param name="isFirst">Whether it is the first one, at which ports are published.</param>
    /// <exception cref="BerthException">InvalidArgument: an address is none.</exception>
    public static AttachmentSpec Of(ContainerRecord record, NetworkWish wish, string space, bool isFirst)
    {
        List<IPAddress> addresses = [], servers = [];
        foreach (string text in wish.Addresses) addresses.Add(AddressOf(text, "address"));
        foreach (string text in record.Spec.Connection.NameServers)
        {
            if (text != "none") servers.Add(AddressOf(text, "name server"));
        }
        return new AttachmentSpec
        {
            ContainerId = record.Id,
            ContainerName = record.Name,
            NetworkNamespace = space,
            Addresses = addresses,
            HardwareAddress = wish.HardwareAddress,
            Aliases = [.. wish.Aliases, record.ShortId],
            InterfaceName = wish.InterfaceName,
            GatewayPriority = wish.GatewayPriority,
            Options = wish.Options,
            NameServers = servers,
            Ports = isFirst ? PortsOf(record) : [],
        };
    }

    private static List<PortRequest> PortsOf(ContainerRecord record)
    {
        List<PortRequest> ports = [.. record.Spec.Connection.Ports];
        if (!record.Spec.Connection.PublishesAll) return ports;
        foreach (string exposed in record.Settled.Exposed)
        {
            int slash = exposed.IndexOf('/');
            string protocol = slash < 0 ? "tcp" : exposed[(slash + 1)..];
            if (!ushort.TryParse(slash < 0 ? exposed : exposed[..slash], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)) continue;
            if (!ports.Exists(one => one.ContainerPort == port && one.Protocol == protocol)) ports.Add(new PortRequest(port, protocol, null, 0, 0));
        }
        return ports;
    }

    private static IPAddress AddressOf(string text, string what) =>
        IPAddress.TryParse(text, out IPAddress? address) ? address : throw new BerthException(Fault.InvalidArgument, $"'{text}' is no {what}");
}
