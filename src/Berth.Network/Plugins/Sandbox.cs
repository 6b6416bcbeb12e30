// A container's network namespace, seen from a plugin: opened, visited, its interface found and set up.
using System.Net;
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Linux.Processes;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>An open network namespace with a socket in it.</summary>
internal sealed class Sandbox : IDisposable
{
    private const long NsfsMagic = 0x6E736673;
    private RouteNetlink? _links;

    private Sandbox(string path, Fd ns)
    {
        Path = path;
        Namespace = ns;
    }

    public string Path { get; }

    public Fd Namespace { get; }

    /// <summary>rtnetlink in the namespace.</summary>
    public RouteNetlink Links => _links ??= RouteNetlink.OpenIn(Namespace);

    /// <exception cref="CniException">It is not there, or is something else.</exception>
    public static Sandbox Open(string? path) => TryOpen(path) ?? throw CniException.Failed($"cannot open the network namespace {path ?? "(none given)"}: no such file");

    /// <summary>As <see cref="Open"/>; null when it is gone.</summary>
    public static Sandbox? TryOpen(string? path)
    {
        if (string.IsNullOrEmpty(path)) return null;
        Fd? fd = KernelPath.TryOpen(path, 0);
        if (fd is null)
        {
            Errno errno = KernelPath.LastErrno;
            // ESRCH and EACCES speak of the process behind /proc/PID: it has ended.
            return errno is Errno.ENOENT or Errno.ENOTDIR or Errno.ESRCH ? null : throw CniException.Failed($"cannot open the network namespace {path}: {errno.Sentence()}");
        }
        if (KernelPath.FileSystemType(fd) == NsfsMagic) return new Sandbox(path, fd);
        fd.Dispose();
        // The mount is gone, the file that it covered is still there.
        return KernelPath.Facts(path) is { } facts && !facts.IsDirectory ? null : throw CniException.Failed($"{path} is no network namespace");
    }

    /// <summary>Does something with this thread in the namespace.</summary>
    public void Visit(Action work)
    {
        using Fd own = KernelPath.Open("/proc/thread-self/ns/net", 0);
        Self.Join(Namespace, Namespaces.Network);
        try { work(); }
        finally { Self.Join(own, Namespaces.Network); }
    }

    /// <exception cref="CniException">It is not there.</exception>
    public NetworkLink Find(string name) => Links.Find(name) ?? throw CniException.Failed($"interface {name} is not in {Path}");

    /// <summary>Writes /proc/sys/net; what this kernel does not have is left alone.</summary>
    public static void TrySysctl(string name, string value) => KernelFile.TryWrite($"/proc/sys/{name}", value, out _);

    /// <summary>
    /// Gives an interface the addresses of a result, brings it up, and adds the routes.
    /// </summary>
    /// <param name="link">The interface.</param>
    /// <param name="result">What it gets; routes without a gateway get the first address's of their version.</param>
    /// <param name="detect">IPv6: whether it is asked first whether somebody else has an address.</param>
    public void Configure(NetworkLink link, CniResult result, bool detect = false)
    {
        IPAddress? gateway4 = null, gateway6 = null;
        foreach (CniAddress address in result.Addresses)
        {
            if (address.Address.Is4) gateway4 ??= address.Gateway;
            else gateway6 ??= address.Gateway;
            try
            {
                Links.Add(link, LinkAddress.Of(address.Address.Address, address.Address.Length, noDetection: !detect));
            }
            catch (LinuxException e) when (e.Errno == Errno.EEXIST)
            {
            }
        }
        Links.SetUp(link, up: true);
        if (detect && gateway6 is not null) Settle(link);
        foreach (CniRoute route in result.Routes) AddRoute(link, route, route.Gateway ?? (route.Destination.Is4 ? gateway4 : gateway6));
    }

    private void AddRoute(NetworkLink link, CniRoute route, IPAddress? gateway)
    {
        try
        {
            Links.Add(new NetworkRoute
            {
                Destination = route.Destination.Network.Address,
                PrefixLength = route.Destination.Length,
                Gateway = gateway,
                Link = link.Index,
                Priority = (uint)route.Priority,
                Table = route.Table is { } table ? (uint)table : 254,
                Scope = (byte?)route.Scope,
                Mtu = (uint)route.Mtu,
                AdvertisedMss = (uint)route.AdvertisedMss,
            });
        }
        catch (LinuxException e) when (e.Errno == Errno.EEXIST)
        {
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot add the route to {route.Destination} via {gateway?.ToString() ?? "nothing"} to {link.Name}: {e.Errno.Sentence()}", e);
        }
    }

