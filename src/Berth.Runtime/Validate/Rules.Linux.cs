// The table of `validate`: namespaces, devices and the rest of what only Linux has.
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Validate;

internal static partial class Rules
{
    private static Rule[] NamespaceRules() =>
    [
        Rule.Must("namespace-known", "config-linux.md#namespaces", i => EachNamespace(i, (ns, path) =>
            i.Expect(IsOneOf(ns.Type, "pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time"), $"{path}.type", $"'{ns.Type}' is no namespace"))),
        Rule.Must("namespace-unique", "config-linux.md#namespaces", i => CheckUnique(i, i.Linux.Namespaces.ConvertAll(ns => ns.Type), "linux.namespaces")),
        Rule.Must("namespace-path-absolute", "config-linux.md#namespaces", i => EachNamespace(i, (ns, path) =>
            i.Expect(ns.Path is null || IsAbsolute(ns.Path), $"{path}.path", $"'{ns.Path}' is not absolute"))),
        Rule.Must("namespace-path-exists", "config-linux.md#namespaces", i => EachNamespace(i, (ns, path) =>
            i.Expect(ns.Path is null || KernelPath.Facts(ns.Path) is not null, $"{path}.path", $"there is nothing at {ns.Path}"))).OnHost(),
        Rule.Must("mapping-needs-user", "config-linux.md#user-namespace-mappings", i =>
            i.Expect((i.Linux.UidMappings is not { Count: > 0 } && i.Linux.GidMappings is not { Count: > 0 }) || i.HasNamespace("user"), "linux",
                "id mappings need a user namespace")),
        Rule.Must("mapping-valid", "config-linux.md#user-namespace-mappings", i =>
        {
            CheckMappings(i, i.Linux.UidMappings, "linux.uidMappings");
            CheckMappings(i, i.Linux.GidMappings, "linux.gidMappings");
            EachMount(i, (mount, path) =>
            {
                CheckMappings(i, mount.UidMappings, $"{path}.uidMappings");
                CheckMappings(i, mount.GidMappings, $"{path}.gidMappings");
            });
        }),
        Rule.Should("user-needs-mapping", "config-linux.md#user-namespace-mappings", i =>
        {
            if (!i.Linux.Namespaces.Exists(ns => ns is { Type: "user", Path: null })) return;
            i.Expect(i.Linux.UidMappings is { Count: > 0 }, "linux.uidMappings", "without a mapping nobody in the user namespace has an id");
            i.Expect(i.Linux.GidMappings is { Count: > 0 }, "linux.gidMappings", "without a mapping nobody in the user namespace has a group");
        }),
        Rule.Must("hostname-needs-uts", "config.md#hostname", i =>
        {
            i.Expect(i.Spec.Hostname is null || i.HasNamespace("uts"), "hostname", "needs a uts namespace, or it would rename the host");
            i.Expect(i.Spec.Domainname is null || i.HasNamespace("uts"), "domainname", "needs a uts namespace, or it would rename the host");
        }),
        Rule.Must("time-needs-time", "config-linux.md#offset-for-time-namespace", i =>
        {
            i.Expect(i.Linux.TimeOffsets is not { Count: > 0 } || i.Linux.Namespaces.Exists(ns => ns is { Type: "time", Path: null }), "linux.timeOffsets",
                "needs a new time namespace");
            foreach (string clock in Keys(i.Linux.TimeOffsets))
            {
                i.Expect(clock is "monotonic" or "boottime", $"linux.timeOffsets.{clock}", "only monotonic and boottime have an offset");
            }
        }),
        Rule.Must("sysctl-namespaced", "config-linux.md#sysctl", CheckSysctls),
        Rule.Must("net-device", "config-linux.md#network-devices", CheckNetDevices),
        Rule.Must("net-device-exists", "config-linux.md#network-devices", i =>
        {
            foreach (string name in Keys(i.Linux.NetDevices))
            {
                i.Expect(KernelFile.Exists($"/sys/class/net/{name}"), $"linux.netDevices.{name}", $"this host has no interface {name}");
            }
        }).OnHost(),
    ];

