// Plugin host-device: an interface of the host goes to the container, and comes back under its old name.
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>The name it had is its alias for as long as it is away: it is found by that even when nobody brought it back.</summary>
internal sealed class HostDevice : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        DeviceChoice choice = DeviceChoice.Read(call.Configuration);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        if (choice.IsUserspace) return WithoutInterface(call, sandbox);
        using RouteNetlink links = RouteNetlink.Open();
        NetworkLink device = choice.Find(links);
        NetworkLink inside = MoveIn(links, sandbox, device, call.InterfaceName);
        bool leased = false;
        try
        {
            CniInterface named = new() { Name = inside.Name, Mac = inside.Mac, Sandbox = sandbox.Path };
            if (!IpamPlugin.IsNamed(call)) return new CniResult { Interfaces = [named] };
            CniResult given = IpamPlugin.Add(call);
            leased = true;
            if (given.Addresses.Count == 0) throw CniException.Failed("the address plugin gave no address");
            CniResult result = StackedInterface.Placed(given, named);
            sandbox.Configure(inside, result);
            return StackedInterface.WithOwnDns(call, result);
        }
        catch
        {
            MoveOut(sandbox, inside, device.Name);
            if (device.IsUp && links.Find(device.Name) is { } back) links.SetUp(back, up: true);
            if (leased) IpamPlugin.Delete(call);
            throw;
        }
    }

    // A driver in user space (DPDK) has the device: there is nothing to move, only addresses to be had for it.
    private static CniResult WithoutInterface(PluginCall call, Sandbox sandbox)
    {
        CniInterface named = new() { Name = call.InterfaceName, Sandbox = sandbox.Path };
        if (!IpamPlugin.IsNamed(call)) return new CniResult { Interfaces = [named] };
        CniResult given = IpamPlugin.Add(call);
        if (given.Addresses.Count > 0) return StackedInterface.WithOwnDns(call, StackedInterface.Placed(given, named));
        IpamPlugin.Delete(call);
        throw CniException.Failed("the address plugin gave no address");
    }

    private static NetworkLink MoveIn(RouteNetlink links, Sandbox sandbox, NetworkLink device, string name)
    {
        // The kernel moves first and names then: what the name would be refused for is asked before.
        if (sandbox.Links.Find(name) is not null) throw CniException.Failed($"cannot move {device.Name} to {sandbox.Path}: it has an interface {name}");
        try
        {
            links.Change(device, new LinkChange { Namespace = sandbox.Namespace, Name = name, Alias = device.Name });
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot move {device.Name} to {sandbox.Path} as {name}: {e.Message}", e);
        }
        NetworkLink inside = sandbox.Find(name);
        sandbox.Links.SetUp(inside, up: true);
        return inside;
    }

    private static void MoveOut(Sandbox sandbox, NetworkLink inside, string name)
    {
        using Fd host = KernelPath.Open("/proc/thread-self/ns/net", 0);
        using RouteNetlink links = RouteNetlink.Open();
        if (links.Find(name) is not null) throw CniException.Failed($"cannot bring {inside.Name} of {sandbox.Path} back as {name}: the host has an interface of that name");
        try
        {
            // How it was before is not known: it stays down.
            sandbox.Links.Change(inside, new LinkChange { Up = false });
            sandbox.Links.Change(inside, new LinkChange { Namespace = host, Name = name, Alias = "" });
        }
        catch (LinuxException e)
        {
            throw CniException.Failed($"cannot bring {inside.Name} of {sandbox.Path} back as {name}: {e.Message}", e);
        }
    }

    public void Delete(PluginCall call)
    {
        IpamPlugin.Delete(call);
        using Sandbox? sandbox = Sandbox.TryOpen(call.NetworkNamespace);
        if (sandbox is null)
        {
            Rename(call);
            return;
        }
        if (sandbox.Links.Find(call.InterfaceName) is not { } inside) return;
        if (inside.Alias.Length == 0)
        {
            // A device of user space is not here, and what has the name is somebody else's.
            if (DeviceChoice.Read(call.Configuration).IsUserspace) return;
            throw CniException.Failed($"cannot bring {inside.Name} of {sandbox.Path} back: it has no alias, which would be its name on the host");
        }
        MoveOut(sandbox, inside, inside.Alias);
    }

    // The kernel brought it back when the namespace ended, and did not know its name.
    private static void Rename(PluginCall call)
    {
        if (call.Configuration.Text("device") is not { Length: > 0 } name) return;
        using RouteNetlink links = RouteNetlink.Open();
        if (links.Find(name) is not null) return;
        foreach (NetworkLink link in links.Links())
        {
            if (link.Alias != name || link.Name != call.InterfaceName) continue;
            if (link.IsUp) links.SetUp(link, up: false);
            links.Change(link, new LinkChange { Name = name, Alias = "" });
            return;
        }
    }

    public void Check(PluginCall call)
    {
        DeviceChoice choice = DeviceChoice.Read(call.Configuration);
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        if (!choice.IsUserspace) StackedInterface.Check(call, sandbox, "");
        else
        {
            IpamPlugin.Check(call);
            if (call.PreviousResult is null) throw CniException.Wrong("prevResult is missing");
        }
    }

    public void Collect(PluginCall call) => IpamPlugin.Collect(call);

    public void Status(PluginCall call) => IpamPlugin.Status(call);
}
