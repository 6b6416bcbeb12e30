// What plugins do to the host's side: forwarding, sysctls, pairs of interfaces.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Firewall;

namespace Berth.Network.Plugins;

/// <summary>The host's network namespace: that of the caller.</summary>
internal static class HostNetwork
{
    private const string Forward4 = "/proc/sys/net/ipv4/ip_forward", Forward6 = "/proc/sys/net/ipv6/conf/all/forwarding";

    /// <summary>Lets the host forward packets of a version of IP.</summary>
    /// <exception cref="CniException">It may not be set.</exception>
    public static void EnableForwarding(bool six) => Set(six ? Forward6 : Forward4, "1", $"packets of IPv{(six ? 6 : 4)} cannot be forwarded");

    /// <summary>Whether anybody here may look for chains of iptables.</summary>
    public static bool HasIptables => KernelFile.Exists("/usr/sbin/iptables") || KernelFile.Exists("/sbin/iptables");

    /// <summary>Masquerades what a result gave, if the configuration says so.</summary>
    public static void Masquerade(PluginCall call, CniResult result)
    {
        if (!call.Configuration.Flag("ipMasq")) return;
        RuleOwner owner = call.Owner;
        foreach (CniAddress address in result.Addresses) call.Rules.Masquerade(owner, address.Address);
        // The reference plugin's DEL fails where its chain is missing: so it can take over from this one.
        if (call.Configuration.Text("ipMasqBackend") is not "nftables" && HasIptables) call.Rules.Mark(ChainName.Masquerading(owner.Network, owner.ContainerId));
    }

    /// <summary>Writes a sysctl unless it has the value already: it may be read-only then.</summary>
    public static void Set(string path, string value, string consequence)
    {
        if (KernelFile.TryReadText(path)?.Trim() == value) return;
        if (!KernelFile.TryWrite(path, value, out Errno errno)) throw CniException.Failed($"cannot set {path} to {value}: {errno.Sentence()}; {consequence}");
    }

    /// <summary>Makes a pair: one end in the container, under its name; the other here, under a name of its own.</summary>
    /// <returns>The end that is here.</returns>
    /// <exception cref="CniException">The container has such an interface, or the kernel refuses it.</exception>
    public static NetworkLink MakePair(RouteNetlink links, Sandbox sandbox, string name, int mtu, byte[] hardwareAddress, int master, bool up)
    {
        for (int attempt = 0; ; attempt++)
        {
            string hostName = $"veth{Random.Shared.Next():x8}";
            LinkSpec peer = new() { Name = name, Kind = new LinkKind.Dummy(), Mtu = mtu, HardwareAddress = hardwareAddress, Namespace = sandbox.Namespace };
            try
            {
                links.Add(new LinkSpec { Name = hostName, Kind = new LinkKind.Veth { Peer = peer }, Mtu = mtu, Master = master, Up = up });
                return links.Find(hostName) ?? throw CniException.Failed($"interface {hostName} is gone as soon as it was made");
            }
            catch (LinuxException e) when (e.Errno == Errno.EEXIST)
            {
                if (sandbox.Links.Find(name) is not null) throw CniException.Failed($"cannot make interface {name}: {sandbox.Path} has one of that name");
                if (attempt == 10) throw CniException.Failed($"cannot make interface {name}: {e.Message}", e);
            }
            catch (LinuxException e)
            {
                throw CniException.Failed($"cannot make interface {name} in {sandbox.Path}: {e.Message}", e);
            }
        }
    }

    /// <summary>Reads a hardware address.</summary>
    /// <exception cref="CniException">It is none.</exception>
    public static byte[] ParseMac(string text) => text.Length == 0 ? [] : NetworkLink.TryParseMac(text, out byte[] bytes) ? bytes : throw CniException.Wrong($"{text} is no hardware address", "write it as 02:42:ac:11:00:02");

    /// <summary>A hardware address for a bridge: local, of one station. One that is given stays when ports come and go.</summary>
    public static byte[] RandomMac()
    {
        byte[] bytes = new byte[6];
        Random.Shared.NextBytes(bytes);
        bytes[0] = (byte)(bytes[0] & 0xFC | 2);
        return bytes;
    }

    /// <summary>What the user wants as the container's hardware address: capability mac before args before CNI_ARGS.</summary>
    public static string WantedMac(PluginCall call) =>
        call.Configuration.RuntimeConfig?.Text("mac") is { Length: > 0 } asked ? asked
        : call.Configuration.Args?.Text("mac") is { Length: > 0 } labelled ? labelled
        : call.Argument("MAC") ?? "";

    /// <summary>dns of a plugin's configuration, or what was there where it says nothing.</summary>
    public static CniDns DnsOf(PluginCall call, CniDns otherwise)
    {
        if (call.Configuration.Object("dns") is not { } dns) return otherwise;
        CniDns said = new() { Nameservers = dns.Texts("nameservers"), Domain = dns.Text("domain") ?? "", Search = dns.Texts("search"), Options = dns.Texts("options") };
        return said.IsEmpty ? otherwise : said;
    }

    /// <summary>A number of a configuration that must lie within bounds.</summary>
    public static int Bounded(PluginConfiguration configuration, string name, long least, long most)
    {
        long value = configuration.Number(name) ?? 0;
        return value == 0 || value >= least && value <= most ? (int)value : throw CniException.Wrong($"{name} is {value}, and must be {least} to {most}");
    }
}
