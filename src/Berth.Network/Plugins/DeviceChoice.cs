// Which interface of the host is meant: by name, hardware address, place in the kernel's tree, or number on a bus.
using Berth.Linux.Files;
using Berth.Linux.Network;
using Berth.Network.Contract;

namespace Berth.Network.Plugins;

/// <summary>The fields of plugin host-device.</summary>
internal sealed record DeviceChoice
{
    private const string Pci = "/sys/bus/pci/devices", Auxiliary = "/sys/bus/auxiliary/devices";

    public string Name { get; private init; } = "";

    public string HardwareAddress { get; private init; } = "";

    public string TreePath { get; private init; } = "";

    public string PciAddress { get; private init; } = "";

    public string AuxiliaryName { get; private init; } = "";

    /// <summary>A driver in user space has it: there is no interface.</summary>
    public bool IsUserspace { get; private init; }

    /// <exception cref="CniException">Nothing is named, or what is named is not there.</exception>
    public static DeviceChoice Read(PluginConfiguration configuration)
    {
        DeviceChoice choice = new()
        {
            Name = configuration.Text("device") ?? "",
            HardwareAddress = configuration.Text("hwaddr") ?? "",
            TreePath = configuration.Text("kernelpath") ?? "",
            PciAddress = configuration.Text("pciBusID") ?? "",
        };
        if (configuration.RuntimeConfig?.Text("deviceID") is { Length: > 0 } id) choice = choice.WithId(id);
        if (choice is { Name: "", HardwareAddress: "", TreePath: "", PciAddress: "", AuxiliaryName: "" })
        {
            throw CniException.Wrong("no device is named", "say device, hwaddr, kernelpath or pciBusID");
        }
        return choice.PciAddress.Length > 0 ? choice with { IsUserspace = HasUserspaceDriver(Below(Pci, choice.PciAddress)) } : choice;
    }

    private DeviceChoice WithId(string id)
    {
        if (KernelFile.Exists(Below(Pci, id))) return this with { PciAddress = id };
        if (KernelFile.Exists(Below(Auxiliary, id))) return this with { PciAddress = "", AuxiliaryName = id };
        throw CniException.Failed($"cannot find the device {id}, given as deviceID: it is neither on the bus pci nor on auxiliary");
    }

    private static string Below(string folder, string name) =>
        name.Contains('/', StringComparison.Ordinal) || name is "." or ".." ? throw CniException.Wrong($"{name} is no name of a device") : $"{folder}/{name}";

    private static bool HasUserspaceDriver(string device)
    {
        string driver = KernelPath.Resolve($"{device}/driver") ?? throw CniException.Failed($"cannot find the driver of {device}");
        return driver[(driver.LastIndexOf('/') + 1)..] is "vfio-pci" or "uio_pci_generic" or "igb_uio";
    }

    /// <exception cref="CniException">It is not there.</exception>
    public NetworkLink Find(RouteNetlink links)
    {
        if (Name.Length > 0) return links.Find(Name) ?? throw CniException.Failed($"cannot find the device {Name}");
        if (HardwareAddress.Length > 0) return FindByMac(links);
        if (TreePath.Length > 0)
        {
            if (!TreePath.StartsWith("/sys/devices/", StringComparison.Ordinal)) throw CniException.Wrong($"kernelpath is {TreePath}, and must begin with /sys/devices/");
            return FindBelow(links, $"{TreePath}/net");
        }
        return AuxiliaryName.Length > 0 ? FindBelow(links, $"{Below(Auxiliary, AuxiliaryName)}/net") : FindBelow(links, PciFolder(Below(Pci, PciAddress)));
    }

    private NetworkLink FindByMac(RouteNetlink links)
    {
        byte[] wanted = HostNetwork.ParseMac(HardwareAddress);
        foreach (NetworkLink link in links.Links())
        {
            if (link.HardwareAddress.AsSpan().SequenceEqual(wanted)) return link;
        }
        throw CniException.Failed($"cannot find a device with the hardware address {HardwareAddress}");
    }

    // Those of virtual machines are one floor deeper.
    private static string PciFolder(string device)
    {
        if (KernelFile.Exists($"{device}/net")) return $"{device}/net";
        foreach (string child in KernelPath.List(device))
        {
            if (child.StartsWith("virtio", StringComparison.Ordinal) && KernelFile.Exists($"{device}/{child}/net")) return $"{device}/{child}/net";
        }
        throw CniException.Failed($"{device} has no interface");
    }

    private static NetworkLink FindBelow(RouteNetlink links, string folder)
    {
        List<string> names = KernelPath.List(folder);
        names.Sort(StringComparer.Ordinal);
        if (names.Count == 0) throw CniException.Failed($"cannot find an interface in {folder}");
        return links.Find(names[0]) ?? throw CniException.Failed($"cannot find the device {names[0]}, which {folder} names");
    }
}
