// Plugin bandwidth: how fast a container may receive and send.
using Berth.Linux;
using Berth.Linux.Network;
using Berth.Network.Calls;
using Berth.Network.Contract;
using Berth.Network.Firewall;

namespace Berth.Network.Plugins;

/// <summary>
/// What the container receives is shaped where it leaves the host's end of its pair. What it sends comes in there, and can only be
/// shaped where it leaves something: so it is led through an interface (ifb) that is there for nothing else.
/// </summary>
internal sealed class Bandwidth : IPlugin
{
    public CniResult Add(PluginCall call)
    {
        BandwidthLimits? limits = BandwidthLimits.Read(call.Configuration);
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("bandwidth must follow another plugin of a list: prevResult is missing");
        if (limits is null) return previous;
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        using RouteNetlink links = RouteNetlink.Open();
        NetworkLink outside = HostEnd(links, sandbox, previous, call.InterfaceName);
        NetworkLink? middle = null;
        try
        {
            if (limits.In is { } received) limits.Shape(links, outside, received, toContainer: true);
            if (limits.Out is not { } sent) return previous;
            middle = MakeMiddle(links, call, outside.Mtu);
            links.AddIngress(outside);
            links.RedirectIngress(outside, middle);
            limits.Shape(links, middle, sent, toContainer: false);
            return previous with { Interfaces = [.. previous.Interfaces, new CniInterface { Name = middle.Name, Mac = middle.Mac }] };
        }
        catch (Exception e)
        {
            links.RemoveDisciplines(outside);
            if (middle is not null) links.Remove(middle);
            if (e is LinuxException linux) throw CniException.Failed($"cannot limit the bandwidth of container {call.ContainerId} at {outside.Name}: {linux.Message}", linux);
            throw;
        }
    }

    private static NetworkLink MakeMiddle(RouteNetlink links, PluginCall call, int mtu)
    {
        NetworkLink made = StackedInterface.MakeHere(links, new LinkSpec
        {
            Name = ChainName.Shaping(call.Configuration.NetworkName, call.ContainerId),
            Kind = new LinkKind.Ifb(),
            Mtu = mtu,
            TransmitQueueLength = 0,
            Up = true,
        }, "the host");
        // Its name is a hash: who made it could not be known otherwise when it is left over.
        links.Change(made, new LinkChange { Alias = Remark(call.Configuration.NetworkName) });
        return made;
    }

    private static string Remark(string network) => $"bandwidth of {network}";

    private static NetworkLink HostEnd(RouteNetlink links, Sandbox sandbox, CniResult result, string name)
    {
        NetworkLink inside = sandbox.Find(name);
        if (inside.Kind != "veth" || inside.Parent == 0) throw CniException.Failed($"cannot limit the bandwidth of {name} in {sandbox.Path}: it is no end of a pair");
        if (links.Find(inside.Parent) is { } outside)
        {
            foreach (CniInterface candidate in result.Interfaces)
            {
                if (candidate.Sandbox.Length == 0 && candidate.Name == outside.Name) return outside;
            }
        }
        throw CniException.Failed($"cannot limit the bandwidth of {name} in {sandbox.Path}: prevResult has not got its other end");
    }

    public void Delete(PluginCall call)
    {
        using RouteNetlink links = RouteNetlink.Open();
        if (links.Find(ChainName.Shaping(call.Configuration.NetworkName, call.ContainerId)) is { } middle) links.Remove(middle);
        using Sandbox? sandbox = Sandbox.TryOpen(call.NetworkNamespace);
        if (sandbox?.Links.Find(call.InterfaceName) is not { Kind: "veth", Parent: > 0 } inside) return;
        if (links.Find(inside.Parent) is { Kind: "veth" } outside && outside.Parent == inside.Index) links.RemoveDisciplines(outside);
    }

    public void Check(PluginCall call)
    {
        BandwidthLimits? limits = BandwidthLimits.Read(call.Configuration);
        CniResult previous = call.PreviousResult ?? throw CniException.Wrong("prevResult is missing");
        using Sandbox sandbox = Sandbox.Open(call.NetworkNamespace);
        using RouteNetlink links = RouteNetlink.Open();
        NetworkLink outside = HostEnd(links, sandbox, previous, call.InterfaceName);
        if (limits is null) return;
        if (limits.In is { } received) limits.Verify(links, outside, received);
        if (limits.Out is not { } sent) return;
        string name = ChainName.Shaping(call.Configuration.NetworkName, call.ContainerId);
        limits.Verify(links, links.Find(name) ?? throw CniException.Failed($"interface {name}, through which the container sends, is not there"), sent);
    }

    public void Collect(PluginCall call)
    {
        string network = call.Configuration.NetworkName;
        HashSet<string> valid = [];
        foreach (AttachmentId attachment in call.Valid) valid.Add(ChainName.Shaping(network, attachment.ContainerId));
        using RouteNetlink links = RouteNetlink.Open();
        foreach (NetworkLink link in links.Links())
        {
            if (link.Kind == "ifb" && link.Alias == Remark(network) && !valid.Contains(link.Name)) links.Remove(link);
        }
    }

    public void Status(PluginCall call)
    {
    }
}
