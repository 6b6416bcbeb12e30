// linux.netDevices: interfaces of the host that move into the container's network namespace (config-linux.md, Network Devices).
using Berth.Linux;
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Lifecycle;

internal static class NetDevices
{
    private const int LongestName = 15;

    /// <summary>Whether there is anything to move.</summary>
    public static bool Any(Spec spec) => spec.Linux?.NetDevices is { Count: > 0 };

    /// <exception cref="BerthException"><see cref="Fault.InvalidArgument"/>.</exception>
    public static void Check(Spec spec)
    {
        if (spec.Linux?.NetDevices is not { Count: > 0 } devices) return;
        bool own = false;
        foreach (NamespaceSpec n in spec.Linux.Namespaces) own |= n.Type == "network";
        if (!own) throw Bad("unable to move network devices without a NET namespace", "add a namespace of type network");
        if (Linux.Processes.Self.UserId != 0) throw Bad("network devices are not supported for rootless containers", null);
        HashSet<string> inside = [];
        foreach ((string name, NetDeviceSpec device) in devices)
        {
            if (!IsName(name)) throw Bad($"invalid network device name \"{name}\"", null);
            string wanted = NameInside(name, device);
            if (!IsName(wanted)) throw Bad($"invalid network device name \"{wanted}\"", null);
            if (!IsTemplate(wanted) && !inside.Add(wanted)) throw Bad($"two network devices would be called \"{wanted}\"", "give them different names, or eth%d");
        }
    }

    /// <summary>
    /// Moves them. The kernel takes addresses away from an interface that leaves its namespace, so permanent ones of global
    /// scope are given back to it there; what another host or a lease gave does not mean anything in the new place.
    /// </summary>
    /// <exception cref="BerthException">One of them cannot be moved. Those before it stay: the namespace's end sends physical ones back.</exception>
    public static void Move(Spec spec, int pid)
    {
        using Fd target = KernelPath.Open($"/proc/{pid}/ns/net", 0);
        if (KernelPath.Facts(target) is var facts && KernelPath.Facts("/proc/thread-self/ns/net") is { } own && own.Inode == facts.Inode)
        {
            throw Bad("unable to move network devices: the container is in the network namespace of the runtime", "name another network namespace, or none");
        }
        using RouteNetlink here = RouteNetlink.Open();
        using RouteNetlink there = RouteNetlink.OpenIn(target);
        foreach ((string name, NetDeviceSpec device) in spec.Linux!.NetDevices!)
        {
            try
            {
                MoveOne(here, there, target, name, NameInside(name, device));
            }
            catch (LinuxException e)
            {
                throw new BerthException(e.Errno == Errno.EPERM ? Fault.Denied : Fault.Failed, $"move netDevice {name} into the container: {e.Message}",
                    e.Errno == Errno.EOPNOTSUPP ? "some interfaces, such as bridges, belong to their namespace for good" : null, e);
            }
        }
    }

    private static void MoveOne(RouteNetlink here, RouteNetlink there, Fd target, string name, string wanted)
    {
        NetworkLink link = here.Find(name)
            ?? throw new BerthException(Fault.NotFound, $"link not found for interface {name} on runtime namespace", "`ip link` lists them");
        // Renaming comes after moving, even in one request: a name that is taken must be found before.
        if (!IsTemplate(wanted) && there.Find(wanted) is not null)
        {
            throw new BerthException(Fault.Conflict, $"cannot move netDevice {name}: the container's network namespace has an interface {wanted} already", "choose another name, or one with %d");
        }
        // Before it goes down: that alone loses addresses of version 6.
        List<LinkAddress> addresses = here.Addresses(link.Index);
        if (link.IsUp) here.SetUp(link, up: false);
        int index = FreeIndex(there, link.Index);
        try
        {
            here.Move(link, target, wanted, index);
        }
        catch (LinuxException)
        {
            if (link.IsUp && here.Find(link.Index) is not null) here.SetUp(link, up: true);
            throw;
        }
        NetworkLink moved = (IsTemplate(wanted) ? there.Find(index) : there.Find(wanted))
            ?? throw new BerthException(Fault.Failed, $"netDevice {name} is not in the container's network namespace after its move");
        foreach (LinkAddress address in addresses)
        {
            if (address.IsPermanent && address.Scope == 0) there.Add(moved, address);
        }
        there.SetUp(moved, up: true);
    }

    /// <summary>Its own number if that is free there, else the next free one.</summary>
    private static int FreeIndex(RouteNetlink there, int index)
    {
        while (there.Find(index) is not null) index++;
        return index;
    }

    private static string NameInside(string name, NetDeviceSpec device) => string.IsNullOrEmpty(device.Name) ? name : device.Name;

    private static bool IsTemplate(string name) => name.Contains("%d", StringComparison.Ordinal);

    /// <summary>dev_valid_name() of the kernel, and the one template it knows.</summary>
    private static bool IsName(string name)
    {
        if (name.Length == 0 || System.Text.Encoding.UTF8.GetByteCount(name) > LongestName || name is "." or "..") return false;
        foreach (char c in name)
        {
            if (c is '/' or ':' || char.IsWhiteSpace(c)) return false;
        }
        int percent = name.IndexOf('%');
        return percent < 0 || (percent == name.LastIndexOf('%') && name.AsSpan(percent).StartsWith("%d"));
    }

    private static BerthException Bad(string why, string? hint) => new(Fault.InvalidArgument, $"config.json: linux.netDevices: {why}", hint);
}
