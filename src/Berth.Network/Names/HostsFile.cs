// /etc/hosts as Docker and podman write it for a container.
using System.Net;
using System.Text;
using Berth.Oci.Faults;

namespace Berth.Network.Names;

/// <summary>What stands in a container's /etc/hosts.</summary>
public sealed record HostsFile
{
    /// <summary>
    /// A text to begin with: the host's file, the image's, or any other (podman's base_hosts_file); its lines are kept but for names that are
    /// given here. Null: the lines of localhost, as Docker has them.
    /// </summary>
    public string? Base { get; init; }

    /// <summary>Whether the container has IPv6: without it no line has an address of that.</summary>
    public bool HasIPv6 { get; init; } = true;

    /// <summary>--add-host: <c>name:address</c>, <c>name1;name2:address</c> or <c>name=address</c>; the address may be <c>host-gateway</c>.</summary>
    public IReadOnlyList<string> Extra { get; init; } = [];

    /// <summary>What <c>host-gateway</c> stands for, and the names of the host lead to. Empty: they are left out.</summary>
    public IReadOnlyList<IPAddress> HostAddresses { get; init; } = [];

    /// <summary>Names of the host.</summary>
    public IReadOnlyList<string> HostNames { get; init; } = ["host.containers.internal", "host.docker.internal"];

    /// <summary>The container's addresses.</summary>
    public IReadOnlyList<IPAddress> Addresses { get; init; } = [];

    /// <summary>The container's names: host name first, then its name, aliases.</summary>
    public IReadOnlyList<string> Names { get; init; } = [];

    /// <summary>The text.</summary>
    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>: one of <see cref="Extra"/> is not as it should be.</exception>
    public string Write()
    {
        List<(string Address, string Names)> extra = ReadExtra();
        StringBuilder text = new();
        if (Base is null) WriteLocalhost(text);
        else WriteBase(text, extra);
        foreach ((string address, string names) in extra) Line(text, address, names);
        foreach (IPAddress address in HostAddresses)
        {
            if (IsLeftOut(address)) continue;
            string names = string.Join(' ', HostNamesWithout(extra));
            if (names.Length > 0) Line(text, address.ToString(), names);
        }
        string own = string.Join(' ', Once(Names));
        foreach (IPAddress address in Addresses)
        {
            if (own.Length > 0 && !IsLeftOut(address)) Line(text, address.ToString(), own);
        }
        return text.ToString();
    }

    private void WriteLocalhost(StringBuilder text)
    {
        Line(text, "127.0.0.1", "localhost");
        if (!HasIPv6) return;
        Line(text, "::1", "localhost ip6-localhost ip6-loopback");
        Line(text, "fe00::", "ip6-localnet");
        Line(text, "ff00::", "ip6-mcastprefix");
        Line(text, "ff02::1", "ip6-allnodes");
        Line(text, "ff02::2", "ip6-allrouters");
    }

    // A name that is given here is given once: the first line that has it would win.
    private void WriteBase(StringBuilder text, List<(string Address, string Names)> extra)
    {
        HashSet<string> given = new(StringComparer.OrdinalIgnoreCase);
        foreach ((_, string names) in extra) given.UnionWith(names.Split(' '));
        if (HostAddresses.Count > 0) given.UnionWith(HostNames);
        if (Addresses.Count > 0) given.UnionWith(Names);
        foreach (string line in Base!.Split('\n'))
        {
            int comment = line.IndexOf('#', StringComparison.Ordinal);
            string[] words = (comment < 0 ? line : line[..comment]).Split([' ', '\t', '\r'], StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2 || !IPAddress.TryParse(words[0], out _)) continue;
            List<string> kept = [];
            for (int i = 1; i < words.Length; i++)
            {
                if (!given.Contains(words[i])) kept.Add(words[i]);
            }
            if (kept.Count > 0) Line(text, words[0], string.Join(' ', kept));
        }
    }

    private List<(string Address, string Names)> ReadExtra()
    {
        List<(string, string)> lines = [];
        foreach (string entry in Extra)
        {
            // An '=' keeps addresses of IPv6 readable; a name has neither.
            int at = entry.IndexOf('=', StringComparison.Ordinal);
            if (at < 0) at = entry.IndexOf(':', StringComparison.Ordinal);
            if (at <= 0) throw Wrong(entry, "a name, ':' and an address are wanted");
            string names = string.Join(' ', entry[..at].Split(';', StringSplitOptions.RemoveEmptyEntries));
            string value = entry[(at + 1)..];
            if (names.Length == 0 || names.Contains('\n', StringComparison.Ordinal) || names.Contains('#', StringComparison.Ordinal)) throw Wrong(entry, "the name is none");
            if (value == "host-gateway")
            {
                if (HostAddresses.Count == 0) throw Wrong(entry, "the host's address is not known");
                foreach (IPAddress host in HostAddresses)
                {
                    if (!IsLeftOut(host)) lines.Add((host.ToString(), names));
                }
                continue;
            }
            if (value.StartsWith('[') && value.EndsWith(']')) value = value[1..^1];
            if (!IPAddress.TryParse(value, out IPAddress? address) || (!value.Contains(':', StringComparison.Ordinal) && value.AsSpan().Count('.') != 3)) throw Wrong(entry, $"'{value}' is no address");
            lines.Add((address.ToString(), names));
        }
        return lines;
    }

    // A user's own host.docker.internal holds.
    private List<string> HostNamesWithout(List<(string Address, string Names)> extra)
    {
        List<string> names = [];
        foreach (string name in HostNames)
        {
            bool given = false;
            foreach ((_, string others) in extra) given |= Array.IndexOf(others.Split(' '), name) >= 0;
            if (!given) names.Add(name);
        }
        return names;
    }

    private bool IsLeftOut(IPAddress address) => !HasIPv6 && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;

    private static List<string> Once(IReadOnlyList<string> names)
    {
        List<string> once = [];
        foreach (string name in names)
        {
            if (name.Length > 0 && !once.Contains(name)) once.Add(name);
        }
        return once;
    }

    private static void Line(StringBuilder text, string address, string names) => text.Append(address).Append('\t').Append(names).Append('\n');

    private static BerthException Wrong(string entry, string why) =>
        new(Fault.InvalidArgument, $"cannot add host '{entry}': {why}", "name:address, or name:host-gateway");
}
