// The table of `generate`: its groups in the order they are applied.
using System.Text;
using System.Text.Json;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Generate;

/// <summary>Every flag that changes the configuration.</summary>
internal static partial class GenerateFlags
{
    /// <summary>
    /// The groups. The order matters: identity and labels come before <c>--privileged</c>, which takes labels and the filter away,
    /// and that before capabilities and seccomp, which may add to what it leaves.
    /// </summary>
    public static FlagGroup[] Groups() =>
    [
        new("bundle", Bundle()),
        new("process", Process()),
        new("capabilities", CapabilityFlags()),
        new("linux", Linux()),
        new("cgroup limits", Resources()),
        new("mounts", Mounts()),
        new("hooks", Hooks()),
        new("seccomp", Seccomp()),
    ];

    private static GenerateFlag[] Bundle() =>
    [
        GenerateFlag.Text("oci-version", "ociVersion", "VERSION", "version of the runtime specification"),
        new("os", "OS", "operating system inside; linux is the only one", (_, os) => FlagValue.OneOf(os, "linux")),
        GenerateFlag.Text("hostname", "hostname", "NAME", "host name"),
        GenerateFlag.Text("domainname", "domainname", "NAME", "NIS domain name"),
        GenerateFlag.Text("rootfs-path", "root.path", "PATH", "root file system, absolute or relative to the bundle"),
        GenerateFlag.Switch("rootfs-readonly", "root.readonly", "make the root file system read-only"),
        GenerateFlag.Many("label", "KEY=VALUE", "add an annotation", (draft, text) =>
        {
            (string key, string value) = FlagValue.Pair(text);
            draft.Root.Below("annotations")[key] = JsonTree.Of(value);
        }),
    ];

    private static GenerateFlag[] Mounts() =>
    [
        GenerateFlag.When("mounts-remove-all", "remove all mounts, before any is added", draft => draft.Root["mounts"] = null),
        GenerateFlag.Many("mounts-remove", "DESTINATION", "remove the mount at this path", (draft, path) =>
            draft.Root.ListBelow("mounts").RemoveAll(mount => mount.TextOf("destination") == path)),
        GenerateFlag.Many("mounts-add", "JSON", """add a mount, such as '{"destination":"/tmp","type":"tmpfs","source":"tmpfs"}'""", (draft, json) =>
            draft.Root.ListBelow("mounts").Add(Fragment(json, "destination", fragment =>
            {
                JsonTree mounts = JsonTree.Object();
                mounts.ListBelow("mounts").Add(fragment);
                return mounts;
            }))),
    ];

    private static GenerateFlag[] Hooks() =>
    [
        .. Hook("prestart", "prestart"), .. Hook("create-runtime", "createRuntime"), .. Hook("create-container", "createContainer"),
        .. Hook("start-container", "startContainer"), .. Hook("poststart", "poststart"), .. Hook("poststop", "poststop"),
    ];

    private static GenerateFlag[] Hook(string flag, string point) =>
    [
        GenerateFlag.When($"hooks-{flag}-remove-all", $"remove all {point} hooks, before any is added", draft => draft.Root.Below("hooks")[point] = null),
        GenerateFlag.Many($"hooks-{flag}-add", "JSON", $$"""add a {{point}} hook, such as '{"path":"/bin/true","timeout":5}'""", (draft, json) =>
            draft.Root.Below("hooks").ListBelow(point).Add(Fragment(json, "path", fragment =>
            {
                JsonTree hooks = JsonTree.Object();
                hooks.Below("hooks").ListBelow(point).Add(fragment);
                return hooks;
            }))),
    ];

    // Given as JSON: read as part of a configuration, so that a wrong type is found here and not when the container starts.
    private static JsonTree Fragment(string json, string required, Func<JsonTree, JsonTree> within)
    {
        JsonTree fragment;
        try { fragment = JsonTree.Parse(Encoding.UTF8.GetBytes(json)); }
        catch (Exception e) when (e is JsonException or InvalidOperationException) { throw FlagValue.Fault($"'{json}' is no JSON"); }
        SpecReader.Read(Encoding.UTF8.GetBytes(within(fragment).ToJson()), "the value");
        return string.IsNullOrEmpty(fragment.TextOf(required)) ? throw FlagValue.Fault($"'{json}' has no {required}") : fragment;
    }
}