    // Five seconds, as long as the kernel's own questions may take.
    private void Settle(NetworkLink link)
    {
        for (int waited = 0; waited < 5000; waited += 10)
        {
            bool tentative = false;
            foreach (LinkAddress address in Links.Addresses(link.Index))
            {
                if (address.IsDuplicate) throw CniException.Failed($"cannot use {address.Address} on {link.Name}: another host has it");
                tentative |= address.IsTentative;
            }
            if (!tentative) return;
            ShortPause.Microseconds(10_000);
        }
        throw CniException.Failed($"cannot use the addresses of {link.Name}: after 5 s it is not known whether another host has them");
    }

    /// <summary>Removes the interface of a call, unless it is gone or goes by itself.</summary>
    public static void RemoveLink(PluginCall call)
    {
        if (call.NamespaceEnds) return;
        using Sandbox? sandbox = TryOpen(call.NetworkNamespace);
        if (sandbox?.Links.Find(call.InterfaceName) is { } link) sandbox.Links.Remove(link);
    }

    /// <summary>Removes the interface of a call and gives its addresses back.</summary>
    public static void RemoveLinkAndAddresses(PluginCall call)
    {
        bool before = IpamPlugin.NeedsInterface(call);
        if (before) IpamPlugin.Delete(call);
        // Before the address may be given to somebody else.
        RemoveLink(call);
        if (!before) IpamPlugin.Delete(call);
    }

    /// <summary>The interface of a result that is in this namespace under a name.</summary>
    /// <exception cref="CniException">The result has none.</exception>
    public CniInterface Expect(CniResult result, string name)
    {
        foreach (CniInterface candidate in result.Interfaces)
        {
            if (candidate.Name == name && candidate.Sandbox == Path) return candidate;
        }
        throw CniException.Failed($"prevResult has no interface {name} in {Path}");
    }

    /// <summary>Finds an interface of a result and compares kind and hardware address.</summary>
    /// <exception cref="CniException">It is not as it was.</exception>
    public static NetworkLink Verify(RouteNetlink links, CniInterface expected, string kind, string where)
    {
        NetworkLink link = links.Find(expected.Name) ?? throw CniException.Failed($"interface {expected.Name} is not in {where}");
        if (kind.Length > 0 && link.Kind != kind) throw CniException.Failed($"interface {expected.Name} in {where} is {(link.Kind.Length == 0 ? "none that plugins make" : $"a {link.Kind}")}, and should be a {kind}");
        if (expected.Mac.Length > 0 && expected.Mac != link.Mac) throw CniException.Failed($"interface {expected.Name} in {where} has the hardware address {link.Mac}, and should have {expected.Mac}");
        return link;
    }

    /// <summary>Compares addresses and routes of an interface with a result.</summary>
    /// <exception cref="CniException">Something is missing.</exception>
    public void VerifyAddresses(NetworkLink link, CniResult result)
    {
        List<LinkAddress> addresses = Links.Addresses(link.Index);
        List<NetworkRoute> routes = [.. Links.Routes(version6: false, table: 0), .. Links.Routes(version6: true, table: 0)];
        foreach (CniAddress expected in result.Addresses)
        {
            if (!addresses.Exists(a => a.PrefixLength == expected.Address.Length && a.Address.Equals(expected.Address.Address))) throw CniException.Failed($"{link.Name} has not got the address {expected.Address}");
            IpPrefix network = expected.Address.Network;
            if (!routes.Exists(r => r.PrefixLength == network.Length && r.Destination.Equals(network.Address))) throw CniException.Failed($"there is no route to {network}, the network of {link.Name}");
        }
        foreach (CniRoute expected in result.Routes)
        {
            IpPrefix network = expected.Destination.Network;
            bool found = routes.Exists(r => r.PrefixLength == network.Length && r.Destination.Equals(network.Address) && (expected.Gateway is null || network.IsDefault || IsNone(expected.Gateway) || expected.Gateway.Equals(r.Gateway)));
            if (!found) throw CniException.Failed($"there is no route to {expected.Destination}{(expected.Gateway is null ? "" : $" via {expected.Gateway}")}");
        }
    }

    // DHCP's way to say that the destination is on the link.
    private static bool IsNone(IPAddress gateway) => gateway.Equals(IPAddress.Any);

    public void Dispose()
    {
        _links?.Dispose();
        Namespace.Dispose();
    }
}
