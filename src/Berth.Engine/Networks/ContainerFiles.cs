// /etc/hosts and /etc/resolv.conf of a container, from its attachments.
using System.Net;
using Berth.Linux.Files;
using Berth.Network.Names;
using Berth.Oci.Faults;

namespace Berth.Engine.Networks;

/// <summary>What a container's two files say besides what its networks do.</summary>
public sealed record NameWishes
{
    /// <summary>The container's host name, which stands first in its line.</summary>
    public string HostName { get; init; } = "";

    /// <summary>More names of its addresses.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>--dns.</summary>
    public IReadOnlyList<string> Servers { get; init; } = [];

    /// <summary>--dns-search; <c>.</c> alone is none.</summary>
    public IReadOnlyList<string> Search { get; init; } = [];

    /// <summary>--dns-option.</summary>
    public IReadOnlyList<string> Options { get; init; } = [];

    /// <summary>--add-host: <c>name:address</c>, the address may be <c>host-gateway</c>.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>The host's resolv.conf.</summary>
    public string ResolvConf { get; init; } = HostResolvConf;

    internal const string HostResolvConf = "/etc/resolv.conf";
}

/// <summary>The texts.</summary>
/// <param name="Hosts">/etc/hosts.</param>
/// <param name="ResolvConf">/etc/resolv.conf.</param>
public sealed record ContainerFiles(string Hosts, string ResolvConf)
{
    /// <summary>Writes them.</summary>
    /// <param name="attachments">All of one container.</param>
    /// <param name="wishes">What the user said.</param>
    /// <param name="hostAddresses">Where the host is reached; null: at the gateways.</param>
    /// <exception cref="BerthException">InvalidArgument: one of the hosts is not as it should be.</exception>
    public static ContainerFiles Of(IReadOnlyList<Attachment> attachments, NameWishes wishes, IReadOnlyList<IPAddress>? hostAddresses = null)
    {
        ArgumentNullException.ThrowIfNull(attachments);
        ArgumentNullException.ThrowIfNull(wishes);
        List<IPAddress> own = [];
        List<string> names = [wishes.HostName], servers = [];
        bool six = false;
        foreach (Attachment attachment in attachments)
        {
            foreach (AttachedAddress address in attachment.Addresses)
            {
                own.Add(address.Address);
                six |= address.Is6;
            }
            names.Add(attachment.Spec.ContainerName);
            foreach (IPAddress server in attachment.NameServers)
            {
                if (!servers.Contains(server.ToString())) servers.Add(server.ToString());
            }
        }
        names.AddRange(wishes.Names);
        if (names.TrueForAll(static name => name.Length == 0) && attachments.Count > 0) names.Add(attachments[0].ContainerId[..Math.Min(12, attachments[0].ContainerId.Length)]);
        // The host is where the default route leads, unless that is a network of an ordinary user.
        List<IPAddress> host = [.. hostAddresses ?? []];
        foreach (bool version6 in hostAddresses is null ? (ReadOnlySpan<bool>)[false, true] : [])
        {
            if (DefaultRoute.Best(attachments, version6)?.Gateway(version6) is { } gateway) host.Add(gateway);
        }
        ResolvConf theirs = Berth.Network.Names.ResolvConf.Parse(KernelFile.TryReadText(wishes.ResolvConf) ?? "");
        return new ContainerFiles(
            new HostsFile { HasIPv6 = six, Extra = wishes.Hosts, HostAddresses = host, Addresses = own, Names = names }.Write(),
            Berth.Network.Names.ResolvConf.ForContainer(theirs, new ResolvConfWishes { NetworkServers = servers, Servers = wishes.Servers, Search = wishes.Search, Options = wishes.Options, HasIPv6 = six }).ToString());
    }
}
