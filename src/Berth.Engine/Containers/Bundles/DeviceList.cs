// Devices of a container: those that were asked for, all of the host for a privileged one, those that CDI describes.
using System.Globalization;
using Berth.Linux.Files;
using Berth.Oci.Faults;
using Berth.Oci.RuntimeSpec;

namespace Berth.Engine.Containers;

/// <summary>Fills <c>linux.devices</c> and the rules that let them be used.</summary>
internal static class DeviceList
{
    private const int Deepest = 8;

    /// <summary>Adds devices.</summary>
    /// <exception cref="BerthException">NotFound, InvalidArgument.</exception>
    public static void Fill(Spec spec, ContainerRecord record, BundleFacts facts)
    {
        ContainerSpec wish = record.Spec;
        List<DeviceSpec> devices = [];
        // Nothing but what the runtime always allows: null, zero, full, random, urandom, tty and terminals.
        List<DeviceRule> rules = [new DeviceRule { Allow = wish.Security.IsPrivileged, Access = "rwm" }];
        if (wish.Security.IsPrivileged) AddAll(devices, facts.DevFolder, "/dev", 0);
        List<string> named = [];
        foreach (string device in wish.Devices)
        {
            if (Cdi.IsName(device)) named.Add(device);
            else AddOne(devices, rules, device, wish.Security.IsPrivileged);
        }
        foreach (string rule in wish.DeviceRules) rules.Add(Rule(rule));
        if (named.Count > 0) Cdi.Add(spec, devices, rules, named, facts.DeviceFolders);
        if (devices.Count > 0) spec.Linux!.Devices = devices;
        if (spec.Linux!.Resources is { } resources) resources.Devices = rules;
    }

    // /dev/host[:/dev/inside][:rwm]; the middle may be left out.
    private static void AddOne(List<DeviceSpec> devices, List<DeviceRule> rules, string text, bool isPrivileged)
    {
        string[] parts = text.Split(':');
        string host = parts[0], inside = host, access = "rwm";
        if (parts.Length > 3 || !host.StartsWith('/')) throw Wrong(text);
        if (parts.Length > 1)
        {
            if (parts[1].StartsWith('/')) inside = ContainerPath.Clean(parts[1]);
            else if (parts.Length == 2 && IsAccess(parts[1])) access = parts[1];
            else if (parts[1].Length > 0) throw Wrong(text);
        }
        if (parts.Length == 3) access = IsAccess(parts[2]) ? parts[2] : throw Wrong(text);
        FileFacts facts = SpecBuilder.Require(host, "give the container the device", FaultCode.DeviceMissing);
        int before = devices.Count;
        if (facts.IsDirectory) AddFolder(devices, host, inside, 0);
        else if (HostDevice.Of(host) is { } device) Add(devices, inside, device);
        else throw new BerthException(Fault.InvalidArgument, $"cannot give the container the device {host}: it is none", $"mount it: -v {host}:{inside}") { Code = FaultCode.DeviceMissing };
        if (devices.Count == before && facts.IsDirectory) throw new BerthException(Fault.InvalidArgument, $"cannot give the container the devices of {host}: there are none");
        if (isPrivileged) return;
        for (int i = before; i < devices.Count; i++) rules.Add(new DeviceRule { Allow = true, Type = devices[i].Type, Major = devices[i].Major, Minor = devices[i].Minor, Access = access });
    }

    private static void AddFolder(List<DeviceSpec> devices, string host, string inside, int depth)
    {
        if (depth > Deepest) return;
        foreach (string name in KernelPath.List(host))
        {
            string path = $"{host}/{name}";
            if (KernelPath.Facts(path) is { IsDirectory: true }) AddFolder(devices, path, $"{inside}/{name}", depth + 1);
            else if (HostDevice.Of(path) is { } device) Add(devices, $"{inside}/{name}", device);
        }
    }

    // What a container has of its own is left out: terminals, queues, memory, and the links into /proc.
    private static void AddAll(List<DeviceSpec> devices, string host, string inside, int depth)
    {
        if (depth > Deepest) return;
        foreach (string name in KernelDirectory.TryListAll(host, out _) ?? [])
        {
            if (depth == 0 && name is "pts" or "shm" or "fd" or "mqueue" or "console" or "ptmx" or "core" or "null" or "zero" or "full" or "random" or "urandom" or "tty" or ".udev" or ".lxc" or ".lxd-mounts" or ".lxd") continue;
            string path = $"{host}/{name}";
            if (KernelPath.Facts(path, followLink: false) is not { } facts || facts.IsLink) continue;
            if (facts.IsDirectory) AddAll(devices, path, $"{inside}/{name}", depth + 1);
            else if (HostDevice.Of(path) is { } device) Add(devices, $"{inside}/{name}", device);
        }
    }

    private static void Add(List<DeviceSpec> devices, string inside, HostDevice device)
    {
        // One that is said again is meant in its new way.
        devices.RemoveAll(one => one.Path == inside);
        devices.Add(new DeviceSpec { Path = inside, Type = device.Type, Major = device.Major, Minor = device.Minor, FileMode = device.Facts.Mode & 0xFFF, Uid = device.Facts.Uid, Gid = device.Facts.Gid });
    }

    /// <summary>Whether it is some of r, w and m, each once.</summary>
    internal static bool IsAccess(string text)
    {
        if (text.Length is 0 or > 3) return false;
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] is not ('r' or 'w' or 'm') || text.IndexOf(text[i], StringComparison.Ordinal) != i) return false;
        }
        return true;
    }

    /// <summary>Reads <c>c 1:3 rwm</c>.</summary>
    /// <exception cref="BerthException">InvalidArgument.</exception>
    internal static DeviceRule Rule(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        string[] numbers = parts.Length > 1 ? parts[1].Split(':') : [];
        if (parts.Length != 3 || parts[0] is not ("a" or "b" or "c") || numbers.Length != 2 || !IsNumber(numbers[0], out long? major) || !IsNumber(numbers[1], out long? minor) || !IsAccess(parts[2]))
        {
            throw new BerthException(Fault.InvalidArgument, $"'{text}' is no rule for devices", "write 'c 1:3 rwm': a, b or c, the numbers or *, and some of r, w and m");
        }
        return new DeviceRule { Allow = true, Type = parts[0], Major = major, Minor = minor, Access = parts[2] };
    }

    private static bool IsNumber(string text, out long? number)
    {
        number = null;
        if (text == "*") return true;
        if (!uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint read)) return false;
        number = read;
        return true;
    }

    private static BerthException Wrong(string text) => new(Fault.InvalidArgument, $"'{text}' is no device", "write /dev/x, /dev/x:/dev/y, /dev/x:/dev/y:rwm or a CDI name such as vendor.com/class=name");
}