    private static Rule[] DeviceRules() =>
    [
        Rule.Must("device-type", "config-linux.md#devices", i => EachDevice(i, (device, path) =>
            i.Expect(IsOneOf(device.Type, "c", "b", "u", "p"), $"{path}.type", $"'{device.Type}' is not c, b, u or p"))),
        Rule.Must("device-path-absolute", "config-linux.md#devices", i => EachDevice(i, (device, path) =>
            i.Expect(IsAbsolute(device.Path), $"{path}.path", $"'{device.Path}' is not absolute"))),
        Rule.Must("device-unique", "config-linux.md#devices", i => CheckUnique(i, i.Linux.Devices?.ConvertAll(device => device.Path), "linux.devices")),
        Rule.Must("device-number", "config-linux.md#devices", CheckDeviceNumbers),
        Rule.Should("device-number-unique", "config-linux.md#devices", i => CheckUnique(i,
            i.Linux.Devices?.FindAll(device => device.Type != "p").ConvertAll(device => $"{device.Type.Replace('u', 'c')} {device.Major}:{device.Minor}"), "linux.devices")),
        Rule.Should("device-mode", "config-linux.md#devices", i => EachDevice(i, (device, path) =>
            i.Expect(device.FileMode is not > 0x1FF, $"{path}.fileMode", $"{device.FileMode} has bits beyond 0777; it is decimal here"))),
        Rule.Must("device-matches", "config-linux.md#devices", CheckExistingDevices),
    ];

    private static Rule[] LinuxRules() =>
    [
        Rule.Must("masked-path-absolute", "config-linux.md#masked-paths", i => CheckAbsolute(i, i.Linux.MaskedPaths, "linux.maskedPaths")),
        Rule.Must("readonly-path-absolute", "config-linux.md#readonly-paths", i => CheckAbsolute(i, i.Linux.ReadonlyPaths, "linux.readonlyPaths")),
        Rule.Must("rootfs-propagation", "config-linux.md#rootfs-mount-propagation", i =>
            i.Expect(i.Linux.RootfsPropagation is not { } mode || IsOneOf(mode, "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable"),
                "linux.rootfsPropagation", $"'{i.Linux.RootfsPropagation}' is no propagation")),
        Rule.Should("mount-label", "config-linux.md#mount-label", i => CheckLabel(i, i.Linux.MountLabel, "linux.mountLabel")),
        Rule.Must("personality", "config-linux.md#personality", i =>
            i.Expect(i.Linux.Personality is not { } personality || IsOneOf(personality.Domain, "LINUX", "LINUX32"), "linux.personality.domain",
                $"'{i.Linux.Personality?.Domain}' is neither LINUX nor LINUX32")),
        Rule.Must("memory-policy", "config-linux.md#memory-policy", CheckMemoryPolicy),
        Rule.Must("intel-rdt", "config-linux.md#intelrdt", CheckIntelRdt),
        Rule.Should("intel-rdt-l3", "config-linux.md#intelrdt", i =>
            i.Expect(i.Linux.IntelRdt?.L3CacheSchema is not { } schema || (schema.StartsWith("L3:", StringComparison.Ordinal) && !schema.Contains('\n')),
                "linux.intelRdt.l3CacheSchema", "it does not begin with L3:, or has more than one line")),
        Rule.Must("intel-rdt-available", "config-linux.md#intelrdt", i =>
            i.Expect(i.Linux.IntelRdt is null || KernelFile.Exists("/sys/fs/resctrl/schemata"), "linux.intelRdt", "no resctrl file system is mounted")).OnHost(),
    ];

    private static void EachNamespace(Inspection i, Action<NamespaceSpec, string> check)
    {
        for (int n = 0; n < i.Linux.Namespaces.Count; n++) check(i.Linux.Namespaces[n], $"linux.namespaces[{n}]");
    }

