// The table of `validate`: the configuration as a whole, its root file system and its annotations.
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;
using Berth.Runtime.Generate;

namespace Berth.Runtime.Validate;

internal static partial class Rules
{
    private static Rule[] BundleRules() =>
    [
        Rule.Must("version-semver", "config.md#specification-version", i =>
            i.Expect(IsSemanticVersion(i.Spec.OciVersion), "ociVersion", $"'{i.Spec.OciVersion}' is no version of the form 1.2.3 (SemVer 2.0.0)")),
        Rule.Should("version-known", "config.md#specification-version", i =>
            i.Expect(!IsSemanticVersion(i.Spec.OciVersion) || i.Spec.OciVersion.StartsWith("1.", StringComparison.Ordinal), "ociVersion",
                $"{i.Spec.OciVersion} is not a version 1, which is the only one known")),
        Rule.Must("member-required", "config.md", CheckRequiredMembers),
        Rule.May("member-unknown", "config.md#extensibility", i => CheckUnknownMembers(i, i.Tree, Known(i.Spec), "")),
        Rule.Must("root-present", "config.md#root", i => i.Expect(i.Spec.Root is not null, "root", "there is no root file system")),
        Rule.Should("root-conventional", "config.md#root", i =>
            i.Expect(i.RootPath is not { } root || Path.GetFileName(root) == "rootfs", "root.path", "the conventional name is rootfs")),
        Rule.Must("root-exists", "config.md#root", i =>
        {
            if (i.RootPath is not { } root) return;
            FileFacts? facts = KernelPath.Facts(root);
            i.Expect(facts is not null, "root.path", $"there is nothing at {root}");
            i.Expect(facts?.IsDirectory != false, "root.path", $"{root} is no directory");
        }),
        Rule.Must("root-in-bundle", "bundle.md#container-format", i =>
            i.Expect(i.RootPath is not { } root || Path.GetDirectoryName(root) == i.Bundle, "root.path", $"{i.RootPath} is not in the bundle {i.Bundle}")),
        Rule.Must("annotation-key", "config.md#annotations", i =>
            i.Expect(!i.Spec.Annotations.ContainsKey(""), "annotations", "a key is empty")),
        Rule.Must("annotation-reserved", "config.md#annotations", CheckReservedAnnotations),
        Rule.Should("annotation-domain", "config.md#annotations", i =>
        {
            foreach (string key in i.Spec.Annotations.Keys)
            {
                i.Expect(IsReverseDomain(key), $"annotations[\"{key}\"]", "the key does not begin with a reversed domain name such as com.example");
            }
        }),
    ];

    // Members of each object the specification calls REQUIRED; [] stands for every element.
    private static readonly string[] RequiredMembers =
    [
        "ociVersion", "root.path", "mounts[].destination", "mounts[].uidMappings[].containerID", "mounts[].uidMappings[].hostID",
        "mounts[].uidMappings[].size", "mounts[].gidMappings[].containerID", "mounts[].gidMappings[].hostID", "mounts[].gidMappings[].size",
        "process.cwd", "process.user.uid", "process.user.gid", "process.consoleSize.height", "process.consoleSize.width",
        "process.rlimits[].type", "process.rlimits[].hard", "process.rlimits[].soft", "process.scheduler.policy", "process.ioPriority.class",
        "process.ioPriority.priority", "hooks.prestart[].path", "hooks.createRuntime[].path", "hooks.createContainer[].path",
        "hooks.startContainer[].path", "hooks.poststart[].path", "hooks.poststop[].path", "linux.namespaces[].type",
        "linux.uidMappings[].containerID", "linux.uidMappings[].hostID", "linux.uidMappings[].size", "linux.gidMappings[].containerID",
        "linux.gidMappings[].hostID", "linux.gidMappings[].size", "linux.devices[].path", "linux.devices[].type",
        "linux.resources.devices[].allow", "linux.resources.blockIO.weightDevice[].major", "linux.resources.blockIO.weightDevice[].minor",
        "linux.resources.blockIO.throttleReadBpsDevice[].major", "linux.resources.blockIO.throttleReadBpsDevice[].minor",
        "linux.resources.blockIO.throttleReadBpsDevice[].rate", "linux.resources.blockIO.throttleWriteBpsDevice[].major",
        "linux.resources.blockIO.throttleWriteBpsDevice[].minor", "linux.resources.blockIO.throttleWriteBpsDevice[].rate",
        "linux.resources.blockIO.throttleReadIOPSDevice[].major", "linux.resources.blockIO.throttleReadIOPSDevice[].minor",
        "linux.resources.blockIO.throttleReadIOPSDevice[].rate", "linux.resources.blockIO.throttleWriteIOPSDevice[].major",
        "linux.resources.blockIO.throttleWriteIOPSDevice[].minor", "linux.resources.blockIO.throttleWriteIOPSDevice[].rate",
        "linux.resources.hugepageLimits[].pageSize", "linux.resources.hugepageLimits[].limit", "linux.resources.network.priorities[].name",
        "linux.resources.network.priorities[].priority", "linux.seccomp.defaultAction", "linux.seccomp.syscalls[].action",
        "linux.seccomp.syscalls[].args[].index", "linux.seccomp.syscalls[].args[].value", "linux.seccomp.syscalls[].args[].op",
        "linux.memoryPolicy.mode", "linux.personality.domain",
    ];

