// The table of `validate`: mounts.
using System.Text;
using Berth.Linux.Files;
using Berth.Oci.RuntimeSpec;

namespace Berth.Runtime.Validate;

internal static partial class Rules
{
    private static Rule[] MountRules() =>
    [
        Rule.Should("mount-destination-absolute", "config.md#mounts", i => EachMount(i, (mount, path) =>
            i.Expect(IsAbsolute(mount.Destination), $"{path}.destination", $"'{mount.Destination}' is not absolute"))),
        Rule.Should("mount-hidden", "config.md#mounts", CheckHiddenMounts),
        Rule.Must("mount-mappings-paired", "config.md#posix-platform-mounts", i => EachMount(i, (mount, path) =>
            i.Expect(mount.UidMappings is { Count: > 0 } == mount.GidMappings is { Count: > 0 }, path, "uidMappings and gidMappings go together"))),
        Rule.Should("mount-mappings-option", "config.md#posix-platform-mounts", i => EachMount(i, (mount, path) =>
            i.Expect(mount.UidMappings is not { Count: > 0 } || mount.Options.Contains("idmap") || mount.Options.Contains("ridmap"), $"{path}.options",
                "mappings without idmap or ridmap are ignored by older runtimes"))),
        Rule.Should("mount-default-filesystems", "config-linux.md#default-filesystems", i =>
        {
            foreach (string path in (ReadOnlySpan<string>)["/proc", "/sys", "/dev/pts", "/dev/shm"])
            {
                i.Expect(i.Spec.Mounts.Exists(mount => mount.Destination.TrimEnd('/') == path), "mounts", $"nothing is mounted at {path}");
            }
        }),
        Rule.Should("mount-type-supported", "config.md#posix-platform-mounts", CheckMountTypes).OnHost(),
        Rule.Must("mount-source-exists", "config.md#mounts", i => EachMount(i, (mount, path) =>
        {
            if (!IsBind(mount) || mount.Source is null) return;
            i.Expect(KernelPath.Facts(Path.Combine(i.Bundle, mount.Source)) is not null, $"{path}.source", $"there is nothing at {mount.Source}");
        })).OnHost(),
    ];

    private static void EachMount(Inspection i, Action<MountSpec, string> check)
    {
        for (int n = 0; n < i.Spec.Mounts.Count; n++) check(i.Spec.Mounts[n], $"mounts[{n}]");
    }

    private static bool IsBind(MountSpec mount) => mount.Type == "bind" || mount.Options.Contains("bind") || mount.Options.Contains("rbind");

    // A later mount covers earlier ones below it: they are made, and nobody can reach them.
    private static void CheckHiddenMounts(Inspection i)
    {
        List<MountSpec> mounts = i.Spec.Mounts;
        for (int later = 1; later < mounts.Count; later++)
        {
            string cover = mounts[later].Destination.TrimEnd('/');
            if (mounts[later].Options.Contains("remount")) continue;
            for (int earlier = 0; earlier < later; earlier++)
            {
                string covered = mounts[earlier].Destination.TrimEnd('/');
                i.Expect(!covered.StartsWith(cover + "/", StringComparison.Ordinal), $"mounts[{earlier}]", $"{covered} is hidden by the later mount of {cover}/");
            }
        }
    }

    private static void CheckMountTypes(Inspection i)
    {
        string known = Encoding.ASCII.GetString(KernelFile.TryRead("/proc/filesystems", out _) ?? []);
        EachMount(i, (mount, path) =>
        {
            if (mount.Type is null or "bind" or "none" or "cgroup" || IsBind(mount)) return;
            bool listed = known.Contains($"\t{mount.Type}\n", StringComparison.Ordinal);
            i.Expect(listed, $"{path}.type", $"{mount.Type} is not in /proc/filesystems; a module may bring it");
        });
    }
}