    private static void EachDevice(Inspection i, Action<DeviceSpec, string> check)
    {
        for (int n = 0; n < i.Linux.Devices?.Count; n++) check(i.Linux.Devices[n], $"linux.devices[{n}]");
    }

    private static void CheckAbsolute(Inspection i, List<string>? paths, string where)
    {
        for (int n = 0; n < paths?.Count; n++) i.Expect(IsAbsolute(paths[n]), $"{where}[{n}]", $"'{paths[n]}' is not absolute");
    }

    private static void CheckMappings(Inspection i, List<IdMapping>? mappings, string path)
    {
        for (int n = 0; n < mappings?.Count; n++)
        {
            IdMapping mapping = mappings[n];
            i.Expect(mapping.Size > 0, $"{path}[{n}].size", "a mapping of no ids");
            i.Expect((ulong)mapping.ContainerId + mapping.Size <= uint.MaxValue && (ulong)mapping.HostId + mapping.Size <= uint.MaxValue, $"{path}[{n}]",
                "it goes beyond the last id");
            for (int m = 0; m < n; m++)
            {
                bool overlap = Overlap(mapping.ContainerId, mappings[m].ContainerId) || Overlap(mapping.HostId, mappings[m].HostId);
                i.Expect(!overlap, $"{path}[{n}]", $"it overlaps with {path}[{m}]");

                bool Overlap(ulong a, ulong b) => a < b + mappings[m].Size && b < a + mapping.Size;
            }
        }
    }

    private static void CheckSysctls(Inspection i)
    {
        foreach (string key in Keys(i.Linux.Sysctl))
        {
            // sysctl(8) takes both separators; the first one in the name decides.
            string name = key.AsSpan().IndexOfAny('.', '/') is >= 0 and int at && key[at] == '/' ? key.Replace('/', '.') : key;
            string? needed = SysctlNamespace(name);
            string path = $"linux.sysctl[\"{key}\"]";
            i.Expect(needed is not null, path, "it belongs to no namespace, so it would change the host");
            i.Expect(needed is null || i.HasNamespace(needed), path, $"needs a namespace of type {needed}, or it would change the host");
        }
    }

    private static string? SysctlNamespace(string name) => name switch
    {
        "kernel.msgmax" or "kernel.msgmnb" or "kernel.msgmni" or "kernel.sem" or "kernel.shmall" or "kernel.shmmax" or "kernel.shmmni"
            or "kernel.shm_rmid_forced" => "ipc",
        "kernel.domainname" or "kernel.hostname" => "uts",
        _ when name.StartsWith("fs.mqueue.", StringComparison.Ordinal) => "ipc",
        _ when name.StartsWith("net.", StringComparison.Ordinal) => "network",
        _ when name.StartsWith("user.", StringComparison.Ordinal) => "user",
        _ => null,
    };

    private static void CheckNetDevices(Inspection i)
    {
        if (i.Linux.NetDevices is not { Count: > 0 } devices) return;
        i.Expect(i.HasNamespace("network"), "linux.netDevices", "needs a network namespace to move interfaces to");
        foreach ((string name, NetDeviceSpec device) in devices)
        {
            i.Expect(IsInterfaceName(name), $"linux.netDevices.{name}", $"'{name}' is no interface name");
            i.Expect(device.Name is null || IsInterfaceName(device.Name), $"linux.netDevices.{name}.name", $"'{device.Name}' is no interface name");
        }
    }

    // As the kernel's dev_valid_name: at most 15 bytes, no slash, colon or white space, not . or ..
    private static bool IsInterfaceName(string name) =>
        name.Length is > 0 and <= 15 && name is not ("." or "..") && name.AsSpan().IndexOfAny("/: \t\n") < 0;

