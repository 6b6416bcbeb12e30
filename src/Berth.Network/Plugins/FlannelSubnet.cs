// subnet.env: which addresses flannel's daemon gave this host.
using System.Globalization;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>The variables of the file.</summary>
internal sealed record FlannelSubnet
{
    /// <summary>All hosts together; IPv4 before IPv6.</summary>
    public List<IpPrefix> Networks { get; } = [];

    /// <summary>This host's; one a version, IPv4 before IPv6.</summary>
    public List<IpPrefix> Subnets { get; } = [];

    public uint Mtu { get; private set; }

    /// <summary>Whether the daemon masquerades.</summary>
    public bool Masquerades { get; private set; }

    /// <exception cref="CniException">Something is missing or wrong.</exception>
    public static FlannelSubnet Parse(string text, string file)
    {
        string? networks = null, subnet = null, networks6 = null, subnet6 = null, mtu = null, masquerades = null;
        foreach (string line in text.Split('\n'))
        {
            int equals = line.IndexOf('=', StringComparison.Ordinal);
            if (equals < 0) continue;
            string value = line[(equals + 1)..].TrimEnd('\r');
            switch (line[..equals])
            {
                case "FLANNEL_NETWORK": networks = value; break;
                case "FLANNEL_SUBNET": subnet = value; break;
                case "FLANNEL_IPV6_NETWORK": networks6 = value; break;
                case "FLANNEL_IPV6_SUBNET": subnet6 = value; break;
                case "FLANNEL_MTU": mtu = value; break;
                case "FLANNEL_IPMASQ": masquerades = value; break;
            }
        }
        List<string> missing = [];
        if (networks is null && networks6 is null) missing.AddRange(["FLANNEL_NETWORK", "FLANNEL_IPV6_NETWORK"]);
        if (subnet is null && subnet6 is null) missing.AddRange(["FLANNEL_SUBNET", "FLANNEL_IPV6_SUBNET"]);
        if (mtu is null) missing.Add("FLANNEL_MTU");
        if (masquerades is null) missing.Add("FLANNEL_IPMASQ");
        if (missing.Count > 0) throw CniException.Failed($"{file} is missing {string.Join(", ", missing)}", null);
        FlannelSubnet read = new() { Masquerades = masquerades == "true" };
        read.Mtu = uint.TryParse(mtu, NumberStyles.None, CultureInfo.InvariantCulture, out uint number) ? number : throw CniException.Failed($"{file} has FLANNEL_MTU={mtu}, which is no number", null);
        foreach (string? list in (ReadOnlySpan<string?>)[networks, networks6]) Take(list, read.Networks, file);
        foreach (string? one in (ReadOnlySpan<string?>)[subnet, subnet6]) Take(one, read.Subnets, file);
        return read;
    }

    private static void Take(string? list, List<IpPrefix> into, string file)
    {
        if (list is null) return;
        foreach (string text in list.Split(','))
        {
            if (!IpPrefix.TryParse(text, out IpPrefix prefix)) throw CniException.Failed($"{file} has {text}, which is no network", null);
            if (!into.Contains(prefix.Network)) into.Add(prefix.Network);
        }
    }
}
