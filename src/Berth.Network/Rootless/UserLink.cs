// What connects a network namespace of an ordinary user with the host's network: pasta, or slirp4netns.
using System.Net;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Oci.Faults;

namespace Berth.Network.Rootless;

/// <summary>Programs that do it.</summary>
public enum UserLinkKind
{
    /// <summary>pasta where it is installed and works, else slirp4netns.</summary>
    Auto,

    /// <summary>pasta(1).</summary>
    Pasta,

    /// <summary>slirp4netns(1).</summary>
    Slirp4netns,
}

/// <summary>How containers reach the host behind a link. Its loopback addresses are not led to by any of these.</summary>
internal enum HostReach
{
    /// <summary>At an address that the namespace has not got itself.</summary>
    OtherAddress,

    /// <summary>At an address that pasta translates (--map-guest-addr, since 2024).</summary>
    Translated,

    /// <summary>At its own: the namespace is given another one than the host's, which an old pasta would give it.</summary>
    OwnAddress,
}

/// <summary>How they are found and called. Neither forwards ports, and neither leads to the host's loopback addresses.</summary>
internal static class UserLink
{
    // Where containers' questions for names are sent, and the program passes them on to the host's server: pasta as told, slirp4netns always.
    private const string PastaServer = "169.254.1.1", SlirpServer = "10.0.2.3";

    // Of nobody's network.
    private const string BridgesAddress = "169.254.1.3", BridgesGateway = "169.254.1.4", BridgesLength = "24";

    /// <summary>Where pasta has the host, in versions that can be told so.</summary>
    public const string PastaHost = "169.254.1.2";

    public static string NameOf(UserLinkKind kind) => kind switch { UserLinkKind.Pasta => "pasta", UserLinkKind.Slirp4netns => "slirp4netns", _ => "auto" };

    public static UserLinkKind? KindOf(string name) => name switch { "pasta" => UserLinkKind.Pasta, "slirp4netns" => UserLinkKind.Slirp4netns, "auto" => UserLinkKind.Auto, _ => null };

    public static string NameServer(UserLinkKind kind) => kind == UserLinkKind.Slirp4netns ? SlirpServer : PastaServer;

    /// <summary>The programs that are to be tried, in order.</summary>
    /// <exception cref="BerthException">Unsupported: none of them is installed.</exception>
    public static List<(UserLinkKind Kind, string Path)> Candidates(UserLinkKind wanted, string searchPath)
    {
        List<(UserLinkKind, string)> found = [];
        foreach (UserLinkKind kind in (ReadOnlySpan<UserLinkKind>)[UserLinkKind.Pasta, UserLinkKind.Slirp4netns])
        {
            if (wanted != UserLinkKind.Auto && wanted != kind) continue;
            foreach (string folder in searchPath.Split(':', StringSplitOptions.RemoveEmptyEntries))
            {
                string path = $"{folder}/{NameOf(kind)}";
                if (!KernelFile.IsExecutable(path, out _)) continue;
                found.Add((kind, path));
                break;
            }
        }
        if (found.Count > 0) return found;
        string what = wanted == UserLinkKind.Auto ? "neither pasta nor slirp4netns is installed" : $"{NameOf(wanted)} is not installed";
        throw new BerthException(Fault.Unsupported, $"cannot connect containers of an ordinary user with the network: {what}", "install the package passt (pasta), or slirp4netns");
    }

    /// <summary>argv for a network namespace.</summary>
    public static List<string> Arguments(UserLinkKind kind, string networkNamespace, string userNamespace, string @interface, HostReach host) => kind == UserLinkKind.Slirp4netns
        ? ["slirp4netns", "--configure", "--mtu=65520", "--disable-host-loopback", "--enable-sandbox", "--enable-seccomp", "--enable-ipv6", "--netns-type=path", networkNamespace, @interface]
        : ["pasta", "--config-net", "--foreground", "--stderr", "--quiet", "-t", "none", "-u", "none", "-T", "none", "-U", "none", "--ns-ifname", @interface, "--no-map-gw", "--dns-forward", PastaServer,
            .. host switch
            {
                HostReach.Translated => (ReadOnlySpan<string>)["--map-guest-addr", PastaHost],
                HostReach.OwnAddress => ["--address", BridgesAddress, "--netmask", BridgesLength, "--gateway", BridgesGateway],
                _ => [],
            }, "--netns", networkNamespace, "--userns", userNamespace];

    /// <summary>What a namespace was given.</summary>
    /// <returns>Null while it is not connected.</returns>
    public static List<InetEndpoint>? AddressesIn(Fd networkNamespace)
    {
        try
        {
            using RouteNetlink links = RouteNetlink.OpenIn(networkNamespace);
            return AddressesOf(links);
        }
        // The interface came, or went, while it was looked at.
        catch (LinuxException e) when (e.Errno == Errno.ENODEV) { return null; }
    }

    /// <summary>Those of the caller's namespace, which needs no rights.</summary>
    public static List<InetEndpoint> AddressesHere()
    {
        using RouteNetlink links = RouteNetlink.Open();
        return AddressesOf(links) ?? [];
    }

    private static List<InetEndpoint>? AddressesOf(RouteNetlink links)
    {
        List<InetEndpoint> addresses = [];
        foreach (bool six in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (NetworkRoute route in links.Routes(six))
            {
                if (route.PrefixLength != 0 || route.Link == 0) continue;
                foreach (LinkAddress address in links.Addresses(route.Link))
                {
                    IPAddress one = address.Address;
                    bool is6 = one.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
                    if (is6 == six && !one.IsIPv6LinkLocal && !addresses.Contains(new InetEndpoint(one, 0))) addresses.Add(new InetEndpoint(one, 0));
                }
            }
        }
        return addresses.Count > 0 ? addresses : null;
    }
}
