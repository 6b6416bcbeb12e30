// The table of `generate`: namespaces, mappings, devices, paths and the rest of what only Linux has.
namespace Berth.Runtime.Generate;

internal static partial class GenerateFlags
{
    private const string MappingForm = "HOST:CONTAINER:SIZE";
    private const string DeviceForm = "TYPE:MAJOR:MINOR:PATH[:fileMode=N][:uid=N][:gid=N]";

    private static readonly string[] NamespaceTypes = ["cgroup", "ipc", "mount", "network", "pid", "time", "user", "uts"];

    private static GenerateFlag[] Linux() =>
    [
        GenerateFlag.Text("linux-cgroups-path", "linux.cgroupsPath", "PATH", "cgroup, or slice:prefix:name for systemd"),
        GenerateFlag.Many("linux-uidmappings", MappingForm, "map user ids, which makes a user namespace", (draft, value) => AddMapping(draft, "uidMappings", value)),
        GenerateFlag.Many("linux-gidmappings", MappingForm, "map group ids, which makes a user namespace", (draft, value) => AddMapping(draft, "gidMappings", value)),
        GenerateFlag.When("linux-namespace-remove-all", "remove all namespaces, before any is added", draft => draft.Linux["namespaces"] = null),
        GenerateFlag.Many("linux-namespace-add", "TYPE[:PATH]", "make a namespace, or join the one at the path", AddNamespace),
        GenerateFlag.Many("linux-namespace-remove", "TYPE", "share the runtime's namespace", (draft, type) =>
        {
            FlagValue.OneOf(type, NamespaceTypes);
            draft.Linux.ListBelow("namespaces").RemoveAll(ns => ns.TextOf("type") == type);
        }),
        GenerateFlag.When("linux-device-remove-all", "remove all devices, before any is added", draft => draft.Linux["devices"] = null),
        GenerateFlag.Many("linux-device-add", DeviceForm, "add or replace a device, such as c:10:229:/dev/fuse:fileMode=438", AddDevice),
        GenerateFlag.Many("linux-device-remove", "PATH", "remove the device at this path", (draft, path) =>
            draft.Linux.ListBelow("devices").RemoveAll(device => device.TextOf("path") == path)),
        GenerateFlag.Many("linux-sysctl", "NAME=VALUE", "set a kernel parameter", (draft, text) =>
        {
            (string name, string value) = FlagValue.Pair(text);
            draft.Linux.Below("sysctl")[name] = JsonTree.Of(value);
        }),
        GenerateFlag.Many("linux-masked-paths", "PATH", "make a path unreadable", (draft, path) => Add(draft.Linux.ListBelow("maskedPaths"), JsonTree.Of(path))),
        GenerateFlag.Many("linux-readonly-paths", "PATH", "make a path read-only", (draft, path) => Add(draft.Linux.ListBelow("readonlyPaths"), JsonTree.Of(path))),
        GenerateFlag.Text("linux-mount-label", "linux.mountLabel", "LABEL", "SELinux context of the mounts"),
        new("linux-rootfs-propagation", "MODE", "(r)shared, (r)slave, (r)private or (r)unbindable", (draft, mode) =>
            draft.Set("linux.rootfsPropagation", JsonTree.Of(mode.Length == 0 ? mode : FlagValue.OneOf(mode,
                "private", "rprivate", "slave", "rslave", "shared", "rshared", "unbindable", "runbindable")))),
        GenerateFlag.Text("linux-intelRdt-closid", "linux.intelRdt.closID", "NAME", "class of service of Resource Director Technology"),
        GenerateFlag.Text("linux-intelRdt-l3CacheSchema", "linux.intelRdt.l3CacheSchema", "SCHEMA", "share of the L3 cache, such as L3:0=f0"),
    ];

    private static void AddMapping(Draft draft, string list, string value)
    {
        string[] parts = FlagValue.Parts(value, MappingForm);
        JsonTree mapping = JsonTree.Object();
        mapping["containerID"] = JsonTree.Of(FlagValue.Whole(parts[1], 0, uint.MaxValue));
        mapping["hostID"] = JsonTree.Of(FlagValue.Whole(parts[0], 0, uint.MaxValue));
        mapping["size"] = JsonTree.Of(FlagValue.Whole(parts[2], 1, uint.MaxValue));
        draft.Linux.ListBelow(list).Add(mapping);
        PutNamespace(draft, "user", "");
    }

    private static void AddNamespace(Draft draft, string value)
    {
        int colon = value.IndexOf(':', StringComparison.Ordinal);
        string type = FlagValue.OneOf(colon < 0 ? value : value[..colon], NamespaceTypes);
        PutNamespace(draft, type, colon < 0 ? "" : value[(colon + 1)..]);
    }

    private static void PutNamespace(Draft draft, string type, string path)
    {
        JsonTree ns = JsonTree.Object();
        ns["type"] = JsonTree.Of(type);
        if (path.Length > 0) ns["path"] = JsonTree.Of(path);
        Draft.Put(draft.Linux.ListBelow("namespaces"), ns, "type");
    }

    private static void AddDevice(Draft draft, string value)
    {
        string[] parts = value.Split(':');
        if (parts.Length < 4) throw FlagValue.Fault($"'{value}' is not of the form {DeviceForm}");
        JsonTree device = JsonTree.Object();
        device["path"] = JsonTree.Of(parts[3]);
        device["type"] = JsonTree.Of(FlagValue.OneOf(parts[0], "b", "c", "u", "p"));
        device["major"] = JsonTree.Of(FlagValue.Whole(parts[1], 0, long.MaxValue));
        device["minor"] = JsonTree.Of(FlagValue.Whole(parts[2], 0, long.MaxValue));
        foreach (string option in parts.AsSpan(4))
        {
            (string name, string number) = FlagValue.Pair(option);
            FlagValue.OneOf(name, "fileMode", "uid", "gid");
            device[name] = JsonTree.Of(name == "fileMode" ? FlagValue.Mode(number) : FlagValue.Whole(number, 0, uint.MaxValue));
        }
        Draft.Put(draft.Linux.ListBelow("devices"), device, "path");
    }

    private static void Add(List<JsonTree> list, JsonTree value)
    {
        if (!list.Exists(item => item.Literal == value.Literal)) list.Add(value);
    }
}