    private static void CheckRequiredMembers(Inspection i)
    {
        foreach (string path in RequiredMembers) CheckRequired(i, i.Tree, path.Split('.'), "");
    }

    private static void CheckRequired(Inspection i, JsonTree at, ReadOnlySpan<string> steps, string above)
    {
        bool isList = steps[0].EndsWith("[]", StringComparison.Ordinal);
        string name = isList ? steps[0][..^2] : steps[0];
        string path = above.Length == 0 ? name : $"{above}.{name}";
        JsonTree? below = at[name];
        if (steps.Length == 1)
        {
            i.Expect(below is not null && below.Text != "", path, "required, and it is absent or empty");
        }
        else if (isList)
        {
            for (int n = 0; n < below?.Items.Count; n++) CheckRequired(i, below.Items[n], steps[1..], $"{path}[{n}]");
        }
        else if (below is not null) CheckRequired(i, below, steps[1..], path);
    }

    // What the records keep of the configuration is what is known of it.
    private static JsonTree Known(Spec spec) => JsonTree.Parse(SpecWriter.ToJson(spec, indented: false));

    private static void CheckUnknownMembers(Inspection i, JsonTree given, JsonTree known, string above)
    {
        for (int n = 0; n < given.Items.Count && n < known.Items.Count; n++) CheckUnknownMembers(i, given.Items[n], known.Items[n], $"{above}[{n}]");
        foreach ((string name, JsonTree value) in given.Members)
        {
            string path = above.Length == 0 ? name : $"{above}.{name}";
            if (known[name] is { } below) CheckUnknownMembers(i, value, below, path);
            // Empty ones are not kept, so nothing can be said of them; other platforms' parts are known, and not ours.
            else if (!value.IsEmpty && !IsElsewhere(path)) i.Found(path, "not known to this specification, so runtimes ignore it");
        }
    }

    private static bool IsElsewhere(string path) =>
        path is "windows" or "solaris" or "vm" or "zos" or "freebsd" or "process.commandLine"
        || (path.StartsWith("linux.seccomp.syscalls[", StringComparison.Ordinal) && path.EndsWith("].name", StringComparison.Ordinal));

    private static void CheckReservedAnnotations(Inspection i)
    {
        foreach (string key in i.Spec.Annotations.Keys)
        {
            bool reserved = key == "org.opencontainers" || key.StartsWith("org.opencontainers.", StringComparison.Ordinal);
            bool described = IsOneOf(key, "org.opencontainers.image.os", "org.opencontainers.image.architecture", "org.opencontainers.image.variant",
                "org.opencontainers.image.os.version", "org.opencontainers.image.os.features", "org.opencontainers.image.author",
                "org.opencontainers.image.created", "org.opencontainers.image.stopSignal", "org.opencontainers.image.exposedPorts");
            i.Expect(!reserved || described, $"annotations[\"{key}\"]", "org.opencontainers is reserved for the specification, which does not describe this key");
        }
    }

    private static bool IsReverseDomain(string key)
    {
        string[] labels = key.Split('.');
        if (labels.Length < 2 || labels[0].Length < 2) return false;
        foreach (string label in labels)
        {
            if (label.Length == 0) return false;
        }
        foreach (char c in labels[0])
        {
            if (!char.IsAsciiLetter(c)) return false;
        }
        return true;
    }

    private static bool IsSemanticVersion(string version)
    {
        string[] build = version.Split('+', 2);
        if (build.Length == 2 && !AreIdentifiers(build[1], leadingZeros: true)) return false;
        string[] release = build[0].Split('-', 2);
        if (release.Length == 2 && !AreIdentifiers(release[1], leadingZeros: false)) return false;
        string[] core = release[0].Split('.');
        return core.Length == 3 && Array.TrueForAll(core, part => IsDigits(part) && (part.Length == 1 || part[0] != '0'));
    }

    private static bool AreIdentifiers(string text, bool leadingZeros)
    {
        foreach (string identifier in text.Split('.'))
        {
            if (identifier.Length == 0) return false;
            foreach (char c in identifier)
            {
                if (!char.IsAsciiLetterOrDigit(c) && c != '-') return false;
            }
            if (!leadingZeros && identifier.Length > 1 && identifier[0] == '0' && IsDigits(identifier)) return false;
        }
        return true;
    }

    private static bool IsDigits(string text) => text.Length > 0 && text.AsSpan().IndexOfAnyExceptInRange('0', '9') < 0;
}