    private static void CheckDeviceNumbers(Inspection i) => EachDevice(i, (device, path) =>
    {
        int n = i.Linux.Devices!.IndexOf(device);
        if (device.Type == "p")
        {
            i.Expect(device.Major == 0 && device.Minor == 0, path, "a FIFO has no device number");
            return;
        }
        Generate.JsonTree given = i.Tree.Below("linux").ListBelow("devices")[n];
        i.Expect(given["major"] is not null && given["minor"] is not null, path, "major and minor are required unless the type is p");
        i.Expect(device.Major >= 0 && device.Minor >= 0, path, $"{device.Major}:{device.Minor} is no device number");
    });

    private static void CheckExistingDevices(Inspection i) => EachDevice(i, (device, path) =>
    {
        if (i.RootPath is not { } root || !IsAbsolute(device.Path) || i.IsBelowMount(device.Path)) return;
        if (KernelPath.Facts(root + device.Path, followLink: false) is not { } facts) return;
        uint expected = device.Type switch { "b" => 0x6000, "p" => 0x1000, _ => 0x2000 };
        bool sameNumber = device.Type == "p" || (Major(facts.DeviceNumber) == (ulong)device.Major && Minor(facts.DeviceNumber) == (ulong)device.Minor);
        i.Expect((facts.Mode & 0xF000) == expected && sameNumber, path, $"{device.Path} is already in the root file system, and is something else");
    });

    private static ulong Major(ulong device) => ((device >> 8) & 0xFFF) | ((device >> 32) & 0xFFFFF000);

    private static ulong Minor(ulong device) => (device & 0xFF) | ((device >> 12) & 0xFFFFFF00);

    private static void CheckMemoryPolicy(Inspection i)
    {
        if (i.Linux.MemoryPolicy is not { } policy) return;
        bool hasNodes = policy.Nodes is not null;
        i.Expect(IsOneOf(policy.Mode, "MPOL_DEFAULT", "MPOL_BIND", "MPOL_INTERLEAVE", "MPOL_WEIGHTED_INTERLEAVE", "MPOL_PREFERRED", "MPOL_PREFERRED_MANY", "MPOL_LOCAL"),
            "linux.memoryPolicy.mode", $"'{policy.Mode}' is no mode of set_mempolicy(2)");
        CheckNumberList(i, policy.Nodes, "linux.memoryPolicy.nodes");
        i.Expect(!hasNodes || policy.Mode is not ("MPOL_DEFAULT" or "MPOL_LOCAL"), "linux.memoryPolicy.nodes", $"{policy.Mode} takes no nodes");
        i.Expect(hasNodes || policy.Mode is not ("MPOL_BIND" or "MPOL_INTERLEAVE" or "MPOL_WEIGHTED_INTERLEAVE" or "MPOL_PREFERRED_MANY"), "linux.memoryPolicy.nodes",
            $"{policy.Mode} needs nodes");
        for (int n = 0; n < policy.Flags?.Count; n++)
        {
            i.Expect(IsOneOf(policy.Flags[n], "MPOL_F_NUMA_BALANCING", "MPOL_F_RELATIVE_NODES", "MPOL_F_STATIC_NODES"), $"linux.memoryPolicy.flags[{n}]", $"'{policy.Flags[n]}' is no flag");
        }
    }

    private static void CheckIntelRdt(Inspection i)
    {
        if (i.Linux.IntelRdt is not { } rdt) return;
        i.Expect(rdt.ClosId is null or "/" || (rdt.ClosId is not ("." or "..") && !rdt.ClosId.Contains('/')), "linux.intelRdt.closID", $"'{rdt.ClosId}' is no name of a directory");
        i.Expect(rdt.MemBwSchema is not { } schema || (schema.StartsWith("MB:", StringComparison.Ordinal) && !schema.Contains('\n')), "linux.intelRdt.memBwSchema",
            "it does not begin with MB:, or has more than one line");
        for (int n = 0; n < rdt.Schemata?.Count; n++) i.Expect(!rdt.Schemata[n].Contains('\n'), $"linux.intelRdt.schemata[{n}]", "it has more than one line");
    }
}
