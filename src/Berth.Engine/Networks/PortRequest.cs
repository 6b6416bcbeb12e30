// Published ports as people write them: docker's -p in all its forms.
using System.Globalization;
using System.Net;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>One port of a container that is to be published.</summary>
/// <param name="ContainerPort">The container's.</param>
/// <param name="Protocol">tcp, udp or sctp.</param>
/// <param name="HostAddress">Address of the host; null: all.</param>
/// <param name="HostFirst">The host's port, or the first of those from which a free one is taken; 0: one is chosen from the ephemeral ones.</param>
/// <param name="HostLast">The last of them; the same as the first where it is one.</param>
public sealed record PortRequest(ushort ContainerPort, string Protocol, IPAddress? HostAddress, ushort HostFirst, ushort HostLast)
{
    /// <summary>Whether the host's port is still to be chosen.</summary>
    public bool IsOpen => HostFirst == 0 || HostLast != HostFirst;

    /// <summary>
    /// Reads <c>[ADDRESS:][HOSTPORT[-HOSTPORT]]:PORT[-PORT][/PROTOCOL]</c>, <c>PORT[-PORT][/PROTOCOL]</c>, or docker's long form
    /// <c>target=80,published=8080,protocol=tcp</c>. An address of IPv6 is in brackets. A range becomes as many requests; one port of a container
    /// and a range of the host's is one that is free.
    /// </summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    public static IReadOnlyList<PortRequest> Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.Contains('=', StringComparison.Ordinal)) return ParseLong(text);
        int slash = text.LastIndexOf('/');
        string protocol = slash < 0 ? "tcp" : text[(slash + 1)..];
        string rest = slash < 0 ? text : text[..slash];
        int colon = rest.LastIndexOf(':');
        (ushort First, ushort Last) container = Range(text, rest[(colon + 1)..]);
        string before = colon < 0 ? "" : rest[..colon];
        int split = before.StartsWith('[') ? before.IndexOf(']', StringComparison.Ordinal) + 1 : before.LastIndexOf(':');
        string address = split > 0 ? before[..split] : "", host = split > 0 || (split == 0 && before.StartsWith(':')) ? before[(split < before.Length ? split + 1 : split)..] : before;
        // [::1]:80 has a container's port alone, and the address before it; what is in between must be a colon.
        if (before.StartsWith('[') && (split == 0 || (split < before.Length && before[split] != ':'))) throw Wrong(text, "a bracket is not closed, or has no ':' behind it");
        return Expand(text, Address(text, address), host, container, protocol);
    }

    private static List<PortRequest> ParseLong(string text)
    {
        string target = "", published = "", protocol = "tcp", address = "";
        foreach (string part in text.Split(','))
        {
            int equals = part.IndexOf('=', StringComparison.Ordinal);
            string value = equals < 0 ? "" : part[(equals + 1)..];
            switch (equals < 0 ? part : part[..equals])
            {
                case "target": target = value; break;
                case "published": published = value; break;
                case "protocol": protocol = value; break;
                case "host_ip" or "address": address = value; break;
                case "mode" or "name" or "app_protocol": break;
                default: throw Wrong(text, $"'{part}' is none of target, published, protocol, host_ip and mode");
            }
        }
        if (target.Length == 0) throw Wrong(text, "target is missing");
        return Expand(text, Address(text, address), published, Range(text, target), protocol);
    }

    private static List<PortRequest> Expand(string text, IPAddress? address, string host, (ushort First, ushort Last) container, string protocol)
    {
        protocol = protocol.ToLowerInvariant();
        if (protocol is not ("tcp" or "udp" or "sctp")) throw Wrong(text, $"the protocol is tcp, udp or sctp, not '{protocol}'");
        int count = container.Last - container.First + 1;
        (ushort First, ushort Last) hosts = host is "" or "0" ? ((ushort)0, (ushort)0) : Range(text, host);
        bool chosen = hosts.First == 0;
        if (!chosen && hosts.Last - hosts.First + 1 != count && count != 1) throw Wrong(text, $"{host} and {container.First}-{container.Last} are not as many ports");
        List<PortRequest> requests = new(count);
        for (int i = 0; i < count; i++)
        {
            ushort port = (ushort)(container.First + i);
            if (chosen || count == 1) requests.Add(new PortRequest(port, protocol, address, hosts.First, hosts.Last));
            else requests.Add(new PortRequest(port, protocol, address, (ushort)(hosts.First + i), (ushort)(hosts.First + i)));
        }
        return requests;
    }

    private static (ushort First, ushort Last) Range(string text, string range)
    {
        int dash = range.IndexOf('-', StringComparison.Ordinal);
        ushort first = Port(text, dash < 0 ? range : range[..dash]), last = dash < 0 ? first : Port(text, range[(dash + 1)..]);
        return first <= last ? (first, last) : throw Wrong(text, $"{range} ends before it begins");
    }

    private static ushort Port(string text, string port) => ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out ushort number) && number > 0
        ? number : throw Wrong(text, port.Length == 0 ? "a port is missing" : $"'{port}' is no port");

    private static IPAddress? Address(string text, string address)
    {
        if (address.Length == 0) return null;
        bool six = address.StartsWith('[') && address.EndsWith(']');
        string bare = six ? address[1..^1] : address;
        if (!IPAddress.TryParse(bare, out IPAddress? read) || (!bare.Contains(':', StringComparison.Ordinal) && bare.AsSpan().Count('.') != 3)) throw Wrong(text, $"'{bare}' is no address");
        return read.IsIPv4MappedToIPv6 ? read.MapToIPv4() : read;
    }

    private static BerthException Wrong(string text, string why) => new(Fault.InvalidArgument, $"cannot publish '{text}': {why}", "write [ADDRESS:][HOSTPORT]:PORT[/PROTOCOL], such as 8080:80, 127.0.0.1::80/udp or [::1]:8000-8010:8000-8010");
}

/// <summary>A port that is published.</summary>
/// <param name="HostPort">The host's; 0 where the container is reached at its own address.</param>
/// <param name="ContainerPort">The container's.</param>
/// <param name="Protocol">tcp, udp or sctp.</param>
/// <param name="HostAddress">Address of the host; null: all.</param>
public sealed record PortBinding(ushort HostPort, ushort ContainerPort, string Protocol, IPAddress? HostAddress)
{
    /// <inheritdoc/>
    public override string ToString() => HostPort == 0 ? $"{ContainerPort}/{Protocol}" : $"{(HostAddress is null ? "" : HostAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{HostAddress}]:" : $"{HostAddress}:")}{HostPort}->{ContainerPort}/{Protocol}";
}
