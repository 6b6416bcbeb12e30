// What is forwarded to a container, as a file: one for each attachment.
using System.Globalization;
using System.Net;
using System.Text;
using Berth.Linux.Network;

namespace Berth.Network.Rootless;

/// <summary>A port of the host that leads to a port of a container.</summary>
/// <param name="Host">Where it is on the host; the address of no host for all of its version.</param>
/// <param name="Port">The container's.</param>
/// <param name="Datagram">UDP; otherwise TCP.</param>
public readonly record struct ForwardedPort(InetEndpoint Host, ushort Port, bool Datagram)
{
    /// <inheritdoc/>
    public override string ToString() => $"{(Datagram ? "udp" : "tcp")} {Host}";
}

/// <summary>One attachment of a container.</summary>
public sealed record ForwardRecord
{
    /// <summary>The container.</summary>
    public required string ContainerId { get; init; }

    /// <summary>A network namespace that is to be connected with the host by itself; null: the container is on a bridge of the user's network.</summary>
    public string? Namespace { get; init; }

    /// <summary>With <see cref="Namespace"/>: how it is connected.</summary>
    public UserLinkKind Link { get; init; }

    /// <summary>With <see cref="Namespace"/>: the interface that it gets.</summary>
    public string InterfaceName { get; init; } = "eth0";

    /// <summary>The container's addresses; none with a <see cref="Namespace"/>, whose address is found in it.</summary>
    public IReadOnlyList<IPAddress> Targets { get; init; } = [];

    /// <summary>Its ports.</summary>
    public IReadOnlyList<ForwardedPort> Ports { get; init; } = [];

    internal const string Suffix = ".forward";
    private const string FirstLine = "berth-forward 1";
    private const int MostPorts = 65536;

    /// <summary>As it is written.</summary>
    internal byte[] ToBytes()
    {
        StringBuilder text = new(FirstLine + "\n");
        text.Append("container ").Append(ContainerId).Append('\n');
        if (Namespace is not null) text.Append("namespace ").Append(Namespace).Append('\n').Append("link ").Append(UserLink.NameOf(Link)).Append('\n').Append("interface ").Append(InterfaceName).Append('\n');
        foreach (IPAddress target in Targets) text.Append("target ").Append(target).Append('\n');
        foreach (ForwardedPort port in Ports) text.Append("port ").Append(port).Append(' ').Append(port.Port.ToString(CultureInfo.InvariantCulture)).Append('\n');
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>Reads a file.</summary>
    /// <returns>Null when it is none of these.</returns>
    internal static ForwardRecord? Parse(ReadOnlySpan<byte> bytes)
    {
        string[] lines = Encoding.UTF8.GetString(bytes).Split('\n');
        if (lines[0] != FirstLine) return null;
        string container = "", link = "auto", @interface = "eth0";
        string? place = null;
        List<IPAddress> targets = [];
        List<ForwardedPort> ports = [];
        foreach (string line in lines)
        {
            int space = line.IndexOf(' ');
            if (space < 0) continue;
            string value = line[(space + 1)..];
            switch (line[..space])
            {
                case "container": container = value; break;
                case "namespace": place = value; break;
                case "link": link = value; break;
                case "interface": @interface = value; break;
                case "target" when IPAddress.TryParse(value, out IPAddress? address): targets.Add(address); break;
                case "port" when ports.Count < MostPorts && PortOf(value) is { } port: ports.Add(port); break;
                default: break;
            }
        }
        return container.Length == 0 || UserLink.KindOf(link) is not { } kind ? null : new ForwardRecord { ContainerId = container, Namespace = place, Link = kind, InterfaceName = @interface, Targets = targets, Ports = ports };
    }

    private static ForwardedPort? PortOf(string value)
    {
        string[] words = value.Split(' ');
        if (words.Length != 3 || words[0] is not ("tcp" or "udp")) return null;
        if (!IPEndPoint.TryParse(words[1], out IPEndPoint? host) || !ushort.TryParse(words[2], NumberStyles.None, CultureInfo.InvariantCulture, out ushort port)) return null;
        return new ForwardedPort(new InetEndpoint(host.Address, (ushort)host.Port), port, words[0] == "udp");
    }
}
